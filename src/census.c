/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Nobody keeps these counts up to date: that would cost something at each
 * change of each member, for a question that is asked a few times a minute.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "census.h"
#include "deliver.h"
#include "room.h"

#define CENSUS_CHUNK 1000

const char *
census_state_str(enum census_state state)
{
	switch (state) {
	case CENSUS_LIVE:
		return "live";
	case CENSUS_ON_BREAK:
		return "on_break";
	case CENSUS_SLOW:
		return "slow";
	case CENSUS_CATCHING_UP:
		return "catching_up";
	case CENSUS_LOST:
		return "lost";
	case CENSUS_STATES:
		break;
	}
	return "unknown";
}

enum census_state
census_state(const struct member *m)
{
	const struct membership *ms;
	enum census_state state = CENSUS_LIVE;

	if (m->is_lost)
		return CENSUS_LOST;
	if (member_is_away(m))
		return CENSUS_ON_BREAK;
	LIST_FOREACH(ms, &m->memberships, in_member) {
		if (ms->replay != NULL)
			return CENSUS_CATCHING_UP;
		if (!deliver_is_in_step(ms))
			state = CENSUS_SLOW;
	}
	return state;
}

uint64_t
census_lag(const struct member *m)
{
	const struct membership *ms;
	uint64_t lag = 0;

	LIST_FOREACH(ms, &m->memberships, in_member)
		if (!deliver_is_in_step(ms))
			lag += room_new_count(ms->room, &ms->cursor, 0);
	return lag;
}

bool
census_take(struct census *census, struct roster *roster)
{
	struct member *m;
	int i;

	if (census->is_done)
		return false;
	m = roster_after(roster, census->last);
	for (i = 0; i < CENSUS_CHUNK && m != NULL; i++) {
		census->counts[census_state(m)]++;
		memcpy(census->last, m->folded, sizeof(census->last));
		m = roster_next(roster, m);
	}
	census->is_done = m == NULL;
	return !census->is_done;
}
