/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/walk.h"

/*
 * A thing to do at a monotonic time. A deadline is embedded in its owner, so it
 * costs no allocation; one libevent timer drives them all (in unit tests, a
 * clock that the test moves). Those of the same millisecond run in the order in
 * which they were set.
 */
struct deadline_kind {
	const char *name; /* of cb, for the log */
	void (*cb)(void *arg);
};

struct deadline {
	RB_ENTRY(deadline) entry;
	int64_t at_ms;
	uint64_t order;
	const struct deadline_kind *kind;
	void *arg;
	bool is_set;
};

RB_HEAD(deadline_tree, deadline);

struct deadlines {
	struct deadline_tree tree;
	uint64_t next_order;
	int64_t run_ms; /* the current run's now_ms, else -1 */
	void (*changed)(void *arg); /* see deadlines_init() */
	void *changed_arg;
	/* Called (unless NULL) when the callback of that name has returned.
	 * False: the others wait for the next run. */
	bool (*ran)(const char *name, void *arg);
	void *ran_arg;
	struct walks walks; /* work for when there is time */
};

/*
 * changed (or NULL) is called whenever the earliest time changes, and once at
 * the end of each deadlines_run(), even if nothing was due: a one-shot timer
 * that is armed there never gets lost. While walks.wake is NULL, as after this
 * call, walks are run to their ends by deadlines_run().
 */
void deadlines_init(struct deadlines *all, void (*changed)(void *), void *arg);

#define deadline_init(d, function, arg) \
	do { \
		static const struct deadline_kind kind_ = { #function, \
			function }; \
\
		deadline_init_kind(d, &kind_, arg); \
	} while (0)
void deadline_init_kind(struct deadline *d, const struct deadline_kind *kind,
    void *arg);

/* Sets or moves a deadline. A time in the past is due at the next
 * deadlines_run(). */
void deadline_set(struct deadlines *all, struct deadline *d, int64_t at_ms);
/* Clears a deadline, which need not be set. */
void deadline_clear(struct deadlines *all, struct deadline *d);

/* The monotonic time of the earliest, or -1 if there is none. */
int64_t deadlines_next(const struct deadlines *all);

/*
 * Runs what is due at now_ms. A deadline is cleared before its callback, which
 * may set it again, free its owner, and set or clear any other. Deadlines set
 * by callbacks wait for the next run, so this always returns.
 */
void deadlines_run(struct deadlines *all, int64_t now_ms);

#endif
