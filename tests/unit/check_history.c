/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

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
			memcpy(said[i], text, sizeof text);
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

static Suite *
history_suite(void)
{
	Suite *suite = suite_create("history");
	TCase *tc = tcase_create("history");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_empty);
	tcase_add_test(tc, test_read_back);
	tcase_add_test(tc, test_wraps);
	tcase_add_test(tc, test_cursor_at_a_pad);
	tcase_add_test(tc, test_clamp_is_exact);
	tcase_add_test(tc, test_back);
	tcase_add_test(tc, test_large_numbers);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(history_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
