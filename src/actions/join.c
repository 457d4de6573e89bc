/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Entering a room, and leaving it.
 */
#include "config.h"

#include <string.h>

#include "actions/actions.h"
#include "room/chat.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/rank.h"
#include "room/room.h"
#include "room/watch.h"

/* Has m's origin made as many as it may? Only if rooms are getting few. */
static bool
join_has_made_enough(const struct member *m)
{
	const struct options *o = m->chat->options;

	return o->max_rooms_per_address > 0 &&
	    m->chat->count >= o->max_rooms / 2 &&
	    origin_holds(m->origin, ORIGIN_ROOMS) >= o->max_rooms_per_address;
}

enum join
action_join_check(struct member *m, const char *name, const char *key,
    struct room **room, enum modes_admit *why)
{
	struct membership *ms;
	struct cursor *c;

	if (room_name_check(name) != NICK_OK)
		return JOIN_BAD_NAME;
	if (join_has_made_enough(m) && chat_find_room(m->chat, name) == NULL)
		return m->chat->options->room_create == ROOM_CREATE_NOBODY ?
		    JOIN_NO_NEW_ROOMS :
		    JOIN_TOO_MANY_ROOMS;
	switch (chat_open_room(m->chat, name, room)) {
	case CHAT_ROOM_FOUND:
		break;
	case CHAT_ROOM_MADE:
		room_set_maker(*room, m->origin);
		watch_modes_changed(*room); /* which has the maker */
		return JOIN_MAY;
	case CHAT_ROOM_NOT_ALLOWED:
		return JOIN_NO_NEW_ROOMS;
	case CHAT_ROOMS_FULL:
		return JOIN_ROOMS_FULL;
	}
	ms = member_in(m, *room);
	if (ms != NULL) {
		c = membership_cursor(ms, member_client(m));
		/* Whoever follows stays from now on. */
		if (c != NULL)
			c->is_following = false;
		return c != NULL ? JOIN_IS_THERE : JOIN_MAY;
	}
	*why = modes_admit(*room, m, key);
	return *why == MODES_ADMITTED ? JOIN_MAY : JOIN_FORBIDDEN;
}

enum aside
action_aside(struct member *m, const char *name, const char *key,
    struct room **room, enum modes_admit *why)
{
	*room = room_name_check(name) == NICK_OK ?
	    chat_find_room(m->chat, name) :
	    NULL;
	if (*room == NULL || !modes_may_see(*room, m))
		return ASIDE_NO_ROOM;
	*why = modes_admit(*room, m, key);
	return *why == MODES_ADMITTED ? ASIDE_MAY : ASIDE_FORBIDDEN;
}

/* The client that acts leaves the room of from for another. */
static void
join_leave(struct membership *from, const struct room *room)
{
	struct cursor *c = membership_cursor(from, member_client(from->member));

	/* The others are not told that there is a secret room. */
	if (modes_has(room, ROOM_SECRET))
		client_leave_room(c, ROOM_LEAVE_PART, NULL);
	else
		client_leave_room(c, ROOM_LEAVE_WENT, room->name);
}

struct membership *
action_join(struct member *m, struct room *room, enum room_join how,
    struct membership *from)
{
	bool was_announced = from != NULL && from->is_announced;
	struct membership *ms;

	if (from != NULL)
		join_leave(from, room);
	ms = member_in(m, room);
	if (ms != NULL) {
		room_attend(ms, member_client(m), how);
		return ms;
	}
	ms = room_join(room, m, how);
	(void)rank_joined(ms);
	if (was_announced)
		member_show(m);
	clients_follow(ms);
	return ms;
}

void
action_leave(struct membership *ms, const char *text)
{
	struct member *m = ms->member;
	const struct options *o = m->chat->options;
	struct cursor *c = membership_cursor(ms, member_client(m));
	struct event event = {
		.kind = EVENT_SYNC_PART,
		.time_ms = m->chat->clock->wall_ms,
		.server = o->server_name,
		.room = ms->room->name,
		.author = m->id,
		.from = m,
		.nick = m->nick,
		.text = text,
		.text_len = text == NULL ? 0 : strlen(text),
	};

	/* They see what was said before. */
	deliver_flush(ms->room);
	member_answer(m, &event);
	client_leave_room(c, ROOM_LEAVE_PART, text);
}
