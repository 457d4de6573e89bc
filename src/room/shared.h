/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SHARED_H
#define SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "room/model.h"

struct engine;

/*
 * Rooms whose messages are numbered by a log that several servers share
 * (sharedlog/sharedlog.h):
 *
 *   room_publish() ── bytes ──► the log ── its tail ──► room_said(), here and on
 *                                                       every other server
 *
 * Their rings are caches of the log. A message that is missing in it, or makes
 * no sense, is a gap. Nothing is said while the log is away.
 */
struct shared;

/* engine becomes the log's; chat, clock and deadlines outlive it. No room is in
 * it yet. */
struct shared *shared_new(struct chat *chat, struct engine *engine,
    const struct clock *clock, struct deadlines *deadlines);
/* All its rooms leave it; they keep their rings. Not from a callback. */
void shared_free(struct shared *shared);

/* From now on the room's messages are the log's of that name; before people come
 * into it. -1: its ring has a history of its own, which the log does not. */
int shared_add_room(struct shared *shared, struct room *room) MUST_CHECK;

/* Would something said in the room be asked for now? */
bool shared_is_open(const struct room *room);

/* What was asked for and is not said, or perhaps not. */
struct shared_counts {
	uint64_t unsaid;
	uint64_t unknown;
	uint64_t senseless; /* entries of the log that are no message */
};
const struct shared_counts *shared_count(const struct shared *shared);

#endif
