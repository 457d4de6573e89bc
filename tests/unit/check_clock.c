/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Times of day, days, dates and lengths of time. The zones are spelled out in
 * POSIX notation, so that no zone files are needed. hostile 72
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"
#include "unit.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define CENTRAL_EUROPE "CET-1CEST,M3.5.0,M10.5.0/3"
#define JUNE_2 (INT64_C(1780408923) * SECOND) /* 2026-06-02 14:02:03 UTC */
#define SPRING (INT64_C(1774746000) * SECOND) /* 2026-03-29 01:00:00 UTC */
#define AUTUMN (INT64_C(1792890000) * SECOND) /* 2026-10-25 01:00:00 UTC */

static void
check_zone(const char *tz)
{
	char hhmm[CLOCK_HHMM_SIZE];
	int i;

	ck_assert_int_eq(setenv("TZ", tz, 1), 0);
	tzset();
	/* Leave the cache with other minutes. */
	for (i = 0; i < 64; i++)
		clock_hhmm(-12345 * DAY - i * MINUTE, hhmm);
}

static const char *
check_hhmm(int64_t wall_ms)
{
	static char hhmm[CLOCK_HHMM_SIZE];

	memset(hhmm, 'x', sizeof(hhmm));
	clock_hhmm(wall_ms, hhmm);
	return hhmm;
}

static const char *
check_date(int64_t wall_ms)
{
	static char date[CLOCK_DATE_SIZE];

	memset(date, 'x', sizeof(date));
	clock_date(wall_ms, date);
	return date;
}

START_TEST(test_update)
{
	struct clock a = { 0 }, b = { 0 };
	time_t before = time(NULL), after;

	clock_update(&a);
	clock_update(&b);
	after = time(NULL);
	ck_assert_int_gt(a.mono_ms, 0);
	ck_assert_int_ge(b.mono_ms, a.mono_ms);
	/* time() may lag by a tick. */
	ck_assert_int_ge(a.wall_ms, (int64_t)before * SECOND);
	ck_assert_int_le(a.wall_ms, ((int64_t)after + 2) * SECOND);
}
END_TEST

START_TEST(test_hhmm)
{
	check_zone("UTC0");
	ck_assert_str_eq(check_hhmm(0), "00:00");
	ck_assert_str_eq(check_hhmm(MINUTE - 1), "00:00");
	ck_assert_str_eq(check_hhmm(MINUTE), "00:01");
	ck_assert_str_eq(check_hhmm(JUNE_2), "14:02");
	ck_assert_str_eq(check_hhmm(JUNE_2 + 10), "14:02"); /* cached */
	ck_assert_str_eq(check_hhmm(JUNE_2 - 3 * SECOND - 1), "14:01");
	ck_assert_str_eq(check_hhmm(DAY - 1), "23:59");
	ck_assert_str_eq(check_hhmm(-1), "23:59");
	ck_assert_str_eq(check_hhmm(-MINUTE), "23:59");
	ck_assert_str_eq(check_hhmm(-MINUTE - 1), "23:58");

	check_zone("IST-5:30");
	ck_assert_str_eq(check_hhmm(JUNE_2), "19:32");
	check_zone("NST3:30");
	ck_assert_str_eq(check_hhmm(0), "20:30");
}
END_TEST

START_TEST(test_daylight_saving)
{
	check_zone(CENTRAL_EUROPE);
	ck_assert_str_eq(check_hhmm(SPRING - 1), "01:59");
	ck_assert_str_eq(check_hhmm(SPRING), "03:00");
	ck_assert_str_eq(check_hhmm(AUTUMN - 1), "02:59");
	ck_assert_str_eq(check_hhmm(AUTUMN), "02:00");
	ck_assert_int_eq(clock_day(SPRING - 1), clock_day(SPRING));
	ck_assert_int_eq(clock_day(SPRING - 2 * HOUR), clock_day(SPRING));
	ck_assert_int_ne(clock_day(SPRING - 2 * HOUR - 1), clock_day(SPRING));
	/* That day has 23 hours. */
	ck_assert_int_eq(clock_day(SPRING + 21 * HOUR - 1), clock_day(SPRING));
	ck_assert_int_ne(clock_day(SPRING + 21 * HOUR), clock_day(SPRING));
}
END_TEST

START_TEST(test_day)
{
	int64_t day;

	check_zone("UTC0");
	/* Every midnight for some 110 years, leap years among them. */
	for (day = -10000; day < 30000; day++) {
		ck_assert_int_eq(clock_day(day * DAY),
		    clock_day((day + 1) * DAY - 1));
		ck_assert_int_lt(clock_day(day * DAY),
		    clock_day((day + 1) * DAY));
	}
	/* The same day of another year is another day. */
	ck_assert_int_ne(clock_day(JUNE_2), clock_day(JUNE_2 + 365 * DAY));
	ck_assert_int_ne(clock_day(JUNE_2), clock_day(JUNE_2 + 366 * DAY));

	/* 22:30 UTC is the next day in Berlin in June. */
	check_zone(CENTRAL_EUROPE);
	ck_assert_int_ne(clock_day(JUNE_2),
	    clock_day(JUNE_2 + 8 * HOUR + 28 * MINUTE));
}
END_TEST

START_TEST(test_date)
{
	check_zone("UTC0");
	ck_assert_str_eq(check_date(JUNE_2), "Tue 2 Jun 2026");
	ck_assert_str_eq(check_date(0), "Thu 1 Jan 1970");
	ck_assert_str_eq(check_date(-1), "Wed 31 Dec 1969");
	ck_assert_str_eq(check_date(INT64_C(951782400) * SECOND),
	    "Tue 29 Feb 2000");
	check_zone("HST10");
	ck_assert_str_eq(check_date(0), "Wed 31 Dec 1969");
}
END_TEST

/* A clock set to nonsense may show nonsense, no more. */
START_TEST(test_absurd_times)
{
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1,
		INT64_MAX - 1, INT64_MAX, INT64_C(253402300800000),
		-INT64_C(62135596800000) };
	const char *s;
	size_t i;

	check_zone("UTC0");
	for (i = 0; i < NITEMS(times); i++) {
		s = check_hhmm(times[i]);
		ck_assert_uint_eq(strlen(s), 5);
		ck_assert_int_eq(s[2], ':');
		s = check_date(times[i]);
		ck_assert_uint_ge(strlen(s), 11);
		ck_assert_uint_lt(strlen(s), CLOCK_DATE_SIZE);
		clock_day(times[i]);
	}
}
END_TEST

static const struct {
	int64_t ms;
	const char *str;
} check_durations[] = {
	{ INT64_MIN, "0s" },
	{ -1, "0s" },
	{ 0, "0s" },
	{ 999, "0s" },
	{ SECOND, "1s" },
	{ 12 * SECOND, "12s" },
	{ MINUTE - 1, "59s" },
	{ MINUTE, "1m" },
	{ 34 * MINUTE + 59 * SECOND, "34m" },
	{ HOUR - 1, "59m" },
	{ HOUR, "1h" },
	{ HOUR + 59 * SECOND, "1h" },
	{ 2 * HOUR + 5 * MINUTE, "2h 5m" },
	{ DAY - 1, "23h 59m" },
	{ DAY, "1d" },
	{ DAY + 59 * MINUTE, "1d" },
	{ 3 * DAY + 4 * HOUR + 59 * MINUTE, "3d 4h" },
	{ 400 * DAY, "400d" },
	{ INT64_MAX, "106751991167d 7h" },
};

START_TEST(test_duration)
{
	char out[CLOCK_DURATION_SIZE];

	clock_duration(check_durations[_i].ms, out);
	ck_assert_str_eq(out, check_durations[_i].str);
}
END_TEST

/* hostile 72: whatever was done to the clock since. */
START_TEST(test_mono_of)
{
	struct clock c = { .mono_ms = 5000, .wall_ms = 1000000 };

	ck_assert_int_eq(clock_mono_of(&c, 999000), 4000);
	ck_assert_int_eq(clock_mono_of(&c, 900000), -95000);
	ck_assert_int_eq(clock_mono_of(&c, 1000000), 5000);
	ck_assert_int_eq(clock_mono_of(&c, INT64_MAX), 5000);
	ck_assert_int_eq(clock_mono_of(&c, INT64_MIN), 5000 - 1000000);
	c.wall_ms = -1;
	ck_assert_int_eq(clock_mono_of(&c, INT64_MIN), 5000);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "clock", NULL, NULL);

	tcase_add_test(tc, test_update);
	tcase_add_test(tc, test_hhmm);
	tcase_add_test(tc, test_daylight_saving);
	tcase_add_test(tc, test_day);
	tcase_add_test(tc, test_date);
	tcase_add_test(tc, test_absurd_times);
	tcase_add_loop_test(tc, test_duration, 0, (int)NITEMS(check_durations));
	tcase_add_test(tc, test_mono_of);
}
