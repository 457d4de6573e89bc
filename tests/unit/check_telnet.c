/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The telnet bytes, in every packet size. hostile 59
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "net/telnet.h"
#include "unit.h"

#define IAC "\377"
#define DONT "\376"
#define DO "\375"
#define WONT "\374"
#define WILL "\373"
#define SB "\372"
#define EL "\370"
#define EC "\367"
#define AYT "\366"
#define IP "\364"
#define DM "\362"
#define SE "\360"
#define ECHO "\001"
#define TIMING_MARK "\006"
#define NAWS "\037"

static void
filter_packets(struct telnet *t, const char *input, size_t len, size_t packet,
    struct buf *text, struct buf *reply)
{
	char *copy;
	size_t n, out_len;

	for (size_t i = 0; i < len; i += n) {
		n = len - i < packet ? len - i : packet;
		/* In place, in memory of just that size. */
		copy = xmalloc(n);
		memcpy(copy, input + i, n);
		out_len = telnet_filter(t, copy, copy, n, reply);
		ck_assert_uint_le(out_len, n);
		buf_add(text, copy, out_len);
		free(copy);
	}
}

static void
check_filter(const char *input, size_t len, const char *text, size_t text_len,
    const char *reply, size_t reply_len)
{
	struct buf got = BUF_INITIALIZER, answer = BUF_INITIALIZER;
	struct telnet t;

	for (size_t packet = 1; packet <= len; packet++) {
		telnet_init(&t);
		filter_packets(&t, input, len, packet, &got, &answer);
		ck_assert_uint_eq(got.len, text_len);
		if (text_len > 0)
			ck_assert_mem_eq(got.data, text, text_len);
		ck_assert_uint_eq(answer.len, reply_len);
		if (reply_len > 0)
			ck_assert_mem_eq(answer.data, reply, reply_len);
		buf_reset(&got);
		buf_reset(&answer);
	}
	buf_fini(&got);
	buf_fini(&answer);
}

#define CHECK_FILTER(input, text, reply) \
	check_filter(input, sizeof(input) - 1, text, sizeof(text) - 1, reply, \
	    sizeof(reply) - 1)

START_TEST(test_text)
{
	CHECK_FILTER("plain\r\n\0\001\200\376 text",
	    "plain\r\n\0\001\200\376 text", "");
	CHECK_FILTER("a" IAC IAC "b", "a" IAC "b", "");
	CHECK_FILTER(IAC IAC IAC IAC, IAC IAC, "");
	CHECK_FILTER("a" IAC, "a", "");
}
END_TEST

START_TEST(test_commands_ignored)
{
	CHECK_FILTER("a" IAC IP "b" IAC SE "c" IAC DM "d", "abcd", "");
	CHECK_FILTER("a" IAC "xb", "ab", ""); /* no command at all */
}
END_TEST

/* hostile 15: they edit what was typed. */
START_TEST(test_erasing)
{
	CHECK_FILTER("ab" IAC EC "c", "ab\bc", "");
	CHECK_FILTER("ab" IAC EL "c" IAC EC, "ab\025c\b", "");
	CHECK_FILTER(IAC SB "x" IAC EC "c", "\bc", ""); /* no IAC SE */
}
END_TEST

START_TEST(test_are_you_there)
{
	CHECK_FILTER("a" IAC AYT "b" IAC AYT, "ab", "-- yes\r\n-- yes\r\n");
}
END_TEST

START_TEST(test_options_refused)
{
	CHECK_FILTER("a" IAC DO ECHO "b", "ab", IAC WONT ECHO);
	CHECK_FILTER("a" IAC WILL NAWS "b", "ab", IAC DONT NAWS);
	CHECK_FILTER(IAC DO IAC "b", "b", IAC WONT IAC); /* option 255 */
	CHECK_FILTER(IAC DO "\0" IAC WILL "\0", "",
	    IAC WONT "\0" IAC DONT "\0");
}
END_TEST

/* hostile 59, RFC 1143: what was told is not told again, so no loop arises. */
START_TEST(test_no_loop)
{
	CHECK_FILTER(IAC DO ECHO IAC DO ECHO IAC DO NAWS IAC DO ECHO, "",
	    IAC WONT ECHO IAC WONT NAWS);
	CHECK_FILTER(IAC WILL ECHO IAC WONT ECHO IAC WILL ECHO, "",
	    IAC DONT ECHO);
	CHECK_FILTER(IAC DO ECHO IAC WILL ECHO IAC DO ECHO IAC WILL ECHO, "",
	    IAC WONT ECHO IAC DONT ECHO);
	/* Our own answers, sent back. */
	CHECK_FILTER(IAC WONT ECHO IAC DONT NAWS, "", "");
}
END_TEST

/* All options: one answer each, however often they come. */
START_TEST(test_all_options)
{
	struct buf input = BUF_INITIALIZER, text = BUF_INITIALIZER;
	struct buf reply = BUF_INITIALIZER;
	struct telnet t;

	for (int round = 0; round < 3; round++) {
		for (int option = 0; option < 256; option++) {
			buf_addstr(&input, IAC DO);
			buf_addch(&input, (char)option);
			buf_addstr(&input, IAC WILL);
			buf_addch(&input, (char)option);
		}
	}
	telnet_init(&t);
	filter_packets(&t, input.data, input.len, 7, &text, &reply);
	ck_assert_uint_eq(text.len, 0);
	/* And two more of the timing mark. */
	ck_assert_uint_eq(reply.len, (2 * 256 + 2) * 3);
	buf_fini(&input);
	buf_fini(&text);
	buf_fini(&reply);
}
END_TEST

/* telnet(1) throws output away until the answer to its mark. */
START_TEST(test_timing_mark)
{
	CHECK_FILTER(IAC DO TIMING_MARK "a" IAC DO TIMING_MARK, "a",
	    IAC WONT TIMING_MARK IAC WONT TIMING_MARK);
	CHECK_FILTER(IAC WILL TIMING_MARK IAC WILL TIMING_MARK, "",
	    IAC DONT TIMING_MARK);
}
END_TEST

/* Our own mark comes back as WILL or WONT, once, in its place. */
START_TEST(test_our_mark)
{
	static const char answers[][4] = { "\xff\xfb\x06", "\xff\xfc\x06" };
	struct buf text = BUF_INITIALIZER, reply = BUF_INITIALIZER;
	struct telnet t;
	size_t i;

	for (i = 0; i < NITEMS(answers); i++) {
		telnet_init(&t);
		filter_packets(&t, "a", 1, 1, &text, &reply);
		ck_assert(!t.has_mark);
		t.is_asked = true;
		filter_packets(&t, answers[i], 3, 1, &text, &reply);
		ck_assert(t.has_mark && !t.is_asked);
		ck_assert_uint_eq(reply.len, 0);
		t.has_mark = false;
		filter_packets(&t, answers[i], 3, 1, &text, &reply);
		ck_assert(!t.has_mark);
		buf_reset(&reply);
	}
	buf_fini(&text);
	buf_fini(&reply);
}
END_TEST

START_TEST(test_subnegotiation)
{
	CHECK_FILTER("a" IAC SB NAWS "\0\120\0\030" IAC SE "b", "ab", "");
	CHECK_FILTER("a" IAC SB NAWS IAC IAC "x" IAC IAC SE IAC SE "b", "ab",
	    "");
	CHECK_FILTER("a" IAC SB, "a", "");
	CHECK_FILTER("a" IAC SB IAC, "a", "");
	/* Its end left out: the next command counts. */
	CHECK_FILTER("a" IAC SB "xyz" IAC DO ECHO "b", "ab", IAC WONT ECHO);
	CHECK_FILTER("a" IAC SB "xyz" IAC SB "x" IAC SE "b", "ab", "");
}
END_TEST

/* hostile 59: however long, it is swallowed. */
START_TEST(test_endless_subnegotiation)
{
	char junk[4096];
	struct telnet t;
	struct buf reply = BUF_INITIALIZER;

	memset(junk, 'x', sizeof(junk));
	telnet_init(&t);
	ck_assert_uint_eq(telnet_filter(&t, junk, IAC SB NAWS, 3, &reply), 0);
	memset(junk, 'x', sizeof(junk));
	for (int i = 0; i < 256; i++)
		ck_assert_uint_eq(telnet_filter(&t, junk, junk, sizeof(junk),
				      &reply),
		    0);
	ck_assert_uint_eq(telnet_filter(&t, junk, IAC SE "b", 3, &reply), 1);
	ck_assert_int_eq(junk[0], 'b');
	ck_assert_uint_eq(reply.len, 0);
	buf_fini(&reply);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "telnet", NULL, NULL);

	tcase_add_test(tc, test_text);
	tcase_add_test(tc, test_commands_ignored);
	tcase_add_test(tc, test_erasing);
	tcase_add_test(tc, test_are_you_there);
	tcase_add_test(tc, test_options_refused);
	tcase_add_test(tc, test_no_loop);
	tcase_add_test(tc, test_all_options);
	tcase_add_test(tc, test_timing_mark);
	tcase_add_test(tc, test_our_mark);
	tcase_add_test(tc, test_subnegotiation);
	tcase_add_test(tc, test_endless_subnegotiation);
}
