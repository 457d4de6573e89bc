/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <sys/types.h>

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Things to do at a monotonic time. One libevent timer (or a unit test that
 * moves its clock) drives them all; a deadline embedded in its owner costs no
 * allocation. Those of the same millisecond run in the order they were set.
 */
struct deadline {
	RB_ENTRY(deadline) entry;
	int64_t at_ms;
	uint64_t order;
	void (*cb)(void *arg);
	void *arg;
	bool is_set;
};

RB_HEAD(deadline_tree, deadline);

struct deadlines {
	struct deadline_tree tree;
	uint64_t next_order;
	int64_t run_ms; /* now_ms while they are run, else -1 */
	void (*changed)(void *arg); /* see deadlines_init() */
	void *changed_arg;
};

/*
 * changed (or NULL) is called whenever the earliest deadline is another time
 * than before, and once at the end of each deadlines_run(), even if nothing was
 * due, so that a timer that fires once and arms itself there never gets lost.
 */
void deadlines_init(struct deadlines *all, void (*changed)(void *), void *arg);
void deadline_init(struct deadline *d, void (*cb)(void *), void *arg);

/* Sets or moves. at_ms in the past is due at the next deadlines_run(). */
void deadline_set(struct deadlines *all, struct deadline *d, int64_t at_ms);
/* Fine if it is not set. */
void deadline_clear(struct deadlines *all, struct deadline *d);

/* When the earliest is due, or -1 when there is none. */
int64_t deadlines_next(const struct deadlines *all);

/*
 * Runs what is due at now_ms. A deadline is unset before its callback runs,
 * which may set it again, free its owner, and set or clear any other. What is
 * set meanwhile waits for the next run, so that this always returns.
 */
void deadlines_run(struct deadlines *all, int64_t now_ms);

#endif
