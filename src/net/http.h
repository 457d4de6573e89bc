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
 * As much of HTTP/1.1 (RFC 9112) as it takes to answer requests without a body.
 */
#define HTTP_REQUEST_MAX 8192 /* in bytes, with the empty line */

enum http_status {
	HTTP_MORE = 0, /* not whole yet */
	HTTP_SWITCHING = 101,
	HTTP_OK = 200,
	HTTP_SEE_OTHER = 303,
	HTTP_NOT_MODIFIED = 304,
	HTTP_BAD_REQUEST = 400,
	HTTP_FORBIDDEN = 403,
	HTTP_NOT_FOUND = 404,
	HTTP_BAD_METHOD = 405,
	HTTP_TIMEOUT = 408,
	HTTP_UPGRADE_REQUIRED = 426,
	HTTP_TOO_LARGE = 431,
	HTTP_BAD_VERSION = 505
};
/* Its reason phrase: "Not Found". */
const char *http_reason(enum http_status status);

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER_METHOD };

/* A part of a request, where it lies. */
struct http_text {
	const char *at;
	size_t len;
};

struct http_request {
	enum http_method method;
	struct http_text path; /* it begins with "/", and is not decoded */
	struct http_text query; /* behind the "?"; or empty */
	bool is_1_1; /* or later: it knows chunks, and more requests come */
	struct http_text fields; /* all lines behind the first */
};

/*
 * Parses all that has come so far: is it a request without a body? is_full: no
 * more will be read. Returns HTTP_MORE, or HTTP_OK and *rq, whose texts live as
 * long as data, or why it is refused; then only is_1_1 of rq is set.
 */
enum http_status http_parse(const char *data, size_t len, bool is_full,
    struct http_request *rq) MUST_CHECK;

/* Finds a field, whose name is compared without case; the first of several. */
bool http_find(const struct http_request *rq, const char *name,
    struct http_text *value);
/* How many fields have that name? */
size_t http_count(const struct http_request *rq, const char *name);
/*
 * Goes through the elements, separated by commas, of all fields of that name
 * (RFC 9110 section 5.6.1); *e is zeroed before the first. Returns false at the
 * end.
 */
struct http_elements {
	const char *line; /* the next field */
	struct http_text rest; /* of the present one */
};
bool http_next_element(const struct http_request *rq, const char *name,
    struct http_elements *e, struct http_text *element);
/* Is it one of these, without case? */
bool http_has_element(const struct http_request *rq, const char *name,
    const char *element);
bool http_text_is(const struct http_text *text, const char *word);
/* The same without case, of ASCII. */
bool http_text_is_like(const struct http_text *text, const char *word);

/* Adds a field "Date: ...". */
void http_add_date(struct buf *out, int64_t wall_ms);

/* Adds a whole answer, behind which the connection is closed: a status that is
 * not HTTP_OK, and a text of one line. */
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
