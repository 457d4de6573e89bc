/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* Private messages: told, kept, and told again. */

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
	fake_enter(&h, &bob, 2, "bob");
	(void)fake_saw(&h, &ana);
}

static void
teardown(void)
{
	fake_fini(&ana);
	fake_fini(&bob);
	house_fini(&h);
}

START_TEST(test_private_messages)
{
	setup();
	ck_assert_int_eq(fake_tell(&bob, &ana, "psst"), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&h, &bob), "private ana: psst\n");
	ck_assert_uint_eq(h.rooms.lobby->history.next_number, 1);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_KEPT);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_KEPT);
	fake_say(&ana, "hi");
	house_settle(&h);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 1 ana=1\nkept 2\nprivate ana: one\n"
	    "private ana: two\n1 ana: hi\nlive after catchup\n");
	ck_assert_uint_eq(h.rooms.kept_bytes, 0);
	teardown();
}
END_TEST

START_TEST(test_private_messages_have_a_limit)
{
	int i;

	setup();
	member_break(bob.m, NULL);
	for (i = 0; i < KEPT_MAX; i++)
		ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_KEPT);
	ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_KEPT_FULL);
	ck_assert_uint_eq(h.rooms.kept_bytes, bob.m->person.kept_bytes);
	ck_assert_uint_ge(h.rooms.kept_bytes, KEPT_MAX);
	teardown();
	ck_assert_uint_eq(h.rooms.kept_bytes, 0);
}
END_TEST

START_TEST(test_private_message_to_a_slow_reader)
{
	setup();
	bob.is_full = true;
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	fake_say(&ana, "said");
	house_settle(&h);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	fake_drain(&bob);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "private ana: one\nprivate ana: two\n1 ana: said\n");
	teardown();
}
END_TEST

/* By bytes as well, so that one person cannot use up what is for all. */
START_TEST(test_private_messages_have_a_size)
{
	static char text[6000];
	int i;

	setup();
	memset(text, 'x', sizeof text);
	member_break(bob.m, NULL);
	for (i = 0;
	     fake_tell_bytes(bob.m, &ana, text, sizeof text) == MEMBER_KEPT;
	     i++)
		;
	ck_assert_int_eq(i, KEPT_BYTES_MAX / sizeof text);
	teardown();
	ck_assert_uint_eq(h.rooms.kept_bytes, 0);
}
END_TEST

/* Kept messages wait in whatever room they come back to. */
START_TEST(test_kept_messages_elsewhere)
{
	struct room *kitchen;

	setup();
	ck_assert_int_eq(rooms_open(&h.rooms, "kitchen", &kitchen), ROOMS_MADE);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_KEPT);
	fake_quit(&bob, NULL);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	house_settle(&h);
	buf_reset(&bob.seen);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob), "private ana: one\n");
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	room_join(kitchen, ana.m, ROOM_JOIN_CATCHUP);
	fake_say_in(member_in(ana.m, kitchen), "hi");
	ck_assert_ptr_nonnull(strstr(fake_saw(&h, &bob), "1 ana: hi\n"));
	teardown();
}
END_TEST

START_TEST(test_kept_messages_after_a_greeting)
{
	struct room *kitchen;

	setup();
	ck_assert_int_eq(rooms_open(&h.rooms, "kitchen", &kitchen), ROOMS_MADE);
	bob.is_full = true;
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fake_drain(&bob);
	ck_assert_str_eq(fake_saw(&h, &bob), "live\nprivate ana: one\n");
	teardown();
}
END_TEST

/* How far they have read: only ever on, the oldest go, it moves with them. */
START_TEST(test_markers)
{
	struct person p, other;
	char name[MARKER_NAME_SIZE];
	int i;

	person_init(&p);
	person_init(&other);
	ck_assert_int_eq(person_marker(&p, "#lobby"), 0);
	ck_assert(person_set_marker(&p, "#lobby", 100));
	ck_assert(!person_is_empty(&p));
	ck_assert(!person_set_marker(&p, "#lobby", 100));
	ck_assert(!person_set_marker(&p, "#lobby", 99));
	ck_assert_int_eq(person_marker(&p, "#lobby"), 100);
	ck_assert(person_set_marker(&p, "ana", 50));
	ck_assert_int_eq(person_marker(&p, "#ana"), 0);
	for (i = 2; i < MARKERS_MAX; i++) {
		(void)snprintf(name, sizeof name, "#room%d", i);
		ck_assert(person_set_marker(&p, name, i));
	}
	/* The oldest is now ana's. */
	ck_assert(person_set_marker(&p, "#lobby", 101));
	ck_assert(person_set_marker(&p, "#one-more", 7));
	ck_assert_uint_eq(p.marker_count, MARKERS_MAX);
	ck_assert_int_eq(person_marker(&p, "ana"), 0);
	ck_assert_int_eq(person_marker(&p, "#lobby"), 101);
	ck_assert_int_eq(person_marker(&p, "#room2"), 2);

	ck_assert(person_set_marker(&other, "#lobby", 7));
	ck_assert(person_set_marker(&other, "#one-more", 1000));
	person_move(NULL, &other, &p);
	ck_assert(person_is_empty(&p));
	ck_assert_uint_eq(other.marker_count, MARKERS_MAX);
	ck_assert_int_eq(person_marker(&other, "#lobby"), 101);
	ck_assert_int_eq(person_marker(&other, "#one-more"), 1000);
	person_clear(NULL, &other);
	ck_assert(person_is_empty(&other));

	ck_assert(marker_is_name("#kitchen") && marker_is_name("ana"));
	ck_assert(!marker_is_name("") && !marker_is_name("#"));
	ck_assert(!marker_is_name("Ana") && !marker_is_name("a b"));
	ck_assert(!marker_is_name("##a"));
	ck_assert(!marker_is_name("#a234567890123456789012345678901234"));
}
END_TEST

START_TEST(test_kept_messages_of_the_ignored)
{
	setup();
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "spam"), MEMBER_KEPT);
	ck_assert_int_eq(member_ignore(bob.m, "ana"), 0);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob), "welcome bob 0 0\nlive\n");
	teardown();
}
END_TEST

/* What had not arrived when the connection was lost is kept again. */
START_TEST(test_private_messages_survive_a_loss)
{
	setup();
	bob.unsent = 1000; /* nothing arrives any more */
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	ck_assert_int_eq(fake_tell(&bob, &ana, "three"), MEMBER_TOLD);
	bob.unsent = strlen("private ana: three\n") + 1;
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 0\nkept 2 repeated\nprivate ana: two\n"
	    "private ana: three\nlive after catchup\n");
	teardown();
}
END_TEST

static void
lose_and_return(void)
{
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
}

/* Which of them are repeats, and which are surely new. */
START_TEST(test_repeated_and_kept)
{
	setup();
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	bob.unsent = 5;
	fake_lose(&bob);
	ck_assert_int_eq(fake_tell_bytes(roster_find(&h.rooms.roster, "bob"),
			     &ana, "two", 3),
	    MEMBER_KEPT);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	bob.unsent = 1000;
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 0\nkept 1 repeated\nprivate ana: one\n"
	    "kept 1\nprivate ana: two\nlive after catchup\n");
	/* None arrived, so none is new any more. */
	lose_and_return();
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 0\nkept 2 repeated\nprivate ana: one\n"
	    "private ana: two\nlive after catchup\n");
	/* And all has arrived. */
	lose_and_return();
	ck_assert_str_eq(fake_saw(&h, &bob), "welcome bob 0 0\nlive\n");
	teardown();
}
END_TEST

/* Where there is no catch-up, a repeat is told to be one nonetheless. */
START_TEST(test_repeated_elsewhere)
{
	struct room *kitchen;

	setup();
	ck_assert_int_eq(rooms_open(&h.rooms, "kitchen", &kitchen), ROOMS_MADE);
	bob.unsent = 1000;
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	(void)fake_saw(&h, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "kept 2 repeated\nprivate ana: one\nprivate ana: two\n");
	ck_assert_int_eq(fake_tell(&bob, &ana, "three"), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&h, &bob), "private ana: three\n");
	teardown();
}
END_TEST

/* What is remembered until it has arrived has a limit. */
START_TEST(test_handed_has_a_limit)
{
	int i;

	setup();
	bob.unsent = 1000000;
	for (i = 0; i < KEPT_MAX + 10; i++)
		ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_TOLD);
	ck_assert_uint_eq(bob.m->handed_count, KEPT_MAX);
	bob.unsent = 0;
	ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_TOLD);
	ck_assert_uint_eq(bob.m->handed_count, 1);
	teardown();
}
END_TEST

static Suite *
member_suite(void)
{
	Suite *suite = suite_create("member");
	TCase *tc = tcase_create("member");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_private_messages);
	tcase_add_test(tc, test_private_messages_have_a_limit);
	tcase_add_test(tc, test_private_message_to_a_slow_reader);
	tcase_add_test(tc, test_private_messages_have_a_size);
	tcase_add_test(tc, test_kept_messages_elsewhere);
	tcase_add_test(tc, test_kept_messages_after_a_greeting);
	tcase_add_test(tc, test_markers);
	tcase_add_test(tc, test_kept_messages_of_the_ignored);
	tcase_add_test(tc, test_private_messages_survive_a_loss);
	tcase_add_test(tc, test_repeated_and_kept);
	tcase_add_test(tc, test_repeated_elsewhere);
	tcase_add_test(tc, test_handed_has_a_limit);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(member_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
