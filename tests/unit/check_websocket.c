/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Frames of a WebSocket: each input comes in every packet size, and has to tell
 * the same. hostile 12, 93
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "net/websocket.h"
#include "unit.h"
#include "ws-client.h"

#define MAX_MESSAGE 200

/* The first two bytes of a frame of a client; len is below 126. */
#define FIN "\x80"
#define MASK "\0\0\0\0" /* leaves the payload as it is */
#define BYTES(literal) literal, sizeof(literal) - 1

/* Writes down what there is to tell. */
static void
note(struct buf *out, enum websocket_result result, const struct websocket *w,
    const struct websocket_got *got)
{
	static const char marks[] = {
		[WEBSOCKET_GOT_PING] = '?',
		[WEBSOCKET_GOT_PONG] = '!',
	};

	switch (result) {
	case WEBSOCKET_GOT_NOTHING:
		break;
	case WEBSOCKET_GOT_MESSAGE:
		buf_addch(out, w->is_text ? 't' : 'b');
		buf_addch(out, '[');
		buf_add(out, got->data, got->len);
		buf_addch(out, ']');
		got->data[got->len] = 'w'; /* it may be written to */
		break;
	case WEBSOCKET_GOT_TOO_LONG:
		buf_addch(out, 'L');
		break;
	case WEBSOCKET_GOT_PING:
	case WEBSOCKET_GOT_PONG:
		buf_addch(out, marks[result]);
		buf_add(out, got->data, got->len);
		break;
	case WEBSOCKET_GOT_CLOSE:
		buf_addf(out, "close %u", got->code);
		break;
	case WEBSOCKET_GOT_BAD:
		buf_addf(out, "bad %u", got->code);
		break;
	}
}

/* Reads a packet. False: nothing more may be read. */
static bool
take(struct websocket *w, const char *packet, size_t len, struct buf *out)
{
	/* Of its own size, so that a checker sees what is read behind it. */
	char *copy = xmalloc(len), *at = copy;
	enum websocket_result result = WEBSOCKET_GOT_NOTHING;
	struct websocket_got got;
	size_t used;

	memcpy(copy, packet, len);
	while (len > 0 && result != WEBSOCKET_GOT_CLOSE &&
	    result != WEBSOCKET_GOT_BAD) {
		result = websocket_read(w, at, len, MAX_MESSAGE, &used, &got);
		ck_assert_uint_le(used, len);
		note(out, result, w, &got);
		if (result != WEBSOCKET_GOT_NOTHING)
			websocket_done(w);
		else
			ck_assert_uint_eq(used, len);
		ck_assert(result == WEBSOCKET_GOT_BAD || websocket_is_valid(w));
		ck_assert_uint_le(w->message.len, MAX_MESSAGE);
		at += used;
		len -= used;
	}
	free(copy);
	return result != WEBSOCKET_GOT_CLOSE && result != WEBSOCKET_GOT_BAD;
}

static void
check_all(const char *input, size_t len, const char *expected)
{
	struct websocket w;
	struct buf out = BUF_INITIALIZER;
	size_t packet, i, n;

	for (packet = 1; packet <= len; packet++) {
		memset(&w, 0, sizeof(w));
		buf_reset(&out);
		for (i = 0; i < len; i += n) {
			n = len - i < packet ? len - i : packet;
			if (!take(&w, input + i, n, &out))
				break;
		}
		ck_assert_msg(strcmp(buf_cstr(&out), expected) == 0,
		    "packets of %zu: '%s' is not '%s'", packet, buf_cstr(&out),
		    expected);
		websocket_fini(&w);
	}
	buf_fini(&out);
}

static const struct {
	const char *input;
	size_t len;
	const char *expected;
} cases[] = {
	/* RFC 6455 section 5.7. */
	{ BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "t[Hello]" },
	{ BYTES("\x81\x82" MASK "hi\x82\x83" MASK "\1a\xff"),
	    "t[hi]b[\1a\xff]" },
	{ BYTES("\x81\x80" MASK "\x81\x80" MASK), "t[]t[]" },
	/* In fragments, empty ones too, and control frames between. */
	{ BYTES("\x01\x81" MASK "a\x00\x81" MASK "b\x80\x81" MASK "c"),
	    "t[abc]" },
	{ BYTES("\x01\x80" MASK "\x00\x80" MASK "\x80\x80" MASK), "t[]" },
	{ BYTES("\x01\x81" MASK "a\x89\x82" MASK "pi\x8a\x80" MASK
		"\x80\x81" MASK "b\x89\x80" MASK),
	    "?pi!t[ab]?" },
	/* UTF-8 that is cut by fragments. */
	{ BYTES("\x01\x81" MASK "\xe2\x00\x81" MASK "\x82\x80\x81" MASK "\xac"),
	    "t[\u20ac]" },
	{ BYTES("\x81\x84" MASK "\xf4\x8f\xbf\xbf"), "t[\U0010FFFF]" },
	{ BYTES("\x81\x83" MASK "\xee\x80\x80"), "t[\uE000]" },
	/* What is no UTF-8: alone, overlong, a surrogate, beyond, cut. */
	{ BYTES("\x81\x81" MASK "\x80"), "bad 1007" },
	{ BYTES("\x81\x82" MASK "\xc0\xaf"), "bad 1007" },
	{ BYTES("\x81\x83" MASK "\xe0\x9f\xbf"), "bad 1007" },
	{ BYTES("\x81\x83" MASK "\xed\xa0\x80"), "bad 1007" },
	{ BYTES("\x81\x84" MASK "\xf0\x8f\xbf\xbf"), "bad 1007" },
	{ BYTES("\x81\x84" MASK "\xf4\x90\x80\x80"), "bad 1007" },
	{ BYTES("\x81\x81" MASK "\xf5"), "bad 1007" },
	{ BYTES("\x81\x82" MASK "\xe2\x82"), "bad 1007" },
	{ BYTES("\x01\x82" MASK "\xe2\x82\x80\x81" MASK "a"), "bad 1007" },
	/* It is told before the message is whole. */
	{ BYTES("\x81\xa0" MASK "a\xff"), "bad 1007" },
	/* A binary message may be anything. */
	{ BYTES("\x82\x82" MASK "\xff\xfe"), "b[\xff\xfe]" },
	/* Not masked; bits without meaning; opcodes. */
	{ BYTES("\x81\x02hi"), "bad 1002" },
	{ BYTES("\x89\x00"), "bad 1002" },
	{ BYTES("\xc1\x82" MASK "hi"), "bad 1002" },
	{ BYTES("\xa1\x82" MASK "hi"), "bad 1002" },
	{ BYTES("\x91\x82" MASK "hi"), "bad 1002" },
	{ BYTES("\x83\x80" MASK), "bad 1002" },
	{ BYTES("\x87\x80" MASK), "bad 1002" },
	{ BYTES("\x8b\x80" MASK), "bad 1002" },
	{ BYTES("\x8f\x80" MASK), "bad 1002" },
	/* Control frames in fragments, or too long. */
	{ BYTES("\x09\x80" MASK), "bad 1002" },
	{ BYTES("\x08\x80" MASK), "bad 1002" },
	{ BYTES("\x89\xfe\x00\x7e" MASK), "bad 1002" },
	{ BYTES("\x88\xff"), "bad 1002" },
	/* Fragments of nothing, and a message within another. */
	{ BYTES("\x80\x80" MASK), "bad 1002" },
	{ BYTES("\x00\x80" MASK), "bad 1002" },
	{ BYTES("\x01\x80" MASK "\x81\x80" MASK), "bad 1002" },
	{ BYTES("\x81\x80" MASK "\x80\x80" MASK), "t[]bad 1002" },
	/* Lengths: longer than need be, below 0, too much. */
	{ BYTES("\x81\xfe\x00\x7d" MASK), "bad 1002" },
	{ BYTES("\x81\xff\0\0\0\0\0\0\xff\xff" MASK), "bad 1002" },
	{ BYTES("\x81\xff\x80\0\0\0\0\0\0\0" MASK), "bad 1002" },
	{ BYTES("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" MASK), "bad 1002" },
	{ BYTES("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" MASK), "bad 1009" },
	{ BYTES("\x82\xff\0\0\0\0\0\x10\0\x01" MASK), "bad 1009" },
	/* The end. */
	{ BYTES("\x88\x80" MASK "\x81\x80" MASK), "close 1005" },
	{ BYTES("\x88\x82" MASK "\x03\xe8"), "close 1000" },
	{ BYTES("\x88\x85" MASK "\x03\xe9"
		"bye"),
	    "close 1001" },
	{ BYTES("\x88\x82" MASK "\x0b\xb8"), "close 3000" },
	{ BYTES("\x88\x82" MASK "\x13\x87"), "close 4999" },
	{ BYTES("\x88\x81" MASK "\x03"), "bad 1002" },
	{ BYTES("\x88\x82" MASK "\0\0"), "bad 1002" },
	{ BYTES("\x88\x82" MASK "\x03\xe7"), "bad 1002" }, /* 999 */
	{ BYTES("\x88\x82" MASK "\x03\xec"), "bad 1002" }, /* 1004 */
	{ BYTES("\x88\x82" MASK "\x03\xed"), "bad 1002" }, /* 1005 */
	{ BYTES("\x88\x82" MASK "\x03\xee"), "bad 1002" }, /* 1006 */
	{ BYTES("\x88\x82" MASK "\x03\xf7"), "bad 1002" }, /* 1015 */
	{ BYTES("\x88\x82" MASK "\x07\xd0"), "bad 1002" }, /* 2000 */
	{ BYTES("\x88\x82" MASK "\x13\x88"), "bad 1002" }, /* 5000 */
	{ BYTES("\x88\x83" MASK "\x03\xe8\xff"), "bad 1007" },
	{ BYTES("\x88\x84" MASK "\x03\xe8\xe2\x82"), "bad 1007" },
	{ BYTES("\x01\x81" MASK "a\x88\x80" MASK), "close 1005" },
};

START_TEST(test_frames)
{
	check_all(cases[_i].input, cases[_i].len, cases[_i].expected);
}
END_TEST

/* One at the limit is whole; of one beyond it nothing is kept, and the next is
 * whole again. */
START_TEST(test_too_long)
{
	struct buf in = BUF_INITIALIZER, expected = BUF_INITIALIZER;
	char text[MAX_MESSAGE + 1];

	memset(text, 'x', sizeof(text));
	ws_client_add_frame(&in, 0x81, text, MAX_MESSAGE);
	ws_client_add_frame(&in, 0x81, text, MAX_MESSAGE + 1);
	ws_client_add_frame(&in, 0x81, "a", 1);
	ws_client_add_frame(&in, 0x01, text, 150);
	ws_client_add_frame(&in, 0x00, text, 50);
	ws_client_add_frame(&in, 0x00, text, 1);
	ws_client_add_frame(&in, 0x89, "p", 1);
	ws_client_add_frame(&in, 0x00, text, 199);
	ws_client_add_frame(&in, 0x80, text, 10);
	ws_client_add_frame(&in, 0x81, "b", 1);
	buf_addf(&expected, "t[%.*s]Lt[a]L?pt[b]", MAX_MESSAGE, text);
	check_all(in.data, in.len, buf_cstr(&expected));
	/* Text is text also where it is dropped. */
	buf_reset(&in);
	ws_client_add_frame(&in, 0x01, text, MAX_MESSAGE + 1);
	ws_client_add_frame(&in, 0x80, "\xff", 1);
	check_all(in.data, in.len, "Lbad 1007");
	buf_fini(&in);
	buf_fini(&expected);
}
END_TEST

static void
check_written(const struct buf *out, const char *expected, size_t len)
{
	ck_assert_uint_eq(out->len, len);
	ck_assert_mem_eq(out->data, expected, len);
}

START_TEST(test_lines)
{
	struct buf out = BUF_INITIALIZER;
	char line[70001];

	websocket_add_lines(&out, WEBSOCKET_TEXT, BYTES("a\nbc\r\n\nd\re"));
	check_written(&out,
	    BYTES("\x81\x01"
		  "a\x81\x02"
		  "bc\x81\x00\x81\x03"
		  "d\re"));
	ck_assert_uint_eq(websocket_lines_size(BYTES("a\nbc\r\n\nd\re")),
	    out.len);
	memset(line, 'x', sizeof(line));
	line[125] = line[126 + 126] = line[253 + 65535] = '\n';
	buf_reset(&out);
	websocket_add_lines(&out, WEBSOCKET_BINARY, line, sizeof(line));
	ck_assert_uint_eq(websocket_lines_size(line, sizeof(line)), out.len);
	ck_assert_mem_eq(out.data, "\x82\x7dxx", 4);
	ck_assert_mem_eq(out.data + 127, "\x82\x7e\x00\x7exx", 6);
	ck_assert_mem_eq(out.data + 257, "\x82\x7e\xff\xffxx", 6);
	/* The last, of 4212 bytes. */
	ck_assert_mem_eq(out.data + 257 + 65539, "\x82\x7e\x10\x74xx", 6);
	buf_reset(&out);
	memset(line, 'x', sizeof(line));
	websocket_add_frame(&out, WEBSOCKET_TEXT, line, 65536);
	ck_assert_mem_eq(out.data, "\x81\x7f\0\0\0\0\0\1\0\0xx", 12);
	ck_assert_uint_eq(out.len, 65546);
	buf_reset(&out);
	websocket_add_close(&out, WEBSOCKET_NO_CODE);
	websocket_add_close(&out, WEBSOCKET_TOO_BIG);
	check_written(&out, BYTES("\x88\x00\x88\x02\x03\xf1"));
	buf_fini(&out);
}
END_TEST

START_TEST(test_accept)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	/* RFC 6455 section 1.3. */
	websocket_accept(accept, "dGhlIHNhbXBsZSBub25jZQ==");
	ck_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	ck_assert(websocket_key_is_valid(BYTES("dGhlIHNhbXBsZSBub25jZQ==")));
	ck_assert(!websocket_key_is_valid(BYTES("dGhlIHNhbXBsZSBub25jZQ=")));
	ck_assert(!websocket_key_is_valid(BYTES("dGhlIHNhbXBsZSBub25jZQ")));
	ck_assert(!websocket_key_is_valid(BYTES("dGhlIHNhbXBsZSBub25jZQA=")));
	ck_assert(!websocket_key_is_valid(BYTES("dGhlIHNhbXBsZSBub25jZ!==")));
	ck_assert(!websocket_key_is_valid(BYTES("")));
}
END_TEST

/* What another program hands over may be anything. */
START_TEST(test_valid)
{
	struct websocket w;

	memset(&w, 0, sizeof(w));
	ck_assert(websocket_is_valid(&w));
	w.is_in_payload = true;
	ck_assert(!websocket_is_valid(&w));
	w.head[0] = 0x89;
	w.head[1] = 0x85;
	w.head_len = 6;
	w.left = 5;
	ck_assert(websocket_is_valid(&w));
	w.left = 126;
	ck_assert(!websocket_is_valid(&w));
	w.left = 5;
	w.head_len = 14;
	ck_assert(!websocket_is_valid(&w));
	w.head_len = 6;
	w.head[0] = 0x81;
	ck_assert(!websocket_is_valid(&w));
	w.is_in_message = true;
	ck_assert(websocket_is_valid(&w));
	w.mask_at = 4;
	ck_assert(!websocket_is_valid(&w));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "websocket", NULL, NULL);

	tcase_add_loop_test(tc, test_frames, 0, (int)NITEMS(cases));
	tcase_add_test(tc, test_too_long);
	tcase_add_test(tc, test_lines);
	tcase_add_test(tc, test_accept);
	tcase_add_test(tc, test_valid);
}
