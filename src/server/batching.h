/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BATCHING_H
#define BATCHING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether a turn should begin at once or wait for others to talk. Times are
 * monotonic, in microseconds.
 */
struct batching {
	int64_t turn_us; /* how long the last turn with talk took */
	int64_t end_us; /* when that was over */
	unsigned speakers; /* how many are likely to talk in a turn */
};

/* The shortest turn before which others are waited for. */
#define BATCHING_DEAR_US 3000

/*
 * speakers people have talked since the last turn: is it worth while to wait
 * for more of them? The caller bounds the wait.
 */
bool batching_should_wait(const struct batching *p, unsigned speakers,
    int64_t now_us);

/* As many have talked as can be expected. */
bool batching_is_ready(const struct batching *p, unsigned speakers);

/* A turn in which speakers people had talked, at least one, is over. */
void batching_turn_done(struct batching *p, unsigned speakers, int64_t start_us,
    int64_t end_us);

#endif
