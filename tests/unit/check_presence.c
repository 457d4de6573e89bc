/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who is told of arrivals and departures, and when (design 8).
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/handoff.h"
#include "house.h"
#include "room/directory.h"
#include "room/room.h"

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
	ck_assert_int_eq(fake_nick(&bob, "bob"), DIRECTORY_RENAMED);
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
	ck_assert_uint_eq(h.chat.directory.count, 1);
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
		(void)snprintf(nick, sizeof(nick), "p%c%c%c%c",
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
	ck_assert_int_eq(fake_nick(&stranger, "paaaa"), DIRECTORY_RENAMED);
	ck_assert_str_eq(fake_saw(&h, &ana), "left paaaa\n");
	house_pass(&h, 2000);
	ck_assert_str_eq(fake_saw(&h, &ana), "came paaaa\n");
	fake_fini(&stranger);
	crowd_leave(0, 16);
	teardown();
}
END_TEST

/* Those with dialects that track members. */

static struct fake irc, cy;

static void
setup_exact(void)
{
	setup();
	fake_enter_exact(&h, &irc, 9, "irc");
	(void)fake_saw(&h, &ana);
	memset(&cy, 0, sizeof(cy));
}

static void
teardown_exact(void)
{
	fake_fini(&irc);
	fake_fini(&cy);
	teardown();
	ck_assert_uint_eq(h.chat.returning, 0);
}

/* They are told of a plain arrival when it is announced, and come at once. */
START_TEST(test_exact_joins)
{
	setup_exact();
	fake_init(&h, &bob, 2);
	(void)fake_nick(&bob, "bob");
	ck_assert(!fake_here(&bob)->is_joined);
	ck_assert_str_eq(fake_saw(&h, &irc), "");
	house_pass(&h, 2000);
	ck_assert(fake_here(&bob)->is_joined);
	ck_assert_str_eq(fake_saw(&h, &irc), "join bob\n");
	fake_init_exact(&h, &cy, 3, "cy");
	(void)fake_saw(&h, &ana);
	(void)fake_join(&h, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&h, &irc), "join cy\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "came cy\n");
	ck_assert_str_eq(fake_saw(&h, &cy), ""); /* not told oneself */
	fake_fini(&bob);
	ck_assert_str_eq(fake_saw(&h, &irc), "quit bob\n");
	teardown_exact();
}
END_TEST

/* Who says something is there first; who is never seen is told to nobody. */
START_TEST(test_exact_first_line)
{
	setup_exact();
	fake_init(&h, &bob, 2);
	(void)fake_nick(&bob, "bob");
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&h, &irc), "join bob\n1 bob: hi\n");
	fake_fini(&bob);
	fake_init(&h, &bob, 3);
	fake_fini(&bob);
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &irc), "quit bob\n");
	teardown_exact();
}
END_TEST

/* In a crowd they are told one by one, and of who speaks at once. */
START_TEST(test_exact_in_a_crowd)
{
	setup_exact();
	crowd_enter(0, 16);
	house_pass(&h, 2000);
	(void)fake_saw(&h, &irc);
	(void)fake_saw(&h, &ana);
	crowd_enter(16, 18);
	fake_say(&crowd[16], "hi");
	ck_assert_str_eq(fake_saw(&h, &irc), "join paabg\n1 paabg: hi\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "1 paabg: hi\n");
	fake_init_exact(&h, &cy, 3, "cy");
	(void)fake_join(&h, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&h, &irc), "join cy\n");
	house_pass(&h, 2000);
	ck_assert_str_eq(fake_saw(&h, &irc), "join paabh\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "came paabg paabh cy\n");
	/* Who leaves and comes back within the window was away for them. */
	room_leave(fake_here(&cy), ROOM_LEAVE_PART, NULL);
	(void)fake_join(&h, &cy, "lobby");
	fake_quit(&crowd[5], NULL);
	fake_fini(&crowd[5]);
	crowd_enter(5, 6);
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &irc),
	    "part cy\njoin cy\nquit paaaf\njoin paaaf\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	/* Come and gone before others know: they were told, and are. */
	fake_fini(&cy);
	house_pass(&h, 10000);
	(void)fake_saw(&h, &ana);
	fake_init_exact(&h, &cy, 3, "cy");
	(void)fake_join(&h, &cy, "lobby");
	room_leave(fake_here(&cy), ROOM_LEAVE_WENT, "kitchen");
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &irc),
	    "quit cy\njoin cy\npart cy (went to kitchen)\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	crowd_leave(0, 18);
	teardown_exact();
}
END_TEST

/* Each way of leaving a room. */
START_TEST(test_exact_leaves)
{
	static const struct {
		enum room_leave how;
		const char *text, *trackers, *plain;
	} ways[] = {
		{ ROOM_LEAVE_WENT, "kitchen", "part bob (went to kitchen)\n",
		    "went bob kitchen\n" },
		{ ROOM_LEAVE_PART, "tired", "part bob (tired)\n",
		    "left bob (tired)\n" },
		{ ROOM_LEAVE_PART, NULL, "part bob\n", "left bob\n" },
		{ ROOM_LEAVE_QUIT, "bye", "part bob (bye)\n",
		    "left bob (bye)\n" },
		{ ROOM_LEAVE_LOST, NULL, "part bob (connection lost)\n",
		    "left bob (connection lost)\n" },
		{ ROOM_LEAVE_KICKED, "spam", "", "" },
		{ ROOM_LEAVE_SILENT, NULL, "", "" },
	};

	setup_exact();
	fake_enter(&h, &bob, 2, "bob");
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &irc);
	room_leave(fake_here(&bob), ways[_i].how, ways[_i].text);
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &irc), ways[_i].trackers);
	ck_assert_str_eq(fake_saw(&h, &ana), ways[_i].plain);
	fake_fini(&bob);
	ck_assert_str_eq(fake_saw(&h, &irc), "");
	teardown_exact();
}
END_TEST

/* A client that has lost its connection registers, and joins. */
static void
lose_and_register(struct fake *f, const char *nick)
{
	fake_lose(f);
	fake_fini(f);
	fake_init_exact(&h, f, 3, nick);
}

START_TEST(test_returning)
{
	setup_exact();
	fake_enter_exact(&h, &cy, 3, "cy");
	(void)fake_join(&h, &cy, "kitchen");
	(void)fake_join(&h, &irc, "kitchen");
	house_settle(&h);
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &irc);
	lose_and_register(&cy, "cy");
	ck_assert_uint_eq(h.chat.returning, 2);
	house_pass(&h, 1999);
	(void)fake_join(&h, &cy, "lobby");
	ck_assert(fake_here(&cy)->is_announced && fake_here(&cy)->is_joined);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	ck_assert_str_eq(fake_saw(&h, &irc), "");
	house_pass(&h, 1);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	ck_assert_str_eq(fake_saw(&h, &irc), "part cy\n"); /* the kitchen */
	ck_assert_uint_eq(h.chat.returning, 0);
	(void)fake_join(&h, &cy, "kitchen");
	ck_assert_str_eq(fake_saw(&h, &irc), "join cy\n");
	teardown_exact();
}
END_TEST

START_TEST(test_not_returning)
{
	setup_exact();
	fake_enter_exact(&h, &cy, 3, "cy");
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &irc);
	lose_and_register(&cy, "cy");
	if (_i == 0)
		house_pass(&h, 2000);
	else if (_i == 1)
		fake_quit(&cy, "bye");
	else if (_i == 2)
		ck_assert_int_eq(fake_nick(&cy, "dee"), DIRECTORY_RENAMED);
	else {
		/* To who comes meanwhile they have never been there. */
		fake_enter_exact(&h, &bob, 2, "bob");
		(void)fake_saw(&h, &ana);
		(void)fake_saw(&h, &irc);
		house_pass(&h, 2000);
		ck_assert_str_eq(fake_saw(&h, &bob), "");
		fake_fini(&bob);
		house_settle(&h);
		ck_assert_str_eq(fake_saw(&h, &ana), "left cy\nleft bob\n");
		ck_assert_str_eq(fake_saw(&h, &irc), "part cy\nquit bob\n");
		teardown_exact();
		return;
	}
	ck_assert_str_eq(fake_saw(&h, &ana), "left cy\n");
	ck_assert_str_eq(fake_saw(&h, &irc), "part cy\n");
	ck_assert_uint_eq(h.chat.returning, 0);
	teardown_exact();
}
END_TEST

/* Who has come meanwhile learns of who comes back. */
START_TEST(test_returning_to_newcomers)
{
	setup_exact();
	fake_enter_exact(&h, &cy, 3, "cy");
	lose_and_register(&cy, "cy");
	fake_enter_exact(&h, &bob, 2, "bob");
	(void)fake_saw(&h, &irc);
	(void)fake_join(&h, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&h, &bob), "join cy\n");
	ck_assert_str_eq(fake_saw(&h, &irc), "");
	fake_fini(&bob);
	teardown_exact();
}
END_TEST

/* Back as far as others know, and so not on break any more. */
START_TEST(test_returning_from_a_break)
{
	setup_exact();
	fake_enter_exact(&h, &cy, 3, "cy");
	member_break(cy.m, "tea");
	(void)fake_saw(&h, &ana);
	ck_assert_str_eq(fake_saw(&h, &irc), "join cy\naway cy (tea)\n");
	house_pass(&h, 500);
	lose_and_register(&cy, "cy");
	house_pass(&h, 500);
	if (_i == 1)
		member_away(cy.m, "still");
	(void)fake_join(&h, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&h, &ana), _i == 1 ? "" : "back cy 1000\n");
	ck_assert_str_eq(fake_saw(&h, &irc), _i == 1 ? "" : "here cy\n");
	teardown_exact();
}
END_TEST

/* Pending to who is told of it, it goes on in the next program. */
START_TEST(test_returning_carried)
{
	struct handoff_out out = HANDOFF_OUT_INITIALIZER;
	struct fake people[3];
	struct house next;

	setup_exact();
	fake_enter_exact(&h, &cy, 3, "cy");
	member_break(cy.m, "tea");
	lose_and_register(&cy, "cy");
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &irc);
	house_save(&h, &out);
	house_init_options(&next);
	next.clock = h.clock;
	house_init(&next);
	people[0] = ana;
	people[1] = irc;
	people[2] = cy;
	memset(&people[0].seen, 0, sizeof(people[0].seen));
	memset(&people[1].seen, 0, sizeof(people[1].seen));
	memset(&people[2].seen, 0, sizeof(people[2].seen));
	ck_assert(house_load(&next, &out, people, 3));
	handoff_out_fini(&out);
	ck_assert_uint_eq(next.chat.returning, 1);
	ck_assert_uint_eq(next.chat.lobby->tracker_count, 1);
	if (_i == 0) {
		(void)fake_join(&next, &people[2], "lobby");
		ck_assert_str_eq(fake_saw(&next, &people[0]), "back cy 0\n");
		ck_assert_str_eq(fake_saw(&next, &people[1]), "here cy\n");
	} else {
		house_pass(&next, 2000);
		ck_assert_str_eq(fake_saw(&next, &people[0]), "left cy\n");
		ck_assert_str_eq(fake_saw(&next, &people[1]), "part cy\n");
	}
	fake_fini(&people[0]);
	fake_fini(&people[1]);
	fake_fini(&people[2]);
	house_fini(&next);
	teardown_exact();
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
	tcase_add_test(tc, test_exact_joins);
	tcase_add_test(tc, test_exact_first_line);
	tcase_add_test(tc, test_exact_in_a_crowd);
	tcase_add_loop_test(tc, test_exact_leaves, 0, 7);
	tcase_add_test(tc, test_returning);
	tcase_add_loop_test(tc, test_not_returning, 0, 4);
	tcase_add_test(tc, test_returning_to_newcomers);
	tcase_add_loop_test(tc, test_returning_from_a_break, 0, 2);
	tcase_add_loop_test(tc, test_returning_carried, 0, 2);
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
