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
 *   end of the turn: room_flush() ── deliver() ──► each member live
 *   then pump.h: replays and slow readers, a chunk each, in a circle
 */

/* Makes ms live. The room's turn must be empty, and ms's cursor at the head. */
void deliver_add_live(struct membership *ms);

/* Makes ms not live any more: the cursor is the start of the turn. Sets
 * needs_names if the turn's lines tell who is there. ms need not be live. */
void deliver_remove_live(struct membership *ms);

/*
 * As deliver_remove_live() in the middle of a turn: first hands out those of
 * its lines that tell who is there, as they are not in the ring. May find that
 * ms is behind.
 */
void deliver_leave_live(struct membership *ms);

/* To be called when a line of the turn is ms's own, or ms began or ceased to
 * ignore people. ms need not be live. */
void deliver_set_acted(struct membership *ms);
void deliver_set_ignorer(struct membership *ms, bool is_ignorer);

static inline bool
deliver_is_live(const struct membership *ms)
{
	return ms->audience != NULL;
}

/* To be called when ms refused something that was handed over outside the
 * room's turn: it is behind until member_drained(). */
void deliver_refused(struct membership *ms);

/* Renders event for each dialect in use. */
void deliver_render(struct room *room, const struct event *event);

/* Hands the turn's lines to everybody live. Those whom deliver() refuses are
 * behind, and read on from the ring. */
void room_flush(struct room *room);
void deliver_all(struct chat *chat); /* flushes all rooms */

/* To be called when ms has something to read and may be written to. */
void deliver_pump_later(struct membership *ms);
void deliver_pump_cancel(struct membership *ms);

/* A turn with this many bytes is flushed without waiting for more input. */
#define DELIVER_TURN_BYTES 32768
bool deliver_is_full(const struct room *room);

void audience_free(struct audience *a);

#endif
