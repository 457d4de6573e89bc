/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "history/event.h"

struct history_header;
struct history_seek_point;

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
 *
 * The region lies behind a header, in memory or in a file that is mapped. In a
 * file all that was appended survives the end of the process at any instant
 * (history-store.c), and history-load.c reads back whatever is left of it.
 *
 * A hole is a record that stands for messages which are lost, by number: it
 * reads as an EVENT_GAP.
 */
struct history {
	char *region;
	size_t size; /* a multiple of 8 */
	uint64_t tail_pos; /* the oldest record; head_pos when empty */
	uint64_t head_pos; /* where the next record goes (before a pad) */
	uint64_t last_pos; /* the newest record, if any */
	uint64_t first_number; /* the oldest held */
	uint64_t next_number; /* the next to be given; the first is 1 */
	uint64_t max_author; /* no message held is by a greater one */
	uint64_t written_pos; /* writeback has begun for what is before */
	struct history_header
	    *header; /* before the region, what a file keeps */
	int fd; /* of a file or memory file that is mapped; else -1 */
	struct history_index *index; /* for history_find(), or NULL */
	struct history_seek_point
	    *seek_points; /* for history_seek_time(), or NULL */
};

struct history_cursor {
	uint64_t number; /* of the next message to read */
	uint64_t pos;
};

/* The longest text: max-line bytes, each of them a bad one. */
#define HISTORY_TEXT_MAX 24576
#define HISTORY_SIZE_MIN 256 /* for tests; a text may be a quarter of it */
#define HISTORY_SIZE_MAX ((size_t)1 << 30)

/*
 * Numbers only grow, and each is given once. When the newest messages may have
 * been lost (the power was cut), it is not known which numbers they had; so the
 * next one starts at a multiple of this that was never reached, plus what the
 * next would have been. What is below counts on. So the difference of two
 * numbers counts messages, and power cuts are seen from the numbers alone.
 */
#define HISTORY_EPOCH ((uint64_t)1 << 44)
#define HISTORY_NUMBER_MAX ((uint64_t)1 << 62) /* no ring comes so far */

/* How many numbers surely lie in from..to; 0 if to is not after from. */
static inline uint64_t
history_distance(uint64_t from, uint64_t to)
{
	uint64_t d = (to - from) % HISTORY_EPOCH;

	return d < HISTORY_EPOCH / 2 ? d : 0;
}

/* False: between the two some more may have been lost. */
static inline bool
history_is_certain(uint64_t from, uint64_t to)
{
	return from / HISTORY_EPOCH == to / HISTORY_EPOCH;
}

/*
 * In memory: a memory file where there is such a thing, so that it can be
 * handed over (history_adopt()). It is filled with pages as it fills with
 * messages. size is rounded up to a multiple of 8.
 */
void history_init(struct history *h, size_t size);

/* Lets go of the memory or file; a file is left as a crash would leave it. */
void history_fini(struct history *h);

/*
 * Appends an event that is kept (kind, time_ms, author, nick, text); its
 * number is ignored. Returns the number given. Text beyond a quarter of the
 * ring is cut, so that an append always succeeds.
 */
uint64_t history_append(struct history *h, const struct event *event);

/* Appends a hole from next_number to number, which is greater. */
void history_append_hole(struct history *h, uint64_t number);

/*
 * Numbers up to number have been given before, as others remember: the next
 * will be greater. Does nothing if number is none that a ring could have given.
 * May write to the disk and wait for it.
 */
void history_raise(struct history *h, uint64_t number);

struct history_cursor history_oldest(const struct history *h);
struct history_cursor history_head(const struct history *h);

/*
 * The cursor n messages before the head, or the oldest if fewer are held. A
 * hole counts with all its messages; if that is more than n, it is left out.
 */
struct history_cursor history_back(const struct history *h, uint64_t n);

static inline uint64_t
history_count(const struct history *h)
{
	return history_distance(h->first_number, h->next_number);
}

/*
 * If the ring has lapped c, move it to the oldest message and return how many
 * are no longer held; else 0. It can be 0 for a lapped one too, if only a hole
 * of unknown size was lapped: see history_is_certain().
 */
uint64_t history_clamp(const struct history *h, struct history_cursor *c);

/*
 * Reads the message at c, which must not have been lapped (history_clamp()),
 * and moves c past it. Returns false at the head. The strings of *event point
 * into the ring and live until the next append; nick is terminated. A hole is
 * an EVENT_GAP with the exact count, or is_uncertain.
 */
bool history_read(const struct history *h, struct history_cursor *c,
    struct event *event);

/* Moves c, not lapped, back by one. Returns false at the oldest. */
bool history_step_back(const struct history *h, struct history_cursor *c);

/*
 * The cursor for a number that was remembered without its position. If it is no
 * longer held, history_clamp() will tell; if it was never given, it is the
 * head. The first call makes an index, all later ones are fast (some µs);
 * history_find_end() frees it.
 */
struct history_cursor history_find(struct history *h, uint64_t number);
void history_find_end(struct history *h);

/*
 * The cursor of the first message that is not from before that time (wall
 * clock), or not before that number (in a hole: the hole's); or the head. Fast
 * at any time (some µs). Where the clock was set back while people talked, more
 * than one message is such a first, and this is any of them.
 */
struct history_cursor history_seek_time(const struct history *h,
    int64_t time_ms);
struct history_cursor history_seek_number(const struct history *h,
    uint64_t number);

/*
 * Drops the oldest as long as they are from before that time (wall clock), some
 * hundreds at a time. True: there may be more to drop.
 */
bool history_expire(struct history *h, int64_t before_ms);

/* Bytes in use, for the state report. */
size_t history_used(const struct history *h);

/* In files, and handed over: history-store.c. */

enum history_status {
	HISTORY_OK,
	HISTORY_DAMAGED, /* neither a crash nor a power cut leaves it so */
	HISTORY_OTHER_SIZE, /* sound as far as seen, but of another size */
	HISTORY_FOREIGN, /* of a later version, or from another machine type */
	HISTORY_ERROR /* errno */
};

enum history_found {
	HISTORY_NEW, /* the file was empty */
	HISTORY_CLOSED, /* by history_close() */
	HISTORY_KILLED, /* nothing is lost */
	HISTORY_POWER_CUT, /* the newest may be lost, and others */
	HISTORY_SALVAGED /* what was readable of a damaged file */
};

struct history_report {
	enum history_found found;
	uint64_t missing; /* messages found now to be lost in the midst */
};

/*
 * The ring in a file of mode 0600 that the caller has opened for reading and
 * writing and holds the lock of. An empty file becomes a new ring; one that was
 * not closed is recovered. On HISTORY_OK h owns fd. Otherwise it is still the
 * caller's, h is unchanged and needs no history_fini(); and so is the file,
 * unless it was empty. May wait for the disk.
 */
enum history_status history_open(struct history *h, int fd, size_t size,
    struct history_report *report) MUST_CHECK;

/*
 * The ring behind a descriptor that another program of this process, or its
 * parent, had in h->fd. Everything is verified, nothing is written. Not 0: fd
 * is still the caller's, and errno says why (EINVAL: not a sound ring).
 */
int history_adopt(struct history *h, int fd) MUST_CHECK;

/*
 * The same to see whether that would work; what is there stays as it is,
 * whatever is done with h. is_growing: the other program appends meanwhile, so
 * that only the header is verified, and h is empty at its next number.
 */
int history_peek(struct history *h, int fd, bool is_growing) MUST_CHECK;

/*
 * Has a ring in memory be in a file that can be handed over; does nothing where
 * it is in one. -1: errno, and nothing has changed.
 */
int history_share(struct history *h) MUST_CHECK;

/*
 * Has what is new written to disk soon, without waiting for it. Does nothing in
 * memory. -1: errno.
 */
int history_writeback(struct history *h) MUST_CHECK;

/*
 * The same as history_fini(), but waits until all is on disk and marks the file
 * as closed. -1: that failed (errno), so that it is as after history_fini().
 */
int history_close(struct history *h) MUST_CHECK;

#endif
