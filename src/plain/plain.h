/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/command.h"
#include "history/event.h"
#include "room/modes-change.h"
#include "room/modes.h"
#include "session/session.h"

/* Shared by the files of the plain protocol only. There, a person is in one
 * room at a time: the one that they are "here" in. */

struct cursor;
struct member;
struct membership;
struct protocol;
struct room;
struct search;
struct session;

extern const struct protocol protocol_line;

/* The room to which what s says goes; s has a member. */
struct membership *plain_here(const struct session *s);

/* Where s reads there. */
struct cursor *plain_cursor(const struct session *s);

/* Tells somebody who is coming in who is here, and the topic. */
void plain_greet_room(struct session *s, const struct room *room);

/* Lets s enter room after plain_greet_room(), from the room that they are in
 * (NULL: none); if they are its operator, tells them. */
void plain_arrive(struct session *s, struct room *room,
    struct membership *from);

/* Says text (scrubbed, not empty) in the room of s. On break, or if the room's
 * modes forbid it, s is told an error instead. */
void plain_say(struct session *s, enum event_kind kind, const char *text,
    size_t len);

/* Says why not, and what to type. */
void plain_refuse_mode(struct session *s, enum mode_error why,
    const struct mode_change *change, const struct room *room);
/* Make a change of modes, with param or NULL, in the room of s, and tell s the
 * result (false: it was refused); and show the masks on a list, and who set
 * them. */
bool plain_mode_apply(struct session *s, bool is_set, char letter,
    const char *param);
void plain_mode_list(struct session *s, enum modes_list list);

/* Commands */

enum {
	/* The last argument is the rest of the line, with its blanks. */
	COMMAND_REST = 1 << 0,
	/* Not in /help's list, but named in the line of the command it
	 * undoes. */
	COMMAND_UNLISTED = 1 << 1,
	/* What it is given is kept in the room's history. */
	COMMAND_KEPT = 1 << 2
};

#define PLAIN_ARGS_MAX 4

struct plain_command {
	struct command command;
	/* argv has argc scrubbed words, min_args to max_args of them; they live
	 * until the return. */
	void (*run)(struct session *s, int argc, char *argv[]);
};

/* A row for each command, in the order of /help; it ends with a name
 * of NULL. */
extern const struct plain_command plain_commands[];
const struct plain_command *plain_command_find(const char *name); /* or NULL */

/*
 * Runs a line without its slash, scrubbed and terminated; it is cut up in
 * place. What the row says is checked and charged before the handler is called.
 * Errors are told to s.
 */
void plain_command_run(struct session *s, char *line);

/*
 * Cuts what follows a command's name, in place, into at most max arguments;
 * is_rest: the last takes the rest. Returns how many there are, or max + 1 if
 * there are more.
 */
int plain_command_split(char *line, char *argv[], int max, bool is_rest);

/* Tells that there is no such command, and what may be meant. */
void plain_command_unknown(struct session *s, const char *name);

/* Does text, as it came, begin with a command's name, as in "/quit now"? */
bool plain_command_begins(const char *text, size_t len);

/* Is text a command whose slash was forgotten, such as "quit"? They are told.
 * True: it must not be said. */
bool plain_command_forgot_slash(struct session *s, const char *text);

/* Adds a command's manual (mdoc) as plain text, a sentence a line. */
void plain_help_text(struct buf *out, const char *manual);

#define COMMAND(field, ...) \
	void cmd_##field##_run(struct session *s, int argc, char *argv[]);
#include "plain/commands.def"
#undef COMMAND

/* Why s has another nick than the wanted one. */
void plain_explain_nick(struct session *s, enum nick why, const char *nick,
    const struct nick_answer *answer);
/* See struct protocol. */
void plain_logged_in(struct session *s, enum login_purpose purpose,
    enum login result, const struct login_answer *answer);

void plain_found(struct session *s, const struct search *search);

/* Tells s that this cannot be done on break. */
void plain_on_break(struct session *s);
/* Who has the nick; NULL, with an error told, if nobody has, or s. */
struct member *plain_find_other(struct session *s, const char *nick);
/* As /nick does; see take_nick in protocol.h. */
void plain_take_nick(struct session *s, const char *nick);
/* Tells how long to wait until such a change may be announced. */
void plain_too_often(struct session *s, enum announce what);

#endif
