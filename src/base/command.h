/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stddef.h>

enum command_who {
	COMMAND_ANYONE,
	COMMAND_UNREGISTERED, /* and who has not registered yet (IRC) */
	COMMAND_ROOM_OPERATOR, /* of the room that they are in */
	COMMAND_SERVER_OPERATOR
};

#define COMMAND_ANY 100 /* as many arguments as there are */

/*
 * What a command of a protocol, or a verb of brbctl, is like. A row of a
 * commands.def each; whoever looks them up has a table of these with the
 * handlers, checks who may and how many arguments there are before a handler is
 * called, and charges the cost. Help and manuals are made from them.
 */
struct command {
	const char *name;
	int min_args;
	int max_args;
	unsigned cost; /* tokens of flood control */
	enum command_who who;
	unsigned flags; /* the protocol's own */
	const char *usage; /* "NAME", "[message]" or "" */
	const char *help; /* one line, without a period */
	const char *manual; /* mdoc text; in IRC more lines of HELP, or "" */
};

/*
 * The row of that name, in any case but never abbreviated, in a table of any
 * struct of size bytes that begins with a struct command; a name of NULL ends
 * it. NULL: there is none.
 */
const void *command_find(const void *table, size_t size, const char *name);

#endif
