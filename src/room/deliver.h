/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DELIVER_H
#define DELIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "room/room.h"

/*
 * The way of a message out of the room layer.
 *
 *   room_publish() ── renders ──► audience->lines        (once per dialect)
 *   end of the turn: room_flush() ── deliver() ──► each member live
 *   then the pump: replays and slow readers, a chunk each, in a circle
 */

/* Joins the people live. The room's turn must be empty, and ms's cursor at
 * the head. */
void deliver_add_live(struct membership *ms);

/* Out of step: the cursor is the start of the turn. If its lines tell who is
 * there, needs_names is set. Fine when not live. */
void deliver_remove_live(struct membership *ms);

/*
 * The same in the midst of a turn: its lines about who is there, which are not
 * in the ring, are handed out before. May find that ms is behind.
 */
void deliver_leave_live(struct membership *ms);

/* Something in this turn's lines is ms's own; ms has begun or ceased to ignore
 * people. Fine when not live. */
void deliver_set_acted(struct membership *ms);
void deliver_set_ignorer(struct membership *ms, bool is_ignorer);

static inline bool
deliver_is_live(const struct membership *ms)
{
	return ms->audience != NULL;
}

/*
 * What was handed to ms past the room's turn was refused: behind, until
 * member_drained().
 */
void deliver_refused(struct membership *ms);

/*
 * Nothing is handed to ms from now on; the cursor is where they had come to, in
 * the midst of whatever it was.
 */
void deliver_pause(struct membership *ms);

/* Renders event for each dialect in use. */
void deliver_render(struct room *room, const struct event *event);

/* Hands the turn's lines to everybody live. Whom deliver() refuses is out
 * of step and reads on from the ring. */
void room_flush(struct room *room);

/* ms has something to read and may be written to. */
void deliver_pump_later(struct membership *ms);
void deliver_pump_cancel(struct membership *ms);

/* A turn of so many bytes is flushed without waiting for more input. */
#define DELIVER_TURN_BYTES 32768
bool deliver_is_full(const struct room *room);

/* For each membership and turn, and for all memberships in a turn. */
#define DELIVER_PUMP_CHUNK 16384
#define DELIVER_PUMP_TURN 262144

/*
 * Flushes all rooms that were spoken in, then lets those behind read on.
 * Returns true if there is more to do at once.
 */
bool deliver_turn(struct chat *chat);

void audience_free(struct audience *a);

#endif
