/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A ring whose messages are those of a log that several servers share: the log
 * gives the numbers, and may be found to lack what the ring has.
 *
 * Numbers go on in a new epoch where the log may have lost something. So there
 * is a hole at each such place, of no known message, and who catches up over it
 * is told that some may be missing.
 *
 * What is cut off is not left lying behind the head, where a search for records
 * (history_scan()) would take it for newer than what comes in its place. The
 * newest goes first, so that at any instant the records that are there follow
 * each other from the tail to the head.
 */
#include "config.h"

#include <assert.h>

#include "history/history-impl.h"
#include "history/history.h"

void
history_skip_to(struct history *h, uint64_t number)
{
	if (h->tail_pos != h->head_pos) {
		history_append_hole(h, number);
		return;
	}
	h->first_number = h->next_number = number;
	history_store(&h->header->next_number, number);
}

void
history_append_at(struct history *h, const struct event *event)
{
	uint64_t number = event->number;

	assert(number >= h->next_number && number < HISTORY_NUMBER_MAX &&
	    event->node != 0 && event->counter != 0);
	/* It need not be on disk first: nobody but the log gives numbers. */
	if (number / HISTORY_EPOCH != h->next_number / HISTORY_EPOCH)
		history_store(&h->header->epoch,
		    history_epoch_seal(number / HISTORY_EPOCH));
	if (number != h->next_number)
		history_skip_to(h, number);
	(void)history_append(h, event);
}

int64_t
history_time_at(const struct history *h, int64_t wall_ms)
{
	int64_t last_ms = h->last_time_ms;

	if (wall_ms > last_ms)
		return wall_ms;
	return last_ms - wall_ms < HISTORY_AHEAD_MS ? last_ms + 1 : last_ms;
}

/* Empties the records from pos to the head, the newest first. */
static void
cut_records(struct history *h, uint64_t pos)
{
	uint64_t at = h->last_pos;

	for (;; at -= history_at(h, at)->prev) {
		history_store(&history_at(h, at)->first.word, 0);
		if (at == pos)
			break;
	}
}

/* The time of the newest message before c; 0: there is none. */
static int64_t
cut_last_time(const struct history *h, struct history_cursor c)
{
	struct history_cursor at;
	struct event event;

	while (history_step_back(h, &c)) {
		at = c;
		(void)history_read(h, &at, &event);
		if (event.kind != EVENT_GAP)
			return event.time_ms;
	}
	return 0;
}

/* Forgets what leads to messages from pos on. */
static void
cut_indexes(struct history *h, uint64_t pos)
{
	history_find_end(h);
	history_cut_seek_points(h, pos);
	history_cut_ids(h, pos);
}

void
history_cut(struct history *h, const struct history_cursor *c)
{
	struct history_cursor end, last;

	assert(c->number >= h->first_number && c->number <= h->next_number);
	if (c->number == h->next_number)
		return;
	end.pos = history_locate(h, c);
	end.number = history_at(h, end.pos)->number;
	h->last_time_ms = cut_last_time(h, end);
	last = end;
	if (!history_step_back(h, &last)) {
		h->tail_pos = end.pos;
		history_store_tail(h);
	}
	history_store(&h->header->next_number, end.number);
	history_store(&h->header->head_pos, end.pos);
	cut_records(h, end.pos);
	cut_indexes(h, end.pos);
	h->last_pos = last.pos;
	h->head_pos = end.pos;
	h->next_number = end.number;
	if (h->written_pos > end.pos)
		h->written_pos = end.pos;
	h->rewritten++;
	h->cuts++;
}
