/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The counts are made when asked for: keeping them up to date would cost
 * something at each change of each member, for a question asked a few times a
 * minute.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "admin/member-stats.h"
#include "net/conn.h"
#include "room/client.h"
#include "room/cursor.h"
#include "session/protocol.h"
#include "session/session.h"

const char *const member_protocol_names[MEMBER_PROTOCOLS] = { "line", "irc",
	"json" };

const char *
member_activity_str(enum member_activity state)
{
	static const char *const names[MEMBER_ACTIVITIES] = {
		[MEMBER_LIVE] = "live",
		[MEMBER_ON_BREAK] = "on_break",
		[MEMBER_SLOW] = "slow",
		[MEMBER_CATCHING_UP] = "catching_up",
		[MEMBER_LOST] = "lost",
	};

	return names[state];
}

enum member_activity
member_activity(const struct member *m)
{
	const struct membership *ms;
	const struct cursor *c;
	enum member_activity state = MEMBER_LIVE;

	if (m->is_lost)
		return MEMBER_LOST;
	if (member_is_away(m))
		return MEMBER_ON_BREAK;
	MEMBER_FOREACH_CURSOR(c, ms, m) {
		if (cursor_has_replay(c))
			return MEMBER_CATCHING_UP;
		if (!cursor_is_live(c))
			state = MEMBER_SLOW;
	}
	return state;
}

uint64_t
member_lag(const struct member *m)
{
	const struct membership *ms;
	const struct cursor *c;
	uint64_t lag = 0;

	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (!cursor_is_live(c))
			lag += cursor_lag(c);
	return lag;
}

static void
member_stats_add(struct member_stats *stats, const struct member *m)
{
	const struct client *client;
	const struct session *s;
	int i;

	stats->counts[member_activity(m)]++;
	SLIST_FOREACH(client, &m->clients, in_member) {
		s = client->session;
		for (i = 0; s != NULL && i < MEMBER_PROTOCOLS; i++)
			if (strcmp(s->protocol->name,
				member_protocol_names[i]) == 0) {
				stats->sessions[i]++;
				stats->websockets[i] +=
				    conn_is_websocket(s->conn);
			}
	}
}

bool
member_stats_take(struct member_stats *stats, struct directory *directory,
    struct walk_budget *budget)
{
	struct member *m;

	if (stats->is_done)
		return false;
	m = directory_after(directory, stats->last);
	for (; m != NULL && walk_may_take(budget);
	     m = directory_next(directory, m)) {
		member_stats_add(stats, m);
		memcpy(stats->last, m->folded, sizeof(stats->last));
	}
	stats->is_done = m == NULL;
	return !stats->is_done;
}
