/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* Delivery, greeting, catch-up and slow readers, as people see them. */

#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deliver.h"
#include "house.h"
#include "replay.h"
#include "room.h"
#include "roster.h"

static struct house h;
static struct fake ana, bob, cy;

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

START_TEST(test_talk)
{
	setup();
	fake_say(&ana, "hi");
	ck_assert_str_eq(fake_saw(&h, &bob), "1 ana: hi\n");
	ck_assert_str_eq(fake_saw(&h, &ana), ""); /* not their own */
	room_say(fake_here(&bob), EVENT_ME, "waves", 5);
	ck_assert_str_eq(fake_saw(&h, &ana), "2 * bob waves\n");
	teardown();
}
END_TEST

/* k lines of a turn are one write to each (design 3; hostile 47). */
START_TEST(test_turn_is_one_write)
{
	unsigned before;

	setup();
	fake_enter(&h, &cy, 3, "cy");
	before = cy.deliveries;
	fake_say(&ana, "one");
	fake_say(&bob, "two");
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "1 ana: one\n2 bob: two\n3 ana: three\n");
	ck_assert_uint_eq(cy.deliveries, before + 1);
	(void)fake_saw(&h, &ana);
	ck_assert_uint_eq(cy.deliveries, before + 1);
	fake_fini(&cy);
	teardown();
}
END_TEST

START_TEST(test_speakers_see_the_others)
{
	setup();
	fake_say(&ana, "one");
	fake_say(&bob, "two");
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&h, &ana), "2 bob: two\n");
	ck_assert_str_eq(fake_saw(&h, &bob), "1 ana: one\n3 ana: three\n");
	teardown();
}
END_TEST

START_TEST(test_large_turn_is_flushed)
{
	char text[1000];
	unsigned before;
	int i;

	setup();
	before = bob.deliveries;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (i = 0; i < 40; i++)
		fake_say(&ana, text);
	ck_assert_uint_eq(bob.deliveries, before + 1); /* not the turn's end */
	teardown();
}
END_TEST

START_TEST(test_two_dialects)
{
	setup();
	member_set_dialect(bob.m, &house_dialect_other);
	fake_say(&ana, "before the turn");
	ck_assert_str_eq(fake_saw(&h, &bob), "~1 ana: before the turn\n");
	fake_say(&ana, "after");
	ck_assert_str_eq(fake_saw(&h, &bob), "~2 ana: after\n");
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&h, &ana), "3 bob: hi\n");
	teardown();
}
END_TEST

START_TEST(test_newcomer_sees_the_past)
{
	char text[16];
	int i;

	setup();
	for (i = 1; i <= 25; i++) {
		(void)snprintf(text, sizeof text, "%d", i);
		fake_say(&ana, text);
	}
	house_settle(&h);
	h.options.greeting_history = 3;
	fake_init(&h, &cy, 3);
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "past 3 of 25\n23 ana: 23\n24 ana: 24\n25 ana: 25\n"
	    "live after past\n");
	fake_say(&bob, "x");
	ck_assert_str_eq(fake_saw(&h, &cy), "26 bob: x\n");
	fake_fini(&cy);
	teardown();
}
END_TEST

/* What was said in the turn before they came counts as the past, too. */
START_TEST(test_newcomer_within_a_turn)
{
	setup();
	h.options.greeting_history = 1;
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fake_init(&h, &cy, 3);
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "past 2 of 3\n2 ana: two\n3 ana: three\nlive after past\n");
	fake_fini(&cy);
	h.options.greeting_history = 0;
	fake_say(&ana, "four");
	fake_init(&h, &cy, 3);
	ck_assert_str_eq(fake_saw(&h, &cy), "live\n");
	fake_fini(&cy);
	teardown();
}
END_TEST

/* A date line before what is not of today, and at each change of day. */
START_TEST(test_date_lines)
{
	const int64_t day_ms = 24 * 3600 * 1000;

	setup();
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	h.clock.wall_ms += day_ms;
	fake_say(&ana, "three");
	house_settle(&h);
	fake_init(&h, &cy, 3);
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "past 3 of 3\ndate\n1 ana: one\n2 ana: two\ndate\n3 ana: three\n"
	    "live after past\n");
	fake_fini(&cy);
	/* hostile 72: the clock jumps back by a year; the order stays. */
	h.clock.wall_ms -= 365 * day_ms;
	fake_say(&ana, "four");
	house_settle(&h);
	fake_init(&h, &cy, 3);
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "past 4 of 4\ndate\n1 ana: one\n2 ana: two\ndate\n3 ana: three\n"
	    "date\n4 ana: four\nlive after past\n");
	fake_fini(&cy);
	teardown();
}
END_TEST

START_TEST(test_newcomer_in_an_empty_room)
{
	setup();
	fake_init(&h, &cy, 3);
	ck_assert_str_eq(fake_saw(&h, &cy), "live\n");
	fake_fini(&cy);
	teardown();
}
END_TEST

START_TEST(test_break_and_back)
{
	setup();
	member_break(bob.m, "lunch");
	ck_assert_str_eq(fake_saw(&h, &ana), "break bob (lunch)\n");
	fake_say(&ana, "hey bob");
	fake_say(&ana, "bobby?");
	fake_enter(&h, &cy, 3, "cy");
	fake_say(&cy, "BOB!");
	house_pass(&h, 60000);
	ck_assert_str_eq(fake_saw(&h, &bob), "");
	(void)fake_saw(&h, &ana);
	member_back(bob.m, NULL);
	fake_say(&ana, "meanwhile");
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 62000 3 ana=2 cy=1 mentions=2\n"
	    "1 ana: hey bob\n2 ana: bobby?\n3 cy: BOB!\n4 ana: meanwhile\n"
	    "live after catchup\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "back bob 62000\n");
	fake_say(&ana, "next");
	ck_assert_str_eq(fake_saw(&h, &bob), "5 ana: next\n");
	fake_fini(&cy);
	teardown();
}
END_TEST

START_TEST(test_back_to_nothing)
{
	setup();
	member_break(bob.m, NULL);
	house_pass(&h, 5000);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob), "welcome bob 5000 0\nlive\n");
	teardown();
}
END_TEST

/* What was said in the turn of the break was not seen (hostile 35). */
START_TEST(test_break_within_a_turn)
{
	setup();
	fake_say(&bob, "I am off");
	fake_say(&ana, "bye");
	member_break(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob), "");
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 1 ana=1\n2 ana: bye\nlive after catchup\n");
	teardown();
}
END_TEST

static void
say_much(struct fake *f, int lines)
{
	char text[64];
	int i;

	for (i = 0; i < lines; i++) {
		(void)snprintf(text, sizeof text, "line %d", i);
		fake_say(f, text);
		if (i % 7 == 0)
			house_settle(&h);
	}
	house_settle(&h);
}

/* hostile 32: a gap of the exact size, then what is held. */
START_TEST(test_lapped)
{
	uint64_t first;
	char expected[64];
	const char *saw;

	setup();
	room_set_topic(fake_here(&ana), "t"); /* number 1: kept as well */
	ck_assert_str_eq(fake_saw(&h, &bob), "1 topic by ana (t)\n");
	member_break(bob.m, NULL);
	say_much(&ana, 40000);
	first = h.rooms.lobby->history.first_number;
	ck_assert_uint_gt(first, 2);
	member_back(bob.m, NULL);
	saw = fake_saw(&h, &bob);
	ck_assert_ptr_nonnull(strchr(saw, '\n'));
	(void)snprintf(expected, sizeof expected, "gap %llu\n%llu ana",
	    (unsigned long long)first - 2, (unsigned long long)first);
	ck_assert_msg(strncmp(strchr(saw, '\n') + 1, expected,
			  strlen(expected)) == 0,
	    "expected %s", expected);
	teardown();
}
END_TEST

/*
 * hostile 33, 40: a slow reader holds up nobody, and is lapped again while
 * reading.
 */
START_TEST(test_slow_reader)
{
	uint64_t first;
	char expected[64];

	setup();
	fake_enter(&h, &cy, 3, "cy");
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &bob);
	bob.is_full = true;
	fake_say(&ana, "one");
	ck_assert_str_eq(fake_saw(&h, &cy), "1 ana: one\n");
	ck_assert_str_eq(fake_saw(&h, &bob), "");
	ck_assert(!deliver_is_in_step(fake_here(&bob)));
	fake_say(&bob, "mine");
	fake_say(&ana, "two");
	house_settle(&h);
	fake_drain(&bob);
	ck_assert_str_eq(fake_saw(&h, &bob), "1 ana: one\n3 ana: two\n");
	ck_assert(deliver_is_in_step(fake_here(&bob)));

	bob.is_full = true;
	say_much(&ana, 40000);
	first = h.rooms.lobby->history.first_number;
	fake_drain(&bob);
	(void)snprintf(expected, sizeof expected, "gap %llu\n%llu ana",
	    (unsigned long long)first - 4, (unsigned long long)first);
	ck_assert_int_eq(strncmp(fake_saw(&h, &bob), expected,
			     strlen(expected)),
	    0);
	fake_fini(&cy);
	teardown();
}
END_TEST

START_TEST(test_second_gap_in_a_replay)
{
	const char *saw;
	uint64_t lapped;

	setup();
	member_break(bob.m, NULL);
	say_much(&ana, 5000);
	member_back(bob.m, NULL);
	(void)rooms_turn(&h.rooms); /* summary and a first chunk */
	bob.is_full = true;
	say_much(&ana, 40000);
	lapped = h.rooms.gaps;
	fake_drain(&bob);
	saw = fake_saw(&h, &bob);
	ck_assert_uint_eq(h.rooms.gaps, lapped + 1);
	ck_assert_ptr_nonnull(strstr(saw, "\ngap "));
	ck_assert_ptr_nonnull(strstr(saw, "live after catchup\n"));
	teardown();
}
END_TEST

/* What a damaged file has lost is a gap where it was, and no message. */
START_TEST(test_holes)
{
	struct history *ring;

	setup();
	ring = &h.rooms.lobby->history;
	member_break(bob.m, NULL);
	fake_say(&ana, "one");
	house_settle(&h);
	history_append_hole(ring, ring->next_number + 3);
	fake_say(&ana, "two");
	house_settle(&h);
	history_raise(ring, ring->next_number);
	fake_say(&ana, "three");
	house_settle(&h);
	ck_assert_uint_eq(room_new_count(h.rooms.lobby,
			      &fake_here(&bob)->cursor),
	    6);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 3 ana=3\n1 ana: one\ngap 3\n5 ana: two\ngap 0+\n"
	    "17592186044422 ana: three\nlive after catchup\n");

	/* Lapped over it: nobody knows how many more there were. */
	member_break(bob.m, NULL);
	fake_say(&ana, "four");
	history_raise(ring, ring->next_number);
	say_much(&ana, 40000);
	member_back(bob.m, NULL);
	ck_assert_ptr_nonnull(strstr(fake_saw(&h, &bob), "+\n"));
	teardown();
}
END_TEST

START_TEST(test_skip)
{
	uint64_t skipped = 0;

	setup();
	ck_assert(!replay_skip(fake_here(&bob), &skipped));
	member_break(bob.m, NULL);
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	house_settle(&h);
	member_back(bob.m, NULL);
	ck_assert(replay_skip(fake_here(&bob), &skipped));
	ck_assert_uint_eq(skipped, 2);
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&h, &bob), "3 ana: three\n");
	teardown();
}
END_TEST

START_TEST(test_history_moves_no_cursor)
{
	setup();
	fake_say(&ana, "one");
	fake_say(&bob, "two");
	house_settle(&h);
	buf_reset(&bob.seen);
	replay_start_history(fake_here(&bob), 20);
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "past 2 of 2\n1 ana: one\n2 bob: two\nend\n3 ana: three\n");
	/* On break it works, and the break goes on. */
	member_break(bob.m, NULL);
	fake_say(&ana, "four");
	house_settle(&h);
	replay_start_history(fake_here(&bob), 1);
	ck_assert_str_eq(fake_saw(&h, &bob), "past 1 of 4\n4 ana: four\nend\n");
	fake_say(&ana, "five");
	ck_assert_str_eq(fake_saw(&h, &bob), "");
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 2 ana=2\n4 ana: four\n5 ana: five\n"
	    "live after catchup\n");
	teardown();
}
END_TEST

START_TEST(test_history_waits_for_a_replay)
{
	setup();
	fake_say(&ana, "one");
	house_settle(&h);
	fake_init(&h, &cy, 3);
	replay_start_history(fake_here(&cy), 1);
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "past 1 of 1\n1 ana: one\nlive after past\n"
	    "past 1 of 1\n1 ana: one\nend\n");
	fake_fini(&cy);
	teardown();
}
END_TEST

/* hostile 37: ignored lines are hidden live and replayed, and not counted. */
START_TEST(test_ignore)
{
	setup();
	fake_enter(&h, &cy, 3, "cy");
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &bob);
	ck_assert_int_eq(member_ignore(bob.m, "CY"), 0);
	fake_say(&cy, "spam");
	fake_say(&ana, "ham");
	ck_assert_str_eq(fake_saw(&h, &bob), "2 ana: ham\n");
	/* It goes along with a change of nick. */
	ck_assert_int_eq(fake_nick(&cy, "dee"), ROSTER_RENAMED);
	fake_say(&cy, "spam");
	ck_assert_str_eq(fake_saw(&h, &bob), "");
	member_break(bob.m, NULL);
	fake_say(&cy, "spam");
	fake_say(&ana, "ham");
	house_settle(&h);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 1 ana=1\n5 ana: ham\nlive after catchup\n");
	ck_assert_int_eq(member_unignore(bob.m, "cy"), -1);
	ck_assert_int_eq(member_unignore(bob.m, "Dee"), 0);
	fake_say(&cy, "sorry");
	ck_assert_str_eq(fake_saw(&h, &bob), "6 dee: sorry\n");
	fake_fini(&cy);
	teardown();
}
END_TEST

START_TEST(test_private_messages)
{
	setup();
	ck_assert_int_eq(member_tell(bob.m, ana.m, "psst", 4), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&h, &bob), "private ana: psst\n");
	ck_assert_uint_eq(h.rooms.lobby->history.next_number, 1);
	member_break(bob.m, NULL);
	ck_assert_int_eq(member_tell(bob.m, ana.m, "one", 3), MEMBER_KEPT);
	ck_assert_int_eq(member_tell(bob.m, ana.m, "two", 3), MEMBER_KEPT);
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
		ck_assert_int_eq(member_tell(bob.m, ana.m, "x", 1),
		    MEMBER_KEPT);
	ck_assert_int_eq(member_tell(bob.m, ana.m, "x", 1), MEMBER_KEPT_FULL);
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
	ck_assert_int_eq(member_tell(bob.m, ana.m, "one", 3), MEMBER_TOLD);
	fake_say(&ana, "said");
	house_settle(&h);
	ck_assert_int_eq(member_tell(bob.m, ana.m, "two", 3), MEMBER_TOLD);
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
	for (i = 0; member_tell(bob.m, ana.m, text, sizeof text) == MEMBER_KEPT;
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
	ck_assert_int_eq(member_tell(bob.m, ana.m, "one", 3), MEMBER_KEPT);
	fake_quit(&bob, NULL);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m);
	house_settle(&h);
	buf_reset(&bob.seen);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob), "private ana: one\n");
	ck_assert_int_eq(member_tell(bob.m, ana.m, "two", 3), MEMBER_TOLD);
	room_join(kitchen, ana.m);
	room_say(member_in(ana.m, kitchen), EVENT_SAY, "hi", 2);
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
	ck_assert_int_eq(member_tell(bob.m, ana.m, "one", 3), MEMBER_TOLD);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m);
	fake_drain(&bob);
	ck_assert_str_eq(fake_saw(&h, &bob), "live\nprivate ana: one\n");
	teardown();
}
END_TEST

START_TEST(test_kept_messages_of_the_ignored)
{
	setup();
	member_break(bob.m, NULL);
	ck_assert_int_eq(member_tell(bob.m, ana.m, "spam", 4), MEMBER_KEPT);
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
	ck_assert_int_eq(member_tell(bob.m, ana.m, "one", 3), MEMBER_TOLD);
	ck_assert_int_eq(member_tell(bob.m, ana.m, "two", 3), MEMBER_TOLD);
	ck_assert_int_eq(member_tell(bob.m, ana.m, "three", 5), MEMBER_TOLD);
	bob.unsent = strlen("private ana: three\n") + 1;
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 0\nkept 2\nprivate ana: two\n"
	    "private ana: three\nlive after catchup\n");
	teardown();
}
END_TEST

/* A catch-up whose bytes did not arrive is not forgotten. */
START_TEST(test_second_loss)
{
	setup();
	fake_lose(&bob);
	fake_say(&ana, "missed");
	house_settle(&h);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	house_settle(&h);
	fake_say(&ana, "seen as a guest");
	house_settle(&h);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	house_settle(&h);
	bob.unsent = 60; /* the summary, and the line that was missed */
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 2 ana=2\n1 ana: missed\n2 ana: seen as a guest\n"
	    "live after catchup\n");
	teardown();
}
END_TEST

/* The gap of a replay that has an end is that of the replay. */
START_TEST(test_gap_before_an_end)
{
	const char *saw;

	setup();
	h.options.presence_window = 0;
	for (int i = 0; i < 5; i++)
		fake_say(&ana, "x");
	house_settle(&h);
	(void)fake_saw(&h, &bob);
	replay_start_history(fake_here(&bob), 3);
	bob.is_full = true;
	(void)rooms_turn(&h.rooms);
	say_much(&ana, 40000);
	fake_drain(&bob);
	saw = fake_saw(&h, &bob);
	ck_assert_msg(strncmp(saw, "past 3 of 5\ngap 3\nend\ngap ", 26) == 0,
	    "%.60s", saw);
	teardown();
}
END_TEST

/* A room that was left is a cursor too. */
START_TEST(test_two_rooms)
{
	struct room *kitchen;

	setup();
	ck_assert_int_eq(rooms_open(&h.rooms, "Kitchen", &kitchen), ROOMS_MADE);
	ck_assert_int_eq(rooms_open(&h.rooms, "kitchen", &kitchen),
	    ROOMS_FOUND);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, kitchen->name);
	(void)room_join(kitchen, bob.m);
	ck_assert_str_eq(fake_saw(&h, &ana), "went bob kitchen\n");
	ck_assert_str_eq(fake_saw(&h, &bob), "live\n");
	fake_say(&ana, "in the lobby");
	fake_say(&bob, "in the kitchen");
	ck_assert_str_eq(fake_saw(&h, &bob), "");
	house_pass(&h, 3000);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "lobby");
	(void)room_join(h.rooms.lobby, bob.m);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 3000 1 ana=1\n1 ana: in the lobby\n"
	    "live after catchup\n");
	teardown();
}
END_TEST

/* The room layer has members of many rooms at once. */
START_TEST(test_in_both_rooms_at_once)
{
	struct room *kitchen;

	setup();
	ck_assert_int_eq(rooms_open(&h.rooms, "kitchen", &kitchen), ROOMS_MADE);
	(void)room_join(kitchen, bob.m);
	(void)room_join(kitchen, ana.m);
	(void)fake_saw(&h, &bob);
	room_say(member_in(ana.m, kitchen), EVENT_SAY, "k", 1);
	room_say(member_in(ana.m, h.rooms.lobby), EVENT_SAY, "l", 1);
	ck_assert_ptr_nonnull(strstr(fake_saw(&h, &bob), "1 ana: k\n"));
	member_break(bob.m, NULL);
	room_say(member_in(ana.m, kitchen), EVENT_SAY, "k2", 2);
	room_say(member_in(ana.m, h.rooms.lobby), EVENT_SAY, "l2", 2);
	house_settle(&h);
	buf_reset(&bob.seen);
	member_back(bob.m, NULL);
	house_settle(&h);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&bob.seen), "2 ana: k2\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&bob.seen), "2 ana: l2\n"));
	teardown();
}
END_TEST

START_TEST(test_rooms_come_and_go)
{
	struct room *room, *used;
	char name[16];
	int i;

	setup();
	h.options.max_rooms = 4;
	ck_assert_int_eq(rooms_open(&h.rooms, "used", &used), ROOMS_MADE);
	(void)room_join(used, ana.m);
	for (i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof name, "room%d", i);
		h.clock.mono_ms++;
		ck_assert_int_eq(rooms_open(&h.rooms, name, &room), ROOMS_MADE);
		ck_assert_uint_le(h.rooms.count, 4);
	}
	ck_assert_ptr_eq(rooms_find(&h.rooms, "used"), used);
	ck_assert_ptr_null(rooms_find(&h.rooms, "room17"));
	ck_assert_ptr_nonnull(rooms_find(&h.rooms, "room18"));
	/* Those in which nothing was said go by themselves. */
	house_pass(&h, 120000);
	ck_assert_uint_eq(h.rooms.count, 2);
	h.options.room_create = ROOM_CREATE_NOBODY;
	ck_assert_int_eq(rooms_open(&h.rooms, "x", &room), ROOMS_NOT_ALLOWED);
	h.options.room_create = ROOM_CREATE_ANYONE;
	h.options.max_rooms = 2;
	ck_assert_int_eq(rooms_open(&h.rooms, "x", &room), ROOMS_FULL);
	teardown();
}
END_TEST

/* hostile 36: what surely did not arrive is told again. */
START_TEST(test_unsent_is_told_again)
{
	struct member *m;

	setup();
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fake_say(&ana, "three");
	house_settle(&h);
	m = bob.m;
	bob.m = NULL;
	member_lost(m, strlen("2 ana: two\n3 ana: three\n") - 5);
	fake_say(&ana, "four");
	buf_reset(&bob.seen);
	fake_fini(&bob);
	fake_init(&h, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), ROSTER_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &bob),
	    "welcome bob 0 3 ana=3\n2 ana: two\n3 ana: three\n4 ana: four\n"
	    "live after catchup\n");
	teardown();
}
END_TEST

/* hostile 34: a thousand come back at once; a turn stays small. */
START_TEST(test_many_back_at_once)
{
	static struct fake many[1000];
	size_t i, lines, bytes;
	char nick[16];

	setup();
	h.options.presence_window = 0;
	for (i = 0; i < 1000; i++) {
		fake_init(&h, &many[i], 3);
		(void)snprintf(nick, sizeof nick, "p%zu", i + 1000);
		(void)fake_nick(&many[i], nick);
	}
	house_settle(&h);
	for (i = 0; i < 1000; i++)
		member_break(many[i].m, NULL);
	say_much(&ana, 10000);
	for (i = 0; i < 1000; i++) {
		buf_reset(&many[i].seen);
		member_back(many[i].m, NULL);
	}
	for (lines = 0; lines < 100; lines++) {
		(void)rooms_turn(&h.rooms);
		for (i = 0, bytes = 0; i < 1000; i++) {
			bytes += many[i].seen.len;
			buf_reset(&many[i].seen);
		}
		ck_assert_uint_le(bytes, 2 * DELIVER_PUMP_TURN);
	}
	for (i = 0; i < 1000; i++)
		fake_fini(&many[i]);
	teardown();
}
END_TEST

static Suite *
room_suite(void)
{
	Suite *suite = suite_create("room");
	TCase *tc = tcase_create("room");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_talk);
	tcase_add_test(tc, test_turn_is_one_write);
	tcase_add_test(tc, test_speakers_see_the_others);
	tcase_add_test(tc, test_large_turn_is_flushed);
	tcase_add_test(tc, test_two_dialects);
	tcase_add_test(tc, test_newcomer_sees_the_past);
	tcase_add_test(tc, test_newcomer_within_a_turn);
	tcase_add_test(tc, test_date_lines);
	tcase_add_test(tc, test_newcomer_in_an_empty_room);
	tcase_add_test(tc, test_break_and_back);
	tcase_add_test(tc, test_back_to_nothing);
	tcase_add_test(tc, test_break_within_a_turn);
	tcase_add_test(tc, test_lapped);
	tcase_add_test(tc, test_slow_reader);
	tcase_add_test(tc, test_second_gap_in_a_replay);
	tcase_add_test(tc, test_holes);
	tcase_add_test(tc, test_skip);
	tcase_add_test(tc, test_history_moves_no_cursor);
	tcase_add_test(tc, test_history_waits_for_a_replay);
	tcase_add_test(tc, test_ignore);
	tcase_add_test(tc, test_private_messages);
	tcase_add_test(tc, test_private_messages_have_a_limit);
	tcase_add_test(tc, test_private_message_to_a_slow_reader);
	tcase_add_test(tc, test_private_messages_have_a_size);
	tcase_add_test(tc, test_kept_messages_elsewhere);
	tcase_add_test(tc, test_kept_messages_after_a_greeting);
	tcase_add_test(tc, test_kept_messages_of_the_ignored);
	tcase_add_test(tc, test_private_messages_survive_a_loss);
	tcase_add_test(tc, test_second_loss);
	tcase_add_test(tc, test_gap_before_an_end);
	tcase_add_test(tc, test_two_rooms);
	tcase_add_test(tc, test_in_both_rooms_at_once);
	tcase_add_test(tc, test_rooms_come_and_go);
	tcase_add_test(tc, test_unsent_is_told_again);
	tcase_add_test(tc, test_many_back_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(room_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
