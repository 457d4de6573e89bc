/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Growing runs of bytes.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "unit.h"

START_TEST(test_empty)
{
	struct buf b = BUF_INITIALIZER;

	ck_assert_str_eq(buf_cstr(&b), "");
	ck_assert_uint_eq(b.len, 0);
	buf_fini(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.cap, 0);
	buf_fini(&b); /* empty and valid again */
	buf_reset(&b);
	ck_assert_str_eq(buf_cstr(&b), "");
	buf_fini(&b);
}
END_TEST

START_TEST(test_add)
{
	struct buf b = BUF_INITIALIZER;

	buf_add(&b, "a\0b", 3);
	buf_addstr(&b, "cd");
	buf_addch(&b, '\0');
	buf_addf(&b, "%d%%", 34);
	buf_add(&b, NULL, 0);
	buf_addstr(&b, "");
	ck_assert_uint_eq(b.len, 9);
	ck_assert_mem_eq(b.data,
	    "a\0bcd\0"
	    "34%",
	    9);
	ck_assert_int_eq(buf_cstr(&b)[9], '\0');
	ck_assert_uint_eq(b.len, 9); /* the end is not counted */
	buf_addch(&b, '!');
	ck_assert_mem_eq(b.data,
	    "a\0bcd\0"
	    "34%!",
	    10);
	buf_fini(&b);
}
END_TEST

START_TEST(test_reserve)
{
	struct buf b = BUF_INITIALIZER;
	char *room;

	ck_assert_ptr_nonnull(buf_reserve(&b, 0));
	buf_addstr(&b, "head");
	room = buf_reserve(&b, 5000);
	ck_assert_ptr_eq(room, b.data + 4);
	ck_assert_uint_ge(b.cap - b.len, 5000);
	ck_assert_uint_eq(b.len, 4);
	memset(room, 'x', 5000);
	ck_assert_mem_eq(b.data, "headx", 5);
	buf_fini(&b);
}
END_TEST

/* A length just below, at and above the room that there is. */
START_TEST(test_begin)
{
	struct buf b = BUF_INITIALIZER;
	const char *data;

	buf_begin(&b, 16);
	ck_assert_uint_eq(b.cap, 16);
	data = b.data;
	buf_add(&b, "12345678", 8);
	buf_add(&b, "12345678", 8);
	/* All of it was used before there is more. */
	ck_assert_ptr_eq(b.data, data);
	ck_assert_uint_eq(b.cap, 16);
	buf_addstr(&b, "9");
	ck_assert_str_eq(buf_cstr(&b), "12345678123456789");
	ck_assert_uint_eq(b.cap, 32);
	buf_fini(&b);
}
END_TEST

START_TEST(test_format_at_the_edge)
{
	struct buf b = BUF_INITIALIZER;
	char *want;
	size_t cap, len;
	int delta;

	for (delta = -2; delta <= 2; delta++) {
		buf_fini(&b);
		buf_addch(&b, '>');
		cap = b.cap;
		len = (size_t)((int)(cap - b.len) + delta);
		want = malloc(len + 2);
		ck_assert_ptr_nonnull(want);
		memset(want, 'y', len + 1);
		want[0] = '>';
		want[len + 1] = '\0';
		buf_addf(&b, "%s", want + 1);
		ck_assert_uint_eq(b.len, len + 1);
		ck_assert_str_eq(buf_cstr(&b), want);
		free(want);
	}
	buf_fini(&b);
}
END_TEST

START_TEST(test_many)
{
	struct buf b = BUF_INITIALIZER;
	char line[32];
	size_t at = 0;
	int i;

	for (i = 0; i < 5000; i++)
		buf_addf(&b, "%d,", i);
	buf_cstr(&b);
	for (i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "%d,", i);
		ck_assert_int_eq(strncmp(b.data + at, line, strlen(line)), 0);
		at += strlen(line);
	}
	ck_assert_uint_eq(at, b.len);
	buf_fini(&b);
}
END_TEST

START_TEST(test_reset_keeps_memory)
{
	struct buf b = BUF_INITIALIZER;
	char *data;
	size_t cap;
	int i;

	for (i = 0; i < 1000; i++)
		buf_addstr(&b, "0123456789");
	data = b.data;
	cap = b.cap;
	buf_reset(&b);
	ck_assert_uint_eq(b.len, 0);
	for (i = 0; i < 1000; i++)
		buf_addstr(&b, "9876543210");
	ck_assert_ptr_eq(b.data, data);
	ck_assert_uint_eq(b.cap, cap);
	buf_fini(&b);
}
END_TEST

START_TEST(test_numbers)
{
	static const struct {
		uint64_t n;
		const char *text;
	} numbers[] = { { 0, "0" }, { 9, "9" }, { 10, "10" },
		{ 17592186044422, "17592186044422" },
		{ UINT64_MAX, "18446744073709551615" } };
	struct buf b = BUF_INITIALIZER;
	size_t i;

	for (i = 0; i < NITEMS(numbers); i++) {
		buf_reset(&b);
		buf_addu(&b, numbers[i].n);
		ck_assert_str_eq(buf_cstr(&b), numbers[i].text);
	}
	buf_fini(&b);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "buf", NULL, NULL);

	tcase_add_test(tc, test_empty);
	tcase_add_test(tc, test_add);
	tcase_add_test(tc, test_reserve);
	tcase_add_test(tc, test_begin);
	tcase_add_test(tc, test_format_at_the_edge);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_numbers);
	tcase_add_test(tc, test_reset_keeps_memory);
}
