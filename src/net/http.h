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

/*
 * As much of HTTP/1.1 (RFC 9112) as it takes to answer GET for one document:
 * one request on a connection, no body in it, and the end after the answer.
 */
#define HTTP_REQUEST_MAX 8192 /* bytes, the empty line and all */

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
 * Looks at all that has come so far: is it GET for path (a query behind it is
 * ignored)? is_full: no more will be read. is_1_1 (set with any answer but
 * HTTP_MORE): the peer knows chunks.
 */
enum http_status http_parse(const char *data, size_t len, bool is_full,
    const char *path, bool *is_1_1) MUST_CHECK;

/*
 * The head of the answer. For HTTP_OK a body of type follows, in chunks if
 * is_1_1, else up to the connection's end; any other status is complete.
 */
void http_add_head(struct buf *out, enum http_status status, bool is_1_1,
    const char *type, int64_t wall_ms);

/* The size of a chunk; its len bytes and http_chunk_end follow. Of 0 bytes:
 * the last one, after which only http_chunk_end comes. */
void http_add_chunk_size(struct buf *out, size_t len);
extern const char http_chunk_end[];

#endif
