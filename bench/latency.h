/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How long deliveries took: counts in buckets that are 3 % wide at most, so that
 * millions of them take no memory and quantiles are good to 3 %.
 */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdint.h>

/* 32 buckets for each power of two: up to 2^40 ns, which is 18 minutes. */
enum { LATENCY_STEPS = 32, LATENCY_BUCKETS = 36 * LATENCY_STEPS };

struct latency {
	uint64_t counts[LATENCY_BUCKETS];
	uint64_t total;
	int64_t max_ns;
};

void latency_reset(struct latency *l);

/* Negative ones count as 0. */
void latency_add(struct latency *l, int64_t ns);

/* The time that the part 0 < q <= 1 of all did not exceed; 0 if there are none. */
int64_t latency_quantile_ns(const struct latency *l, double q);

#endif
