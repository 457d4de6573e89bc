/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef VERB_H
#define VERB_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/json.h"
#include "base/walk.h"

struct admin;
struct verb;

/* A call of a verb of brbctl(8). */
struct verb_call {
	struct admin *admin;
	const struct verb *verb;
	char **argv; /* scrubbed, not empty, NULL-terminated */
	int argc; /* as many as the verb takes */
	bool is_json;
	struct json json; /* writes into out */
	struct buf out; /* emptied before each call of run() */
	struct walk_budget *budget; /* of this call of run() */
	void *state; /* the verb's own; free() releases it */
};

enum verb_result {
	VERB_MORE, /* call run() again with the same call */
	VERB_DONE,
	VERB_HOLD, /* done, and the peer waits for our end */
	VERB_FAILED /* out says why; nothing changed. Only at the first call */
};

enum {
	VERB_ACTS = 1 << 0, /* it is logged */
	VERB_TEXT = 1 << 1, /* it has no JSON */
	VERB_HOLDS =
	    1 << 2, /* it waits for the end of the process or program */
	VERB_LONG = 1 << 3 /* it may take any time, as long as it is read */
};
struct verb {
	struct command command;
	/* Adds some KiB at most to out: lines, none of which begins with a full
	 * stop, or JSON. */
	enum verb_result (*run)(struct verb_call *call);
};

extern const struct verb verb_table[]; /* ends with run NULL */
const struct verb *verb_find(const char *name); /* or NULL */

/* Helpers for the verbs' run(). */

/* The arguments from index on, joined by blanks; NULL if there are none. The
 * caller frees it. */
char *verb_join(const struct verb_call *call, int index);

/* Adds a line for people or {"result": ...}. Returns VERB_DONE. */
enum verb_result verb_say(struct verb_call *call, const char *fmt, ...)
    PRINTFLIKE(2, 3);
/* Ends JSON that is an object whose last item is a list. Returns VERB_DONE. */
enum verb_result verb_end_list(struct verb_call *call);
/* Tells what is wrong, as it is. Returns VERB_FAILED. */
enum verb_result verb_fail(struct verb_call *call, const char *fmt, ...)
    PRINTFLIKE(2, 3);

#define COMMAND(field, ...) \
	enum verb_result verb_run_##field(struct verb_call *call);
#include "admin/verbs.def"
#undef COMMAND

#endif
