/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PIECES_H
#define PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "room/model.h"

/*
 * What each reader of the past needs of a stretch of the ring, had once for all
 * who read it: who said what, a filter of the words, the rendered lines.
 *
 *     ring   ──[ 812 ][ 813 ][ 814 ]──┬──[ 815 ][ 816 ]──┬──[ 817 ]──
 *     multiples of PIECE_SPAN ──────────┴─────────────────┴──────────
 *                          a border: 815              another
 *
 * A piece ends behind the first message that reaches a multiple of PIECE_SPAN.
 * So pieces have the same borders for all, wherever somebody begins to read.
 * They are made when they are first read, and gone when nobody reads the room's
 * past any more, or when there are too many of them.
 */

#define PIECE_SPAN 8192 /* bytes of the ring, about */
#define PIECES_BYTES_MAX ((size_t)8 * 1024 * 1024) /* of memory, in all rooms */

/* A message, or a gap. */
struct piece_entry {
	uint64_t number;
	uint64_t author;
	struct tally_name *name; /* as it was then */
	struct history_cursor at;
	uint32_t filter; /* where its words' begins; of a gap: none */
	uint32_t filter_blocks; /* 0: a gap */
};

struct piece {
	RB_ENTRY(piece) in_room;
	TAILQ_ENTRY(piece) in_chat; /* the latest used first */
	struct room *room;
	uint64_t rewritten; /* the ring's at that time */
	struct history_cursor from, to;
	struct piece_entry *entries;
	size_t count;
	uint64_t *filter;
	SLIST_HEAD(, piece_lines) lines;
	uint64_t authors; /* a bit for each: author % 64 */
	size_t bytes;
	int day; /* of all its messages */
	bool is_plain; /* things said on one day: no topic, no gap */
	bool has_ids; /* a message has an id */
};

/* To be called for each that reads a room's past, from then on and no longer. */
void pieces_hold(struct room *room);
void pieces_release(struct room *room);
/* Does anybody else? If not, there is nobody to share with. */
bool pieces_are_shared(const struct room *room);

/*
 * The piece that begins at the message of at, which is at a border, not lapped;
 * or NULL: it is not complete yet. It is made if need be, which counts in *work
 * as bytes of the ring that were read. Valid until the next call that may make
 * one, and the next append.
 */
struct piece *pieces_get(struct room *room, const struct history_cursor *at,
    size_t *work);

/* Reads on by one message as history_read(), and sets *border to the next
 * number if that is where a piece begins. */
bool pieces_read(const struct room *room, struct history_cursor *at,
    struct event *event, uint64_t *border);

/* A piece's messages, as lines of what is past; it is_plain. */
const struct buf *piece_lines(struct piece *piece,
    const struct dialect *dialect);

/* May the text of that entry mention whom the probe is for? */
static inline bool
piece_may_mention(const struct piece *piece, const struct piece_entry *e,
    const struct text_probe *probe)
{
	return text_filter_may_mention(piece->filter + e->filter,
	    e->filter_blocks, probe);
}

/* Is a message of that author in it? */
bool piece_has_author(const struct piece *piece, uint64_t author);

#endif
