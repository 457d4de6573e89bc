/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stddef.h>

enum command_who {
	COMMAND_ANYONE,
	COMMAND_UNREGISTERED, /* also clients that have not registered (IRC) */
	COMMAND_ROOM_OPERATOR, /* operators of the room they are in */
	COMMAND_SERVER_OPERATOR
};

#define COMMAND_ANY 100 /* as many arguments as there are */

/*
 * A command of a protocol, or a verb of brbctl: a row of a commands.def or
 * verbs.def. Each protocol has a table of these with the handlers; before it
 * calls one, it checks who may and the number of arguments, and charges the
 * cost. Help and manuals are made from the rows.
 */
struct command {
	const char *name;
	int min_args;
	int max_args;
	unsigned cost; /* for flood control, in the protocol's own unit */
	enum command_who who;
	unsigned flags; /* the protocol's own */
	const char *usage; /* "NAME", "[message]" or "" */
	const char *help; /* one line, without a period */
	const char *manual; /* mdoc text; in IRC further lines of HELP, or "" */
};

/* Terminates the word at *p and moves *p to the next. */
char *command_word(char **p);

/*
 * Finds the row of that name, in any case but never abbreviated, in a table of
 * structs of size bytes that begin with a struct command; it ends with a name
 * of NULL. Returns NULL if there is none.
 */
const void *command_find(const void *table, size_t size, const char *name);

#endif
