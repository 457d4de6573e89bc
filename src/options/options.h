/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/bucket.h"
#include "base/util.h"

struct credential;

/* Strings in the order given; the list owns them. */
struct option_list {
	char **items;
	char **where; /* each "FILE:LINE" or "-o ..."; NULL: default */
	size_t count;
};
#define OPTION_LIST_MAX 1000

/* Log levels: those of log.h, in its order. */
enum option_log_level {
	OPTION_LOG_ERROR,
	OPTION_LOG_WARNING,
	OPTION_LOG_INFO,
	OPTION_LOG_DEBUG
};

/* At which level log_people() writes. */
enum option_log_people { OPTION_LOG_PEOPLE_INFO, OPTION_LOG_PEOPLE_DEBUG };

/* May IRC clients be delivered with it? */
enum option_sts_preload { STS_PRELOAD_NO, STS_PRELOAD_YES };

/* May one log in by SCRAM? */
enum option_scram { SCRAM_NO, SCRAM_YES };

enum option_core_dumps { CORE_DUMPS_NO, CORE_DUMPS_YES };

/* Where browsers are served. */
enum option_web { WEB_AUTO, WEB_ON, WEB_OFF };

/* Whether search engines may show what is read. */
enum option_web_index { WEB_INDEX_NO, WEB_INDEX_YES };

enum option_irc_utf8 { IRC_UTF8_REFUSE, IRC_UTF8_SCRUB };

/* The letters that room-modes may hold. */
#define OPTION_ROOM_MODES "+imnstCLN"

enum option_room_create { ROOM_CREATE_ANYONE, ROOM_CREATE_NOBODY };
enum option_forget { FORGET_ANONYMISE, FORGET_KEEP };
enum option_register { REGISTER_ANYONE, REGISTER_LOCAL, REGISTER_ADMINS };

#define OPTION_FIELD_STRING char *
#define OPTION_FIELD_LIST struct option_list
#define OPTION_FIELD_NUMBER uint64_t
#define OPTION_FIELD_SIZE uint64_t
#define OPTION_FIELD_DURATION int64_t
#define OPTION_FIELD_RATE struct rate
#define OPTION_FIELD_CHOICE int

/* All settings by value: SIZE in bytes, DURATION in milliseconds. */
struct options {
#define OPTION(field, name, type, def, min, max, reload, help) \
	OPTION_FIELD_##type field;
#include "options/options.def"
#undef OPTION
	char **where; /* see options_where(); NULL: all are defaults */
};

enum option_type {
	OPTION_STRING,
	OPTION_LIST,
	OPTION_NUMBER,
	OPTION_SIZE,
	OPTION_DURATION,
	OPTION_RATE,
	OPTION_CHOICE
};

/* A row of the table made from options.def, also used for --help and the
 * manual. */
struct option_entry {
	const char *name;
	enum option_type type;
	const char *def;
	int64_t min;
	int64_t max;
	bool is_reloadable;
	const char *help;
	size_t offset; /* of the field in struct options */
};
extern const struct option_entry option_table[];
extern const size_t option_count;

/* Is that of one of the origins (base/origin.h) that a LIST has? */
bool option_list_has_origin(const struct option_list *list,
    const struct credential *credential);

/* Errors, a line each, such as "brbd.conf:3: no setting is called 'foo'". */
struct option_errors {
	char *text; /* NULL if there are none; lines end in LF */
	size_t count;
};
/* Adds a line, unless there are OPTION_ERRORS_MAX already. Control characters
 * become '?'. */
#define OPTION_ERRORS_MAX 50
void option_errors_add(struct option_errors *errors, const char *fmt, ...)
    PRINTFLIKE(2, 3);
void option_errors_fini(struct option_errors *errors);

/* Sets all defaults. */
void options_init(struct options *o);
void options_fini(struct options *o);

void options_swap(struct options *a, struct options *b);

/* Where the setting whose field this is (&o->control) comes from, for errors:
 * "brbd.conf:3", "-o NAME=VALUE" or "defaults". Valid as long as o is. */
const char *options_where(const struct options *o, const void *field);
/* The same for the first of two that is no default. */
const char *options_where_of(const struct options *o, const void *field,
    const void *other);

/*
 * Loads the settings of three sources, each outweighing the one before: the
 * file (path NULL: none), assignments of the form NAME=VALUE, and listen
 * addresses (-l). A LIST that is set at all loses its default; assignments to
 * it add up and replace what the file says ("NAME=" empties it); -l replaces
 * both. A setting given twice in one file is an error, unless it is a LIST, and
 * so is a file that is a directory or a FIFO, over 1 MiB, unreadable, or
 * writable for everybody. Files that it includes outweigh it, and each other in
 * the order of their names; LISTs add up.
 *
 * Returns 0 and fills o, which the caller has initialized (its contents have no
 * influence); or -1 with o unchanged and all errors in errors (zeroed by the
 * caller), each with file:line or "-o NAME=VALUE: " and with what is allowed.
 */
int options_load(struct options *o, const char *path, char *const assignments[],
    size_t assignment_count, char *const listens[], size_t listen_count,
    struct option_errors *errors) MUST_CHECK;

/* Calls cb with the name of each setting that differs and needs a restart. */
void options_changed_restart_only(const struct options *from,
    const struct options *to, void (*cb)(const char *name, void *arg),
    void *arg);

/* Copies the RESTART settings of from into to, so that to holds what a reload
 * may change. */
void options_keep_restart_only(struct options *to, const struct options *from);

/* Parses a duration as in the settings: "90s", "12h", "30d"; only 0 needs no
 * unit. Returns 0, or -1 if it is none or longer than max_ms. */
int options_parse_duration(const char *text, int64_t max_ms,
    int64_t *ms) MUST_CHECK;

/* Is it meant as one: "1h", but also "30min" or "2weeks"? */
bool options_is_like_duration(const char *text);

void options_print_help(FILE *out); /* the list in --help */
void options_print_sample(FILE *out); /* the commented settings file */
void options_print_mdoc(FILE *out); /* the list in brbd.conf(5) */

#endif
