/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A bucket's number is that of the highest bit, and the five bits below it. Below
 * 64 ns each number has its own.
 */
#include "config.h"

#include <string.h>

#include "latency.h"

enum { LATENCY_SHIFT = 5 };

static unsigned
latency_bucket(uint64_t ns)
{
	unsigned shift = 0, i;

	while (ns >> shift >= 2 * LATENCY_STEPS)
		shift++;
	i = (shift << LATENCY_SHIFT) + (unsigned)(ns >> shift);
	return i < LATENCY_BUCKETS ? i : LATENCY_BUCKETS - 1;
}

/* The largest number that goes into bucket i. */
static int64_t
latency_bucket_end(unsigned i)
{
	unsigned shift;

	if (i < 2 * LATENCY_STEPS)
		return i;
	shift = (i >> LATENCY_SHIFT) - 1;
	return ((int64_t)(i - (shift << LATENCY_SHIFT) + 1) << shift) - 1;
}

void
latency_reset(struct latency *l)
{
	memset(l, 0, sizeof(*l));
}

void
latency_add(struct latency *l, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	l->counts[latency_bucket((uint64_t)ns)]++;
	l->total++;
	if (ns > l->max_ns)
		l->max_ns = ns;
}

int64_t
latency_quantile_ns(const struct latency *l, double q)
{
	uint64_t seen = 0, want = (uint64_t)((double)l->total * q);
	int64_t end;
	unsigned i;

	for (i = 0; i < LATENCY_BUCKETS; i++) {
		seen += l->counts[i];
		if (seen > 0 && seen >= want) {
			end = latency_bucket_end(i);
			return end < l->max_ns ? end : l->max_ns;
		}
	}
	return 0;
}
