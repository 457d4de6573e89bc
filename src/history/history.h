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

struct buf;
struct history_header;
struct history_ids;
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
 * Each record is contiguous; where one would not fit before the end of the
 * region, a pad fills the rest. An append drops as many of the oldest as it
 * needs. A cursor is a number with its position. It stays valid for ever, since
 * the number alone shows whether it has been lapped.
 *
 * The region lies behind a header, in memory or in a mapped file. In a file all
 * that was appended survives the end of the process at any instant
 * (history-store.c); history-load.c reads back whatever is left of it.
 *
 * A hole is a record that stands for lost messages, by their numbers: it reads
 * as an EVENT_GAP.
 */
struct history {
	char *region;
	size_t size; /* a multiple of 8 */
	size_t allocated; /* less than size only in history_open_growing() */
	uint64_t tail_pos; /* the oldest record; head_pos when empty */
	uint64_t head_pos; /* where the next record (or a pad before it) goes */
	uint64_t last_pos; /* the newest record, if any */
	uint64_t first_number; /* the oldest held */
	uint64_t next_number; /* the next to be given; the first is 1 */
	int64_t last_time_ms; /* of the newest message, held or not */
	/* For history_next_time(): the clock is not beyond that, since it
	 * showed the former when the newest message was of the latter. */
	bool is_ahead;
	int64_t ahead_wall_ms;
	int64_t ahead_from_ms;
	uint64_t max_author; /* the greatest of this server's members */
	uint64_t written_pos; /* writing to disk has begun up to here */
	uint64_t rewritten; /* how often a held message was changed, or cut */
	uint64_t cuts; /* how often messages were cut: history_cut() */
	struct history_header
	    *header; /* before the region; stored in the file */
	int fd; /* of a mapped file or memory file; else -1 */
	struct history_index *index; /* for history_find(), or NULL */
	struct history_seek_point
	    *seek_points; /* for history_seek_time(), or NULL */
	struct history_ids *ids; /* for history_find_id(), or NULL */
};

struct history_cursor {
	uint64_t number; /* of the next message to read */
	uint64_t pos;
};

/* The longest text in bytes: a line of max-line bytes, all invalid UTF-8. */
#define HISTORY_TEXT_MAX 24576
#define HISTORY_SIZE_MIN 256 /* for tests; a text is a quarter at most */
#define HISTORY_SIZE_MAX ((size_t)1 << 30)

/*
 * Numbers only grow, and each is given once. After a power cut nobody knows
 * which numbers the lost messages had, so numbers go on in the next epoch: at a
 * higher multiple of HISTORY_EPOCH that was never reached, with the low part
 * counting on. So the difference of two numbers' low parts counts messages, and
 * a power cut shows from the numbers alone.
 */
#define HISTORY_EPOCH ((uint64_t)1 << 44)
#define HISTORY_NUMBER_MAX ((uint64_t)1 << 62) /* no ring gets this far */

/* How many messages are known to lie in from..to; 0 if to is not after from. */
static inline uint64_t
history_distance(uint64_t from, uint64_t to)
{
	uint64_t d = (to - from) % HISTORY_EPOCH;

	return d < HISTORY_EPOCH / 2 ? d : 0;
}

/* Is that count exact? False: more may have been lost between the two. */
static inline bool
history_is_certain(uint64_t from, uint64_t to)
{
	return from / HISTORY_EPOCH == to / HISTORY_EPOCH;
}

/*
 * Makes a ring in memory: in a memory file where possible, so that it can be
 * handed over (history_adopt()). Pages are used as messages fill it. size is
 * rounded up to a multiple of 8.
 */
void history_init(struct history *h, size_t size);

/* The same, in memory of this process alone: for many small rings. */
void history_init_private(struct history *h, size_t size);

/*
 * Such a ring on its way to another process: history_dump() adds its bytes to
 * out, and history_undump() makes a private ring of them; false: they are not
 * sound, and h is unchanged.
 */
void history_dump(const struct history *h, struct buf *out);
bool history_undump(struct history *h, const void *data, size_t len) MUST_CHECK;

/* Releases the memory or file; a file is left as a crash would leave it. */
void history_fini(struct history *h);

/*
 * Appends an event of a kind that is numbered (kind, time_ms, age_ms, author,
 * nick, text are used, id if there is an id_key, msgid and counter if there is a
 * node; its number is ignored).
 * Returns the number given. Text beyond a quarter of the ring is cut, so that an
 * append always succeeds.
 */
uint64_t history_append(struct history *h, const struct event *event);

/*
 * The same for a message of a shared log, which comes with its number (not less
 * than next_number, and less than HISTORY_NUMBER_MAX), node and counter, and
 * msgid if that is another number. What the log had in between is a hole.
 */
void history_append_at(struct history *h, const struct event *event);

/* The time of such a message, of which its server's clock showed that: as
 * history_next_time(), and the same in every ring that has those before it. */
int64_t history_time_at(const struct history *h, int64_t wall_ms);

/*
 * Takes back what was appended from c on (in a hole: from where that begins),
 * which is not lapped: the log has lost it, or never had it. Later numbers may
 * be the same. Cursors beyond c are not valid any more, and the caller's to
 * move; in a file it is whole whenever the process is killed, and after a power
 * cut some of it may be there again.
 */
void history_cut(struct history *h, const struct history_cursor *c);

/*
 * The time for the message that is appended next, while the wall clock shows
 * wall_ms. A ring's times never decrease, whatever is done to the clock, and
 * none is given twice but in a flood that is HISTORY_AHEAD_MS ahead of the
 * clock: so whoever pages by time is shown each message. history_append() sees
 * to the former by itself.
 */
#define HISTORY_AHEAD_MS 5000
int64_t history_next_time(struct history *h, int64_t wall_ms);

/* Appends a hole from next_number to number, which is greater. */
void history_append_hole(struct history *h, uint64_t number);

/*
 * Makes the next number greater than number, which was given before according
 * to some other record. Does nothing if no ring could have given it. May wait
 * for the disk.
 */
void history_raise(struct history *h, uint64_t number);

struct history_cursor history_oldest(const struct history *h);
struct history_cursor history_head(const struct history *h);

/* The cursor n messages before the head, or at the oldest if fewer are held. A
 * hole counts with all its messages; if that is more than n, it is left out. */
struct history_cursor history_back(const struct history *h, uint64_t n);

static inline uint64_t
history_count(const struct history *h)
{
	return history_distance(h->first_number, h->next_number);
}

/*
 * If the ring has lapped c, moves it to the oldest message and returns how many
 * are no longer held, else 0. It can be 0 for a lapped cursor, too, if only a
 * hole of unknown size was lapped: see history_is_certain().
 */
uint64_t history_clamp(const struct history *h, struct history_cursor *c);

/*
 * Reads the message at c, which must not be lapped (history_clamp()), and moves
 * c past it. Returns false at the head. The strings of *event point into the
 * ring until the next append; nick is terminated. A hole is an EVENT_GAP with
 * the exact count, or is_uncertain.
 */
bool history_read(const struct history *h, struct history_cursor *c,
    struct event *event);

/* Where the message at c lies, which is not lapped and not at the head: the same
 * for all cursors with its number. */
uint64_t history_position(const struct history *h,
    const struct history_cursor *c);

/* Takes the author's name off the message at c, which is not lapped and neither
 * at a hole nor at the head: as many hyphens stand there instead. */
void history_unname(struct history *h, const struct history_cursor *c);

/* Moves c, which is not lapped, back by one. Returns false at the oldest. */
bool history_step_back(const struct history *h, struct history_cursor *c);

/*
 * The cursor for a number remembered without its position. If it is no longer
 * held, history_clamp() will tell; if it was never given, it is the head. The
 * first call makes an index, which makes later ones fast (some µs);
 * history_find_end() frees it.
 */
struct history_cursor history_find(struct history *h, uint64_t number);
void history_find_end(struct history *h);

/*
 * The cursor of the first message that is not from before that time, or not
 * before that number (in a hole: the hole's); or the head. Fast at any time
 * (some µs).
 */
struct history_cursor history_seek_time(const struct history *h,
    int64_t time_ms);
struct history_cursor history_seek_number(const struct history *h,
    uint64_t number);

/*
 * Finds the newest message that was given this id by the owner of id_key (which
 * is not 0) and is still held; false: none. It takes some µs. The index costs
 * memory only for messages that have an id: 80 bytes each, while they are held.
 */
#define HISTORY_ID_MAX 64 /* bytes; of printable ASCII without blanks */
bool history_id_is_valid(const char *id, size_t len);
bool history_find_id(const struct history *h, uint64_t id_key, const char *id,
    size_t len, struct history_cursor *c) MUST_CHECK;

/* Drops messages from before that time (of the age clock), some at a time. True:
 * there may be more to drop. */
bool history_expire(struct history *h, int64_t before_age_ms);

/* Bytes in use. */
size_t history_used(const struct history *h);

/* Rings in files, and rings handed over: history-store.c. */

enum history_status {
	HISTORY_OK,
	HISTORY_DAMAGED, /* no crash and no power cut leaves it so */
	HISTORY_OTHER_SIZE, /* sound as far as checked, but another size */
	HISTORY_FOREIGN, /* of another version, or another kind of machine */
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
	uint64_t missing; /* messages found to be lost inside the ring */
};

/*
 * Opens the ring in a file of mode 0600 that the caller has opened for reading
 * and writing and has locked. An empty file becomes a new ring; one that was
 * not closed is recovered. On HISTORY_OK h owns fd. Otherwise fd is still the
 * caller's, h is unchanged and needs no history_fini(), and the file is
 * unchanged unless it was empty. May wait for the disk.
 */
enum history_status history_open(struct history *h, int fd, size_t size,
    struct history_report *report) MUST_CHECK;

/*
 * As history_open(), for one of many small rings, which is opened while people
 * wait: only what is in use is allocated, and history_grow() has to come before
 * each append. Nothing waits for the disk. So if the power is cut in the second
 * after that, what was said may be lost without a gap that tells of it, and the
 * caller has to know next_number from elsewhere (history_raise()).
 */
enum history_status history_open_growing(struct history *h, int fd, size_t size,
    struct history_report *report) MUST_CHECK;

/* Has room on the disk for a message of text_len bytes. -1 with errno: there is
 * none, and history_append() must not be called. Does nothing in other rings. */
#define HISTORY_STEP 4096
int history_grow(struct history *h, size_t text_len) MUST_CHECK;

/*
 * Takes over the ring behind a descriptor that another program of this process,
 * or its parent, had in h->fd. Everything is verified, nothing is written. If
 * it does not return 0, fd is still the caller's, and errno says why (EINVAL:
 * not a sound ring).
 */
int history_adopt(struct history *h, int fd) MUST_CHECK;

/*
 * Tries history_adopt() without any effect on the ring, whatever is done with
 * h. is_growing: the other program appends meanwhile, so only the header is
 * verified, and h is empty at its next number.
 */
int history_peek(struct history *h, int fd, bool is_growing) MUST_CHECK;

/*
 * Moves a ring in memory to a memory file, which can be handed over; does
 * nothing if it is in a file. Returns -1 with errno if it failed; nothing has
 * changed then.
 */
int history_share(struct history *h) MUST_CHECK;

/* Starts writing new messages to disk, without waiting. Does nothing in memory.
 * Returns -1 with errno. */
int history_writeback(struct history *h) MUST_CHECK;

/*
 * Moves a ring in memory into file, an empty one of the same size: cursors stay
 * valid. file is h's afterwards.
 */
void history_move(struct history *h, struct history *file);

/*
 * A copy of a ring, in pieces, between which messages may be appended and
 * dropped: a file as it would be after history_close() at the time of
 * history_image_begin(). What the ring has dropped before its turn came is a
 * hole in the copy; if it was cut, so is the rest.
 */
struct history_image {
	size_t size; /* of the ring */
	uint64_t tail_pos, head_pos, next_number; /* at the beginning */
	uint64_t cuts; /* of the ring, at the beginning */
	bool has_header; /* it was read */
	uint64_t pos; /* of the next byte */
	uint64_t record_pos; /* of what that is in, or begins */
	uint64_t record_number; /* the first that is not copied as a whole */
};

#define HISTORY_PIECE_MIN 512

void history_image_begin(struct history_image *image, const struct history *h);
/* The length of the file; what is not read is zeros. */
size_t history_image_size(const struct history_image *image);
/* Reads up to len bytes (HISTORY_PIECE_MIN at least), for *offset in the file,
 * where something may have been read before. h is the same ring. Returns how
 * many; 0: that was all. */
size_t history_image_read(struct history_image *image, const struct history *h,
    void *data, size_t len, size_t *offset) MUST_CHECK;

/*
 * As history_fini(), but waits until all is on disk and marks the file as
 * closed. Returns -1 with errno if that failed: then it is as after
 * history_fini().
 */
int history_close(struct history *h) MUST_CHECK;

#endif
