/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The files of the page. A browser asks each time whether its copy is still
 * good, which costs a short answer, and so never shows parts of two versions
 * (no-cache).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "session/protocol.h"
#include "web/web-impl.h"

static const struct web_type {
	const char *suffix;
	const char *type;
} web_types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".json", "application/json" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".txt", "text/plain; charset=utf-8" },
};

static const char *
web_type(const char *path)
{
	const char *suffix = strrchr(path, '.');
	size_t i;

	for (i = 0; suffix != NULL && i < NITEMS(web_types); i++)
		if (strcmp(suffix, web_types[i].suffix) == 0)
			return web_types[i].type;
	return "application/octet-stream";
}

const struct web_file *
web_find_file(const struct http_text *path)
{
	const char *index = http_text_is(path, "/") ? "/index.html" : NULL;
	size_t i;

	/* The page speaks JSON. */
	if (index != NULL && protocol_find("json") == NULL)
		return NULL;
	for (i = 0; i < web_file_count; i++)
		if (index != NULL ? strcmp(index, web_files[i].path) == 0 :
				    http_text_is(path, web_files[i].path))
			return &web_files[i];
	return NULL;
}

/* Does the client have it? Weak tags are as good here (RFC 9110 section
 * 13.1.2). */
static bool
web_is_known(const struct web_request *rq, const char *tag)
{
	struct http_elements e = { .line = NULL };
	struct http_text known;

	while (http_next_element(&rq->http, "If-None-Match", &e, &known)) {
		if (http_text_is(&known, "*"))
			return true;
		if (known.len > 2 && memcmp(known.at, "W/", 2) == 0) {
			known.at += 2;
			known.len -= 2;
		}
		if (http_text_is(&known, tag))
			return true;
	}
	return false;
}

/* Does it take what gzip has packed (RFC 9110 section 12.5.3)? A weight of zero
 * says no. */
static bool
web_takes_packed(const struct web_request *rq)
{
	struct http_elements e = { .line = NULL };
	struct http_text coding;
	const char *weight;
	size_t len;

	while (http_next_element(&rq->http, "Accept-Encoding", &e, &coding)) {
		weight = memchr(coding.at, ';', coding.len);
		len = weight == NULL ? coding.len :
				       (size_t)(weight - coding.at);
		while (len > 0 && coding.at[len - 1] == ' ')
			len--;
		if (len != 4 || strncasecmp(coding.at, "gzip", 4) != 0)
			continue;
		while (weight != NULL && weight < coding.at + coding.len)
			if (*weight >= '1' && *weight <= '9')
				return true;
			else
				weight++;
		return len == coding.len;
	}
	return false;
}

static void
web_add_file_head(const struct web_request *rq, struct buf *out,
    enum http_status status, const struct web_file *file)
{
	if (strncmp(web_type(file->path), "text/html", 9) == 0)
		web_add_head(rq, out, status);
	else
		web_add_part_head(rq, out, status);
}

void
web_send_file(const struct web_request *rq, const struct web_file *file)
{
	struct buf head = BUF_INITIALIZER;
	bool is_packed = file->packed_len < file->len && web_takes_packed(rq);
	/* A tag names one representation. */
	char *tag = xasprintf("\"%s%s\"", file->tag, is_packed ? "-gz" : "");

	if (web_is_known(rq, tag)) {
		web_add_file_head(rq, &head, HTTP_NOT_MODIFIED, file);
		buf_addf(&head,
		    "ETag: %s\r\n"
		    "Cache-Control: no-cache\r\n"
		    "Vary: Accept-Encoding\r\n",
		    tag);
		web_send(rq, &head, NULL, 0);
	} else {
		web_add_file_head(rq, &head, HTTP_OK, file);
		buf_addf(&head,
		    "ETag: %s\r\n"
		    "Cache-Control: no-cache\r\n"
		    "Vary: Accept-Encoding\r\n"
		    "Content-Type: %s\r\n"
		    "%s",
		    tag, web_type(file->path),
		    is_packed ? "Content-Encoding: gzip\r\n" : "");
		web_send(rq, &head, is_packed ? file->packed : file->data,
		    is_packed ? file->packed_len : file->len);
	}
	free(tag);
	buf_fini(&head);
}
