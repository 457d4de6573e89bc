/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "census.h"
#include "room.h"

struct helm;

/*
 * The metrics in version 0.0.4 of Prometheus' text format, in pieces: a census
 * first, then all numbers, then the rooms by family. No line begins with a full
 * stop.
 */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics {
	struct helm *helm;
	struct census census;
	bool has_numbers;
	size_t family; /* of the rooms */
	char last[ROOM_NAME_SIZE];
};

void metrics_init(struct metrics *m, struct helm *helm);

/* Adds a piece, or nothing. True: call again in another turn. */
bool metrics_render(struct metrics *m, struct buf *out);

#endif
