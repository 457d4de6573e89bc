/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a terminal's bytes mean: keys as emacs has them, characters of UTF-8,
 * escape sequences (ECMA-48) and bracketed pastes. All of them may come in
 * pieces. What is no key of ours is taken as a whole and does nothing, so that
 * no rest of a sequence is ever typed into the line.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "base/text.h"
#include "brb/edit-impl.h"

#define CTRL(c) ((c)&0x1f)
#define ESC 033

/* Is it a word's? Beyond ASCII all is. */
static bool
edit_is_word(char c)
{
	return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
	    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t
edit_word_left(const struct edit *e)
{
	size_t at = e->at;

	while (at > 0 && !edit_is_word(e->text[at - 1]))
		at--;
	while (at > 0 && edit_is_word(e->text[at - 1]))
		at--;
	return at;
}

static size_t
edit_word_right(const struct edit *e)
{
	size_t at = e->at;

	while (at < e->len && !edit_is_word(e->text[at]))
		at++;
	while (at < e->len && edit_is_word(e->text[at]))
		at++;
	return at;
}

/* Up to the blank before: ^W. */
static size_t
edit_blank_left(const struct edit *e)
{
	size_t at = e->at;

	while (at > 0 && e->text[at - 1] == ' ')
		at--;
	while (at > 0 && e->text[at - 1] != ' ')
		at--;
	return at;
}

static enum edit_event
edit_move(struct edit *e, size_t at)
{
	e->at = at;
	return EDIT_CHANGED;
}

static enum edit_event
edit_kill(struct edit *e, size_t from, size_t to)
{
	if (from < to && !e->is_secret) {
		buf_reset(&e->killed);
		buf_add(&e->killed, e->text + from, to - from);
	}
	edit_erase(e, from, to);
	return EDIT_CHANGED;
}

static enum edit_event
edit_delete(struct edit *e, bool is_backward)
{
	if (is_backward)
		edit_erase(e, edit_prev(e->text, e->at), e->at);
	else
		edit_erase(e, e->at, edit_next(e->text, e->len, e->at));
	return EDIT_CHANGED;
}

/* Exchanges the clusters around the cursor. */
static enum edit_event
edit_transpose(struct edit *e)
{
	size_t middle, from, to;
	char *moved;

	if (e->at == e->len)
		(void)edit_move(e, edit_prev(e->text, e->at));
	middle = e->at;
	from = edit_prev(e->text, middle);
	to = edit_next(e->text, e->len, middle);
	if (from == middle || middle == to)
		return EDIT_CHANGED;
	moved = xstrndup(e->text + from, middle - from);
	edit_erase(e, from, middle);
	e->at = to - (middle - from);
	(void)edit_insert(e, moved, strlen(moved));
	free(moved);
	return EDIT_CHANGED;
}

static enum edit_event
edit_enter(struct edit *e)
{
	edit_submit(e);
	return EDIT_LINE;
}

static enum edit_event
edit_interrupt(struct edit *e)
{
	if (e->len == 0)
		return EDIT_INTERRUPT;
	edit_set(e, "");
	e->history_at = e->history_count;
	return EDIT_CHANGED;
}

static enum edit_event
edit_control(struct edit *e, unsigned char c)
{
	switch (c) {
	case CTRL('a'):
		return edit_move(e, 0);
	case CTRL('b'):
		return edit_move(e, edit_prev(e->text, e->at));
	case CTRL('c'):
		return edit_interrupt(e);
	case CTRL('d'):
		return e->len == 0 ? EDIT_END : edit_delete(e, false);
	case CTRL('e'):
		return edit_move(e, e->len);
	case CTRL('f'):
		return edit_move(e, edit_next(e->text, e->len, e->at));
	case CTRL('h'):
	case 0x7f:
		return edit_delete(e, true);
	case '\t':
		return EDIT_COMPLETE;
	case '\r':
	case '\n':
		return edit_enter(e);
	case CTRL('k'):
		return edit_kill(e, e->at, e->len);
	case CTRL('l'):
		return EDIT_REDRAW;
	case CTRL('n'):
		return edit_history(e, false);
	case CTRL('p'):
		return edit_history(e, true);
	case CTRL('t'):
		return edit_transpose(e);
	case CTRL('u'):
		return edit_kill(e, 0, e->at);
	case CTRL('w'):
		return edit_kill(e, edit_blank_left(e), e->at);
	case CTRL('y'):
		(void)edit_insert(e, buf_cstr(&e->killed), e->killed.len);
		return EDIT_CHANGED;
	case CTRL('z'):
		return EDIT_SUSPEND;
	default:
		return EDIT_NOTHING;
	}
}

/* ESC, or Alt, and a character. */
static enum edit_event
edit_meta(struct edit *e, unsigned char c)
{
	if (c >= '0' && c <= '9') {
		e->number = c == '0' ? 10 : (unsigned)(c - '0');
		return EDIT_ROOM;
	}
	switch (c) {
	case 'a':
		return EDIT_NEXT_ROOM;
	case 'b':
		return edit_move(e, edit_word_left(e));
	case 'd':
		return edit_kill(e, e->at, edit_word_right(e));
	case 'f':
		return edit_move(e, edit_word_right(e));
	case CTRL('h'):
	case 0x7f:
		return edit_kill(e, edit_word_left(e), e->at);
	case '<':
		return edit_move(e, 0);
	case '>':
		return edit_move(e, e->len);
	default:
		return EDIT_NOTHING;
	}
}

/* The end of a key's sequence: a letter, or a tilde with the number before. */
static enum edit_event
edit_key(struct edit *e, char final)
{
	long number = strtol(e->sequence, NULL, 10);
	bool is_word = strstr(e->sequence, ";5") != NULL ||
	    strstr(e->sequence, ";3") != NULL;

	switch (final) {
	case 'A':
		return edit_history(e, true);
	case 'B':
		return edit_history(e, false);
	case 'C':
		return edit_move(e,
		    is_word ? edit_word_right(e) :
			      edit_next(e->text, e->len, e->at));
	case 'D':
		return edit_move(e,
		    is_word ? edit_word_left(e) : edit_prev(e->text, e->at));
	case 'F':
		return edit_move(e, e->len);
	case 'H':
		return edit_move(e, 0);
	case '~':
		break;
	default:
		return EDIT_NOTHING;
	}
	switch (number) {
	case 1:
	case 7:
		return edit_move(e, 0);
	case 3:
		return edit_delete(e, false);
	case 4:
	case 8:
		return edit_move(e, e->len);
	case 200:
		e->is_pasting = true;
		/* What waits for its answer stays before it. */
		e->has_cr = false;
		return EDIT_NOTHING;
	default:
		return EDIT_NOTHING;
	}
}

/* A character that is whole: what may stand in a line goes into it. */
static enum edit_event
edit_character(struct edit *e, const char *s, size_t len)
{
	char clean[8 * TEXT_SCRUB_GROWTH + 1];

	/* Marks, joiners and the like are scrubbed with the whole line, by
	 * who says it; here only what would harm the terminal. */
	if (!text_is_harmless(s, len))
		return EDIT_NOTHING;
	memcpy(clean, s, len);
	(void)edit_insert(e, clean, len);
	/* It may have become one cluster with what stands after it. */
	return EDIT_CHANGED;
}

/* Collects a character of UTF-8. A byte that cannot go on with it begins anew;
 * bad ones are dropped. */
static enum edit_event
edit_collect(struct edit *e, unsigned char c)
{
	ucs4_t uc;
	int n;

	if (c >= 0x80 && c < 0xc0 && e->partial_len == 0)
		return EDIT_NOTHING;
	if (c < 0x80 || c >= 0xc0)
		e->partial_len = 0;
	e->partial[e->partial_len++] = (char)c;
	n = u8_mbtoucr(&uc, (const uint8_t *)e->partial, e->partial_len);
	if (n == -2)
		return EDIT_NOTHING;
	e->partial[e->partial_len] = '\0';
	c = (unsigned char)e->partial_len;
	e->partial_len = 0;
	return n > 0 ? edit_character(e, e->partial, c) : EDIT_NOTHING;
}

/* Pastes: a line alone is typed; more are for the user to decide. */

static enum edit_event
edit_paste_end(struct edit *e)
{
	size_t i, lines = 0;
	enum edit_event event = EDIT_NOTHING;

	e->is_pasting = false;
	e->partial_len = 0;
	while (e->paste.len > 0 && e->paste.data[e->paste.len - 1] == '\n')
		e->paste.len--;
	for (i = 0; i < e->paste.len; i++)
		lines += e->paste.data[i] == '\n';
	if (lines > 0 && !e->is_secret) {
		buf_addch(&e->paste, '\n');
		(void)buf_cstr(&e->paste);
		return EDIT_PASTED;
	}
	for (i = 0; i < e->paste.len && e->paste.data[i] != '\n'; i++)
		if (edit_collect(e, (unsigned char)e->paste.data[i]) ==
		    EDIT_CHANGED)
			event = EDIT_CHANGED;
	buf_wipe(&e->paste);
	return event;
}

static void
edit_paste(struct edit *e, unsigned char c)
{
	bool had_cr = e->has_cr;

	e->has_cr = c == '\r';
	if (c == '\n' && had_cr)
		return;
	if (c == '\r')
		c = '\n';
	if (c == '\t')
		c = ' ';
	if ((c >= 0x20 || c == '\n') && c != 0x7f &&
	    e->paste.len < EDIT_PASTE_MAX)
		buf_addch(&e->paste, (char)c);
}

/* Sequences */

static enum edit_event
edit_csi(struct edit *e, unsigned char c)
{
	bool is_end;

	if (c == ESC) {
		e->state = EDIT_ESC;
		return EDIT_NOTHING;
	}
	if (c < 0x20) {
		e->state = EDIT_PLAIN;
		return EDIT_NOTHING;
	}
	if (c < 0x40) {
		/* A longer one is none of ours. */
		if (e->sequence_len < EDIT_SEQUENCE_MAX - 1)
			e->sequence[e->sequence_len++] = (char)c;
		return EDIT_NOTHING;
	}
	e->state = EDIT_PLAIN;
	e->sequence[e->sequence_len] = '\0';
	if (e->is_pasting) {
		is_end = c == '~' && strcmp(e->sequence, "201") == 0;
		return is_end ? edit_paste_end(e) : EDIT_NOTHING;
	}
	return c < 0x7f ? edit_key(e, (char)c) : EDIT_NOTHING;
}

static enum edit_event
edit_after_esc(struct edit *e, unsigned char c)
{
	e->state = EDIT_PLAIN;
	e->sequence_len = 0;
	switch (c) {
	case '[':
		e->state = EDIT_CSI;
		return EDIT_NOTHING;
	case 'O':
		e->state = EDIT_SS3;
		return EDIT_NOTHING;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		e->state = EDIT_STRING;
		return EDIT_NOTHING;
	case ESC:
		e->state = EDIT_ESC;
		return EDIT_NOTHING;
	default:
		return e->is_pasting ? EDIT_NOTHING : edit_meta(e, c);
	}
}

enum edit_event
edit_byte(struct edit *e, unsigned char c)
{
	switch (e->state) {
	case EDIT_ESC:
		return edit_after_esc(e, c);
	case EDIT_CSI:
		return edit_csi(e, c);
	case EDIT_SS3:
		e->state = EDIT_PLAIN;
		e->sequence[0] = '\0';
		return e->is_pasting ? EDIT_NOTHING : edit_key(e, (char)c);
	case EDIT_STRING:
		if (c == 007)
			e->state = EDIT_PLAIN;
		else if (c == ESC)
			e->state = EDIT_STRING_ESC;
		return EDIT_NOTHING;
	case EDIT_STRING_ESC:
		e->state = EDIT_PLAIN;
		return c == '\\' ? EDIT_NOTHING : edit_after_esc(e, c);
	case EDIT_PLAIN:
		break;
	}
	if (c == ESC) {
		e->state = EDIT_ESC;
		return EDIT_NOTHING;
	}
	if (e->is_pasting) {
		edit_paste(e, c);
		return EDIT_NOTHING;
	}
	if (c < 0x20 || c == 0x7f) {
		e->partial_len = 0;
		return edit_control(e, c);
	}
	return edit_collect(e, c);
}

bool
edit_is_waiting(const struct edit *e)
{
	return e->state == EDIT_ESC || e->state == EDIT_STRING_ESC;
}

bool
edit_is_plain(const struct edit *e)
{
	return e->state == EDIT_PLAIN && !e->is_pasting;
}

enum edit_event
edit_pause(struct edit *e)
{
	if (edit_is_waiting(e))
		e->state = EDIT_PLAIN;
	return EDIT_NOTHING;
}
