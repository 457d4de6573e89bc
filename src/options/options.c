/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The settings: options.def becomes a struct with a typed field for each, and a
 * table of the fields and of what they may hold. Everything else goes by the
 * table, so a new setting is a new row and nothing more.
 *
 * Decided against: a getter by name (a typo would compile), and implied units
 * (a bare 60 is seconds to one and minutes to the other).
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/origin.h"
#include "options/options-impl.h"

#define RELOAD true
#define RESTART false
const struct option_entry option_table[] = {
#define OPTION(field, name, type, def, min, max, reload, help) \
	{ name, OPTION_##type, def, min, max, reload, help, \
		offsetof(struct options, field) },
#include "options/options.def"
#undef OPTION
};
#undef RELOAD
#undef RESTART

const size_t option_count = NITEMS(option_table);

const struct option_entry *
option_find(const char *name)
{
	size_t i;

	for (i = 0; i < option_count; i++)
		if (strcmp(option_table[i].name, name) == 0)
			return &option_table[i];
	return NULL;
}

static const void *
option_const_field(const struct options *o, const struct option_entry *e)
{
	return (const char *)o + e->offset;
}

/* Sets of options */

/* The bytes of a field that owns no memory. */
static const size_t option_sizes[] = {
	[OPTION_NUMBER] = sizeof(uint64_t),
	[OPTION_SIZE] = sizeof(uint64_t),
	[OPTION_DURATION] = sizeof(int64_t),
	[OPTION_RATE] = sizeof(struct rate),
	[OPTION_CHOICE] = sizeof(int),
};

void
options_init(struct options *o)
{
	const struct option_entry *e;
	bool is_allowed;

	memset(o, 0, sizeof(*o));
	for (e = option_table; e < option_table + option_count; e++) {
		if (e->type == OPTION_LIST && e->def[0] == '\0')
			continue;
		is_allowed = option_set(o, e, e->def, NULL) == 0;
		assert(is_allowed);
	}
}

void
options_fini(struct options *o)
{
	const struct option_entry *e;

	for (e = option_table; e < option_table + option_count; e++) {
		if (e->type == OPTION_STRING)
			free(*(char **)option_field(o, e));
		else if (e->type == OPTION_LIST)
			option_list_clear(option_field(o, e));
		if (o->where != NULL)
			free(o->where[e - option_table]);
	}
	free(o->where);
	memset(o, 0, sizeof(*o));
}

/* The field in to must be initialized. */
static void
option_copy(struct options *to, const struct options *from,
    const struct option_entry *e)
{
	void *dst = option_field(to, e);
	const void *src = option_const_field(from, e);
	const struct option_list *list = src;
	char *string;
	size_t i;

	if (dst == src)
		return;
	if (e->type == OPTION_STRING) {
		string = xstrdup(*(char *const *)src);
		free(*(char **)dst);
		*(char **)dst = string;
	} else if (e->type == OPTION_LIST) {
		option_list_clear(dst);
		for (i = 0; i < list->count; i++)
			option_list_add(dst, list->items[i], list->where[i]);
	} else
		memcpy(dst, src, option_sizes[e->type]);
}

static bool
option_list_is_equal(const struct option_list *a, const struct option_list *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool
option_is_equal(const struct options *x, const struct options *y,
    const struct option_entry *e)
{
	const void *a = option_const_field(x, e);
	const void *b = option_const_field(y, e);

	if (e->type == OPTION_STRING)
		return strcmp(*(char *const *)a, *(char *const *)b) == 0;
	if (e->type == OPTION_LIST)
		return option_list_is_equal(a, b);
	return memcmp(a, b, option_sizes[e->type]) == 0;
}

void
options_swap(struct options *a, struct options *b)
{
	struct options t = *a;

	*a = *b;
	*b = t;
}

static const char *
option_where(const struct options *o, const void *field)
{
	size_t offset = (size_t)((const char *)field - (const char *)o), i;

	for (i = 0; o->where != NULL && i < option_count; i++)
		if (option_table[i].offset == offset)
			return o->where[i];
	return NULL;
}

const char *
options_where_of(const struct options *o, const void *field, const void *other)
{
	const char *where = option_where(o, field);

	if (where == NULL)
		where = option_where(o, other);
	return where == NULL ? "defaults" : where;
}

const char *
options_where(const struct options *o, const void *field)
{
	return options_where_of(o, field, field);
}

void
options_changed_restart_only(const struct options *from,
    const struct options *to, void (*cb)(const char *name, void *arg),
    void *arg)
{
	const struct option_entry *e;

	for (e = option_table; e < option_table + option_count; e++)
		if (!e->is_reloadable && !option_is_equal(from, to, e))
			cb(e->name, arg);
}

void
options_keep_restart_only(struct options *to, const struct options *from)
{
	const struct option_entry *e;

	for (e = option_table; e < option_table + option_count; e++)
		if (!e->is_reloadable)
			option_copy(to, from, e);
}

/* Errors */

void
option_errors_add(struct option_errors *errors, const char *fmt, ...)
{
	va_list ap;
	char *line, *p, *text;

	if (option_errors_are_many(errors))
		return;
	va_start(ap, fmt);
	line = xvasprintf(fmt, ap);
	va_end(ap);
	for (p = line; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	text = xasprintf("%s%s\n", errors->text == NULL ? "" : errors->text,
	    line);
	free(line);
	free(errors->text);
	errors->text = text;
	errors->count++;
}

bool
option_errors_are_many(const struct option_errors *errors)
{
	return errors->count == OPTION_ERRORS_MAX;
}

void
option_errors_fini(struct option_errors *errors)
{
	free(errors->text);
	errors->text = NULL;
	errors->count = 0;
}

void
option_errors_unknown(struct option_errors *errors, const char *where,
    const char *name)
{
	const struct option_entry *e;
	struct nearest nearest;

	nearest_init(&nearest, name);
	for (e = option_table; e < option_table + option_count; e++)
		nearest_offer(&nearest, e->name);
	if (nearest.name != NULL)
		option_errors_add(errors,
		    "%s: no setting is called '%.*s'; is '%s' meant?", where,
		    OPTION_SHOWN_MAX, name, nearest.name);
	else
		option_errors_add(errors,
		    "%s: no setting is called '%.*s'; brbd --help lists them",
		    where, OPTION_SHOWN_MAX, name);
}

bool
option_list_has_origin(const struct option_list *list,
    const struct credential *credential)
{
	struct credential origin;
	unsigned prefix;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (origin_parse(&origin, &prefix, list->items[i]) == NULL &&
		    origin_has(&origin, prefix, credential))
			return true;
	return false;
}
