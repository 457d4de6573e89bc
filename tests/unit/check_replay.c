/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Catching up, /history and /skip; what is told again after a loss.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/cursor.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/replay.h"
#include "room/room.h"
#include "unit.h"

/* Bob loses the connection with so many bytes unread, and comes back. */
static void
lose_and_return(size_t unsent)
{
	bob.unsent = unsent;
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
}

static void
say_much(struct fake *f, int lines)
{
	char text[64];
	int i;

	for (i = 0; i < lines; i++) {
		(void)snprintf(text, sizeof(text), "line %d", i);
		fake_say(f, text);
		if (i % 7 == 0)
			fixture_settle(&fx);
	}
	fixture_settle(&fx);
}

START_TEST(test_second_gap_in_a_replay)
{
	const char *saw;
	uint64_t lapped;

	member_break(bob.m, NULL);
	say_much(&ana, 5000);
	member_back(bob.m, NULL);
	(void)publish_turn(&fx.chat); /* summary and a first chunk */
	bob.is_full = true;
	say_much(&ana, 40000);
	lapped = fx.chat.gaps;
	fake_drain(&bob);
	saw = fake_saw(&fx, &bob);
	ck_assert_uint_eq(fx.chat.gaps, lapped + 1);
	ck_assert_ptr_nonnull(strstr(saw, "\ngap "));
	ck_assert_ptr_nonnull(strstr(saw, "live after catchup\n"));
}
END_TEST

/* What a damaged file has lost is a gap where it was, and no message. */
START_TEST(test_holes)
{
	struct history *ring;

	ring = &fx.chat.lobby->history;
	member_break(bob.m, NULL);
	fake_say(&ana, "one");
	fixture_settle(&fx);
	history_append_hole(ring, ring->next_number + 3);
	fake_say(&ana, "two");
	fixture_settle(&fx);
	history_raise(ring, ring->next_number);
	fake_say(&ana, "three");
	fixture_settle(&fx);
	ck_assert_uint_eq(cursor_lag(&fake_here(&bob)->cursor), 6);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 3 ana=3\n1 ana: one\ngap 3\n5 ana: two\ngap 0+\n"
	    "17592186044422 ana: three\nlive after catchup\n");

	/* Lapped over it: nobody knows how many more there were. */
	member_break(bob.m, NULL);
	fake_say(&ana, "four");
	history_raise(ring, ring->next_number);
	say_much(&ana, 40000);
	member_back(bob.m, NULL);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob), "+\n"));
}
END_TEST

START_TEST(test_skip)
{
	uint64_t skipped = 0;

	ck_assert(!replay_skip(&fake_here(&bob)->cursor, &skipped));
	member_break(bob.m, NULL);
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fixture_settle(&fx);
	member_back(bob.m, NULL);
	ck_assert(replay_skip(&fake_here(&bob)->cursor, &skipped));
	ck_assert_uint_eq(skipped, 2);
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&fx, &bob), "3 ana: three\n");
}
END_TEST

START_TEST(test_history_moves_no_cursor)
{
	fake_say(&ana, "one");
	fake_say(&bob, "two");
	fixture_settle(&fx);
	buf_reset(&bob.seen);
	replay_start_history(&fake_here(&bob)->cursor, 20);
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "past 2 of 2\n1 ana: one\n2 bob: two\nend\n3 ana: three\n");
	/* On break it works, and the break goes on. */
	member_break(bob.m, NULL);
	fake_say(&ana, "four");
	fixture_settle(&fx);
	replay_start_history(&fake_here(&bob)->cursor, 1);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "past 1 of 4\n4 ana: four\nend\n");
	fake_say(&ana, "five");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 2 ana=2\n4 ana: four\n5 ana: five\n"
	    "live after catchup\n");
}
END_TEST

START_TEST(test_history_waits_for_a_replay)
{
	fake_say(&ana, "one");
	fixture_settle(&fx);
	fake_init(&fx, &cy, 3);
	replay_start_history(&fake_here(&cy)->cursor, 1);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "past 1 of 1\n1 ana: one\nlive after past\n"
	    "past 1 of 1\n1 ana: one\nend\n");
}
END_TEST

/* A catch-up whose bytes did not arrive is repeated. */
START_TEST(test_second_loss)
{
	fake_lose(&bob);
	fake_say(&ana, "missed");
	fixture_settle(&fx);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	fixture_settle(&fx);
	fake_say(&ana, "seen as a guest");
	fixture_settle(&fx);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	fixture_settle(&fx);
	bob.unsent = 60; /* the summary, and the line that was missed */
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=2\nrepeats 2\n1 ana: missed\n"
	    "2 ana: seen as a guest\nlive after catchup\n");
}
END_TEST

/* The gap of a replay that has an end is that of the replay. */
START_TEST(test_gap_before_an_end)
{
	const char *saw;

	fx.options.presence_window = 0;
	for (int i = 0; i < 5; i++)
		fake_say(&ana, "x");
	fixture_settle(&fx);
	(void)fake_saw(&fx, &bob);
	replay_start_history(&fake_here(&bob)->cursor, 3);
	bob.is_full = true;
	(void)publish_turn(&fx.chat);
	say_much(&ana, 40000);
	fake_drain(&bob);
	saw = fake_saw(&fx, &bob);
	ck_assert_msg(strncmp(saw, "past 3 of 5\ngap 3\nend\ngap ", 26) == 0,
	    "%.60s", saw);
}
END_TEST

/* hostile 36: what may not have arrived is repeated under a line that
 * says so. */
START_TEST(test_unsent_is_told_again)
{
	struct member *m;

	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fake_say(&ana, "three");
	fixture_settle(&fx);
	m = bob.m;
	bob.m = NULL;
	member_lost(m, strlen("2 ana: two\n3 ana: three\n") - 5);
	fake_say(&ana, "four");
	buf_reset(&bob.seen);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 1 ana=1 repeats=2\n"
	    "repeats 2\n2 ana: two\n3 ana: three\nnew\n4 ana: four\n"
	    "live after catchup\n");
	/* All of which has arrived. */
	lose_and_return(0);
	ck_assert_str_eq(fake_saw(&fx, &bob), "welcome bob 0 0\nlive\n");
}
END_TEST

/* How many of text are in what was seen. */
static int
count_of(const char *saw, const char *text)
{
	int count = 0;

	for (; (saw = strstr(saw, text)) != NULL; saw++)
		count++;
	return count;
}

/* Whom they ignored while it was shown, but not when it was lost (146). */
START_TEST(test_unsent_before_unignore)
{
	size_t before;
	int i;

	fake_enter(&fx, &cy, 3, "cy");
	ck_assert_int_eq(member_ignore(bob.m, "ana"), 0);
	fixture_settle(&fx);
	before = bob.handed;
	for (i = 0; i < 100; i++) {
		fake_say(&ana, "not for bob");
		fake_say(&cy, "for bob");
	}
	fixture_settle(&fx);
	ck_assert_int_eq(member_unignore(bob.m, "ana"), 0);
	fake_say(&ana, "for bob");
	fixture_settle(&fx);
	lose_and_return((size_t)(bob.handed - before));
	ck_assert_int_eq(count_of(fake_saw(&fx, &bob), ": for bob\n"), 101);
}
END_TEST

/* And what was shorter then, even if it is handed out by the change itself. */
START_TEST(test_unsent_in_another_dialect)
{
	size_t before;
	int i;

	fixture_settle(&fx);
	before = bob.handed;
	for (i = 0; i < 200; i++)
		fake_say(&ana, "short");
	if (_i == 0)
		fixture_settle(&fx);
	member_set_dialect(&bob.m->client, &fake_dialect_other);
	fixture_settle(&fx);
	for (i = 0; i < 200; i++)
		fake_say(&ana, "longer");
	fixture_settle(&fx);
	lose_and_return((size_t)(bob.handed - before));
	ck_assert_int_eq(count_of(fake_saw(&fx, &bob), ": short\n"), 200);
	ck_assert_int_eq(count_of(fake_saw(&fx, &bob), ": longer\n"), 0);
}
END_TEST

/* And what is no longer held is counted, whatever has changed. */
START_TEST(test_unsent_lapped_after_a_change)
{
	size_t before;

	fixture_settle(&fx);
	before = bob.handed;
	fake_say(&ana, "one");
	fixture_settle(&fx);
	ck_assert_int_eq(member_ignore(bob.m, "zed"), 0);
	say_much(&ana, 40000);
	lose_and_return((size_t)(bob.handed - before) / 2);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob), "\ngap "));
	say_much(&ana, 10);
	before = bob.handed;
	say_much(&ana, 40000);
	lose_and_return((size_t)(bob.handed - before) + 100);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob), "\ngap "));
}
END_TEST

static void
say_three(void)
{
	fake_say(&ana, "one");
	fake_say(&bob, "mine");
	fake_say(&ana, "two");
	fixture_settle(&fx);
}

START_TEST(test_only_repeats)
{
	say_three();
	lose_and_return(strlen("1 ana: one\n3 ana: two\n"));
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=3\n"
	    "repeats 3\n1 ana: one\n2 bob: mine\n3 ana: two\n"
	    "live after catchup\n");
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&fx, &bob), "4 ana: three\n");
}
END_TEST

/* Repeats of the ignored are none. */
START_TEST(test_ignored_repeats)
{
	fake_enter(&fx, &cy, 3, "cy");
	fake_say(&ana, "one");
	fixture_settle(&fx);
	ck_assert_int_eq(member_ignore(bob.m, "ana"), 0);
	bob.unsent = 5;
	fake_lose(&bob);
	fake_say(&cy, "new");
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 1 cy=1\n2 cy: new\nlive after catchup\n");
}
END_TEST

/*
 * Lost again, before anything or after some of it was told again: what may have
 * been seen stays that.
 */
START_TEST(test_loss_among_repeats)
{
	static const char all[] =
	    "welcome bob 0 1 ana=1 repeats=3\n"
	    "repeats 3\n1 ana: one\n2 bob: mine\n3 ana: two\n"
	    "new\n4 ana: three\nlive after catchup\n";

	say_three();
	lose_and_return(1000);
	fake_say(&ana, "three");
	bob.is_full = true;
	fixture_settle(&fx);
	lose_and_return(0); /* nothing was told, nothing is set back */
	buf_reset(&bob.seen);
	ck_assert_str_eq(fake_saw(&fx, &bob), all);
	/* Now "three" may have been seen, too. */
	lose_and_return(1);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=1\nrepeats 1\n4 ana: three\n"
	    "live after catchup\n");
	lose_and_return(1000);
	fake_say(&ana, "four");
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=1\nrepeats 1\n4 ana: three\nnew\n"
	    "5 ana: four\nlive after catchup\n");
}
END_TEST

START_TEST(test_break_among_repeats)
{
	say_three();
	lose_and_return(1000);
	member_break(bob.m, NULL);
	fake_say(&ana, "three");
	(void)fake_saw(&fx, &bob);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 1 ana=1 repeats=3\n"
	    "repeats 3\n1 ana: one\n2 bob: mine\n3 ana: two\n"
	    "new\n4 ana: three\nlive after catchup\n");
	/* They were told once. */
	member_break(bob.m, NULL);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob), "welcome bob 0 0\nlive\n");
}
END_TEST

/* On break when they turn out to be somebody who was lost. */
START_TEST(test_repeats_wait_for_the_end_of_a_break)
{
	fx.options.greeting_history = 0;
	say_three();
	bob.unsent = 1000;
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	fixture_settle(&fx);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	buf_reset(&bob.seen);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=3\n"
	    "repeats 3\n1 ana: one\n2 bob: mine\n3 ana: two\n"
	    "live after catchup\n");
}
END_TEST

/* A room that was left with something unread. */
START_TEST(test_repeats_in_a_room_that_was_left)
{
	struct room *kitchen;

	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	say_three();
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, kitchen->name);
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fixture_settle(&fx); /* "live" */
	lose_and_return(strlen("3 ana: two\nlive\n"));
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=1\nrepeats 1\n3 ana: two\n"
	    "live after catchup\n");

	/* Back to it in the same connection, and lost then. */
	fake_say(&ana, "three");
	fixture_settle(&fx);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, kitchen->name);
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fixture_settle(&fx);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "lobby");
	(void)room_join(fx.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	fixture_settle(&fx);
	lose_and_return(40);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=2\nrepeats 2\n3 ana: two\n"
	    "4 ana: three\nlive after catchup\n");

	/* Lost there, they come back here: that is waiting, perhaps. */
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, kitchen->name);
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fixture_settle(&fx);
	fake_say_in(fake_here(&bob), "k");
	room_join(kitchen, ana.m, ROOM_JOIN_CATCHUP);
	fake_say_in(member_in(ana.m, kitchen), "l");
	fixture_settle(&fx);
	lose_and_return(strlen("2 ana: l\n"));
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0\nwaiting kitchen 0 of 1\nlive\n");
}
END_TEST

/* A stuck reader is lost, and the ring goes on: they are told how many messages
 * may be missing, since those cannot be repeated. */
START_TEST(test_repeats_that_are_no_longer_held)
{
	const char *saw;
	unsigned long long gap, from;

	fake_say(&ana, "seen");
	say_much(&ana, 10);
	(void)fake_saw(&fx, &bob);
	bob.is_full = true;
	say_much(&ana, 40000);
	lose_and_return(100);
	from = fx.chat.lobby->history.first_number;
	saw = fake_saw(&fx, &bob);
	ck_assert_int_eq(sscanf(saw, "welcome bob 0 %*u ana=%*u\ngap %llu",
			     &gap),
	    1);
	/* Ten that were handed over: 100 bytes may have been all of them. */
	ck_assert_uint_ge(gap, from - 12 + 5);
	ck_assert_uint_le(gap, from - 1);
	ck_assert_ptr_null(strstr(saw, "repeats"));
}
END_TEST

/* /skip ends what is being shown, not what was asked for after it. */
START_TEST(test_skip_keeps_what_is_queued)
{
	uint64_t skipped;

	member_break(bob.m, NULL);
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fixture_settle(&fx);
	member_back(bob.m, NULL);
	replay_start_history(&fake_here(&bob)->cursor, 1);
	ck_assert(replay_skip(&fake_here(&bob)->cursor, &skipped));
	ck_assert_uint_eq(skipped, 2);
	ck_assert_str_eq(fake_saw(&fx, &bob), "past 1 of 2\n2 ana: two\nend\n");
	ck_assert(!replay_skip(&fake_here(&bob)->cursor, &skipped));
}
END_TEST

/* Who says in the middle of it to be a bot is shown no more of the past. */
START_TEST(test_bot_stops_the_past)
{
	size_t before;

	fx.options.greeting_history = 1000;
	say_much(&ana, 1000);
	(void)fake_saw(&fx, &bob);
	fake_init_tracker(&fx, &cy, 3, "cy");
	(void)room_join(fx.chat.lobby, cy.m, ROOM_JOIN_CATCHUP);
	ck_assert(publish_turn(&fx.chat));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&cy.seen), "line 9\n"));
	ck_assert_ptr_null(strstr(buf_cstr(&cy.seen), "line 990\n"));
	before = cy.seen.len;
	member_set_flags(cy.m, MEMBER_BOT);
	fixture_settle(&fx);
	ck_assert_uint_eq(cy.seen.len, before);
	(void)fake_saw(&fx, &cy);
	fake_say(&ana, "now");
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &cy), "ana: now\n"));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "replay", fixture_setup, fixture_teardown);

	tcase_add_test(tc, test_second_gap_in_a_replay);
	tcase_add_test(tc, test_holes);
	tcase_add_test(tc, test_skip);
	tcase_add_test(tc, test_history_moves_no_cursor);
	tcase_add_test(tc, test_history_waits_for_a_replay);
	tcase_add_test(tc, test_second_loss);
	tcase_add_test(tc, test_gap_before_an_end);
	tcase_add_test(tc, test_unsent_is_told_again);
	tcase_add_test(tc, test_unsent_before_unignore);
	tcase_add_loop_test(tc, test_unsent_in_another_dialect, 0, 2);
	tcase_add_test(tc, test_unsent_lapped_after_a_change);
	tcase_add_test(tc, test_only_repeats);
	tcase_add_test(tc, test_ignored_repeats);
	tcase_add_test(tc, test_loss_among_repeats);
	tcase_add_test(tc, test_break_among_repeats);
	tcase_add_test(tc, test_repeats_wait_for_the_end_of_a_break);
	tcase_add_test(tc, test_repeats_in_a_room_that_was_left);
	tcase_add_test(tc, test_repeats_that_are_no_longer_held);
	tcase_add_test(tc, test_skip_keeps_what_is_queued);
	tcase_add_test(tc, test_bot_stops_the_past);
}
