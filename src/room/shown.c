/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Most people are shown a room from some number on and then what is said, so
 * that is all that takes memory.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "history/history.h"
#include "room/shown.h"

const struct shown_more *
shown_more(const struct shown *shown)
{
	static const struct shown_more none;

	return shown->more == NULL ? &none : shown->more;
}

struct shown_more *
shown_get_more(struct shown *shown)
{
	if (shown->more == NULL)
		shown->more = xcalloc(1, sizeof(*shown->more));
	return shown->more;
}

void
shown_return(struct shown *shown, uint64_t from, uint64_t until)
{
	struct shown_more *more = shown_get_more(shown);
	uint64_t began = shown->from;

	if (more->seen_until == 0 || more->seen_until <= until) {
		/* What was seen before the last return joins what that showed:
		 * it is complete. */
		if (more->seen_until > 0 && more->seen_from < began)
			began = more->seen_from;
		more->seen_from = began;
		more->seen_until = until;
	}
	more->changed = 0;
	shown->from = from;
}

void
shown_note_unseen(struct shown *shown, uint64_t from, uint64_t until)
{
	struct shown_more *more;

	if (from >= until)
		return;
	more = shown_get_more(shown);
	/* What was shown between two of them is shown twice. */
	if (more->unseen_until == 0 || from < more->unseen_from)
		more->unseen_from = from;
	if (until > more->unseen_until)
		more->unseen_until = until;
}

static bool
shown_is_in(uint64_t number, uint64_t from, uint64_t until)
{
	return number >= from && number < until;
}

bool
shown_has_seen(const struct shown *shown, uint64_t number)
{
	const struct shown_more *more = shown_more(shown);

	return shown_is_in(number, more->seen_from, more->seen_until) &&
	    !shown_is_in(number, more->unseen_from, more->unseen_until);
}

static uint64_t
shown_count(uint64_t from, uint64_t until, uint64_t low, uint64_t high)
{
	if (from < low)
		from = low;
	if (until > high)
		until = high;
	return from < until ? history_distance(from, until) : 0;
}

uint64_t
shown_seen_count(const struct shown *shown, uint64_t from, uint64_t until)
{
	const struct shown_more *more = shown_more(shown);

	if (from < more->seen_from)
		from = more->seen_from;
	if (until > more->seen_until)
		until = more->seen_until;
	if (from >= until)
		return 0;
	return history_distance(from, until) -
	    shown_count(from, until, more->unseen_from, more->unseen_until);
}

/* Adds to by what it touches; or takes the place of the shortest. */
static void
shown_add_range(struct shown *shown, struct shown_range to)
{
	struct shown_range *r, *shortest;
	struct shown_more *more;
	size_t i;

	if (to.from >= to.until)
		return;
	more = shown_get_more(shown);
	shortest = more->before;
	for (i = 0; i < NITEMS(more->before); i++) {
		r = &more->before[i];
		if (r->from < r->until && r->from <= to.until &&
		    to.from <= r->until) {
			if (r->from < to.from)
				to.from = r->from;
			if (r->until > to.until)
				to.until = r->until;
			r->from = r->until = 0;
		}
		if (r->until - r->from < shortest->until - shortest->from)
			shortest = r;
	}
	if (to.until - to.from >= shortest->until - shortest->from)
		*shortest = to;
}

void
shown_break_off(struct shown *shown, uint64_t reached)
{
	const struct shown_more *more = shown_more(shown);
	struct shown_range first = { more->seen_from, more->seen_until },
			   second = { 0, 0 };

	if (first.from < reached)
		first.from = reached;
	if (more->unseen_from < first.until &&
	    more->unseen_until > first.from) {
		second = first;
		first.until = more->unseen_from;
		second.from = more->unseen_until;
	}
	shown_add_range(shown, first);
	shown_add_range(shown, second);
}

void
shown_add_before(struct shown *to, const struct shown *from)
{
	const struct shown_more *more = shown_more(from);
	size_t i;

	for (i = 0; i < NITEMS(more->before); i++)
		shown_add_range(to, more->before[i]);
}

void
shown_clear_before(struct shown *shown)
{
	if (shown->more != NULL)
		memset(shown->more->before, 0, sizeof(shown->more->before));
}

bool
shown_was_before(const struct shown *shown, uint64_t number)
{
	const struct shown_more *more = shown_more(shown);
	size_t i;
	for (i = 0; i < NITEMS(more->before); i++)
		if (shown_is_in(number, more->before[i].from,
			more->before[i].until))
			return true;
	return false;
}

bool
shown_has_before(const struct shown *shown, uint64_t number)
{
	const struct shown_more *more = shown_more(shown);
	size_t i;

	for (i = 0; i < NITEMS(more->before); i++)
		if (more->before[i].until > number)
			return true;
	return false;
}

void
shown_move(struct shown *to, struct shown *from)
{
	shown_fini(to);
	*to = *from;
	memset(from, 0, sizeof(*from));
}

void
shown_fini(struct shown *shown)
{
	free(shown->more);
	memset(shown, 0, sizeof(*shown));
}
