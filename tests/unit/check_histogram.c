/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Histograms: which bucket, and quantiles.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "base/histogram.h"
#include "unit.h"

START_TEST(test_buckets)
{
	struct histogram h;
	int i;

	memset(&h, 0, sizeof(h));
	histogram_add(&h, -5);
	histogram_add(&h, 0);
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		histogram_add(&h, histogram_bounds_ns[i]);
		histogram_add(&h, histogram_bounds_ns[i] + 1);
	}
	ck_assert_uint_eq(h.counts[0], 3);
	for (i = 1; i < HISTOGRAM_BUCKETS; i++)
		ck_assert_uint_eq(h.counts[i], 2);
	ck_assert_uint_eq(h.counts[HISTOGRAM_BUCKETS], 1);
	ck_assert_uint_eq(h.count, 2 + 2 * HISTOGRAM_BUCKETS);
	ck_assert_int_eq(h.max_ns, 1000000001);
}
END_TEST

START_TEST(test_quantiles)
{
	struct histogram h;
	int i;

	memset(&h, 0, sizeof(h));
	ck_assert_int_eq(histogram_quantile_ns(&h, 50), 0);
	histogram_add(&h, 7000);
	ck_assert_int_eq(histogram_quantile_ns(&h, 0), 0);
	ck_assert_int_eq(histogram_quantile_ns(&h, 50), 5000);
	ck_assert_int_eq(histogram_quantile_ns(&h, 100), 7000);
	/* 98 of 100 between 10 and 25 us, one above all bounds. */
	for (i = 0; i < 98; i++)
		histogram_add(&h, 20000);
	histogram_add(&h, INT64_C(3000000000));
	ck_assert_int_eq(histogram_quantile_ns(&h, 50), 17500);
	ck_assert_int_eq(histogram_quantile_ns(&h, 99), 25000);
	ck_assert_int_eq(histogram_quantile_ns(&h, 100), INT64_C(3000000000));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "histogram", NULL, NULL);

	tcase_add_test(tc, test_buckets);
	tcase_add_test(tc, test_quantiles);
}
