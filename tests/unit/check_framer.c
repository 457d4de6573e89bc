/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Every input is cut in every packet size, each packet a chunk of its own, and
 * has to give the same lines. hostile 1, 2, 4, 5, 6
 */
#include "config.h"

#include <check.h>
#include <event2/buffer.h>
#include <string.h>

#include "base/buf.h"
#include "net/framer.h"
#include "unit.h"

#define MAX_LINE 8

/* A chunk of its own, as if it had been read into a full buffer. */
static void
add_chunk(struct evbuffer *buf, const void *data, size_t len)
{
	struct evbuffer *chunk = evbuffer_new();

	ck_assert_ptr_nonnull(chunk);
	ck_assert_int_eq(evbuffer_add(chunk, data, len), 0);
	ck_assert_int_eq(evbuffer_add_buffer(buf, chunk), 0);
	evbuffer_free(chunk);
}

/* Takes what is there and writes it down: [text], [text]r with a CR, or T. */
static void
take_lines(struct framer *f, struct evbuffer *buf, struct buf *got)
{
	struct framer_line line;
	enum framer_result result;
	size_t before;

	while ((result = framer_next(f, buf, MAX_LINE, &line)) != FRAMER_MORE) {
		if (result == FRAMER_TOO_LONG) {
			buf_addch(got, 'T');
			continue;
		}
		ck_assert_uint_le(line.len, MAX_LINE);
		buf_addch(got, '[');
		for (size_t i = 0; i < line.len; i++)
			buf_addch(got,
			    line.text[i] == '\0' ? '@' : line.text[i]);
		buf_addstr(got, line.has_cr ? "]r" : "]");
		memset(line.text, 'w', line.len); /* it may be written to */
		before = evbuffer_get_length(buf);
		framer_done(buf, &line);
		ck_assert_uint_eq(before - evbuffer_get_length(buf),
		    line.consumed);
	}
	/* All that may wait: a line at the limit and a CR. */
	ck_assert_uint_le(evbuffer_get_length(buf), MAX_LINE + 1);
	if (f->is_discarding)
		ck_assert_uint_le(evbuffer_get_length(buf), 1);
}

static void
check_cut(const char *input, size_t len, size_t packet, const char *expected)
{
	struct framer f = { false };
	struct evbuffer *buf = evbuffer_new();
	struct buf got = BUF_INITIALIZER;
	size_t n;

	ck_assert_ptr_nonnull(buf);
	for (size_t i = 0; i < len; i += n) {
		n = len - i < packet ? len - i : packet;
		add_chunk(buf, input + i, n);
		take_lines(&f, buf, &got);
	}
	ck_assert_msg(strcmp(buf_cstr(&got), expected) == 0,
	    "packets of %zu: expected %s, got %s", packet, expected,
	    buf_cstr(&got));
	buf_fini(&got);
	evbuffer_free(buf);
}

static void
check_lines(const char *input, size_t len, const char *expected)
{
	struct framer f = { false };
	struct evbuffer *buf = evbuffer_new();
	struct buf got = BUF_INITIALIZER;

	for (size_t packet = 1; packet <= len; packet++)
		check_cut(input, len, packet, expected);

	/* And all that came in single bytes looked at only at the end. */
	ck_assert_ptr_nonnull(buf);
	for (size_t i = 0; i < len; i++)
		add_chunk(buf, input + i, 1);
	take_lines(&f, buf, &got);
	ck_assert_str_eq(buf_cstr(&got), expected);
	buf_fini(&got);
	evbuffer_free(buf);
}

#define CHECK_LINES(input, expected) \
	check_lines(input, sizeof(input) - 1, expected)

START_TEST(test_endings) /* hostile 4 */
{
	CHECK_LINES("one\n", "[one]");
	CHECK_LINES("one\ntwo\r\nthree\r\0four\n", "[one][two]r[three]r[four]");
	CHECK_LINES("\n\r\n\r\0\n", "[][]r[]r[]");
	CHECK_LINES("a\r\0\nb\n", "[a]r[][b]");
	CHECK_LINES("a\n\rb\n", "[a][\rb]");
}
END_TEST

START_TEST(test_bare_cr) /* hostile 4 */
{
	CHECK_LINES("a\rb\n", "[a\rb]");
	CHECK_LINES("a\r\r\nb\n", "[a\r]r[b]");
	CHECK_LINES("\r\r\r\0", "[\r\r]r");
	CHECK_LINES("a\r", "");
}
END_TEST

START_TEST(test_nul) /* hostile 5 */
{
	CHECK_LINES("a\0b\n\0\n\n", "[a@b][@][]");
	CHECK_LINES("\0\r\n\0\r\0", "[@]r[@]r");
	CHECK_LINES("\r\0\0\n", "[]r[@]");
}
END_TEST

START_TEST(test_partial) /* hostile 10: the half line is nobody's */
{
	CHECK_LINES("", "");
	CHECK_LINES("half", "");
	CHECK_LINES("one\nhalf", "[one]");
	CHECK_LINES("12345678", "");
	CHECK_LINES("12345678\r", "");
}
END_TEST

START_TEST(test_limit) /* hostile 6 */
{
	CHECK_LINES("12345678\n", "[12345678]");
	CHECK_LINES("12345678\r\n", "[12345678]r");
	CHECK_LINES("12345678\r\0.\n", "[12345678]r[.]");
	CHECK_LINES("123456789\n.\n", "T[.]");
	CHECK_LINES("123456789\r\n.\n", "T[.]");
	CHECK_LINES("123456789\r\0.\n", "T[.]");
	CHECK_LINES("12345678\rx\n.\n", "T[.]");
	CHECK_LINES("12345678\r\r\n.\n", "T[.]");
	CHECK_LINES("1234567\r\r\n.\n", "[1234567\r]r[.]");
	/* A character across the limit is not cut: all of it goes. */
	CHECK_LINES("1234567\xc3\xa4\n.\n", "T[.]");
	CHECK_LINES("123456\xc3\xa4\n", "[123456\xc3\xa4]");
}
END_TEST

START_TEST(test_too_long)
{
	CHECK_LINES("123456789", "T");
	CHECK_LINES("1234567890123456789012345678901234567890\nok\n", "T[ok]");
	CHECK_LINES("1234567890\n1234567890\r\n1234567890\r\0ok\n", "TTT[ok]");
	CHECK_LINES("1234567890\r1234567890\r\r\nok\n", "T[ok]");
	CHECK_LINES("1234567890\r\r\0ok\n", "T[ok]");
	CHECK_LINES("1234567890\0\0\0\nok\n", "T[ok]");
	CHECK_LINES("a\n1234567890\nb\n1234567890\n", "[a]T[b]T");
	CHECK_LINES("\r\r\r\r\r\r\r\r\r\r\r\r\nok\n", "T[ok]");
	CHECK_LINES("\0\0\0\0\0\0\0\0\0\0\0\0\nok\n", "T[ok]");
}
END_TEST

/* No line end in a megabyte: one complaint, and nothing is kept. hostile 1 */
START_TEST(test_endless)
{
	static const size_t sizes[] = { 1, 3, 4096 };
	char packet[4096];
	struct framer f = { false };
	struct evbuffer *buf = evbuffer_new();
	struct buf got = BUF_INITIALIZER;

	ck_assert_ptr_nonnull(buf);
	memset(packet, 'x', sizeof(packet));
	packet[sizeof(packet) - 1] = '\r';
	for (size_t i = 0; i < 3 * 256; i++) {
		add_chunk(buf, packet, sizes[i % 3]);
		take_lines(&f, buf, &got);
	}
	/* All at once. */
	for (size_t i = 0; i < 256; i++)
		add_chunk(buf, packet, sizeof(packet));
	take_lines(&f, buf, &got);
	ck_assert_str_eq(buf_cstr(&got), "T");
	add_chunk(buf, "\nok\n", 4);
	take_lines(&f, buf, &got);
	ck_assert_str_eq(buf_cstr(&got), "T[ok]");
	buf_fini(&got);
	evbuffer_free(buf);
}
END_TEST

/* The text is left where it is, when it lies together there. */
START_TEST(test_in_bookmark)
{
	struct framer f = { false };
	struct framer_line line;
	struct evbuffer *buf = evbuffer_new();
	char *memory;

	ck_assert_ptr_nonnull(buf);
	add_chunk(buf, "a\nbcd\r\nrest", 11);
	memory = (char *)evbuffer_pullup(buf, -1);
	ck_assert_int_eq(framer_next(&f, buf, 2048, &line), FRAMER_LINE);
	ck_assert_ptr_eq(line.text, memory);
	ck_assert_uint_eq(line.consumed, 2);
	/* Asked again before framer_done(), it says the same. */
	ck_assert_int_eq(framer_next(&f, buf, 2048, &line), FRAMER_LINE);
	ck_assert_ptr_eq(line.text, memory);
	framer_done(buf, &line);
	ck_assert_int_eq(framer_next(&f, buf, 2048, &line), FRAMER_LINE);
	ck_assert_ptr_eq(line.text, memory + 2);
	ck_assert_uint_eq(line.len, 3);
	ck_assert_uint_eq(line.consumed, 5);
	framer_done(buf, &line);
	ck_assert_int_eq(framer_next(&f, buf, 2048, &line), FRAMER_MORE);
	ck_assert_uint_eq(evbuffer_get_length(buf), 4);
	evbuffer_free(buf);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "framer", NULL, NULL);

	tcase_add_test(tc, test_endings);
	tcase_add_test(tc, test_bare_cr);
	tcase_add_test(tc, test_nul);
	tcase_add_test(tc, test_partial);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_too_long);
	tcase_add_test(tc, test_endless);
	tcase_add_test(tc, test_in_bookmark);
}
