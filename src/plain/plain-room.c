/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The room that a person of the plain protocol is in: arriving, leaving,
 * talking.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "actions/actions.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/util.h"
#include "plain/plain.h"
#include "room/cursor.h"
#include "room/directory.h"
#include "room/modes-words.h"
#include "room/room.h"
#include "session/session.h"

#define PLAIN_NAMES_MAX 20 /* in the greeting */

struct membership *
plain_here(const struct session *s)
{
	const struct client *client = session_client(s);
	struct membership *ms;

	SLIST_FOREACH(ms, &s->member->memberships, in_member)
		if (membership_cursor(ms, client) != NULL)
			return ms;
	assert(!"a person of the plain protocol is in a room");
	return NULL;
}

struct cursor *
plain_cursor(const struct session *s)
{
	return membership_cursor(plain_here(s), session_client(s));
}

void
plain_greet_room(struct session *s, const struct room *room)
{
	const struct member *names[PLAIN_NAMES_MAX];
	struct buf text = BUF_INITIALIZER;
	size_t count, i;

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

void
plain_on_break(struct session *s)
{
	session_error(s, "you are on break; /back first (%llu waiting)",
	    (unsigned long long)cursor_lag(plain_cursor(s)));
}

void
plain_too_often(struct session *s, enum announce what)
{
	char wait[CLOCK_DURATION_SIZE];

	session_wait_str(s, what, wait);
	session_error(s, "too many changes; try again in %s", wait);
}

void
plain_say(struct session *s, enum event_kind kind, const char *text, size_t len)
{
	struct event event = { .kind = kind, .text = text, .text_len = len };
	struct room *room = plain_here(s)->room;
	enum modes_speak why;

	switch (action_say(s->member, room, &event, true, &why)) {
	case SAID:
		break;
	case SAY_ON_BREAK:
		plain_on_break(s);
		break;
	case SAY_FORBIDDEN:
		session_error(s, "%s", modes_speak_str(why, room));
		break;
	case SAY_SECRET:
		session_error(s, SAY_SECRET_TEXT);
		break;
	case SAID_BEFORE:
	case SAY_HIDDEN:
	case SAY_NO_CTCP:
	case SAY_TOO_LONG:
	case SAY_TOO_MANY_LINES:
		break; /* only in other protocols */
	}
}

void
plain_arrive(struct session *s, struct room *room, struct membership *from)
{
	const struct membership *ms;

	ms = action_join(s->member, room, ROOM_JOIN_CATCHUP, from);
	if (ms->is_op)
		session_notice(s, "you are operator of %s", room->name);
}

struct member *
plain_find_other(struct session *s, const char *nick)
{
	struct member *m = directory_find(&s->all->chat->directory, nick);

	if (m == NULL && name_is_service(nick))
		session_error(s,
		    "there is no NickServ here, and nobody was "
		    "told; /login NAME asks for your password");
	else if (m == NULL)
		session_error(s, "no one here is called \"%.*s\"",
		    (int)text_cut(nick, strlen(nick), NICK_MAX), nick);
	else if (m == s->member)
		session_error(s, "that is you");
	return m == s->member ? NULL : m;
}
