/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/member-stats.h"
#include "base/buf.h"

struct admin;

/*
 * The metrics in Prometheus' text format, version 0.0.4, in pieces: first all
 * members are counted, then all numbers written, then the rooms by family. No
 * line begins with a full stop.
 */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics {
	struct admin *admin;
	struct member_stats stats;
	bool has_numbers;
	size_t family; /* of the rooms, the next one */
	char last[ROOM_NAME_SIZE];
};

void metrics_init(struct metrics *m, struct admin *admin);

/* Adds a piece or nothing to out. True: call again in another turn. */
bool metrics_render(struct metrics *m, struct buf *out,
    struct walk_budget *budget);

#endif
