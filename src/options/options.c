/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The settings: options.def becomes a struct with a typed field for each, and a
 * table of the fields and of what they may hold. Everything else goes by the
 * table, so a new setting is a new row and nothing more.
 *
 * Loading fills a fresh set of defaults and exchanges it for the caller's if
 * all is well: a reload is all or nothing, and a setting removed from the file
 * falls back to its default. Errors are collected, so that a file can be mended
 * in one go.
 *
 * Decided against: a getter by name (a typo would compile), and implied units
 * (a bare 60 is seconds to one and minutes to the other).
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/nearest.h"
#include "base/nick.h"
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

/* Each option's index in the table. */
enum option_index {
#define OPTION(field, name, type, def, min, max, reload, help) INDEX_##field,
#include "options/options.def"
#undef OPTION
	INDEX_COUNT
};

#define RATE_PER_MAX_MS INT64_C(86400000)

/* How much of an operand our messages show. */
#define SHOWN_MAX 80

/* The state of options_load(). */
struct option_load {
	struct options next;
	bool is_replaced[INDEX_COUNT]; /* by the source being read */
	struct option_errors *errors;
	bool is_included; /* the file that is being read */
	size_t bytes; /* of all included files up to this one */
};

const struct option_entry *
option_find(const char *name)
{
	size_t i;

	for (i = 0; i < option_count; i++)
		if (strcmp(option_table[i].name, name) == 0)
			return &option_table[i];
	return NULL;
}

static void *
option_field(struct options *o, const struct option_entry *e)
{
	return (char *)o + e->offset;
}

static const void *
option_const_field(const struct options *o, const struct option_entry *e)
{
	return (const char *)o + e->offset;
}

/* Values */

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

/* where is the value's origin ("FILE:LINE"), or NULL. */
static void
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

static void
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

/* Sets the field; a LIST is added to, with where as the value's origin. Returns
 * -1 if value is not allowed. */
static int
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
		    SHOWN_MAX, name, nearest.name);
	else
		option_errors_add(errors,
		    "%s: no setting is called '%.*s'; brbd --help lists them",
		    where, SHOWN_MAX, name);
}

/* Loading */

void
option_settings_fini(struct option_settings *settings)
{
	size_t i;

	for (i = 0; i < settings->count; i++)
		free(settings->items[i].value);
	free(settings->items);
	memset(settings, 0, sizeof(*settings));
}

/* What stands in front of what the server says to IRC clients: not to be
 * mistaken for NICK!USER@HOST. */
static bool
option_is_host(const char *value)
{
	return value[strspn(value,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789.-_")] == '\0';
}

/* Something that IRC clients take for one word. */
static bool
option_is_word(const char *value)
{
	for (; *value != '\0'; value++)
		if ((unsigned char)*value <= ' ' || *value == 0x7f)
			return false;
	return true;
}

/* Why e may not be value although its type allows it, or NULL. */
static const char *
option_load_refusal(const struct option_entry *e, const char *value)
{
	struct room_operator op;
	struct gateway gateway;
	struct credential origin;
	enum nick_check check;
	unsigned prefix;
	char mask[MASK_SIZE];

	if (e == &option_table[INDEX_room_operator])
		return room_operator_parse(&op, value);
	if (e == &option_table[INDEX_webirc])
		return gateway_parse(&gateway, value);
	if (e == &option_table[INDEX_trusted_proxy])
		return origin_parse(&origin, &prefix, value);
	if (e == &option_table[INDEX_room_modes])
		return value[strspn(value, OPTION_ROOM_MODES)] == '\0' ?
		    NULL :
		    "only the modes i, m, n, s, t, C and N can be given; + "
		    "alone stands for none";
	if (e == &option_table[INDEX_no_history])
		return mask_normalize(mask, value) == 0 &&
			!mask_is_extended(value) ?
		    NULL :
		    "it is no mask such as *!eggdrop@*";
	if (e == &option_table[INDEX_server_name])
		return option_is_host(value) ?
		    NULL :
		    "only A-Z a-z 0-9 . - and _ can be in it";
	if (e == &option_table[INDEX_network])
		return option_is_word(value) ? NULL : "it has to be one word";
	if (e != &option_table[INDEX_lobby] && e != &option_table[INDEX_room])
		return NULL;
	check = room_name_check(value);
	return check == NICK_OK ? NULL : room_name_check_str(check);
}

/* Sets e; value NULL makes a LIST empty. */
static void
option_load_set(struct option_load *load, const struct option_entry *e,
    const char *value, const char *where)
{
	size_t index = (size_t)(e - option_table);
	const struct option_list *list;
	const char *refusal;
	char *allowed;

	/* In a further file, {} empties what the others said. */
	if (e->type == OPTION_LIST &&
	    (!load->is_replaced[index] || value == NULL)) {
		option_list_clear(option_field(&load->next, e));
		load->is_replaced[index] = true;
	}
	if (load->next.where == NULL)
		load->next.where = xcalloc(option_count,
		    sizeof(*load->next.where));
	free(load->next.where[index]);
	load->next.where[index] = xstrdup(where);
	if (value == NULL)
		return;
	list = option_field(&load->next, e);
	if (e->type == OPTION_LIST && list->count == OPTION_LIST_MAX) {
		option_errors_add(load->errors,
		    "%s: %s can have %d values at most", where, e->name,
		    OPTION_LIST_MAX);
		return;
	}
	if (option_set(&load->next, e, value, where) == 0) {
		refusal = option_load_refusal(e, value);
		if (refusal != NULL)
			option_errors_add(load->errors, "%s: %s '%.*s': %s",
			    where, e->name, SHOWN_MAX, value, refusal);
		return;
	}
	if (value[0] == '\0') {
		option_errors_add(load->errors, "%s: %s must not be empty",
		    where, e->name);
		return;
	}
	allowed = option_describe(e);
	option_errors_add(load->errors, "%s: %s must be %s, not '%.*s'", where,
	    e->name, allowed, SHOWN_MAX, value);
	free(allowed);
}

static void
option_load_file(struct option_load *load, const char *path, char *text,
    size_t len)
{
	struct option_settings settings = { NULL, 0, 0 };
	const struct option_setting *s;
	unsigned lines[INDEX_COUNT] = { 0 };
	unsigned *line;
	char *where;
	size_t i;

	options_file_parse(path, text, len, &settings, load->errors);
	for (i = 0; i < settings.count && !option_errors_are_many(load->errors);
	     i++) {
		s = &settings.items[i];
		line = &lines[s->entry - option_table];
		if (*line != 0 && s->entry->type != OPTION_LIST) {
			option_errors_add(load->errors,
			    "%s:%u: %s is set already in line %u", path,
			    s->line, s->entry->name, *line);
			continue;
		}
		*line = s->line;
		where = xasprintf("%s:%u", path, s->line);
		if (load->is_included &&
		    s->entry == &option_table[INDEX_include])
			option_errors_add(load->errors,
			    "%s: an included file cannot include others",
			    where);
		else
			option_load_set(load, s->entry, s->value, where);
		free(where);
	}
	option_settings_fini(&settings);
}

static void
option_load_included_cb(const char *path, void *arg)
{
	struct option_load *load = arg;
	char *text;
	size_t len;

	if (load->bytes > OPTIONS_FILE_MAX ||
	    options_file_read(path, &text, &len, load->errors) == -1)
		return;
	load->bytes += len;
	if (load->bytes > OPTIONS_FILE_MAX)
		option_errors_add(load->errors,
		    "%s: cannot read the settings: the files that are included "
		    "are larger than 1 MiB together",
		    path);
	else
		option_load_file(load, path, text, len);
	free(text);
}

static void
option_load_assignment(struct option_load *load, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	const struct option_entry *e;
	char *where, *name;

	where = xasprintf("-o %.*s", SHOWN_MAX, assignment);
	if (equals == NULL) {
		option_errors_add(load->errors, "%s: must be NAME=VALUE",
		    where);
		free(where);
		return;
	}
	name = xstrndup(assignment, (size_t)(equals - assignment));
	e = option_find(name);
	if (e == NULL)
		option_errors_unknown(load->errors, where, name);
	else if (e == &option_table[INDEX_include])
		option_errors_add(load->errors, "%s: only a file can include",
		    where);
	else if (e->type == OPTION_LIST && equals[1] == '\0')
		option_load_set(load, e, NULL, where);
	else
		option_load_set(load, e, equals + 1, where);
	free(name);
	free(where);
}

static void
option_load_check_least(struct option_load *load, enum option_index a,
    enum option_index b, uint64_t value, uint64_t least, const char *why)
{
	char *text;

	if (value >= least)
		return;
	text = option_format((int64_t)least, option_size_units,
	    OPTION_SIZE_UNITS);
	option_errors_add(load->errors, "%s: %s must be at least %s here: %s",
	    options_where_of(&load->next,
		option_field(&load->next, &option_table[a]),
		option_field(&load->next, &option_table[b])),
	    option_table[a].name, text, why);
	free(text);
}

/* Checks what depends on several settings. */
static void
option_load_check(struct option_load *load)
{
	const struct options *o = &load->next;

	if (o->room.count >= o->max_rooms)
		option_errors_add(load->errors,
		    "%s: max-rooms must be at least %zu here: "
		    "the lobby and each permanent room count",
		    options_where_of(o, &o->max_rooms, &o->room),
		    o->room.count + 1);
	if (o->listen.count == 0)
		option_errors_add(load->errors,
		    "%s: listen must have at least one address",
		    options_where(o, &o->listen));
	/* Scrubbing can make a line three times as long, and it gets a time and
	 * a name. A handful of the longest must fit everywhere. */
	option_load_check_least(load, INDEX_output_limit, INDEX_max_line,
	    o->output_limit, 4 * o->max_line, "4 times max-line");
	option_load_check_least(load, INDEX_history_size, INDEX_max_line,
	    o->history_size, 48 * o->max_line, "48 times max-line");
}

static int
option_load_all(struct options *o, const char *path, char *text, size_t len,
    bool may_include, char *const assignments[], size_t assignment_count,
    char *const listens[], size_t listen_count, struct option_errors *errors)
{
	struct option_load load;
	char *where;
	size_t i;

	memset(&load, 0, sizeof(load));
	load.errors = errors;
	options_init(&load.next);
	if (text != NULL)
		option_load_file(&load, path, text, len);
	if (may_include) {
		load.is_included = true;
		options_include(path, &load.next.include,
		    option_load_included_cb, &load, errors);
	}
	/* What the next source says of a LIST replaces earlier sources. */
	memset(load.is_replaced, 0, sizeof(load.is_replaced));
	for (i = 0; i < assignment_count; i++)
		option_load_assignment(&load, assignments[i]);
	memset(load.is_replaced, 0, sizeof(load.is_replaced));
	for (i = 0; i < listen_count; i++) {
		where = xasprintf("-l %.*s", SHOWN_MAX, listens[i]);
		option_load_set(&load, &option_table[INDEX_listen], listens[i],
		    where);
		free(where);
	}
	/* After other errors these would only complain a second time. */
	if (errors->count == 0)
		option_load_check(&load);
	if (errors->count == 0)
		options_swap(o, &load.next);
	options_fini(&load.next);
	return errors->count == 0 ? 0 : -1;
}

int
options_load_text(struct options *o, const char *path, char *text, size_t len,
    char *const assignments[], size_t assignment_count, char *const listens[],
    size_t listen_count, struct option_errors *errors)
{
	return option_load_all(o, path, text, len, false, assignments,
	    assignment_count, listens, listen_count, errors);
}

int
options_load(struct options *o, const char *path, char *const assignments[],
    size_t assignment_count, char *const listens[], size_t listen_count,
    struct option_errors *errors)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	/* If it fails, errors says so; the command line is checked all the
	 * same. */
	if (path != NULL && options_file_read(path, &text, &len, errors) == -1)
		text = NULL;
	r = option_load_all(o, path, text, len, text != NULL, assignments,
	    assignment_count, listens, listen_count, errors);
	free(text);
	return r;
}
