/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A request over HTTP: what is decided about its beginning stays decided, what
 * is full is decided, and all that is found in it lies in it, and is no
 * control character.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is it a part of the input, without anything that ends a line? */
static void
check_text(const char *data, size_t size, const struct http_text *text)
{
	assert(text->at >= data && text->at + text->len <= data + size);
	assert(memchr(text->at, '\n', text->len) == NULL &&
	    memchr(text->at, '\r', text->len) == NULL &&
	    memchr(text->at, '\0', text->len) == NULL);
}

static void
check_request(const char *data, size_t size, const struct http_request *rq)
{
	static const char *const names[] = { "Host", "Accept", "Connection" };
	struct http_text text;
	struct http_elements e;
	size_t i, count;

	check_text(data, size, &rq->path);
	check_text(data, size, &rq->query);
	assert(rq->method == HTTP_OTHER_METHOD || rq->path.at[0] == '/');
	assert(http_count(rq, "Host") == 1 ||
	    (!rq->is_1_1 && http_count(rq, "Host") == 0));
	assert(http_count(rq, "Transfer-Encoding") == 0);
	assert(!http_find(rq, "Content-Length", &text) ||
	    http_text_is(&text, "0"));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(&e, 0, sizeof(e));
		count = http_count(rq, names[i]);
		assert(http_find(rq, names[i], &text) == (count > 0));
		if (count > 0)
			check_text(data, size, &text);
		while (http_next_element(rq, names[i], &e, &text)) {
			assert(count > 0 && text.len > 0);
			check_text(data, size, &text);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *data = (const char *)bytes;
	enum http_status whole, early;
	struct http_request rq, rq_early;
	size_t i;

	if (size > HTTP_REQUEST_MAX)
		size = HTTP_REQUEST_MAX;
	whole = http_parse(data, size, false, &rq);
	for (i = size < 64 ? 0 : size - 64; i < size; i++) {
		early = http_parse(data, i, false, &rq_early);
		assert(early == HTTP_MORE || early == whole);
		assert(early == HTTP_MORE || rq.is_1_1 == rq_early.is_1_1);
	}
	early = http_parse(data, size, true, &rq_early);
	assert(early != HTTP_MORE);
	assert(early == whole ||
	    (whole == HTTP_MORE && early == HTTP_TOO_LARGE));
	if (whole == HTTP_OK)
		check_request(data, size, &rq);
	return 0;
}
