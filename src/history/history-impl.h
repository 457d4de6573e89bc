/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTORY_IMPL_H
#define HISTORY_IMPL_H

/*
 * The ring as it lies in memory and in a file, for history*.c alone and their
 * tests. All is in native byte order. A change of anything here is a new
 * HISTORY_VERSION.
 */

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

#include "history/history.h"

#define HISTORY_ALIGN 8
#define HISTORY_ROUND(n) \
	(((n) + HISTORY_ALIGN - 1) / HISTORY_ALIGN * HISTORY_ALIGN)

/* In the file; 0 is none. What is said comes last. */
enum record_type {
	RECORD_NONE,
	RECORD_PAD,
	RECORD_HOLE,
	RECORD_SAY,
	RECORD_ME,
	RECORD_TOPIC,
	RECORD_NOTICE
};

/* Stored last and at once: with it the record begins to exist. */
union record_word {
	struct {
		uint32_t size; /* to the next; a multiple of 8 */
		uint8_t type;
		uint8_t nick_len;
		uint16_t text_len;
	} is;
	uint64_t word;
};

/* A pad consists of the first word alone. */
struct record {
	union record_word first;
	uint32_t prev; /* from the record before to this, if that is held */
	uint32_t check; /* of all but prev and this; of a hole: no data */
	uint64_t pos; /* its own */
	uint64_t number;
	int64_t time_ms;
	uint64_t author; /* of a hole: the number after it */
	char data[]; /* nick, NUL, text, NULs */
};

_Static_assert(sizeof(struct record) == 48, "the layout of a record");
_Static_assert(HISTORY_TEXT_MAX <= UINT16_MAX, "text_len");

#define HISTORY_HEADER_SIZE 4096
#define HISTORY_MAGIC 0x676e697264627262 /* "brbdring" on little-endian */
#define HISTORY_VERSION 2
#define HISTORY_BYTE_ORDER 0x01020304
#define HISTORY_POS_MAX ((uint64_t)1 << 48) /* no ring comes so far */
#define HISTORY_BOOT_SIZE 48

struct history_header {
	uint64_t magic; /* stored last when a file is made */
	uint32_t byte_order;
	uint32_t version;
	uint32_t header_size;
	uint32_t record_size;
	uint64_t size; /* of the region */
	uint64_t check; /* of what is before, without magic */

	/* Live: each stored at once, in the order that history.c says. */
	uint64_t tail; /* tail_pos, sealed: else one bit could hide all */
	uint64_t head_pos;
	uint64_t next_number;
	uint64_t epoch; /* that numbers are given from, sealed: on disk before
			 * the first of them is given */
	uint64_t clean; /* closed: the check of the four before; else 0 */
	char boot[HISTORY_BOOT_SIZE]; /* of the machine when it was opened */
};

_Static_assert(sizeof(struct history_header) <= 512, "a sector");

/*
 * Stores that must happen in this order, as far as a process sees that opens
 * the file after this one was killed at any instruction: the kernel keeps the
 * pages, so nothing but the compiler could change the order.
 */
static inline void
history_store(uint64_t *field, uint64_t value)
{
	atomic_signal_fence(memory_order_seq_cst);
	__atomic_store_n(field, value, __ATOMIC_RELAXED);
	atomic_signal_fence(memory_order_seq_cst);
}

/* A position and, in the upper 16 bits, its check. */
static inline uint64_t
history_pos_seal(uint64_t pos)
{
	return pos | XXH3_64bits(&pos, sizeof(pos)) << 48;
}

/* The position; or UINT64_MAX, which is none, if the check is wrong. */
static inline uint64_t
history_pos_open(uint64_t sealed)
{
	uint64_t pos = sealed % HISTORY_POS_MAX;

	return history_pos_seal(pos) == sealed ? pos : UINT64_MAX;
}

static inline void
history_store_tail(struct history *h)
{
	history_store(&h->header->tail, history_pos_seal(h->tail_pos));
}

static inline struct record *
history_at(const struct history *h, uint64_t pos)
{
	/* The region is aligned and pos is a multiple of 8. */
	return (struct record *)(void *)(h->region + pos % h->size);
}

static inline bool
record_is_message(const struct record *r)
{
	return r->first.is.type >= RECORD_SAY;
}

/* The number after r. */
static inline uint64_t
record_next(const struct record *r)
{
	return r->first.is.type == RECORD_HOLE ? r->author : r->number + 1;
}

/* first: what r->first is or will be. */
static inline uint32_t
record_check(const struct record *r, union record_word first)
{
	size_t end = first.is.type == RECORD_HOLE ? sizeof(*r) : first.is.size;

	return (uint32_t)XXH3_64bits_withSeed(&r->pos,
	    end - offsetof(struct record, pos), first.word);
}

/* A message: the first, mostly, that begins in a piece of the region. It is
 * good as long as its position is held. */
struct history_seek_point {
	uint64_t pos;
	uint64_t number; /* 0: none yet */
	int64_t time_ms;
};

#define HISTORY_SEEK_SPAN ((size_t)16 * 1024) /* bytes of a piece */

void history_make_seek_points(struct history *h);

/* r has become the newest. */
static inline void
history_add_seek_point(struct history *h, const struct record *r)
{
	struct history_seek_point *point;

	if (!record_is_message(r))
		return;
	if (h->seek_points == NULL)
		history_make_seek_points(h);
	point = &h->seek_points[(size_t)((const char *)r - h->region) /
	    HISTORY_SEEK_SPAN];
	if (point->number != 0 && point->pos >= h->tail_pos)
		return;
	point->pos = r->pos;
	point->number = r->number;
	point->time_ms = r->time_ms;
}

/* Writes a hole of size bytes at pos. */
void history_write_hole(struct history *h, uint64_t pos, uint32_t size,
    uint64_t number, uint64_t next);
void history_write_pad(struct history *h, uint64_t pos, size_t size);

/* Is there a sound record at this offset of the region? Else NULL. */
const struct record *history_check(const struct history *h, size_t offset,
    uint64_t *wasted);

/*
 * Finds head and tail by following the records from the tail that the header
 * names. False: that is not how it was left.
 */
bool history_walk(struct history *h);

/*
 * Looks for records everywhere, and makes a ring of all that it finds, with
 * holes for what is missing. Returns the number of messages known to be lost.
 */
uint64_t history_scan(struct history *h);

/* Numbers go on in a new epoch, which is after this one too. */
void history_next_epoch(struct history *h, uint64_t epoch);

/* Of struct history_header's epoch; 0 if it is not sound. */
uint64_t history_epoch_seal(uint64_t epoch);
uint64_t history_epoch_open(uint64_t sealed);

/* The first len bytes, or as many as there are; returns how many, or -1. */
ssize_t history_read_file(int fd, void *data, size_t len);

/* A ring on a header and region that the caller has. */
void history_attach(struct history *h, void *base, size_t size, int fd);
/* Makes that a new one; the memory is zero. */
void history_format(struct history *h);

/* HISTORY_OK: its size can be believed. */
enum history_status history_check_header(const struct history_header *header);

/* All that src holds, or the newest that fits, to dst, which is empty. */
void history_copy(struct history *dst, const struct history *src);

/* What has been copied is on disk. -1: errno. */
int history_commit_copy(struct history *h);

/* Was it closed, or is the machine still up that had it open? */
bool history_is_closed(const struct history_header *header);
bool history_is_same_boot(const struct history_header *header);

/* What is in memory, or a copy of a file, is made a ring of; never fails. */
void history_salvage(struct history *h, struct history_report *report);

#endif
