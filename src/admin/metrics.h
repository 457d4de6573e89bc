/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/member-stats.h"
#include "base/buf.h"
#include "room/room.h"

struct admin;

/*
 * The metrics in version 0.0.4 of Prometheus' text format, in pieces: a census
 * first, then all numbers, then the rooms by family. No line begins with a full
 * stop.
 */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics {
	struct admin *admin;
	struct member_stats stats;
	bool has_numbers;
	size_t family; /* of the rooms */
	char last[ROOM_NAME_SIZE];
};

void metrics_init(struct metrics *m, struct admin *admin);

/* Adds a piece, or nothing. True: call again in another turn. */
bool metrics_render(struct metrics *m, struct buf *out);

#endif
