/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A request on the control socket: whatever comes in whatever pieces, its words
 * are scrubbed, and what is a request in one piece is the same in many.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/control-request.h"
#include "base/text.h"
#include "base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_word(const char *word)
{
	size_t len = strlen(word);
	char *again = xmalloc(len * TEXT_SCRUB_GROWTH + 1);

	assert(len > 0);
	assert(text_is_utf8(word, len));
	assert(text_scrub(again, word, len) == len);
	assert(memcmp(word, again, len) == 0);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *data = (const char *)bytes;
	struct control_request whole, part;
	enum control_parse result, early;
	size_t i;
	int word;

	if (size > CONTROL_REQUEST_MAX)
		size = CONTROL_REQUEST_MAX;
	result = control_request_parse(&whole, data, size,
	    size == CONTROL_REQUEST_MAX);
	assert((whole.error != NULL) == (result == CONTROL_PARSE_BAD));
	assert((whole.count > 0) == (result == CONTROL_PARSE_OK));
	assert(whole.count <= CONTROL_REQUEST_WORDS);
	for (word = 0; word < whole.count; word++)
		check_word(whole.words[word]);
	/* What was a request earlier, stays it. */
	for (i = size < 64 ? 0 : size - 64; i < size; i++) {
		early = control_request_parse(&part, data, i, false);
		assert(early != CONTROL_PARSE_OK ||
		    result != CONTROL_PARSE_MORE);
		assert(early != CONTROL_PARSE_BAD ||
		    result == CONTROL_PARSE_BAD);
		control_request_fini(&part);
	}
	control_request_fini(&whole);
	return 0;
}
