/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is said, and whether it comes to everybody, once and in order.
 */
#ifndef BENCH_TALK_H
#define BENCH_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latency.h"

struct members_listener;

/* Of one or several times of talk. Sleepers' reads and deliveries are not in
 * it. */
struct talk_figures {
	uint64_t lines;
	uint64_t deliveries;
	uint64_t reads;
	struct latency latency;
	double talk_s;
	double cpu_s;
};

void talk_init(void);

/* A line of ours that comes to all: then everybody is live. */
void talk_synchronize(void);

/* Everybody talks for so long; then until all who are awake have all. Adds to
 * figures what it was and what it cost the server. */
void talk(struct talk_figures *figures, double talk_s);

/* The sleepers read nothing from here on. */
void talk_fall_asleep(void);

/*
 * They read on, until they have all, are cut off, or nothing comes any more.
 * What each missed, and was told of, is counted in the member; where the
 * server has to tell (settings.is_gap_told), a difference is wrong.
 */
void talk_wake_up(void);

/* Hears what comes for the members. */
extern const struct members_listener talk_listener;

#endif
