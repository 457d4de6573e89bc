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
	int64_t turn_us; /* length of the last turn with talk */
	int64_t end_us; /* when it ended */
	unsigned speakers; /* how many people are expected to talk in a turn */
	bool is_trying; /* that is one more than were seen to */
	unsigned turns; /* since that was last tried */
	unsigned patience; /* so many pass before it is tried again */
};

/* Before turns shorter than this nobody is waited for. */
#define BATCHING_DEAR_US 3000

/* No turn waits for longer than this, nor for more than half of the last one's
 * length: batching_limit_us(). */
#define BATCHING_LIMIT_US 5000

/* Should the next turn wait, now that speakers people have talked since the
 * last? The caller has the wait end after batching_limit_us(). */
bool batching_should_wait(const struct batching *p, unsigned speakers,
    int64_t now_us);

int64_t batching_limit_us(const struct batching *p);

/* Have as many people talked as were expected? */
bool batching_is_ready(const struct batching *p, unsigned speakers);

/*
 * To be called after a turn in which speakers people (one at least) had talked.
 */
void batching_turn_done(struct batching *p, unsigned speakers, int64_t start_us,
    int64_t end_us);

#endif
