/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The room that a person of the plain protocol is in: coming, going, saying
 * something there.
 */
#include "config.h"

#include <assert.h>

#include "base/buf.h"
#include "base/util.h"
#include "plain/plain.h"
#include "room/cursor.h"
#include "room/member.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "room/rank.h"
#include "room/room.h"
#include "session/session.h"

#define PLAIN_NAMES_MAX 20 /* named in the greeting */

struct membership *
plain_here(const struct session *s)
{
	struct membership *ms;

	ms = LIST_FIRST(&s->member->memberships);
	assert(ms != NULL);
	return ms;
}

void
plain_greet_room(struct session *s, const struct room *room)
{
	const struct member *names[PLAIN_NAMES_MAX];
	struct buf text = BUF_INITIALIZER;
	size_t count, i;

	assert(member_in(s->member, room) == NULL);
	if (room->people_count == 0)
		buf_addstr(&text, "nobody else is here");
	else
		buf_addf(&text, "%zu here", room->people_count);
	if (room->people_count <= NITEMS(names)) {
		count = room_names(room, names, NITEMS(names));
		for (i = 0; i < count; i++)
			buf_addf(&text, "%s%s", i == 0 ? ": " : ", ",
			    names[i]->nick);
	}
	session_notice(s, "brbd: %s. %s", room->name, buf_cstr(&text));
	buf_fini(&text);
	if (room->topic != NULL)
		session_notice(s, "topic: %s", room->topic);
}

bool
plain_refuse_on_break(struct session *s)
{
	const struct membership *ms = plain_here(s);

	if (!s->member->is_on_break)
		return false;
	session_error(s, "you are on break; /back first (%llu waiting)",
	    (unsigned long long)cursor_lag(membership_cursor(ms)));
	return true;
}

void
plain_say(struct session *s, enum event_kind kind, const char *text, size_t len)
{
	struct event event = { .kind = kind, .text = text, .text_len = len };
	struct membership *ms = plain_here(s);
	enum modes_speak speak;

	if (plain_refuse_on_break(s))
		return;
	speak = modes_may_speak(ms->room, s->member, ms);
	if (speak == MODES_MAY_SPEAK)
		room_say(ms, &event);
	else
		session_error(s, "%s", modes_speak_str(speak, ms->room));
}

void
plain_arrive(struct session *s, struct room *room)
{
	struct membership *ms;

	assert(LIST_EMPTY(&s->member->memberships));
	ms = room_join(room, s->member, ROOM_JOIN_CATCHUP);
	if (rank_joined(ms))
		session_notice(s, "you are operator of %s", room->name);
}

void
plain_go(struct session *s, struct room *room)
{
	struct membership *behind = plain_here(s);
	bool was_announced = behind->is_announced;

	plain_greet_room(s, room);
	/* That there is a secret room is not told. */
	if (modes_has(room, ROOM_SECRET))
		room_leave(behind, ROOM_LEAVE_PART, NULL);
	else
		room_leave(behind, ROOM_LEAVE_WENT, room->name);
	plain_arrive(s, room);
	if (was_announced)
		member_show(s->member);
	if (s->member->is_on_break)
		session_notice(s,
		    "you are still on break; /back shows what "
		    "you miss here");
}
