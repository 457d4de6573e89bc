/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * A writer of JSON (RFC 8259), without blanks, to the end of a buffer. The
 * caller opens and closes; the commas come by themselves. key is the name of an
 * object's member, and NULL in an array and at the top. What has been written
 * may be taken out of the buffer at any time.
 */
#define JSON_DEPTH_MAX 8
struct json {
	struct buf *out;
	unsigned depth;
	bool has_items[JSON_DEPTH_MAX + 1]; /* at each depth */
};

void json_init(struct json *j, struct buf *out);

void json_object_open(struct json *j, const char *key);
void json_object_close(struct json *j);
void json_array_open(struct json *j, const char *key);
void json_array_close(struct json *j);

/* NULL becomes null. If value is not UTF-8, each byte above 0x7f becomes
 * U+FFFD. */
void json_text(struct json *j, const char *key, const char *value);
/* The same for so many bytes, without a NUL. */
void json_text_len(struct json *j, const char *key, const char *value,
    size_t len);
void json_number(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_none(struct json *j, const char *key);
/* Milliseconds as seconds with a fraction: 1.25. Negative counts as 0. */
void json_seconds(struct json *j, const char *key, int64_t ms);
/* Any finite number, with six digits after the point. */
void json_decimal(struct json *j, const char *key, double value);

#endif
