/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WALK_H
#define WALK_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A walk is work on many things (people, rooms, bookmarks) that must not hold
 * up the loop. It is done in slices of a millisecond, between which people
 * talk:
 *
 *   walk_start() -> wake() ... walks_run(): step(budget) | talk | step(budget)
 *
 * So what a walk is over may change between two slices, and a step may itself
 * remove the item it is at. Hence the step remembers where it is by the key of
 * the last item that is done (a nick, a room's name), and begins each slice by
 * looking for the first one after it. What is added before that point, or moved
 * there, is missed: whoever must not miss it has to learn of it in another way.
 */
#define WALK_SLICE_US 1000
#define WALK_ITEMS 8 /* items between two looks at the clock */

/* What a step may use in one slice; at least one item. */
struct walk_budget {
	int64_t (*now_us)(void); /* NULL: without limit */
	int64_t end_us;
	unsigned items; /* until the next look at the clock */
	bool is_late; /* walks have waited for this slice for long */
};

struct walk {
	TAILQ_ENTRY(walk) entry;
	const char *name;
	bool (*step)(struct walk_budget *budget, void *arg);
	void *arg;
	bool is_running;
};

TAILQ_HEAD(walk_queue, walk);

struct walks {
	struct walk_queue running; /* the first is the next to run */
	int64_t (*now_us)(void);
	void (*wake)(void *arg); /* see walks_init() */
	void *wake_arg;
	unsigned items; /* WALK_ITEMS; fewer in tests */
	bool is_late; /* input without a pause has put the next slice off */
};

/* wake is called when a walk is started while none runs: call walks_run() then,
 * again and again while walks_are_running(). now_us is a monotonic clock. */
void walks_init(struct walks *all, int64_t (*now_us)(void),
    void (*wake)(void *), void *arg);

/*
 * step does as much as the budget allows and returns whether there is more. It
 * may start and stop any walk; if it frees its own owner, it returns false.
 * name is a static string, for the log.
 */
void walk_init(struct walk *w, const char *name,
    bool (*step)(struct walk_budget *budget, void *arg), void *arg);
/* Start a walk, if it does not run; and stop it, if it does. */
void walk_start(struct walks *all, struct walk *w);
void walk_stop(struct walks *all, struct walk *w);

/* So many items, for what only tidies up by the way. */
struct walk_budget walk_few(unsigned items);
/* A slice from now on, for what is no walk; no limit where nobody runs
 * walks. */
struct walk_budget walks_slice(const struct walks *all);
/* Runs one slice of one walk. Returns its name, or NULL if none runs. */
const char *walks_run(struct walks *all);
/* Runs all walks to their ends, however long that takes. */
void walks_finish(struct walks *all);
bool walks_are_running(const struct walks *all);

/* For step(): may it go on to another item? */
bool walk_budget_look(struct walk_budget *budget);
static inline bool
walk_may_take(struct walk_budget *budget)
{
	if (budget->items == 0)
		return walk_budget_look(budget);
	budget->items--;
	return true;
}
/* Makes a slice end so many microseconds after its beginning already, at most
 * WALK_SLICE_US, for items that are expensive and need not be done soon; not one
 * that is late. To be called before the first item. */
void walk_budget_shorten(struct walk_budget *budget, int64_t us);
/* To be called after an expensive item: the clock is read before the next. */
static inline void
walk_took_long(struct walk_budget *budget)
{
	budget->items = 0;
}

#endif
