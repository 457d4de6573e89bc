/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Delivery, greeting, catch-up and slow readers, as people see them.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/deliver.h"
#include "room/cursor.h"
#include "room/person.h"
#include "room/publish.h"
#include "room/pump.h"
#include "room/rename.h"
#include "room/room.h"
#include "unit.h"

START_TEST(test_talk)
{
	fake_say(&ana, "hi");
	ck_assert_str_eq(fake_saw(&fx, &bob), "1 ana: hi\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), ""); /* not their own */
	fake_speak(fake_here(&bob),
	    &(struct event){
		.kind = EVENT_ME, .text = "waves", .text_len = 5 });
	ck_assert_str_eq(fake_saw(&fx, &ana), "2 * bob waves\n");
}
END_TEST

/* The k lines of a turn are one write to each (hostile 47). */
START_TEST(test_turn_is_one_write)
{
	unsigned before;

	fake_enter(&fx, &cy, 3, "cy");
	before = cy.deliveries;
	fake_say(&ana, "one");
	fake_say(&bob, "two");
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "1 ana: one\n2 bob: two\n3 ana: three\n");
	ck_assert_uint_eq(cy.deliveries, before + 1);
	(void)fake_saw(&fx, &ana);
	ck_assert_uint_eq(cy.deliveries, before + 1);
}
END_TEST

START_TEST(test_speakers_see_the_others)
{
	fake_say(&ana, "one");
	fake_say(&bob, "two");
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&fx, &ana), "2 bob: two\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "1 ana: one\n3 ana: three\n");
}
END_TEST

START_TEST(test_large_turn_is_flushed)
{
	char text[1000];
	unsigned before;
	int i;

	before = bob.deliveries;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 40; i++)
		fake_say(&ana, text);
	ck_assert_uint_eq(bob.deliveries, before + 1); /* not the turn's end */
}
END_TEST

START_TEST(test_two_dialects)
{
	member_set_dialect(&bob.m->client, &fake_dialect_other);
	fake_say(&ana, "before the turn");
	ck_assert_str_eq(fake_saw(&fx, &bob), "~1 ana: before the turn\n");
	fake_say(&ana, "after");
	ck_assert_str_eq(fake_saw(&fx, &bob), "~2 ana: after\n");
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&fx, &ana), "3 bob: hi\n");
}
END_TEST

START_TEST(test_newcomer_sees_the_past)
{
	char text[16];
	int i;

	for (i = 1; i <= 25; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		fake_say(&ana, text);
	}
	fixture_settle(&fx);
	fx.options.greeting_history = 3;
	fake_init(&fx, &cy, 3);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "past 3 of 25\n23 ana: 23\n24 ana: 24\n25 ana: 25\n"
	    "live after past\n");
	fake_say(&bob, "x");
	ck_assert_str_eq(fake_saw(&fx, &cy), "26 bob: x\n");
}
END_TEST

/* What was said in the turn before they came counts as the past, too. */
START_TEST(test_newcomer_within_a_turn)
{
	fx.options.greeting_history = 1;
	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fake_init(&fx, &cy, 3);
	fake_say(&ana, "three");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "past 2 of 3\n2 ana: two\n3 ana: three\nlive after past\n");
	fake_fini(&cy);
	fx.options.greeting_history = 0;
	fake_say(&ana, "four");
	fake_init(&fx, &cy, 3);
	ck_assert_str_eq(fake_saw(&fx, &cy), "live\n");
}
END_TEST

/* A date line before what is not of today, and at each change of day. */
START_TEST(test_date_lines)
{
	const int64_t day_ms = 24 * 3600 * 1000;

	fake_say(&ana, "one");
	fake_say(&ana, "two");
	fx.clock.wall_ms += day_ms;
	fake_say(&ana, "three");
	fixture_settle(&fx);
	fake_init(&fx, &cy, 3);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "past 3 of 3\ndate\n1 ana: one\n2 ana: two\ndate\n3 ana: three\n"
	    "live after past\n");
	fake_fini(&cy);
	/* hostile 72: the clock jumps back by a year; the order stays. */
	fx.clock.wall_ms -= 365 * day_ms;
	fake_say(&ana, "four");
	fixture_settle(&fx);
	fake_init(&fx, &cy, 3);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "past 4 of 4\ndate\n1 ana: one\n2 ana: two\ndate\n3 ana: three\n"
	    "date\n4 ana: four\nlive after past\n");
}
END_TEST

START_TEST(test_newcomer_in_an_empty_room)
{
	fake_init(&fx, &cy, 3);
	ck_assert_str_eq(fake_saw(&fx, &cy), "live\n");
}
END_TEST

START_TEST(test_break_and_back)
{
	member_break(bob.m, "lunch");
	ck_assert_str_eq(fake_saw(&fx, &ana), "break bob (lunch)\n");
	fake_say(&ana, "hey bob");
	fake_say(&ana, "bobby?");
	fake_enter(&fx, &cy, 3, "cy");
	fake_say(&cy, "BOB!");
	fixture_pass(&fx, 60000);
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	(void)fake_saw(&fx, &ana);
	member_back(bob.m, NULL);
	fake_say(&ana, "meanwhile");
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 62000 3 ana=2 cy=1 mentions=2\n"
	    "1 ana: hey bob\n2 ana: bobby?\n3 cy: BOB!\n4 ana: meanwhile\n"
	    "live after catchup\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), "back bob 62000\n");
	fake_say(&ana, "next");
	ck_assert_str_eq(fake_saw(&fx, &bob), "5 ana: next\n");
}
END_TEST

START_TEST(test_back_to_nothing)
{
	member_break(bob.m, NULL);
	fixture_pass(&fx, 5000);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob), "welcome bob 5000 0\nlive\n");
}
END_TEST

/* What was said in the turn of the break was not seen (hostile 35). */
START_TEST(test_break_within_a_turn)
{
	fake_say(&bob, "I am off");
	fake_say(&ana, "bye");
	member_break(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 1 ana=1\n2 ana: bye\nlive after catchup\n");
}
END_TEST

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

/* hostile 32: a gap of the exact size, then what is held. */
START_TEST(test_lapped)
{
	uint64_t first;
	char expected[64];
	const char *saw;

	/* Topics are numbered, too: this is 1. */
	room_set_topic(fake_here(&ana), "t", NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob), "1 topic by ana (t)\n");
	member_break(bob.m, NULL);
	say_much(&ana, 40000);
	first = fx.chat.lobby->history.first_number;
	ck_assert_uint_gt(first, 2);
	member_back(bob.m, NULL);
	saw = fake_saw(&fx, &bob);
	ck_assert_ptr_nonnull(strchr(saw, '\n'));
	(void)snprintf(expected, sizeof(expected), "gap %llu\n%llu ana",
	    (unsigned long long)first - 2, (unsigned long long)first);
	ck_assert_msg(strncmp(strchr(saw, '\n') + 1, expected,
			  strlen(expected)) == 0,
	    "expected %s", expected);
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

	fake_enter(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &bob);
	bob.is_full = true;
	fake_say(&ana, "one");
	ck_assert_str_eq(fake_saw(&fx, &cy), "1 ana: one\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	ck_assert(!cursor_is_live(&fake_here(&bob)->cursor));
	fake_say(&bob, "mine");
	fake_say(&ana, "two");
	fixture_settle(&fx);
	fake_drain(&bob);
	ck_assert_str_eq(fake_saw(&fx, &bob), "1 ana: one\n3 ana: two\n");
	ck_assert(cursor_is_live(&fake_here(&bob)->cursor));

	bob.is_full = true;
	say_much(&ana, 40000);
	first = fx.chat.lobby->history.first_number;
	fake_drain(&bob);
	(void)snprintf(expected, sizeof(expected), "gap %llu\n%llu ana",
	    (unsigned long long)first - 4, (unsigned long long)first);
	ck_assert_int_eq(strncmp(fake_saw(&fx, &bob), expected,
			     strlen(expected)),
	    0);
}
END_TEST

/* hostile 37: ignored lines are hidden live and replayed, and not counted. */
START_TEST(test_ignore)
{
	fake_enter(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(member_ignore(bob.m, "CY"), 0);
	fake_say(&cy, "spam");
	fake_say(&ana, "ham");
	ck_assert_str_eq(fake_saw(&fx, &bob), "2 ana: ham\n");
	/* It goes along with a change of nick. */
	ck_assert_int_eq(fake_nick(&cy, "dee"), RENAME_DONE);
	fake_say(&cy, "spam");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	member_break(bob.m, NULL);
	fake_say(&cy, "spam");
	fake_say(&ana, "ham");
	fixture_settle(&fx);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 1 ana=1\n5 ana: ham\nlive after catchup\n");
	ck_assert_int_eq(member_unignore(bob.m, "cy"), -1);
	ck_assert_int_eq(member_unignore(bob.m,
			     "somebody-whose-name-is-longer-than-any-nick"),
	    -1);
	ck_assert_int_eq(member_unignore(bob.m, "Dee"), 0);
	fake_say(&cy, "sorry");
	ck_assert_str_eq(fake_saw(&fx, &bob), "6 dee: sorry\n");
}
END_TEST

/* A room that was left is a cursor too. */
START_TEST(test_two_rooms)
{
	struct room *kitchen;

	ck_assert_int_eq(chat_open_room(&fx.chat, "Kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_FOUND);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, kitchen->name);
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &ana), "went bob kitchen\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), "live\n");
	fake_say(&ana, "in the lobby");
	fake_say(&bob, "in the kitchen");
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	fixture_pass(&fx, 3000);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "lobby");
	(void)room_join(fx.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 3000 1 ana=1\n1 ana: in the lobby\n"
	    "live after catchup\n");
}
END_TEST

/* The room layer has members of many rooms at once. */
START_TEST(test_in_both_rooms_at_once)
{
	struct room *kitchen;

	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	(void)room_join(kitchen, ana.m, ROOM_JOIN_CATCHUP);
	(void)fake_saw(&fx, &bob);
	fake_say_in(member_in(ana.m, kitchen), "k");
	fake_say_in(member_in(ana.m, fx.chat.lobby), "l");
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob), "1 ana: k\n"));
	member_break(bob.m, NULL);
	fake_say_in(member_in(ana.m, kitchen), "k2");
	fake_say_in(member_in(ana.m, fx.chat.lobby), "l2");
	fixture_settle(&fx);
	buf_reset(&bob.seen);
	member_back(bob.m, NULL);
	fixture_settle(&fx);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&bob.seen), "2 ana: k2\n"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&bob.seen), "2 ana: l2\n"));
}
END_TEST

START_TEST(test_rooms_come_and_go)
{
	struct room *room, *used;
	char name[16];
	int i;

	fx.options.max_rooms = 4;
	ck_assert_int_eq(chat_open_room(&fx.chat, "used", &used),
	    CHAT_ROOM_MADE);
	(void)room_join(used, ana.m, ROOM_JOIN_CATCHUP);
	for (i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "room%d", i);
		fx.clock.mono_ms++;
		ck_assert_int_eq(chat_open_room(&fx.chat, name, &room),
		    CHAT_ROOM_MADE);
		ck_assert_uint_le(fx.chat.count, 4);
	}
	ck_assert_ptr_eq(chat_find_room(&fx.chat, "used"), used);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "room17"));
	ck_assert_ptr_nonnull(chat_find_room(&fx.chat, "room18"));
	/* Those in which nothing was said go by themselves. */
	fixture_pass(&fx, 120000);
	ck_assert_uint_eq(fx.chat.count, 2);
	fx.options.room_create = ROOM_CREATE_NOBODY;
	ck_assert_int_eq(chat_open_room(&fx.chat, "x", &room),
	    CHAT_ROOM_NOT_ALLOWED);
	fx.options.room_create = ROOM_CREATE_ANYONE;
	fx.options.max_rooms = 2;
	ck_assert_int_eq(chat_open_room(&fx.chat, "x", &room), CHAT_ROOMS_FULL);
}
END_TEST

/* hostile 34: a thousand come back at once; a turn stays small. */
START_TEST(test_many_back_at_once)
{
	static struct fake many[1000];
	size_t i, lines, bytes;
	char nick[16];

	fx.options.presence_window = 0;
	for (i = 0; i < 1000; i++) {
		fake_init(&fx, &many[i], 3);
		(void)snprintf(nick, sizeof(nick), "p%zu", i + 1000);
		(void)fake_nick(&many[i], nick);
	}
	fixture_settle(&fx);
	for (i = 0; i < 1000; i++)
		member_break(many[i].m, NULL);
	say_much(&ana, 10000);
	for (i = 0; i < 1000; i++) {
		buf_reset(&many[i].seen);
		member_back(many[i].m, NULL);
	}
	for (lines = 0; lines < 100; lines++) {
		(void)publish_turn(&fx.chat);
		for (i = 0, bytes = 0; i < 1000; i++) {
			bytes += many[i].seen.len;
			buf_reset(&many[i].seen);
		}
		ck_assert_uint_le(bytes, 2 * PUMP_TURN);
	}
	for (i = 0; i < 1000; i++)
		fake_fini(&many[i]);
}
END_TEST

/* For a session that echoes it. */
START_TEST(test_say_is_filled_in)
{
	struct event event = {
		.kind = EVENT_NOTICE,
		.text = "careful",
		.text_len = 7,
	};

	fake_speak(fake_here(&bob), &event);
	ck_assert_uint_eq(event.number, 1);
	ck_assert_int_eq(event.time_ms, fx.clock.wall_ms);
	ck_assert_str_eq(event.room, "lobby");
	ck_assert_str_eq(event.nick, "bob");
	ck_assert_ptr_eq(event.from, bob.m);
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 notice bob: careful\n");
	/* It is in the ring, and counts as said. */
	member_break(ana.m, NULL);
	fake_speak(fake_here(&bob), &event);
	fixture_settle(&fx);
	member_back(ana.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "welcome ana 0 1 bob=1\n2 notice bob: careful\n"
	    "live after catchup\n");
}
END_TEST

/* Live, to those who can show them, and nowhere else. */
START_TEST(test_tags)
{
	struct event event = { .kind = EVENT_TAGS, .tags = "+typing=active" };
	struct event said = {
		.kind = EVENT_SAY,
		.text = "hi",
		.text_len = 2,
		.tags = "+reply=7",
	};

	fake_enter_tracker(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &ana);
	fake_speak(fake_here(&bob), &event);
	ck_assert_uint_eq(event.number, 0);
	ck_assert_uint_ne(event.msgid, 0);
	fake_speak(fake_here(&bob), &said);
	ck_assert_uint_eq(said.number, 1);
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 bob: hi\n");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "tags bob +typing=active\n1 bob: hi\n");
	ck_assert_uint_eq(history_count(&fx.chat.lobby->history), 1);
}
END_TEST

/* What one person says in several rooms comes in that order. */
START_TEST(test_order_of_one)
{
	struct event outside = {
		.kind = EVENT_SAY, .text = "o", .text_len = 1
	};
	struct event psst = {
		.kind = EVENT_PRIVATE, .text = "psst", .text_len = 4
	};
	struct membership *lobby = fake_here(&ana), *den, *attic;
	struct room *room;

	den = fake_join(&fx, &ana, "den");
	attic = fake_join(&fx, &ana, "attic");
	(void)fake_join(&fx, &bob, "den");
	(void)fake_join(&fx, &bob, "attic");
	member_show(ana.m);
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &bob);
	fake_say_in(den, "a1");
	fake_say_in(lobby, "b1");
	fake_say_in(attic, "c1");
	fake_say_in(den, "a2");
	fake_say_in(lobby, "b2");
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "1 ana: a1\n1 ana: b1\n1 ana: c1\n2 ana: a2\n2 ana: b2\n");
	/* A room that is flushed at once takes with it what comes before. */
	fake_say_in(den, "a3");
	fake_say_in(lobby, "b3");
	deliver_flush(lobby->room);
	fake_say_in(attic, "c2");
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "3 ana: a3\n3 ana: b3\n2 ana: c2\n");
	/* So does a private message. */
	fake_say_in(den, "a4");
	fake_say_in(lobby, "b4");
	ck_assert_int_eq(member_tell(bob.m, ana.m, &psst), MEMBER_TOLD);
	fake_say_in(den, "a5");
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "4 ana: a4\n4 ana: b4\nprivate ana: psst\n5 ana: a5\n");
	/* And from a room in which they are not. */
	room = attic->room;
	room_leave(attic, ROOM_LEAVE_PART, NULL);
	(void)fake_saw(&fx, &bob);
	outside.from = ana.m;
	deliver_begin(room, ana.m);
	room_publish(room, &outside, NULL);
	fake_say_in(den, "a6");
	memset(&psst, 0, sizeof(psst));
	psst.kind = EVENT_PRIVATE;
	psst.text = "psst";
	psst.text_len = 4;
	ck_assert_int_eq(member_tell(bob.m, ana.m, &psst), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "3 ana: o\n6 ana: a6\nprivate ana: psst\n");
}
END_TEST

/* Others' turns stay whole: only what would be in disorder costs a write. */
START_TEST(test_order_costs_no_more)
{
	struct event psst = {
		.kind = EVENT_PRIVATE, .text = "psst", .text_len = 4
	};
	struct membership *lobby = fake_here(&ana), *den;
	unsigned before;

	(void)fake_join(&fx, &ana, "den");
	den = fake_join(&fx, &bob, "den");
	fake_enter(&fx, &cy, 3, "cy");
	fixture_settle(&fx);
	(void)fake_saw(&fx, &ana);
	(void)fake_saw(&fx, &cy);
	before = cy.deliveries;
	fake_say_in(lobby, "1");
	fake_say_in(lobby, "2");
	fake_say_in(den, "k");
	ck_assert_int_eq(member_tell(cy.m, bob.m, &psst), MEMBER_TOLD);
	fake_say_in(lobby, "3");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "private bob: psst\n1 ana: 1\n2 ana: 2\n3 ana: 3\n");
	ck_assert_uint_eq(cy.deliveries - before, 2);
}
END_TEST

START_TEST(test_say_from_outside)
{
	struct event event = { .kind = EVENT_SAY, .text = "hi", .text_len = 2 };

	fake_init_tracker(&fx, &cy, 3, "cy");
	event.from = cy.m;
	room_publish(fx.chat.lobby, &event, NULL);
	ck_assert_uint_eq(event.number, 1);
	ck_assert_ptr_eq(event.from, cy.m);
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 cy: hi\n");
	ck_assert_str_eq(fake_saw(&fx, &cy), "");
	/* Whom they ignore, there as well. */
	ck_assert_int_eq(member_ignore(ana.m, "cy"), 0);
	event.from = cy.m;
	room_publish(fx.chat.lobby, &event, NULL);
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	ck_assert_str_eq(fake_saw(&fx, &bob), "1 cy: hi\n2 cy: hi\n");
}
END_TEST

/* Nothing is shown, not even that which was missed; private messages are. */
START_TEST(test_quiet_join)
{
	struct membership *ms;

	fake_say(&ana, "old");
	fake_init_tracker(&fx, &cy, 3, "cy");
	member_set_dialect(&cy.m->client, &fake_dialect); /* would show all */
	(void)room_join(fx.chat.lobby, cy.m, ROOM_JOIN_QUIET);
	fake_say(&ana, "new");
	ck_assert_str_eq(fake_saw(&fx, &cy), "2 ana: new\n");
	ck_assert(cursor_is_live(&fake_here(&cy)->cursor));
	member_break(cy.m, NULL);
	fake_say(&ana, "missed");
	fixture_settle(&fx);
	ck_assert_int_eq(fake_tell(&cy, &ana, "psst"), MEMBER_QUEUED);
	room_leave(fake_here(&cy), ROOM_LEAVE_PART, NULL);
	member_back(cy.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "private ana: psst\n");
	ck_assert_ptr_nonnull(person_bookmark(&cy.m->person, fx.chat.lobby));
	ms = room_join(fx.chat.lobby, cy.m, ROOM_JOIN_QUIET);
	ck_assert_ptr_null(person_bookmark(&cy.m->person, fx.chat.lobby));
	ck_assert_str_eq(fake_saw(&fx, &cy), "");
	/* On break they begin where they came. */
	room_leave(ms, ROOM_LEAVE_PART, NULL);
	member_break(cy.m, NULL);
	fake_say(&ana, "before");
	(void)room_join(fx.chat.lobby, cy.m, ROOM_JOIN_QUIET);
	fake_say(&ana, "after");
	ck_assert_int_eq(fake_tell(&cy, &ana, "psst"), MEMBER_QUEUED);
	member_back(cy.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "welcome cy 0 1 ana=1\nkept 1\nprivate ana: psst\n"
	    "5 ana: after\nlive after catchup\n");
}
END_TEST

/* Live on the wire: what a tracker of members does is shown to it at once. */
START_TEST(test_what_was_before)
{
	struct event event = {
		.kind = EVENT_MODE, .text = "+t", .text_len = 2
	};

	fake_enter_tracker(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &cy);
	room_publish(fx.chat.lobby, &event, fake_here(&bob));
	ck_assert_uint_eq(cy.seen.len, 0);
	room_publish(fx.chat.lobby, &event, fake_here(&cy));
	ck_assert_str_eq(buf_cstr(&cy.seen), "mode bob +t\n");
	buf_reset(&cy.seen);
	room_set_topic(fake_here(&bob), "tea", NULL);
	room_set_topic(fake_here(&cy), "cake", NULL);
	ck_assert_str_eq(buf_cstr(&cy.seen), "1 topic by bob (tea)\n");
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "came cy\nmode cy +t\n2 topic by cy (cake)\n");
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "room", fixture_setup, fixture_teardown);

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
	tcase_add_test(tc, test_ignore);
	tcase_add_test(tc, test_two_rooms);
	tcase_add_test(tc, test_in_both_rooms_at_once);
	tcase_add_test(tc, test_rooms_come_and_go);
	tcase_add_test(tc, test_many_back_at_once);
	tcase_add_test(tc, test_say_is_filled_in);
	tcase_add_test(tc, test_tags);
	tcase_add_test(tc, test_order_of_one);
	tcase_add_test(tc, test_order_costs_no_more);
	tcase_add_test(tc, test_say_from_outside);
	tcase_add_test(tc, test_quiet_join);
	tcase_add_test(tc, test_what_was_before);
}
