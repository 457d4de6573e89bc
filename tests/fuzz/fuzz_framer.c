/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a client's bytes become before anybody sees them: the framer and the
 * scrubber. The first byte is the limit, the second picks the packets' sizes.
 *
 * The framer has to say the same as a plain loop over the bytes, whatever the
 * packets, and to keep no more than a line. What the scrubber lets through has
 * to be safe on a terminal, and unchanged if it comes in again.
 */
#include "config.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/util.h"
#include "net/framer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* A note of what came out, to be compared. */
static void
note_line(struct buf *notes, const char *text, size_t len, bool has_cr)
{
	buf_addf(notes, "line %zu %d ", len, has_cr);
	buf_add(notes, text, len);
}

static void
note_too_long(struct buf *notes)
{
	buf_addstr(notes, "too long ");
}

/* The rules once more, as simple as they can be said. */
static void
cut_plainly(const char *in, size_t len, size_t max_line, struct buf *notes)
{
	size_t start = 0, text_len;
	bool has_cr;

	for (size_t i = 0; i < len; i++) {
		has_cr = i > start && in[i - 1] == '\r';
		if (in[i] != '\n' && !(in[i] == '\0' && has_cr))
			continue;
		text_len = i - start - (has_cr ? 1 : 0);
		if (text_len <= max_line)
			note_line(notes, in + start, text_len, has_cr);
		else
			note_too_long(notes);
		start = i + 1;
	}
	/* A CR at the limit may still be part of the end. */
	if (len - start > max_line + 1 ||
	    (len - start == max_line + 1 && in[len - 1] != '\r'))
		note_too_long(notes);
}

static bool
is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200b ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	    c == 0xfeff || (c >= 0xe0000 && c < 0xe0020);
}

/* s is valid UTF-8. Returns the length of its first character. */
static size_t
decode(const char *s, uint32_t *c)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t len = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

	*c = len == 1 ? u[0] : u[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*c = *c << 6 | (u[i] & 0x3f);
	return len;
}

static void
check_scrubbed(const char *text, size_t len)
{
	size_t max = len * TEXT_SCRUB_GROWTH, clean_len, again_len;
	char *clean = xmalloc(max + 1), *again;
	uint32_t c;

	clean_len = text_scrub(clean, text, len);
	require(clean_len <= max && clean[clean_len] == '\0');
	require(text_is_utf8(clean, clean_len));
	for (size_t i = 0; i < clean_len;) {
		i += decode(clean + i, &c);
		require(!is_harmful(c));
	}
	require(clean_len == 0 || clean[clean_len - 1] != ' ');

	again = xmalloc(clean_len * TEXT_SCRUB_GROWTH + 1);
	again_len = text_scrub(again, clean, clean_len);
	require(again_len == clean_len);
	require(memcmp(again, clean, clean_len) == 0);
	free(again);
	free(clean);
}

static void
take_lines(struct framer *f, struct evbuffer *buf, size_t max_line,
    struct buf *notes)
{
	enum framer_result result;
	struct framer_line line;

	while ((result = framer_next(f, buf, max_line, &line)) != FRAMER_MORE) {
		if (result == FRAMER_TOO_LONG) {
			note_too_long(notes);
			continue;
		}
		require(line.len <= max_line);
		require(line.consumed <= line.len + 2);
		note_line(notes, line.text, line.len, line.has_cr);
		check_scrubbed(line.text, line.len);
		framer_done(buf, &line);
	}
	require(evbuffer_get_length(buf) <=
	    (f->is_discarding ? 1 : max_line + 1));
}

/* packet 0: of all sizes. own_chunks: as if each was read into a full
 * buffer. */
static void
check_packets(const char *in, size_t len, size_t max_line, size_t packet,
    bool own_chunks, const struct buf *expected)
{
	struct framer f = { false };
	struct evbuffer *buf = evbuffer_new(), *chunk = evbuffer_new();
	struct buf notes = BUF_INITIALIZER;
	size_t n;

	require(buf != NULL && chunk != NULL);
	for (size_t i = 0; i < len; i += n) {
		n = packet != 0 ? packet : 1 + (i * 7 + (uint8_t)in[i]) % 97;
		if (n > len - i)
			n = len - i;
		require(evbuffer_add(own_chunks ? chunk : buf, in + i, n) == 0);
		require(evbuffer_add_buffer(buf, chunk) == 0);
		take_lines(&f, buf, max_line, &notes);
	}
	require(notes.len == expected->len);
	require(notes.len == 0 ||
	    memcmp(notes.data, expected->data, notes.len) == 0);
	buf_fini(&notes);
	evbuffer_free(chunk);
	evbuffer_free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf expected = BUF_INITIALIZER;
	const char *in;
	size_t max_line, len;

	if (size < 2)
		return 0;
	max_line = 1 + (size_t)data[0];
	in = (const char *)data + 2;
	len = size - 2;

	cut_plainly(in, len, max_line, &expected);
	check_packets(in, len, max_line, len, false, &expected);
	check_packets(in, len, max_line, 0, true, &expected);
	check_packets(in, len, max_line, 1 + (size_t)data[1], true, &expected);
	if (len <= 4096) {
		check_packets(in, len, max_line, 1, true, &expected);
		check_packets(in, len, max_line, 1, false, &expected);
	}
	buf_fini(&expected);
	return 0;
}
