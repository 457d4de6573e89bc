/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The line editor of brb: against a text that is a list of clusters, and its row
 * against a model of a terminal.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "brb/edit.h"
#include "unit.h"

/* A terminal of one row: what is at each column, and the cursor. */
#define TERM_COLS 500
struct term {
	size_t cols, at;
	bool is_wide[TERM_COLS]; /* something was written there */
};

/* Takes what edit_draw() wrote; fails if it would leave the row. */
static void
term_take(struct term *t, const char *s, size_t len)
{
	size_t i = 0, n, width, c;
	unsigned long number;
	char *end;

	while (i < len) {
		if (s[i] == '\r') {
			t->at = 0;
			i++;
			continue;
		}
		if (s[i] == '\033') {
			ck_assert(s[i + 1] == '[');
			number = strtoul(s + i + 2, &end, 10);
			if (*end == 'K')
				memset(t->is_wide + t->at, 0,
				    sizeof(t->is_wide) - t->at);
			else {
				ck_assert_int_eq(*end, 'C');
				t->at += number;
			}
			i = (size_t)(end - s) + 1;
			continue;
		}
		/* Up to the next control, cluster by cluster. */
		for (n = i; n < len && s[n] != '\033' && s[n] != '\r'; n++)
			;
		width = edit_width(s + i, n - i);
		for (c = 0; c < width; c++) {
			QUICK_ASSERT(t->at + c < t->cols);
			t->is_wide[t->at + c] = true;
		}
		t->at += width;
		i = n;
	}
	/* The last column stays free: no terminal folds the row. */
	QUICK_ASSERT(t->at < t->cols || t->cols == 0 || t->at == 0);
}

static void
check_row(struct edit *e, const char *prompt, size_t cols)
{
	struct buf out = BUF_INITIALIZER;
	struct term t;
	size_t column;

	memset(&t, 0, sizeof(t));
	t.cols = cols;
	column = edit_draw(e, prompt, cols, &out);
	(void)buf_cstr(&out);
	QUICK_ASSERT(text_is_utf8(out.data, out.len));
	term_take(&t, out.data, out.len);
	QUICK_ASSERT(t.at == column);
	buf_fini(&out);
}

static enum edit_event
type(struct edit *e, const char *s)
{
	enum edit_event event = EDIT_NOTHING;

	for (; *s != '\0'; s++)
		event = edit_byte(e, (unsigned char)*s);
	return event;
}

static void
expect(struct edit *e, const char *text, size_t at)
{
	ck_assert_str_eq(edit_text(e), text);
	ck_assert_uint_eq(edit_cursor(e), at);
}

START_TEST(test_keys)
{
	struct edit *e = edit_new();

	type(e, "hello world");
	expect(e, "hello world", 11);
	type(e, "\033b"); /* Alt-b */
	expect(e, "hello world", 6);
	type(e, "\001big \005!");
	expect(e, "big hello world!", 16);
	type(e, "\027\027"); /* ^W */
	expect(e, "big ", 4);
	type(e, "\025\031"); /* ^U, ^Y */
	expect(e, "big ", 4);
	type(e, "\033[D\033[D\033OD\013"); /* left, ^K */
	expect(e, "b", 1);
	type(e, "\177\177");
	expect(e, "", 0);
	ck_assert_int_eq(type(e, "\004"), EDIT_END);
	ck_assert_int_eq(type(e, "\003"), EDIT_INTERRUPT);
	type(e, "ab\024"); /* ^T */
	expect(e, "ba", 2);
	ck_assert_int_eq(type(e, "\003"), EDIT_CHANGED);
	expect(e, "", 0);
	ck_assert_int_eq(type(e, "\0333"), EDIT_ROOM);
	ck_assert_uint_eq(edit_number(e), 3);
	/* What is no key of ours leaves nothing in the line. */
	type(e, "\033[12;34;56X\033]0;title\007\033]1;x\033\\\033[<0;1;1Mx");
	expect(e, "x", 1);
	edit_free(e);
}
END_TEST

START_TEST(test_utf8)
{
	struct edit *e = edit_new();

	/* Bytes that are none are dropped, and begin nothing. */
	type(e, "\xff\xc3(\xe2\x82\xe2\x82\xac\x80\xed\xa0\x80 \xc2\x9bx");
	expect(e, "(\xe2\x82\xac x", 6);
	type(e,
	    "\003\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"
	    "e\xcc\x81\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7");
	ck_assert_uint_eq(strlen(edit_text(e)), 22);
	ck_assert_uint_eq(edit_width(edit_text(e), 22), 5);
	type(e, "\177"); /* the family is one */
	ck_assert_uint_eq(edit_cursor(e), 11);
	type(e, "\002\002\004"); /* and so is the flag */
	expect(e, "e\xcc\x81", 0);
	edit_free(e);
}
END_TEST

START_TEST(test_history)
{
	struct edit *e = edit_new();

	ck_assert_int_eq(type(e, "one\r"), EDIT_LINE);
	ck_assert_str_eq(edit_take(e), "one");
	expect(e, "", 0);
	type(e, "two\rtwo\rdraft");
	type(e, "\033[A");
	expect(e, "two", 3);
	type(e, "\033[A\033[A\033[A");
	expect(e, "one", 3);
	type(e, "\033[B\033[B\033[B");
	expect(e, "draft", 5);
	edit_set_secret(e, true);
	type(e, "password\r");
	ck_assert_str_eq(edit_take(e), "password");
	edit_set_secret(e, false);
	type(e, "\033[A");
	expect(e, "two", 3);
	edit_free(e);
}
END_TEST

START_TEST(test_paste)
{
	struct edit *e = edit_new();
	size_t lines;

	/* One line is as if it were typed. */
	ck_assert_int_eq(type(e, "\033[200~only one\r\n\033[201~"),
	    EDIT_CHANGED);
	expect(e, "only one", 8);
	ck_assert_int_eq(type(e, "\003"), EDIT_CHANGED);
	ck_assert_int_eq(type(e, "\033[200~a\r\nb\033[Ac\rd\n\n\033[201~"),
	    EDIT_PASTED);
	ck_assert_str_eq(edit_pasted(e, &lines), "a\nbc\nd\n");
	ck_assert_uint_eq(lines, 3);
	/* What comes before that is answered comes on top; keys of several
	 * bytes are no answer. */
	(void)type(e, "\033[");
	ck_assert(!edit_is_plain(e));
	(void)type(e, "200~");
	ck_assert(!edit_is_plain(e));
	ck_assert_int_eq(type(e, "e\rf\033[201~"), EDIT_PASTED);
	ck_assert(edit_is_plain(e));
	ck_assert_str_eq(edit_pasted(e, &lines), "a\nbc\nd\ne\nf\n");
	ck_assert_uint_eq(lines, 5);
	edit_drop_paste(e);
	expect(e, "", 0);
	/* A command that is pasted runs nothing by itself. */
	ck_assert_int_eq(type(e, "\033[200~/quit\n\033[201~"), EDIT_CHANGED);
	expect(e, "/quit", 5);
	edit_free(e);
}
END_TEST

START_TEST(test_limit)
{
	struct edit *e = edit_new();
	size_t i;

	for (i = 0; i < EDIT_TEXT_MAX + 100; i++)
		(void)edit_byte(e, 'x');
	ck_assert_uint_eq(strlen(edit_text(e)), EDIT_TEXT_MAX);
	check_row(e, "lobby> ", 80);
	check_row(e, "lobby> ", 1);
	ck_assert(!edit_replace(e, 2, "ana"));
	ck_assert_uint_eq(edit_cursor(e), EDIT_TEXT_MAX);
	ck_assert(edit_replace(e, 3, "ana"));
	ck_assert_uint_eq(edit_cursor(e), EDIT_TEXT_MAX);
	edit_free(e);
}
END_TEST

/* Random keys against a list of clusters. */
static const char *const clusters[] = { "a", " ", "\xc3\xa9", "e\xcc\x81",
	"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", "\xe6\xbc\xa2",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
	"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd" };

struct model {
	const char *text[64];
	size_t count, at;
};

static void
model_insert(struct model *m, const char *cluster)
{
	memmove(m->text + m->at + 1, m->text + m->at,
	    (m->count - m->at) * sizeof(m->text[0]));
	m->text[m->at++] = cluster;
	m->count++;
}

static void
model_erase(struct model *m, size_t at)
{
	if (at >= m->count)
		return;
	m->count--;
	memmove(m->text + at, m->text + at + 1,
	    (m->count - at) * sizeof(m->text[0]));
}

static void
model_step(struct model *m, struct edit *e)
{
	const char *cluster = clusters[(size_t)random() % NITEMS(clusters)];

	switch (random() % 8) {
	case 0:
		type(e, "\033[D");
		m->at -= m->at > 0;
		break;
	case 1:
		type(e, "\006");
		m->at += m->at < m->count;
		break;
	case 2:
		type(e, "\177");
		if (m->at > 0)
			model_erase(m, --m->at);
		break;
	case 3:
		type(e, "\033[3~");
		model_erase(m, m->at);
		break;
	case 4:
		if (random() % 4 == 0) {
			type(e, "\001");
			m->at = 0;
		}
		break;
	default:
		if (m->count < NITEMS(m->text)) {
			type(e, cluster);
			model_insert(m, cluster);
		}
	}
}

static void
model_compare(const struct model *m, const struct edit *e)
{
	struct buf text = BUF_INITIALIZER;
	size_t i, at = 0;

	for (i = 0; i < m->count; i++) {
		if (i == m->at)
			at = text.len;
		buf_addstr(&text, m->text[i]);
	}
	if (m->at == m->count)
		at = text.len;
	ck_assert_str_eq(edit_text(e), buf_cstr(&text));
	ck_assert_uint_eq(edit_cursor(e), at);
	buf_fini(&text);
}

/* What edit_draw() writes for this row. */
static void
expect_row(struct edit *e, size_t cols, const char *row)
{
	struct buf out = BUF_INITIALIZER;

	(void)edit_draw(e, "> ", cols, &out);
	ck_assert_str_eq(buf_cstr(&out), row);
	buf_fini(&out);
}

/* A row shows as much of the text as fits, also when it has become wider, or the
 * text shorter. */
START_TEST(test_row)
{
	struct edit *e = edit_new();

	type(e, "through the flood");
	expect_row(e, 40, "\r> through the flood\033[K");
	expect_row(e, 8, "\r> od\033[K");
	expect_row(e, 12, "\r> the flood\033[K");
	expect_row(e, 40, "\r> through the flood\033[K");
	expect_row(e, 8, "\r> od\033[K");
	type(e, "\r");
	(void)edit_take(e);
	type(e, "next");
	expect_row(e, 40, "\r> next\033[K");
	edit_free(e);
}
END_TEST

START_TEST(test_model)
{
	struct edit *e = edit_new();
	struct model m = { .count = 0 };
	size_t i;

	srandom(1);
	for (i = 0; i < 3000; i++) {
		/* ^D on an empty line would be the end. */
		model_step(&m, e);
		check_row(e, "lobby 2:den(3*)> ",
		    (size_t)random() % (TERM_COLS / 2));
		if (i % 10 == 0)
			model_compare(&m, e);
	}
	edit_free(e);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "edit", NULL, NULL);

	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_utf8);
	tcase_add_test(tc, test_history);
	tcase_add_test(tc, test_paste);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_row);
	tcase_add_test(tc, test_model);
}
