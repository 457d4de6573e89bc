/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* Who is told of arrivals and departures, and when (design 8). */

#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "house.h"
#include "room.h"
#include "roster.h"

static struct house h;
static struct fake ana, bob;

static void
setup(void)
{
	house_init_options(&h);
	house_init(&h);
	fake_enter(&h, &ana, 1, "ana");
}

static void
teardown(void)
{
	fake_fini(&ana);
	house_fini(&h);
}

START_TEST(test_after_the_window)
{
	setup();
	fake_init(&h, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RENAMED);
	house_pass(&h, 1999);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	house_pass(&h, 1);
	ck_assert_str_eq(fake_saw(&h, &ana), "came bob\n");
	ck_assert_str_eq(fake_saw(&h, &bob), "live\n"); /* not told oneself */
	fake_fini(&bob);
	ck_assert_str_eq(fake_saw(&h, &ana), "left bob\n");
	teardown();
}
END_TEST

START_TEST(test_at_the_first_line)
{
	setup();
	fake_init(&h, &bob, 2);
	(void)fake_nick(&bob, "bob");
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&h, &ana), "came bob\n1 bob: hi\n");
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	fake_fini(&bob);
	teardown();
}
END_TEST

/* A port scan shows nothing. */
START_TEST(test_come_and_go)
{
	setup();
	fake_init(&h, &bob, 2);
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	fake_quit(&bob, "never seen");
	fake_fini(&bob);
	house_pass(&h, 100000);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	ck_assert_uint_eq(h.rooms.roster.count, 1);
	teardown();
}
END_TEST

START_TEST(test_break_shows_who_came)
{
	setup();
	fake_init(&h, &bob, 2);
	(void)fake_nick(&bob, "bob");
	member_break(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &ana), "came bob\nbreak bob\n");
	fake_fini(&bob);
	teardown();
}
END_TEST

static struct fake crowd[5000];

static void
crowd_enter(size_t from, size_t to)
{
	char nick[16];
	size_t i;

	for (i = from; i < to; i++) {
		fake_init(&h, &crowd[i], 3);
		(void)snprintf(nick, sizeof nick, "p%c%c%c%c",
		    (int)('a' + i / 1000), (int)('a' + i / 100 % 10),
		    (int)('a' + i / 10 % 10), (int)('a' + i % 10));
		(void)fake_nick(&crowd[i], nick);
	}
}

static void
crowd_leave(size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++)
		fake_fini(&crowd[i]);
}

START_TEST(test_condensed)
{
	setup();
	crowd_enter(0, 16);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	house_pass(&h, 2000);
	ck_assert_str_eq(fake_saw(&h, &ana),
	    "came paaaa paaab paaac paaad +12\n");
	fake_quit(&crowd[3], "in a crowd nobody reads this");
	crowd_enter(16, 17);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	house_pass(&h, 2000);
	ck_assert_str_eq(fake_saw(&h, &ana), "came paabg; left paaad\n");
	/* Who leaves and returns within the window has never been away. */
	fake_quit(&crowd[5], NULL);
	fake_fini(&crowd[5]);
	crowd_enter(5, 6);
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	crowd_leave(0, 17);
	teardown();
}
END_TEST

/* hostile 46: a storm of N is O(N) lines in all. */
START_TEST(test_storm)
{
	unsigned before, lines = 0;
	const char *saw;
	size_t i;

	setup();
	before = ana.deliveries;
	for (i = 0; i < 5000; i += 50) {
		crowd_enter(i, i + 50);
		house_pass(&h, 20);
	}
	house_pass(&h, 120000);
	for (i = 0; i < 5000; i += 50) {
		crowd_leave(i, i + 50);
		house_pass(&h, 20);
	}
	house_pass(&h, 120000);
	for (saw = fake_saw(&h, &ana); *saw != '\0'; saw++)
		lines += *saw == '\n';
	ck_assert_uint_le(lines, 40);
	ck_assert_uint_le(ana.deliveries - before, 40);
	teardown();
}
END_TEST

/* A stranger who takes the nick of somebody who has just left is no return. */
START_TEST(test_stranger_with_the_nick)
{
	struct fake stranger;

	setup();
	crowd_enter(0, 16);
	house_pass(&h, 2000);
	(void)fake_saw(&h, &ana);
	fake_quit(&crowd[0], NULL);
	fake_init(&h, &stranger, 99);
	ck_assert_int_eq(fake_nick(&stranger, "paaaa"), ROSTER_RENAMED);
	ck_assert_str_eq(fake_saw(&h, &ana), "left paaaa\n");
	house_pass(&h, 2000);
	ck_assert_str_eq(fake_saw(&h, &ana), "came paaaa\n");
	fake_fini(&stranger);
	crowd_leave(0, 16);
	teardown();
}
END_TEST

static Suite *
presence_suite(void)
{
	Suite *suite = suite_create("presence");
	TCase *tc = tcase_create("presence");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_after_the_window);
	tcase_add_test(tc, test_at_the_first_line);
	tcase_add_test(tc, test_come_and_go);
	tcase_add_test(tc, test_break_shows_who_came);
	tcase_add_test(tc, test_condensed);
	tcase_add_test(tc, test_storm);
	tcase_add_test(tc, test_stranger_with_the_nick);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(presence_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
