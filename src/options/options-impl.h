/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef OPTIONS_IMPL_H
#define OPTIONS_IMPL_H

#include "options/options.h"

/* Shared by options*.c, their tests and their fuzzer only. */

#define OPTIONS_FILE_MAX 1048576 /* bytes */

/* How much of an operand our messages show. */
#define OPTION_SHOWN_MAX 80

/* One NAME = VALUE of a settings file. */
struct option_setting {
	const struct option_entry *entry;
	char *value; /* NULL: a LIST that was set to {} */
	unsigned line;
};

struct option_settings {
	struct option_setting *items;
	size_t count;
	size_t cap;
};

/* Returns NULL if there is no such setting. */
const struct option_entry *option_find(const char *name);

static inline void *
option_field(struct options *o, const struct option_entry *e)
{
	return (char *)o + e->offset;
}

/* Sets the field; a LIST is added to, with where as the value's origin. Returns
 * -1 if value is not allowed. */
int option_set(struct options *o, const struct option_entry *e,
    const char *value, const char *where) MUST_CHECK;

/* A LIST owns its items; where is an item's origin ("FILE:LINE"), or NULL. */
void option_list_add(struct option_list *list, const char *item,
    const char *where);
void option_list_clear(struct option_list *list);

/*
 * What may be assigned to e, as a noun phrase: "a number from 1 to 1000000".
 * The caller frees it.
 */
char *option_describe(const struct option_entry *e);

/* The words of a CHOICE in its help's {a|b}, in the order of its enum: returns
 * their start, and the length in *len. */
const char *option_choices_words(const struct option_entry *e, size_t *len);

struct option_unit {
	const char *suffix;
	int64_t factor;
};
#define OPTION_SIZE_UNITS 4
#define OPTION_TIME_UNITS 5
extern const struct option_unit option_size_units[OPTION_SIZE_UNITS];
extern const struct option_unit option_time_units[OPTION_TIME_UNITS];

/*
 * A value in the largest unit that divides it (65536 is 64K); the caller frees
 * it.
 */
char *option_format(int64_t value, const struct option_unit *units,
    size_t unit_count);

/* Has the limit been reached? Nothing more is added then. */
bool option_errors_are_many(const struct option_errors *errors);

void option_errors_unknown(struct option_errors *errors, const char *where,
    const char *name);

/* Reads the file. The text ends in a NUL that len does not count; the caller
 * frees it. Returns -1 with a line in errors. */
int options_file_read(const char *path, char **text, size_t *len,
    struct option_errors *errors) MUST_CHECK;

/* Parses len bytes of text, which it may change, into settings in their order.
 * Syntax errors and unknown names go to errors; values are not checked here. */
void options_file_parse(const char *path, char *text, size_t len,
    struct option_settings *settings, struct option_errors *errors);

/*
 * Calls found for each file that patterns, as set in the file called path, stand
 * for: relative ones are meant from its directory. A pattern may fit none.
 */
typedef void option_include(const char *path, void *arg);
void options_include(const char *path, const struct option_list *patterns,
    option_include *found, void *arg, struct option_errors *errors);

/*
 * options_load() with the file's text instead of the file; what that includes
 * is not read.
 */
int options_load_text(struct options *o, const char *path, char *text,
    size_t len, char *const assignments[], size_t assignment_count,
    char *const listens[], size_t listen_count,
    struct option_errors *errors) MUST_CHECK;

#endif
