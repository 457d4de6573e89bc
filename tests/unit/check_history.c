/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "history/history.h"
#include "unit.h"

static uint64_t
append(struct history *h, const char *nick, const char *text)
{
	struct event e = { .kind = EVENT_SAY,
		.nick = nick,
		.text = text,
		.text_len = strlen(text),
		.time_ms = 42,
		.author = 7 };

	return history_append(h, &e);
}

START_TEST(test_empty)
{
	struct history h;
	struct history_cursor c;
	struct event e;

	history_init(&h, 1000);
	ck_assert_uint_eq(h.size, 1000);
	ck_assert_uint_eq(history_count(&h), 0);
	ck_assert_uint_eq(history_used(&h), 0);
	c = history_oldest(&h);
	ck_assert(!history_read(&h, &c, &e));
	ck_assert(!history_step_back(&h, &c));
	ck_assert_uint_eq(history_clamp(&h, &c), 0);
	ck_assert_uint_eq(history_back(&h, 5).number, 1);
	history_fini(&h);
}
END_TEST

START_TEST(test_read_back)
{
	struct history h;
	struct history_cursor c;
	struct event e;

	history_init(&h, 1001); /* rounded up to a multiple of 8 */
	ck_assert_uint_eq(h.size, 1008);
	ck_assert_uint_eq(append(&h, "ana", "one"), 1);
	ck_assert_uint_eq(append(&h, "bob", ""), 2);
	c = history_oldest(&h);
	ck_assert(history_read(&h, &c, &e));
	ck_assert_int_eq(e.kind, EVENT_SAY);
	ck_assert_uint_eq(e.number, 1);
	ck_assert_int_eq(e.time_ms, 42);
	ck_assert_uint_eq(e.author, 7);
	ck_assert_str_eq(e.nick, "ana");
	ck_assert_uint_eq(e.text_len, 3);
	ck_assert_mem_eq(e.text, "one", 3);
	ck_assert(history_read(&h, &c, &e));
	ck_assert_str_eq(e.nick, "bob");
	ck_assert_uint_eq(e.text_len, 0);
	ck_assert(!history_read(&h, &c, &e));
	ck_assert_uint_eq(c.number, 3);
	ck_assert(history_step_back(&h, &c));
	ck_assert(history_step_back(&h, &c));
	ck_assert(!history_step_back(&h, &c));
	ck_assert_uint_eq(c.number, 1);
	history_fini(&h);
}
END_TEST

static uint64_t
append_with_id(struct history *h, uint64_t key, const char *id,
    const char *text)
{
	struct event e = { .kind = EVENT_ME,
		.nick = "ana",
		.text = text,
		.text_len = strlen(text),
		.id_key = key,
		.id = id,
		.id_len = strlen(id) };

	return history_append(h, &e);
}

/* The number that was given to it, or 0. */
static uint64_t
find_id(const struct history *h, uint64_t key, const char *id)
{
	struct history_cursor c;

	return history_find_id(h, key, id, strlen(id), &c) ? c.number : 0;
}

START_TEST(test_id)
{
	struct history h;
	struct history_cursor c;
	struct event e;
	uint64_t plain;
	int i;

	history_init(&h, 2000);
	ck_assert_uint_eq(find_id(&h, 1, "a"), 0);
	ck_assert_uint_eq(append(&h, "ana", "without"), 1);
	plain = history_used(&h);
	ck_assert_uint_eq(append_with_id(&h, 1, "a", "one"), 2);
	ck_assert_uint_eq(append_with_id(&h, 2, "a", "two"), 3);
	ck_assert_uint_eq(append_with_id(&h, 1, "b", ""), 4);
	/* Who has none pays nothing. */
	ck_assert_uint_eq(append(&h, "ana", "without"), 5);
	ck_assert_uint_eq(h.head_pos - h.last_pos, plain);
	ck_assert_uint_eq(find_id(&h, 1, "a"), 2);
	ck_assert_uint_eq(find_id(&h, 2, "a"), 3);
	ck_assert_uint_eq(find_id(&h, 1, "b"), 4);
	ck_assert_uint_eq(find_id(&h, 2, "b"), 0);
	ck_assert_uint_eq(find_id(&h, 1, "ab"), 0);

	c = history_oldest(&h);
	ck_assert(history_read(&h, &c, &e));
	ck_assert_uint_eq(e.id_key, 0);
	ck_assert_ptr_null(e.id);
	ck_assert(history_read(&h, &c, &e));
	ck_assert_int_eq(e.kind, EVENT_ME);
	ck_assert_uint_eq(e.text_len, 3);
	ck_assert_uint_eq(e.id_key, 1);
	ck_assert_uint_eq(e.id_len, 1);
	ck_assert_mem_eq(e.id, "a", 1);

	/* Given again: the newest. Then all are lapped. */
	ck_assert_uint_eq(append_with_id(&h, 1, "a", "other"), 6);
	ck_assert_uint_eq(find_id(&h, 1, "a"), 6);
	for (i = 0; i < 100; i++) {
		(void)append_with_id(&h, 3, "again", "x");
		ck_assert_uint_eq(find_id(&h, 3, "again"), h.next_number - 1);
	}
	ck_assert_uint_eq(find_id(&h, 1, "a"), 0);
	ck_assert_uint_eq(find_id(&h, 2, "a"), 0);
	history_fini(&h);
}
END_TEST

START_TEST(test_id_valid)
{
	char id[HISTORY_ID_MAX + 1];

	memset(id, '~', sizeof(id));
	ck_assert(history_id_is_valid(id, HISTORY_ID_MAX));
	ck_assert(!history_id_is_valid(id, HISTORY_ID_MAX + 1));
	ck_assert(history_id_is_valid("!", 1));
	ck_assert(!history_id_is_valid("", 0));
	ck_assert(!history_id_is_valid("a b", 3));
	ck_assert(!history_id_is_valid("a\177", 2));
	ck_assert(!history_id_is_valid("\303\244", 2));
	ck_assert(!history_id_is_valid("a\0b", 3));
}
END_TEST

/* Against a list, through many wraps, for rings of all sizes (hostile 39). */
START_TEST(test_wraps)
{
	struct history h;
	struct history_cursor c;
	struct event e;
	char text[200];
	static char said[3000][200];
	size_t size, len;
	unsigned i, n, seed = 1;

	for (size = HISTORY_SIZE_MIN; size < 2000; size += 24) {
		history_init(&h, size);
		for (i = 1; i < 150; i++) {
			seed = seed * 1103515245u + 12345u;
			len = seed / 65536 % 150;
			memset(text, 'a' + (int)(i % 26), len);
			text[len] = '\0';
			append(&h, "nick", text);
			/* What a quarter of the ring cannot hold is cut. */
			if (len > h.size / 4)
				text[h.size / 4] = '\0';
			memcpy(said[i], text, sizeof(text));
			ck_assert_uint_le(history_used(&h), h.size);
			ck_assert_uint_ge(history_count(&h), 1);

			n = 0;
			c = history_oldest(&h);
			while (history_read(&h, &c, &e)) {
				ck_assert_uint_eq(e.number,
				    h.first_number + n++);
				ck_assert_uint_eq(e.text_len,
				    strlen(said[e.number]));
				ck_assert_mem_eq(e.text, said[e.number],
				    e.text_len);
			}
			ck_assert_uint_eq(n, history_count(&h));
			while (history_step_back(&h, &c))
				n--;
			ck_assert_uint_eq(n, 0);
			ck_assert_uint_eq(c.number, h.first_number);
		}
		history_fini(&h);
	}
}
END_TEST

/* A cursor at the head may have a pad before it that is overwritten later. */
START_TEST(test_cursor_at_a_pad)
{
	struct history h;
	struct history_cursor c[400];
	struct event e;
	size_t size;
	unsigned i, j;

	for (size = HISTORY_SIZE_MIN; size < 512; size += 8) {
		history_init(&h, size);
		for (i = 1; i < 400; i++) {
			c[i] = history_head(&h);
			append(&h, "nick", "some text of one length");
			for (j = h.first_number; j <= i; j++) {
				struct history_cursor at = c[j];

				ck_assert_uint_eq(history_clamp(&h, &at), 0);
				ck_assert(history_read(&h, &at, &e));
				ck_assert_uint_eq(e.number, j);
			}
		}
		history_fini(&h);
	}
}
END_TEST

START_TEST(test_clamp_is_exact)
{
	struct history h;
	struct history_cursor c, start;

	history_init(&h, 512);
	start = history_head(&h);
	while (h.first_number < 100)
		append(&h, "nick", "text");
	c = start;
	ck_assert_uint_eq(history_clamp(&h, &c), 99);
	ck_assert_uint_eq(c.number, 100);
	ck_assert_uint_eq(history_clamp(&h, &c), 0);
	history_fini(&h);
}
END_TEST

START_TEST(test_back)
{
	struct history h;
	int i;

	history_init(&h, 65536);
	for (i = 0; i < 50; i++)
		append(&h, "nick", "text");
	ck_assert_uint_eq(history_back(&h, 0).number, 51);
	ck_assert_uint_eq(history_back(&h, 20).number, 31);
	ck_assert_uint_eq(history_back(&h, 50).number, 1);
	ck_assert_uint_eq(history_back(&h, UINT64_MAX).number, 1);
	history_fini(&h);
}
END_TEST

/* Numbers are 64 bits wide, and so are positions (hostile 39). */
START_TEST(test_large_numbers)
{
	struct history h;
	struct history_cursor c;
	struct event e;
	int i;

	history_init(&h, 512);
	h.next_number = h.first_number = UINT32_MAX - 5ull;
	h.head_pos = h.tail_pos = h.last_pos = (UINT32_MAX - 511ull) / 512 *
	    512;
	for (i = 0; i < 40; i++)
		append(&h, "nick", "text");
	ck_assert_uint_eq(h.next_number, UINT32_MAX + 35ull);
	c = history_oldest(&h);
	for (i = 0; history_read(&h, &c, &e); i++)
		ck_assert_uint_eq(e.number, h.first_number + (unsigned)i);
	ck_assert_uint_eq((unsigned)i, history_count(&h));
	history_fini(&h);
}
END_TEST

/* Retention: what is older goes, the oldest first, and is counted. */
START_TEST(test_expire)
{
	struct history h;
	struct history_cursor start, c;
	struct event e = { .kind = EVENT_SAY, .nick = "ana", .text = "" };
	int i;

	history_init(&h, 1 << 20);
	start = history_head(&h);
	ck_assert(!history_expire(&h, INT64_MAX));
	for (i = 1; i <= 5000; i++) {
		/* The wall clock is wrong; it does not matter. */
		e.time_ms = 5000 - i;
		e.age_ms = i;
		(void)history_append(&h, &e);
	}
	ck_assert(!history_expire(&h, 1));
	ck_assert_uint_eq(history_count(&h), 5000);
	ck_assert(!history_expire(&h, 11));
	ck_assert_uint_eq(h.first_number, 11);
	c = start;
	ck_assert_uint_eq(history_clamp(&h, &c), 10);
	ck_assert(history_read(&h, &c, &e));
	ck_assert_int_eq(e.age_ms, 11);
	/* Some at a time, so that nobody waits. */
	ck_assert(history_expire(&h, 4001));
	ck_assert_uint_lt(h.first_number, 2000);
	for (i = 0; history_expire(&h, 4001); i++)
		ck_assert_int_lt(i, 10);
	ck_assert_uint_eq(h.first_number, 4001);
	while (history_expire(&h, INT64_MAX))
		;
	ck_assert_uint_eq(history_count(&h), 0);
	ck_assert_uint_eq(history_used(&h), 0);
	ck_assert_uint_eq(append(&h, "bob", "again"), 5001);
	history_fini(&h);
}
END_TEST

/* By number alone, also while the ring goes on and after it has wrapped. */
START_TEST(test_find)
{
	struct history h;
	struct history_cursor c;
	struct event e;
	uint64_t n, hole;
	int i;

	history_init(&h, 16384);
	ck_assert_uint_eq(history_find(&h, 1).number, 1);
	for (i = 0; i < 100; i++)
		append(&h, "ana", "before the hole");
	hole = h.next_number;
	history_append_hole(&h, hole + 10);
	for (i = 0; i < 2000; i++) {
		append(&h, "ana", i % 3 == 0 ? "text" : "and some more text");
		if (i == 500 || i == 1500)
			history_find_end(&h);
		if (i % 100 != 0 && i > 100)
			continue;
		for (n = h.first_number; n < h.next_number; n++) {
			c = history_find(&h, n);
			ck_assert_uint_eq(c.number, n);
			ck_assert(history_read(&h, &c, &e));
			ck_assert_uint_eq(e.number, n);
			if (n < hole || n >= hole + 10)
				continue;
			/* In the midst of a hole: what is left of it. */
			ck_assert_int_eq(e.kind, EVENT_GAP);
			ck_assert_uint_eq(e.count, hole + 10 - n);
			ck_assert(!e.is_uncertain);
			c = history_find(&h, n);
			ck_assert(history_step_back(&h, &c));
			ck_assert_uint_eq(c.number, n == hole ? n - 1 : hole);
		}
		c = history_find(&h, h.next_number);
		ck_assert_uint_eq(c.pos, h.head_pos);
		ck_assert_uint_eq(history_find(&h, UINT64_MAX).number,
		    h.next_number);
		if (h.first_number > 1) {
			c = history_find(&h, 1);
			ck_assert_uint_eq(history_clamp(&h, &c),
			    h.first_number - 1);
		}
	}
	ck_assert_uint_gt(h.first_number, hole + 10);
	history_fini(&h);
}
END_TEST

/* By time and number, against a walk, in rings that wrap (hostile 39). */
START_TEST(test_seek)
{
	static char text[5000];
	struct history h;
	struct history_cursor c, walk;
	struct event e = { .kind = EVENT_SAY, .nick = "ana", .text = text };
	size_t sizes[] = { 256, 1000, 16384, 16392, 50000, 131072, 200000 };
	size_t k;
	unsigned i, round, seed = 1;
	uint64_t n;
	int64_t t;

	memset(text, 'x', sizeof(text));
	for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		history_init(&h, sizes[k]);
		c = history_seek_time(&h, 0);
		ck_assert_uint_eq(c.number, 1);
		ck_assert_uint_eq(history_seek_number(&h, 7).number, 1);
		for (round = 0; round < 40; round++) {
			for (i = 0; i < 40; i++) {
				seed = seed * 1103515245u + 12345u;
				/* Some are of the same time. */
				e.time_ms += seed / 65536 % 3;
				e.text_len = seed / 65536 % 16 == 0 ?
				    seed / 1048576 % 5000 :
				    seed / 65536 % 50;
				(void)history_append(&h, &e);
			}
			if (round % 8 == 3)
				history_append_hole(&h, h.next_number + 9);
			n = h.first_number;
			t = e.time_ms - (int64_t)(round * 37);
			walk = history_oldest(&h);
			for (c = walk; history_read(&h, &walk, &e); c = walk)
				if (e.kind != EVENT_GAP && e.time_ms >= t)
					break;
			ck_assert_uint_eq(history_seek_time(&h, t).number,
			    c.number);
			for (; n < h.next_number; n += 17) {
				c = history_seek_number(&h, n);
				ck_assert_uint_eq(history_clamp(&h, &c), 0);
				ck_assert_uint_le(c.number, n);
				ck_assert(history_read(&h, &c, &e));
				ck_assert_uint_gt(c.number, n);
			}
			walk = history_head(&h);
			(void)history_step_back(&h, &walk);
			c = walk;
			(void)history_read(&h, &walk, &e);
			if (e.kind == EVENT_GAP) {
				(void)history_step_back(&h, &c);
				walk = c;
				(void)history_read(&h, &walk, &e);
			}
			e.kind = EVENT_SAY;
			e.nick = "ana";
			e.text = text;
			ck_assert_uint_eq(history_seek_time(&h, e.time_ms + 1)
					      .number,
			    h.next_number);
		}
		while (history_expire(&h, e.time_ms))
			;
		ck_assert_uint_eq(history_seek_time(&h, 0).number,
		    h.first_number);
		while (history_expire(&h, INT64_MAX))
			;
		ck_assert_uint_eq(history_seek_time(&h, 0).number,
		    h.next_number);
		history_fini(&h);
	}
}
END_TEST

static int64_t
say_at(struct history *h, int64_t wall_ms)
{
	struct event e = { .kind = EVENT_SAY, .nick = "ana", .text = "" };
	struct history_cursor c = history_head(h);

	e.time_ms = history_next_time(h, wall_ms);
	e.wall_ms = wall_ms;
	(void)history_append(h, &e);
	ck_assert(history_read(h, &c, &e));
	ck_assert_int_eq(event_wall_ms(&e) / 60000, wall_ms / 60000);
	return e.time_ms;
}

/*
 * However the clock is set, a room's times do not go back (hostile 147), and
 * what people are shown is what the clock showed.
 */
START_TEST(test_times)
{
	struct history h;
	const int64_t hour_ms = 3600000, noon_ms = 400000 * hour_ms;
	int64_t t;
	int i;

	history_init(&h, 300000);
	ck_assert_int_eq(say_at(&h, noon_ms), noon_ms);
	/* In one segment: each has a time of its own. */
	for (i = 1; i < 50; i++)
		ck_assert_int_eq(say_at(&h, noon_ms), noon_ms + i);
	ck_assert_int_eq(history_seek_time(&h, noon_ms + 10).number, 11);
	ck_assert_int_eq(say_at(&h, noon_ms + 20), noon_ms + 50);
	ck_assert_int_eq(say_at(&h, noon_ms + 1000), noon_ms + 1000);
	/* A flood does not run ahead of the clock for long. */
	for (i = 0; i < 10000; i++)
		t = say_at(&h, noon_ms + 1000);
	ck_assert_int_le(t, noon_ms + 1000 + HISTORY_AHEAD_MS);
	/* Back by an hour, and forth by 40 days for a moment. */
	ck_assert_int_eq(say_at(&h, noon_ms - hour_ms), t + 1);
	ck_assert_int_eq(say_at(&h, noon_ms - hour_ms), t + 2);
	t = noon_ms + 960 * hour_ms;
	ck_assert_int_eq(say_at(&h, t), t);
	ck_assert_int_eq(say_at(&h, noon_ms + hour_ms), t + 1);
	ck_assert_int_eq(say_at(&h, noon_ms - 960 * hour_ms), t + 2);
	/* The clock catches up, however much is said. */
	for (i = 0; i < 100000; i++)
		t = say_at(&h, noon_ms + i * 1000);
	ck_assert_int_le(t,
	    noon_ms + 960 * hour_ms + i * 500 + 2 * HISTORY_AHEAD_MS);
	history_fini(&h);
}
END_TEST

/* Times that the caller has not asked for are bounded as well. */
START_TEST(test_seek_clock_set_back)
{
	struct history h;
	struct history_cursor c, walk;
	struct event e = { .kind = EVENT_SAY, .nick = "ana", .text = "" };
	int64_t t;
	int i;

	history_init(&h, 300000);
	for (i = 0; i < 20000; i++) {
		e.time_ms = i < 15000 ? i : i - 500;
		e.wall_ms = 0;
		(void)history_append(&h, &e);
	}
	for (t = 14000; t < 20000; t += 50) {
		walk = history_oldest(&h);
		for (c = walk; history_read(&h, &walk, &e); c = walk)
			if (e.time_ms >= t)
				break;
		ck_assert_uint_eq(history_seek_time(&h, t).number, c.number);
	}
	history_fini(&h);
}
END_TEST

/* A power cut: numbers jump, but count on. */
START_TEST(test_distance)
{
	uint64_t a = 100, b = HISTORY_EPOCH + 105;

	ck_assert_uint_eq(history_distance(a, 120), 20);
	ck_assert_uint_eq(history_distance(a, b), 5);
	ck_assert(history_is_certain(a, 120) && !history_is_certain(a, b));
	/* They had read some that were lost: nothing is counted twice. */
	ck_assert_uint_eq(history_distance(110, b), 0);
	ck_assert_uint_eq(history_distance(120, a), 0);
}
END_TEST

/* Memory is used as the ring fills, and can be handed over. */
START_TEST(test_memory)
{
	struct history h;

	history_init(&h, HISTORY_SIZE_MAX);
	ck_assert_uint_eq(append(&h, "ana", "text"), 1);
	ck_assert_uint_eq(h.max_author, 7);
#ifdef HAVE_MEMFD_CREATE
	{
		struct stat st;

		ck_assert_int_eq(fcntl(h.fd, F_GETFD), FD_CLOEXEC);
		ck_assert_int_eq(fstat(h.fd, &st), 0);
		ck_assert_int_lt(st.st_blocks, 64);
		ck_assert_int_eq(ftruncate(h.fd, 0), -1);
	}
#endif
	history_fini(&h);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "history", NULL, NULL);

	tcase_add_test(tc, test_empty);
	tcase_add_test(tc, test_read_back);
	tcase_add_test(tc, test_id);
	tcase_add_test(tc, test_id_valid);
	tcase_add_test(tc, test_wraps);
	tcase_add_test(tc, test_cursor_at_a_pad);
	tcase_add_test(tc, test_clamp_is_exact);
	tcase_add_test(tc, test_back);
	tcase_add_test(tc, test_large_numbers);
	tcase_add_test(tc, test_expire);
	tcase_add_test(tc, test_find);
	tcase_add_test(tc, test_seek);
	tcase_add_test(tc, test_times);
	tcase_add_test(tc, test_seek_clock_set_back);
	tcase_add_test(tc, test_distance);
	tcase_add_test(tc, test_memory);
}
