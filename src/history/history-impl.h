/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTORY_IMPL_H
#define HISTORY_IMPL_H

/*
 * The ring as it lies in memory and in a file; for history*.c and their tests
 * only. All is in native byte order. Any change here is a new HISTORY_VERSION.
 */

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <xxhash.h>

#include "history/history.h"

#define HISTORY_ALIGN 8
#define HISTORY_ROUND(n) \
	(((n) + HISTORY_ALIGN - 1) / HISTORY_ALIGN * HISTORY_ALIGN)

/* Types in the file; 0 is none. Messages come last. */
enum record_type {
	RECORD_NONE,
	RECORD_PAD,
	RECORD_HOLE,
	RECORD_SAY,
	RECORD_ME,
	RECORD_TOPIC,
	RECORD_NOTICE
};

/* Added to the type of a message that has an id, or is of a shared log: see
 * record_id() and record_origin(). */
#define RECORD_HAS_ID 0x80
#define RECORD_HAS_ORIGIN 0x40

/* A record's first word. It is stored last and in one go: the record exists
 * from then on. */
union record_word {
	struct {
		uint32_t size; /* bytes to the next record; a multiple of 8 */
		uint8_t type;
		uint8_t nick_len;
		uint16_t text_len;
	} is;
	uint64_t word;
};

/* A record; a pad consists of the first word alone. */
struct record {
	union record_word first;
	uint32_t prev; /* bytes from the previous record, if that is held */
	uint32_t check; /* of all but prev and this; a hole's: without data */
	uint64_t pos; /* its own position */
	uint64_t number;
	uint64_t time; /* record_pack_time(); of a hole: 0 */
	uint64_t age; /* of the age clock, in milliseconds; of a hole: 0 */
	uint64_t
	    author; /* record_pack_author(); of a hole: the number after it */
	/* nick, NUL, text; then struct record_id, struct record_origin, if it
	 * has them; NULs */
	char data[];
};

/* Behind the text, at any alignment. Who has none pays nothing for it. */
struct record_id {
	uint8_t key[sizeof(uint64_t)]; /* whose id it is */
	uint8_t len;
	char id[];
};

/* Behind that, at any alignment: see struct event. */
struct record_origin {
	uint8_t msgid[sizeof(uint64_t)]; /* its number, if it has not changed */
	uint8_t node[sizeof(uint64_t)];
	uint8_t counter[sizeof(uint64_t)];
};

_Static_assert(sizeof(struct record) == 56, "the layout of a record");
_Static_assert(HISTORY_TEXT_MAX <= UINT16_MAX, "text_len");

#define HISTORY_HEADER_SIZE 4096
/*
 * A record's time: the room's, in milliseconds, and in the low bits how many
 * minutes behind that the wall clock was, or ahead if negative; 182 days at
 * most: what is more is shown with a wrong date.
 */
#define RECORD_BEHIND_BITS 19
#define RECORD_BEHIND_MAX ((INT64_C(1) << (RECORD_BEHIND_BITS - 1)) - 1)
#define RECORD_TIME_MAX (INT64_MAX >> RECORD_BEHIND_BITS)
#define RECORD_MINUTE_MS 60000

static inline uint64_t
record_pack_time(int64_t time_ms, int64_t wall_ms)
{
	int64_t behind = time_ms / RECORD_MINUTE_MS -
	    wall_ms / RECORD_MINUTE_MS;

	if (behind > RECORD_BEHIND_MAX)
		behind = RECORD_BEHIND_MAX;
	if (behind < -RECORD_BEHIND_MAX)
		behind = -RECORD_BEHIND_MAX;
	return (uint64_t)time_ms << RECORD_BEHIND_BITS |
	    ((uint64_t)behind & ((UINT64_C(1) << RECORD_BEHIND_BITS) - 1));
}

/* A record's author: the member's id and, in the high bits, the number of their
 * client. */
#define RECORD_VIA_SHIFT 56

static inline uint64_t
record_pack_author(uint64_t author, uint8_t via)
{
	return author | (uint64_t)via << RECORD_VIA_SHIFT;
}

#define HISTORY_MAGIC 0x676e697264627262 /* "brbdring" on little-endian */
#define HISTORY_VERSION 3
#define HISTORY_BYTE_ORDER 0x01020304
#define HISTORY_POS_MAX ((uint64_t)1 << 48) /* no ring comes so far */
#define HISTORY_BOOT_SIZE 48
#define HISTORY_OWNER_SIZE 48

struct history_header {
	uint64_t magic; /* stored last when a file is made */
	uint32_t byte_order;
	uint32_t version;
	uint32_t header_size;
	uint32_t record_size;
	uint64_t size; /* of the region */
	uint64_t check; /* checksum of what precedes, without magic */

	/* Live: each is stored in one go, in the order given in history.c. */
	uint64_t tail; /* tail_pos, sealed: else one bit could hide all */
	uint64_t head_pos;
	uint64_t next_number;
	/* The epoch of new numbers, sealed; on disk before the first
	 * is given. */
	uint64_t epoch;
	uint64_t clean; /* once closed, a checksum of the four; else 0 */
	char boot[HISTORY_BOOT_SIZE]; /* the boot id when it was opened */
	/* The record that history_unname() is at, sealed; or 0. */
	uint64_t unnamed;
	/* The name of the file, which says whose ring it is, with NULs behind
	 * it, and the checksum of that. */
	char owner[HISTORY_OWNER_SIZE];
	uint64_t owner_check;
};

_Static_assert(sizeof(struct history_header) <= 512, "a sector");

/*
 * Stores that must happen in this order, as seen by a process that opens the
 * file after this one was killed at any instruction. The kernel keeps the
 * pages, so only the compiler could change the order.
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

/* The type without what may be added to it. */
static inline enum record_type
record_message_type(union record_word first)
{
	return (enum record_type)(first.is.type &
	    ~(RECORD_HAS_ID | RECORD_HAS_ORIGIN));
}

/* The id of a sound record, or NULL. */
static inline const struct record_id *
record_id(const struct record *r)
{
	return !record_is_message(r) ||
		(r->first.is.type & RECORD_HAS_ID) == 0 ?
	    NULL :
	    (const void *)(r->data + r->first.is.nick_len + 1 +
		r->first.is.text_len);
}

static inline uint64_t
record_id_key(const struct record_id *id)
{
	uint64_t key;

	memcpy(&key, id->key, sizeof(key));
	return key;
}

/* Where a sound record of a shared log says what it is there; or NULL. */
static inline const struct record_origin *
record_origin(const struct record *r)
{
	const struct record_id *id = record_id(r);

	if (!record_is_message(r) ||
	    (r->first.is.type & RECORD_HAS_ORIGIN) == 0)
		return NULL;
	return (const void *)(r->data + r->first.is.nick_len + 1 +
	    r->first.is.text_len + (id == NULL ? 0 : sizeof(*id) + id->len));
}

/* One of the numbers of struct record_origin. */
static inline uint64_t
record_origin_number(const uint8_t field[sizeof(uint64_t)])
{
	uint64_t number;

	memcpy(&number, field, sizeof(number));
	return number;
}

static inline int64_t
record_time_ms(const struct record *r)
{
	return (int64_t)(r->time >> RECORD_BEHIND_BITS);
}

/* What the wall clock showed, to the minute. */
static inline int64_t
record_wall_ms(const struct record *r)
{
	const uint64_t sign = UINT64_C(1) << (RECORD_BEHIND_BITS - 1);
	uint64_t low = r->time & (2 * sign - 1);
	int64_t behind = (int64_t)(low ^ sign) - (int64_t)sign;

	return record_time_ms(r) - behind * RECORD_MINUTE_MS;
}

/* The position of c's message; c is not lapped. */
uint64_t history_locate(const struct history *h,
    const struct history_cursor *c);
/* Has what lies there the form of a record, in so many bytes at most? */
bool history_has_form(const struct record *r, size_t left);
/* Ends what a kill has cut short; before anything else is read. */
void history_finish_unname(struct history *h);

/* The number that follows r. */
static inline uint64_t
record_next(const struct record *r)
{
	return r->first.is.type == RECORD_HOLE ? r->author : r->number + 1;
}

/* The checksum of r; first is what r->first is or will be. */
static inline uint32_t
record_check(const struct record *r, union record_word first)
{
	size_t end = first.is.type == RECORD_HOLE ? sizeof(*r) : first.is.size;

	return (uint32_t)XXH3_64bits_withSeed(&r->pos,
	    end - offsetof(struct record, pos), first.word);
}

/* A remembered message: usually the first that begins in a piece of the region.
 * It is valid as long as its position is held. */
struct history_seek_point {
	uint64_t pos;
	uint64_t number; /* 0: none yet */
	int64_t time_ms;
};

#define HISTORY_SEEK_SPAN ((size_t)16 * 1024) /* bytes of a piece */

void history_make_seek_points(struct history *h);

/* To be called when r has become the newest. */
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
	point->time_ms = record_time_ms(r);
}

/* To be called with the author of a message that is held. */
static inline void
history_add_author(struct history *h, uint64_t author)
{
	if (author > h->max_author && author < EVENT_AUTHOR_ELSEWHERE)
		h->max_author = author;
}

/* To be called when what lies from pos on is cut off. */
void history_cut_seek_points(struct history *h, uint64_t pos);
void history_cut_ids(struct history *h, uint64_t pos);

/* To be called when r has become the newest; and to forget all ids. */
void history_add_id(struct history *h, const struct record *r);
void history_free_ids(struct history *h);

/* Fills in a hole but for its check and its first word, which is returned. */
union record_word history_fill_hole(struct record *r, uint64_t pos,
    uint32_t size, uint64_t number, uint64_t next);

/* Writes a hole of size bytes at pos. */
void history_write_hole(struct history *h, uint64_t pos, uint32_t size,
    uint64_t number, uint64_t next);
void history_write_pad(struct history *h, uint64_t pos, size_t size);

/* Returns the sound record at this offset of the region, or NULL. */
const struct record *history_check(const struct history *h, size_t offset,
    uint64_t *wasted);

/* Finds head and tail by following the records from the header's tail. False:
 * the ring is not as it was left. */
bool history_walk(struct history *h);

/*
 * Looks for records everywhere and makes a ring of all that it finds, with
 * holes for what is missing. Returns the number of messages known to be lost.
 */
uint64_t history_scan(struct history *h);

/* Goes on with that number, which is greater than the next one: with a hole in
 * between, unless the ring is empty. */
void history_skip_to(struct history *h, uint64_t number);

/* Goes on with numbers in a new epoch, which is also after this one. */
void history_next_epoch(struct history *h, uint64_t epoch);

/* This leaves room for as many epochs again. */
#define HISTORY_EPOCH_MAX (HISTORY_NUMBER_MAX / HISTORY_EPOCH / 2)

/* The value of struct history_header's epoch; 0 if it is not sound. */
uint64_t history_epoch_seal(uint64_t epoch);
uint64_t history_epoch_open(uint64_t sealed);

/*
 * Reads the first len bytes, or as many as there are; returns how many, or -1.
 */
ssize_t history_read_file(int fd, void *data, size_t len);

/* Maps all of a file whose ring has so many bytes. Returns NULL with errno. */
void *history_map(int fd, size_t size);
/* Frees all but the descriptor. */
void history_unmap(struct history *h);
/* Writes the first len bytes to disk, header included. Returns -1 with errno. */
int history_sync(const struct history *h, size_t len);
/* Puts the loaded ring to use: header and all, in an order that can be
 * interrupted anywhere. */
void history_begin(struct history *h);

/* Makes h a ring on a header and region that the caller has. */
void history_attach(struct history *h, void *base, size_t size, int fd);
/* Formats it as a new ring; the memory must be zero. */
void history_format(struct history *h);

/* Notes that the ring is in the file of that name; the first
 * HISTORY_OWNER_SIZE - 1 bytes of it count. */
void history_set_owner(struct history_header *header, const char *name);
/* Is it noted that the ring was in a file of another name? */
bool history_is_anothers(const struct history_header *header, const char *name);

/* HISTORY_OK: the size in it is plausible. */
enum history_status history_check_header(const struct history_header *header);

/* Copies all that src holds, or the newest that fits, to the empty dst. */
void history_copy(struct history *dst, const struct history *src);

/* Writes what was copied to disk. Returns -1 with errno. */
int history_commit_copy(struct history *h);

/* The value of struct history_header's clean in a ring that is closed. */
uint64_t history_clean_check(const struct history_header *header);

/* The machine's boot id. Empty if unknown: each crash then counts as a power
 * cut. */
void history_boot_id(char boot[HISTORY_BOOT_SIZE]);

/* Was the file closed in order, or is the machine still up that had it open? */
bool history_is_closed(const struct history_header *header);
bool history_is_same_boot(const struct history_header *header);

/* Makes a ring of what is in memory (or in a copy of a file). Never fails. */
void history_salvage(struct history *h, struct history_report *report);

/* So much of a ring has to be on the disk if its records end at pos: bytes. */
size_t history_space_step(size_t size, uint64_t pos);
/* Gives a ring's file, of so many bytes as yet, its full length, and puts so much
 * of it on the disk. Returns -1 with errno. */
int history_space_make(int fd, off_t length, size_t size, size_t allocated);

#endif
