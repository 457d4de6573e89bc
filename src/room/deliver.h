/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DELIVER_H
#define DELIVER_H

#include <stdbool.h>

#include "room/model.h"

/*
 * The way of a message out of the room layer.
 *
 *   room_publish() ── renders ──► audience->lines        (once per dialect)
 *   end of the turn: deliver_flush() ── deliver() ──► each member live
 *   then pump.h: replays and slow readers, a chunk each, in a circle
 */

/* Makes c live. The room's turn must be empty, and c's cursor at the head. */
void deliver_add_live(struct cursor *c);

/* Makes c not live any more: the cursor is the start of the turn. Sets
 * needs_names if the turn's lines tell who is there. c need not be live. */
void deliver_remove_live(struct cursor *c);

/*
 * As deliver_remove_live() in the middle of a turn: first hands out those of
 * its lines that tell who is there, as they are not in the ring. May find that
 * c is behind.
 */
void deliver_leave_live(struct cursor *c);

/* To be called when a line of the turn is c's own or not for them, or c began or
 * ceased to ignore people. c need not be live. */
void deliver_set_acted(struct cursor *c);
void deliver_set_ignorer(struct cursor *c, bool is_ignorer);

/* To be called when c refused something that was handed over outside the
 * room's turn: it is behind until member_drained(). */
void deliver_refused(struct cursor *c);

/*
 * Begins the room's turn, unless it has begun, for something that from does (or
 * NULL). Of what somebody does in several rooms, all who are there see one
 * thing after the other: what is to come first is handed out first.
 */
void deliver_begin(struct room *room, struct member *from);

/* To be called before to is told by itself of something that from does: hands
 * out what to is to see of from's in this turn of their rooms. */
void deliver_before(const struct member *to, const struct member *from);

/* Renders event for each dialect in use. */
void deliver_render(struct room *room, const struct event *event);

/* Hands the turn's lines to everybody live. Those whom deliver() refuses are
 * behind, and read on from the ring. */
void deliver_flush(struct room *room);
void deliver_all(struct chat *chat); /* flushes all rooms */

/* c, live or not, reads on from the ring. */
void deliver_read_on(struct cursor *c);

/* To be called when c has something to read and may be written to. */
void deliver_pump_later(struct cursor *c);
void deliver_pump_cancel(struct cursor *c);

/* A turn with this many bytes is flushed without waiting for more input. */
#define DELIVER_TURN_BYTES 32768
bool deliver_is_full(const struct room *room);

void audience_free(struct audience *a);

#endif
