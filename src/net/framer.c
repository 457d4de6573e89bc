/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Lines are looked for in the evbuffer's own memory and handed out from there,
 * so an ordinary line is neither copied nor terminated. Only one that lies
 * across two of the evbuffer's chunks is pulled together first.
 *
 * A partial line is searched again from its start when more of it comes. That
 * costs at most max_line bytes of memchr(3) a packet, and saves an offset that
 * would have to be kept true. evbuffer_search_eol() is not used: it knows no
 * CR NUL, and looks through all of a long buffer.
 *
 * What a CR means shows only with the byte after it. So a CR that is last in
 * the buffer always waits there, also at the limit and in a line that is being
 * discarded: every packetization gives the same lines.
 */
#include "config.h"

#include <event2/buffer.h>
#include <string.h>

#include "net/framer.h"

/*
 * Finds the first line end in len bytes. Fills in len, consumed and has_cr of
 * line if there is one.
 */
static bool
framer_find_end(const char *text, size_t len, struct framer_line *line)
{
	const char *lf = memchr(text, '\n', len);
	const char *end = lf != NULL ? lf : text + len;
	const char *cr = text;

	while ((cr = memchr(cr, '\r', (size_t)(end - cr))) != NULL) {
		if (cr + 1 < end && cr[1] == '\0') {
			line->len = (size_t)(cr - text);
			line->consumed = line->len + 2;
			line->has_cr = true;
			return true;
		}
		cr++;
	}
	if (lf == NULL)
		return false;

	line->len = (size_t)(lf - text);
	line->consumed = line->len + 1;
	line->has_cr = line->len > 0 && lf[-1] == '\r';
	if (line->has_cr)
		line->len--;
	return true;
}

/*
 * The bytes at the start of buf that lie together, at least `least` of them.
 * NULL: no memory.
 */
static char *
framer_peek(struct evbuffer *buf, size_t least, size_t *len)
{
	if (evbuffer_get_contiguous_space(buf) < least &&
	    evbuffer_pullup(buf, (ev_ssize_t)least) == NULL)
		return NULL;
	*len = evbuffer_get_contiguous_space(buf);
	return (char *)evbuffer_pullup(buf, (ev_ssize_t)*len);
}

/* Drains the rest of a line that is too long. -1: no memory. */
static int
framer_discard(struct framer *f, struct evbuffer *buf)
{
	struct framer_line line;
	size_t left, len;
	char *text;

	while ((left = evbuffer_get_length(buf)) > 0) {
		/* Two, so that a CR at a chunk's end sees what follows it. */
		text = framer_peek(buf, left < 2 ? left : 2, &len);
		if (text == NULL)
			return -1;
		if (framer_find_end(text, len, &line)) {
			evbuffer_drain(buf, line.consumed);
			f->is_discarding = false;
			return 0;
		}
		if (text[len - 1] != '\r') {
			evbuffer_drain(buf, len);
		} else {
			evbuffer_drain(buf, len - 1);
			if (len == left)
				return 0;
		}
	}
	return 0;
}

enum framer_result
framer_next(struct framer *f, struct evbuffer *buf, size_t max_line,
    struct framer_line *line)
{
	size_t left, window, len;
	char *text;
	bool has_end;

	if (f->is_discarding && framer_discard(f, buf) == -1)
		return FRAMER_NO_MEMORY;
	left = evbuffer_get_length(buf);
	if (f->is_discarding || left == 0)
		return FRAMER_MORE;

	/* Whatever line there may be ends within the window. */
	window = left < max_line + 2 ? left : max_line + 2;
	text = framer_peek(buf, 1, &len);
	if (text == NULL)
		return FRAMER_NO_MEMORY;
	if (len > window)
		len = window;
	has_end = framer_find_end(text, len, line);
	if (!has_end && len < window) {
		text = framer_peek(buf, window, &len);
		if (text == NULL)
			return FRAMER_NO_MEMORY;
		has_end = framer_find_end(text, window, line);
	}
	if (!has_end) {
		if (left <= max_line ||
		    (left == max_line + 1 && text[max_line] == '\r'))
			return FRAMER_MORE;
		f->is_discarding = true;
		if (framer_discard(f, buf) == -1)
			return FRAMER_NO_MEMORY;
		return FRAMER_TOO_LONG;
	}
	if (line->len > max_line) {
		evbuffer_drain(buf, line->consumed);
		return FRAMER_TOO_LONG;
	}
	line->text = text;
	return FRAMER_LINE;
}

void
framer_done(struct evbuffer *buf, const struct framer_line *line)
{
	explicit_bzero(line->text, line->len);
	evbuffer_drain(buf, line->consumed);
}
