/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

struct session;

enum command_who {
	COMMAND_ANYONE,
	COMMAND_OPERATOR /* operators of the room they are in */
};

enum {
	/* The last argument is the rest of the line, with its blanks. */
	COMMAND_REST = 1 << 0,
	/* May be used on break. */
	COMMAND_ON_BREAK = 1 << 1,
	/*
	 * Not in /help's list, but named in the line of the command it undoes.
	 */
	COMMAND_UNLISTED = 1 << 2
};

/* A command: one entry beside its handler; command.c lists them. /help and
 * brbd-protocol(7) are made from the entries. */
struct command {
	const char *name;
	int min_args;
	int max_args;
	unsigned cost; /* tokens of flood control */
	enum command_who who;
	unsigned flags;
	const char *usage; /* "NAME", "[message]" or "" */
	const char *help; /* one line, without a period */
	const char *manual; /* mdoc text */
	/* argv has argc scrubbed words, min_args to max_args of them; they live
	 * until the return. */
	void (*run)(struct session *s, int argc, char *argv[]);
};

#define COMMAND_ARGS_MAX 4

extern const struct command *const command_table[]; /* NULL-terminated */

/* Finds a command in any case, never abbreviated; or NULL. */
const struct command *command_find(const char *name);

/*
 * Runs a line without its slash, scrubbed and terminated; it is cut up in
 * place. First the entry's checks are made and its cost is charged. Errors are
 * told to s.
 */
void command_run(struct session *s, char *line);

/*
 * Cuts what follows a command's name, in place, into at most max arguments;
 * is_rest: the last takes the rest. Returns how many there are, or max + 1 if
 * there are more.
 */
int command_split(char *line, char *argv[], int max, bool is_rest);

extern const struct command cmd_back, cmd_ban, cmd_brb, cmd_deop, cmd_devoice,
    cmd_help, cmd_history, cmd_ignore, cmd_invite, cmd_join, cmd_kick, cmd_me,
    cmd_mode, cmd_msg, cmd_nick, cmd_op, cmd_quit, cmd_rooms, cmd_skip,
    cmd_topic, cmd_unban, cmd_unignore, cmd_voice, cmd_who;

#endif
