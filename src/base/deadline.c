/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * An ordered tree by time and, within a millisecond, by order of setting.
 * Decided against one libevent timer for each deadline: those read their own
 * clock, which no test can move, and their heap keeps no order among equals.
 *
 * A callback may set new deadlines, which must wait for the next run. So during
 * a run no deadline is set before the run's own time: a new one sorts behind
 * all that were due, and the run ends at the first new one. That needs neither
 * a flag in each deadline nor a second tree.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>

#include "base/deadline.h"
#include "base/util.h"

static int
deadline_cmp(const struct deadline *a, const struct deadline *b)
{
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

RB_GENERATE_INTERNAL(deadline_tree, deadline, entry, deadline_cmp,
    UNUSED static)

/* RB_MIN() for a const tree. */
static struct deadline *
deadline_first(const struct deadlines *all)
{
	struct deadline *d = RB_ROOT(&all->tree);

	while (d != NULL && RB_LEFT(d, entry) != NULL)
		d = RB_LEFT(d, entry);
	return d;
}

/* Calls changed() if the earliest deadline is another one; a run calls it once,
 * at its end. */
static void
deadline_changed(struct deadlines *all, int64_t next_before_ms)
{
	if (all->changed != NULL && all->run_ms < 0 &&
	    deadlines_next(all) != next_before_ms)
		all->changed(all->changed_arg);
}

static void
deadline_remove(struct deadlines *all, struct deadline *d)
{
	RB_REMOVE(deadline_tree, &all->tree, d);
	d->is_set = false;
}

void
deadlines_init(struct deadlines *all, void (*changed)(void *), void *arg)
{
	RB_INIT(&all->tree);
	all->next_order = 0;
	all->run_ms = -1;
	all->changed = changed;
	all->changed_arg = arg;
	all->ran = NULL;
	walks_init(&all->walks, NULL, NULL, NULL);
}

void
deadline_init_kind(struct deadline *d, const struct deadline_kind *kind,
    void *arg)
{
	assert(kind->cb != NULL);
	*d = (struct deadline){ .kind = kind, .arg = arg };
}

void
deadline_set(struct deadlines *all, struct deadline *d, int64_t at_ms)
{
	int64_t before_ms = deadlines_next(all);

	assert(d->kind != NULL);
	if (d->is_set)
		deadline_remove(all, d);
	if (at_ms < 0)
		at_ms = 0; /* as -1 means none */
	if (at_ms < all->run_ms)
		at_ms = all->run_ms;
	d->at_ms = at_ms;
	d->order = all->next_order++;
	d->is_set = true;
	RB_INSERT(deadline_tree, &all->tree, d);
	deadline_changed(all, before_ms);
}

void
deadline_clear(struct deadlines *all, struct deadline *d)
{
	int64_t before_ms = deadlines_next(all);

	if (!d->is_set)
		return;
	deadline_remove(all, d);
	deadline_changed(all, before_ms);
}

int64_t
deadlines_next(const struct deadlines *all)
{
	const struct deadline *d = deadline_first(all);

	return d == NULL ? -1 : d->at_ms;
}

void
deadlines_run(struct deadlines *all, int64_t now_ms)
{
	const uint64_t end_order = all->next_order;
	struct deadline *d;
	const char *name;

	assert(all->run_ms < 0 && now_ms >= 0); /* not from within a callback */
	all->run_ms = now_ms;
	while ((d = deadline_first(all)) != NULL && d->at_ms <= now_ms &&
	    d->order < end_order) {
		deadline_remove(all, d);
		name = d->kind->name;
		d->kind->cb(d->arg); /* may free d */
		if (all->ran != NULL && !all->ran(name, all->ran_arg))
			break;
	}
	if (all->walks.wake == NULL)
		walks_finish(&all->walks);
	all->run_ms = -1;
	if (all->changed != NULL)
		all->changed(all->changed_arg);
}
