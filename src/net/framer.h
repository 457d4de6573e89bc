/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef FRAMER_H
#define FRAMER_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

/*
 * Cuts the bytes of one client into lines: LF, CR LF and CR NUL (a telnet in
 * character mode, RFC 854) end a line. It keeps no bytes of its own; the
 * partial line waits in the evbuffer, max_line bytes at most and some for its
 * end.
 */
struct framer {
	bool is_discarding; /* inside a line that was too long */
};

enum framer_result {
	FRAMER_MORE, /* no whole line yet */
	FRAMER_LINE,
	/* a line over max_line has ended or begun: once for each */
	FRAMER_TOO_LONG,
	FRAMER_NO_MEMORY /* libevent has none to put a line together */
};

struct framer_line {
	char *text; /* inside the evbuffer: valid until it changes; writable */
	size_t len; /* without the end; may hold NUL and anything else */
	size_t consumed; /* bytes to drain once text is done with */
	bool has_cr; /* it ended in CR LF or CR NUL */
};

/*
 * Looks for the next line in buf. FRAMER_LINE: *line is filled, and the caller
 * calls framer_done() when finished with the text. FRAMER_TOO_LONG: reported
 * once, when the limit is passed; what belongs to that line is drained, now and
 * in later calls, in constant memory. A line of exactly max_line bytes is fine.
 * The work is bounded by max_line and the bytes drained.
 */
enum framer_result framer_next(struct framer *f, struct evbuffer *buf,
    size_t max_line, struct framer_line *line);
void framer_done(struct evbuffer *buf, const struct framer_line *line);

#endif
