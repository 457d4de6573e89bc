/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who has a list of names, and that it stays right.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "house.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"

static struct house h;
static struct fake ana, bob, cy;

/* ana and cy have dialects that track members, bob is a plain client. */
static void
setup(void)
{
	house_init_options(&h);
	house_init(&h);
	fake_enter_exact(&h, &ana, 1, "ana");
	fake_enter(&h, &bob, 2, "bob");
	fake_enter_exact(&h, &cy, 3, "cy");
	(void)fake_saw(&h, &ana);
	(void)fake_saw(&h, &bob);
}

static void
teardown(void)
{
	fake_fini(&ana);
	fake_fini(&bob);
	fake_fini(&cy);
	house_fini(&h);
}

static void
tell_setname(struct fake *f, const char *realname)
{
	member_set_realname(f->m, realname);
}

/* However many rooms they share, and whoever speaks which protocol. */
START_TEST(test_once)
{
	struct fake dee;

	setup();
	fake_init_exact(&h, &dee, 4, "dee");
	(void)fake_join(&h, &ana, "kitchen");
	(void)fake_join(&h, &bob, "kitchen");
	(void)fake_join(&h, &cy, "kitchen");
	(void)fake_join(&h, &dee, "garden");
	house_settle(&h);
	buf_reset(&ana.seen);
	buf_reset(&cy.seen);
	tell_setname(&ana, "Ana A.");
	ck_assert_str_eq(fake_saw(&h, &cy), "setname ana (Ana A.)\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "");
	house_pass(&h, 5000); /* bob is announced in the kitchen */
	buf_reset(&cy.seen);
	tell_setname(&bob, "Bob B.");
	ck_assert_str_eq(fake_saw(&h, &cy), "setname bob (Bob B.)\n");
	fake_quit(&bob, "bye");
	ck_assert_str_eq(fake_saw(&h, &cy), "quit bob (bye)\n");
	ck_assert_str_eq(fake_saw(&h, &dee), "");
	fake_fini(&dee);
	teardown();
}
END_TEST

/* Plain people are told what they were told before there were others. */
START_TEST(test_plain_people)
{
	setup();
	tell_setname(&ana, "Ana A.");
	ck_assert_int_eq(fake_nick(&ana, "anna"), DIRECTORY_RENAMED);
	ck_assert_str_eq(fake_saw(&h, &bob), "nick ana anna\n");
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "setname ana (Ana A.)\nrename ana anna\n");
	fake_lose(&ana);
	house_pass(&h, h.options.departure_delay);
	ck_assert_str_eq(fake_saw(&h, &bob), "left anna (connection lost)\n");
	ck_assert_str_eq(fake_saw(&h, &cy), "quit anna (connection lost)\n");
	teardown();
}
END_TEST

/* What was said by the old nick comes before the new one. */
START_TEST(test_in_order)
{
	setup();
	fake_say(&bob, "one");
	ck_assert_int_eq(fake_nick(&bob, "rob"), DIRECTORY_RENAMED);
	fake_say(&bob, "two");
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "1 bob: one\nrename bob rob\n2 rob: two\n");
	fake_say(&bob, "three");
	fake_quit(&bob, NULL);
	ck_assert_str_eq(fake_saw(&h, &cy), "3 rob: three\nquit rob\n");
	teardown();
}
END_TEST

/* Each dialect is rendered, and each is told in theirs. */
START_TEST(test_dialects)
{
	struct fake dee;

	setup();
	fake_enter_exact(&h, &dee, 4, "dee");
	member_set_dialect(dee.m, &house_dialect_exact_other);
	(void)fake_saw(&h, &cy);
	(void)fake_saw(&h, &dee);
	tell_setname(&bob, "Bob");
	ck_assert_str_eq(fake_saw(&h, &cy), "setname bob (Bob)\n");
	ck_assert_str_eq(fake_saw(&h, &dee), "~setname bob (Bob)\n");
	/* And what is told past a room's turn in the same way. */
	member_break(dee.m, NULL);
	member_break(cy.m, NULL);
	(void)fake_saw(&h, &cy);
	(void)fake_saw(&h, &dee);
	fake_quit(&ana, NULL);
	ck_assert_str_eq(fake_saw(&h, &cy), "quit ana\n");
	ck_assert_str_eq(fake_saw(&h, &dee), "~quit ana\n");
	fake_fini(&dee);
	teardown();
}
END_TEST

/* Who becomes exact, or ceases to be. */
START_TEST(test_another_dialect)
{
	struct room *lobby;

	setup();
	lobby = h.chat.lobby;
	ck_assert_uint_eq(lobby->tracker_count, 2);
	member_set_dialect(cy.m, &house_dialect);
	ck_assert_uint_eq(lobby->tracker_count, 1);
	(void)fake_saw(&h, &cy);
	tell_setname(&ana, "A");
	ck_assert_str_eq(fake_saw(&h, &cy), "");
	fake_fini(&bob);
	(void)fake_saw(&h, &ana);
	fake_init(&h, &bob, 2);
	member_set_dialect(bob.m, &house_dialect_exact);
	ck_assert_uint_eq(lobby->tracker_count, 2);
	ck_assert_str_eq(fake_saw(&h, &ana), "join guest4\n");
	ck_assert(fake_here(&bob)->is_joined && fake_here(&bob)->is_announced);
	teardown();
	ck_assert_uint_eq(h.chat.returning, 0);
}
END_TEST

static void
publish(enum event_kind kind, struct membership *actor, const char *other)
{
	struct event event = { .kind = kind, .other = other, .tags = "+t=1" };

	room_publish(actor->room, &event, actor);
}

/* On a break nothing is said to them, but their list of names stays right. */
START_TEST(test_on_break)
{
	setup();
	member_break(cy.m, "tea");
	(void)fake_saw(&h, &bob);
	ck_assert_str_eq(fake_saw(&h, &ana), "away cy (tea)\n");
	fake_say(&bob, "hi");
	ck_assert_int_eq(fake_nick(&bob, "rob"), DIRECTORY_RENAMED);
	publish(EVENT_KICK, fake_here(&ana), "nobody");
	publish(EVENT_KICK, fake_here(&ana), "cy"); /* by their session */
	publish(EVENT_TAGS, fake_here(&ana), NULL);
	room_set_topic(fake_here(&ana), "tea", NULL);
	fake_quit(&ana, NULL);
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "rename bob rob\nkick ana nobody\nquit ana\n");
	member_back(cy.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "1 bob: hi\n2 topic by ana (tea)\n");
	ck_assert_uint_eq(cy.names, 0);
	teardown();
}
END_TEST

/* The names are told at once; what was said, and topics, when they read on. */
START_TEST(test_behind)
{
	struct fake dee;

	setup();
	cy.is_full = true;
	fake_say(&bob, "hi");
	house_settle(&h);
	ck_assert(fake_here(&cy)->is_blocked);
	cy.is_full = false;
	fake_enter_exact(&h, &dee, 4, "dee");
	publish(EVENT_TAGS, fake_here(&ana), NULL);
	room_set_topic(fake_here(&ana), "tea", NULL);
	room_leave(fake_here(&bob), ROOM_LEAVE_PART, "why");
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "join dee\ntags ana +t=1\npart bob (why)\n");
	fake_drain(&cy);
	ck_assert_str_eq(fake_saw(&h, &cy),
	    "1 bob: hi\n2 topic by ana (tea)\n");
	ck_assert_uint_eq(cy.names, 0);
	fake_fini(&dee);
	teardown();
}
END_TEST

/* In a replay, too; and who tells it is not told. */
START_TEST(test_in_a_replay)
{
	setup();
	fake_say(&bob, "hi");
	house_settle(&h);
	(void)fake_saw(&h, &cy);
	replay_start_history(fake_here(&cy), 10);
	publish(EVENT_MODE, fake_here(&ana), NULL);
	publish(EVENT_MODE, fake_here(&cy), NULL);
	ck_assert_str_eq(fake_saw(&h, &cy), "mode ana \n1 bob: hi\n");
	ck_assert_str_eq(fake_saw(&h, &ana), "1 bob: hi\nmode cy \n");
	teardown();
}
END_TEST

/* Names that came in this turn are handed out before somebody reads back. */
START_TEST(test_replay_in_a_turn)
{
	setup();
	fake_say(&bob, "hi");
	(void)fake_saw(&h, &cy);
	publish(EVENT_MODE, fake_here(&ana), NULL);
	replay_start_history(fake_here(&cy), 10);
	ck_assert_str_eq(fake_saw(&h, &cy), "mode ana \n1 bob: hi\n");
	ck_assert_uint_eq(cy.names, 0);
	/* And before a break. */
	publish(EVENT_MODE, fake_here(&ana), NULL);
	member_break(cy.m, NULL);
	ck_assert_str_eq(fake_saw(&h, &cy), "mode ana \n");
	ck_assert(!fake_here(&cy)->needs_names);
	teardown();
}
END_TEST

/* Who refuses a name is told all of them when they read on: _i is how. */
START_TEST(test_refused)
{
	struct fake dee;

	setup();
	(void)fake_join(&h, &cy, "kitchen");
	(void)fake_join(&h, &bob, "garden");
	(void)fake_join(&h, &cy, "garden");
	house_settle(&h);
	if (_i == 1) { /* behind already */
		cy.is_full = true;
		fake_say_in(fake_in(&h, &bob, "lobby"), "hi");
		house_settle(&h);
	} else if (_i == 2) /* in the turn, not past it */
		room_leave(fake_in(&h, &bob, "lobby"), ROOM_LEAVE_PART, NULL);
	else if (_i == 3) { /* on a break */
		member_break(cy.m, NULL);
		house_settle(&h);
	}
	cy.caught_up = 0;
	cy.is_full = true;
	if (_i != 2)
		fake_quit(&bob, NULL);
	house_settle(&h);
	ck_assert(fake_in(&h, &cy, "lobby")->needs_names);
	ck_assert(!fake_in(&h, &cy, "kitchen")->needs_names);
	ck_assert_uint_eq(cy.names, 0);
	fake_drain(&cy);
	if (_i == 3)
		member_back(cy.m, NULL);
	house_settle(&h);
	ck_assert_uint_ge(cy.names, 1);
	ck_assert(!fake_in(&h, &cy, "lobby")->needs_names);
	ck_assert(deliver_is_live(fake_in(&h, &cy, "lobby")));
	buf_reset(&cy.seen);
	fake_enter_exact(&h, &dee, 4, "dee");
	ck_assert_str_eq(fake_saw(&h, &cy), "join dee\n");
	fake_fini(&dee);
	teardown();
}
END_TEST

/* A name that is told in each room is lost in each. */
START_TEST(test_refused_in_all_rooms)
{
	setup();
	(void)fake_join(&h, &ana, "kitchen");
	(void)fake_join(&h, &cy, "kitchen");
	(void)fake_join(&h, &cy, "garden");
	house_settle(&h);
	cy.is_full = true;
	cy.caught_up = 0;
	fake_quit(&ana, NULL);
	ck_assert(fake_in(&h, &cy, "lobby")->needs_names);
	ck_assert(fake_in(&h, &cy, "kitchen")->needs_names);
	ck_assert(!fake_in(&h, &cy, "garden")->needs_names);
	fake_drain(&cy);
	house_settle(&h);
	ck_assert_uint_eq(cy.names, 2);
	ck_assert_uint_eq(cy.caught_up, 2);
	teardown();
}
END_TEST

/* Typing that nobody saw is no loss. */
START_TEST(test_refused_tags)
{
	setup();
	cy.is_full = true;
	publish(EVENT_TAGS, fake_here(&ana), NULL);
	house_settle(&h);
	ck_assert(!fake_here(&cy)->needs_names);
	tell_setname(&ana, "A");
	ck_assert(!fake_here(&cy)->needs_names);
	fake_drain(&cy);
	house_settle(&h);
	ck_assert_uint_eq(cy.names, 0);
	ck_assert(deliver_is_live(fake_here(&cy)));
	teardown();
}
END_TEST

/* Whom they ignore they do not hear, but see come and go. */
START_TEST(test_ignored)
{
	setup();
	ck_assert_int_eq(member_ignore(cy.m, "bob"), 0);
	fake_say(&bob, "spam");
	publish(EVENT_TAGS, fake_here(&bob), NULL);
	publish(EVENT_INVITE, fake_here(&bob), "cy");
	publish(EVENT_MODE, fake_here(&bob), NULL);
	room_leave(fake_here(&bob), ROOM_LEAVE_PART, NULL);
	ck_assert_str_eq(fake_saw(&h, &cy), "mode bob \npart bob\n");
	(void)room_join(h.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	/* The same past the turn. */
	member_set_dialect(cy.m, &house_dialect_exact_other);
	house_pass(&h, 5000);
	(void)fake_saw(&h, &cy);
	replay_start_history(fake_here(&cy), 10);
	publish(EVENT_TAGS, fake_here(&bob), NULL);
	publish(EVENT_KICK, fake_here(&bob), "ana");
	ck_assert_str_eq(fake_saw(&h, &cy), "~kick bob ana\n");
	teardown();
}
END_TEST

/* Nothing that only others read is rendered for plain people, or delivered. */
START_TEST(test_plain_rooms_are_quiet)
{
	uint64_t deliveries, walk;
	size_t segments;

	setup();
	fake_fini(&ana);
	fake_fini(&cy);
	house_settle(&h);
	fake_enter(&h, &ana, 1, "ana");
	ck_assert_uint_eq(h.chat.lobby->tracker_count, 0);
	deliveries = h.chat.deliveries;
	walk = h.chat.roommates.walk;
	room_leave(fake_here(&ana), ROOM_LEAVE_SILENT, NULL);
	ck_assert(!h.chat.lobby->is_dirty);
	tell_setname(&bob, "B");
	ck_assert_uint_eq(h.chat.roommates.walk, walk);
	publish(EVENT_TAGS, fake_here(&bob), NULL);
	segments = LIST_FIRST(&h.chat.lobby->audiences)->segment_count;
	ck_assert_uint_eq(segments, 0);
	house_settle(&h);
	ck_assert_uint_eq(h.chat.deliveries, deliveries);
	teardown();
}
END_TEST

START_TEST(test_share)
{
	struct fake dee;

	setup();
	fake_init_exact(&h, &dee, 4, "dee");
	ck_assert(roommates_share(ana.m, bob.m));
	ck_assert(roommates_share(bob.m, ana.m));
	ck_assert(!roommates_share(ana.m, dee.m));
	ck_assert(roommates_share(dee.m, dee.m));
	(void)fake_join(&h, &dee, "kitchen");
	(void)fake_join(&h, &ana, "kitchen");
	ck_assert(roommates_share(ana.m, dee.m));
	ck_assert(!roommates_share(cy.m, dee.m));
	fake_fini(&dee);
	teardown();
}
END_TEST

static Suite *
roommates_suite(void)
{
	Suite *suite = suite_create("peers");
	TCase *tc = tcase_create("peers");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_once);
	tcase_add_test(tc, test_plain_people);
	tcase_add_test(tc, test_in_order);
	tcase_add_test(tc, test_dialects);
	tcase_add_test(tc, test_another_dialect);
	tcase_add_test(tc, test_on_break);
	tcase_add_test(tc, test_behind);
	tcase_add_test(tc, test_in_a_replay);
	tcase_add_test(tc, test_replay_in_a_turn);
	tcase_add_loop_test(tc, test_refused, 0, 4);
	tcase_add_test(tc, test_refused_in_all_rooms);
	tcase_add_test(tc, test_refused_tags);
	tcase_add_test(tc, test_ignored);
	tcase_add_test(tc, test_plain_rooms_are_quiet);
	tcase_add_test(tc, test_share);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(roommates_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
