/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A line of IRC: what is taken apart and put together again is taken apart into
 * the same; what may be passed on of its tags is what message-tags allows, and
 * is left as it is when it comes back. Its first parameters serve as a mask and
 * a name, which are compared once more by the plainest rule, and the last one
 * is split into lines.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mask.h"
#include "base/text.h"
#include "base/util.h"
#include "irc/irc-message.h"

/* The plain rule takes exponential time. */
#define FUZZ_MASK_MAX 10
#define FUZZ_NAME_MAX 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Adds the value of the tag with this key; returns whether there is one. */
static bool
tags_value(struct buf *out, const char *tags, const char *key)
{
	struct irc_tag tag;

	if (!irc_tags_find(tags, key, &tag))
		return false;
	irc_tag_value(out, &tag);
	return true;
}

static void
fuzz_check_parts(const struct irc_message *m)
{
	size_t rest;
	int i;

	assert(m->command != NULL && *m->command != '\0');
	assert(m->argc >= 0 && m->argc <= IRC_PARAMS_MAX);
	assert(m->tags == NULL || strlen(m->tags) <= IRC_TAGS_MAX);
	assert(m->tags == NULL || strpbrk(m->tags, " \r\n") == NULL);
	assert(m->source == NULL || *m->source != '\0');
	assert(m->source == NULL || strpbrk(m->source, " \r\n") == NULL);
	for (i = 0; m->command[i] != '\0'; i++)
		assert((m->command[i] >= 'A' && m->command[i] <= 'Z') ||
		    (m->command[i] >= '0' && m->command[i] <= '9'));
	rest = strlen(m->command);
	for (i = 0; i < m->argc; i++) {
		assert(strpbrk(m->argv[i], "\r\n") == NULL);
		rest += 1 + strlen(m->argv[i]);
		if (i == m->argc - 1)
			break;
		assert(*m->argv[i] != '\0' && *m->argv[i] != ':');
		assert(strchr(m->argv[i], ' ') == NULL);
	}
	assert(m->argv[m->argc] == NULL);
	assert(rest <= IRC_LINE_MAX);
}

static void
fuzz_add_message(struct buf *out, const struct irc_message *m)
{
	size_t start = out->len;
	int i;

	if (m->tags != NULL && *m->tags != '\0') {
		irc_add_tags(out, start, m->tags);
		irc_add_tags_end(out, start);
	}
	if (m->source != NULL)
		buf_addf(out, ":%s ", m->source);
	buf_addstr(out, m->command);
	for (i = 0; i + 1 < m->argc; i++)
		irc_add_middle(out, m->argv[i], IRC_LINE_MAX);
	if (m->argc > 0)
		buf_addf(out, " :%s", m->argv[m->argc - 1]);
}

static bool
fuzz_is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* irc_add_middle() keeps whole what can be kept. */
static bool
fuzz_is_kept(const char *word)
{
	size_t len = strlen(word);

	return text_is_utf8(word, len) &&
	    text_cut(word, len, IRC_LINE_MAX) == len;
}

static void
fuzz_again(const struct irc_message *m)
{
	struct buf out = BUF_INITIALIZER;
	struct irc_message again;
	enum irc_result result;
	size_t len;
	int i;

	fuzz_add_message(&out, m);
	len = out.len;
	buf_cstr(&out);
	result = irc_message_parse(&again, out.data, len);
	/* The ':' that was put before the last. */
	assert(result == IRC_OK || result == IRC_TOO_LONG);
	if (result == IRC_OK) {
		assert(again.argc == m->argc);
		assert(fuzz_is_same(again.tags,
		    m->tags != NULL && *m->tags != '\0' ? m->tags : NULL));
		assert(fuzz_is_same(again.source, m->source));
		assert(fuzz_is_same(again.command, m->command));
		for (i = 0; i < m->argc; i++)
			assert(fuzz_is_same(again.argv[i], m->argv[i]) ||
			    (i + 1 < m->argc && !fuzz_is_kept(m->argv[i])));
	}
	buf_fini(&out);
}

/* A tag made anew from key and value means the same. */
static void
fuzz_build_tag(const char *key, const char *value)
{
	struct buf built = BUF_INITIALIZER, again = BUF_INITIALIZER;

	irc_add_tag(&built, 0, key, value);
	irc_add_tags_end(&built, 0);
	assert(built.data[0] == '@' && built.data[built.len - 1] == ' ');
	built.data[built.len - 1] = '\0';
	assert(strpbrk(built.data, " \r\n") == NULL);
	assert(tags_value(&again, built.data + 1, key));
	assert(strcmp(buf_cstr(&again), value) == 0);
	buf_fini(&built);
	buf_fini(&again);
}

static void
fuzz_tags(const char *tags)
{
	struct buf value = BUF_INITIALIZER;
	struct irc_tag tag, found;
	const char *pos = tags;
	char *key;

	while (irc_tags_next(&pos, &tag)) {
		buf_reset(&value);
		irc_tag_value(&value, &tag);
		assert(value.len <= tag.value_len);
		assert(text_is_utf8(buf_cstr(&value), value.len));
		assert(strlen(buf_cstr(&value)) == value.len);

		key = xstrndup(tag.key, tag.key_len);
		assert(irc_tags_find(tags, key, &found));
		assert(found.key >= tag.key && found.key_len == tag.key_len);
		if (*key != '\0')
			fuzz_build_tag(key, buf_cstr(&value));
		free(key);
	}
	buf_fini(&value);
}

static void
fuzz_client_only(const char *tags)
{
	struct buf out = BUF_INITIALIZER, again = BUF_INITIALIZER;
	struct buf value = BUF_INITIALIZER, original = BUF_INITIALIZER;
	const char *pos;
	struct irc_tag tag;
	size_t count, n = 0;
	char *key;

	count = irc_tags_client_only(&out, tags);
	assert(out.len <= strlen(tags));
	assert((count == 0) == (out.len == 0));
	pos = buf_cstr(&out);
	assert(strpbrk(pos, " \r\n") == NULL);
	assert(text_is_harmless(pos, out.len));
	while (irc_tags_next(&pos, &tag)) {
		n++;
		assert(tag.key_len >= 2 && tag.key[0] == '+');
		assert(tag.key[tag.key_len] != '=' || tag.value_len > 0);
		/* Its value is that of the last one that came. */
		key = xstrndup(tag.key, tag.key_len);
		buf_reset(&value);
		buf_reset(&original);
		irc_tag_value(&value, &tag);
		assert(tags_value(&original, tags, key));
		assert(strcmp(buf_cstr(&value), buf_cstr(&original)) == 0);
		free(key);
	}
	assert(n == count);
	assert(irc_tags_client_only(&again, buf_cstr(&out)) == count);
	assert(strcmp(buf_cstr(&again), buf_cstr(&out)) == 0);
	buf_fini(&out);
	buf_fini(&again);
	buf_fini(&value);
	buf_fini(&original);
}

static char
fuzz_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Each star takes nothing, or one byte and perhaps more. */
static bool
fuzz_match(const char *mask, const char *s)
{
	if (*mask == '\0')
		return *s == '\0';
	if (*mask == '*')
		return fuzz_match(mask + 1, s) ||
		    (*s != '\0' && fuzz_match(mask, s + 1));
	if (*s == '\0')
		return false;
	if (*mask == '\\' && (mask[1] == '*' || mask[1] == '?'))
		return mask[1] == *s && fuzz_match(mask + 2, s + 1);
	return (*mask == '?' || fuzz_fold(*mask) == fuzz_fold(*s)) &&
	    fuzz_match(mask + 1, s + 1);
}

static void
fuzz_mask(const char *mask, const char *s)
{
	char whole[MASK_SIZE], again[MASK_SIZE], *name;
	bool is_match = mask_match(mask, s);

	if (strlen(mask) <= FUZZ_MASK_MAX && strlen(s) <= FUZZ_NAME_MAX)
		assert(is_match == fuzz_match(mask, s));

	if (mask_normalize(whole, mask) == -1)
		return;
	assert(mask_normalize(again, whole) == 0 && strcmp(whole, again) == 0);
	assert(strchr(whole, ' ') == NULL && whole[0] != ':');
	if (strpbrk(mask, "!@.:") == NULL)
		assert(mask_match_user(whole, s, "u", "h") == is_match);
	/* Part by part is as a whole, where the parts are what they may be. */
	if (strpbrk(s, "!@") == NULL) {
		name = xasprintf("%s!%s@%s", s, "user", s);
		assert(mask_match_user(whole, s, "user", s) ==
		    mask_match(whole, name));
		free(name);
	}
}

/* Nothing but blanks is lost, and no character is cut. */
static void
fuzz_split(const char *text, size_t max_bytes)
{
	size_t len = strlen(text), n, next, i;
	bool is_utf8 = text_is_utf8(text, len);

	for (; len > 0; text += next, len -= next) {
		n = irc_split(text, len, max_bytes, &next);
		assert(n > 0 && n <= max_bytes && n <= next && next <= len);
		assert(!is_utf8 || text_is_utf8(text, n));
		for (i = n; i < next; i++)
			assert(text[i] == ' ');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct irc_message m;
	enum irc_result result;
	char *line;

	/* Of the exact size, so that a sanitizer sees any excess. */
	line = xmalloc(size + 1);
	if (size > 0)
		memcpy(line, data, size);
	line[size] = '\n';
	result = irc_message_parse(&m, line, size);
	assert(m.argc == 0 || result == IRC_OK);
	if (result == IRC_OK) {
		fuzz_check_parts(&m);
		fuzz_again(&m);
		if (m.tags != NULL) {
			fuzz_tags(m.tags);
			fuzz_client_only(m.tags);
		}
		if (m.argc > 0) {
			fuzz_mask(m.argv[0], m.argv[m.argc - 1]);
			fuzz_split(m.argv[m.argc - 1],
			    IRC_SPLIT_MIN + strlen(m.argv[0]) % 32);
		}
	}
	free(line);
	return 0;
}
