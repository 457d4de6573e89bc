/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The level is brought up to date only when tokens are taken; a refused take
 * and a question leave the bucket as it is. Each update rounds away less than a
 * millionth of a token, so even frequent questions cost nothing: a bucket that
 * stored its level on each of them would starve under a slow rate, as the share
 * of one millisecond rounds to nothing.
 *
 * All arithmetic is exact in 64 bits (32-bit machines have no __int128),
 * whatever the rate and the idle time: products are of two 32-bit numbers, and
 * larger values are split into whole periods, whole tokens and the rest.
 */
#include "config.h"

#include <assert.h>

#include "base/bucket.h"

#define BUCKET_TOKEN 1000000 /* in the unit of level */

/* The longest wait, so that now_ms + wait cannot overflow. */
#define BUCKET_FOREVER_MS (INT64_MAX / 4)

static int64_t
bucket_capacity(uint32_t burst)
{
	return (int64_t)(burst == 0 ? 1 : burst) * BUCKET_TOKEN;
}

/* Milliseconds since the level was brought up to date; 0 if the clock went
 * back. */
static uint64_t
bucket_elapsed_ms(const struct bucket *b, int64_t now_ms)
{
	return now_ms > b->at_ms ? (uint64_t)now_ms - (uint64_t)b->at_ms : 0;
}

static int64_t
bucket_level(const struct bucket *b, struct rate rate, uint32_t burst,
    int64_t now_ms)
{
	const int64_t capacity = bucket_capacity(burst);
	uint64_t elapsed_ms = bucket_elapsed_ms(b, now_ms);
	uint64_t periods, part, missing, per_period, gain;

	if (b->level >= capacity)
		return capacity; /* or the burst became smaller */
	missing = (uint64_t)(capacity - b->level);
	per_period = (uint64_t)rate.count * BUCKET_TOKEN;
	periods = elapsed_ms / rate.per_ms;
	if (periods > missing / per_period)
		return capacity;
	gain = periods * per_period;

	/*
	 * The last, unfinished period: first whole tokens, then the fraction.
	 */
	part = elapsed_ms % rate.per_ms * rate.count;
	gain += part / rate.per_ms * BUCKET_TOKEN;
	gain += part % rate.per_ms * BUCKET_TOKEN / rate.per_ms;
	return gain >= missing ? capacity : b->level + (int64_t)gain;
}

void
bucket_init(struct bucket *b, uint32_t burst, int64_t now_ms)
{
	b->level = bucket_capacity(burst);
	b->at_ms = now_ms;
}

static void
bucket_set(struct bucket *b, int64_t level, int64_t now_ms)
{
	b->level = level;
	if (now_ms > b->at_ms)
		b->at_ms = now_ms;
}

bool
bucket_take(struct bucket *b, struct rate rate, uint32_t burst, int64_t now_ms,
    uint32_t cost)
{
	int64_t level;

	if (rate.count == 0)
		return true;
	assert(rate.per_ms > 0);
	level = bucket_level(b, rate, burst, now_ms);
	if (level < BUCKET_TOKEN)
		return false;
	bucket_set(b, level - (int64_t)cost * BUCKET_TOKEN, now_ms);
	return true;
}

void
bucket_charge(struct bucket *b, struct rate rate, uint32_t burst,
    int64_t now_ms, uint32_t cost)
{
	const int64_t lowest = -(int64_t)BUCKET_DEBT_MAX * BUCKET_TOKEN;
	int64_t level;

	if (rate.count == 0)
		return;
	assert(rate.per_ms > 0);
	level = bucket_level(b, rate, burst, now_ms) -
	    (int64_t)cost * BUCKET_TOKEN;
	bucket_set(b, level < lowest ? lowest : level, now_ms);
}

/* Milliseconds until there are so many millionths of a token, from at_ms on. */
static uint64_t
bucket_time_ms(const struct bucket *b, struct rate rate, int64_t level)
{
	uint64_t missing, time_ms;

	assert(rate.per_ms > 0);
	/*
	 * ceil(missing * per_ms / (TOKEN * count)). missing is at most
	 * UINT32_MAX tokens, the cost of the last take or the burst, and a
	 * debt, so that the sum stays below 2^64.
	 */
	missing = (uint64_t)(level - b->level);
	time_ms = missing % BUCKET_TOKEN * rate.per_ms + BUCKET_TOKEN - 1;
	time_ms /= BUCKET_TOKEN;
	time_ms += missing / BUCKET_TOKEN * rate.per_ms;
	return time_ms / rate.count + (time_ms % rate.count != 0);
}

void
bucket_give_back(struct bucket *b, uint32_t cost)
{
	/* What is more than fits is nothing. */
	b->level += (int64_t)cost * BUCKET_TOKEN;
}

int64_t
bucket_wait_ms(const struct bucket *b, struct rate rate, uint32_t burst,
    int64_t now_ms)
{
	uint64_t time_ms, elapsed_ms;

	(void)burst; /* a bucket holds one token at least */
	if (rate.count == 0 || b->level >= BUCKET_TOKEN)
		return 0;
	time_ms = bucket_time_ms(b, rate, BUCKET_TOKEN);
	elapsed_ms = bucket_elapsed_ms(b, now_ms);
	if (time_ms <= elapsed_ms)
		return 0;
	time_ms -= elapsed_ms;
	if (time_ms > BUCKET_FOREVER_MS)
		return BUCKET_FOREVER_MS;
	return (int64_t)time_ms;
}

int64_t
bucket_full_ms(const struct bucket *b, struct rate rate, uint32_t burst)
{
	int64_t capacity = bucket_capacity(burst);
	uint64_t time_ms;

	if (rate.count == 0 || b->level >= capacity)
		return 0;
	time_ms = bucket_time_ms(b, rate, capacity);
	return time_ms > BUCKET_FOREVER_MS ? BUCKET_FOREVER_MS :
					     (int64_t)time_ms;
}
