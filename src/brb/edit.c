/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The line editor's text, history and row. The text moves and is erased by
 * grapheme clusters (base/text.h): a flag, a family or a letter
 * with its marks is one step. One row shows it, and moves sideways when it is
 * longer: so a window that changes its size, or a terminal that thinks a
 * character wider than we do, never has more than one row to put right.
 *
 * Decided against: rows that wrap, as where they do is the terminal's opinion;
 * libedit and readline, which move by wcwidth().
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <unistr.h>
#include <uniwidth.h>

#include "base/text.h"
#include "brb/edit-impl.h"

struct edit *
edit_new(void)
{
	return xcalloc(1, sizeof(struct edit));
}

void
edit_free(struct edit *e)
{
	size_t i;

	if (e == NULL)
		return;
	for (i = 0; i < e->history_count; i++)
		free(e->history[i]);
	free(e->draft);
	buf_wipe(&e->taken);
	buf_fini(&e->taken);
	buf_wipe(&e->paste);
	buf_fini(&e->paste);
	buf_fini(&e->killed);
	explicit_bzero(e->text, sizeof(e->text));
	free(e);
}

/* Clusters */

static const uint8_t *
edit_bytes(const char *s)
{
	return (const uint8_t *)s;
}

size_t
edit_next(const char *s, size_t len, size_t at)
{
	return at >= len ? len : at + text_cluster(s + at, len - at);
}

size_t
edit_prev(const char *s, size_t at)
{
	size_t from = 0, next;

	/* From the beginning: what a cluster is may depend on what is before
	 * it, as it does with flags. */
	while ((next = edit_next(s, at, from)) < at)
		from = next;
	return from;
}

/* A cluster is as wide as what is in it, and never wider than an ideograph. */
static size_t
edit_cluster_width(const char *s, size_t len)
{
	size_t i = 0, width = 0;
	ucs4_t c;
	int n, w;

	while (i < len &&
	    (n = u8_mbtoucr(&c, edit_bytes(s) + i, len - i)) > 0) {
		w = uc_width(c, "UTF-8");
		if (w > 0)
			width += (size_t)w;
		i += (size_t)n;
	}
	return width > 2 ? 2 : width;
}

size_t
edit_width(const char *s, size_t len)
{
	size_t at, next, width = 0;

	for (at = 0; at < len; at = next) {
		next = edit_next(s, len, at);
		width += edit_cluster_width(s + at, next - at);
	}
	return width;
}

size_t
edit_fit(const char *s, size_t len, size_t cols)
{
	size_t at, next, width = 0;

	for (at = 0; at < len; at = next) {
		next = edit_next(s, len, at);
		width += edit_cluster_width(s + at, next - at);
		if (width > cols)
			break;
	}
	return at;
}

/* The text */

const char *
edit_text(const struct edit *e)
{
	return e->text;
}

size_t
edit_cursor(const struct edit *e)
{
	return e->at;
}

void
edit_erase(struct edit *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->len - to + 1);
	e->len -= to - from;
	if (e->at >= to)
		e->at -= to - from;
	else if (e->at > from)
		e->at = from;
}

bool
edit_insert(struct edit *e, const char *s, size_t len)
{
	if (len > EDIT_TEXT_MAX - e->len)
		return false;
	memmove(e->text + e->at + len, e->text + e->at, e->len - e->at + 1);
	memcpy(e->text + e->at, s, len);
	e->len += len;
	e->at += len;
	return true;
}

void
edit_set(struct edit *e, const char *text)
{
	e->len = e->at = 0;
	e->text[0] = '\0';
	(void)edit_insert(e, text, strlen(text));
}

bool
edit_replace(struct edit *e, size_t len, const char *text)
{
	if (strlen(text) > EDIT_TEXT_MAX - (e->len - len))
		return false;
	edit_erase(e, e->at - len, e->at);
	return edit_insert(e, text, strlen(text));
}

void
edit_set_secret(struct edit *e, bool is_secret)
{
	explicit_bzero(e->text, sizeof(e->text));
	e->len = e->at = 0;
	e->is_secret = is_secret;
	e->history_at = e->history_count;
}

const char *
edit_take(struct edit *e)
{
	return buf_cstr(&e->taken);
}

const char *
edit_pasted(const struct edit *e, size_t *lines)
{
	size_t i;

	*lines = 0;
	for (i = 0; i < e->paste.len; i++)
		*lines += e->paste.data[i] == '\n';
	return e->paste.len == 0 ? "" : e->paste.data;
}

void
edit_drop_paste(struct edit *e)
{
	buf_reset(&e->paste);
}

unsigned
edit_number(const struct edit *e)
{
	return e->number;
}

/* History */

static void
edit_remember(struct edit *e)
{
	if (e->is_secret || e->len == 0)
		return;
	if (e->history_count > 0 &&
	    strcmp(e->history[e->history_count - 1], e->text) == 0)
		return;
	if (e->history_count == EDIT_HISTORY_MAX) {
		free(e->history[0]);
		memmove(e->history, e->history + 1,
		    (EDIT_HISTORY_MAX - 1) * sizeof(e->history[0]));
		e->history_count--;
	}
	e->history[e->history_count++] = xstrdup(e->text);
}

void
edit_submit(struct edit *e)
{
	buf_wipe(&e->taken);
	buf_add(&e->taken, e->text, e->len);
	edit_remember(e);
	free(e->draft);
	e->draft = NULL;
	e->history_at = e->history_count;
	edit_set(e, "");
}

enum edit_event
edit_history(struct edit *e, bool is_older)
{
	if (e->is_secret)
		return EDIT_NOTHING;
	if (is_older) {
		if (e->history_at == 0)
			return EDIT_NOTHING;
		if (e->history_at == e->history_count) {
			free(e->draft);
			e->draft = xstrdup(e->text);
		}
		e->history_at--;
	} else {
		if (e->history_at == e->history_count)
			return EDIT_NOTHING;
		e->history_at++;
	}
	edit_set(e,
	    e->history_at < e->history_count ? e->history[e->history_at] :
		e->draft == NULL             ? "" :
					       e->draft);
	return EDIT_CHANGED;
}

/* The row */

/* Shows what is before the first column as far as it fits in front of all the
 * rest: the row has become wider, or the text shorter. */
static void
edit_scroll_back(struct edit *e, size_t cols)
{
	size_t before;

	while (e->first > 0) {
		before = edit_prev(e->text, e->first);
		/* Not a sum: what stands side by side may be one cluster. */
		if (edit_width(e->text + before, e->len - before) > cols)
			return;
		e->first = before;
	}
}

/* Where the part of the text begins that is shown: the last shown one, unless
 * the cursor has left that. */
static void
edit_scroll(struct edit *e, size_t cols)
{
	if (e->first > e->at || e->first > e->len)
		e->first = e->at;
	/* It may be within a cluster that has come about since. */
	if (e->first > 0)
		e->first = edit_prev(e->text, e->first);
	if (edit_width(e->text + e->first, e->at - e->first) <= cols) {
		edit_scroll_back(e, cols);
		return;
	}
	/* Half of the row is kept, so that it does not jump with each key. */
	e->first = e->at;
	while (e->first > 0 &&
	    edit_width(e->text + e->first, e->at - e->first) < cols / 2)
		e->first = edit_prev(e->text, e->first);
	while (edit_width(e->text + e->first, e->at - e->first) > cols)
		e->first = edit_next(e->text, e->len, e->first);
}

size_t
edit_draw(struct edit *e, const char *prompt, size_t cols, struct buf *out)
{
	size_t room = cols > 0 ? cols - 1 : 0, left, shown, column;
	size_t prompt_len = strlen(prompt);

	/* A narrow row shows the text rather than the prompt. */
	if (prompt_len > room / 2 && prompt_len + 10 > room)
		prompt_len = room > 20 ? room - 10 : room / 2;
	left = room - prompt_len;
	buf_addch(out, '\r');
	buf_add(out, prompt, prompt_len);
	if (e->is_secret) {
		buf_addstr(out, "\033[K");
		return prompt_len;
	}
	edit_scroll(e, left);
	shown = edit_fit(e->text + e->first, e->len - e->first, left);
	buf_add(out, e->text + e->first, shown);
	buf_addstr(out, "\033[K");
	if (e->first + shown == e->at)
		return prompt_len + edit_width(e->text + e->first, shown);
	column = prompt_len + edit_width(e->text + e->first, e->at - e->first);
	buf_addch(out, '\r');
	if (column > 0)
		buf_addf(out, "\033[%zuC", column);
	return column;
}
