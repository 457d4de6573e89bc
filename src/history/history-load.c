/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Reads a ring that is already there. Nothing in it is trusted: a record counts
 * only if its checksum is right and its position is where it lies. A text
 * cannot pass for a record, since text has no zero bytes; so each record found
 * was once written there. But anybody may have written it: nicks and texts have
 * to be checked for being harmless, checksum or not.
 *
 * Usually the records follow each other from the tail to the head (the walk).
 * After a power cut any page may be old or new, so all of the region is
 * searched (the scan). Both take one pass, and no input makes them take more
 * than a few.
 */
#include "config.h"

#include <stdlib.h>

#include "base/age.h"
#include "base/nick.h"
#include "base/text.h"
#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"

/* A limit on bytes checksummed in vain, in sizes of the region: only a file
 * made up by somebody reaches it. */
#define LOAD_WASTE_MAX 4

bool
history_has_form(const struct record *r, size_t left)
{
	union record_word first = r->first;
	size_t used = sizeof(*r) + first.is.nick_len + 1 + first.is.text_len;

	if (first.is.size % HISTORY_ALIGN != 0 || first.is.size < sizeof(*r) ||
	    first.is.size > left)
		return false;
	if (first.is.type == RECORD_HOLE)
		return first.is.nick_len == 0 && first.is.text_len == 0 &&
		    r->author > r->number && r->author < HISTORY_NUMBER_MAX;
	switch (record_message_type(first)) {
	case RECORD_SAY:
	case RECORD_ME:
	case RECORD_TOPIC:
	case RECORD_NOTICE:
		if ((first.is.type & RECORD_HAS_ID) != 0) {
			if (first.is.size < used + sizeof(struct record_id))
				return false;
			used += sizeof(struct record_id) + record_id(r)->len;
		}
		if ((first.is.type & RECORD_HAS_ORIGIN) != 0)
			used += sizeof(struct record_origin);
		return first.is.nick_len <= NICK_MAX &&
		    first.is.text_len <= HISTORY_TEXT_MAX &&
		    first.is.size == HISTORY_ROUND(used) &&
		    r->data[first.is.nick_len] == '\0';
	case RECORD_NONE:
	case RECORD_PAD:
	case RECORD_HOLE:
		break;
	}
	return false;
}

static bool
load_is_harmless_id(const struct record_id *id)
{
	return record_id_key(id) != 0 && history_id_is_valid(id->id, id->len);
}

static bool
load_is_harmless_origin(const struct record_origin *origin)
{
	uint64_t msgid = record_origin_number(origin->msgid);

	return msgid != 0 && msgid < HISTORY_NUMBER_MAX &&
	    record_origin_number(origin->node) != 0 &&
	    record_origin_number(origin->counter) != 0;
}

static bool
load_is_harmless(const struct record *r)
{
	const struct record_id *id = record_id(r);
	const struct record_origin *origin = record_origin(r);
	const char *text = r->data + r->first.is.nick_len + 1;
	size_t i;

	if (!record_is_message(r))
		return true;
	for (i = 0; i < r->first.is.nick_len; i++)
		if (!nick_is_char(r->data[i]))
			return false;
	return r->author >> RECORD_VIA_SHIFT <= EVENT_VIA_MAX &&
	    (id == NULL || load_is_harmless_id(id)) &&
	    (origin == NULL || load_is_harmless_origin(origin)) &&
	    (record_message_type(r->first) == RECORD_TOPIC ?
		    text_is_harmless(text, r->first.is.text_len) :
		    text_has_harmless_lines(text, r->first.is.text_len));
}

const struct record *
history_check(const struct history *h, size_t offset, uint64_t *wasted)
{
	const struct record *r = history_at(h, offset);
	size_t left = h->size - offset;

	if (left < sizeof(*r) || !history_has_form(r, left) ||
	    r->pos % HISTORY_ALIGN != 0 || r->pos >= HISTORY_POS_MAX ||
	    r->pos % h->size != offset || r->number == 0 ||
	    r->number >= HISTORY_NUMBER_MAX || r->age >= AGE_MAX_MS)
		return NULL;
	if (*wasted > (uint64_t)h->size * LOAD_WASTE_MAX)
		return NULL;
	if (record_check(r, r->first) != r->check || !load_is_harmless(r)) {
		*wasted += r->first.is.size;
		return NULL;
	}
	return r;
}

static void
load_clear(struct history *h)
{
	h->tail_pos = h->head_pos = h->last_pos = 0;
	h->first_number = h->next_number = 1;
	h->max_author = 0;
	h->last_time_ms = 0;
	free(h->seek_points);
	h->seek_points = NULL;
	history_free_ids(h);
}

/* Takes the sound record at pos as the next of the ring, or the first. */
static void
load_take(struct history *h, uint64_t pos, bool is_first)
{
	struct record *r = history_at(h, pos);

	if (is_first) {
		h->tail_pos = pos;
		h->first_number = r->number;
	} else if (r->prev != pos - h->last_pos)
		r->prev = (uint32_t)(pos - h->last_pos);
	if (record_is_message(r)) {
		history_add_author(h, r->author & EVENT_AUTHOR_MAX);
		if (record_time_ms(r) > h->last_time_ms)
			h->last_time_ms = record_time_ms(r);
	}
	h->last_pos = pos;
	h->head_pos = pos + r->first.is.size;
	h->next_number = record_next(r);
	history_add_seek_point(h, r);
	history_add_id(h, r);
}

/* Finds the sound record at pos, or behind the pads there, in a ring that
 * begins at tail. It must have this number, unless that is 0. */
static const struct record *
load_next(const struct history *h, uint64_t pos, uint64_t tail, uint64_t number)
{
	const struct record *r;
	union record_word first;
	uint64_t wasted = 0;
	size_t offset;

	while (pos - tail < h->size) {
		offset = pos % h->size;
		r = history_check(h, offset, &wasted);
		if (r != NULL && r->pos == pos &&
		    (number == 0 || r->number == number) &&
		    pos + r->first.is.size - tail <= h->size)
			return r;
		first = history_at(h, pos)->first;
		if (first.is.type != RECORD_PAD || first.is.size == 0 ||
		    first.is.size % HISTORY_ALIGN != 0 ||
		    first.is.size > h->size - offset)
			break;
		pos += first.is.size;
	}
	return NULL;
}

bool
history_walk(struct history *h)
{
	const struct history_header *header = h->header;
	uint64_t tail = history_pos_open(header->tail), pos = tail, number = 0;
	const struct record *r;

	history_finish_unname(h);
	load_clear(h);
	if (tail % HISTORY_ALIGN != 0 || header->next_number == 0 ||
	    header->next_number >= HISTORY_NUMBER_MAX)
		return false;
	while ((r = load_next(h, pos, tail, number)) != NULL) {
		load_take(h, r->pos, number == 0);
		pos = h->head_pos;
		number = h->next_number;
	}
	if (number != 0) {
		/* A pad before the first message holds nothing. */
		return number >= header->next_number;
	}
	/* Empty. If all were dropped, the head may not have followed yet. */
	h->tail_pos = h->head_pos = tail;
	h->first_number = h->next_number = header->next_number;
	return tail >= header->head_pos && tail - header->head_pos < h->size;
}

/*
 * Fills the space between the head and pos, where the record with this number
 * follows: with a hole if messages are missing, and pads. False: there is too
 * little space, so this cannot be right.
 */
static bool
load_fill(struct history *h, uint64_t pos, uint64_t number)
{
	bool needs_hole = number != h->next_number;
	size_t left, gap;

	if (number < h->next_number)
		return false;
	while (h->head_pos < pos) {
		gap = (size_t)(pos - h->head_pos);
		left = h->size - h->head_pos % h->size;
		if (gap > left)
			gap = left;
		if (needs_hole && gap >= sizeof(struct record)) {
			history_write_hole(h, h->head_pos, (uint32_t)gap,
			    h->next_number, number);
			needs_hole = false;
			load_take(h, h->head_pos, false);
		} else {
			history_write_pad(h, h->head_pos, gap);
			h->head_pos += gap;
		}
	}
	return !needs_hole;
}

/* Sets a bit for each place where a sound record begins; returns where the last
 * of them ends. */
static uint64_t
load_index(const struct history *h, uint8_t *starts)
{
	const struct record *r;
	uint64_t end = 0, wasted = 0;
	size_t offset;

	for (offset = 0; offset < h->size;) {
		r = history_check(h, offset, &wasted);
		if (r == NULL) {
			offset += HISTORY_ALIGN;
			continue;
		}
		starts[offset / 64] |= (uint8_t)(1u << offset / 8 % 8);
		offset += r->first.is.size;
		if (r->pos + r->first.is.size > end)
			end = r->pos + r->first.is.size;
	}
	return end;
}

uint64_t
history_scan(struct history *h)
{
	uint8_t *starts = xcalloc(1, h->size / 64 + 1);
	const struct record *r;
	uint64_t pos, end, missing = 0, expected = 0;
	size_t offset;

	load_clear(h);
	end = load_index(h, starts);
	/* What is older than a ring before the newest had been dropped. */
	for (pos = end > h->size ? end - h->size : 0; pos < end;) {
		offset = pos % h->size;
		r = history_at(h, pos);
		if ((starts[offset / 64] & 1u << offset / 8 % 8) == 0 ||
		    r->pos != pos || r->number < expected) {
			/* Also what history_cut() took back, and a power cut
			 * brought again. */
			pos += HISTORY_ALIGN;
			continue;
		}
		if (expected != 0 && load_fill(h, pos, r->number)) {
			missing += history_distance(expected, r->number);
			load_take(h, pos, false);
		} else {
			/* Only a file made up by somebody comes here twice. */
			load_take(h, pos, true);
			missing = 0;
		}
		if (!record_is_message(r))
			missing += history_distance(r->number, r->author);
		expected = h->next_number;
		pos = h->head_pos;
	}
	free(starts);
	if (expected == 0)
		h->head_pos = h->tail_pos = 0;
	return missing;
}
