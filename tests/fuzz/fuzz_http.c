/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A request over HTTP: what is decided about its beginning stays decided, and
 * what is full is decided.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *data = (const char *)bytes;
	enum http_status whole, early;
	bool is_1_1, is_1_1_early;
	size_t i;

	if (size > HTTP_REQUEST_MAX)
		size = HTTP_REQUEST_MAX;
	whole = http_parse(data, size, false, "/metrics", &is_1_1);
	for (i = size < 64 ? 0 : size - 64; i < size; i++) {
		early = http_parse(data, i, false, "/metrics", &is_1_1_early);
		assert(early == HTTP_MORE || early == whole);
		assert(early == HTTP_MORE || is_1_1 == is_1_1_early);
	}
	early = http_parse(data, size, true, "/metrics", &is_1_1_early);
	assert(early != HTTP_MORE);
	assert(early == whole ||
	    (whole == HTTP_MORE && early == HTTP_TOO_LARGE));
	if (whole == HTTP_OK)
		assert(memcmp(data, "GET /metrics", 12) == 0);
	return 0;
}
