/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/command.h"
#include "history/event.h"
#include "room/modes.h"

/*
 * What the files of the plain protocol share; of no concern to others. A person
 * is in one room at a time there: the one that they are "here" in.
 */

struct member;
struct membership;
struct protocol;
struct room;
struct session;

extern const struct protocol protocol_line;

/* The room that what s says goes to; s has a member. */
struct membership *plain_here(const struct session *s);

/* Who is here and what the topic is: for somebody who is coming in. */
void plain_greet_room(struct session *s, const struct room *room);

/* s comes into room, after plain_greet_room(), from the room that they are in
 * (NULL: from none), and is told if they are its operator. */
void plain_arrive(struct session *s, struct room *room,
    struct membership *from);

/*
 * Says text (scrubbed, not empty) in the room that s is in, unless they are on
 * break or the room's modes forbid it: then an error says so.
 */
void plain_say(struct session *s, enum event_kind kind, const char *text,
    size_t len);

/*
 * Makes a change of modes, with param or NULL, in the room that s is in, and
 * tells s what came of it; and the masks on a list, and who set them.
 */
void plain_mode_apply(struct session *s, bool is_set, char letter,
    const char *param);
void plain_mode_list(struct session *s, enum modes_list list);

/* Commands */

enum {
	/* The last argument is the rest of the line, blanks and all. */
	COMMAND_REST = 1 << 0,
	/* May be used on break. */
	COMMAND_ON_BREAK = 1 << 1,
	/* Not in /help's list: the command that it undoes names it there. */
	COMMAND_UNLISTED = 1 << 2
};

#define PLAIN_ARGS_MAX 4

struct plain_command {
	struct command command;
	/* argv has argc scrubbed words, min_args to max_args of them; they
	 * live until the return. */
	void (*run)(struct session *s, int argc, char *argv[]);
};

/* A row for each command, in the order of /help, and one of NULLs. */
extern const struct plain_command plain_commands[];
const struct plain_command *plain_command_find(const char *name); /* or NULL */

/*
 * Runs a line without its slash, scrubbed, terminated; it is cut up in place.
 * All that the table says is checked here, before the handler is called.
 * Errors are told to s.
 */
void plain_command_run(struct session *s, char *line);

/*
 * Cuts what follows a command's name, in place, into at most max arguments, of
 * which the last takes the rest if is_rest. Returns how many there are, or max
 * + 1 if there are more.
 */
int plain_command_split(char *line, char *argv[], int max, bool is_rest);

#define COMMAND(field, ...) \
	void cmd_##field##_run(struct session *s, int argc, char *argv[]);
#include "plain/commands.def"
#undef COMMAND

/* If on break, tells them so and returns true. */
bool plain_refuse_on_break(struct session *s);
/* Who has the nick; NULL, with an error told, if nobody has, or s. */
struct member *plain_find_other(struct session *s, const char *nick);
void plain_too_often(struct session *s); /* member_announce_wait_ms() */

#endif
