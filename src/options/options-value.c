/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Reads values of all types from text, in the units that each may have, and keeps
 * lists of them.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "options/options-impl.h"

#define RATE_PER_MAX_MS INT64_C(86400000)

static int
option_parse_units(const char *text, const struct option_unit *units,
    size_t unit_count, bool needs_unit, int64_t max, int64_t *value)
{
	char digits[24];
	size_t len = strspn(text, "0123456789");
	uint64_t number;
	size_t i;

	if (len == 0 || len >= sizeof(digits))
		return -1;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (parse_number(digits, (uint64_t)max, &number) == -1)
		return -1;
	if (text[len] == '\0' && (number == 0 || !needs_unit)) {
		*value = (int64_t)number;
		return 0;
	}
	for (i = 0; i < unit_count; i++) {
		if (strcmp(text + len, units[i].suffix) != 0)
			continue;
		if ((int64_t)number > max / units[i].factor)
			return -1;
		*value = (int64_t)number * units[i].factor;
		return 0;
	}
	return -1;
}

int
options_parse_duration(const char *text, int64_t max_ms, int64_t *ms)
{
	return option_parse_units(text, option_time_units, OPTION_TIME_UNITS,
	    true, max_ms, ms);
}

bool
options_is_like_duration(const char *text)
{
	static const char *const units[] = { "ms", "s", "sec", "secs", "second",
		"seconds", "m", "min", "mins", "minute", "minutes", "h", "hr",
		"hrs", "hour", "hours", "d", "day", "days", "w", "week",
		"weeks" };
	size_t i, len = strspn(text, "0123456789");

	for (i = 0; len > 0 && i < NITEMS(units); i++)
		if (strcmp(text + len, units[i]) == 0)
			return true;
	return false;
}

static int
option_parse_rate(const char *text, int64_t max, struct rate *rate)
{
	const char *slash = strchr(text, '/');
	uint64_t count;
	int64_t per_ms = 1000;
	char *digits;
	int r;

	if (slash == NULL) {
		r = parse_number(text, (uint64_t)max, &count);
	} else {
		digits = xstrndup(text, (size_t)(slash - text));
		r = parse_number(digits, (uint64_t)max, &count);
		free(digits);
		if (r == 0)
			r = options_parse_duration(slash + 1, RATE_PER_MAX_MS,
			    &per_ms);
	}
	if (r == -1 || per_ms == 0)
		return -1;
	rate->count = (uint32_t)count;
	rate->per_ms = (uint32_t)per_ms;
	return 0;
}

static int
option_parse_choice(const struct option_entry *e, const char *text, int *value)
{
	size_t len, word_len;
	const char *word = option_choices_words(e, &len);
	const char *end = word + len;
	int i;

	for (i = 0; word < end; i++, word += word_len + 1) {
		word_len = strcspn(word, "|}");
		if (strlen(text) == word_len &&
		    memcmp(text, word, word_len) == 0) {
			*value = i;
			return 0;
		}
	}
	return -1;
}

void
option_list_add(struct option_list *list, const char *item, const char *where)
{
	size_t cap = list->count == 0 ? 1 : list->count * 2;

	/* Grows by doubling: count is the capacity whenever a power of 2. */
	if ((list->count & (list->count - 1)) == 0) {
		list->items = xreallocarray(list->items, cap,
		    sizeof(*list->items));
		list->where = xreallocarray(list->where, cap,
		    sizeof(*list->where));
	}
	list->items[list->count] = xstrdup(item);
	list->where[list->count] = where == NULL ? NULL : xstrdup(where);
	list->count++;
}

void
option_list_clear(struct option_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->items[i]);
		free(list->where[i]);
	}
	free(list->items);
	free(list->where);
	memset(list, 0, sizeof(*list));
}

int
option_set(struct options *o, const struct option_entry *e, const char *value,
    const char *where)
{
	void *field = option_field(o, e);
	struct rate rate;
	int64_t number;
	char **string;
	int r;

	switch (e->type) {
	case OPTION_STRING:
		/* An empty value is refused unless it is the default. */
		if (value[0] == '\0' && e->def[0] != '\0')
			return -1;
		string = field;
		free(*string);
		*string = xstrdup(value);
		return 0;
	case OPTION_LIST:
		if (value[0] == '\0')
			return -1;
		option_list_add(field, value, where);
		return 0;
	case OPTION_NUMBER:
	case OPTION_SIZE:
		r = option_parse_units(value, option_size_units,
		    e->type == OPTION_SIZE ? OPTION_SIZE_UNITS : 0, false,
		    e->max, &number);
		if (r == -1 || number < e->min)
			return -1;
		*(uint64_t *)field = (uint64_t)number;
		return 0;
	case OPTION_DURATION:
		if (options_parse_duration(value, e->max, &number) == -1 ||
		    number < e->min)
			return -1;
		*(int64_t *)field = number;
		return 0;
	case OPTION_RATE:
		if (option_parse_rate(value, e->max, &rate) == -1 ||
		    rate.count < e->min)
			return -1;
		*(struct rate *)field = rate;
		return 0;
	case OPTION_CHOICE:
		return option_parse_choice(e, value, field);
	}
	return -1;
}
