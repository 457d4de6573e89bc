/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/util.h"

/* Just enough of HTTP/1.1 (RFC 9112) to answer GET for one document: one
 * request on a connection, without a body, and the end after the answer. */
#define HTTP_REQUEST_MAX 8192 /* in bytes, with the empty line */

enum http_status {
	HTTP_MORE = 0, /* not whole yet */
	HTTP_OK = 200,
	HTTP_BAD_REQUEST = 400,
	HTTP_NOT_FOUND = 404,
	HTTP_BAD_METHOD = 405,
	HTTP_TOO_LARGE = 431,
	HTTP_BAD_VERSION = 505
};

/*
 * Parses all that has come so far: is it GET for path (with any query)?
 * is_full: no more will be read. is_1_1, set with any answer but HTTP_MORE: the
 * peer understands chunks.
 */
enum http_status http_parse(const char *data, size_t len, bool is_full,
    const char *path, bool *is_1_1) MUST_CHECK;

/* Adds a whole answer: a status that is not HTTP_OK, and a text of one line. */
void http_add_answer(struct buf *out, enum http_status status, const char *text,
    int64_t wall_ms);

/* Adds the head of the answer. For HTTP_OK a body of type follows, in chunks if
 * is_1_1, else up to the connection's end; any other status is complete. */
void http_add_head(struct buf *out, enum http_status status, bool is_1_1,
    const char *type, int64_t wall_ms);

/* Adds the size of a chunk; its len bytes and http_chunk_end must follow. After
 * the last chunk, of 0 bytes, only http_chunk_end follows. */
void http_add_chunk_size(struct buf *out, size_t len);
extern const char http_chunk_end[];

#endif
