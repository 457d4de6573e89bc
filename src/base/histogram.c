/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Fixed buckets, as in Prometheus: nothing is ever allocated, and adding is a
 * short walk from the short end, where most times are.
 */
#include "config.h"

#include <stddef.h>

#include "base/histogram.h"

#define US INT64_C(1000)
#define MS (1000 * US)

const int64_t histogram_bounds_ns[HISTOGRAM_BUCKETS] = { 10 * US, 25 * US,
	50 * US, 100 * US, 250 * US, 500 * US, MS, 2500 * US, 5 * MS, 10 * MS,
	25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1000 * MS };

void
histogram_add(struct histogram *h, int64_t ns)
{
	size_t i = 0;

	if (ns < 0)
		ns = 0;
	while (i < HISTOGRAM_BUCKETS && ns > histogram_bounds_ns[i])
		i++;
	h->counts[i]++;
	h->count++;
	h->sum_ns += ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

int64_t
histogram_quantile_ns(const struct histogram *h, unsigned percent)
{
	double wanted = (double)h->count * percent / 100, before = 0, ns;
	int64_t low_ns, high_ns;
	size_t i;

	if (h->count == 0)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (before + (double)h->counts[i] >= wanted)
			break;
		before += (double)h->counts[i];
	}
	low_ns = i == 0 ? 0 : histogram_bounds_ns[i - 1];
	high_ns = i == HISTOGRAM_BUCKETS ? h->max_ns : histogram_bounds_ns[i];
	if (h->counts[i] == 0)
		return low_ns;
	ns = (double)low_ns +
	    (double)(high_ns - low_ns) * (wanted - before) /
		(double)h->counts[i];
	return ns > (double)h->max_ns ? h->max_ns : (int64_t)ns;
}
