/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Nicks, and whose place is whose.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "house.h"
#include "room/directory.h"
#include "room/room.h"

static struct house h;
static struct fake ana, bob, new;
static const struct member *clash;

static void
setup(void)
{
	house_init_options(&h);
	house_init(&h);
	fake_enter(&h, &ana, 1, "ana");
	fake_enter(&h, &bob, 2, "bob");
	(void)fake_saw(&h, &ana);
	fake_init(&h, &new, 2); /* from where bob is */
	(void)fake_saw(&h, &new);
}

static void
teardown(void)
{
	fake_fini(&ana);
	fake_fini(&bob);
	fake_fini(&new);
	house_fini(&h);
}

/* hostile 23 */
START_TEST(test_rename)
{
	setup();
	ck_assert_int_eq(fake_nick(&bob, "rob"), DIRECTORY_RENAMED);
	ck_assert_str_eq(fake_saw(&h, &ana), "nick bob rob\n");
	ck_assert_str_eq(fake_saw(&h, &bob), "");
	ck_assert_int_eq(fake_nick(&bob, "rob"), DIRECTORY_SAME);
	ck_assert_int_eq(fake_nick(&bob, "ROB"), DIRECTORY_RENAMED);
	ck_assert_str_eq(bob.m->nick, "ROB");
	ck_assert_ptr_eq(directory_find(&h.chat.directory, "rob"), bob.m);
	ck_assert_ptr_null(directory_find(&h.chat.directory, "bob"));
	ck_assert_int_eq(directory_rename(bob.m, "Ana", &clash),
	    DIRECTORY_TAKEN);
	ck_assert_ptr_eq(clash, ana.m);
	ck_assert_int_eq(fake_nick(&bob, "1x"), DIRECTORY_REFUSED);
	ck_assert_str_eq(bob.m->nick, "ROB");
	teardown();
}
END_TEST

/* hostile 25 */
START_TEST(test_lookalikes)
{
	setup();
	ck_assert_int_eq(directory_rename(new.m, "b0b", &clash),
	    DIRECTORY_LOOKALIKE);
	ck_assert_ptr_eq(clash, bob.m);
	ck_assert_int_eq(fake_nick(&bob, "b0b"),
	    DIRECTORY_RENAMED); /* oneself */
	ck_assert_int_eq(fake_nick(&bob, "Bill"), DIRECTORY_RENAMED);
	ck_assert_int_eq(fake_nick(&new, "BiII"), DIRECTORY_LOOKALIKE);
	ck_assert_int_eq(fake_nick(&ana, "mike"), DIRECTORY_RENAMED);
	ck_assert_int_eq(fake_nick(&new, "rnike"), DIRECTORY_LOOKALIKE);
	fake_quit(&ana, NULL);
	ck_assert_int_eq(fake_nick(&new, "rnike"), DIRECTORY_RENAMED);
	teardown();
}
END_TEST

START_TEST(test_guests_are_unique)
{
	struct fake other;

	setup();
	ck_assert(new.m->is_guest);
	ck_assert_str_eq(new.m->nick, "guest3");
	h.chat.directory.last_guest = 2;
	fake_init(&h, &other, 9);
	ck_assert_str_eq(other.m->nick, "guest4");
	fake_fini(&other);
	teardown();
}
END_TEST

/* A nick change storm is refused beyond the burst (hostile 26). */
START_TEST(test_too_often)
{
	setup();
	h.options.announce_rate.count = 1;
	h.options.announce_rate.per_ms = 10000;
	bucket_init(&bob.m->announce, 3, h.clock.mono_ms);
	ck_assert_int_eq(fake_nick(&bob, "bobby"), DIRECTORY_RENAMED);
	ck_assert_int_eq(fake_nick(&bob, "bob"), DIRECTORY_RENAMED);
	ck_assert_int_eq(fake_nick(&bob, "rob"), DIRECTORY_RENAMED);
	ck_assert_int_eq(fake_nick(&bob, "roby"), DIRECTORY_TOO_OFTEN);
	ck_assert_str_eq(bob.m->nick, "rob");
	ck_assert_int_eq(member_announce_wait_ms(bob.m), 10000);
	house_pass(&h, 10000);
	ck_assert_int_eq(fake_nick(&bob, "roby"), DIRECTORY_RENAMED);
	teardown();
}
END_TEST

/* A live nick is not taken over by an address (hostile 29). */
START_TEST(test_live_nick_is_safe)
{
	setup();
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_TAKEN);
	ck_assert(!bob.was_replaced);
	teardown();
}
END_TEST

START_TEST(test_uid_takes_over)
{
	struct fake old;

	setup();
	fake_enter(&h, &old, -1000, "dee");
	fake_fini(&new);
	(void)fake_saw(&h, &ana);
	fake_init(&h, &new, -1000);
	fake_say(&ana, "hi");
	house_settle(&h);
	buf_reset(&new.seen);
	ck_assert_int_eq(fake_nick(&new, "dee"), DIRECTORY_RETURNED);
	ck_assert(old.was_replaced);
	ck_assert_str_eq(new.m->nick, "dee");
	ck_assert_str_eq(fake_saw(&h, &new), "welcome dee 0 0\nlive\n");
	/* Without a word to the others. */
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	house_pass(&h, 100000);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	fake_fini(&old);
	teardown();
}
END_TEST

/* What the old session had not received is told in the new one (hostile 36). */
START_TEST(test_takeover_of_unsent)
{
	struct fake old;

	setup();
	fake_enter(&h, &old, -1000, "dee");
	fake_say(&ana, "arrived");
	fake_say(&ana, "stuck");
	ck_assert_str_eq(fake_saw(&h, &old), "1 ana: arrived\n2 ana: stuck\n");
	old.unsent = strlen("2 ana: stuck\n");
	fake_fini(&new);
	fake_init(&h, &new, -1000);
	ck_assert_int_eq(fake_nick(&new, "dee"), DIRECTORY_RETURNED);
	ck_assert(old.was_replaced);
	ck_assert_str_eq(fake_saw(&h, &new),
	    "welcome dee 0 0 repeats=1\nrepeats 1\n2 ana: stuck\n"
	    "live after catchup\n");
	fake_fini(&old);
	teardown();
}
END_TEST

/* A lost connection: silence, and a silent return (design 8). */
START_TEST(test_silent_return)
{
	setup();
	fake_lose(&bob);
	fake_say(&ana, "bob?");
	house_pass(&h, 500);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	buf_reset(&new.seen);
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_RETURNED);
	/* The guest has seen "bob?" live; nothing was missed before. */
	ck_assert_str_eq(fake_saw(&h, &new), "welcome bob 500 0\nlive\n");
	house_pass(&h, 100000);
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	fake_say(&new, "here");
	ck_assert_str_eq(fake_saw(&h, &ana), "2 bob: here\n");
	teardown();
}
END_TEST

START_TEST(test_return_before_the_greeting)
{
	struct fake late;

	setup();
	fake_lose(&bob);
	fake_say(&ana, "one");
	house_settle(&h);
	fake_init(&h, &late, 2);
	ck_assert_int_eq(fake_nick(&late, "bob"), DIRECTORY_RETURNED);
	fake_say(&ana, "two");
	ck_assert_str_eq(fake_saw(&h, &late),
	    "welcome bob 0 1 ana=1\n1 ana: one\n2 ana: two\n"
	    "live after catchup\n");
	fake_fini(&late);
	teardown();
}
END_TEST

START_TEST(test_lost_and_gone)
{
	setup();
	fake_lose(&bob);
	house_pass(&h, 59000);
	ck_assert_str_eq(fake_saw(&h, &ana), "came guest3\n");
	/* hostile 28: from elsewhere, the nick is not free. */
	ck_assert_int_eq(fake_nick(&ana, "bob"), DIRECTORY_TAKEN);
	house_pass(&h, 1000);
	ck_assert_str_eq(fake_saw(&h, &ana), "left bob (connection lost)\n");
	/* Then it is, but not the place (hostile 27). */
	ck_assert_int_eq(fake_nick(&ana, "bob"), DIRECTORY_RENAMED);
	teardown();
}
END_TEST

START_TEST(test_bookmark)
{
	setup();
	fake_quit(&bob, "bye");
	ck_assert_str_eq(fake_saw(&h, &ana), "left bob (bye)\n");
	fake_say(&ana, "bob, where are you?");
	house_settle(&h);
	house_pass(&h, 60000);
	fake_fini(&new);
	fake_init(&h, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "BOB"), DIRECTORY_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &new),
	    "welcome BOB 60000 1 ana=1 mentions=1\n1 ana: bob, where are you?\n"
	    "live after catchup\n");
	house_pass(&h, 2000);
	ck_assert_ptr_nonnull(strstr(fake_saw(&h, &ana), "came BOB\n"));
	ck_assert_uint_eq(h.chat.departed.count, 0);
	teardown();
}
END_TEST

/* Coming back ends a break that the others saw. */
START_TEST(test_lost_on_break)
{
	setup();
	member_break(bob.m, "lunch");
	(void)fake_saw(&h, &ana);
	house_pass(&h, 1000);
	fake_lose(&bob);
	fake_say(&ana, "hi");
	house_pass(&h, 500);
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &ana), "back bob 1500\n");
	ck_assert(!new.m->is_on_break);
	teardown();
}
END_TEST

START_TEST(test_guests_leave_no_bookmark)
{
	setup();
	fake_quit(&new, NULL);
	ck_assert_uint_eq(h.chat.departed.count, 0);
	teardown();
}
END_TEST

START_TEST(test_ignores_and_kept_messages_come_along)
{
	setup();
	ck_assert_int_eq(member_ignore(bob.m, "troll"), 0);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "psst"), MEMBER_QUEUED);
	fake_quit(&bob, NULL);
	fake_fini(&new);
	fake_init(&h, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_RETURNED);
	ck_assert_uint_eq(new.m->person.ignore_count, 1);
	ck_assert(new.m->is_ignorer);
	ck_assert_str_eq(fake_saw(&h, &new),
	    "welcome bob 0 0\nkept 1\nprivate ana: psst\nlive after catchup\n");
	teardown();
}
END_TEST

START_TEST(test_waiting_elsewhere)
{
	struct room *kitchen;

	setup();
	ck_assert_int_eq(chat_open_room(&h.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fake_quit(&bob, NULL);
	room_leave(fake_here(&ana), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, ana.m, ROOM_JOIN_CATCHUP);
	fake_say(&ana, "soup");
	house_settle(&h);
	fake_fini(&new);
	fake_init(&h, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &new),
	    "welcome bob 0 0\nwaiting kitchen 1\nlive\n");
	teardown();
}
END_TEST

/* A guest, whom those with dialects that track members have not seen,
 * becomes bob. */
START_TEST(test_exact_silent_return)
{
	struct fake irc;

	setup();
	fake_fini(&new);
	fake_enter_exact(&h, &irc, 9, "irc");
	fake_lose(&bob);
	fake_init(&h, &new, 2);
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_RETURNED);
	ck_assert(fake_here(&new)->is_joined && fake_here(&new)->is_announced);
	ck_assert_str_eq(fake_saw(&h, &irc), "");
	ck_assert_str_eq(fake_saw(&h, &ana), "came irc\n");
	/* It is as if it had never been otherwise. */
	ck_assert_int_eq(fake_nick(&new, "rob"), DIRECTORY_RENAMED);
	fake_quit(&new, NULL);
	ck_assert_str_eq(fake_saw(&h, &irc), "rename bob rob\nquit rob\n");
	fake_fini(&irc);
	teardown();
}
END_TEST

/* Whom they have seen as a guest becomes bob, whom they see as well. */
START_TEST(test_exact_known_guest_returns)
{
	struct fake irc;

	setup();
	fake_enter_exact(&h, &irc, 9, "irc");
	fake_say(&new, "I am a guest");
	(void)fake_saw(&h, &irc);
	(void)fake_join(&h, &bob, "kitchen");
	(void)fake_join(&h, &irc, "kitchen");
	house_pass(&h, 3000);
	(void)fake_saw(&h, &irc);
	(void)fake_saw(&h, &ana);
	fake_lose(&bob);
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &irc), "quit bob\nrename guest3 bob\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "nick guest3 bob\n");
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &irc), "");
	fake_fini(&irc);
	teardown();
}
END_TEST

/* From a client that registers, in two rooms, with another that is live. */
START_TEST(test_exact_takes_over)
{
	struct fake irc, phone, desk;

	setup();
	fake_fini(&new);
	fake_enter_exact(&h, &irc, 9, "irc");
	fake_enter_exact(&h, &phone, -1000, "cy");
	(void)fake_join(&h, &phone, "kitchen");
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &irc);
	if (_i == 0) {
		fake_init_exact(&h, &desk, -1000, "cy");
		ck_assert(phone.was_replaced);
		(void)fake_join(&h, &desk, "lobby");
		(void)fake_join(&h, &desk, "kitchen");
		ck_assert_str_eq(fake_saw(&h, &irc), "");
	} else {
		/* They were in the lobby by another nick. */
		fake_enter_exact(&h, &desk, -1000, "dee");
		ck_assert_str_eq(fake_saw(&h, &irc), "join dee\n");
		ck_assert_int_eq(fake_nick(&desk, "cy"), DIRECTORY_RETURNED);
		ck_assert_str_eq(fake_saw(&h, &irc),
		    "quit cy\nrename dee cy\n");
	}
	house_pass(&h, 10000);
	ck_assert_str_eq(fake_saw(&h, &irc), "");
	fake_fini(&desk);
	ck_assert_str_eq(fake_saw(&h, &irc), "quit cy\n");
	fake_fini(&phone);
	fake_fini(&irc);
	teardown();
}
END_TEST

/* On break as far as others know, and not any more. */
START_TEST(test_exact_back)
{
	struct fake irc;

	setup();
	fake_enter_exact(&h, &irc, 9, "irc");
	member_break(bob.m, "tea");
	(void)fake_saw(&h, &ana);
	ck_assert_str_eq(fake_saw(&h, &irc), "away bob (tea)\n");
	fake_lose(&bob);
	house_pass(&h, 500);
	ck_assert_int_eq(fake_nick(&new, "bob"), DIRECTORY_RETURNED);
	ck_assert_str_eq(fake_saw(&h, &ana), "back bob 500\n");
	ck_assert_str_eq(fake_saw(&h, &irc), "here bob\n");
	fake_fini(&irc);
	teardown();
}
END_TEST

static Suite *
directory_suite(void)
{
	Suite *suite = suite_create("roster");
	TCase *tc = tcase_create("roster");

	tcase_set_timeout(tc, 60);
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
	tcase_add_test(tc, test_exact_silent_return);
	tcase_add_test(tc, test_exact_known_guest_returns);
	tcase_add_loop_test(tc, test_exact_takes_over, 0, 2);
	tcase_add_test(tc, test_exact_back);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(directory_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
