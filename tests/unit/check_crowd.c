/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Many who flood a room, from few addresses or many: what those who are away
 * find of its history, and how long those wait who talk. hostile 148
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/attempts.h"
#include "room/crowd.h"
#include "unit.h"

#define SPEAKERS 200
#define STEP_MS 100
#define MINUTE_MS 60000

/* Somebody who says all that they may, as a session lets them. */
struct speaker {
	struct fake f;
	int64_t until_ms;
};
static struct speaker speakers[SPEAKERS];
static size_t count;
static char long_line[2001];

static void
setup(void)
{
	fixture_init_options(&fx);
	fixture_init(&fx);
	memset(long_line, 'x', sizeof(long_line) - 1);
	count = 0;
}

static void
discard(struct fake *f, const char *data, size_t len)
{
	(void)f;
	(void)data;
	(void)len;
}

static void
come(struct fake *f, int host)
{
	fake_init(&fx, f, host);
	f->on_deliver = discard;
}

static void
leave_all(void)
{
	while (count > 0)
		fake_fini(&speakers[--count].f);
}

static void
teardown(void)
{
	leave_all();
	fixture_fini(&fx);
}

static void
come_from(int hosts, size_t people)
{
	for (size_t i = 0; i < people; i++) {
		come(&speakers[count].f, 10 + (int)i % hosts);
		speakers[count++].until_ms = fx.clock.mono_ms;
	}
}

/* Says it, unless f has to wait. *until_ms is when f may try: the room allows
 * it, or their turn among all of their address has come. */
static bool
try_to_say(struct fake *f, int64_t *until_ms, const char *text)
{
	const struct rate rate = { 20, 1000 };
	int64_t now_ms = fx.clock.mono_ms, wait_ms;

	if (*until_ms > now_ms)
		return false;
	wait_ms = crowd_wait_ms(f->m, fx.chat.lobby);
	*until_ms = now_ms + wait_ms;
	if (wait_ms > 0)
		return false;
	fake_say(f, text);
	origin_charge_line(f->m->origin, rate, 80, strlen(text));
	*until_ms = now_ms + origin_line_wait_ms(f->m->origin, rate, 80);
	return true;
}

/* All say what they may for so long. Returns the bytes in the ring. */
static uint64_t
flood(int64_t ms, const char *text)
{
	const struct history *h = &fx.chat.lobby->history;
	uint64_t from = h->head_pos;
	int64_t end_ms = fx.clock.mono_ms + ms;
	struct speaker *s;

	while (fx.clock.mono_ms < end_ms) {
		for (s = speakers; s < speakers + count; s++)
			(void)try_to_say(&s->f, &s->until_ms, text);
		fixture_settle(&fx);
		fixture_pass(&fx, STEP_MS);
	}
	return h->head_pos - from;
}

/* How long f waits until they can say it, while the others go on. */
static int64_t
wait_to_say(struct fake *f, int64_t *until_ms, const char *text)
{
	int64_t from_ms = fx.clock.mono_ms;

	while (!try_to_say(f, until_ms, text))
		(void)flood(STEP_MS, long_line);
	return fx.clock.mono_ms - from_ms;
}

/* Who was there before, and who comes now, from an address that has said
 * nothing yet. */
static void
check_others(int64_t longest_ms)
{
	struct fake newcomer;
	int64_t until_ms = 0, newcomer_until_ms = 0;

	come(&newcomer, 3);
	for (int i = 0; i < 10; i++) {
		(void)flood(2000, long_line);
		ck_assert_int_le(wait_to_say(&ana, &until_ms,
				     "are you still there?"),
		    longest_ms);
		ck_assert_int_le(wait_to_say(&newcomer, &newcomer_until_ms,
				     "what is going on?"),
		    longest_ms);
	}
	fake_fini(&newcomer);
}

static void
check_flood(int hosts, size_t people, int64_t longest_ms)
{
	const struct history *h = &fx.chat.lobby->history;
	uint64_t bytes;

	come(&ana, 1);
	come_from(hosts, people);
	bytes = flood(10 * MINUTE_MS, long_line);
	ck_assert_uint_le(bytes, h->size / 2 + 2 * sizeof(long_line));
	ck_assert_uint_ge(bytes, h->size / 4);
	/* It was so from the first minutes on, and stays so. */
	bytes = flood(10 * MINUTE_MS, "short");
	ck_assert_uint_le(bytes, h->size / 2 + 2 * sizeof(long_line));
	ck_assert_uint_ge(bytes, h->size / 8);
	check_others(longest_ms);
	fake_fini(&ana);
}

START_TEST(test_one_address)
{
	check_flood(1, 60, 0);
}
END_TEST

START_TEST(test_many_addresses)
{
	check_flood(100, 200, 3000);
}
END_TEST

START_TEST(test_coming_again)
{
	const struct history *h = &fx.chat.lobby->history;
	uint64_t bytes = 0;

	come(&ana, 1);
	for (int i = 0; i < 600; i++) {
		come_from(3, 20);
		bytes += flood(1000, long_line);
		leave_all();
	}
	ck_assert_uint_le(bytes, h->size / 2 + 2 * sizeof(long_line));
	check_others(1000);
	fake_fini(&ana);
}
END_TEST

/* Of two behind the address from which others flood, who was silent until now
 * may speak before them. */
START_TEST(test_a_neighbour)
{
	int64_t until_ms = 0;

	come(&ana, 10);
	come_from(1, 60);
	(void)flood(2 * MINUTE_MS, long_line);
	ck_assert_int_le(wait_to_say(&ana, &until_ms, "I share their address"),
	    10000);
	fake_fini(&ana);
}
END_TEST

/* And may go on, at the pace at which people talk. */
START_TEST(test_a_neighbour_talks)
{
	int64_t longest_ms = 0, wait_ms, until_ms = 0;

	come(&ana, 10);
	come_from(1, 60);
	(void)flood(5 * MINUTE_MS, long_line);
	for (int i = 0; i < 20; i++) {
		wait_ms = wait_to_say(&ana, &until_ms,
		    "can anybody hear me in all this?");
		if (wait_ms > longest_ms)
			longest_ms = wait_ms;
		(void)flood(10000, i % 2 == 0 ? "short" : long_line);
	}
	ck_assert_int_le(longest_ms, 3000);
	fake_fini(&ana);
}
END_TEST

/* Nor does who comes only now wait for what others have said. */
START_TEST(test_a_new_neighbour)
{
	int64_t until_ms = 0;

	come_from(1, 60);
	(void)flood(2 * MINUTE_MS, long_line);
	come(&ana, 10);
	ck_assert_int_le(wait_to_say(&ana, &until_ms, "what is going on?"),
	    5000);
	ck_assert_int_le(wait_to_say(&ana, &until_ms, "hello?"), 10000);
	fake_fini(&ana);
}
END_TEST

/* In a class of 30 behind one address somebody says something twice a second
 * for an hour. */
START_TEST(test_a_class_is_not_slowed)
{
	char line[128];

	come_from(1, 30);
	for (int i = 0; i < 7200; i++) {
		(void)snprintf(line, sizeof(line),
		    "%d: what somebody may say "
		    "in a class, a sentence",
		    i);
		ck_assert(try_to_say(&speakers[i % 30].f,
		    &speakers[i % 30].until_ms, line));
		fixture_settle(&fx);
		fixture_pass(&fx, 500);
	}
}
END_TEST

START_TEST(test_no_limit)
{
	fx.options.line_rate.count = 0;
	come(&ana, 1);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(crowd_wait_ms(ana.m, fx.chat.lobby), 0);
		fake_say(&ana, long_line);
	}
	fx.options.line_rate.count = 5;
	ck_assert_ptr_eq(crowd_next(&fx.chat, NULL), fx.chat.lobby);
	ck_assert_ptr_null(crowd_next(&fx.chat, fx.chat.lobby));
	ck_assert_int_gt(crowd_wait_ms(ana.m, fx.chat.lobby), 0);
	fx.options.origin_rate = 0;
	ck_assert_int_eq(crowd_wait_ms(ana.m, fx.chat.lobby), 0);
	fx.options.origin_rate = 4;
	/* In the end it is as if nothing had been. */
	fixture_pass(&fx, 60 * MINUTE_MS);
	ck_assert_int_eq(crowd_wait_ms(ana.m, fx.chat.lobby), 0);
	ck_assert_ptr_null(crowd_next(&fx.chat, NULL));
	ck_assert(TAILQ_EMPTY(&fx.chat.crowded));
	fake_fini(&ana);
}
END_TEST

/* The next program knows what was used: lines, connections, a room, and how
 * often a password was tried. */
START_TEST(test_no_amnesty)
{
	const struct rate lines = { 20, 1000 }, connects = { 10, 1000 };
	struct chat_fixture next;
	struct fake people[2];
	struct origin *o;
	struct room *room;
	int64_t room_ms, line_ms, connect_ms, account_ms, wait_ms;

	come(&ana, 10);
	come(&bob, 1);
	come_from(1, 20);
	(void)flood(MINUTE_MS, long_line);
	leave_all();
	for (int i = 0; i < 60; i++)
		fake_say(&ana, long_line);
	fixture_settle(&fx);
	o = ana.m->origin;
	origin_charge_line(o, lines, 80, 100000);
	while (origin_may_connect(o, connects, &connect_ms))
		;
	while ((account_ms = attempts_register(&fx.chat.accounts.attempts,
		    &o->credential, 1000, fx.clock.mono_ms)) == 0)
		;
	room_ms = crowd_wait_ms(ana.m, fx.chat.lobby);
	line_ms = origin_line_wait_ms(o, lines, 80);
	ck_assert_int_gt(room_ms, 0);
	ck_assert_int_gt(line_ms, 0);
	people[0] = ana;
	people[1] = bob;
	ck_assert(fixture_hand_over(&fx, &next, people, 2));
	o = people[0].m->origin;
	ck_assert_ptr_eq(crowd_next(&next.chat, NULL), next.chat.lobby);
	ck_assert_int_eq(crowd_wait_ms(people[0].m, next.chat.lobby), room_ms);
	ck_assert_int_eq(crowd_wait_ms(people[1].m, next.chat.lobby),
	    crowd_wait_ms(bob.m, fx.chat.lobby));
	ck_assert_int_eq(origin_line_wait_ms(o, lines, 80), line_ms);
	ck_assert(!origin_may_connect(o, connects, &wait_ms));
	ck_assert_int_eq(wait_ms, connect_ms);
	ck_assert_int_eq(attempts_register(&next.chat.accounts.attempts,
			     &o->credential, 1000, next.clock.mono_ms),
	    account_ms);
	/* Another room has another key. */
	room = fake_join(&next, &people[0], "attic")->room;
	ck_assert_uint_ne(room->key, next.chat.lobby->key);
	ck_assert_int_eq(crowd_wait_ms(people[0].m, room), 0);
	fake_fini(&people[0]);
	fake_fini(&people[1]);
	fixture_fini(&next);
	fake_fini(&bob);
	fake_fini(&ana);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "crowd", setup, teardown);
	TCase *hours = unit_case(s, "hours", setup, teardown);

	/* Under valgrind these take minutes, and reach no other code. */
	tcase_set_tags(hours, "slow");
	tcase_add_test(tc, test_one_address);
	tcase_add_test(hours, test_many_addresses);
	tcase_add_test(hours, test_coming_again);
	tcase_add_test(tc, test_a_neighbour);
	tcase_add_test(tc, test_a_neighbour_talks);
	tcase_add_test(tc, test_a_new_neighbour);
	tcase_add_test(hours, test_a_class_is_not_slowed);
	tcase_add_test(tc, test_no_limit);
	tcase_add_test(tc, test_no_amnesty);
}
