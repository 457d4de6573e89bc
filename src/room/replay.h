/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "room/model.h"

struct fields;
struct fields_out;

enum replay_kind {
	REPLAY_GREETING, /* a newcomer's first lines */
	REPLAY_CATCHUP, /* /back, or coming back */
	REPLAY_HISTORY /* /history: moves no cursor */
};

/*
 * A replay lets a member read on from the ring, at the pace of their socket,
 * with a line before and after. It ends at a number or, without one, when it
 * has reached the present.
 */

/* The number up to which all was handed to c. */
uint64_t replay_position(const struct cursor *c);

/* Shows a newcomer the messages from c->at to the present. */
void replay_start_greeting(struct cursor *c);

/*
 * Starts a catch-up: the summary of all from there to the present, then queued
 * private messages, then the messages. Those below c->repeat_until come first,
 * under a line that says what they are, and are not counted. A running replay
 * is replaced.
 */
void replay_start_catchup(struct cursor *c, struct history_cursor from,
    int64_t away_ms);

/*
 * Lets somebody who came as a guest, and turns out to own the bookmark, read on
 * from there: with a catch-up, unless they are on break. What they were shown
 * as a guest is not shown again; the summary counts it, if it was said before
 * they came.
 */
void replay_start_return(struct cursor *c, const struct bookmark *bookmark,
    int64_t away_ms);

/* Shows the last n messages, after any running replay. */
void replay_start_history(struct cursor *c, uint64_t n);

/* Hands over private messages queued for m, who is in no room; in a room they
 * are part of a catch-up, or come before the next lines. */
void replay_show_queued(struct member *m);

/* Ends a replay, if there is one, where it is: the cursor is where it had come
 * to, so nothing is lost. */
void replay_stop(struct cursor *c);

/* /skip: ends a replay; *skipped messages were not shown. False if there is
 * none. */
bool replay_skip(struct cursor *c, uint64_t *skipped);

/* Where a replay that follows the present ends. */
#define REPLAY_PRESENT UINT64_MAX

enum replay_pump {
	REPLAY_AGAIN, /* there is more */
	REPLAY_BLOCKED, /* deliver() refused */
	REPLAY_DONE /* at the present, or paused */
};

/* Renders and hands over about max bytes for c, which is not live: of its
 * replay, or else from its cursor. Sets *done to the work done, in bytes. */
enum replay_pump replay_pump(struct cursor *c, size_t max,
    size_t *done) MUST_CHECK;

/*
 * For the next program: adds the replay of c, which has one, as an item; it is
 * read with replay_fields. Then replay_restore() finds its positions, for a c
 * that has its membership. Whether it is pumped is the caller's. False: it has
 * positions that there cannot be.
 */
extern const struct fields replay_fields;
void replay_save(const struct cursor *c, struct fields_out *out, uint16_t tag);
bool replay_restore(struct cursor *c) MUST_CHECK;

#endif
