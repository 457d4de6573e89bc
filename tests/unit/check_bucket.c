/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Token buckets: long run rates, bursts, debts and absurd times. hostile 41
 */
#include "config.h"

#include <check.h>

#include "base/bucket.h"
#include "base/util.h"
#include "unit.h"

#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

static const struct rate five_a_second = { 5, 1000 };

START_TEST(test_burst_then_rate)
{
	struct bucket b;
	int i;

	bucket_init(&b, 20, 1000);
	for (i = 0; i < 20; i++)
		ck_assert(bucket_take(&b, five_a_second, 20, 1000, 1));
	ck_assert(!bucket_take(&b, five_a_second, 20, 1000, 1));
	ck_assert_int_eq(bucket_wait_ms(&b, five_a_second, 20, 1000), 200);
	ck_assert(!bucket_take(&b, five_a_second, 20, 1199, 1));
	ck_assert_int_eq(bucket_wait_ms(&b, five_a_second, 20, 1199), 1);
	ck_assert_int_eq(bucket_wait_ms(&b, five_a_second, 20, 1200), 0);
	ck_assert(bucket_take(&b, five_a_second, 20, 1200, 1));
	ck_assert(!bucket_take(&b, five_a_second, 20, 1200, 1));
}
END_TEST

START_TEST(test_never_above_burst)
{
	struct bucket b;
	int i;

	bucket_init(&b, 3, 0);
	ck_assert(bucket_take(&b, five_a_second, 3, 0, 1));
	for (i = 0; i < 3; i++)
		ck_assert(bucket_take(&b, five_a_second, 3, YEAR_MS, 1));
	ck_assert(!bucket_take(&b, five_a_second, 3, YEAR_MS, 1));
}
END_TEST

/* A dear command may be done at once, and is paid for afterwards. */
START_TEST(test_debt)
{
	struct bucket b;

	bucket_init(&b, 2, 0);
	ck_assert(bucket_take(&b, five_a_second, 2, 0, 1));
	ck_assert(bucket_take(&b, five_a_second, 2, 0, 10));
	/* 9 tokens short of none, and then one more is needed. */
	ck_assert_int_eq(bucket_wait_ms(&b, five_a_second, 2, 0), 2000);
	ck_assert(!bucket_take(&b, five_a_second, 2, 1999, 1));
	ck_assert(bucket_take(&b, five_a_second, 2, 2000, 1));

	bucket_init(&b, 2, 0);
	ck_assert(bucket_take(&b, five_a_second, 2, 0, 0)); /* free of charge */
	ck_assert(bucket_take(&b, five_a_second, 2, 0, 2));
	ck_assert(!bucket_take(&b, five_a_second, 2, 0, 0));
}
END_TEST

/* What comes out while something is done is owed, too. */
START_TEST(test_charge)
{
	struct bucket b;
	int i;

	bucket_init(&b, 5, 0);
	for (i = 0; i < 8; i++)
		bucket_charge(&b, (struct rate){ 2, 1000 }, 5, 0, 1);
	/* -3 */
	ck_assert_int_eq(bucket_wait_ms(&b, (struct rate){ 2, 1000 }, 5, 0),
	    2000);
	ck_assert(!bucket_take(&b, (struct rate){ 2, 1000 }, 5, 1999, 1));
	ck_assert(bucket_take(&b, (struct rate){ 2, 1000 }, 5, 2000, 1));
	/* There is an end to it. */
	for (i = 0; i < 3; i++)
		bucket_charge(&b, (struct rate){ 1000, 1000 }, 5, 2000,
		    UINT32_MAX);
	ck_assert_int_eq(bucket_wait_ms(&b, (struct rate){ 1000, 1000 }, 5,
			     2000),
	    BUCKET_DEBT_MAX + 1);
	bucket_charge(&b, (struct rate){ 0, 1000 }, 5, 2000, 9);
	ck_assert_int_eq(bucket_wait_ms(&b, (struct rate){ 0, 1000 }, 5, 2000),
	    0);
}
END_TEST

START_TEST(test_unlimited)
{
	const struct rate unlimited = { 0, 0 };
	struct bucket b;
	int i;

	bucket_init(&b, 1, 0);
	for (i = 0; i < 1000; i++)
		ck_assert(bucket_take(&b, unlimited, 1, 0, 1000));
	ck_assert_int_eq(bucket_wait_ms(&b, unlimited, 1, 0), 0);
}
END_TEST

/*
 * Asked so often that what is gained in between rounds to much less, or to
 * nothing: that must not starve anybody.
 */
START_TEST(test_slow_rate_asked_often)
{
	static const struct {
		struct rate rate;
		int64_t step_ms;
	} cases[] = {
		{ { 1, 10000 }, 1 },
		{ { 7, 1000003 }, 1 },
		{ { 3, 86400000 }, 28 },
		{ { 1, 4000000000 }, 3999 },
	};
	const struct rate rate = cases[_i].rate;
	const int64_t due = 2 * (int64_t)rate.count;
	struct bucket b;
	int64_t now, taken = 0;

	bucket_init(&b, 1, 0);
	ck_assert(bucket_take(&b, rate, 1, 0, 1));
	for (now = 0; now <= 2 * (int64_t)rate.per_ms;
	     now += cases[_i].step_ms) {
		if (bucket_take(&b, rate, 1, now, 1))
			taken++;
	}
	/* Each token may have been asked for one step late. */
	ck_assert_int_le(taken, due);
	ck_assert_int_ge(taken, due - 1);
}
END_TEST

/* The wait is exact: one millisecond before it a take fails, then it works. */
START_TEST(test_wait_is_exact)
{
	static const struct rate rates[] = { { 5, 1000 }, { 1, 10000 },
		{ 3, 1000 }, { 7, 999983 }, { 1000000, 1000 }, { 1, 1 },
		{ 1, 86400000 }, { 999999937, 86399999 } };
	const struct rate rate = rates[_i];
	struct bucket b;
	int64_t now = 0, wait;
	uint32_t i;

	bucket_init(&b, 3, now);
	for (i = 1; i < 2000; i++) {
		ck_assert(bucket_take(&b, rate, 3, now, i * 17 % 101 + 1));
		now += i % 3;
		wait = bucket_wait_ms(&b, rate, 3, now);
		ck_assert_int_ge(wait, 0);
		if (wait > 0)
			ck_assert(!bucket_take(&b, rate, 3, now + wait - 1, 1));
		now += wait;
		ck_assert_int_eq(bucket_wait_ms(&b, rate, 3, now), 0);
		if (i % 4 == 0) /* late, so that fractions are left over */
			now += i * 7919 % 5003;
	}
}
END_TEST

/* Fractions of tokens that are over at one take count for the next. */
START_TEST(test_long_run)
{
	const struct rate rate = { 3, 1000 };
	struct bucket b;
	int64_t now;
	int taken = 0;

	bucket_init(&b, 10, 0);
	for (now = 0; now <= 300000; now += 500) {
		while (bucket_take(&b, rate, 10, now, 1))
			taken++;
	}
	ck_assert_int_eq(taken, 10 + 900);
}
END_TEST

/*
 * After however long a silence the bucket is full, and not more. (2^26 tokens
 * for each of 2^32 milliseconds are a multiple of 2^64 of their millionths.)
 */
START_TEST(test_long_idle)
{
	static const struct rate rates[] = { { 5, 1000 }, { UINT32_MAX, 1 },
		{ UINT32_MAX, 1000 }, { 1U << 26, 1 } };
	const struct rate rate = rates[_i];
	struct bucket b;
	int shift, k;

	for (shift = 13; shift < 63; shift++) {
		bucket_init(&b, 20, 0);
		ck_assert(bucket_take(&b, rate, 20, 0, 20));
		for (k = 0; k < 20; k++)
			ck_assert(bucket_take(&b, rate, 20, INT64_C(1) << shift,
			    1));
		ck_assert(!bucket_take(&b, rate, 20, INT64_C(1) << shift, 1));
	}
}
END_TEST

START_TEST(test_fast_rate)
{
	const struct rate rate = { 1000000, 1000 };
	struct bucket b;
	int i;

	bucket_init(&b, 5, 0);
	for (i = 0; i < 5; i++)
		ck_assert(bucket_take(&b, rate, 5, 0, 1));
	ck_assert(!bucket_take(&b, rate, 5, 0, 1));
	ck_assert_int_eq(bucket_wait_ms(&b, rate, 5, 0), 1);
	for (i = 0; i < 5; i++) /* 1000 came, 5 stay */
		ck_assert(bucket_take(&b, rate, 5, 1, 1));
	ck_assert(!bucket_take(&b, rate, 5, 1, 1));
}
END_TEST

/* A reload takes effect at once. */
START_TEST(test_other_burst_and_rate)
{
	const struct rate faster = { 50, 1000 };
	struct bucket b;
	int i;

	bucket_init(&b, 20, 0);
	for (i = 0; i < 3; i++) /* the burst shrank */
		ck_assert(bucket_take(&b, five_a_second, 3, 0, 1));
	ck_assert(!bucket_take(&b, five_a_second, 3, 0, 1));
	ck_assert_int_eq(bucket_wait_ms(&b, faster, 3, 0), 20);
	ck_assert(bucket_take(&b, faster, 3, 20, 1));

	/* The burst grew: the new room fills at the rate. */
	ck_assert(bucket_take(&b, five_a_second, 100, 10020, 1));
	for (i = 0; i < 49; i++)
		ck_assert(bucket_take(&b, five_a_second, 100, 10020, 1));
	ck_assert(!bucket_take(&b, five_a_second, 100, 10020, 1));
}
END_TEST

START_TEST(test_burst_of_zero)
{
	struct bucket b;

	bucket_init(&b, 0, 0);
	ck_assert(bucket_take(&b, five_a_second, 0, 0, 1));
	ck_assert(!bucket_take(&b, five_a_second, 0, 0, 1));
	ck_assert(bucket_take(&b, five_a_second, 0, 200, 1));
}
END_TEST

START_TEST(test_clock_backwards)
{
	struct bucket b;

	bucket_init(&b, 1, 5000);
	ck_assert(bucket_take(&b, five_a_second, 1, 4000, 1));
	ck_assert(!bucket_take(&b, five_a_second, 1, 3000, 1));
	ck_assert(!bucket_take(&b, five_a_second, 1, 5199, 1));
	ck_assert(bucket_take(&b, five_a_second, 1, 5200, 1));
}
END_TEST

static void
check_extreme(struct rate rate, uint32_t burst, uint32_t cost, int64_t at_ms,
    int64_t later_ms)
{
	const int64_t most = (int64_t)UINT32_MAX * 1000000;
	struct bucket b;

	bucket_init(&b, burst, at_ms);
	ck_assert(bucket_take(&b, rate, burst, at_ms, cost));
	ck_assert_int_ge(bucket_wait_ms(&b, rate, burst, at_ms), 0);
	bucket_take(&b, rate, burst, later_ms, cost);
	ck_assert_int_le(b.level, most);
	ck_assert_int_ge(b.level, -most);
}

/* Whatever the numbers, nothing overflows: full is full, no more. */
START_TEST(test_extremes)
{
	static const struct rate rates[] = { { UINT32_MAX, UINT32_MAX },
		{ UINT32_MAX, 1 }, { 1, UINT32_MAX }, { 1, 1 } };
	static const uint32_t bursts[] = { 0, 1, 20, UINT32_MAX };
	static const uint32_t costs[] = { 0, 1, UINT32_MAX };
	static const int64_t times[] = { INT64_MIN, -1, 0, 1, YEAR_MS,
		INT64_MAX - 1, INT64_MAX };
	const struct rate rate = rates[_i];
	size_t k, c, s, t;

	for (k = 0; k < NITEMS(bursts); k++) {
		for (c = 0; c < NITEMS(costs); c++) {
			for (s = 0; s < NITEMS(times); s++) {
				for (t = 0; t < NITEMS(times); t++)
					check_extreme(rate, bursts[k], costs[c],
					    times[s], times[t]);
			}
		}
	}
}
END_TEST

START_TEST(test_longest_wait)
{
	const struct rate slowest = { 1, UINT32_MAX };
	struct bucket b;
	int64_t wait;

	bucket_init(&b, 1, YEAR_MS);
	ck_assert(bucket_take(&b, slowest, 1, YEAR_MS, UINT32_MAX));
	wait = bucket_wait_ms(&b, slowest, 1, YEAR_MS);
	ck_assert_int_gt(wait, INT64_MAX / 5);
	ck_assert_int_gt(YEAR_MS + wait, 0); /* can be added to a time */
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "bucket", NULL, NULL);

	tcase_add_test(tc, test_burst_then_rate);
	tcase_add_test(tc, test_never_above_burst);
	tcase_add_test(tc, test_debt);
	tcase_add_test(tc, test_charge);
	tcase_add_test(tc, test_unlimited);
	tcase_add_loop_test(tc, test_slow_rate_asked_often, 0, 4);
	tcase_add_loop_test(tc, test_wait_is_exact, 0, 8);
	tcase_add_test(tc, test_long_run);
	tcase_add_loop_test(tc, test_long_idle, 0, 4);
	tcase_add_test(tc, test_fast_rate);
	tcase_add_test(tc, test_other_burst_and_rate);
	tcase_add_test(tc, test_burst_of_zero);
	tcase_add_test(tc, test_clock_backwards);
	tcase_add_loop_test(tc, test_extremes, 0, 4);
	tcase_add_test(tc, test_longest_wait);
}
