/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Settings: the table, values, files good and bad, what overrides what, and
 * the documents made of the table.
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options/options-impl.h"
#include "unit.h"

static struct options options;
static struct option_errors errors;

static void
setup(void)
{
	options_init(&options);
	memset(&errors, 0, sizeof(errors));
}

static void
teardown(void)
{
	options_fini(&options);
	option_errors_fini(&errors);
}

/* Loads text as "f.conf", and forgets the errors of the last time. */
static int
load_bytes(const char *text, size_t len)
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

static int
load(const char *text)
{
	return load_bytes(text, strlen(text));
}

static int
assign(const char *assignment)
{
	char *copy = xstrdup(assignment);
	int r;

	option_errors_fini(&errors);
	r = options_load(&options, NULL, &copy, 1, NULL, 0, &errors);
	free(copy);
	return r;
}

#define ASSERT_LOADS(file) \
	ck_assert_msg(load(file) == 0, "not loaded: %s\n%s", file, errors.text)
#define ASSERT_ERRORS(file, expected) \
	do { \
		ck_assert_int_eq(load(file), -1); \
		ck_assert_str_eq(errors.text, expected); \
	} while (0)
#define ASSERT_LIST(list, ...) \
	do { \
		const char *const want_[] = { __VA_ARGS__ }; \
		size_t i_; \
		ck_assert_uint_eq((list).count, NITEMS(want_)); \
		for (i_ = 0; i_ < NITEMS(want_); i_++) \
			ck_assert_str_eq((list).items[i_], want_[i_]); \
	} while (0)

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

static void
assert_same(const struct options *a, const struct options *b)
{
	size_t i;

	for (i = 0; i < option_count; i++)
		ck_assert_msg(is_same(a, b, &option_table[i]), "%s differs",
		    option_table[i].name);
}

static void
assert_defaults(void)
{
	struct options fresh;

	options_init(&fresh);
	assert_same(&options, &fresh);
	options_fini(&fresh);
}

/* A string that may be changed, as those of argv. */
#define STR(s) ((char[]){ s })

START_TEST(defaults)
{
	ck_assert_str_eq(options.lobby, "lobby");
	ASSERT_LIST(options.listen, "localhost:4272");
	ck_assert_uint_eq(options.history_size, 1048576);
	ck_assert_uint_eq(options.greeting_history, 20);
	ck_assert_uint_eq(options.max_members, 1000);
	ck_assert_uint_eq(options.max_per_address, 64);
	ck_assert_uint_eq(options.accept_rate.count, 200);
	ck_assert_uint_eq(options.accept_rate.per_ms, 1000);
	ck_assert_uint_eq(options.max_bookmarks, 10000);
	ck_assert_uint_eq(options.room.count, 0);
	ck_assert_uint_eq(options.max_rooms, 64);
	ck_assert_int_eq(options.room_create, ROOM_CREATE_ANYONE);
	ck_assert_uint_eq(options.line_rate.count, 5);
	ck_assert_uint_eq(options.line_burst, 20);
	ck_assert_uint_eq(options.max_line, 2048);
	ck_assert_uint_eq(options.output_limit, 65536);
	ck_assert_int_eq(options.stall_timeout, 60000);
	ck_assert_int_eq(options.departure_delay, 60000);
	ck_assert_int_eq(options.presence_window, 2000);
	ck_assert_uint_eq(options.announce_rate.count, 1);
	ck_assert_uint_eq(options.announce_rate.per_ms, 10000);
	ck_assert_uint_eq(options.announce_burst, 3);
	ck_assert_int_eq(options.retention, INT64_C(30) * 86400000);
	/* They also pass all checks. */
	ASSERT_LOADS("");
	assert_defaults();
}
END_TEST

/* The ends of every range are allowed, and what lies beyond is not. */
START_TEST(ranges)
{
	const struct option_entry *e;
	const char *unit;
	char text[64];
	int at;

	for (e = option_table; e < option_table + option_count; e++) {
		ck_assert_ptr_eq(option_find(e->name), e);
		if (e->type != OPTION_NUMBER && e->type != OPTION_SIZE &&
		    e->type != OPTION_DURATION && e->type != OPTION_RATE)
			continue;
		unit = e->type == OPTION_DURATION ? "ms" : "";
		for (at = 0; at < 4; at++) {
			const int64_t values[] = { e->min, e->max, e->max + 1,
				e->min - 1 };

			if (values[at] < 0)
				continue;
			snprintf(text, sizeof(text), "%s=%lld%s", e->name,
			    (long long)values[at], unit);
			if (assign(text) == 0)
				ck_assert_msg(at < 2, "allowed: %s", text);
			else if (at < 2) /* only because of another setting */
				ck_assert_msg(strstr(errors.text, " here: ") !=
					NULL,
				    "%s", errors.text);
		}
	}
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: not allowed */
	} cases[] = {
		{ "131072", 131072 },
		{ "128K", 131072 },
		{ "2M", 2097152 },
		{ "1G", 1073741824 },
		{ "1025M", 0 },
		{ "2G", 0 },
		{ "1k", 0 },
		{ "1KB", 0 },
		{ "1 M", 0 },
		{ " 1M", 0 },
		{ "-1M", 0 },
		{ "+1M", 0 },
		{ "0x100000", 0 },
		{ "1.5M", 0 },
		{ "M", 0 },
		{ "", 0 },
		{ "99999999999999999999999999M", 0 },
		{ "18014398509481985K", 0 },
		{ "17179869185G", 0 },
	};
	char text[64];
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		snprintf(text, sizeof(text), "history-size=%s", cases[i].text);
		ck_assert_msg(assign(text) == (cases[i].bytes == 0 ? -1 : 0),
		    "%s", text);
		if (cases[i].bytes != 0)
			ck_assert_uint_eq(options.history_size, cases[i].bytes);
	}
	ck_assert_int_eq(assign("history-size=1k"), -1);
	ck_assert_str_eq(errors.text,
	    "-o history-size=1k: history-size must be a size from 64K to 1G, "
	    "not '1k'\n");
}
END_TEST

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: not allowed */
	} cases[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "1ms", 1 },
		{ "90s", 90000 },
		{ "2m", 120000 },
		{ "24h", 86400000 },
		{ "1d", 86400000 },
		{ "25h", -1 },
		{ "60", -1 },
		{ "1", -1 },
		{ "1M", -1 },
		{ "1S", -1 },
		{ "1h30m", -1 },
		{ "s", -1 },
		{ "-1s", -1 },
		{ "9223372036854775807d", -1 },
		{ "1w", -1 },
	};
	char text[64];
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		snprintf(text, sizeof(text), "departure-delay=%s",
		    cases[i].text);
		ck_assert_msg(assign(text) == (cases[i].ms == -1 ? -1 : 0),
		    "%s", text);
		if (cases[i].ms != -1)
			ck_assert_int_eq(options.departure_delay, cases[i].ms);
	}
	ck_assert_int_eq(assign("departure-delay=60"), -1);
	ck_assert_str_eq(errors.text,
	    "-o departure-delay=60: departure-delay must be a time from 0 to "
	    "1d with its unit (ms, s, m, h or d), not '60'\n");
}
END_TEST

START_TEST(rates)
{
	static const struct {
		const char *text;
		uint32_t count, per_ms; /* per_ms 0: not allowed */
	} cases[] = {
		{ "5", 5, 1000 },
		{ "0", 0, 1000 },
		{ "1/10s", 1, 10000 },
		{ "3/500ms", 3, 500 },
		{ "100/1d", 100, 86400000 },
		{ "0/1m", 0, 60000 },
		{ "5/0", 0, 0 },
		{ "5/0s", 0, 0 },
		{ "5/2d", 0, 0 },
		{ "5/", 0, 0 },
		{ "/5s", 0, 0 },
		{ "5/s", 0, 0 },
		{ "5/10", 0, 0 },
		{ "1/2/3s", 0, 0 },
		{ "-5", 0, 0 },
		{ "1.5", 0, 0 },
		{ "5/1s ", 0, 0 },
		{ "4294967297", 0, 0 },
		{ "", 0, 0 },
	};
	char text[64];
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		snprintf(text, sizeof(text), "line-rate=%s", cases[i].text);
		ck_assert_msg(assign(text) == (cases[i].per_ms == 0 ? -1 : 0),
		    "%s", text);
		if (cases[i].per_ms == 0)
			continue;
		ck_assert_uint_eq(options.line_rate.count, cases[i].count);
		ck_assert_uint_eq(options.line_rate.per_ms, cases[i].per_ms);
	}
}
END_TEST

START_TEST(choices)
{
	ck_assert_int_eq(assign("room-create=nobody"), 0);
	ck_assert_int_eq(options.room_create, ROOM_CREATE_NOBODY);
	ck_assert_int_eq(assign("room-create=anyone"), 0);
	ck_assert_int_eq(options.room_create, ROOM_CREATE_ANYONE);
	ck_assert_int_eq(assign("room-create=any"), -1);
	ck_assert_str_eq(errors.text,
	    "-o room-create=any: room-create must be anyone or nobody, "
	    "not 'any'\n");
	ck_assert_int_eq(assign("room-create=anyone|nobody"), -1);
	ck_assert_int_eq(assign("room-create=Anyone"), -1);
	ck_assert_int_eq(assign("room-create="), -1);
}
END_TEST

START_TEST(assignment_forms)
{
	ck_assert_int_eq(assign("lobby"), -1);
	ck_assert_str_eq(errors.text, "-o lobby: must be NAME=VALUE\n");
	ck_assert_int_eq(assign("=x"), -1);
	ck_assert_int_eq(assign("lobby="), -1);
	ck_assert_str_eq(errors.text, "-o lobby=: lobby must not be empty\n");
	ck_assert_int_eq(assign("max-member=3"), -1);
	ck_assert_str_eq(errors.text,
	    "-o max-member=3: no setting is called 'max-member'; is "
	    "'max-members' meant?\n");
	ck_assert_int_eq(assign("listen=a=b"), 0);
	ASSERT_LIST(options.listen, "a=b");
}
END_TEST

START_TEST(file_syntax)
{
	ASSERT_LOADS("# a comment\n"
		     "lobby = hall # another\n"
		     "max-members=7 line-burst = 9 // two on a line\n"
		     "/* over\n two lines */ max-rooms\t=\n 8\n"
		     "listen = { # within braces\n"
		     "  \"*:1\", /* here */ '[::1]:2'\n"
		     "}\n"
		     "room = {a,\"b\",}\n"
		     "retention = '7d'");
	ck_assert_str_eq(options.lobby, "hall");
	ck_assert_uint_eq(options.max_members, 7);
	ck_assert_uint_eq(options.line_burst, 9);
	ck_assert_uint_eq(options.max_rooms, 8);
	ASSERT_LIST(options.listen, "*:1", "[::1]:2");
	ASSERT_LIST(options.room, "a", "b");
	ck_assert_int_eq(options.retention, INT64_C(7) * 86400000);
	/* What is gone from the file is a default again. */
	ASSERT_LOADS("\n");
	assert_defaults();
}
END_TEST

START_TEST(file_quoting)
{
	ASSERT_LOADS("listen = \"a\\\"b\\\\c # d // e /* f\"");
	ASSERT_LIST(options.listen, "a\"b\\c # d // e /* f");
	ASSERT_LOADS("listen = 'a\"b\\c${HOME}'");
	ASSERT_LIST(options.listen, "a\"b\\c${HOME}");
	ASSERT_LOADS("listen = unix:/run//brbd/sock");
	ASSERT_LIST(options.listen, "unix:/run//brbd/sock");
	ASSERT_LOADS("listen = ~root/x");
	ASSERT_LIST(options.listen, "~root/x");
	ASSERT_LOADS("\"lobby\" = 'hall'");
	ck_assert_str_eq(options.lobby, "hall");
	ASSERT_LOADS("# caf\xc3\xa9\nlisten = \"unix:/caf\xc3\xa9\"\n");
	ASSERT_LIST(options.listen, "unix:/caf\xc3\xa9");
	/* A file from Windows. */
	ASSERT_LOADS("lobby = hall\r\n# x\r\nmax-rooms = 9\r\n");
	ck_assert_str_eq(options.lobby, "hall");
	ck_assert_uint_eq(options.max_rooms, 9);
}
END_TEST

START_TEST(file_lists)
{
	ASSERT_LOADS("listen = \"a:1\"\nlisten = {b:2, c:3}\nlisten += d:4\n");
	ASSERT_LIST(options.listen, "a:1", "b:2", "c:3", "d:4");
	ASSERT_LOADS("room = {}\nroom = b\nroom = {}\n");
	ASSERT_LIST(options.room, "b");
	ASSERT_LOADS("room = {}");
	ck_assert_uint_eq(options.room.count, 0);
	ASSERT_ERRORS("\nlisten = {}\n",
	    "f.conf:2: listen must have at least one address\n");
	ASSERT_ERRORS("room = {a, \"\"}", "f.conf:1: room must not be empty\n");
}
END_TEST

/* Hostile 74: what is wrong, where, and what is allowed; all of it at once. */
START_TEST(file_errors)
{
	ASSERT_ERRORS("# a comment\n"
		      "max-member = 5\n"
		      "lobby = 'the lobby'\n"
		      "/* two\nlines */ max-members = 0\n"
		      "room = {ok,\n 1bad}\n"
		      "colour = {red, green}\n"
		      "line-burst = 4\n"
		      "line-burst = 4\n"
		      "colour = blue\n",
	    "f.conf:2: no setting is called 'max-member'; "
	    "is 'max-members' meant?\n"
	    "f.conf:8: no setting is called 'colour'; "
	    "brbd --help lists them\n"
	    "f.conf:11: no setting is called 'colour'; "
	    "brbd --help lists them\n"
	    "f.conf:3: lobby 'the lobby': names of rooms are 1 to 32 of "
	    "A-Z a-z 0-9 _ -, and start with a letter\n"
	    "f.conf:5: max-members must be a number from 1 to 1000000, "
	    "not '0'\n"
	    "f.conf:7: room '1bad': names of rooms are 1 to 32 of "
	    "A-Z a-z 0-9 _ -, and start with a letter\n"
	    "f.conf:10: line-burst is set already in line 9\n");
	ck_assert_uint_eq(errors.count, 7);
	assert_defaults();
}
END_TEST

START_TEST(file_syntax_errors)
{
	static const struct {
		const char *text;
		const char *error; /* its begin */
	} cases[] = {
		{ "lobby", "f.conf:1: premature end of file; a setting is " },
		{ "\nlobby =", "f.conf:2: premature end of file; " },
		{ "lobby hall", "f.conf:1: missing equal sign after option " },
		{ "\n\nlobby = = x", "f.conf:3: unexpected token '='; " },
		{ "lobby += x", "f.conf:1: attempt to append to non-list " },
		{ "lobby = {a}", "f.conf:1: unexpected token '{'" },
		{ "= x", "f.conf:1: unexpected token '='" },
		{ "\"\" = x", "f.conf:1: syntax error; a setting is NAME " },
		{ "room = {a\n", "f.conf:2: premature end of file; " },
		{ "room = {,}", "f.conf:1: unexpected token ','" },
		{ "room = {{a}}", "f.conf:1: unexpected token '{'" },
		{ "room = a }", "f.conf:1: unexpected closing brace; " },
		{ "lobby = a b",
		    "f.conf:1: no such option 'b'; a setting is NAME = VALUE or NAME = {VALUE, ...}, and what has blanks or commas stands in \"\"" },
		{ "foo", "f.conf:1: no such option 'foo'; " },
		{ "foo { x = 1 }", "f.conf:1: no such option 'foo'; " },
		{ "room|x = 1", "f.conf:1: no setting is called 'room|x'; " },
		/* A setting, and not libconfuse's function. */
		{ "include(\"/etc/passwd\")",
		    "f.conf:1: missing equal sign after option 'include'; " },
		{ "__unknown = 1",
		    "f.conf:1: no setting is called '__unknown'; " },
		/* What libconfuse would drop, replace or overlook. */
		{ "listen = *:1", "f.conf:1: a value with '*' in it must " },
		{ "listen = a+b", "f.conf:1: a value with '+' in it must " },
		{ "\nlisten = a/*:1", "f.conf:2: a value with '*' in it " },
		{ "lobby = ${HOME}", "f.conf:1: '${' stands for no " },
		{ "lobby = a${HOME}", "f.conf:1: '${' stands for no " },
		{ "lobby = \"${HOME}\"", "f.conf:1: '${' stands for no " },
		{ "lobby = \"a\\x00b\"", "f.conf:1: '\\x' is not known; " },
		{ "lobby = \"a\\0b\"", "f.conf:1: '\\0' is not known; " },
		{ "lobby = \"a\\nb\"", "f.conf:1: '\\n' is not known; " },
		{ "\nlobby = \"a\nb\"", "f.conf:2: this string has no end " },
		{ "lobby = \"a\\\nb\"", "f.conf:1: this string has no end " },
		{ "lobby = 'a", "f.conf:1: this string has no end on its " },
		{ "lobby = 'a\\'", "f.conf:1: this string has no end on its " },
		{ "lobby = \"a\\", "f.conf:1: this string has no end on its " },
		{ "lobby = \"", "f.conf:1: this string has no end on its " },
		{ "a = 1\n/* x\n", "f.conf:1: no setting is called 'a'; " },
		{ "\n/* x\nlobby = y\n", "f.conf:2: this comment has no end" },
		{ "/*/", "f.conf:1: this comment has no end (*/)\n" },
		{ "\nlobby = \x1b[1m", "f.conf:2: control character \\x1b; " },
		{ "lobby = a\rb", "f.conf:1: control character \\x0d; " },
		{ "# \x7f", "f.conf:1: control character \\x7f; " },
	};
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		ck_assert_msg(load(cases[i].text) == -1, "loaded: %s",
		    cases[i].text);
		ck_assert_msg(strncmp(errors.text, cases[i].error,
				  strlen(cases[i].error)) == 0,
		    "%s: %s", cases[i].text, errors.text);
		assert_defaults();
		/* libconfuse's scanner is static: nothing must stay behind. */
		ASSERT_LOADS("lobby = lobby # x\n");
	}
	ck_assert_int_eq(load_bytes("lobby = a\0b\n", 12), -1);
	ck_assert_str_eq(errors.text,
	    "f.conf:1: control character \\x00; a settings file is plain "
	    "text\n");
}
END_TEST

START_TEST(file_many_errors)
{
	static const char text[] = "line-burst = 0\n";
	char *all = xcalloc(1000, sizeof(text));
	char name[32];
	size_t i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "x%zu = 0\n", i);
		strcat(all, name);
	}
	ck_assert_int_eq(load(all), -1);
	ck_assert_uint_eq(errors.count, OPTION_ERRORS_MAX);
	free(all);
}
END_TEST

/* An error is one line, whatever stands in the value. */
START_TEST(error_is_one_line)
{
	char long_value[1000];

	ck_assert_int_eq(assign("room=a\nf.conf:1: b\x1b"), -1);
	ck_assert_ptr_eq(strchr(errors.text, '\n') + 1,
	    errors.text + strlen(errors.text));
	ck_assert_ptr_null(strchr(errors.text, '\x1b'));
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	memcpy(long_value, "room=", 5);
	ck_assert_int_eq(assign(long_value), -1);
	ck_assert_uint_lt(strlen(errors.text), 300);
	memset(long_value, 'x', 5);
	ck_assert_int_eq(assign(long_value), -1);
	ck_assert_uint_lt(strlen(errors.text), 300);
	long_value[900] = '=';
	ck_assert_int_eq(assign(long_value), -1);
	ck_assert_uint_lt(strlen(errors.text), 300);
}
END_TEST

START_TEST(cross_checks)
{
	ASSERT_LOADS(
	    "max-line = 8K\noutput-limit = 32K\nhistory-size = 384K\n");
	ASSERT_ERRORS("max-line = 8K\n\noutput-limit = 32767\n",
	    "f.conf:3: output-limit must be at least 32K here: "
	    "4 times max-line\n");
	ASSERT_ERRORS("\nhistory-size = 64K\n",
	    "f.conf:2: history-size must be at least 96K here: "
	    "48 times max-line\n");
	ASSERT_LOADS("history-size = 64K\nmax-line = 1K\n");
	ASSERT_ERRORS("room = {a, b}\nmax-rooms = 2\n",
	    "f.conf:2: max-rooms must be at least 3 here: "
	    "the lobby and each permanent room count\n");
	ASSERT_LOADS("room = {a, b}\nmax-rooms = 3\n");
	ck_assert_int_eq(assign("history-size=64K"), -1);
	ck_assert_str_eq(errors.text,
	    "-o history-size=64K: history-size must be at least 96K here: "
	    "48 times max-line\n");
}
END_TEST

START_TEST(weight)
{
	char text[] = "listen = a:1\nroom = {x, y}\nmax-rooms = 9\n"
		      "lobby = hall\n";
	char *const listens[] = { STR("l:1"), STR("l:2") };
	char *const assignments[] = { STR("listen=o:1"), STR("room=p"),
		STR("room=q"), STR("max-rooms=5"), STR("max-rooms=6") };
	char *const emptying[] = { STR("room=") };
	char copy[sizeof(text)];

	memcpy(copy, text, sizeof(text));
	ck_assert_int_eq(options_load_text(&options, "f", copy, strlen(copy),
			     assignments, NITEMS(assignments), NULL, 0,
			     &errors),
	    0);
	ck_assert_str_eq(options.lobby, "hall");
	ASSERT_LIST(options.listen, "o:1");
	ASSERT_LIST(options.room, "p", "q");
	ck_assert_uint_eq(options.max_rooms, 6);

	memcpy(copy, text, sizeof(text));
	ck_assert_int_eq(options_load_text(&options, "f", copy, strlen(copy),
			     emptying, 1, listens, 2, &errors),
	    0);
	ASSERT_LIST(options.listen, "l:1", "l:2");
	ck_assert_uint_eq(options.room.count, 0);

	memcpy(copy, text, sizeof(text));
	ck_assert_int_eq(options_load_text(&options, "f", copy, strlen(copy),
			     assignments, 1, listens, 1, &errors),
	    0);
	ASSERT_LIST(options.listen, "l:1");
	ASSERT_LIST(options.room, "x", "y");
}
END_TEST

START_TEST(listen_is_not_empty)
{
	char *const listens[] = { STR("") };

	ck_assert_int_eq(options_load(&options, NULL, NULL, 0, listens, 1,
			     &errors),
	    -1);
	ck_assert_str_eq(errors.text, "-l : listen must not be empty\n");
	ck_assert_int_eq(assign("listen="), -1);
	ck_assert_str_eq(errors.text,
	    "-o listen=: listen must have at least one address\n");
}
END_TEST

static char *dir, path[128];

static void
setup_dir(void)
{
	setup();
	dir = unit_dir_new();
	snprintf(path, sizeof(path), "%s/f.conf", dir);
}

static void
teardown_dir(void)
{
	teardown();
	unit_dir_free(dir);
}

static void
write_file(const char *text, size_t times)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	/* ck_assert() writes a note each time: too slow for a million. */
	while (times-- > 0)
		if (fputs(text, out) == EOF)
			ck_abort_msg("cannot write '%s'", path);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
}

static int
load_path(const char *name)
{
	option_errors_fini(&errors);
	return options_load(&options, name, NULL, 0, NULL, 0, &errors);
}

static void
assert_refused(const char *name, const char *why)
{
	char *expected = xasprintf("%s: cannot read the settings: %s\n", name,
	    why);

	ck_assert_int_eq(load_path(name), -1);
	ck_assert_str_eq(errors.text, expected);
	free(expected);
	assert_defaults();
}

START_TEST(file_is_read)
{
	write_file("lobby = hall\n", 1);
	ck_assert_int_eq(load_path(path), 0);
	ck_assert_str_eq(options.lobby, "hall");
	write_file("", 1);
	ck_assert_int_eq(load_path(path), 0);
	assert_defaults();
}
END_TEST

/* Hostile 74. A FIFO without a writer would hold up a plain open(). */
START_TEST(file_kinds)
{
	assert_refused(path, "No such file or directory");
	assert_refused(dir, "it is a directory");
	assert_refused("/dev/zero", "it is not a regular file");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	assert_refused(path, "it is not a regular file");
	unlink(path);
	write_file("", 1);
	ck_assert_int_eq(chmod(path, 0646), 0);
	assert_refused(path, "everybody may write to it (chmod o-w helps)");
	if (geteuid() != 0) {
		ck_assert_int_eq(chmod(path, 0), 0);
		assert_refused(path, "Permission denied");
	}
}
END_TEST

START_TEST(file_size)
{
	write_file("#######\n", OPTIONS_FILE_MAX / 8);
	ck_assert_int_eq(load_path(path), 0);
	write_file("#######\n", OPTIONS_FILE_MAX / 8 + 1);
	assert_refused(path, "it is larger than 1 MiB");
}
END_TEST

/*
 * What is garbage is looked at until there are enough errors, not to its end.
 */
START_TEST(file_garbage)
{
	write_file("\001\n", OPTIONS_FILE_MAX / 2);
	ck_assert_int_eq(load_path(path), -1);
	ck_assert_uint_eq(errors.count, OPTION_ERRORS_MAX);
	write_file("xyz=1\n", OPTIONS_FILE_MAX / 6);
	ck_assert_int_eq(load_path(path), -1);
	ck_assert_uint_eq(errors.count, OPTION_ERRORS_MAX);
	write_file("room=9\n", OPTIONS_FILE_MAX / 7);
	ck_assert_int_eq(load_path(path), -1);
	ck_assert_ptr_nonnull(strstr(errors.text,
	    ":5001: there are more than 10000 words\n"));
	write_file("room={9}\n", 100);
	ck_assert_int_eq(load_path(path), -1);
	ck_assert_uint_eq(errors.count, OPTION_ERRORS_MAX);
}
END_TEST

/* A list is not endless, and knows where each value stands. */
START_TEST(file_long_list)
{
	char *const assignments[] = { STR("listen=a:1") };
	char *where;

	write_file("listen=a:1\n", OPTION_LIST_MAX);
	ck_assert_int_eq(load_path(path), 0);
	ck_assert_uint_eq(options.listen.count, OPTION_LIST_MAX);
	where = xasprintf("%s:%d", path, OPTION_LIST_MAX);
	ck_assert_str_eq(options.listen.where[OPTION_LIST_MAX - 1], where);
	free(where);
	write_file("listen=a:1\n", OPTION_LIST_MAX + 1);
	ck_assert_int_eq(load_path(path), -1);
	ck_assert_ptr_nonnull(strstr(errors.text,
	    ":1001: listen can have 1000 values at most"));
	option_errors_fini(&errors);
	ck_assert_int_eq(options_load(&options, NULL, assignments, 1, NULL, 0,
			     &errors),
	    0);
	ck_assert_str_eq(options.listen.where[0], "-o listen=a:1");
}
END_TEST

/* The command line is checked although the file is not there. */
START_TEST(file_and_assignment_errors)
{
	char *const assignments[] = { STR("max-rooms=0") };

	ck_assert_int_eq(options_load(&options, path, assignments, 1, NULL, 0,
			     &errors),
	    -1);
	ck_assert_uint_eq(errors.count, 2);
}
END_TEST

static void
count_name(const char *name, void *arg)
{
	char *names = arg;

	strcat(names, name);
	strcat(names, " ");
}

START_TEST(copies)
{
	struct options other;
	char names[200] = "";

	ASSERT_LOADS("lobby = hall\nroom = {a, b}\nmax-line = 1K\n"
		     "max-members = 3\nline-rate = 7/2s\nretention = 1d\n"
		     "room-create = nobody\n");
	options_copy(&other, &options);
	assert_same(&options, &other);
	ck_assert_ptr_ne(options.lobby, other.lobby);
	options_changed_restart_only(&options, &other, count_name, names);
	ck_assert_str_eq(names, "");

	ASSERT_LOADS("room = c\n");
	options_changed_restart_only(&other, &options, count_name, names);
	ck_assert_str_eq(names, "lobby max-line ");
	options_keep_restart_only(&options, &other);
	ck_assert_str_eq(options.lobby, "hall");
	ck_assert_uint_eq(options.max_line, 1024);
	ASSERT_LIST(options.room, "c");
	ck_assert_uint_eq(options.max_members, 1000);
	names[0] = '\0';
	options_changed_restart_only(&other, &options, count_name, names);
	ck_assert_str_eq(names, "");

	options_swap(&options, &other);
	ASSERT_LIST(options.room, "a", "b");
	ASSERT_LIST(other.room, "c");
	/* To itself. */
	options_keep_restart_only(&options, &options);
	ck_assert_str_eq(options.lobby, "hall");
	options_fini(&other);
}
END_TEST

static char *
printed(void (*print)(FILE *))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	print(out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static void
assert_lines_fit(const char *text)
{
	for (; *text != '\0'; text += strcspn(text, "\n") + 1) {
		ck_assert_uint_le(strcspn(text, "\n"), 80);
		ck_assert(text[strcspn(text, "\n")] == '\n');
	}
}

/* The sample is valid, and remains so with every line taken in. */
START_TEST(sample)
{
	char *text = printed(options_print_sample);
	char *p;
	size_t i;

	assert_lines_fit(text);
	ASSERT_LOADS(text);
	assert_defaults();
	for (p = text; *p != '\0'; p += strcspn(p, "\n") + 1)
		if (p[0] == '#' && p[1] != ' ')
			p[0] = ' ';
	ASSERT_LOADS(text);
	assert_defaults();
	for (i = 0; i < option_count; i++) {
		p = xasprintf("\n %s = ", option_table[i].name);
		ck_assert_ptr_nonnull(strstr(text, p));
		free(p);
	}
	free(text);
}
END_TEST

START_TEST(documents)
{
	char *help = printed(options_print_help);
	char *mdoc = printed(options_print_mdoc);
	char *p;
	size_t i;

	assert_lines_fit(help);
	assert_lines_fit(mdoc);
	for (i = 0; i < option_count; i++) {
		p = xasprintf("  %s=%s", option_table[i].name,
		    option_table[i].def);
		ck_assert_ptr_nonnull(strstr(help, p));
		free(p);
		p = xasprintf("\n.It Ic %s\n", option_table[i].name);
		ck_assert_ptr_nonnull(strstr(mdoc, p));
		free(p);
	}
	ck_assert_ptr_nonnull(strstr(mdoc, "anyone or nobody"));
	ck_assert_ptr_null(strchr(help, '{'));
	free(mdoc);
	free(help);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "options", setup, teardown),
	      *files = unit_case(s, "files", setup_dir, teardown_dir);

	tcase_add_test(tc, defaults);
	tcase_add_test(tc, ranges);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, durations);
	tcase_add_test(tc, rates);
	tcase_add_test(tc, choices);
	tcase_add_test(tc, assignment_forms);
	tcase_add_test(tc, file_syntax);
	tcase_add_test(tc, file_quoting);
	tcase_add_test(tc, file_lists);
	tcase_add_test(tc, file_errors);
	tcase_add_test(tc, file_syntax_errors);
	tcase_add_test(tc, file_many_errors);
	tcase_add_test(tc, error_is_one_line);
	tcase_add_test(tc, cross_checks);
	tcase_add_test(tc, weight);
	tcase_add_test(tc, listen_is_not_empty);
	tcase_add_test(tc, copies);
	tcase_add_test(tc, sample);
	tcase_add_test(tc, documents);
	tcase_add_test(files, file_is_read);
	tcase_add_test(files, file_kinds);
	tcase_add_test(files, file_size);
	tcase_add_test(files, file_garbage);
	tcase_add_test(files, file_long_list);
	tcase_add_test(files, file_and_assignment_errors);
}
