/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A writer only, and forward only, so that what is sent in pieces need not be
 * held as a whole. No library writes into our buffers; reading JSON would be a
 * library's work.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

void
json_init(struct json *j, struct buf *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

static void
json_add_text(struct json *j, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const char *end = text + len;
	bool is_utf8 = text_is_utf8(text, len);
	unsigned char c;

	buf_addch(j->out, '"');
	for (; text < end; text++) {
		c = (unsigned char)*text;
		if (c == '"' || c == '\\') {
			buf_addch(j->out, '\\');
			buf_addch(j->out, *text);
		} else if (c == '\n') {
			buf_add(j->out, "\\n", 2);
		} else if (c < 0x20 || c == 0x7f) {
			buf_addstr(j->out, "\\u00");
			buf_addch(j->out, hex[c >> 4]);
			buf_addch(j->out, hex[c & 15]);
		} else if (c >= 0x80 && !is_utf8) {
			buf_addstr(j->out, "\xef\xbf\xbd");
		} else {
			buf_addch(j->out, *text);
		}
	}
	buf_addch(j->out, '"');
}

/* Writes what stands before a value: a comma, a name. */
static void
json_begin(struct json *j, const char *key)
{
	if (j->has_items[j->depth])
		buf_addch(j->out, ',');
	j->has_items[j->depth] = true;
	if (key != NULL) {
		json_add_text(j, key, strlen(key));
		buf_addch(j->out, ':');
	}
}

static void
json_open(struct json *j, const char *key, char bracket)
{
	json_begin(j, key);
	buf_addch(j->out, bracket);
	assert(j->depth < JSON_DEPTH_MAX);
	j->has_items[++j->depth] = false;
}

static void
json_close(struct json *j, char bracket)
{
	assert(j->depth > 0);
	j->depth--;
	buf_addch(j->out, bracket);
}

void
json_object_open(struct json *j, const char *key)
{
	json_open(j, key, '{');
}

void
json_object_close(struct json *j)
{
	json_close(j, '}');
}

void
json_array_open(struct json *j, const char *key)
{
	json_open(j, key, '[');
}

void
json_array_close(struct json *j)
{
	json_close(j, ']');
}

void
json_text(struct json *j, const char *key, const char *value)
{
	if (value == NULL) {
		json_none(j, key);
		return;
	}
	json_text_len(j, key, value, strlen(value));
}

void
json_text_len(struct json *j, const char *key, const char *value, size_t len)
{
	json_begin(j, key);
	json_add_text(j, value, len);
}

void
json_number(struct json *j, const char *key, uint64_t value)
{
	json_begin(j, key);
	buf_addf(j->out, "%llu", (unsigned long long)value);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	json_begin(j, key);
	buf_addstr(j->out, value ? "true" : "false");
}

void
json_none(struct json *j, const char *key)
{
	json_begin(j, key);
	buf_addstr(j->out, "null");
}

void
json_seconds(struct json *j, const char *key, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	json_begin(j, key);
	buf_addf(j->out, "%lld", (long long)(ms / 1000));
	if (ms % 1000 != 0)
		buf_addf(j->out, ".%03d", (int)(ms % 1000));
}

void
json_decimal(struct json *j, const char *key, double value)
{
	json_begin(j, key);
	buf_addf(j->out, "%.6f", value);
}
