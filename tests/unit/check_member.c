/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Private messages: delivered, queued, and repeated. Being away. Who somebody
 * is.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "chat-fixture.h"
#include "net/conn-impl.h"
#include "room/client.h"
#include "room/directory.h"
#include "room/past.h"
#include "room/person.h"
#include "room/rename.h"
#include "room/room.h"
#include "session/session.h"
#include "unit.h"

START_TEST(test_private_messages)
{
	ck_assert_int_eq(fake_tell(&bob, &ana, "psst"), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&fx, &bob), "private ana: psst\n");
	ck_assert_uint_eq(fx.chat.lobby->history.next_number, 1);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_QUEUED);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_QUEUED);
	fake_say(&ana, "hi");
	fixture_settle(&fx);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 1 ana=1\nkept 2\nprivate ana: one\n"
	    "private ana: two\n1 ana: hi\nlive after catchup\n");
	ck_assert_uint_eq(fx.chat.queued_bytes, 0);
}
END_TEST

START_TEST(test_private_messages_have_a_limit)
{
	struct fake dee, eve;
	int i;

	/* Half of it is for one, who may be anybody. */
	member_break(bob.m, NULL);
	for (i = 0; i < QUEUED_MAX / 2; i++)
		ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_QUEUED);
	ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_QUEUE_FULL);
	ck_assert_uint_eq(fx.chat.queued_bytes, bob.m->person.queued_bytes);
	ck_assert_uint_ge(fx.chat.queued_bytes, QUEUED_MAX / 2);
	/* Another from the same address, and one from elsewhere. */
	fake_init(&fx, &dee, 1);
	for (i = 0; fake_tell(&bob, &dee, "x") == MEMBER_QUEUED; i++)
		;
	ck_assert_int_eq(i, 8);
	fake_init(&fx, &eve, 5);
	for (i = 0; fake_tell(&bob, &eve, "x") == MEMBER_QUEUED; i++)
		;
	ck_assert_int_eq(i, 12);
	ck_assert_uint_gt(origin_holds(ana.m->origin, ORIGIN_KEPT),
	    origin_holds(eve.m->origin, ORIGIN_KEPT));
	member_back(bob.m, NULL);
	fixture_settle(&fx);
	fake_fini(&dee);
	fake_fini(&eve);
}
END_TEST

/* What all people have waiting is for all origins. hostile 148 */
START_TEST(test_private_messages_are_shared)
{
	static struct fake crowd[600];
	static char text[1500];
	struct fake dee;
	size_t i, held, most = 0;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < NITEMS(crowd); i++) {
		fake_init(&fx, &crowd[i], 5);
		member_break(crowd[i].m, NULL);
	}
	for (int host = 10; host < 82; host++) {
		fake_init(&fx, &dee, host);
		for (i = 0; i < NITEMS(crowd); i++)
			(void)fake_tell_bytes(crowd[i].m, &dee, text,
			    sizeof(text));
		held = origin_holds(dee.m->origin, ORIGIN_KEPT);
		most = held > most ? held : most;
		fake_fini(&dee);
	}
	ck_assert_uint_le(most, QUEUED_TOTAL_MAX / 32);
	ck_assert_uint_lt(fx.chat.queued_bytes, QUEUED_TOTAL_MAX);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "for you"), MEMBER_QUEUED);
	for (i = 0; i < NITEMS(crowd); i++)
		fake_fini(&crowd[i]);
}
END_TEST

START_TEST(test_private_message_to_a_slow_reader)
{
	bob.is_full = true;
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	fake_say(&ana, "said");
	fixture_settle(&fx);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	fake_drain(&bob);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "private ana: one\nprivate ana: two\n1 ana: said\n");
}
END_TEST

/* By bytes as well, so that one person cannot use up what is for all. */
START_TEST(test_private_messages_have_a_size)
{
	static char text[6000];
	int i;

	memset(text, 'x', sizeof(text));
	member_break(bob.m, NULL);
	for (i = 0;
	     fake_tell_bytes(bob.m, &ana, text, sizeof(text)) == MEMBER_QUEUED;
	     i++)
		;
	ck_assert_int_eq(i, QUEUED_BYTES_MAX / 2 / sizeof(text));
}
END_TEST

/* Queued messages wait in whatever room they come back to. */
START_TEST(test_kept_messages_elsewhere)
{
	struct room *kitchen;

	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_QUEUED);
	fake_quit(&bob, NULL);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fixture_settle(&fx);
	buf_reset(&bob.seen);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob), "private ana: one\n");
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	room_join(kitchen, ana.m, ROOM_JOIN_CATCHUP);
	fake_say_in(member_in(ana.m, kitchen), "hi");
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob), "1 ana: hi\n"));
}
END_TEST

START_TEST(test_kept_messages_after_a_greeting)
{
	struct room *kitchen;

	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	bob.is_full = true;
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	fake_drain(&bob);
	ck_assert_str_eq(fake_saw(&fx, &bob), "live\nprivate ana: one\n");
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
	ck_assert(person_set_marker(&p, "#lobby", 100, INT64_MAX));
	ck_assert(!person_is_empty(&p));
	ck_assert(!person_set_marker(&p, "#lobby", 100, INT64_MAX));
	ck_assert(!person_set_marker(&p, "#lobby", 99, INT64_MAX));
	/* What was set while the clock was wrong is no limit (hostile 147). */
	ck_assert(!person_set_marker(&p, "#lobby", 99, 100));
	ck_assert(person_set_marker(&p, "#lobby", 99, 98));
	ck_assert_int_eq(person_marker(&p, "#lobby"), 98);
	ck_assert(person_set_marker(&p, "#lobby", 100, INT64_MAX));
	ck_assert_int_eq(person_marker(&p, "#lobby"), 100);
	ck_assert(person_set_marker(&p, "ana", 50, INT64_MAX));
	ck_assert_int_eq(person_marker(&p, "#ana"), 0);
	for (i = 2; i < MARKERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "#room%d", i);
		ck_assert(person_set_marker(&p, name, i, INT64_MAX));
	}
	/* The oldest is now ana's. */
	ck_assert(person_set_marker(&p, "#lobby", 101, INT64_MAX));
	ck_assert(person_set_marker(&p, "#one-more", 7, INT64_MAX));
	ck_assert_uint_eq(person_marker_count(&p), MARKERS_MAX);
	ck_assert_int_eq(person_marker(&p, "ana"), 0);
	ck_assert_int_eq(person_marker(&p, "#lobby"), 101);
	ck_assert_int_eq(person_marker(&p, "#room2"), 2);

	ck_assert(person_set_marker(&other, "#lobby", 7, INT64_MAX));
	ck_assert(person_set_marker(&other, "#one-more", 1000, INT64_MAX));
	person_move(NULL, &other, &p);
	ck_assert(person_is_empty(&p));
	ck_assert_uint_eq(person_marker_count(&other), MARKERS_MAX);
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
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "spam"), MEMBER_QUEUED);
	ck_assert_int_eq(member_ignore(bob.m, "ana"), 0);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob), "welcome bob 0 0\nlive\n");
}
END_TEST

/* What had not arrived when the connection was lost is queued again. */
START_TEST(test_private_messages_survive_a_loss)
{
	bob.unsent = 1000; /* nothing arrives any more */
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	ck_assert_int_eq(fake_tell(&bob, &ana, "three"), MEMBER_TOLD);
	bob.unsent = strlen("private ana: three\n") + 1;
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0\nkept 2 repeated\nprivate ana: two\n"
	    "private ana: three\nlive after catchup\n");
}
END_TEST

static void
lose_and_return(void)
{
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
}

/* Programs that obey are told nothing twice: not what had been said to them when
 * they lost the connection, neither in private nor in a room. */
START_TEST(test_bots_have_no_repeats)
{
	member_set_flags(bob.m, MEMBER_BOT);
	bob.unsent = 1000;
	fake_say(&ana, "!op ann");
	ck_assert_int_eq(fake_tell(&bob, &ana, "!op ben"), MEMBER_TOLD);
	fixture_settle(&fx);
	fake_lose(&bob);
	ck_assert_int_eq(fake_tell_bytes(directory_find(&fx.chat.directory,
					     "bob"),
			     &ana, "psst", 4),
	    MEMBER_QUEUED);
	fake_fini(&bob);
	fake_init_tracker(&fx, &bob, 2, "bob");
	member_set_flags(bob.m, MEMBER_BOT);
	(void)room_join(fx.chat.lobby, bob.m, ROOM_JOIN_CATCHUP);
	/* What they were never told is no repeat. */
	ck_assert_str_eq(fake_saw(&fx, &bob), "private ana: psst\n");
}
END_TEST

/* Nor those that a server that was killed had handed over. */
START_TEST(test_masks_have_no_repeats)
{
	char *mask = xstrdup("b*!*@*"), *where = xstrdup("test");

	fx.options.no_history = (struct option_list){
		.items = &mask, .where = &where, .count = 1
	};
	ck_assert(!past_is_for(bob.m));
	ck_assert(past_is_for(ana.m));
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_QUEUED);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_QUEUED);
	TAILQ_FIRST(&bob.m->person.queued)->is_repeat = true;
	(void)fake_saw(&fx, &bob);
	member_back(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0\nkept 1\nprivate ana: two\nlive after catchup\n");
	/* By the address, and by what others are told instead. */
	free(mask);
	mask = xstrdup("192.0.2.1");
	ck_assert(past_is_for(bob.m));
	ck_assert(!past_is_for(ana.m));
	free(mask);
	mask = xasprintf("*!plain@%s", bob.m->host);
	ck_assert(!past_is_for(bob.m));
	ck_assert(past_is_for(ana.m));
	free(mask);
	free(where);
	memset(&fx.options.no_history, 0, sizeof(fx.options.no_history));
}
END_TEST

/* Which of them are repeats, and which are certainly new. */
START_TEST(test_repeated_and_kept)
{
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	bob.unsent = 5;
	fake_lose(&bob);
	ck_assert_int_eq(fake_tell_bytes(directory_find(&fx.chat.directory,
					     "bob"),
			     &ana, "two", 3),
	    MEMBER_QUEUED);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	bob.unsent = 1000;
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0\nkept 1 repeated\nprivate ana: one\n"
	    "kept 1\nprivate ana: two\nlive after catchup\n");
	/* None arrived, so none is new any more. */
	lose_and_return();
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "welcome bob 0 0\nkept 2 repeated\nprivate ana: one\n"
	    "private ana: two\nlive after catchup\n");
	/* And all has arrived. */
	lose_and_return();
	ck_assert_str_eq(fake_saw(&fx, &bob), "welcome bob 0 0\nlive\n");
}
END_TEST

/* Where there is no catch-up, a repeat is told to be one nonetheless. */
START_TEST(test_repeated_elsewhere)
{
	struct room *kitchen;

	ck_assert_int_eq(chat_open_room(&fx.chat, "kitchen", &kitchen),
	    CHAT_ROOM_MADE);
	bob.unsent = 1000;
	ck_assert_int_eq(fake_tell(&bob, &ana, "one"), MEMBER_TOLD);
	ck_assert_int_eq(fake_tell(&bob, &ana, "two"), MEMBER_TOLD);
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	room_leave(fake_here(&bob), ROOM_LEAVE_WENT, "kitchen");
	(void)room_join(kitchen, bob.m, ROOM_JOIN_CATCHUP);
	(void)fake_saw(&fx, &bob);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "kept 2 repeated\nprivate ana: one\nprivate ana: two\n");
	ck_assert_int_eq(fake_tell(&bob, &ana, "three"), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&fx, &bob), "private ana: three\n");
}
END_TEST

/* What is remembered until it has arrived has a limit. */
START_TEST(test_handed_has_a_limit)
{
	int i;

	bob.unsent = 1000000;
	for (i = 0; i < QUEUED_MAX + 10; i++)
		ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_TOLD);
	ck_assert_uint_eq(bob.m->client.handed_count, QUEUED_MAX);
	bob.unsent = 0;
	ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_TOLD);
	ck_assert_uint_eq(bob.m->client.handed_count, 1);
	ck_assert_uint_eq(bob.m->client.handed_dropped, 0);
}
END_TEST

/* If more than that has not arrived, it is said how many are missing. */
START_TEST(test_handed_beyond_the_limit)
{
	struct buf expected = BUF_INITIALIZER;
	int i;

	bob.unsent = 1000000;
	for (i = 0; i < QUEUED_MAX + 10; i++)
		ck_assert_int_eq(fake_tell(&bob, &ana, "x"), MEMBER_TOLD);
	fake_lose(&bob);
	fake_fini(&bob);
	fake_init(&fx, &bob, 2);
	ck_assert_int_eq(fake_nick(&bob, "bob"), RENAME_RETURNED);
	buf_addf(&expected, "welcome bob 0 0\nkept %d repeated lost 10\n",
	    QUEUED_MAX);
	for (i = 0; i < QUEUED_MAX; i++)
		buf_addstr(&expected, "private ana: x\n");
	buf_addstr(&expected, "live after catchup\n");
	ck_assert_str_eq(fake_saw(&fx, &bob), buf_cstr(&expected));
	buf_fini(&expected);
	/* Once is enough. */
	lose_and_return();
	ck_assert_str_eq(fake_saw(&fx, &bob), "welcome bob 0 0\nlive\n");
}
END_TEST

START_TEST(test_private_notices)
{
	struct event event = {
		.kind = EVENT_PRIVATE,
		.text = "psst",
		.text_len = 4,
		.is_notice = true,
	};
	uint64_t last;

	ck_assert_int_eq(member_tell(bob.m, ana.m, &event), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&fx, &bob), "private notice ana: psst\n");
	/* What the sender's client needs to show it. */
	ck_assert_str_eq(event.nick, "ana");
	ck_assert_str_eq(event.other, "bob");
	ck_assert_ptr_eq(event.from, ana.m);
	ck_assert_int_eq(event.time_ms, fx.clock.wall_ms);
	ck_assert_uint_gt(event.msgid, UINT64_C(1780401600000000));
	last = event.msgid;
	member_break(bob.m, NULL);
	event.msgid = 0; /* another message */
	ck_assert_int_eq(member_tell(bob.m, ana.m, &event), MEMBER_QUEUED);
	ck_assert_uint_eq(event.msgid, last + 1);
	ck_assert_uint_eq(TAILQ_FIRST(&bob.m->person.queued)->msgid, last + 1);
	fixture_settle(&fx);
	member_back(bob.m, NULL);
	ck_assert_ptr_nonnull(strstr(fake_saw(&fx, &bob),
	    "private notice ana: psst\n"));
}
END_TEST

/* Typing is told to those who can show it now, and never queued. */
START_TEST(test_private_tags)
{
	struct event event = { .kind = EVENT_TAGS, .tags = "+typing=active" };

	fake_init_tracker(&fx, &cy, 3, "cy");
	ck_assert_int_eq(member_tell(bob.m, ana.m, &event), MEMBER_TOLD);
	ck_assert_int_eq(member_tell(cy.m, ana.m, &event), MEMBER_TOLD);
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
	ck_assert_str_eq(fake_saw(&fx, &cy), "tags ana +typing=active\n");
	member_break(cy.m, NULL);
	ck_assert_int_eq(member_tell(cy.m, ana.m, &event), MEMBER_TOLD);
	ck_assert_uint_eq(cy.m->person.queued_count, 0);
	ck_assert_str_eq(fake_saw(&fx, &cy), "");
}
END_TEST

/* People in no room are shown them, too. */
START_TEST(test_kept_messages_in_no_room)
{

	fake_init_tracker(&fx, &cy, 3, "cy");
	member_break(cy.m, NULL);
	ck_assert_int_eq(fake_tell(&cy, &ana, "one"), MEMBER_QUEUED);
	member_show_queued(cy.m);
	ck_assert_str_eq(fake_saw(&fx, &cy), "");
	member_back(cy.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "private ana: one\n");
	cy.is_full = true;
	ck_assert_int_eq(fake_tell(&cy, &ana, "two"), MEMBER_TOLD);
	ck_assert_int_eq(fake_tell(&cy, &ana, "three"), MEMBER_TOLD);
	fake_drain(&cy);
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "private ana: two\nprivate ana: three\n");
	member_break(cy.m, NULL);
	ck_assert_int_eq(fake_tell(&cy, &ana, "four"), MEMBER_QUEUED);
	fake_lose(&cy);
	fake_fini(&cy);
	fixture_pass(&fx, fx.options.departure_delay);
	fake_init_tracker(&fx, &cy, 3, "cy");
	ck_assert_str_eq(fake_saw(&fx, &cy), "");
	member_show_queued(cy.m);
	ck_assert_str_eq(fake_saw(&fx, &cy), "private ana: four\n");
}
END_TEST

/* IRC's AWAY looks like a break, but they read on. */
START_TEST(test_away)
{

	fake_enter_tracker(&fx, &cy, 3, "cy");
	(void)fake_saw(&fx, &ana);
	member_away(ana.m, NULL); /* not away */
	ck_assert_str_eq(fake_saw(&fx, &bob), "came cy\n");
	member_away(ana.m, "tea");
	ck_assert(ana.m->is_away && !ana.m->is_on_break);
	ck_assert(member_is_away(ana.m));
	ck_assert_str_eq(ana.m->break_text, "tea");
	ck_assert_str_eq(fake_saw(&fx, &bob), "break ana (tea)\n");
	ck_assert_str_eq(fake_saw(&fx, &cy), "away ana (tea)\n");
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&fx, &ana), "1 bob: hi\n");
	ck_assert_int_eq(fake_tell(&ana, &bob, "psst"), MEMBER_TOLD);
	(void)fake_saw(&fx, &ana);
	fx.clock.mono_ms += 1000;
	member_away(ana.m, "more tea");
	ck_assert_str_eq(fake_saw(&fx, &bob), "break ana (more tea)\n");
	fx.clock.mono_ms += 1000;
	member_away(ana.m, NULL);
	ck_assert(!member_is_away(ana.m) && ana.m->break_text == NULL);
	ck_assert_str_eq(fake_saw(&fx, &bob), "back ana 2000\n");
	ck_assert_str_eq(fake_saw(&fx, &cy),
	    "1 bob: hi\naway ana (more tea)\nhere ana\n");
	ck_assert_str_eq(fake_saw(&fx, &ana), ""); /* no catch-up */
	/* Who says nothing is away nonetheless. */
	member_break(bob.m, NULL);
	ck_assert_str_eq(fake_saw(&fx, &cy), "away bob (be right back)\n");
}
END_TEST

START_TEST(test_away_and_on_break)
{
	member_away(ana.m, "tea");
	fx.clock.mono_ms += 1000;
	member_break(ana.m, "really");
	ck_assert(ana.m->is_on_break && !ana.m->is_away);
	fake_say(&bob, "hi");
	ck_assert_str_eq(fake_saw(&fx, &ana), "");
	/* The text is the break's; and AWAY without one is not BACK. */
	member_away(ana.m, "so long");
	ck_assert(ana.m->is_on_break && !ana.m->is_away);
	ck_assert_str_eq(ana.m->break_text, "so long");
	member_away(ana.m, NULL);
	ck_assert(ana.m->is_on_break);
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "break ana (tea)\nbreak ana (really)\nbreak ana (so long)\n");
	fx.clock.mono_ms += 500;
	member_back(ana.m, NULL);
	ck_assert(!member_is_away(ana.m));
	ck_assert_str_eq(fake_saw(&fx, &bob), "back ana 500\n");
	ck_assert_str_eq(fake_saw(&fx, &ana),
	    "welcome ana 500 1 bob=1\n1 bob: hi\nlive after catchup\n");
	/* BACK ends what AWAY began. */
	member_away(ana.m, "tea");
	member_back(ana.m, "again");
	ck_assert(!member_is_away(ana.m));
	ck_assert_str_eq(fake_saw(&fx, &bob),
	    "break ana (tea)\nback ana 0 (again)\n");
}
END_TEST

/* The session that was away is gone: a break would wait. */
START_TEST(test_away_and_lost)
{
	struct member *m;

	member_away(bob.m, "tea");
	fake_lose(&bob);
	m = directory_find(&fx.chat.directory, "bob");
	ck_assert(m->is_lost && !member_is_away(m) && m->break_text == NULL);
	ck_assert(member_looks_away(m));
	ck_assert_int_eq(member_away_since_ms(m), fx.clock.mono_ms);
}
END_TEST

START_TEST(test_away_too_often)
{
	fx.options.announce_rate.count = 1;
	fx.options.announce_rate.per_ms = 60000;
	fx.options.announce_burst = 1;
	fx.clock.mono_ms += 1000000;
	member_away(ana.m, "one");
	member_away(ana.m, "two");
	member_away(ana.m, NULL);
	ck_assert(!member_is_away(ana.m));
	/* Of the one that was told, the end is told as well. */
	ck_assert_str_eq(fake_saw(&fx, &bob), "break ana (one)\nback ana 0\n");
	member_away(ana.m, "three");
	member_away(ana.m, NULL);
	ck_assert(!member_is_away(ana.m));
	ck_assert_str_eq(fake_saw(&fx, &bob), "");
}
END_TEST

START_TEST(test_identity)
{
	char host[MEMBER_HOST_SIZE], again[MEMBER_HOST_SIZE];

	ck_assert_ptr_null(ana.m->user);
	ck_assert_ptr_null(ana.m->realname);
	member_set_user(ana.m, "averylongusername");
	ck_assert_str_eq(ana.m->user, "averylongu");
	member_set_user(ana.m, NULL);
	ck_assert_ptr_null(ana.m->user);
	member_set_user(ana.m, "ana");
	/* 150 bytes, and no half of a character. */
	member_set_realname(ana.m,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9");
	ck_assert_uint_eq(strlen(ana.m->realname), 149);
	memcpy(host, ana.m->host, sizeof(host));
	ck_assert_uint_eq(strlen(host), 13);
	ck_assert_str_eq(host + 10, ".ip");
	fake_init(&fx, &cy, 1); /* from where ana is */
	memcpy(again, cy.m->host, sizeof(again));
	ck_assert_str_eq(host, again);
	memcpy(again, bob.m->host, sizeof(again));
	ck_assert_str_ne(host, again);
	fake_fini(&cy);
	fake_init(&fx, &cy, -1000);
	memcpy(again, cy.m->host, sizeof(again));
	ck_assert_str_eq(again + 10, ".user");
}
END_TEST

/* What IRC adds to a person goes to the next program with them. */
START_TEST(test_carried)
{
	struct chat_fixture next;
	struct fake people[3];
	struct event event = {
		.kind = EVENT_PRIVATE,
		.text = "psst",
		.text_len = 4,
		.is_notice = true,
		.is_action = true,
	};
	char host[MEMBER_HOST_SIZE], again[MEMBER_HOST_SIZE];
	uint64_t msgid;
	int i;

	fake_enter_tracker(&fx, &cy, 3, "cy");
	member_set_user(cy.m, "cyd");
	member_set_realname(cy.m, "Cy D.");
	cy.m->flags = MEMBER_BOT | MEMBER_OPER;
	member_away(cy.m, "tea");
	fake_here(&cy)->cursor.needs_names = true;
	member_break(bob.m, NULL);
	ck_assert_int_eq(member_tell(bob.m, ana.m, &event), MEMBER_QUEUED);
	msgid = event.msgid;
	memcpy(host, cy.m->host, sizeof(host));
	people[0] = ana;
	people[1] = bob;
	people[2] = cy;
	ck_assert(fixture_hand_over(&fx, &next, people, 3));
	ck_assert_str_eq(people[2].m->user, "cyd");
	ck_assert_str_eq(people[2].m->realname, "Cy D.");
	ck_assert_uint_eq(people[2].m->flags, MEMBER_BOT | MEMBER_OPER);
	ck_assert(people[2].m->is_away && !people[2].m->is_on_break);
	ck_assert_str_eq(people[2].m->break_text, "tea");
	ck_assert(member_dialect(people[2].m) == &fake_dialect_tracker);
	ck_assert(fake_here(&people[2])->is_joined);
	ck_assert(fake_here(&people[2])->cursor.is_tracking);
	ck_assert(fake_here(&people[2])->cursor.needs_names);
	ck_assert_uint_eq(fake_here(&people[2])->cursor.tracking.arrival,
	    fake_here(&cy)->cursor.tracking.arrival);
	ck_assert_uint_eq(next.chat.last_arrival, fx.chat.last_arrival);
	ck_assert(fake_here(&people[0])->is_joined);
	ck_assert(!fake_here(&people[0])->cursor.is_tracking);
	memcpy(again, people[2].m->host, sizeof(again));
	ck_assert_str_eq(host, again);
	ck_assert_uint_eq(next.chat.last_msgid, msgid);
	ck_assert_uint_eq(TAILQ_FIRST(&people[1].m->person.queued)->msgid,
	    msgid);
	ck_assert(TAILQ_FIRST(&people[1].m->person.queued)->is_notice);
	ck_assert(TAILQ_FIRST(&people[1].m->person.queued)->is_action);
	for (i = 0; i < 3; i++)
		fake_fini(&people[i]);
	fixture_fini(&next);
}
END_TEST

/* What no program of ours would say. */
START_TEST(test_carried_inconsistent)
{
	struct chat_fixture next;
	struct fake people[2];
	struct member *m;

	if (_i == 0)
		bob.m->is_away = bob.m->is_on_break = true;
	else if (_i == 1)
		bob.m->flags = MEMBER_FLAGS + 1;
	else if (_i == 2) {
		member_set_dialect(&bob.m->client, &fake_dialect_tracker);
		fake_here(&bob)->is_joined = false;
		fake_here(&bob)->is_announced = false;
	}
	people[0] = ana;
	people[1] = bob;
	ck_assert_int_eq(fixture_hand_over(&fx, &next, people, 2), _i == 3);
	while ((m = directory_next(&next.chat.directory, NULL)) != NULL)
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
	fixture_fini(&next);
	bob.m->is_away = bob.m->is_on_break = false;
	fake_here(&bob)->is_announced = fake_here(&bob)->is_joined = true;
}
END_TEST

/* What somebody costs who has joined and says nothing: 1,400 bytes in all are
 * the limit (bench/README), and malloc(3) rounds up to 16 n - 8. What only some
 * have belongs in struct member_more, shown_more or conn_timer, or the like. */
START_TEST(test_sizes)
{
	ck_assert_uint_le(sizeof(struct member), 504);
	ck_assert_uint_le(sizeof(struct membership), 248);
	ck_assert_uint_le(sizeof(struct session), 168);
	ck_assert_uint_le(sizeof(struct conn), 152);
	ck_assert_ptr_null(bob.m->more);
	fake_say(&bob, "hi");
	ck_assert_ptr_nonnull(bob.m->more);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "member", fixture_setup, fixture_teardown);

	tcase_add_test(tc, test_private_messages);
	tcase_add_test(tc, test_private_messages_have_a_limit);
	tcase_add_test(tc, test_private_message_to_a_slow_reader);
	tcase_add_test(tc, test_private_messages_have_a_size);
	tcase_add_test(tc, test_private_messages_are_shared);
	tcase_add_test(tc, test_kept_messages_elsewhere);
	tcase_add_test(tc, test_kept_messages_after_a_greeting);
	tcase_add_test(tc, test_markers);
	tcase_add_test(tc, test_kept_messages_of_the_ignored);
	tcase_add_test(tc, test_private_messages_survive_a_loss);
	tcase_add_test(tc, test_bots_have_no_repeats);
	tcase_add_test(tc, test_masks_have_no_repeats);
	tcase_add_test(tc, test_repeated_and_kept);
	tcase_add_test(tc, test_repeated_elsewhere);
	tcase_add_test(tc, test_handed_has_a_limit);
	tcase_add_test(tc, test_handed_beyond_the_limit);
	tcase_add_test(tc, test_private_notices);
	tcase_add_test(tc, test_private_tags);
	tcase_add_test(tc, test_kept_messages_in_no_room);
	tcase_add_test(tc, test_away);
	tcase_add_test(tc, test_away_and_on_break);
	tcase_add_test(tc, test_away_and_lost);
	tcase_add_test(tc, test_away_too_often);
	tcase_add_test(tc, test_identity);
	tcase_add_test(tc, test_sizes);
	tcase_add_test(tc, test_carried);
	tcase_add_loop_test(tc, test_carried_inconsistent, 0, 4);
}
