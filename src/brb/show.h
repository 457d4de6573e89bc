/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"

/* How events look, as lines; each ends in LF. What comes in is scrubbed
 * already (talk.h). */
struct show {
	bool has_colors;
	bool names_rooms; /* before each line: where there are several */
	int day; /* of the last message, by clock_day(); 0: there was none */
};

/* A message; mentions: me is in it. */
void show_said(struct show *s, struct buf *out, const json_t *o, bool mentions);
void show_sent(struct show *s, struct buf *out, const char *to,
    const char *kind, const char *text);
/* Any other event, if it is worth a line; me is one's own nick. */
void show_event(struct show *s, struct buf *out, const char *name,
    const json_t *o, const char *me);
void show_note(struct show *s, struct buf *out, const char *text);
void show_error(struct show *s, struct buf *out, const char *text);
/* What was said, but not here yet: grey, as much as fits in cols. */
void show_unsaid(const struct show *s, struct buf *out, const char *nick,
    const char *kind, const char *text, size_t cols);

#endif
