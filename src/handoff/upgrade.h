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
 * Putting another program in this process's place, with all that it holds: the
 * state is written to a file in memory, a child that runs the new program reads
 * and verifies all of it, and only then is the new program executed.
 *
 *   look    the loop goes on while a child verifies a state: at most
 *           UPGRADE_LOOK_MS. Here all is found out that is wrong with the new
 *           program, or with the settings.
 *   verify  the present state, waited for: at most UPGRADE_VERIFY_MS
 *   take    execve(2)
 *
 * Whatever goes wrong before the end: all is as it was, and it is logged.
 */
#define UPGRADE_LOOK_MS 10000
#define UPGRADE_VERIFY_MS 2000

/* The program to be executed; the pointers are the caller's. */
struct upgrade_program {
	const char *path; /* absolute; NULL: it is not known */
	char *const *argv;
	const char
	    *file; /* of settings, if it is not the one in argv; or NULL */
};

/*
 * Where argv0 was found, for the program that will be there later: its absolute
 * path, to be freed. With a slash in it, it is not looked for. NULL: errno.
 */
char *upgrade_resolve(const char *argv0);

/* The other end: what a program is started for. */
struct upgrade_order {
	bool is_there;
	enum handoff_purpose purpose;
	int fd; /* the blob's; close-on-exec */
	char *file; /* as in struct upgrade_program; allocated, or NULL */
};

/*
 * Takes the order out of the environment. -1 with *error, to be freed: there is
 * one that makes no sense.
 */
int upgrade_order_take(struct upgrade_order *order, char **error) MUST_CHECK;
void upgrade_order_fini(struct upgrade_order *order); /* closes fd */

/*
 * Reads the blob; handoff_open() did its part. in->error says why not. The
 * bytes live until upgrade_unmap().
 */
struct upgrade_map {
	void *data;
	size_t len;
};
bool upgrade_open(struct upgrade_map *map, struct handoff_in *in,
    const struct upgrade_order *order) MUST_CHECK;
void upgrade_unmap(struct upgrade_map *map);

/* The state that map is could be loaded: says so to whoever waits for it. */
void upgrade_confirm(const struct upgrade_map *map);

/* What the owner does. Called from the loop, with nothing on the stack. */
struct upgrade_owner {
	/* Writes the state. -1 with *error, to be freed. */
	int (*save)(struct handoff_out *out, char **error, void *arg);
	/* In a moment this program is no more; and no, after all. The first
	 * may change the environment for the next program, the other undoes
	 * that. */
	void (*begin)(void *arg);
	void (*cancel)(void *arg);
	/* It failed (error), or it is about to happen (NULL). */
	void (*done)(const char *error, void *arg);
	void *arg;
};

/* base has NET_PRIORITIES. NULL: libevent has no memory. */
struct upgrade *upgrade_new(struct event_base *base, struct clock *clock,
    struct deadlines *deadlines, const struct upgrade_program *program,
    const struct upgrade_owner *owner);
void upgrade_free(struct upgrade *u); /* and ends the child; NULL is fine */

/* Begins, in a moment. False: one is under way already. */
bool upgrade_start(struct upgrade *u) MUST_CHECK;

/* Gives up one that is under way, without calling done(). */
void upgrade_cancel(struct upgrade *u);

/* Lower time-outs than the above, for tests. */
void upgrade_set_timeouts(struct upgrade *u, int64_t look_ms,
    int64_t verify_ms);

/*
 * For the program that was executed: signals that came meanwhile have waited,
 * and are taken from now on.
 */
void upgrade_unblock_signals(void);

#endif
