/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A bookmark remembers what its owner was (operator, voice), so whoever made a
 * room is its operator again tomorrow. For the same reason somebody who finds a
 * room empty becomes operator only if nobody with a bookmark there is one:
 * waiting for the last operator to go to sleep must not be a way to take over a
 * room. Bookmarks end with retention, and this with them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "room/modes.h"
#include "room/publish.h"
#include "room/rank.h"
#include "room/watch.h"

/*
 * Tells the others what ms is. Nobody did anything, so it is a repeat, which
 * matters only to clients that keep a list. The member with id but is not told
 * (0: all are).
 */
static void
rank_tell_but(struct membership *ms, uint64_t but)
{
	struct event event = {
		.kind = EVENT_MODE, .is_repeat = true, .author = but
	};
	char text[2 * NICK_SIZE + 8];

	if ((!ms->is_op && !ms->is_voiced) || !ms->is_joined)
		return;
	(void)snprintf(text, sizeof(text), "+%s%s %s%s%s", ms->is_op ? "o" : "",
	    ms->is_voiced ? "v" : "", ms->member->nick,
	    ms->is_op && ms->is_voiced ? " " : "",
	    ms->is_op && ms->is_voiced ? ms->member->nick : "");
	event.text = text;
	event.text_len = strlen(text);
	room_publish(ms->room, &event, NULL);
}

void
rank_tell(struct membership *ms)
{
	rank_tell_but(ms, 0);
}

/* Is ms alone in a room to which no operator may come back? */
static bool
rank_is_orphaned(const struct membership *ms)
{
	const struct room *room = ms->room;
	const struct bookmark *bookmark;

	if (room->is_permanent || room->people_count > 1)
		return false;
	LIST_FOREACH(bookmark, &room->bookmarks, in_room)
		if (bookmark->is_op)
			return false;
	return true;
}

bool
rank_joined(struct membership *ms)
{
	const struct member *m = ms->member;

	modes_use_invitation(ms->room, m);
	if (!ms->is_op &&
	    (modes_is_named(ms->room, m) || rank_is_orphaned(ms))) {
		ms->is_op = true;
		watch_member_changed(ms->member);
	}
	/* Their own status is in the list of names that they get. */
	if (ms->room->people_count > 1)
		rank_tell_but(ms, m->id);
	return ms->is_op;
}

const struct room *
rank_renamed(struct member *m)
{
	struct membership *ms;
	const struct room *first = NULL;

	SLIST_FOREACH(ms, &m->memberships, in_member) {
		if (ms->is_op || !modes_is_named(ms->room, m))
			continue;
		ms->is_op = true;
		watch_member_changed(m);
		rank_tell(ms);
		if (first == NULL)
			first = ms->room;
	}
	return first;
}

void
rank_regained(struct membership *ms, const struct bookmark *bookmark)
{
	if ((ms->is_op || !bookmark->is_op) &&
	    (ms->is_voiced || !bookmark->is_voiced))
		return;
	ms->is_op |= bookmark->is_op;
	ms->is_voiced |= bookmark->is_voiced;
	rank_tell(ms);
}
