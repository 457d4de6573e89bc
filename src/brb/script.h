/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "brb/talk.h"

struct address;

/* The exit statuses of brb. */
enum {
	BRB_DONE = 0,
	BRB_FAILED = 1, /* the server, or its rules, did not do it */
	BRB_USAGE = 2,
	BRB_UNREACHABLE = 3 /* there is no server, or it went away */
};

enum script_verb {
	SCRIPT_TAIL,
	SCRIPT_SAY,
	SCRIPT_CATCHUP,
	SCRIPT_WHO,
	SCRIPT_ROOMS
};

struct script_options {
	const struct address *address;
	struct talk_options talk;
	enum script_verb verb;
	const char *room; /* NULL: the lobby */
	const char *text; /* say: or NULL, lines of standard input */
	const char *kind; /* say: "say", "me" or "notice" */
	char *const *command; /* say: only if this fails; or NULL */
	bool is_json;
	bool is_following;
	bool is_unread; /* tail: from where one stopped */
	bool has_after;
	uint64_t after;
	unsigned count; /* tail: so many of the last ones */
	bool marks; /* catchup: they are read then */
	int64_t patience_ms; /* for a server that is not there */
};

/* Does it, and returns the exit status. */
int script_run(const struct script_options *o) MUST_CHECK;

#endif
