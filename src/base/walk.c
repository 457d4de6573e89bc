/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Walks take turns, a slice each, so that a short one does not wait for a long
 * one. The budget is time, as that is what everybody else in the loop waits
 * for: a number of items would be too many expensive ones or too few cheap
 * ones. The clock is read only every few items, since it costs as much as some
 * of them do.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>

#include "base/walk.h"

void
walks_init(struct walks *all, int64_t (*now_us)(void), void (*wake)(void *),
    void *arg)
{
	TAILQ_INIT(&all->running);
	all->now_us = now_us;
	all->wake = wake;
	all->wake_arg = arg;
	all->items = WALK_ITEMS;
}

void
walk_init(struct walk *w, const char *name,
    bool (*step)(struct walk_budget *budget, void *arg), void *arg)
{
	assert(step != NULL);
	*w = (struct walk){ .name = name, .step = step, .arg = arg };
}

void
walk_start(struct walks *all, struct walk *w)
{
	bool is_first = TAILQ_EMPTY(&all->running);

	if (w->is_running)
		return;
	w->is_running = true;
	TAILQ_INSERT_TAIL(&all->running, w, entry);
	if (is_first && all->wake != NULL)
		all->wake(all->wake_arg);
}

void
walk_stop(struct walks *all, struct walk *w)
{
	if (!w->is_running)
		return;
	w->is_running = false;
	TAILQ_REMOVE(&all->running, w, entry);
}

bool
walk_budget_look(struct walk_budget *budget)
{
	if (budget->now_us != NULL && budget->now_us() >= budget->end_us)
		return false;
	budget->items = WALK_ITEMS - 1;
	return true;
}

void
walk_budget_shorten(struct walk_budget *budget, int64_t us)
{
	assert(us <= WALK_SLICE_US);
	if (!budget->is_late)
		budget->end_us -= WALK_SLICE_US - us;
}

/* Runs a slice of the first walk. The walk is off the queue meanwhile, and is
 * touched afterwards only if it goes on: its owner may be gone. */
static const char *
walks_step(struct walks *all, struct walk_budget *budget)
{
	struct walk *w = TAILQ_FIRST(&all->running);
	const char *name;

	if (w == NULL)
		return NULL;
	name = w->name;
	walk_stop(all, w);
	if (w->step(budget, w->arg) && !w->is_running) {
		w->is_running = true;
		TAILQ_INSERT_TAIL(&all->running, w, entry);
	}
	return name;
}

static int64_t
walk_never_us(void)
{
	return 0;
}

struct walk_budget
walk_few(unsigned items)
{
	return (struct walk_budget){ .now_us = walk_never_us, .items = items };
}

struct walk_budget
walks_slice(const struct walks *all)
{
	struct walk_budget budget = { .items = all->items,
		.is_late = all->is_late };

	if (all->now_us != NULL) {
		budget.now_us = all->now_us;
		budget.end_us = all->now_us() + WALK_SLICE_US;
	}
	return budget;
}

const char *
walks_run(struct walks *all)
{
	struct walk_budget budget = walks_slice(all);

	return walks_step(all, &budget);
}

void
walks_finish(struct walks *all)
{
	struct walk_budget budget = { .now_us = NULL };

	while (walks_step(all, &budget) != NULL)
		continue;
}

bool
walks_are_running(const struct walks *all)
{
	return !TAILQ_EMPTY(&all->running);
}
