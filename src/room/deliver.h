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

/* Renders event for each dialect in use. */
void deliver_render(struct room *room, const struct event *event);

/* Hands the turn's lines to everybody live. Whom deliver() refuses is out
 * of step and reads on from the ring. */
void room_flush(struct room *room);
void deliver_all(struct chat *chat); /* those of all rooms */

/* ms has something to read and may be written to. */
void deliver_pump_later(struct membership *ms);
void deliver_pump_cancel(struct membership *ms);

/* A turn of so many bytes is flushed without waiting for more input. */
#define DELIVER_TURN_BYTES 32768
bool deliver_is_full(const struct room *room);

void audience_free(struct audience *a);

#endif
