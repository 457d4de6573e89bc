/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Frames are read as a stream, a head or a piece of a payload at a time, and
 * nothing waits outside but what a message needs: so a frame of any length, in
 * packets of any size, costs the memory of the longest message. Text is checked
 * as it comes, as its author is to be told at once (section 8.1).
 *
 *        0                   1
 *        0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *       +-+-+-+-+-------+-+-------------+ - - - - - +- - - - -+ - - -
 *       |F|R|R|R| opcode|M|   length    | length of | mask of | payload
 *       |I|S|S|S|       |A| 126: in 16  | 16 or 64  | 32 bits |
 *       |N|V|V|V|       |S|K| 127: in 64  | bits      |         |
 *       +-+-+-+-+-------+-+-------------+ - - - - - +- - - - -+ - - -
 *
 * Decided against: permessage-deflate, whose window of 32 KiB for each client
 * is twenty times what a client costs; and fragments of our own, as no line is
 * long.
 */
#include "config.h"

#include <string.h>

#include <sys/types.h>

#include <sha1.h>

#include "base/base64.h"
#include "net/websocket.h"

#define WEBSOCKET_RSV 0x70
#define WEBSOCKET_MASK 0x80
#define WEBSOCKET_MASK_LEN 4
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

void
websocket_fini(struct websocket *w)
{
	buf_fini(&w->message);
	buf_fini(&w->control);
	memset(w, 0, sizeof(*w));
}

void
websocket_done(struct websocket *w)
{
	buf_fini(&w->control);
	if (!w->is_in_message)
		buf_fini(&w->message);
}

/* Text */

/* Takes the next bytes of a text. False: it is not UTF-8 (RFC 3629 section
 * 4). */
static bool
utf8_take(struct websocket_utf8 *u, const char *text, size_t len)
{
	size_t i;
	uint8_t b;

	for (i = 0; i < len; i++) {
		b = (uint8_t)text[i];
		if (u->missing > 0) {
			if (b < u->low || b > u->high)
				return false;
			u->missing--;
			u->low = 0x80;
			u->high = 0xbf;
			continue;
		}
		if (b < 0x80)
			continue;
		if (b < 0xc2 || b > 0xf4)
			return false;
		u->missing = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
		u->low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
		u->high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
	}
	return true;
}

static bool
utf8_is_valid(const char *text, size_t len)
{
	struct websocket_utf8 u = { 0, 0, 0 };

	return utf8_take(&u, text, len) && u.missing == 0;
}

/* Heads */

static enum websocket_opcode
websocket_opcode(const struct websocket *w)
{
	return w->head[0] & 0x0f;
}

static bool
websocket_is_control(const struct websocket *w)
{
	return websocket_opcode(w) >= WEBSOCKET_CLOSE;
}

static bool
websocket_is_last(const struct websocket *w)
{
	return (w->head[0] & WEBSOCKET_FIN) != 0;
}

/* Bytes of the length that stand behind the first two of the head. */
static size_t
websocket_length_len(const struct websocket *w)
{
	switch (w->head[1] & 0x7f) {
	case 126:
		return 2;
	case 127:
		return 8;
	default:
		return 0;
	}
}

/* How long the head is, as far as is known. */
static size_t
websocket_head_len(const struct websocket *w)
{
	return w->head_len < 2 ?
	    2 :
	    2 + websocket_length_len(w) + WEBSOCKET_MASK_LEN;
}

static bool
websocket_opcode_is_known(unsigned opcode)
{
	return opcode <= WEBSOCKET_BINARY ||
	    (opcode >= WEBSOCKET_CLOSE && opcode <= WEBSOCKET_PONG);
}

/* May a head begin so, after what has come? */
static bool
websocket_may_begin(const struct websocket *w)
{
	unsigned opcode = websocket_opcode(w);

	if ((w->head[0] & WEBSOCKET_RSV) != 0 ||
	    !websocket_opcode_is_known(opcode) ||
	    (w->head[1] & WEBSOCKET_MASK) == 0)
		return false;
	if (websocket_is_control(w))
		return websocket_is_last(w) && websocket_length_len(w) == 0;
	return (opcode == WEBSOCKET_CONTINUATION) == w->is_in_message;
}

static uint64_t
websocket_length(const struct websocket *w)
{
	size_t i, len = websocket_length_len(w);
	uint64_t length = 0;

	if (len == 0)
		return w->head[1] & 0x7f;
	for (i = 0; i < len; i++)
		length = length << 8 | w->head[2 + i];
	return length;
}

/* Is it written in as few bytes as can be (section 5.2)? */
static bool
websocket_length_is_minimal(const struct websocket *w, uint64_t length)
{
	switch (websocket_length_len(w)) {
	case 2:
		return length >= 126;
	case 8:
		return length > UINT16_MAX && length >> 63 == 0;
	default:
		return true;
	}
}

static enum websocket_result
websocket_bad(struct websocket_got *got, enum websocket_code code)
{
	got->code = (uint16_t)code;
	return WEBSOCKET_GOT_BAD;
}

/* The head is whole. */
static enum websocket_result
websocket_begin(struct websocket *w, size_t max_message,
    struct websocket_got *got)
{
	uint64_t length = websocket_length(w);
	unsigned opcode = websocket_opcode(w);

	if (!websocket_length_is_minimal(w, length))
		return websocket_bad(got, WEBSOCKET_PROTOCOL_ERROR);
	if (length > WEBSOCKET_FRAME_MAX)
		return websocket_bad(got, WEBSOCKET_TOO_BIG);
	w->is_in_payload = true;
	w->left = length;
	w->mask_at = 0;
	if (websocket_is_control(w)) {
		buf_reset(&w->control);
		return WEBSOCKET_GOT_NOTHING;
	}
	if (opcode != WEBSOCKET_CONTINUATION) {
		w->is_in_message = true;
		w->is_text = opcode == WEBSOCKET_TEXT;
		w->is_too_long = false;
		memset(&w->utf8, 0, sizeof(w->utf8));
		buf_reset(&w->message);
	}
	if (w->is_too_long || w->message.len + length <= max_message)
		return WEBSOCKET_GOT_NOTHING;
	w->is_too_long = true;
	buf_fini(&w->message);
	return WEBSOCKET_GOT_TOO_LONG;
}

/* Takes bytes of the head. */
static enum websocket_result
websocket_read_head(struct websocket *w, const char *data, size_t len,
    size_t max_message, size_t *used, struct websocket_got *got)
{
	size_t n, want;

	while ((want = websocket_head_len(w)) > w->head_len) {
		n = want - w->head_len;
		if (n > len - *used)
			n = len - *used;
		if (n == 0)
			return WEBSOCKET_GOT_NOTHING;
		memcpy(w->head + w->head_len, data + *used, n);
		w->head_len += (uint8_t)n;
		*used += n;
		if (w->head_len == 2 && !websocket_may_begin(w))
			return websocket_bad(got, WEBSOCKET_PROTOCOL_ERROR);
	}
	return websocket_begin(w, max_message, got);
}

/* Payloads */

static void
websocket_unmask(struct websocket *w, char *data, size_t len)
{
	const uint8_t *mask = w->head + w->head_len - WEBSOCKET_MASK_LEN;
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = (char)((uint8_t)data[i] ^ mask[(w->mask_at + i) & 3]);
	w->mask_at = (w->mask_at + len) & 3;
}

/* May it stand in a close frame (section 7.4)? */
static bool
websocket_code_is_valid(unsigned code)
{
	return (code >= 1000 && code <= 1003) ||
	    (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum websocket_result
websocket_closed(const struct buf *payload, struct websocket_got *got)
{
	const uint8_t *bytes = (const uint8_t *)payload->data;

	got->code = WEBSOCKET_NO_CODE;
	if (payload->len == 0)
		return WEBSOCKET_GOT_CLOSE;
	if (payload->len == 1)
		return websocket_bad(got, WEBSOCKET_PROTOCOL_ERROR);
	got->code = (uint16_t)(bytes[0] << 8 | bytes[1]);
	if (!websocket_code_is_valid(got->code))
		return websocket_bad(got, WEBSOCKET_PROTOCOL_ERROR);
	if (!utf8_is_valid(payload->data + 2, payload->len - 2))
		return websocket_bad(got, WEBSOCKET_BAD_TEXT);
	return WEBSOCKET_GOT_CLOSE;
}

/* A frame's payload is whole. */
static enum websocket_result
websocket_end(struct websocket *w, struct websocket_got *got)
{
	w->is_in_payload = false;
	w->head_len = 0;
	if (websocket_is_control(w)) {
		got->data = w->control.data;
		got->len = w->control.len;
		switch (websocket_opcode(w)) {
		case WEBSOCKET_PING:
			return WEBSOCKET_GOT_PING;
		case WEBSOCKET_PONG:
			return WEBSOCKET_GOT_PONG;
		default:
			return websocket_closed(&w->control, got);
		}
	}
	if (!websocket_is_last(w))
		return WEBSOCKET_GOT_NOTHING;
	w->is_in_message = false;
	if (w->is_text && w->utf8.missing > 0)
		return websocket_bad(got, WEBSOCKET_BAD_TEXT);
	if (w->is_too_long)
		return WEBSOCKET_GOT_NOTHING;
	(void)buf_cstr(&w->message);
	got->data = w->message.data;
	got->len = w->message.len;
	return WEBSOCKET_GOT_MESSAGE;
}

/* Takes bytes of the payload. */
static enum websocket_result
websocket_read_payload(struct websocket *w, char *data, size_t len,
    size_t *used, struct websocket_got *got)
{
	size_t n = len - *used;

	if (n > w->left)
		n = (size_t)w->left;
	data += *used;
	*used += n;
	w->left -= n;
	websocket_unmask(w, data, n);
	if (websocket_is_control(w)) {
		buf_add(&w->control, data, n);
	} else {
		if (w->is_text && !utf8_take(&w->utf8, data, n))
			return websocket_bad(got, WEBSOCKET_BAD_TEXT);
		if (!w->is_too_long)
			buf_add(&w->message, data, n);
	}
	return w->left > 0 ? WEBSOCKET_GOT_NOTHING : websocket_end(w, got);
}

enum websocket_result
websocket_read(struct websocket *w, char *data, size_t len, size_t max_message,
    size_t *used, struct websocket_got *got)
{
	enum websocket_result result = WEBSOCKET_GOT_NOTHING;

	memset(got, 0, sizeof(*got));
	*used = 0;
	/* An empty payload has to be ended without any byte more. */
	while (result == WEBSOCKET_GOT_NOTHING &&
	    (*used < len || (w->is_in_payload && w->left == 0)))
		result = w->is_in_payload ?
		    websocket_read_payload(w, data, len, used, got) :
		    websocket_read_head(w, data, len, max_message, used, got);
	return result;
}

bool
websocket_is_valid(const struct websocket *w)
{
	unsigned opcode = websocket_opcode(w);

	if (w->head_len > WEBSOCKET_HEAD_MAX || w->mask_at > 3 ||
	    w->control.len > WEBSOCKET_CONTROL_MAX ||
	    w->left > WEBSOCKET_FRAME_MAX || w->utf8.missing > 3 ||
	    (w->head_len >= 2 && w->head_len > websocket_head_len(w)) ||
	    (w->is_too_long && w->message.len > 0))
		return false;
	if (w->head_len >= 2 &&
	    ((w->head[0] & WEBSOCKET_RSV) != 0 ||
		!websocket_opcode_is_known(opcode) ||
		(w->head[1] & WEBSOCKET_MASK) == 0))
		return false;
	if (!w->is_in_payload)
		return w->left == 0 &&
		    (w->head_len < 2 || w->head_len < websocket_head_len(w));
	if (w->head_len < 2 || w->head_len != websocket_head_len(w))
		return false;
	return websocket_is_control(w) ?
	    w->control.len + w->left <= WEBSOCKET_CONTROL_MAX :
	    w->is_in_message;
}

/* Writing */

static size_t
websocket_frame_head(uint8_t head[WEBSOCKET_HEAD_MAX],
    enum websocket_opcode opcode, uint64_t len)
{
	size_t i, n;

	head[0] = WEBSOCKET_FIN | (uint8_t)opcode;
	if (len < 126) {
		head[1] = (uint8_t)len;
		return 2;
	}
	n = len <= UINT16_MAX ? 2 : 8;
	head[1] = n == 2 ? 126 : 127;
	for (i = 0; i < n; i++)
		head[2 + i] = (uint8_t)(len >> 8 * (n - 1 - i));
	return 2 + n;
}

void
websocket_add_frame(struct buf *out, enum websocket_opcode opcode,
    const void *data, size_t len)
{
	uint8_t head[WEBSOCKET_HEAD_MAX];
	size_t head_len = websocket_frame_head(head, opcode, len);

	buf_add(out, head, head_len);
	buf_add(out, data, len);
}

void
websocket_add_close(struct buf *out, uint16_t code)
{
	uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	websocket_add_frame(out, WEBSOCKET_CLOSE, payload,
	    code == WEBSOCKET_NO_CODE ? 0 : sizeof(payload));
}

/* The length of the line that lines begin with, without its end; *next is
 * behind that. */
static size_t
websocket_line(const char *lines, size_t len, const char **next)
{
	const char *lf = memchr(lines, '\n', len);

	if (lf == NULL) {
		*next = lines + len;
		return len;
	}
	*next = lf + 1;
	len = (size_t)(lf - lines);
	return len > 0 && lf[-1] == '\r' ? len - 1 : len;
}

void
websocket_add_lines(struct buf *out, enum websocket_opcode opcode,
    const char *lines, size_t len)
{
	const char *next;
	size_t n;

	for (; len > 0; len -= (size_t)(next - lines), lines = next) {
		n = websocket_line(lines, len, &next);
		websocket_add_frame(out, opcode, lines, n);
	}
}

size_t
websocket_lines_size(const char *lines, size_t len)
{
	uint8_t head[WEBSOCKET_HEAD_MAX];
	const char *end = lines + len, *next;
	size_t n, size = 0;

	for (; lines < end; lines = next) {
		n = websocket_line(lines, (size_t)(end - lines), &next);
		size += websocket_frame_head(head, WEBSOCKET_TEXT, n) + n;
	}
	return size;
}

/* The handshake */

bool
websocket_key_is_valid(const char *key, size_t len)
{
	unsigned char bytes[WEBSOCKET_KEY_LEN / 4 * 3];

	return len == WEBSOCKET_KEY_LEN && base64_decode(bytes, key, len) == 16;
}

void
websocket_accept(char out[WEBSOCKET_ACCEPT_SIZE],
    const char key[WEBSOCKET_KEY_LEN])
{
	uint8_t digest[SHA1_DIGEST_LENGTH];
	SHA1_CTX sha1;

	SHA1Init(&sha1);
	SHA1Update(&sha1, (const uint8_t *)key, WEBSOCKET_KEY_LEN);
	SHA1Update(&sha1, (const uint8_t *)WEBSOCKET_GUID,
	    strlen(WEBSOCKET_GUID));
	SHA1Final(digest, &sha1);
	base64_encode(out, digest, sizeof(digest));
}
