/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The telnet filter. The first byte picks the packets' sizes. Whatever these
 * are, text and answers are the same; text without an IAC comes out unchanged;
 * and no answer provokes another, or two peers would never stop.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "net/telnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WONT = 252, DO = 253, DONT = 254, TIMING_MARK = 6 };

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* packet 0: of all sizes. */
static void
filter(const uint8_t *in, size_t len, size_t packet, struct buf *text,
    struct buf *reply)
{
	struct telnet t;
	size_t n, out_len;
	char *copy;

	telnet_init(&t);
	for (size_t i = 0; i < len; i += n) {
		n = packet != 0 ? packet : 1 + (i * 7 + in[i]) % 13;
		if (n > len - i)
			n = len - i;
		/* In place, in memory of just that size. */
		copy = xmalloc(n);
		memcpy(copy, in + i, n);
		out_len = telnet_filter(&t, copy, copy, n, reply);
		require(out_len <= n);
		buf_add(text, copy, out_len);
		free(copy);
	}
}

static bool
is_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/*
 * Lines that say yes, and refusals of three bytes; each but WONT TIMING-MARK
 * once. Adds those to refusals.
 */
static void
check_replies(const struct buf *reply, struct buf *refusals)
{
	bool refused_do[256] = { false }, refused_will[256] = { false };
	size_t i, yes = sizeof(TELNET_YES) - 1;

	for (i = 0; i < reply->len;) {
		const uint8_t *r = (const uint8_t *)reply->data + i;

		if (reply->len - i >= yes && memcmp(r, TELNET_YES, yes) == 0) {
			i += yes;
			continue;
		}
		require(reply->len - i >= 3);
		buf_add(refusals, r, 3);
		i += 3;
		require(r[0] == TELNET_IAC);
		require(r[1] == WONT || r[1] == DONT);
		if (r[1] == DONT) {
			require(!refused_will[r[2]]);
			refused_will[r[2]] = true;
		} else if (r[2] != TIMING_MARK) {
			require(!refused_do[r[2]]);
			refused_do[r[2]] = true;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INITIALIZER, reply = BUF_INITIALIZER;
	struct buf text2 = BUF_INITIALIZER, reply2 = BUF_INITIALIZER;
	struct buf refusals = BUF_INITIALIZER;
	size_t packets[3] = { 1, 0, 0 };

	if (size < 1)
		return 0;
	packets[1] = 1 + (size_t)data[0];
	data++;
	size--;

	filter(data, size, size, &text, &reply);
	require(text.len <= size);
	require(reply.len <= size * TELNET_ANSWER_MAX / 2);
	if (size > 0 && memchr(data, TELNET_IAC, size) == NULL) {
		require(text.len == size && reply.len == 0);
		require(memcmp(text.data, data, size) == 0);
	}
	check_replies(&reply, &refusals);
	for (size_t i = 0; i < NITEMS(packets); i++) {
		filter(data, size, packets[i], &text2, &reply2);
		require(is_equal(&text, &text2));
		require(is_equal(&reply, &reply2));
		buf_reset(&text2);
		buf_reset(&reply2);
	}
	/* Our answers, sent back to us. */
	if (refusals.len > 0) {
		filter((const uint8_t *)refusals.data, refusals.len, 0, &text2,
		    &reply2);
		require(text2.len == 0 && reply2.len == 0);
	}
	buf_fini(&refusals);
	buf_fini(&text);
	buf_fini(&reply);
	buf_fini(&text2);
	buf_fini(&reply2);
	return 0;
}
