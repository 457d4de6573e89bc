/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef EDIT_H
#define EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * A line editor: bytes from a terminal go in, and what they mean comes out. It
 * knows no terminal itself: edit_draw() writes the row that shows it. The text
 * is always UTF-8 without controls, and edited by grapheme clusters (UAX 29).
 */

#define EDIT_TEXT_MAX 4096 /* bytes; what is typed beyond is not taken */
#define EDIT_PASTE_MAX 65536 /* bytes of a paste of many lines */
#define EDIT_HISTORY_MAX 200 /* lines */

enum edit_event {
	EDIT_NOTHING,
	EDIT_CHANGED, /* the row has to be drawn anew */
	EDIT_LINE, /* Enter: edit_take() has the line */
	EDIT_END, /* ^D on an empty line */
	EDIT_INTERRUPT, /* ^C on an empty line */
	EDIT_SUSPEND, /* ^Z */
	EDIT_REDRAW, /* ^L */
	EDIT_COMPLETE, /* Tab */
	EDIT_ROOM, /* Alt and a digit: edit->number; 0 is 10 */
	EDIT_NEXT_ROOM, /* Alt-a: where something is unread */
	EDIT_PASTED /* many lines: edit_pasted() */
};

struct edit;

struct edit *edit_new(void);
void edit_free(struct edit *e);

/*
 * Takes one byte. What comes in pieces, characters and escape sequences, may
 * come in as many calls. A sequence that is not known does nothing.
 */
enum edit_event edit_byte(struct edit *e, unsigned char c);
/* No more bytes came for a while: an ESC alone was the key. */
enum edit_event edit_pause(struct edit *e);
/* Does something wait for further bytes? Then edit_pause() is due. */
bool edit_is_waiting(const struct edit *e);
/* Is the next byte a key, neither within a sequence nor within a paste? */
bool edit_is_plain(const struct edit *e);

/* The line that Enter has ended, which is empty now; valid until the next call.
 * It goes into the history, unless it is a secret or empty. */
const char *edit_take(struct edit *e);
/* The lines of the last paste, each ended by LF, scrubbed by nobody yet; valid
 * until the next byte. edit_drop_paste() forgets them. */
const char *edit_pasted(const struct edit *e, size_t *lines);
void edit_drop_paste(struct edit *e);
/* Which digit EDIT_ROOM was about. */
unsigned edit_number(const struct edit *e);

const char *edit_text(const struct edit *e);
size_t edit_cursor(const struct edit *e); /* in bytes */
/* Replaces len bytes before the cursor by text, as completion does. False: there
 * is no room for that. */
bool edit_replace(struct edit *e, size_t len, const char *text);
/* Empties the line and has it hide what is typed, or not any more. */
void edit_set_secret(struct edit *e, bool is_secret);

/*
 * Adds the row: prompt, which is of ASCII, and as much of the text as fits in
 * cols - 1 columns around the cursor; from the first column of a row on, with
 * the rest of that erased, and the cursor in its place. It never wraps. Returns
 * the column of the cursor.
 */
size_t edit_draw(struct edit *e, const char *prompt, size_t cols,
    struct buf *out);

/* The number of columns that s takes (len bytes of UTF-8, without controls). */
size_t edit_width(const char *s, size_t len);
/* Bytes of the longest prefix, of whole clusters, of that many columns. */
size_t edit_fit(const char *s, size_t len, size_t cols);

#endif
