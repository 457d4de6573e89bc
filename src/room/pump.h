/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>

#include "room/model.h"

/* The pump's share for each membership and turn, and for all in a turn. */
#define PUMP_CHUNK 16384
#define PUMP_TURN 262144

/* Flushes all rooms with something said in them, then lets those behind read
 * on. True: there is more to do at once. */
bool pump_turn(struct chat *chat);

/* Stops handing anything to c; the cursor is where they have read to, in the
 * middle of whatever it was. */
void pump_pause(struct cursor *c);

#endif
