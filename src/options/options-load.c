/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Loading fills a fresh set of defaults and exchanges it for the caller's if
 * all is well: a reload is all or nothing, and a setting removed from the file
 * falls back to its default. Errors are collected, so that a file can be mended
 * in one go.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/nick.h"
#include "base/origin.h"
#include "options/options-impl.h"

/* Each option's index in the table. */
enum option_index {
#define OPTION(field, name, type, def, min, max, reload, help) INDEX_##field,
#include "options/options.def"
#undef OPTION
	INDEX_COUNT
};

/* The state of options_load(). */
struct option_load {
	struct options next;
	bool is_replaced[INDEX_COUNT]; /* by the source being read */
	struct option_errors *errors;
	bool is_included; /* the file that is being read */
	size_t bytes; /* of all included files up to this one */
};

static void
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
	if (e == &option_table[INDEX_trusted_ssh])
		return origin_parse(&origin, &prefix, value) == NULL &&
			origin.kind == CREDENTIAL_UID ?
		    NULL :
		    "it has to be uid:N, the number of a Unix user";
	if (e == &option_table[INDEX_room_modes])
		return value[strspn(value, OPTION_ROOM_MODES)] == '\0' ?
		    NULL :
		    "only the modes i, m, n, s, t, C, L and N can be given; + "
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
			    where, e->name, OPTION_SHOWN_MAX, value, refusal);
		return;
	}
	if (value[0] == '\0') {
		option_errors_add(load->errors, "%s: %s must not be empty",
		    where, e->name);
		return;
	}
	allowed = option_describe(e);
	option_errors_add(load->errors, "%s: %s must be %s, not '%.*s'", where,
	    e->name, allowed, OPTION_SHOWN_MAX, value);
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

	where = xasprintf("-o %.*s", OPTION_SHOWN_MAX, assignment);
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
		where = xasprintf("-l %.*s", OPTION_SHOWN_MAX, listens[i]);
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
