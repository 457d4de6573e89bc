/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "util.h"

/*
 * A room's messages in a ring of fixed size: one contiguous region, in which
 * positions are absolute byte offsets that only grow.
 *
 *        tail_pos                       head_pos
 *           v                              v
 *     ------[ 812 ][ 813 ][pad][ 814 ]...[ 817 ]------   absolute
 *     position p is stored at region[p % size]
 *
 * Each record is contiguous; where it would not fit before the end of the
 * region, a pad fills the rest. An append drops as many of the oldest as it
 * needs. A cursor is a number with its position: it stays meaningful for ever,
 * since whether it has been lapped can be seen from the number alone.
 */
struct history {
	char *region;
	size_t size; /* a multiple of 8 */
	uint64_t tail_pos; /* the oldest record; head_pos when empty */
	uint64_t head_pos; /* where the next record goes (before a pad) */
	uint64_t last_pos; /* the newest record, if any */
	uint64_t first_number; /* the oldest held */
	uint64_t next_number; /* the next to be given; the first is 1 */
};

struct history_cursor {
	uint64_t number; /* of the next message to read */
	uint64_t pos;
};

/* The longest text: max-line bytes, each of them a bad one. */
#define HISTORY_TEXT_MAX 24576
#define HISTORY_SIZE_MIN 256 /* for tests; a text may be a quarter of it */

/* size is rounded up to a multiple of 8. */
void history_init(struct history *h, size_t size);
void history_fini(struct history *h);

/*
 * Appends an event that is kept (kind, time_ms, author, nick, text); its
 * number is ignored. Returns the number given. Text beyond a quarter of the
 * ring is cut, so that an append always succeeds.
 */
uint64_t history_append(struct history *h, const struct event *event);

struct history_cursor history_oldest(const struct history *h);
struct history_cursor history_head(const struct history *h);

/* The cursor n messages before the head, or the oldest if fewer are held. */
struct history_cursor history_back(const struct history *h, uint64_t n);

static inline uint64_t
history_count(const struct history *h)
{
	return h->next_number - h->first_number;
}

/*
 * If the ring has lapped c, move it to the oldest message and return how many
 * are no longer held; else 0.
 */
uint64_t history_clamp(const struct history *h, struct history_cursor *c);

/*
 * Reads the message at c, which must not have been lapped (history_clamp()),
 * and moves c past it. Returns false at the head. The strings of *event point
 * into the ring and live until the next append; nick is terminated.
 */
bool history_read(const struct history *h, struct history_cursor *c,
    struct event *event);

/* Moves c, not lapped, back by one. Returns false at the oldest. */
bool history_step_back(const struct history *h, struct history_cursor *c);

/* Bytes in use, for the state report. */
size_t history_used(const struct history *h);

#endif
