/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdint.h>

#include "room/model.h"

/*
 * How much was said in a room lately, and by whom, so that nobody flushes its
 * history before those who are away come back: all together put half a ring
 * into it in ten minutes at most. When much was said, those who said most
 * wait first, and others notice nothing.
 */

/* Counts bytes in the ring. actor is who said it, if they are in the room, and
 * from is where they come from; both may be NULL. */
void crowd_said(struct room *room, struct member *actor, struct origin *from,
    uint64_t bytes);

/* The first room after that one (NULL: of all) in which so much was said that
 * some may have to wait; mostly there is none. Valid as long as nothing is said. */
struct room *crowd_next(struct chat *chat, const struct room *room);
/* How long m has to wait before they may say more in room. 0: not at all. What
 * they do otherwise never waits. */
int64_t crowd_wait_ms(const struct member *m, const struct room *room);

/* What was said, and when, is from an earlier program. */
void crowd_restored(struct room *room);

void crowd_remove(struct room *room); /* which goes */

#endif
