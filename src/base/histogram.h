/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

/*
 * How long something took, counted in fixed buckets. The bounds, in
 * nanoseconds, are the upper ones and belong to the bucket; what is above the
 * last is counted in one more. A zeroed struct is empty.
 */
#define HISTOGRAM_BUCKETS 16
extern const int64_t histogram_bounds_ns[HISTOGRAM_BUCKETS];

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS + 1];
	uint64_t count;
	int64_t sum_ns;
	int64_t max_ns;
};

/* Negative counts as 0. */
void histogram_add(struct histogram *h, int64_t ns);

/*
 * The time that percent (0 to 100) of all took at most, as well as the buckets
 * tell: within one, times are taken to lie evenly. Never above the longest. 0
 * when there was none.
 */
int64_t histogram_quantile_ns(const struct histogram *h, unsigned percent);

#endif
