/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* /join and /rooms. In the plain protocol a person is in one room at a time. */

#include "config.h"

#include "command.h"
#include "nick.h"
#include "room.h"
#include "rooms.h"
#include "session.h"
#include "util.h"

static void
cmd_join_go(struct session *s, struct room *room)
{
	struct membership *behind = session_here(s);
	bool was_announced = behind->is_announced;

	session_greet_room(s, room);
	room_leave(behind, ROOM_LEAVE_WENT, room->name);
	(void)room_join(room, s->member, ROOM_JOIN_CATCHUP);
	if (was_announced)
		member_show(s->member);
	if (s->member->is_on_break)
		session_notice(s,
		    "you are still on break; /back shows what "
		    "you miss here");
}

static void
cmd_join_run(struct session *s, int argc, char *argv[])
{
	enum nick_check check = room_name_check(argv[0]);
	struct room *room;

	(void)argc;
	if (check != NICK_OK) {
		session_error(s, "%s", room_name_check_str(check));
		return;
	}
	switch (rooms_open(s->all->rooms, argv[0], &room)) {
	case ROOMS_FOUND:
	case ROOMS_MADE:
		if (session_here(s)->room == room)
			session_error(s, "you are in %s already", room->name);
		else
			cmd_join_go(s, room);
		break;
	case ROOMS_NOT_ALLOWED:
		session_error(s,
		    "there is no room \"%s\", and new ones are not "
		    "made here; /rooms lists them",
		    argv[0]);
		break;
	case ROOMS_FULL:
		session_error(s, "all %llu rooms are in use; /rooms lists them",
		    (unsigned long long)s->all->options->max_rooms);
		break;
	}
}

const struct command cmd_join = {
	.name = "join",
	.min_args = 1,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_ON_BREAK,
	.usage = "ROOM",
	.help = "go to another room, or make it",
	.manual = "Go to\n"
		  ".Ar ROOM ,\n"
		  "which is made if there is none of that name.\n"
		  "If you were there before, you are shown what you missed "
		  "there.",
	.run = cmd_join_run,
};

#define CMD_ROOMS_MAX 100

static void
cmd_rooms_line(struct session *s, struct room *room)
{
	struct buf text = BUF_INITIALIZER;
	const struct membership *ms = member_in(s->member, room);
	const struct place *place = person_place(&s->member->person, room);
	uint64_t fresh = 0;

	buf_addf(&text, "%s: %zu here", room->name, room->people_count);
	if (ms != NULL) {
		buf_addstr(&text, ", you among them");
		if (s->member->is_on_break)
			fresh = room_new_count(room, &ms->cursor,
			    ms->repeat_until);
	} else if (place != NULL)
		fresh = room_new_count(room, &place->cursor,
		    place->repeat_until);
	if (fresh > 0)
		buf_addf(&text, "; %llu new to you", (unsigned long long)fresh);
	session_notice(s, "%s", buf_cstr(&text));
	buf_fini(&text);
}

static void
cmd_rooms_run(struct session *s, int argc, char *argv[])
{
	struct rooms *rooms = s->all->rooms;
	struct room *room = NULL;
	size_t shown;

	(void)argc;
	(void)argv;
	for (shown = 0; shown < CMD_ROOMS_MAX; shown++) {
		room = rooms_next(rooms, room);
		if (room == NULL)
			return;
		cmd_rooms_line(s, room);
	}
	if (rooms->count > shown)
		session_notice(s, "and %zu more", rooms->count - shown);
}

const struct command cmd_rooms = {
	.name = "rooms",
	.min_args = 0,
	.max_args = 0,
	.cost = 2,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_ON_BREAK,
	.usage = "",
	.help = "list the rooms, and what is new to you there",
	.manual = "List the rooms: how many are in each, and how many messages "
		  "are new to you since you were there.",
	.run = cmd_rooms_run,
};
