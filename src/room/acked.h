/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACKED_H
#define ACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "room/model.h"

/*
 * How far somebody surely has read in a room: what was handed over and has
 * arrived. It is found out by marks: all that was handed over up to a mark has
 * arrived once the connection has no more unsent than was handed over since.
 */

/* They certainly have everything before number, and no more. */
void acked_set(struct cursor *c, uint64_t number);
/* They read on from number: nothing after it is certain. */
void acked_set_back(struct cursor *c, uint64_t number);
/* They have everything before number; the mark stays. */
void acked_set_number(struct cursor *c, uint64_t number);

/* All before the mark has arrived, or all before position, which is the next
 * mark. */
void acked_pass_mark(struct cursor *c, uint64_t position, bool has_all);

/* The same for bookmarks in rooms that were left in this connection. False: of
 * some it is not certain that all has arrived. */
bool acked_pass_bookmarks(const struct client *client);

#define ACKED_LIVE UINT64_MAX

static inline uint64_t
acked_number(const struct cursor *c)
{
	return c->acked.number;
}

/* For the state layer. c is written as it is now; and as live, or not, from now
 * on: true if that is another than before. */
void acked_persisted(struct cursor *c);
bool acked_set_persisted_live(struct cursor *c, bool is_live);

/* Is it another number than was written last? */
static inline bool
acked_has_progress(const struct cursor *c)
{
	return c->acked.number != c->acked.persisted;
}

/* What is to be written: a number, or NULL for "live". */
static inline const uint64_t *
acked_to_persist(const struct cursor *c)
{
	return c->acked.persisted == ACKED_LIVE ? NULL : &c->acked.number;
}

#endif
