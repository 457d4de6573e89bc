/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Each look begins anew: a request is short, and parsed when its empty line has
 * come. JSON is for answers only, which programs read; a parser of it for what
 * a person typed into a shell would be the larger part of this file.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/control-request.h"
#include "base/text.h"

void
control_request_fini(struct control_request *r)
{
	int i;

	for (i = 0; i < r->count; i++)
		free(r->words[i]);
	memset(r, 0, sizeof(*r));
}

static enum control_parse
control_request_bad(struct control_request *r, const char *why)
{
	control_request_fini(r);
	r->error = why;
	return CONTROL_PARSE_BAD;
}

/* Parses the first line of len bytes. False: not a request of ours. */
static bool
control_request_head(struct control_request *r, const char *line, size_t len)
{
	static const char head[] = CONTROL_REQUEST_HEAD;

	if (len != sizeof(head) - 1 + strlen("json") ||
	    memcmp(line, head, sizeof(head) - 1) != 0)
		return false;
	line += sizeof(head) - 1;
	r->is_json = memcmp(line, "json", 4) == 0;
	return r->is_json || memcmp(line, "text", 4) == 0;
}

enum control_parse
control_request_parse(struct control_request *r, const char *data, size_t len,
    bool is_full)
{
	const char *end = memmem(data, len, "\n\n", 2), *line, *next;
	char *word;

	memset(r, 0, sizeof(*r));
	if (memchr(data, '\0', len) != NULL)
		return control_request_bad(r, "a request has no NUL bytes");
	next = memchr(data, '\n', len);
	if (next != NULL &&
	    !control_request_head(r, data, (size_t)(next - data)))
		return control_request_bad(r,
		    "that is not what this version of brbctl says");
	if (end == NULL && is_full)
		return control_request_bad(r, "the request is too long");
	if (end == NULL)
		return CONTROL_PARSE_MORE;
	if (!text_is_utf8(data, (size_t)(end - data)))
		return control_request_bad(r, "the request is not UTF-8");
	for (line = next + 1; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line) + 1);
		if (r->count == CONTROL_REQUEST_WORDS)
			return control_request_bad(r, "too many arguments");
		word = xmalloc((size_t)(next - line) * TEXT_SCRUB_GROWTH + 1);
		r->words[r->count++] = word;
		if (text_scrub(word, line, (size_t)(next - line)) == 0)
			return control_request_bad(r,
			    "an argument has nothing in it that can be shown");
	}
	if (r->count == 0)
		return control_request_bad(r, "there is no verb");
	return CONTROL_PARSE_OK;
}
