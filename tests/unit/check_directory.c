/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Nicks, in trees, in which no choice of them is slow (hostile 49), and who may
 * take over what was left under one.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/directory.h"
#include "room/member-more.h"
#include "room/rename.h"
#include "room/room.h"
#include "unit.h"

static struct fake new;
static const struct member *clash;

static void
setup(void)
{
	fixture_setup();
	fake_init(&fx, &new, 2); /* from where bob is */
	(void)fake_saw(&fx, &new);
}

static void
teardown(void)
{
	fake_fini(&new);
	fixture_teardown();
}

/* hostile 23 */
START_TEST(test_rename)
{
	ck_assert_int_eq(fake_nick(&bob, "rob"), RENAME_DONE);
	ck_assert_str_eq(fake_saw(&fx, &ana), "nick bob rob\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	ck_assert_int_eq(fake_nick(&bob, "rob"), RENAME_SAME);
	ck_assert_int_eq(fake_nick(&bob, "ROB"), RENAME_DONE);
	ck_assert_str_eq(bob.m->nick, "ROB");
	ck_assert_ptr_eq(directory_find(&fx.chat.directory, "rob"), bob.m);
	ck_assert_ptr_null(directory_find(&fx.chat.directory, "bob"));
	ck_assert_int_eq(rename_member(bob.m, "Ana", &clash), RENAME_TAKEN);
	ck_assert_ptr_eq(clash, ana.m);
	ck_assert_int_eq(fake_nick(&bob, "1x"), RENAME_REFUSED);
	ck_assert_str_eq(bob.m->nick, "ROB");
}
END_TEST

/* hostile 25 */
START_TEST(test_lookalikes)
{
	ck_assert_int_eq(rename_member(new.m, "b0b", &clash), RENAME_LOOKALIKE);
	ck_assert_ptr_eq(clash, bob.m);
	ck_assert_int_eq(fake_nick(&bob, "b0b"), RENAME_DONE); /* oneself */
	ck_assert_int_eq(fake_nick(&bob, "Bill"), RENAME_DONE);
	ck_assert_int_eq(fake_nick(&new, "BiII"), RENAME_LOOKALIKE);
	ck_assert_int_eq(fake_nick(&ana, "mike"), RENAME_DONE);
	ck_assert_int_eq(fake_nick(&new, "rnike"), RENAME_LOOKALIKE);
	fake_quit(&ana, NULL);
	ck_assert_int_eq(fake_nick(&new, "rnike"), RENAME_DONE);
}
END_TEST

START_TEST(test_guests_are_unique)
{
	struct fake other;

	ck_assert(new.m->is_guest);
	ck_assert_str_eq(new.m->nick, "guest3");
	fx.chat.directory.last_guest = 2;
	fake_init(&fx, &other, 9);
	ck_assert_str_eq(other.m->nick, "guest4");
	fake_fini(&other);
}
END_TEST

/* A nick change storm is refused beyond the burst (hostile 26). */
START_TEST(test_too_often)
{
	fx.options.announce_rate.count = 1;
	fx.options.announce_rate.per_ms = 10000;
	bucket_init(&member_more(bob.m)->announce[ANNOUNCE_PERSON], 3,
	    fx.clock.mono_ms);
	ck_assert_int_eq(fake_nick(&bob, "bobby"), RENAME_DONE);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_DONE);
	ck_assert_int_eq(fake_nick(&bob, "rob"), RENAME_DONE);
	ck_assert_int_eq(fake_nick(&bob, "roby"), RENAME_TOO_OFTEN);
	ck_assert_str_eq(bob.m->nick, "rob");
	ck_assert_int_eq(member_announce_wait_ms(bob.m, ANNOUNCE_PERSON),
	    10000);
	fixture_pass(&fx, 10000);
	ck_assert_int_eq(fake_nick(&bob, "roby"), RENAME_DONE);
}
END_TEST

/* A live nick is not taken over by an address (hostile 29). */
START_TEST(test_live_nick_is_safe)
{
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_TAKEN);
	ck_assert(!bob.was_replaced);
}
END_TEST

START_TEST(test_uid_takes_over)
{
	struct fake old;

	fake_enter(&fx, &old, -1000, "dee");
	fake_fini(&new);
	(void)fake_saw(&fx, &ana);
	fake_init(&fx, &new, -1000);
	fake_say(&ana, "hi");
	fixture_settle(&fx);
	buf_reset(&new.seen);
	ck_assert_int_eq(fake_nick(&new, "dee"), RENAME_RETURNED);
	ck_assert(old.was_replaced);
	ck_assert_str_eq(new.m->nick, "dee");
	ck_assert_str_eq(fake_saw(&fx, &new), "welcome dee 0 0\nlive\n");
	/* Without a word to the others. */
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	fixture_pass(&fx, 100000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	fake_fini(&old);
}
END_TEST

/* What the old session had not received is told in the new one (hostile 36). */
START_TEST(test_takeover_of_unsent)
{
	struct fake old;

	fake_enter(&fx, &old, -1000, "dee");
	fake_say(&ana, "arrived");
	fake_say(&ana, "stuck");
	ck_assert_str_eq(fake_saw(&fx, &old), "1 ana: arrived\n2 ana: stuck\n");
	old.unsent = strlen("2 ana: stuck\n");
	fake_fini(&new);
	fake_init(&fx, &new, -1000);
	ck_assert_int_eq(fake_nick(&new, "dee"), RENAME_RETURNED);
	ck_assert(old.was_replaced);
	ck_assert_str_eq(fake_saw(&fx, &new),
	    "welcome dee 0 0 repeats=1\nrepeats 1\n2 ana: stuck\n"
	    "live after catchup\n");
	fake_fini(&old);
}
END_TEST

/* A lost connection: silence, and a silent return. */
START_TEST(test_silent_return)
{
	fake_lose(&bob);
	fake_say(&ana, "bob?");
	fixture_pass(&fx, 500);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	buf_reset(&new.seen);
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_RETURNED);
	/* The guest has seen "bob?" live. */
	ck_assert_str_eq(fake_saw(&fx, &new),
	    "welcome bob 500 1 ana=1 mentions=1 seen=1\nlive\n");
	fixture_pass(&fx, 100000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	fake_say(&new, "here");
	ck_assert_str_eq(fake_saw(&fx, &ana), "2 bob: here\n");
}
END_TEST

START_TEST(test_return_before_the_greeting)
{
	struct fake late;

	fake_lose(&bob);
	fake_say(&ana, "one");
	fixture_settle(&fx);
	fake_init(&fx, &late, 2);
	ck_assert_int_eq(fake_nick(&late, "bob"), RENAME_RETURNED);
	fake_say(&ana, "two");
	ck_assert_str_eq(fake_saw(&fx, &late),
	    "welcome bob 0 1 ana=1\n1 ana: one\n2 ana: two\n"
	    "live after catchup\n");
	fake_fini(&late);
}
END_TEST

START_TEST(test_lost_and_gone)
{
	fake_lose(&bob);
	fixture_pass(&fx, 59000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "came guest3\n");
	/* hostile 28: from elsewhere, the nick is not free. */
	ck_assert_int_eq(fake_nick(&ana, "bob"), RENAME_TAKEN);
	fixture_pass(&fx, 1000);
	ck_assert_str_eq(fake_saw(&fx, &ana), "left bob (connection lost)\n");
	/* Then it is, but not the bookmark (hostile 27). */
	ck_assert_int_eq(fake_nick(&ana, "bob"), RENAME_DONE);
}
END_TEST

START_TEST(test_bookmark)
{
	fake_quit(&bob, "bye");
	ck_assert_str_eq(fake_saw(&fx, &ana), "left bob (bye)\n");
	fake_say(&ana, "bob, where are you?");
	fixture_settle(&fx);
	fixture_pass(&fx, 60000);
	fake_fini(&new);
	fake_init(&fx, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "BOB"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &new),
	    "welcome BOB 60000 1 ana=1 mentions=1\n1 ana: bob, where are you?\n"
	    "live after catchup\n");
	fixture_pass(&fx, 2000);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &ana), "came BOB\n"));
	ck_assert_uint_eq(fx.chat.departed.count, 0);
}
END_TEST

/* Coming back ends a break that the others saw. */
START_TEST(test_lost_on_break)
{
	member_break(bob.m, "lunch");
	(void)fake_saw(&fx, &ana);
	fixture_pass(&fx, 1000);
	fake_lose(&bob);
	fake_say(&ana, "hi");
	fixture_pass(&fx, 500);
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &ana), "back bob 1500\n");
	ck_assert(!new.m->is_on_break);
}
END_TEST

START_TEST(test_guests_leave_no_bookmark)
{
	fake_quit(&new, NULL);
	ck_assert_uint_eq(fx.chat.departed.count, 0);
}
END_TEST

START_TEST(test_ignores_and_kept_messages_come_along)
{
	ck_assert_int_eq(member_ignore(bob.m, "troll"), 0);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "psst"), MEMBER_QUEUED);
	fake_quit(&bob, NULL);
	fake_fini(&new);
	fake_init(&fx, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_RETURNED);
	ck_assert_uint_eq(new.m->person.ignore_count, 1);
	ck_assert(new.m->is_ignorer);
	ck_assert_str_eq(fake_saw(&fx, &new),
	    "welcome bob 0 0\nkept 1\nprivate ana: psst\nlive after catchup\n");
}
END_TEST

START_TEST(test_waiting_elsewhere)
{
	struct room *kitchen;

	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fake_quit(&bob, NULL);
	room_leave(fake_here(&ana), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, ana.m, ROOM_JOIN_CATCHUP);
	fake_say(&ana, "soup");
	fixture_settle(&fx);
	fake_fini(&new);
	fake_init(&fx, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &new),
	    "welcome bob 0 0\nwaiting kitchen 1\nlive\n");
}
END_TEST

/* A guest, whom clients that track members have not seen, becomes bob. */
START_TEST(test_tracker_silent_return)
{
	struct fake irc;

	fake_fini(&new);
	fake_enter_tracker(&fx, &irc, 9, "irc");
	fake_lose(&bob);
	fake_init(&fx, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_RETURNED);
	ck_assert(fake_here(&new)->is_joined && fake_here(&new)->is_announced);
	ck_assert_str_eq(fake_saw(&fx, &irc), "");
	ck_assert_str_eq(fake_saw(&fx, &ana), "came irc\n");
	/* It is as if it had never been otherwise. */
	ck_assert_int_eq(fake_nick(&new, "rob"), RENAME_DONE);
	fake_quit(&new, NULL);
	ck_assert_str_eq(fake_saw(&fx, &irc), "rename bob rob\nquit rob\n");
	fake_fini(&irc);
}
END_TEST

/* A guest whom they have seen becomes bob, whom they have seen as well. */
START_TEST(test_tracker_known_guest_returns)
{
	struct fake irc;

	fake_enter_tracker(&fx, &irc, 9, "irc");
	fake_say(&new, "I am a guest");
	(void)fake_saw(&fx, &irc);
	(void)fake_join(&fx, &bob, "kitchen");
	(void)fake_join(&fx, &irc, "kitchen");
	fixture_pass(&fx, 3000);
	(void)fake_saw(&fx, &irc);
	(void)fake_saw(&fx, &ana);
	fake_lose(&bob);
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &irc), "quit bob\nrename guest3 bob\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "nick guest3 bob\n");
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &irc), "");
	fake_fini(&irc);
}
END_TEST

/* A client that registers replaces a live one, which is in two rooms. */
START_TEST(test_tracker_takes_over)
{
	struct fake irc, phone, desk;

	fake_fini(&new);
	fake_enter_tracker(&fx, &irc, 9, "irc");
	fake_enter_tracker(&fx, &phone, -1000, "cy");
	(void)fake_join(&fx, &phone, "kitchen");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &irc);
	if (_i == 0) {
		fake_init_tracker(&fx, &desk, -1000, "cy");
		ck_assert(phone.was_replaced);
		(void)fake_join(&fx, &desk, "lobby");
		(void)fake_join(&fx, &desk, "kitchen");
		ck_assert_str_eq(fake_saw(&fx, &irc), "");
	} else {
		/* They were in the lobby by another nick. */
		fake_enter_tracker(&fx, &desk, -1000, "dee");
		ck_assert_str_eq(fake_saw(&fx, &irc), "join dee\n");
		ck_assert_int_eq(fake_nick(&desk, "cy"), RENAME_RETURNED);
		ck_assert_str_eq(fake_saw(&fx, &irc),
		    "quit cy\nrename dee cy\n");
	}
	fixture_pass(&fx, 10000);
	ck_assert_str_eq(fake_saw(&fx, &irc), "");
	fake_fini(&desk);
	ck_assert_str_eq(fake_saw(&fx, &irc), "quit cy\n");
	fake_fini(&phone);
	fake_fini(&irc);
}
END_TEST

/* On break as far as others know, and not any more. */
START_TEST(test_tracker_back)
{
	struct fake irc;

	fake_enter_tracker(&fx, &irc, 9, "irc");
	member_break(bob.m, "tea");
	(void)fake_saw(&fx, &ana);
	ck_assert_str_eq(fake_saw(&fx, &irc), "away bob (tea)\n");
	fake_lose(&bob);
	fixture_pass(&fx, 500);
	ck_assert_int_eq(fake_nick(&new, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &ana), "back bob 500\n");
	ck_assert_str_eq(fake_saw(&fx, &irc), "here bob\n");
	fake_fini(&irc);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "directory", setup, teardown);

	tcase_add_test(tc, test_rename);
	tcase_add_test(tc, test_lookalikes);
	tcase_add_test(tc, test_guests_are_unique);
	tcase_add_test(tc, test_too_often);
	tcase_add_test(tc, test_live_nick_is_safe);
	tcase_add_test(tc, test_uid_takes_over);
	tcase_add_test(tc, test_takeover_of_unsent);
	tcase_add_test(tc, test_silent_return);
	tcase_add_test(tc, test_return_before_the_greeting);
	tcase_add_test(tc, test_lost_and_gone);
	tcase_add_test(tc, test_bookmark);
	tcase_add_test(tc, test_lost_on_break);
	tcase_add_test(tc, test_guests_leave_no_bookmark);
	tcase_add_test(tc, test_ignores_and_kept_messages_come_along);
	tcase_add_test(tc, test_waiting_elsewhere);
	tcase_add_test(tc, test_tracker_silent_return);
	tcase_add_test(tc, test_tracker_known_guest_returns);
	tcase_add_loop_test(tc, test_tracker_takes_over, 0, 2);
	tcase_add_test(tc, test_tracker_back);
}
