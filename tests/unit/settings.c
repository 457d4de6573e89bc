/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

struct options options;
struct option_errors errors;

void
settings_setup(void)
{
	options_init(&options);
	memset(&errors, 0, sizeof(errors));
}

void
settings_teardown(void)
{
	options_fini(&options);
	option_errors_fini(&errors);
}

int
settings_load_bytes(const char *text, size_t len)
{
	char *copy = xmalloc(len + 1);
	int r;

	memcpy(copy, text, len);
	copy[len] = '\0';
	option_errors_fini(&errors);
	r = options_load_text(&options, "f.conf", copy, len, NULL, 0, NULL, 0,
	    &errors);
	free(copy);
	ck_assert_int_eq(r, errors.count == 0 ? 0 : -1);
	ck_assert((errors.text == NULL) == (errors.count == 0));
	return r;
}

int
settings_load(const char *text)
{
	return settings_load_bytes(text, strlen(text));
}

int
settings_assign(const char *assignment)
{
	char *copy = xstrdup(assignment);
	int r;

	option_errors_fini(&errors);
	r = options_load(&options, NULL, &copy, 1, NULL, 0, &errors);
	free(copy);
	return r;
}

static bool
is_same(const struct options *x, const struct options *y,
    const struct option_entry *e)
{
	const void *a = (const char *)x + e->offset;
	const void *b = (const char *)y + e->offset;
	const struct option_list *p = a, *q = b;
	size_t i;

	switch (e->type) {
	case OPTION_STRING:
		return strcmp(*(char *const *)a, *(char *const *)b) == 0;
	case OPTION_LIST:
		if (p->count != q->count)
			return false;
		for (i = 0; i < p->count; i++)
			if (strcmp(p->items[i], q->items[i]) != 0)
				return false;
		return true;
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_DURATION:
		return memcmp(a, b, sizeof(uint64_t)) == 0;
	case OPTION_RATE:
		return memcmp(a, b, sizeof(struct rate)) == 0;
	case OPTION_CHOICE:
		return memcmp(a, b, sizeof(int)) == 0;
	}
	return false;
}

void
settings_assert_same(const struct options *a, const struct options *b)
{
	size_t i;

	for (i = 0; i < option_count; i++)
		ck_assert_msg(is_same(a, b, &option_table[i]), "%s differs",
		    option_table[i].name);
}

void
settings_assert_defaults(void)
{
	struct options fresh;

	options_init(&fresh);
	settings_assert_same(&options, &fresh);
	options_fini(&fresh);
}
