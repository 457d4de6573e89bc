/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Lines are cut up where they lie, in the buffer they came in: nothing is
 * copied until somebody wants the value of a tag. Tags stay as they came, since
 * most are never used; each lookup reads them from the start.
 *
 * What clients get wrong without harm is accepted: several blanks instead of
 * one, blanks in front or at the end, a source, invalid keys of tags. A NUL, CR
 * or LF inside is refused, since no part may hold them (Modern IRC,
 * "Parameters"): cutting there would send half a line, or make the second half
 * a command of its own, so that a pasted text could smuggle a command in.
 *
 * Decided against: a table of tags for each line; refusing tags with invalid
 * keys, which message-tags forbids; passing on client-only tags byte by byte,
 * where clients would see what another one got wrong.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/text.h"
#include "irc/irc-message.h"

#define IRC_DIGITS "0123456789"
#define IRC_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
/* The shortest client-only tag is "+a", followed by ";" before the next. */
#define IRC_CLIENT_TAGS_MAX ((IRC_TAGS_MAX + 1) / 3)

/* Is it letters, or three digits? (Modern IRC, "Command") */
static bool
irc_is_command(const char *word)
{
	size_t len = strlen(word);

	return (len > 0 && strspn(word, IRC_LETTERS) == len) ||
	    (len == 3 && strspn(word, IRC_DIGITS) == len);
}

static void
irc_upcase(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
}

/* Cuts up the parameters, from p to the line's end. */
static void
irc_cut_params(struct irc_message *m, char *p, char *end)
{
	while (*p != '\0') {
		if (*p == ':') {
			m->argv[m->argc++] = p + 1;
			return;
		}
		if (m->argc == IRC_PARAMS_MAX - 1) {
			while (end[-1] == ' ')
				*--end = '\0';
			m->argv[m->argc++] = p;
			return;
		}
		m->argv[m->argc++] = command_word(&p);
	}
}

enum irc_result
irc_message_parse(struct irc_message *m, char *line, size_t len)
{
	char *p = line, *end = line + len, *blank;

	*m = (struct irc_message){ .argc = 0 };
	*end = '\0';
	/* A NUL, CR or LF before the end. */
	if (strcspn(line, "\r\n") != len)
		return IRC_BAD;
	if (strspn(line, " ") == len)
		return IRC_EMPTY;

	if (*p == '@') {
		blank = p + strcspn(p, " ");
		if (blank - p > 1 + IRC_TAGS_MAX)
			return IRC_TAGS_TOO_LONG;
		m->tags = p + 1;
		p = blank;
		/* One blank belongs to the tags, any more to the rest. */
		if (p < end)
			*p++ = '\0';
	}
	if (end - p > IRC_LINE_MAX)
		return IRC_TOO_LONG;

	p += strspn(p, " ");
	if (*p == ':') {
		p++;
		m->source = command_word(&p);
		if (*m->source == '\0')
			return IRC_BAD;
	}
	if (*p == '\0')
		return IRC_BAD;
	m->command = command_word(&p);
	if (!irc_is_command(m->command))
		return IRC_BAD;
	irc_upcase(m->command);
	irc_cut_params(m, p, end);
	return IRC_OK;
}

bool
irc_tags_next(const char **pos, struct irc_tag *tag)
{
	const char *p = *pos;

	if (p == NULL)
		return false;
	p += strspn(p, ";");
	if (*p == '\0')
		return false;
	tag->key = p;
	tag->key_len = strcspn(p, "=;");
	p += tag->key_len;
	if (*p == '=')
		p++;
	tag->value = p;
	tag->value_len = strcspn(p, ";");
	*pos = p + tag->value_len;
	return true;
}

bool
irc_tags_find(const char *tags, const char *key, struct irc_tag *tag)
{
	size_t key_len = strlen(key);
	bool is_found = false;
	struct irc_tag t;

	while (irc_tags_next(&tags, &t)) {
		if (t.key_len == key_len && memcmp(t.key, key, key_len) == 0) {
			*tag = t;
			is_found = true;
		}
	}
	return is_found;
}

/* What is escaped in values, and as what (message-tags, "Escaping values"). */
static const char irc_plain_chars[] = "; \\\r\n";
static const char irc_escaped_chars[] = ":s\\rn";

/* The next character of an escaped value, with *p before end; or '\0' if it
 * ends in a lone '\'. A needless '\' is dropped. */
static char
irc_unescape(const char **p, const char *end)
{
	char c = *(*p)++;
	const char *found;

	if (c != '\\')
		return c;
	if (*p == end)
		return '\0';
	c = *(*p)++;
	found = strchr(irc_escaped_chars, c);
	return found == NULL ? c : irc_plain_chars[found - irc_escaped_chars];
}

static void
irc_add_escaped_char(struct buf *out, char c)
{
	const char *found = strchr(irc_plain_chars, c);

	if (found != NULL)
		buf_addch(out, '\\');
	buf_addch(out,
	    found == NULL ? c : irc_escaped_chars[found - irc_plain_chars]);
}

/* Passes the value of tag to add, character by character. */
static void
irc_add_value(struct buf *out, const struct irc_tag *tag,
    void (*add)(struct buf *, char))
{
	const char *p = tag->value, *end = p + tag->value_len;
	char c;

	/* Escaping is ASCII, so the unescaped value is as valid. */
	if (!text_is_utf8(p, tag->value_len))
		return;
	while (p < end) {
		c = irc_unescape(&p, end);
		if (c != '\0')
			add(out, c);
	}
}

void
irc_tag_value(struct buf *out, const struct irc_tag *tag)
{
	irc_add_value(out, tag, buf_addch);
}

/* "+", perhaps a host and "/", and letters, digits and hyphens. Each span ends
 * before the end of the tags, as a key is followed by something. */
static bool
irc_is_client_only_key(const struct irc_tag *tag)
{
	const char *p = tag->key, *end = p + tag->key_len;
	size_t len;

	if (*p != '+')
		return false;
	p++;
	len = strspn(p, IRC_LETTERS IRC_DIGITS "-.");
	if (len > 0 && p[len] == '/')
		p += len + 1;
	len = strspn(p, IRC_LETTERS IRC_DIGITS "-");
	return len > 0 && p + len == end;
}

static int
irc_compare_keys(const char *a, const char *b)
{
	size_t a_len = strcspn(a, "=;"), b_len = strcspn(b, "=;");
	int cmp = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (cmp != 0 || a_len == b_len)
		return cmp;
	return a_len < b_len ? -1 : 1;
}

/* Orders pointers to keys; equal keys by their place in the tags. */
static int
irc_order_keys(const void *va, const void *vb)
{
	const char *a = *(const char *const *)va, *b = *(const char *const *)vb;
	int cmp = irc_compare_keys(a, b);

	return cmp != 0 ? cmp : a < b ? -1 : a > b;
}

static void
irc_add_client_only(struct buf *out, const char *key)
{
	struct irc_tag tag;
	size_t no_value;

	irc_tags_next(&key, &tag);
	buf_add(out, tag.key, tag.key_len);
	no_value = out->len;
	buf_addch(out, '=');
	irc_add_value(out, &tag, irc_add_escaped_char);
	if (out->len == no_value + 1)
		out->len = no_value;
}

size_t
irc_tags_client_only(struct buf *out, const char *tags)
{
	/* Sorted, as comparing each to each would take milliseconds for a long
	 * line of tags. */
	const char *keys[IRC_CLIENT_TAGS_MAX], *key;
	size_t n = 0, added = 0, i;
	struct irc_tag tag;

	assert(tags == NULL || strlen(tags) <= IRC_TAGS_MAX);
	while (irc_tags_next(&tags, &tag))
		if (irc_is_client_only_key(&tag))
			keys[n++] = tag.key;
	if (n > 1)
		qsort(keys, n, sizeof(keys[0]), irc_order_keys);
	for (i = 0; i < n; i++) {
		if (i + 1 < n && irc_compare_keys(keys[i], keys[i + 1]) == 0)
			continue; /* the last one counts */
		key = keys[i];
		irc_tags_next(&key, &tag);
		if (!text_is_harmless(tag.value, tag.value_len))
			continue;
		if (added++ > 0)
			buf_addch(out, ';');
		irc_add_client_only(out, keys[i]);
	}
	return added;
}

void
irc_add_escaped(struct buf *out, const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		irc_add_escaped_char(out, value[i]);
}

void
irc_add_tag(struct buf *out, size_t start, const char *key, const char *value)
{
	assert(*key != '\0');
	irc_add_tags(out, start, key);
	if (value != NULL && *value != '\0') {
		buf_addch(out, '=');
		irc_add_escaped(out, value, strlen(value));
	}
}

void
irc_add_tags(struct buf *out, size_t start, const char *tags)
{
	assert(out->len >= start);
	if (tags == NULL || *tags == '\0')
		return;
	buf_addch(out, out->len == start ? '@' : ';');
	buf_addstr(out, tags);
}

void
irc_add_tags_end(struct buf *out, size_t start)
{
	assert(out->len >= start);
	if (out->len > start)
		buf_addch(out, ' ');
}

void
irc_add_middle(struct buf *out, const char *word, size_t max_bytes)
{
	size_t len;

	word += strspn(word, ":");
	len = strcspn(word, " ");
	len = text_is_utf8(word, len) ? text_cut(word, len, max_bytes) : 0;
	buf_addch(out, ' ');
	if (len > 0)
		buf_add(out, word, len);
	else
		buf_addch(out, '*');
}

/* The last place in text, up to at, where a character may begin; at itself if
 * there is none within the length of one. */
static size_t
irc_character_start(const char *text, size_t at)
{
	size_t i;

	for (i = at; i > 0 && at - i < 4; i--)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return i;
	return at;
}

size_t
irc_split(const char *text, size_t len, size_t max_bytes, size_t *next)
{
	size_t cut = len, i;

	assert(max_bytes >= IRC_SPLIT_MIN);
	if (len > max_bytes) {
		cut = text_cut(text, len, max_bytes);
		/* Does a word extend beyond the cut? */
		for (i = cut; i > max_bytes - max_bytes / 3 && text[cut] != ' ';
		     i--)
			if (text[i - 1] == ' ')
				cut = text_cut(text, i, i);
		/* Only blanks, or not UTF-8. */
		if (cut == 0)
			cut = irc_character_start(text, max_bytes);
	}
	for (*next = cut; *next < len && text[*next] == ' ';)
		++*next;
	return cut;
}
