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

/* How long m has to wait before they may say more: before their next line is
 * handled, whatever it is. 0: not at all. */
int64_t crowd_wait_ms(struct member *m);

void crowd_remove(struct room *room); /* which goes */

#endif
