/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who comes as a guest, is shown the past, and takes their nick: what they
 * missed is shown once, in whatever way they came to see it. check_cursors.c
 * tries that in any order; these are the ways that need more than a few lines.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/chat.h"
#include "room/cursor.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/replay.h"
#include "room/room.h"
#include "unit.h"

#define LINES 2000

/* Ana says as many lines, which bob, who has left, misses. */
static void
miss(int lines)
{
	struct membership *ms = fake_in(&fx, &ana, "lobby");
	char text[64];
	int i;

	for (i = 0; i < lines; i++) {
		(void)snprintf(text, sizeof(text), "line %d", i);
		fake_say_in(ms, text);
		if (i % 100 == 0)
			fixture_settle(&fx);
	}
	fixture_settle(&fx);
}

static void
leave_and_miss(int lines)
{
	fake_quit(&bob, NULL);
	fake_fini(&bob);
	miss(lines);
	fake_init(&fx, &bob, 2);
}

/* What f was shown since the last fake_saw(), all of it, has each message of
 * from..until once. */
static void
check_once(struct fake *f, uint64_t from, uint64_t until)
{
	unsigned *times = xcalloc(until + 1, sizeof(*times));
	const char *line;
	uint64_t number;

	fixture_settle(&fx);
	for (line = buf_cstr(&f->seen); *line != '\0';
	     line = strchr(line, '\n') + 1) {
		if (*line < '0' || *line > '9')
			continue;
		number = strtoull(line, NULL, 10);
		ck_assert_uint_lt(number, until);
		times[number]++;
	}
	for (number = from; number < until; number++)
		ck_assert_msg(times[number] == 1, "%llu was shown %u times",
		    (unsigned long long)number, times[number]);
	free(times);
}

static void
take_little_cb(struct fake *f, const char *data, size_t len)
{
	buf_add(&f->seen, data, len);
	f->is_full = len > 1000;
}

/* f takes no more than one part of what is shown. */
static void
show_a_part(struct fake *f)
{
	f->on_deliver = take_little_cb;
	fixture_settle(&fx);
	ck_assert(f->is_full);
	ck_assert(cursor_has_replay(&fake_here(f)->cursor));
	f->on_deliver = NULL;
}

/* The greeting shows the newest, and what is said next is live. */
START_TEST(test_greeting_shows_a_part)
{
	fx.options.greeting_history = 2;
	leave_and_miss(4);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "past 2 of 4\n3 ana: line 2\n4 ana: line 3\nlive after past\n");
	fake_say(&ana, "live");
	ck_assert_str_eq(fake_saw(&fx, &bob), "5 ana: live\n");
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 4 ana=4 seen=2\n"
	    "1 ana: line 0\n2 ana: line 1\nlive after catchup\n");
	fake_say(&ana, "on");
	ck_assert_str_eq(fake_saw(&fx, &bob), "6 ana: on\n");
}
END_TEST

START_TEST(test_greeting_shows_all)
{
	leave_and_miss(2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 2 ana=2 seen=2\nlive\n");
	/* It is read: a break has nothing of it. */
	member_break(bob.m, NULL);
	fake_say(&ana, "more");
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 1 ana=1\n3 ana: more\nlive after catchup\n");
}
END_TEST

/* Both are bigger than what is handed over at once: the greeting is cut by the
 * nick, and the catch-up, perhaps, by a break. */
START_TEST(test_cut)
{
	uint64_t next;

	fx.options.greeting_history = LINES * 3 / 4;
	leave_and_miss(LINES);
	next = fx.chat.lobby->history.next_number;
	show_a_part(&bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	fake_drain(&bob);
	if (_i == 1) {
		show_a_part(&bob);
		member_break(bob.m, NULL);
		fake_drain(&bob);
		fixture_settle(&fx);
		member_back(bob.m, NULL);
	}
	check_once(&bob, 1, next);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&bob.seen), " seen="));
}
END_TEST

/* What a guest skips was not shown. */
START_TEST(test_skipped_by_a_guest)
{
	uint64_t skipped, next;

	fx.options.greeting_history = LINES;
	leave_and_miss(LINES);
	next = fx.chat.lobby->history.next_number;
	show_a_part(&bob);
	ck_assert(replay_skip(&fake_here(&bob)->cursor, &skipped));
	ck_assert_uint_gt(skipped, 0);
	ck_assert_uint_lt(skipped, LINES);
	fake_drain(&bob);
	fake_say(&ana, "live");
	fixture_settle(&fx);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	check_once(&bob, 1, next + 1);
}
END_TEST

/* The lines in between were shown, so they are not missed: a gap has those
 * before, and no more. */
START_TEST(test_lapped)
{
	char want[64];
	uint64_t first, shown;

	fx.options.greeting_history = 100;
	leave_and_miss(200);
	(void)fake_saw(&fx, &bob);
	/* Seen by the guest, as it was said. */
	first = fx.chat.lobby->history.first_number;
	while (fx.chat.lobby->history.first_number < first + 150)
		miss(100);
	shown = fx.chat.lobby->history.next_number;
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	(void)snprintf(want, sizeof(want), "welcome bob 0 0\ngap 100\n%s",
	    "live after catchup\n");
	ck_assert_uint_eq(shown, fx.chat.lobby->history.next_number);
	ck_assert_str_eq(fake_saw(&fx, &bob), want);
}
END_TEST

/* In doubt since the connection was lost, and now shown. */
START_TEST(test_repeats)
{
	fx.options.greeting_history = 2;
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fake_say(&ana, "three");
	fixture_settle(&fx);
	bob.unsent = 1000;
	fake_lose(&bob);
	fake_fini(&bob);
	if (_i == 1)
		fake_say(&ana, "four");
	fixture_settle(&fx);
	fake_init(&fx, &bob, 2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	if (_i == 0)
		ck_assert_str_eq(fake_saw(&fx, &bob),
		    "welcome bob 0 0 repeats=3\n"
		    "repeats 1\n1 ana: one\nlive after catchup\n");
	else
		ck_assert_str_eq(fake_saw(&fx, &bob),
		    "welcome bob 0 1 ana=1 repeats=3 seen=1\n"
		    "repeats 2\n1 ana: one\n2 ana: two\nlive after catchup\n");
}
END_TEST

/* Lost again: what was not read comes, if the guest saw it or not. */
START_TEST(test_lost_again)
{
	fx.options.greeting_history = 1;
	leave_and_miss(2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 2 ana=2 seen=1\n1 ana: line 0\nlive after catchup\n");
	bob.unsent = (size_t)bob.handed;
	fake_lose(&bob);
	fake_fini(&bob);
	fx.options.greeting_history = 0;
	fake_init(&fx, &bob, 2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats=2\n"
	    "repeats 2\n1 ana: line 0\n2 ana: line 1\nlive after catchup\n");
}
END_TEST

/* Lost while what was in doubt is repeated: what the greeting has shown that was
 * new is a repeat from now on; also in a room that was left meanwhile. */
START_TEST(test_lost_while_repeating)
{
	miss(LINES);
	bob.unsent = (size_t)bob.handed;
	fake_lose(&bob);
	fake_fini(&bob);
	fx.options.greeting_history = 5;
	miss(2);
	fake_init(&fx, &bob, 2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	show_a_part(&bob);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&bob.seen),
	    "welcome bob 0 2 ana=2 repeats="));
	if (_i == 1)
		room_leave(fake_here(&bob), ROOM_LEAVE_SILENT, NULL);
	fake_lose(&bob);
	fake_fini(&bob);
	fx.options.greeting_history = 0;
	fake_init(&fx, &bob, 2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob),
	    "welcome bob 0 0 repeats="));
	ck_assert_ptr_null(strstr(buf_cstr(&bob.seen), "new"));
}
END_TEST

/*
 * The catch-up breaks off before it comes to what the greeting has shown: that is
 * a repeat for the next connection, and what lies between is new. The same for
 * who quits, and in a room that was left before.
 */
START_TEST(test_broken_off)
{
	fx.options.greeting_history = 2;
	leave_and_miss(4);
	(void)fake_saw(&fx, &bob);
	bob.is_full = true;
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	(void)publish_turn(&fx.chat);
	if (_i == 2)
		room_leave(fake_here(&bob), ROOM_LEAVE_SILENT, NULL);
	if (_i == 1)
		fake_quit(&bob, NULL);
	else
		fake_lose(&bob);
	fake_fini(&bob);
	miss(1);
	fx.options.greeting_history = 0;
	fake_init(&fx, &bob, 2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 3 ana=3 repeats=2\n"
	    "1 ana: line 0\n2 ana: line 1\n"
	    "repeats 0\n3 ana: line 2\n4 ana: line 3\n"
	    "new\n5 ana: line 0\nlive after catchup\n");
}
END_TEST

/* That happens again and again: what was shown lies in several stretches. */
START_TEST(test_broken_off_again)
{
	int i;

	fake_quit(&bob, NULL);
	fake_fini(&bob);
	miss(1);
	fx.options.greeting_history = 1;
	for (i = 0; i < 3; i++) {
		miss(2);
		fake_init(&fx, &bob, 2);
		(void)fake_saw(&fx, &bob);
		bob.is_full = true;
		ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
		(void)publish_turn(&fx.chat);
		fake_lose(&bob);
		fake_fini(&bob);
	}
	fx.options.greeting_history = 0;
	fake_init(&fx, &bob, 2);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 4 ana=4 repeats=3\n"
	    "1 ana: line 0\n2 ana: line 0\n"
	    "repeats 0\n3 ana: line 1\nnew\n4 ana: line 0\n"
	    "repeats 0\n5 ana: line 1\nnew\n6 ana: line 0\n"
	    "repeats 0\n7 ana: line 1\nlive after catchup\n");
}
END_TEST

/* A guest ignores ana in the kitchen's greeting, and no longer. */
START_TEST(test_ignored_by_a_guest)
{
	struct membership *ms;

	(void)fake_join(&fx, &ana, "kitchen");
	room_leave(fake_join(&fx, &bob, "kitchen"), ROOM_LEAVE_SILENT, NULL);
	fake_quit(&bob, NULL);
	fake_fini(&bob);
	fake_say_in(fake_in(&fx, &ana, "kitchen"), "soup");
	fixture_settle(&fx);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(member_ignore(bob.m, "ana"), 0);
	ms = room_join(chat_find_room(&fx.chat, "kitchen"), bob.m,
	    ROOM_JOIN_CATCHUP);
	ck_assert_ptr_null(strstr(fake_saw(&fx, &bob), "soup"));
	ck_assert_int_eq(member_unignore(bob.m, "ana"), 0);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob), "1 ana: soup\n"));
	ck_assert(ms == fake_in(&fx, &bob, "kitchen"));
}
END_TEST

/* A guest who went on to another room takes the nick there, and goes back. */
START_TEST(test_rooms)
{
	struct room *kitchen;

	fx.options.greeting_history = 1;
	(void)fake_join(&fx, &ana, "kitchen");
	kitchen = chat_find_room(&fx.chat, "kitchen");
	room_leave(fake_join(&fx, &bob, "kitchen"), ROOM_LEAVE_SILENT, NULL);
	leave_and_miss(2);
	fake_say_in(fake_in(&fx, &ana, "kitchen"), "soup");
	fake_say_in(fake_in(&fx, &ana, "kitchen"), "salad");
	(void)fake_saw(&fx, &bob);
	room_leave(fake_here(&bob), ROOM_LEAVE_SILENT, NULL);
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "past 1 of 2\n2 ana: salad\nlive after past\n");
	miss(1);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 2 ana=2 seen=1\nwaiting lobby 3\n"
	    "1 ana: soup\nlive after catchup\n");
	/* The lobby's greeting was shown, too: the last of the first two. */
	room_leave(fake_in(&fx, &bob, "kitchen"), ROOM_LEAVE_SILENT, NULL);
	(void)room_join(fx.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 3 ana=3 seen=1\n"
	    "1 ana: line 0\n3 ana: line 0\nlive after catchup\n");
}
END_TEST

/* The program is another one meanwhile: before the nick, or in the catch-up. */
START_TEST(test_handed_over)
{
	struct chat_fixture next;
	struct fake people[2];
	struct buf before = BUF_INITIALIZER;
	uint64_t end;

	fx.options.greeting_history = LINES / 2;
	leave_and_miss(LINES);
	end = fx.chat.lobby->history.next_number;
	fixture_settle(&fx);
	if (_i == 1) {
		ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
		show_a_part(&bob);
	}
	buf_add(&before, bob.seen.data, bob.seen.len);
	people[0] = ana;
	people[1] = bob;
	ck_assert(fixture_hand_over(&fx, &next, people, 2));
	if (_i == 0)
		ck_assert_int_eq(fake_nick(&people[1], "bob"), RENAME_RETURNED);
	fake_drain(&people[1]);
	fixture_settle(&next);
	buf_add(&before, people[1].seen.data, people[1].seen.len);
	buf_reset(&people[1].seen);
	buf_add(&people[1].seen, before.data, before.len);
	check_once(&people[1], 1, end);
	buf_fini(&before);
	fake_fini(&people[0]);
	fake_fini(&people[1]);
	fixture_fini(&next);
}
END_TEST

/* A client that says who it is before it comes in sees all of it once. */
START_TEST(test_tracker)
{
	fake_quit(&bob, NULL);
	fake_fini(&bob);
	miss(2);
	fake_init_with(&fx, &bob, 2, &fake_dialect_tracker);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	(void)room_join(fx.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	fixture_settle(&fx);
	check_once(&bob, 1, 3);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "return", fixture_setup, fixture_teardown);

	tcase_add_test(tc, test_greeting_shows_a_part);
	tcase_add_test(tc, test_greeting_shows_all);
	tcase_add_loop_test(tc, test_cut, 0, 2);
	tcase_add_test(tc, test_skipped_by_a_guest);
	tcase_add_test(tc, test_lapped);
	tcase_add_loop_test(tc, test_repeats, 0, 2);
	tcase_add_test(tc, test_lost_again);
	tcase_add_loop_test(tc, test_lost_while_repeating, 0, 2);
	tcase_add_loop_test(tc, test_broken_off, 0, 3);
	tcase_add_test(tc, test_broken_off_again);
	tcase_add_test(tc, test_ignored_by_a_guest);
	tcase_add_test(tc, test_rooms);
	tcase_add_loop_test(tc, test_handed_over, 0, 2);
	tcase_add_test(tc, test_tracker);
}
