/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Finds a time or a number in a ring in use. For each piece of the region there
 * is a point: the first message in it. A search halves the points, which are in
 * order, and reads what is between two of them: some microseconds, whatever the
 * size of the ring.
 *
 * Points are set as messages are appended or loaded, and are valid as long as
 * the position that they name is held, so nothing is to be done when they are
 * lapped. Decided against: looking for records by their own positions at any
 * place of the ring (a made-up file could lead anywhere), and the index of
 * history_find(), for which all has to be read.
 */
#include "config.h"

#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"

_Static_assert(HISTORY_SEEK_SPAN % HISTORY_ALIGN == 0, "pieces hold records");

/* What to look for: the first message that is not before this. */
struct seek_key {
	uint64_t number; /* 0: look by time */
	int64_t time_ms;
};

static size_t
seek_point_count(const struct history *h)
{
	return h->size / HISTORY_SEEK_SPAN + 1;
}

void
history_make_seek_points(struct history *h)
{
	h->seek_points = xcalloc(seek_point_count(h), sizeof(*h->seek_points));
}

void
history_cut_seek_points(struct history *h, uint64_t pos)
{
	size_t i, count = h->seek_points == NULL ? 0 : seek_point_count(h);

	for (i = 0; i < count; i++)
		if (h->seek_points[i].pos >= pos)
			h->seek_points[i].number = 0;
}

/* The point of the i-th piece after the tail's; NULL if nothing that is held
 * begins in it. */
static const struct history_seek_point *
seek_point(const struct history *h, uint64_t i)
{
	size_t count = seek_point_count(h), offset = h->tail_pos % h->size;
	uint64_t piece = offset / HISTORY_SEEK_SPAN + i;
	uint64_t start = h->tail_pos - offset + piece / count * h->size +
	    piece % count * HISTORY_SEEK_SPAN;
	const struct history_seek_point *point = &h->seek_points[piece % count];

	if (point->number == 0 || point->pos < h->tail_pos ||
	    point->pos >= h->head_pos || point->pos < start ||
	    point->pos - start >= HISTORY_SEEK_SPAN)
		return NULL;
	return point;
}

static bool
seek_is_before(const struct seek_key *key, uint64_t number, int64_t time_ms)
{
	return key->number != 0 ? number < key->number : time_ms < key->time_ms;
}

/* The last point before key that halving finds, or NULL. */
static const struct history_seek_point *
seek_last_before(const struct history *h, const struct seek_key *key)
{
	const struct history_seek_point *point, *best = NULL;
	uint64_t low = 0, middle, at;
	uint64_t high = (h->head_pos - h->tail_pos) / HISTORY_SEEK_SPAN + 3;

	if (h->seek_points == NULL)
		return NULL;
	while (low < high) {
		middle = low + (high - low) / 2;
		/* In a piece inside a long text nothing begins. */
		for (at = middle; (point = seek_point(h, at)) == NULL; at--)
			if (at == low)
				break;
		if (point != NULL &&
		    !seek_is_before(key, point->number, point->time_ms)) {
			high = at;
			continue;
		}
		if (point != NULL)
			best = point;
		low = middle + 1;
	}
	return best;
}

static struct history_cursor
history_seek(const struct history *h, const struct seek_key *key)
{
	const struct history_seek_point *point = seek_last_before(h, key);
	struct history_cursor c, at;
	struct event event;

	c = history_oldest(h);
	if (point != NULL) {
		c.number = point->number;
		c.pos = point->pos;
	}
	for (at = c; history_read(h, &c, &event); at = c) {
		if (event.kind != EVENT_GAP ?
			!seek_is_before(key, event.number, event.time_ms) :
			key->number != 0 && key->number < c.number)
			break;
	}
	return at;
}

struct history_cursor
history_seek_time(const struct history *h, int64_t time_ms)
{
	struct seek_key key = { .time_ms = time_ms };

	return history_seek(h, &key);
}

struct history_cursor
history_seek_number(const struct history *h, uint64_t number)
{
	struct seek_key key = { .number = number };

	if (number <= h->first_number)
		return history_oldest(h);
	if (number >= h->next_number)
		return history_head(h);
	return history_seek(h, &key);
}
