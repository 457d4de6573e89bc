/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

/*
 * How long something took, counted in fixed buckets. The bounds are inclusive
 * upper ones, in nanoseconds; one more bucket counts all above the last. A
 * zeroed struct is empty.
 */
#define HISTOGRAM_BUCKETS 16
extern const int64_t histogram_bounds_ns[HISTOGRAM_BUCKETS];

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS + 1];
	uint64_t count;
	int64_t sum_ns;
	int64_t max_ns;
};

/* Counts one time; negative counts as 0. */
void histogram_add(struct histogram *h, int64_t ns);

/* The time that percent (0 to 100) of all did not exceed, interpolated within
 * its bucket. Never above the longest; 0 if there are none. */
int64_t histogram_quantile_ns(const struct histogram *h, unsigned percent);

#endif
