/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Patterns of dialogs. Not regular expressions: what the daemon prints is full
 * of [ ] ( ) . and *, and a dialog should read as the screen does. The matcher
 * tries the variable parts one after the other and steps back when the rest
 * does not fit; lines are short and so are patterns.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dialog-pattern.h"

/*
 * A variable part. Called with what is left of the line, it says how long its
 * next, shorter match at the start of that is, below limit; -1: none.
 */
struct pattern_part {
	const char *name;
	long (*match)(const char *s, size_t len, long limit);
};

static bool pattern_run(const char *pattern, const char *s, size_t len);

static size_t
pattern_digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && isdigit((unsigned char)s[n]))
		n++;
	return n;
}

/* One of the words at the start of s: its length, or 0. */
static size_t
pattern_word(const char *s, size_t len, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++) {
		size_t n = strlen(words[i]);

		if (n <= len && memcmp(s, words[i], n) == 0)
			return n;
	}
	return 0;
}

static long
pattern_fixed(size_t n, long limit)
{
	return n > 0 && (long)n < limit ? (long)n : -1;
}

static long
pattern_any(const char *s, size_t len, long limit)
{
	size_t n = 0;

	while (n < len && (unsigned char)s[n] >= ' ' && s[n] != 0x7f)
		n++;
	return (long)n < limit ? (long)n : limit - 1;
}

static long
pattern_n(const char *s, size_t len, long limit)
{
	long n = (long)pattern_digits(s, len);

	if (n >= limit)
		n = limit - 1;
	return n > 0 ? n : -1;
}

/* 14:02 */
static long
pattern_time(const char *s, size_t len, long limit)
{
	if (len < 5 || pattern_digits(s, len) != 2 || s[2] != ':' ||
	    pattern_digits(s + 3, len - 3) < 2)
		return -1;
	if (memcmp(s, "24", 2) >= 0 || s[3] > '5')
		return -1;
	return pattern_fixed(5, limit);
}

/* 12s, 34m, 2h 5m */
static long
pattern_dur(const char *s, size_t len, long limit)
{
	size_t n = 0;

	for (int parts = 0; parts < 2; parts++) {
		size_t start = n + (parts > 0), end;

		if (start > len || (parts > 0 && s[n] != ' '))
			break;
		end = start + pattern_digits(s + start, len - start);
		if (end == start || end == len || !strchr("smhd", s[end]))
			break;
		n = end + 1;
	}
	return pattern_fixed(n, limit);
}

/* Tue 2 Jun 2026 */
static long
pattern_date(const char *s, size_t len, long limit)
{
	static const char *const days[] = { "Mon ", "Tue ", "Wed ", "Thu ",
		"Fri ", "Sat ", "Sun ", NULL };
	static const char *const months[] = { " Jan ", " Feb ", " Mar ",
		" Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ",
		" Nov ", " Dec ", NULL };
	size_t n, part;

	n = pattern_word(s, len, days);
	if (n == 0)
		return -1;
	part = pattern_digits(s + n, len - n);
	if (part == 0 || part > 2 || s[n] == '0')
		return -1;
	n += part;
	part = pattern_word(s + n, len - n, months);
	if (part == 0)
		return -1;
	n += part;
	if (pattern_digits(s + n, len - n) != 4)
		return -1;
	return pattern_fixed(n + 4, limit);
}

static long
pattern_cr(const char *s, size_t len, long limit)
{
	return pattern_fixed(len > 0 && s[0] == '\r', limit);
}

static long
pattern_ctcp(const char *s, size_t len, long limit)
{
	return pattern_fixed(len > 0 && s[0] == '\1', limit);
}

static const struct pattern_part pattern_parts[] = {
	{ "any", pattern_any },
	{ "cr", pattern_cr },
	{ "ctcp", pattern_ctcp },
	{ "date", pattern_date },
	{ "dur", pattern_dur },
	{ "n", pattern_n },
	{ "time", pattern_time },
};

/* The length of a {word} at the start of s, with its braces, or 0. */
static size_t
pattern_brace(const char *s)
{
	size_t n = 1;

	if (s[0] != '{')
		return 0;
	while (islower((unsigned char)s[n]) || isdigit((unsigned char)s[n]))
		n++;
	return n > 1 && s[n] == '}' ? n + 1 : 0;
}

static const struct pattern_part *
pattern_find(const char *brace, size_t len)
{
	for (size_t i = 0; i < NITEMS(pattern_parts); i++) {
		const struct pattern_part *part = &pattern_parts[i];

		if (strlen(part->name) == len - 2 &&
		    memcmp(part->name, brace + 1, len - 2) == 0)
			return part;
	}
	return NULL;
}

static bool
pattern_run_part(const struct pattern_part *part, const char *rest,
    const char *s, size_t len)
{
	long n = (long)len + 1;

	while ((n = part->match(s, len, n)) >= 0) {
		if (pattern_run(rest, s + n, len - (size_t)n))
			return true;
	}
	return false;
}

static bool
pattern_run(const char *pattern, const char *s, size_t len)
{
	for (;;) {
		size_t brace = pattern_brace(pattern);
		const struct pattern_part *part = NULL;

		if (brace > 0)
			part = pattern_find(pattern, brace);
		if (part != NULL)
			return pattern_run_part(part, pattern + brace, s, len);
		if (*pattern == '\0')
			return len == 0;
		if (len == 0 || *s != *pattern)
			return false;
		pattern++;
		s++;
		len--;
	}
}

bool
pattern_match(const char *pattern, const char *line, size_t len)
{
	return pattern_run(pattern, line, len);
}

const char *
pattern_unknown(const char *pattern)
{
	for (; *pattern != '\0'; pattern++) {
		size_t brace = pattern_brace(pattern);

		if (brace > 0 && pattern_find(pattern, brace) == NULL)
			return pattern;
	}
	return NULL;
}

/* {3*TEXT} at the start of s: adds it and returns its length, or 0. */
static size_t
pattern_expand_times(struct buf *out, const char *s)
{
	size_t digits, len;
	const char *text, *end;
	unsigned long times;

	if (s[0] != '{')
		return 0;
	digits = pattern_digits(s + 1, strlen(s + 1));
	if (digits == 0 || digits > 8 || s[1 + digits] != '*')
		return 0;
	text = s + 1 + digits + 1;
	end = strchr(text, '}');
	if (end == NULL)
		return 0;
	len = (size_t)(end - text);
	times = strtoul(s + 1, NULL, 10);
	while (times-- > 0)
		buf_add(out, text, len);
	return (size_t)(end + 1 - s);
}

char *
pattern_expand(const char *text,
    const char *(*lookup)(const char *name, size_t len, void *arg), void *arg)
{
	struct buf out = BUF_INITIALIZER;
	char *copy;

	while (*text != '\0') {
		size_t n = pattern_expand_times(&out, text);
		const char *value = NULL;

		if (n == 0 && (n = pattern_brace(text)) > 0) {
			value = lookup(text + 1, n - 2, arg);
			if (value != NULL)
				buf_addstr(&out, value);
			else
				buf_add(&out, text, n);
		}
		if (n == 0) {
			buf_addch(&out, *text);
			n = 1;
		}
		text += n;
	}
	copy = xstrdup(buf_cstr(&out));
	buf_fini(&out);
	return copy;
}

static int
pattern_hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p;

	p = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
	return p == NULL ? -1 : (int)(p - digits);
}

int
pattern_unescape(struct buf *out, const char *s)
{
	static const char names[] = "abefnrtv\\\"";
	static const char values[] = "\a\b\033\f\n\r\t\v\\\"";

	while (*s != '\0') {
		const char *name;
		int high, low, value = 0, digits = 0;

		if (*s != '\\') {
			buf_addch(out, *s++);
			continue;
		}
		s++;
		if (*s == 'x') {
			high = pattern_hex(s[1]);
			low = high < 0 ? -1 : pattern_hex(s[2]);
			if (low < 0)
				return -1;
			buf_addch(out, (char)(high * 16 + low));
			s += 3;
			continue;
		}
		for (; digits < 3 && *s >= '0' && *s <= '7'; digits++)
			value = value * 8 + (*s++ - '0');
		if (digits > 0) {
			buf_addch(out, (char)value);
			continue;
		}
		name = *s == '\0' ? NULL : strchr(names, *s);
		if (name == NULL)
			return -1;
		buf_addch(out, values[name - names]);
		s++;
	}
	return 0;
}

void
pattern_show(struct buf *out, const char *bytes, size_t len)
{
	static const char names[] = "nrte\\";
	static const char values[] = "\n\r\t\033\\";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		const char *value = c == '\0' ? NULL : strchr(values, c);

		if (value != NULL)
			buf_addf(out, "\\%c", names[value - values]);
		else if (c < ' ' || c >= 0x7f)
			buf_addf(out, "\\x%02x", c);
		else
			buf_addch(out, (char)c);
	}
}
