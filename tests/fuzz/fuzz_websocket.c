/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Frames of a WebSocket, against a reader that has all of the input before it
 * and libunistring for the text. The first byte picks the packets' sizes. The
 * reader of the server must tell the same, in the same order, whatever these
 * are, but that it may tell of bad text sooner, as the model tells of it where
 * the frame ends.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "base/buf.h"
#include "base/util.h"
#include "net/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_MESSAGE 64

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Writes down an event: its kind, its code, and its bytes. */
static void
note(struct buf *out, enum websocket_result kind, unsigned code,
    const void *data, size_t len)
{
	buf_addf(out, "%d %u %zu ", (int)kind, code, len);
	buf_add(out, data, len);
	buf_addch(out, '\n');
}

/* The server's reader. */

static void
read_packets(const uint8_t *in, size_t size, size_t packet, struct buf *out)
{
	struct websocket w;
	struct websocket_got got;
	enum websocket_result result = WEBSOCKET_GOT_NOTHING;
	size_t n, used, at;
	char *copy;

	memset(&w, 0, sizeof(w));
	for (size_t i = 0; i < size; i += n) {
		n = packet != 0 ? packet : 1 + (i * 7 + in[i]) % 13;
		if (n > size - i)
			n = size - i;
		copy = xmalloc(n);
		memcpy(copy, in + i, n);
		for (at = 0; at < n; at += used) {
			result = websocket_read(&w, copy + at, n - at,
			    MAX_MESSAGE, &used, &got);
			require(used <= n - at);
			if (result != WEBSOCKET_GOT_NOTHING)
				note(out, result, got.code, got.data, got.len);
			if (result == WEBSOCKET_GOT_BAD ||
			    result == WEBSOCKET_GOT_CLOSE)
				break;
			require(used > 0);
			require(websocket_is_valid(&w));
			require(w.message.len <= MAX_MESSAGE);
			if (result != WEBSOCKET_GOT_NOTHING)
				websocket_done(&w);
		}
		free(copy);
		if (result == WEBSOCKET_GOT_BAD ||
		    result == WEBSOCKET_GOT_CLOSE)
			break;
	}
	websocket_fini(&w);
}

/* The model */

struct frame {
	bool is_last;
	unsigned opcode;
	uint64_t len;
	const uint8_t *mask, *payload;
};

/* 0: a whole frame; 1: more has to come; else why it is bad. */
static unsigned
model_frame(const uint8_t *in, size_t size, bool is_in_message, struct frame *f)
{
	size_t ext;

	if (size < 2)
		return 1;
	f->is_last = in[0] >> 7;
	f->opcode = in[0] & 15;
	f->len = in[1] & 127;
	if ((in[0] & 0x70) != 0 || (in[1] & 0x80) == 0)
		return WEBSOCKET_PROTOCOL_ERROR;
	if (f->opcode > 7 && (f->opcode > 10 || f->len > 125 || !f->is_last))
		return WEBSOCKET_PROTOCOL_ERROR;
	if (f->opcode <= 7 &&
	    (f->opcode > 2 || (f->opcode == 0) != is_in_message))
		return WEBSOCKET_PROTOCOL_ERROR;
	ext = f->len == 126 ? 2 : f->len == 127 ? 8 : 0;
	if (size < 2 + ext + 4)
		return 1;
	if (ext > 0)
		f->len = 0;
	for (size_t i = 0; i < ext; i++)
		f->len = f->len << 8 | in[2 + i];
	if ((ext == 2 && f->len < 126) ||
	    (ext == 8 && (f->len < 65536 || f->len > INT64_MAX)))
		return WEBSOCKET_PROTOCOL_ERROR;
	if (f->len > 1 << 20)
		return WEBSOCKET_TOO_BIG;
	f->mask = in + 2 + ext;
	f->payload = f->mask + 4;
	return 0;
}

static bool
is_utf8(const void *text, size_t len)
{
	return u8_check(text, len) == NULL;
}

static void
model_close(const struct buf *payload, struct buf *out)
{
	const uint8_t *b = (const uint8_t *)payload->data;
	unsigned code = WEBSOCKET_NO_CODE, bad = 0;

	if (payload->len == 1)
		bad = WEBSOCKET_PROTOCOL_ERROR;
	if (payload->len >= 2) {
		code = (unsigned)b[0] << 8 | b[1];
		if (code < 1000 || code > 4999 ||
		    (code > 1003 && code < 1007) ||
		    (code > 1014 && code < 3000))
			bad = WEBSOCKET_PROTOCOL_ERROR;
		else if (!is_utf8(b + 2, payload->len - 2))
			bad = WEBSOCKET_BAD_TEXT;
	}
	note(out, bad != 0 ? WEBSOCKET_GOT_BAD : WEBSOCKET_GOT_CLOSE,
	    bad != 0 ? bad : code, payload->data, payload->len);
}

/* Returns whether the text of a message turned out to be bad, or may have been
 * in a frame that is not whole; then the input ends there. */
static bool
model(const uint8_t *in, size_t size, struct buf *out)
{
	struct buf payload = BUF_INITIALIZER, message = BUF_INITIALIZER;
	bool is_in_message = false, is_text = false, is_too_long = false;
	bool is_open = true;
	struct frame f;
	unsigned bad;

	while (is_open) {
		bad = model_frame(in, size, is_in_message, &f);
		if (bad > 1)
			note(out, WEBSOCKET_GOT_BAD, bad, NULL, 0);
		if (bad != 0)
			break;
		if (f.opcode == WEBSOCKET_TEXT ||
		    f.opcode == WEBSOCKET_BINARY) {
			is_in_message = true;
			is_text = f.opcode == WEBSOCKET_TEXT;
			is_too_long = false;
			buf_reset(&message);
		}
		if (f.opcode < 8 && !is_too_long &&
		    message.len + f.len > MAX_MESSAGE) {
			is_too_long = true;
			note(out, WEBSOCKET_GOT_TOO_LONG, 0, NULL, 0);
		}
		if (f.len > size - (size_t)(f.payload - in))
			break;
		buf_reset(&payload);
		for (size_t i = 0; i < f.len; i++)
			buf_addch(&payload,
			    (char)(f.payload[i] ^ f.mask[i % 4]));
		size -= (size_t)(f.payload + f.len - in);
		in = f.payload + f.len;
		if (f.opcode == WEBSOCKET_CLOSE) {
			model_close(&payload, out);
			break;
		}
		if (f.opcode > 8) {
			note(out,
			    f.opcode == WEBSOCKET_PING ? WEBSOCKET_GOT_PING :
							 WEBSOCKET_GOT_PONG,
			    0, payload.data, payload.len);
			continue;
		}
		buf_add(&message, payload.data, payload.len);
		if (!f.is_last)
			continue;
		is_in_message = false;
		if (is_text && !is_utf8(message.data, message.len)) {
			note(out, WEBSOCKET_GOT_BAD, WEBSOCKET_BAD_TEXT, NULL,
			    0);
			is_open = false;
		} else if (!is_too_long)
			note(out, WEBSOCKET_GOT_MESSAGE, 0, message.data,
			    message.len);
	}
	buf_fini(&payload);
	buf_fini(&message);
	return is_open && is_in_message && is_text;
}

/* What the server has told up to bad text, or all. Its end tells where. */
static size_t
before_bad_text(const struct buf *told)
{
	static const char bad[] = "6 1007 0 \n";
	size_t len = sizeof(bad) - 1;

	return told->len >= len &&
		memcmp(told->data + told->len - len, bad, len) == 0 ?
	    told->len - len :
	    told->len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INITIALIZER, packets = BUF_INITIALIZER;
	struct buf expected = BUF_INITIALIZER;
	size_t n;

	if (size < 2 || size > 4096)
		return 0;
	read_packets(data + 1, size - 1, size, &whole);
	read_packets(data + 1, size - 1, data[0] % 8, &packets);
	require(whole.len == packets.len &&
	    (whole.len == 0 ||
		memcmp(whole.data, packets.data, whole.len) == 0));
	(void)model(data + 1, size - 1, &expected);
	n = before_bad_text(&whole);
	/* Bad text may be told before what the model has come to. */
	require(n < whole.len ? expected.len >= n : expected.len == n);
	require(n == 0 || memcmp(whole.data, expected.data, n) == 0);
	buf_fini(&whole);
	buf_fini(&packets);
	buf_fini(&expected);
	return 0;
}
