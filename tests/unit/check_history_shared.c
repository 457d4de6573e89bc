/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The ring as a cache of a shared log, which gives the numbers.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"
#include "ring.h"
#include "unit.h"

static struct history h;

static void
append_at(uint64_t number, uint64_t msgid, const char *text)
{
	struct event e = { .kind = EVENT_SAY,
		.nick = "ana",
		.text = text,
		.text_len = strlen(text),
		.number = number,
		.msgid = msgid,
		.node = UINT64_MAX,
		.counter = number + 1 };

	history_append_at(&h, &e);
}

static struct event
read_one(struct history_cursor *c)
{
	struct event e;

	ck_assert(history_read(&h, c, &e));
	return e;
}

/* A log that is older than the ring: nothing is a gap before the first. */
START_TEST(test_starts_anywhere)
{
	const uint64_t first = 3 * HISTORY_EPOCH + 812;
	struct history_cursor c;
	struct event e;

	history_init(&h, 1000);
	append_at(first, 0, "one");
	append_at(first + 1, first - 5, "two");
	c = history_oldest(&h);
	ck_assert_uint_eq(c.number, first);
	e = read_one(&c);
	ck_assert_uint_eq(e.number, first);
	ck_assert_uint_eq(e.msgid, 0);
	ck_assert_uint_eq(e.node, UINT64_MAX);
	ck_assert_uint_eq(e.counter, first + 1);
	e = read_one(&c);
	ck_assert_uint_eq(e.msgid, first - 5);
	ck_assert_mem_eq(e.text, "two", 3);
	ck_assert(!history_read(&h, &c, &e));
	ck_assert_uint_eq(history_count(&h), 2);
	/* What is local has none of it, and costs nothing for it. */
	e.node = 0;
	e.kind = EVENT_SAY;
	(void)history_append(&h, &e);
	ck_assert_uint_eq(h.head_pos - h.last_pos, 64);
	ck_assert_uint_eq(read_one(&c).node, 0);
	history_fini(&h);
}
END_TEST

START_TEST(test_holes)
{
	struct history_cursor c;
	struct event e;

	history_init(&h, 1000);
	append_at(1, 0, "one");
	append_at(5, 0, "five");
	append_at(HISTORY_EPOCH + 6, 0, "six, after a failover");
	append_at(HISTORY_EPOCH + 7, 0, "seven");
	ck_assert_uint_eq(history_epoch_open(h.header->epoch), 1);
	c = history_oldest(&h);
	ck_assert_uint_eq(read_one(&c).number, 1);
	e = read_one(&c);
	ck_assert_int_eq(e.kind, EVENT_GAP);
	ck_assert_uint_eq(e.count, 3);
	ck_assert(!e.is_uncertain);
	ck_assert_uint_eq(read_one(&c).number, 5);
	e = read_one(&c);
	ck_assert_int_eq(e.kind, EVENT_GAP);
	ck_assert_uint_eq(e.count, 0);
	ck_assert(e.is_uncertain);
	ck_assert_uint_eq(read_one(&c).number, HISTORY_EPOCH + 6);
	ck_assert_uint_eq(read_one(&c).number, HISTORY_EPOCH + 7);
	ck_assert(!history_read(&h, &c, &e));
	ck_assert_uint_eq(history_count(&h), 7);
	history_fini(&h);
}
END_TEST

/* With an id, in a ring that wraps, and in one that grows or is copied. */
START_TEST(test_both)
{
	struct history_cursor c;
	struct history copy;
	struct event e = { .kind = EVENT_SAY,
		.nick = "ana",
		.text = "text",
		.text_len = 4,
		.id = "an-id",
		.id_len = 5,
		.id_key = 9,
		.node = 4,
		.counter = 1 };

	history_init(&h, 1000);
	for (e.number = 1; e.number < 100; e.number++)
		history_append_at(&h, &e);
	ck_assert(history_find_id(&h, 9, "an-id", 5, &c));
	ck_assert_uint_eq(c.number, 99);
	history_init(&copy, 500);
	history_copy(&copy, &h);
	history_fini(&h);
	h = copy;
	ck_assert(history_walk(&h));
	c = history_oldest(&h);
	ck_assert_uint_gt(c.number, 90);
	while (history_read(&h, &c, &e)) {
		ck_assert_uint_eq(e.node, 4);
		ck_assert_uint_eq(e.counter, 1);
		ck_assert_uint_eq(e.id_key, 9);
		ck_assert_mem_eq(e.id, "an-id", 5);
	}
	ck_assert_uint_eq(c.number, 100);
	history_fini(&h);
}
END_TEST

/* Its checks are right, but no log has given that (hostile 63). */
START_TEST(test_forged)
{
	static const struct {
		size_t field;
		uint64_t value;
		bool is_sound;
	} forged[] = {
		{ offsetof(struct record_origin, node), 1, true },
		{ offsetof(struct record_origin, node), 0, false },
		{ offsetof(struct record_origin, counter), 0, false },
		{ offsetof(struct record_origin, msgid), 0, false },
		{ offsetof(struct record_origin, msgid), HISTORY_NUMBER_MAX,
		    false },
	};
	struct history_report report;
	struct record *r;
	size_t i, j;

	for (i = 0; i < NITEMS(forged); i++) {
		history_init(&h, 1000);
		for (j = 1; j <= 5; j++)
			append_at(j, 0, "text");
		r = history_at(&h, history_seek_number(&h, 3).pos);
		ck_assert_uint_eq(r->number, 3);
		memcpy((char *)r +
			((const char *)record_origin(r) - (char *)r) +
			forged[i].field,
		    &forged[i].value, sizeof(forged[i].value));
		r->check = record_check(r, r->first);
		memset(&report, 0, sizeof(report));
		history_salvage(&h, &report);
		ck_assert_uint_eq(report.missing, forged[i].is_sound ? 0 : 1);
		ck_assert_uint_eq(h.next_number, 6);
		history_fini(&h);
	}
}
END_TEST

/* Cut anywhere, all of it included; and a message in its place. */
START_TEST(test_cut)
{
	struct history_cursor c;
	struct event e;
	uint64_t keep;

	for (keep = 0; keep <= 6; keep++) {
		history_init(&h, 1000);
		for (e.number = 1; e.number < 20; e.number++)
			append_at(e.number, 0, "some text");
		c = history_oldest(&h);
		c = history_find(&h, c.number + keep);
		history_cut(&h, &c);
		ck_assert_uint_eq(h.next_number, c.number);
		ck_assert_uint_eq(history_count(&h), keep);
		c = history_head(&h);
		ck_assert(!history_read(&h, &c, &e));
		append_at(HISTORY_EPOCH + c.number, 0, "other");
		if (keep > 0) {
			e = read_one(&c);
			ck_assert_int_eq(e.kind, EVENT_GAP);
			ck_assert_uint_eq(e.count, 0);
		} else
			(void)history_clamp(&h, &c);
		e = read_one(&c);
		ck_assert_mem_eq(e.text, "other", 5);
		ck_assert_uint_eq(history_find(&h, e.number).number, e.number);
		ck_assert(!history_read(&h, &c, &e));
		history_fini(&h);
	}
	/* In a hole: with all of it. At the head: nothing. */
	history_init(&h, 1000);
	append_at(1, 0, "one");
	append_at(9, 0, "nine");
	c = history_head(&h);
	history_cut(&h, &c);
	ck_assert_uint_eq(h.next_number, 10);
	c = history_find(&h, 5);
	ck_assert_uint_eq(c.number, 5);
	history_cut(&h, &c);
	ck_assert_uint_eq(h.next_number, 2);
	history_fini(&h);
}
END_TEST

/* What leads to a message does not lead to one that was cut off. */
START_TEST(test_cut_indexes)
{
	static char text[3000];
	struct event e = { .kind = EVENT_SAY,
		.nick = "ana",
		.text = text,
		.id_key = 1,
		.node = 4,
		.counter = 1 };
	struct history_cursor c;
	char id[8];
	int64_t t;

	memset(text, 'x', sizeof(text));
	history_init(&h, 200000);
	e.id = id;
	for (e.number = 1; e.number <= 400; e.number++) {
		(void)snprintf(id, sizeof(id), "%d", (int)e.number);
		e.id_len = strlen(id);
		e.text_len = (size_t)(e.number * 97 % 500);
		e.time_ms = (int64_t)e.number;
		history_append_at(&h, &e);
	}
	c = history_find(&h, 300);
	history_cut(&h, &c);
	ck_assert(history_find_id(&h, 1, "299", 3, &c));
	ck_assert(!history_find_id(&h, 1, "300", 3, &c));
	ck_assert(!history_find_id(&h, 1, "400", 3, &c));
	ck_assert_uint_eq(history_find(&h, 350).number, 300);
	ck_assert_uint_eq(history_seek_time(&h, 350).number, 300);
	ck_assert_int_eq(h.last_time_ms, 299);
	/* Other sizes, so that other messages lie there. */
	for (e.number = 300; e.number <= 500; e.number++) {
		e.id_key = 0;
		e.text_len = (size_t)(e.number * 89 % 300);
		e.time_ms = (int64_t)e.number;
		history_append_at(&h, &e);
	}
	for (t = 1; t <= 500; t++) {
		ck_assert_int_eq(history_seek_time(&h, t).number, t);
		ck_assert_int_eq(history_seek_number(&h, (uint64_t)t).number,
		    t);
	}
	history_fini(&h);
}
END_TEST

/* After a power cut some of what was cut off is there again, behind what came in
 * its place: that counts (hostile 62). */
START_TEST(test_cut_comes_back)
{
	struct history_cursor c;
	struct event e;
	uint64_t back;
	char *old;

	history_init(&h, 4096);
	for (e.number = 1; e.number <= 20; e.number++)
		append_at(e.number, 0, "some text");
	old = xmalloc(h.size);
	memcpy(old, h.region, h.size);
	c = history_find(&h, 11);
	history_cut(&h, &c);
	for (e.number = 11; e.number <= 13; e.number++)
		append_at(HISTORY_EPOCH + e.number, 0, "other");
	memcpy(h.region + h.head_pos + 512, old + h.head_pos + 512,
	    h.size - h.head_pos - 512);
	free(old);
	back = history_scan(&h);
	ck_assert_uint_eq(back, 0);
	ck_assert_uint_eq(h.first_number, 1);
	ck_assert_uint_eq(h.next_number, HISTORY_EPOCH + 14);
	ck_assert_uint_eq(history_count(&h), 13);
	c = history_find(&h, HISTORY_EPOCH + 11);
	e = read_one(&c);
	ck_assert_mem_eq(e.text, "other", 5);
	history_fini(&h);
}
END_TEST

/* What a next start would find: by a walk the same; a scan may find what had
 * been dropped as well. */
static void
assert_reloads(void)
{
	size_t len = HISTORY_HEADER_SIZE + h.size;
	struct history copy;
	uint64_t messages, missing, count, held;
	int i;

	messages = ring_verify(&h, &missing);
	for (i = 0; i < 2; i++) {
		char *base = xmalloc(len);

		memcpy(base, h.header, len);
		history_attach(&copy, base, h.size, -1);
		if (i == 0)
			QUICK_ASSERT(history_walk(&copy));
		else
			(void)history_scan(&copy);
		held = ring_verify(&copy, &count);
		if (i == 0)
			QUICK_ASSERT(held == messages && count == missing &&
			    copy.first_number == h.first_number);
		QUICK_ASSERT(held >= messages);
		if (messages > 0)
			QUICK_ASSERT(copy.next_number == h.next_number &&
			    copy.last_time_ms == h.last_time_ms);
		history_fini(&copy);
	}
}

/* Model: against a list of what was appended, for rings of many sizes. */
START_TEST(test_model)
{
	static uint64_t said[4000];
	struct history_cursor c;
	struct event e;
	size_t size, count, i;
	uint64_t number;
	int round;

	ring_seed = 5;
	for (size = HISTORY_SIZE_MIN; size < 4000; size += 328) {
		history_init(&h, size);
		count = 0;
		for (round = 0; round < 300; round++) {
			number = h.next_number;
			if (ring_random(4) == 0)
				number += ring_random(20);
			if (ring_random(12) == 0)
				number += HISTORY_EPOCH * (1 + ring_random(3));
			while (ring_append_at(&h, number) == 0)
				number++;
			said[count++] = number;
			if (ring_random(10) == 0) {
				c = history_back(&h, ring_random(9));
				history_cut(&h, &c);
				while (count > 0 &&
				    said[count - 1] >= h.next_number)
					count--;
			}
			if (round % 8 == 0)
				assert_reloads();
			/* The newest are there, and only they. */
			i = count;
			c = history_head(&h);
			while (history_step_back(&h, &c)) {
				struct history_cursor at = c;

				QUICK_ASSERT(history_read(&h, &at, &e));
				if (e.kind != EVENT_GAP)
					QUICK_ASSERT(e.number == said[--i]);
			}
		}
		history_fini(&h);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "history_shared", NULL, NULL);

	tcase_add_test(tc, test_starts_anywhere);
	tcase_add_test(tc, test_holes);
	tcase_add_test(tc, test_both);
	tcase_add_test(tc, test_forged);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_cut_indexes);
	tcase_add_test(tc, test_cut_comes_back);
	tcase_add_test(tc, test_model);
}
