/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The command splitter: arguments lie inside the line, in order, hold no blank
 * but the last one with is_rest, and are counted right.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "plain/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line, *argv[PLAIN_ARGS_MAX + 1], *end;
	size_t len;
	int argc, i, max;
	bool is_rest;

	if (size < 1 || size > 8192)
		return 0;
	max = data[0] % (PLAIN_ARGS_MAX + 1);
	is_rest = data[0] & 0x80 ? true : false;
	line = xmalloc((size - 1) * TEXT_SCRUB_GROWTH + 1);
	len = text_scrub(line, (const char *)data + 1, size - 1);
	end = line + len;
	(void)plain_command_find(line);
	argc = plain_command_split(line + strspn(line, " "), argv, max,
	    is_rest);
	assert(argc >= 0 && argc <= max + 1);
	assert(max == 0 || !is_rest || argc <= max);
	for (i = 0; i < argc && argc <= max; i++) {
		assert(argv[i] >= line && argv[i] < end);
		assert(i == 0 || argv[i] > argv[i - 1]);
		assert(*argv[i] != '\0' && *argv[i] != ' ');
		assert((is_rest && i == max - 1) ||
		    strchr(argv[i], ' ') == NULL);
	}
	free(line);
	return 0;
}
