/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PUMP_H
#define PUMP_H

#include "room/model.h"

/* The pump's share for each membership and turn, and for all in a turn. */
#define PUMP_CHUNK 16384
#define PUMP_TURN 262144

/* Lets those who are behind read on. */
void pump_turn(struct chat *chat);

/* Stops handing anything to c; the cursor is where they have read to, in the
 * middle of whatever it was. */
void pump_pause(struct cursor *c);

#endif
