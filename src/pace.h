/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether a turn should begin at once or wait for others to talk. Times are
 * monotonic, in microseconds.
 */
struct pace {
	int64_t turn_us; /* how long the last turn with talk took */
	int64_t end_us; /* when that was over */
	unsigned speakers; /* how many are likely to talk in a turn */
};

/* The shortest turn before which others are waited for. */
#define PACE_DEAR_US 3000

/*
 * speakers people have talked since the last turn: is it worth while to wait
 * for more of them? The caller bounds the wait.
 */
bool pace_should_wait(const struct pace *p, unsigned speakers, int64_t now_us);

/* As many have talked as can be expected. */
bool pace_is_ready(const struct pace *p, unsigned speakers);

/* A turn in which speakers people had talked, at least one, is over. */
void pace_turn_done(struct pace *p, unsigned speakers, int64_t start_us,
    int64_t end_us);

#endif
