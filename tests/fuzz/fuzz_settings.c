/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The text of a settings file through the loader. It never exits, leaks
 * nothing, complains when it refuses, leaves the options alone then, and keeps
 * to the ranges of the table when it does not.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/nick.h"
#include "options/options-impl.h"

#define FUZZ_CHECK(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_check_options(const struct options *o)
{
	const struct option_entry *e;
	const char *field;
	size_t i;

	for (e = option_table; e < option_table + option_count; e++) {
		field = (const char *)o + e->offset;
		if (e->type == OPTION_NUMBER || e->type == OPTION_SIZE ||
		    e->type == OPTION_DURATION) {
			int64_t value;

			memcpy(&value, field, sizeof(value));
			FUZZ_CHECK(value >= e->min && value <= e->max);
		}
	}
	FUZZ_CHECK(room_name_check(o->lobby) == NICK_OK);
	for (i = 0; i < o->room.count; i++)
		FUZZ_CHECK(room_name_check(o->room.items[i]) == NICK_OK);
	FUZZ_CHECK(o->room.count < o->max_rooms);
	FUZZ_CHECK(o->listen.count > 0);
	for (i = 0; i < o->listen.count; i++)
		FUZZ_CHECK(o->listen.items[i][0] != '\0');
	FUZZ_CHECK(o->output_limit >= 4 * o->max_line);
	FUZZ_CHECK(o->line_rate.per_ms > 0 && o->accept_rate.per_ms > 0 &&
	    o->announce_rate.per_ms > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct option_errors errors = { NULL, 0 };
	struct options o, before;
	char *text, *lf;
	size_t lines = 0;
	int r;

	if (size > OPTIONS_FILE_MAX)
		return 0;
	text = xmalloc(size + 1);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	options_init(&o);
	before = o;
	r = options_load_text(&o, "f", text, size, NULL, 0, NULL, 0, &errors);
	if (r == 0) {
		FUZZ_CHECK(errors.count == 0 && errors.text == NULL);
		fuzz_check_options(&o);
	} else {
		FUZZ_CHECK(errors.count > 0 && errors.text != NULL);
		FUZZ_CHECK(memcmp(&o, &before, sizeof(o)) == 0);
		for (lf = errors.text; (lf = strchr(lf, '\n')) != NULL; lf++)
			lines++;
		FUZZ_CHECK(lines == errors.count);
	}
	option_errors_fini(&errors);
	options_fini(&o);
	free(text);
	return 0;
}
