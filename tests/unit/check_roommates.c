/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who has a list of names, and that it stays right.
 */
#include "config.h"

#include <check.h>

#include "chat-fixture.h"
#include "room/cursor.h"
#include "room/publish.h"
#include "room/rename.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"
#include "unit.h"

/* ana and cy have dialects that track members, bob is a plain client. */
static void
setup(void)
{
	fixture_setup_empty();
	fake_enter_tracker(&fx, &ana, 1, "ana");
	fake_enter(&fx, &bob, 2, "bob");
	fake_enter_tracker(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &bob);
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

	fake_init_tracker(&fx, &dee, 4, "dee");
	(void)fake_join(&fx, &ana, "kitchen");
	(void)fake_join(&fx, &bob, "kitchen");
	(void)fake_join(&fx, &cy, "kitchen");
	(void)fake_join(&fx, &dee, "garden");
	fixture_settle(&fx);
	buf_reset(&ana.seen);
	buf_reset(&cy.seen);
	tell_setname(&ana, "Ana A.");
	ck_assert_str_eq(fake_saw(&fx, &cy), "setname ana (Ana A.)\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	fixture_pass(&fx, 5000); /* bob is announced in the kitchen */
	buf_reset(&cy.seen);
	tell_setname(&bob, "Bob B.");
	ck_assert_str_eq(fake_saw(&fx, &cy), "setname bob (Bob B.)\n");
	fake_quit(&bob, "bye");
	ck_assert_str_eq(fake_saw(&fx, &cy), "quit bob (bye)\n");
	ck_assert_str_eq(fake_saw(&fx, &dee), "");
	fake_fini(&dee);
}
END_TEST

/* Plain people are told what they were told before there were others. */
START_TEST(test_plain_people)
{
	tell_setname(&ana, "Ana A.");
	ck_assert_int_eq(fake_nick(&ana, "anna"), RENAME_DONE);
	ck_assert_str_eq(fake_saw(&fx, &bob), "nick ana anna\n");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "setname ana (Ana A.)\nrename ana anna\n");
	fake_lose(&ana);
	fixture_pass(&fx, fx.options.departure_delay);
	ck_assert_str_eq(fake_saw(&fx, &bob), "left anna (connection lost)\n");
	ck_assert_str_eq(fake_saw(&fx, &cy), "quit anna (connection lost)\n");
}
END_TEST

/* What was said by the old nick comes before the new one. */
START_TEST(test_in_order)
{
	fake_say(&bob, "one");
	ck_assert_int_eq(fake_nick(&bob, "rob"), RENAME_DONE);
	fake_say(&bob, "two");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "1 bob: one\nrename bob rob\n2 rob: two\n");
	fake_say(&bob, "three");
	fake_quit(&bob, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "3 rob: three\nquit rob\n");
}
END_TEST

/* Each dialect is rendered, and each is told in theirs. */
START_TEST(test_dialects)
{
	struct fake dee;

	fake_enter_tracker(&fx, &dee, 4, "dee");
	member_set_dialect(&dee.m->client, &fake_dialect_tracker_other);
	(void)fake_saw(&fx, &cy);
	(void)fake_saw(&fx, &dee);
	tell_setname(&bob, "Bob");
	ck_assert_str_eq(fake_saw(&fx, &cy), "setname bob (Bob)\n");
	ck_assert_str_eq(fake_saw(&fx, &dee), "~setname bob (Bob)\n");
	/* And what is told past a room's turn in the same way. */
	member_break(dee.m, NULL);
	member_break(cy.m, NULL);
	(void)fake_saw(&fx, &cy);
	(void)fake_saw(&fx, &dee);
	fake_quit(&ana, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "quit ana\n");
	ck_assert_str_eq(fake_saw(&fx, &dee), "~quit ana\n");
	fake_fini(&dee);
}
END_TEST

/* Who begins to track members, or ceases to. */
START_TEST(test_another_dialect)
{
	struct room *lobby;

	lobby = fx.chat.lobby;
	ck_assert_uint_eq(lobby->tracker_count, 2);
	member_set_dialect(&cy.m->client, &fake_dialect);
	ck_assert_uint_eq(lobby->tracker_count, 1);
	(void)fake_saw(&fx, &cy);
	tell_setname(&ana, "A");
	ck_assert_str_eq(fake_saw(&fx, &cy), "");
	fake_fini(&bob);
	(void)fake_saw(&fx, &ana);
	fake_init(&fx, &bob, 2);
	member_set_dialect(&bob.m->client, &fake_dialect_tracker);
	ck_assert_uint_eq(lobby->tracker_count, 2);
	ck_assert_str_eq(fake_saw(&fx, &ana), "join guest4\n");
	ck_assert(fake_here(&bob)->is_joined && fake_here(&bob)->is_announced);
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
	member_break(cy.m, "tea");
	(void)fake_saw(&fx, &bob);
	ck_assert_str_eq(fake_saw(&fx, &ana), "away cy (tea)\n");
	fake_say(&bob, "hi");
	ck_assert_int_eq(fake_nick(&bob, "rob"), RENAME_DONE);
	publish(EVENT_KICK, fake_here(&ana), "nobody");
	publish(EVENT_KICK, fake_here(&ana), "cy"); /* by their session */
	publish(EVENT_TAGS, fake_here(&ana), NULL);
	room_set_topic(fake_here(&ana), "tea", NULL);
	fake_quit(&ana, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "rename bob rob\nkick ana nobody\nquit ana\n");
	member_back(cy.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "1 bob: hi\n2 topic by ana (tea)\n");
	ck_assert_uint_eq(cy.names, 0);
}
END_TEST

/* The names are told at once; what was said, and topics, when they read on. */
START_TEST(test_behind)
{
	struct fake dee;

	cy.is_full = true;
	fake_say(&bob, "hi");
	fixture_settle(&fx);
	ck_assert(fake_here(&cy)->cursor.delivery.is_blocked);
	cy.is_full = false;
	fake_enter_tracker(&fx, &dee, 4, "dee");
	publish(EVENT_TAGS, fake_here(&ana), NULL);
	room_set_topic(fake_here(&ana), "tea", NULL);
	room_leave(fake_here(&bob), ROOM_LEAVE_PART, "why");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "join dee\ntags ana +t=1\npart bob (why)\n");
	fake_drain(&cy);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "1 bob: hi\n2 topic by ana (tea)\n");
	ck_assert_uint_eq(cy.names, 0);
	fake_fini(&dee);
}
END_TEST

/* In a replay, too; and who tells it is not told. */
START_TEST(test_in_a_replay)
{
	fake_say(&bob, "hi");
	fixture_settle(&fx);
	(void)fake_saw(&fx, &cy);
	replay_start_history(&fake_here(&cy)->cursor, 10);
	publish(EVENT_MODE, fake_here(&ana), NULL);
	publish(EVENT_MODE, fake_here(&cy), NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "mode ana \n1 bob: hi\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 bob: hi\nmode cy \n");
}
END_TEST

/* Names that came in this turn are handed out before somebody reads back. */
START_TEST(test_replay_in_a_turn)
{
	fake_say(&bob, "hi");
	(void)fake_saw(&fx, &cy);
	publish(EVENT_MODE, fake_here(&ana), NULL);
	replay_start_history(&fake_here(&cy)->cursor, 10);
	ck_assert_str_eq(fake_saw(&fx, &cy), "mode ana \n1 bob: hi\n");
	ck_assert_uint_eq(cy.names, 0);
	/* And before a break. */
	publish(EVENT_MODE, fake_here(&ana), NULL);
	member_break(cy.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "mode ana \n");
	ck_assert(!fake_here(&cy)->cursor.needs_names);
}
END_TEST

/* Who refuses a name is told all of them when they read on: _i is how. */
START_TEST(test_refused)
{
	struct fake dee;

	(void)fake_join(&fx, &cy, "kitchen");
	(void)fake_join(&fx, &bob, "garden");
	(void)fake_join(&fx, &cy, "garden");
	fixture_settle(&fx);
	if (_i == 1) { /* behind already */
		cy.is_full = true;
		fake_say_in(fake_in(&fx, &bob, "lobby"), "hi");
		fixture_settle(&fx);
	} else if (_i == 2) /* in the turn, not past it */
		room_leave(fake_in(&fx, &bob, "lobby"), ROOM_LEAVE_PART, NULL);
	else if (_i == 3) { /* on a break */
		member_break(cy.m, NULL);
		fixture_settle(&fx);
	}
	cy.caught_up = 0;
	cy.is_full = true;
	if (_i != 2)
		fake_quit(&bob, NULL);
	fixture_settle(&fx);
	ck_assert(fake_in(&fx, &cy, "lobby")->cursor.needs_names);
	ck_assert(!fake_in(&fx, &cy, "kitchen")->cursor.needs_names);
	ck_assert_uint_eq(cy.names, 0);
	fake_drain(&cy);
	if (_i == 3)
		member_back(cy.m, NULL);
	fixture_settle(&fx);
	ck_assert_uint_ge(cy.names, 1);
	ck_assert(!fake_in(&fx, &cy, "lobby")->cursor.needs_names);
	ck_assert(cursor_is_live(&fake_in(&fx, &cy, "lobby")->cursor));
	buf_reset(&cy.seen);
	fake_enter_tracker(&fx, &dee, 4, "dee");
	ck_assert_str_eq(fake_saw(&fx, &cy), "join dee\n");
	fake_fini(&dee);
}
END_TEST

/* A name that is told in each room is lost in each. */
START_TEST(test_refused_in_all_rooms)
{
	(void)fake_join(&fx, &ana, "kitchen");
	(void)fake_join(&fx, &cy, "kitchen");
	(void)fake_join(&fx, &cy, "garden");
	fixture_settle(&fx);
	cy.is_full = true;
	cy.caught_up = 0;
	fake_quit(&ana, NULL);
	ck_assert(fake_in(&fx, &cy, "lobby")->cursor.needs_names);
	ck_assert(fake_in(&fx, &cy, "kitchen")->cursor.needs_names);
	ck_assert(!fake_in(&fx, &cy, "garden")->cursor.needs_names);
	fake_drain(&cy);
	fixture_settle(&fx);
	ck_assert_uint_eq(cy.names, 2);
	ck_assert_uint_eq(cy.caught_up, 2);
}
END_TEST

/* Typing that nobody saw is no loss. */
START_TEST(test_refused_tags)
{
	cy.is_full = true;
	publish(EVENT_TAGS, fake_here(&ana), NULL);
	fixture_settle(&fx);
	ck_assert(!fake_here(&cy)->cursor.needs_names);
	tell_setname(&ana, "A");
	ck_assert(!fake_here(&cy)->cursor.needs_names);
	fake_drain(&cy);
	fixture_settle(&fx);
	ck_assert_uint_eq(cy.names, 0);
	ck_assert(cursor_is_live(&fake_here(&cy)->cursor));
}
END_TEST

/* Whom they ignore they do not hear, but see come and go. */
START_TEST(test_ignored)
{
	ck_assert_int_eq(member_ignore(cy.m, "bob"), 0);
	fake_say(&bob, "spam");
	publish(EVENT_TAGS, fake_here(&bob), NULL);
	publish(EVENT_INVITE, fake_here(&bob), "cy");
	publish(EVENT_MODE, fake_here(&bob), NULL);
	room_leave(fake_here(&bob), ROOM_LEAVE_PART, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "mode bob \npart bob\n");
	(void)room_join(fx.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	/* The same past the turn. */
	member_set_dialect(&cy.m->client, &fake_dialect_tracker_other);
	fixture_pass(&fx, 5000);
	(void)fake_saw(&fx, &cy);
	replay_start_history(&fake_here(&cy)->cursor, 10);
	publish(EVENT_TAGS, fake_here(&bob), NULL);
	publish(EVENT_KICK, fake_here(&bob), "ana");
	ck_assert_str_eq(fake_saw(&fx, &cy), "~kick bob ana\n");
}
END_TEST

/* Nothing that only others read is rendered for plain people, or delivered. */
START_TEST(test_plain_rooms_are_quiet)
{
	uint64_t deliveries, walk;
	size_t segments;

	fake_fini(&ana);
	fake_fini(&cy);
	fixture_settle(&fx);
	fake_enter(&fx, &ana, 1, "ana");
	ck_assert_uint_eq(fx.chat.lobby->tracker_count, 0);
	deliveries = fx.chat.deliveries;
	walk = fx.chat.roommates.walk;
	room_leave(fake_here(&ana), ROOM_LEAVE_SILENT, NULL);
	ck_assert(!fx.chat.lobby->is_dirty);
	tell_setname(&bob, "B");
	ck_assert_uint_eq(fx.chat.roommates.walk, walk);
	publish(EVENT_TAGS, fake_here(&bob), NULL);
	segments = LIST_FIRST(&fx.chat.lobby->audiences)->segment_count;
	ck_assert_uint_eq(segments, 0);
	fixture_settle(&fx);
	ck_assert_uint_eq(fx.chat.deliveries, deliveries);
}
END_TEST

START_TEST(test_share)
{
	struct fake dee;

	fake_init_tracker(&fx, &dee, 4, "dee");
	ck_assert(roommates_share(ana.m, bob.m));
	ck_assert(roommates_share(bob.m, ana.m));
	ck_assert(!roommates_share(ana.m, dee.m));
	ck_assert(roommates_share(dee.m, dee.m));
	(void)fake_join(&fx, &dee, "kitchen");
	(void)fake_join(&fx, &ana, "kitchen");
	ck_assert(roommates_share(ana.m, dee.m));
	ck_assert(!roommates_share(cy.m, dee.m));
	fake_fini(&dee);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "roommates", setup, fixture_teardown);

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
}
