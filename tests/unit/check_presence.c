/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who is told of arrivals and departures, and when.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>

#include "chat-fixture.h"
#include "room/rename.h"
#include "room/room.h"
#include "unit.h"

static void
setup(void)
{
	fixture_setup_empty();
	fake_enter(&fx, &ana, 1, "ana");
}

START_TEST(test_after_the_window)
{
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_DONE);
	fixture_pass(&fx, 1999);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	fixture_pass(&fx, 1);
	ck_assert_str_eq(fake_saw(&fx, &ana), "came bob\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "live\n"); /* not told oneself */
	fake_fini(&bob);
	ck_assert_str_eq(fake_saw(&fx, &ana), "left bob\n");
}
END_TEST

START_TEST(test_at_the_first_line)
{
	fake_init(&fx, &bob, 2);
	(void)fake_nick(&bob, "bob");
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&fx, &ana), "came bob\n1 bob: hi\n");
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
}
END_TEST

/* A port scan shows nothing. */
START_TEST(test_come_and_go)
{
	fake_init(&fx, &bob, 2);
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	fake_quit(&bob, "never seen");
	fake_fini(&bob);
	fixture_pass(&fx, 100000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	ck_assert_uint_eq(fx.chat.directory.count, 1);
}
END_TEST

START_TEST(test_break_shows_who_came)
{
	fake_init(&fx, &bob, 2);
	(void)fake_nick(&bob, "bob");
	member_break(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &ana), "came bob\nbreak bob\n");
}
END_TEST

static struct fake crowd[5000];

static void
crowd_enter(size_t from, size_t to)
{
	char nick[16];
	size_t i;

	for (i = from; i < to; i++) {
		fake_init(&fx, &crowd[i], 3);
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
	crowd_enter(0, 16);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	fixture_pass(&fx, 2000);
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "came paaaa paaab paaac paaad +12\n");
	fake_quit(&crowd[3], "in a crowd nobody reads this");
	crowd_enter(16, 17);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	fixture_pass(&fx, 2000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "came paabg; left paaad\n");
	/* Who leaves and returns within the window has never been away. */
	fake_quit(&crowd[5], NULL);
	fake_fini(&crowd[5]);
	crowd_enter(5, 6);
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	crowd_leave(0, 17);
}
END_TEST

/* hostile 46: a storm of N is O(N) lines in all. */
START_TEST(test_storm)
{
	unsigned before, lines = 0;
	const char *saw;
	size_t i;

	before = ana.deliveries;
	for (i = 0; i < 5000; i += 50) {
		crowd_enter(i, i + 50);
		fixture_pass(&fx, 20);
	}
	fixture_pass(&fx, 120000);
	for (i = 0; i < 5000; i += 50) {
		crowd_leave(i, i + 50);
		fixture_pass(&fx, 20);
	}
	fixture_pass(&fx, 120000);
	for (saw = fake_saw(&fx, &ana); *saw != '\0'; saw++)
		lines += *saw == '\n';
	ck_assert_uint_le(lines, 40);
	ck_assert_uint_le(ana.deliveries - before, 40);
}
END_TEST

/* A stranger who takes the nick of somebody who has just left is no return. */
START_TEST(test_stranger_with_the_nick)
{
	struct fake stranger;

	crowd_enter(0, 16);
	fixture_pass(&fx, 2000);
	(void)fake_saw(&fx, &ana);
	fake_quit(&crowd[0], NULL);
	fake_init(&fx, &stranger, 99);
	ck_assert_int_eq(fake_nick(&stranger, "paaaa"), RENAME_DONE);
	ck_assert_str_eq(fake_saw(&fx, &ana), "left paaaa\n");
	fixture_pass(&fx, 2000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "came paaaa\n");
	fake_fini(&stranger);
	crowd_leave(0, 16);
}
END_TEST

/* Those with dialects that track members. */

static struct fake irc;

static void
setup_tracker(void)
{
	setup();
	fake_enter_tracker(&fx, &irc, 9, "irc");
	(void)fake_saw(&fx, &ana);
}

static void
teardown_tracker(void)
{
	fake_fini(&irc);
	fixture_teardown();
}

/* They are told of a plain arrival when it is announced, and come at once. */
START_TEST(test_tracker_joins)
{
	fake_init(&fx, &bob, 2);
	(void)fake_nick(&bob, "bob");
	ck_assert(!fake_here(&bob)->is_joined);
	ck_assert_str_eq(fake_saw(&fx, &irc), "");
	fixture_pass(&fx, 2000);
	ck_assert(fake_here(&bob)->is_joined);
	ck_assert_str_eq(fake_saw(&fx, &irc), "join bob\n");
	fake_init_tracker(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &ana);
	(void)fake_join(&fx, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&fx, &irc), "join cy\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "came cy\n");
	ck_assert_str_eq(fake_saw(&fx, &cy), ""); /* not told oneself */
	fake_fini(&bob);
	ck_assert_str_eq(fake_saw(&fx, &irc), "quit bob\n");
}
END_TEST

/* Who says something is there first; who is never seen is told to nobody. */
START_TEST(test_tracker_first_line)
{
	fake_init(&fx, &bob, 2);
	(void)fake_nick(&bob, "bob");
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&fx, &irc), "join bob\n1 bob: hi\n");
	fake_fini(&bob);
	fake_init(&fx, &bob, 3);
	fake_fini(&bob);
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &irc), "quit bob\n");
}
END_TEST

/* In a crowd they are told one by one, and of who speaks at once. */
START_TEST(test_tracker_in_a_crowd)
{
	crowd_enter(0, 16);
	fixture_pass(&fx, 2000);
	(void)fake_saw(&fx, &irc);
	(void)fake_saw(&fx, &ana);
	crowd_enter(16, 18);
	fake_say(&crowd[16], "hi");
	ck_assert_str_eq(fake_saw(&fx, &irc), "join paabg\n1 paabg: hi\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 paabg: hi\n");
	fake_init_tracker(&fx, &cy, 3, "cy");
	(void)fake_join(&fx, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&fx, &irc), "join cy\n");
	fixture_pass(&fx, 2000);
	ck_assert_str_eq(fake_saw(&fx, &irc), "join paabh\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "came paabg paabh cy\n");
	/* Who leaves and comes back within the window was away for them. */
	room_leave(fake_here(&cy), ROOM_LEAVE_PART, NULL);
	(void)fake_join(&fx, &cy, "lobby");
	fake_quit(&crowd[5], NULL);
	fake_fini(&crowd[5]);
	crowd_enter(5, 6);
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &irc),
	    "part cy\njoin cy\nquit paaaf\njoin paaaf\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	/* Come and gone before others know: they were told, and are. */
	fake_fini(&cy);
	fixture_pass(&fx, 10000);
	(void)fake_saw(&fx, &ana);
	fake_init_tracker(&fx, &cy, 3, "cy");
	(void)fake_join(&fx, &cy, "lobby");
	room_leave(fake_here(&cy), ROOM_LEAVE_WENT, "kitchen");
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &irc),
	    "quit cy\njoin cy\npart cy (went to kitchen)\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	crowd_leave(0, 18);
}
END_TEST

/* Each way of leaving a room. */
START_TEST(test_tracker_leaves)
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

	fake_enter(&fx, &bob, 2, "bob");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &irc);
	room_leave(fake_here(&bob), ways[_i].how, ways[_i].text);
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &irc), ways[_i].trackers);
	ck_assert_str_eq(fake_saw(&fx, &ana), ways[_i].plain);
	fake_fini(&bob);
	ck_assert_str_eq(fake_saw(&fx, &irc), "");
}
END_TEST

/* A client that has lost its connection registers, and joins. */
static void
lose_and_register(struct fake *f, const char *nick)
{
	fake_lose(f);
	fake_fini(f);
	fake_init_tracker(&fx, f, 3, nick);
}

START_TEST(test_returning)
{
	fake_enter_tracker(&fx, &cy, 3, "cy");
	(void)fake_join(&fx, &cy, "kitchen");
	(void)fake_join(&fx, &irc, "kitchen");
	fixture_settle(&fx);
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &irc);
	lose_and_register(&cy, "cy");
	ck_assert(!RB_EMPTY(&fx.chat.returning));
	fixture_pass(&fx, 1999);
	(void)fake_join(&fx, &cy, "lobby");
	ck_assert(fake_here(&cy)->is_announced && fake_here(&cy)->is_joined);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	ck_assert_str_eq(fake_saw(&fx, &irc), "");
	fixture_pass(&fx, 1);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	ck_assert_str_eq(fake_saw(&fx, &irc), "part cy\n"); /* the kitchen */
	ck_assert(RB_EMPTY(&fx.chat.returning));
	(void)fake_join(&fx, &cy, "kitchen");
	ck_assert_str_eq(fake_saw(&fx, &irc), "join cy\n");
}
END_TEST

START_TEST(test_not_returning)
{
	fake_enter_tracker(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &irc);
	lose_and_register(&cy, "cy");
	if (_i == 0)
		fixture_pass(&fx, 2000);
	else if (_i == 1)
		fake_quit(&cy, "bye");
	else if (_i == 2)
		ck_assert_int_eq(fake_nick(&cy, "dee"), RENAME_DONE);
	else {
		/* To who comes meanwhile they have never been there. */
		fake_enter_tracker(&fx, &bob, 2, "bob");
		(void)fake_saw(&fx, &ana);
		(void)fake_saw(&fx, &irc);
		fixture_pass(&fx, 2000);
		ck_assert_str_eq(fake_saw(&fx, &bob), "");
		fake_fini(&bob);
		fixture_settle(&fx);
		ck_assert_str_eq(fake_saw(&fx, &ana), "left cy\nleft bob\n");
		ck_assert_str_eq(fake_saw(&fx, &irc), "part cy\nquit bob\n");
		return;
	}
	ck_assert_str_eq(fake_saw(&fx, &ana), "left cy\n");
	ck_assert_str_eq(fake_saw(&fx, &irc), "part cy\n");
	ck_assert(RB_EMPTY(&fx.chat.returning));
}
END_TEST

/* Who has come meanwhile learns of who comes back. */
START_TEST(test_returning_to_newcomers)
{
	fake_enter_tracker(&fx, &cy, 3, "cy");
	lose_and_register(&cy, "cy");
	fake_enter_tracker(&fx, &bob, 2, "bob");
	(void)fake_saw(&fx, &irc);
	(void)fake_join(&fx, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&fx, &bob), "join cy\n");
	ck_assert_str_eq(fake_saw(&fx, &irc), "");
}
END_TEST

/* Back as far as others know, and so not on break any more. */
START_TEST(test_returning_from_a_break)
{
	fake_enter_tracker(&fx, &cy, 3, "cy");
	member_break(cy.m, "tea");
	(void)fake_saw(&fx, &ana);
	ck_assert_str_eq(fake_saw(&fx, &irc), "join cy\naway cy (tea)\n");
	fixture_pass(&fx, 500);
	lose_and_register(&cy, "cy");
	fixture_pass(&fx, 500);
	if (_i == 1)
		member_away(cy.m, "still");
	(void)fake_join(&fx, &cy, "lobby");
	ck_assert_str_eq(fake_saw(&fx, &ana), _i == 1 ? "" : "back cy 1000\n");
	ck_assert_str_eq(fake_saw(&fx, &irc), _i == 1 ? "" : "here cy\n");
}
END_TEST

/* Pending to who is told of it, it goes on in the next program. */
START_TEST(test_returning_carried)
{
	struct fake people[3];
	struct chat_fixture next;

	fake_enter_tracker(&fx, &cy, 3, "cy");
	member_break(cy.m, "tea");
	lose_and_register(&cy, "cy");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &irc);
	people[0] = ana;
	people[1] = irc;
	people[2] = cy;
	ck_assert(fixture_hand_over(&fx, &next, people, 3));
	ck_assert(!RB_EMPTY(&next.chat.returning));
	ck_assert_uint_eq(next.chat.lobby->tracker_count, 1);
	if (_i == 0) {
		(void)fake_join(&next, &people[2], "lobby");
		ck_assert_str_eq(fake_saw(&next, &people[0]), "back cy 0\n");
		ck_assert_str_eq(fake_saw(&next, &people[1]), "here cy\n");
	} else {
		fixture_pass(&next, 2000);
		ck_assert_str_eq(fake_saw(&next, &people[0]), "left cy\n");
		ck_assert_str_eq(fake_saw(&next, &people[1]), "part cy\n");
	}
	fake_fini(&people[0]);
	fake_fini(&people[1]);
	fake_fini(&people[2]);
	fixture_fini(&next);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "presence", setup, fixture_teardown);

	tcase_add_test(tc, test_after_the_window);
	tcase_add_test(tc, test_at_the_first_line);
	tcase_add_test(tc, test_come_and_go);
	tcase_add_test(tc, test_break_shows_who_came);
	tcase_add_test(tc, test_condensed);
	tcase_add_test(tc, test_storm);
	tcase_add_test(tc, test_stranger_with_the_nick);

	tc = unit_case(s, "trackers", setup_tracker, teardown_tracker);
	tcase_add_test(tc, test_tracker_joins);
	tcase_add_test(tc, test_tracker_first_line);
	tcase_add_test(tc, test_tracker_in_a_crowd);
	tcase_add_loop_test(tc, test_tracker_leaves, 0, 7);
	tcase_add_test(tc, test_returning);
	tcase_add_loop_test(tc, test_not_returning, 0, 4);
	tcase_add_test(tc, test_returning_to_newcomers);
	tcase_add_loop_test(tc, test_returning_from_a_break, 0, 2);
	tcase_add_loop_test(tc, test_returning_carried, 0, 2);
}
