/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef UPGRADE_H
#define UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/handoff.h"
#include "base/util.h"

struct clock;
struct event_base;
struct upgrade;

/*
 * An upgrade puts another program in this process's place, with its whole
 * state: that is written to a file in memory, a child running the new program
 * reads and verifies it, and only then is the new program executed.
 *
 *   look    the loop goes on while a child verifies a state: at most
 *           UPGRADE_LOOK_MS. It finds whatever is wrong with the new program,
 *           or with the settings.
 *   wait    for what cannot be handed over: at most UPGRADE_WAIT_MS
 *   verify  the present state, waited for: at most UPGRADE_VERIFY_MS
 *   take    execve(2)
 *
 * If anything goes wrong before the end, all stays as it was, and it is logged.
 */
#define UPGRADE_LOOK_MS 10000
#define UPGRADE_VERIFY_MS 2000
#define UPGRADE_WAIT_MS 3000

/* The program to be executed; the pointers are the caller's. */
struct upgrade_program {
	const char *path; /* absolute; NULL: unknown */
	char *const *argv;
	const char *file; /* the settings' file if not in argv, or NULL */
};

/*
 * Finds the absolute path of argv0 (searched for in PATH unless it has a slash)
 * under which a later program will be installed. The caller frees it. NULL:
 * errno.
 */
char *upgrade_resolve(const char *argv0);

/* What this program was started for by an earlier one. */
struct upgrade_order {
	bool is_there;
	enum handoff_purpose purpose;
	int fd; /* the blob's; close-on-exec */
	char *file; /* as in struct upgrade_program; allocated, or NULL */
};

/* Takes the order out of the environment. Returns -1 with *error, which the
 * caller frees, if it makes no sense. */
int upgrade_order_take(struct upgrade_order *order, char **error) MUST_CHECK;
void upgrade_order_fini(struct upgrade_order *order); /* closes fd */

/* Maps the blob, which handoff_open() then checks. On failure in->error says
 * why. The bytes live until upgrade_unmap(). */
struct upgrade_map {
	void *data;
	size_t len;
};
bool upgrade_open(struct upgrade_map *map, struct fields_in *in,
    const struct upgrade_order *order) MUST_CHECK;
void upgrade_unmap(struct upgrade_map *map);

/* Tells the waiting program that the state in map could be loaded. */
void upgrade_confirm(const struct upgrade_map *map);

/* The owner's functions, called from the loop with nothing on the stack. */
struct upgrade_owner {
	/* Writes the state. Returns -1 with *error, which is freed. */
	int (*save)(struct fields_out *out, char **error, void *arg);
	/*
	 * begin() is called just before the program is replaced, and may change
	 * the environment for the next one; cancel() if that failed, to undo
	 * it.
	 */
	void (*begin)(void *arg);
	void (*cancel)(void *arg);
	/* It failed (error), or is about to happen (NULL). */
	void (*done)(const char *error, void *arg);
	void *arg;
	/* True when nothing is under way that cannot be handed over: from the
	 * first call to done() nothing of that kind is to begin. NULL: there
	 * never is. */
	bool (*is_ready)(void *arg);
};

/* base has NET_PRIORITIES. Returns NULL if libevent has no memory. */
struct upgrade *upgrade_new(struct event_base *base, struct clock *clock,
    struct deadlines *deadlines, const struct upgrade_program *program,
    const struct upgrade_owner *owner);
void upgrade_free(struct upgrade *u); /* ends the child; takes NULL */

/* Starts an upgrade in a moment. False: one is under way. */
bool upgrade_start(struct upgrade *u) MUST_CHECK;

/* Gives up an upgrade that is under way, without calling done(). */
void upgrade_cancel(struct upgrade *u);

/* Sets lower time limits than the above, for tests. */
void upgrade_set_timeouts(struct upgrade *u, int64_t look_ms,
    int64_t verify_ms);

/* For the program that was executed: from now on it takes the signals that came
 * meanwhile. */
void upgrade_unblock_signals(void);

#endif
