/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Searching: what is found is what reading everything finds, the newest first,
 * whatever happens between two slices.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "chat-fixture.h"
#include "ring.h"
#include "room/person.h"
#include "room/room.h"
#include "room/search.h"
#include "unit.h"

static struct membership *den, *attic;

static void
setup(void)
{
	fixture_setup();
	den = fake_join(&fx, &ana, "den");
	attic = fake_join(&fx, &ana, "attic");
	(void)fake_join(&fx, &bob, "den");
}

/* Searches with slices of so many messages, and between them calls meddle. */
static struct search *
run(const struct search_query *query, unsigned items, void (*meddle)(void))
{
	struct search *search = search_new(ana.m, query);
	struct walk_budget budget = walk_few(items);
	int slices = 0;

	while (search_step(search, ana.m, &budget)) {
		ck_assert_int_lt(++slices, 1000000);
		if (meddle != NULL)
			meddle();
		budget = walk_few(items);
	}
	return search;
}

/* "den 2;lobby 1;", and "more" if there may be. */
static const char *
found(const struct search_query *query)
{
	struct search *search = run(query, 1, NULL);
	static struct buf out;
	struct event event;
	size_t i;

	buf_reset(&out);
	for (i = 0; i < search_count(search); i++) {
		ck_assert(search_hit(search, ana.m, i, &event));
		buf_addf(&out, "%s %llu;", event.room,
		    (unsigned long long)event.number);
	}
	if (search_has_more(search))
		buf_addstr(&out, "more");
	search_free(search);
	return buf_cstr(&out);
}

static void
say(struct membership *ms, const char *text)
{
	fx.clock.wall_ms += 1000;
	fake_say_in(ms, text);
}

START_TEST(test_queries)
{
	struct search_query q = { .text = "lunch", .limit = 10 };
	struct membership *lobby = fake_in(&fx, &ana, "lobby");
	int64_t start_ms = fx.clock.wall_ms;

	ck_assert_str_eq(found(&q), "");
	say(lobby, "Lunch at ten"); /* 1 s */
	say(den, "LUNCH in the den"); /* 2 s */
	say(fake_in(&fx, &bob, "lobby"), "no meal"); /* 3 s */
	say(attic, "brunch"); /* 4 s */
	say(fake_in(&fx, &bob, "den"), "lunch for bob"); /* 5 s */
	say(lobby, "after lunch"); /* 6 s */
	ck_assert_str_eq(found(&q), "lobby 3;den 2;den 1;lobby 1;");
	q.limit = 3;
	ck_assert_str_eq(found(&q), "lobby 3;den 2;den 1;more");
	q.limit = 4;
	ck_assert_str_eq(found(&q), "lobby 3;den 2;den 1;lobby 1;");
	q.from = "bob56789012345678901234567890";
	ck_assert_str_eq(found(&q), "");
	q.from = "BOB";
	ck_assert_str_eq(found(&q), "den 2;");
	q.text = "";
	ck_assert_str_eq(found(&q), "den 2;lobby 2;");
	q.from = NULL;
	q.text = "lunch";
	q.room = den->room;
	ck_assert_str_eq(found(&q), "den 2;den 1;");
	q.before = 2;
	ck_assert_str_eq(found(&q), "den 1;");
	q.before = 100;
	ck_assert_str_eq(found(&q), "den 2;den 1;");
	q.before = 0;
	q.room = NULL;
	q.after_ms = start_ms + 2000;
	ck_assert_str_eq(found(&q), "lobby 3;den 2;");
	q.before_ms = start_ms + 6000;
	ck_assert_str_eq(found(&q), "den 2;");
	q.after_ms = 0;
	ck_assert_str_eq(found(&q), "den 2;den 1;lobby 1;");
	q.text = "unch";
	ck_assert_str_eq(found(&q), "den 2;attic 1;den 1;lobby 1;");
}
END_TEST

START_TEST(test_hidden)
{
	struct search_query q = { .text = "o", .limit = 10 };
	struct event topic = {
		.kind = EVENT_TOPIC, .text = "no topic", .text_len = 8
	};
	struct membership *kitchen = fake_join(&fx, &bob, "kitchen");

	/* In a room in which one is not. */
	say(kitchen, "oh");
	say(fake_in(&fx, &bob, "den"), "oh");
	ck_assert_str_eq(found(&q), "den 1;");
	ck_assert_int_eq(member_ignore(ana.m, "bob"), 0);
	ck_assert_str_eq(found(&q), "");
	ck_assert_int_eq(member_unignore(ana.m, "bob"), 0);
	fake_speak(den, &topic);
	ck_assert_str_eq(found(&q), "den 1;");
	q.has_topics = true;
	ck_assert_str_eq(found(&q), "den 2;den 1;");
	/* A long text is looked for as far as it goes. */
	q.text = "\303\204rger";
	say(attic, "viel \303\244RGER");
	ck_assert_str_eq(found(&q), "attic 1;");
}
END_TEST

/* Of what a room with a small ring has lapped nothing is read. */
static void
talk_in_den(void)
{
	char text[100];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fake_say_in(den, text);
}

static void
leave_den(void)
{
	if (member_in(ana.m, chat_get_room(&fx.chat, "den")) != NULL)
		room_leave(den, ROOM_LEAVE_PART, NULL);
}

START_TEST(test_meddling)
{
	void (*const meddles[])(void) = { talk_in_den, leave_den };
	struct search_query q = { .text = "needle", .limit = 100 };
	struct search *search;
	struct event event;
	size_t i;
	int n;

	for (n = 0; n < 20; n++) {
		say(den, "a needle");
		talk_in_den();
		say(attic, "a needle");
	}
	search = run(&q, 1, meddles[_i]);
	ck_assert(!search_has_more(search));
	for (i = n = 0; i < search_count(search); i++)
		if (search_hit(search, ana.m, i, &event)) {
			ck_assert(event.text_len == 8 &&
			    memcmp(event.text, "a needle", 8) == 0);
			n += strcmp(event.room, "attic") == 0;
		}
	ck_assert_int_eq(n, 20);
	search_free(search);
}
END_TEST

/* Against reading everything. */

static bool
model_matches(const struct event *event, const struct search_query *q)
{
	char text[64], folded[64 * TEXT_FOLD_GROWTH];
	size_t len = event->text_len < sizeof(text) ? event->text_len :
						      sizeof(text);

	if (event->kind == EVENT_GAP ||
	    (q->from != NULL && strcmp(q->from, event->nick) != 0))
		return false;
	len = text_fold(folded, event->text, len);
	return memmem(folded, len, q->text, strlen(q->text)) != NULL;
}

static size_t
model_count(struct membership *ms, const struct search_query *q)
{
	struct history *h = &ms->room->history;
	struct history_cursor c = history_oldest(h);
	struct event event;
	size_t count = 0;

	while (history_read(h, &c, &event))
		count += model_matches(&event, q);
	return count;
}

START_TEST(test_model)
{
	static const char *const words[] = { "ana", "Bob", "cy", "\303\244h" };
	struct membership *rooms[] = { fake_in(&fx, &ana, "lobby"), den,
		attic };
	struct search_query q = { .limit = SEARCH_HITS_MAX };
	struct search *search;
	struct event event;
	int64_t before_ms;
	char text[64];
	size_t i, all;
	int n, round;

	for (round = 0; round < 200; round++) {
		for (n = 0; n < 20; n++) {
			(void)snprintf(text, sizeof(text), "%s %s %u",
			    words[ring_random(4)], words[ring_random(4)],
			    ring_random(20));
			say(rooms[ring_random(3)], text);
		}
		(void)snprintf(text, sizeof(text), "%s %u",
		    ring_random(2) == 0 ? "bob" : "\303\244h", ring_random(3));
		q.text = text;
		all = 0;
		for (i = 0; i < NITEMS(rooms); i++)
			all += model_count(rooms[i], &q);
		search = run(&q, 1 + ring_random(50), NULL);
		QUICK_ASSERT(search_has_more(search) == (all > q.limit));
		QUICK_ASSERT(search_count(search) ==
		    (all > q.limit ? q.limit : all));
		before_ms = INT64_MAX;
		for (i = 0; i < search_count(search); i++) {
			QUICK_ASSERT(search_hit(search, ana.m, i, &event));
			QUICK_ASSERT(model_matches(&event, &q));
			QUICK_ASSERT(event.time_ms < before_ms);
			before_ms = event.time_ms;
		}
		search_free(search);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "search", setup, fixture_teardown);

	tcase_add_test(tc, test_queries);
	tcase_add_test(tc, test_hidden);
	tcase_add_loop_test(tc, test_meddling, 0, 2);
	tcase_add_test(tc, test_model);
}
