/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>

#include "room/model.h"

/* For each membership and turn, and for all memberships in a turn. */
#define PUMP_CHUNK 16384
#define PUMP_TURN 262144

/*
 * Flushes all rooms that were spoken in, then lets those behind read on.
 * Returns true if there is more to do at once.
 */
bool pump_turn(struct chat *chat);

/*
 * Nothing is handed to ms from now on; the cursor is where they had come to, in
 * the midst of whatever it was.
 */
void pump_pause(struct membership *ms);

#endif
