/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /join and /rooms. In the plain protocol a person is in one room at a time.
 */
#include "config.h"

#include "base/nick.h"
#include "plain/plain.h"
#include "room/cursor.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "room/person.h"
#include "session/session.h"

static void
cmd_join_go(struct session *s, struct room *room)
{
	plain_greet_room(s, room);
	plain_arrive(s, room, plain_here(s));
	if (session_is_on_break(s))
		session_notice(s,
		    "you are still on break; /back shows what you miss here");
}

void
cmd_join_run(struct session *s, int argc, char *argv[])
{
	const char *name = room_name_meant(argv[0]);
	enum modes_admit why;
	struct room *room;

	switch (action_join_check(s->member, name, argc > 1 ? argv[1] : NULL,
	    &room, &why)) {
	case JOIN_MAY:
		cmd_join_go(s, room);
		break;
	case JOIN_IS_THERE:
		session_error(s, "you are in %s already", room->name);
		break;
	case JOIN_BAD_NAME:
		session_error(s, "%s",
		    room_name_check_str(room_name_check(name)));
		break;
	case JOIN_NO_NEW_ROOMS:
		session_error(s,
		    "there is no room \"%s\", and new ones are not "
		    "made here; /rooms lists them",
		    name);
		break;
	case JOIN_ROOMS_FULL:
		session_error(s, "all %llu rooms are in use; /rooms lists them",
		    (unsigned long long)s->all->options->max_rooms);
		break;
	case JOIN_TOO_MANY_ROOMS:
		session_error(s,
		    "those from your address have made as many rooms as they "
		    "may; /rooms lists them");
		break;
	case JOIN_FORBIDDEN:
		if (why == MODES_BAD_KEY)
			session_error(s, "%s; /join %s KEY",
			    modes_admit_str(why, room), room->name);
		else
			session_error(s, "%s", modes_admit_str(why, room));
		break;
	}
}

#define CMD_ROOMS_MAX 100

static void
cmd_rooms_line(struct session *s, struct room *room)
{
	struct buf text = BUF_INITIALIZER;
	const struct membership *ms = member_in(s->member, room);
	const struct bookmark *bookmark = person_bookmark(&s->member->person,
	    room);
	uint64_t fresh = 0;

	buf_addf(&text, "%s: %zu here", room->name, room->people_count);
	if (ms != NULL) {
		buf_addstr(&text, ", you among them");
		if (session_is_on_break(s) && ms == plain_here(s))
			fresh = cursor_new_count(plain_cursor(s));
	} else if (bookmark != NULL)
		fresh = room_new_count(room, &bookmark->cursor,
		    bookmark->repeat_until);
	if (fresh > 0)
		buf_addf(&text, "; %llu new to you", (unsigned long long)fresh);
	session_notice(s, "%s", buf_cstr(&text));
	buf_fini(&text);
}

void
cmd_rooms_run(struct session *s, int argc, char *argv[])
{
	struct chat *chat = s->all->chat;
	struct room *room = NULL;
	size_t shown = 0;

	(void)argc;
	(void)argv;
	while ((room = chat_next_room(chat, room)) != NULL)
		if (modes_may_see(room, s->member) && shown++ < CMD_ROOMS_MAX)
			cmd_rooms_line(s, room);
	if (shown > CMD_ROOMS_MAX)
		session_notice(s, "and %zu more", shown - CMD_ROOMS_MAX);
}
