/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Settings: the table, values, what overrides what, and the documents made of
 * the table.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "unit.h"

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
	settings_assert_defaults();
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
			if (settings_assign(text) == 0)
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
		ck_assert_msg(settings_assign(text) ==
			(cases[i].bytes == 0 ? -1 : 0),
		    "%s", text);
		if (cases[i].bytes != 0)
			ck_assert_uint_eq(options.history_size, cases[i].bytes);
	}
	ck_assert_int_eq(settings_assign("history-size=1k"), -1);
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
		ck_assert_msg(settings_assign(text) ==
			(cases[i].ms == -1 ? -1 : 0),
		    "%s", text);
		if (cases[i].ms != -1)
			ck_assert_int_eq(options.departure_delay, cases[i].ms);
	}
	ck_assert_int_eq(settings_assign("departure-delay=60"), -1);
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
		ck_assert_msg(settings_assign(text) ==
			(cases[i].per_ms == 0 ? -1 : 0),
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
	ck_assert_int_eq(settings_assign("room-create=nobody"), 0);
	ck_assert_int_eq(options.room_create, ROOM_CREATE_NOBODY);
	ck_assert_int_eq(settings_assign("room-create=anyone"), 0);
	ck_assert_int_eq(options.room_create, ROOM_CREATE_ANYONE);
	ck_assert_int_eq(settings_assign("room-create=any"), -1);
	ck_assert_str_eq(errors.text,
	    "-o room-create=any: room-create must be anyone or nobody, "
	    "not 'any'\n");
	ck_assert_int_eq(settings_assign("room-create=anyone|nobody"), -1);
	ck_assert_int_eq(settings_assign("room-create=Anyone"), -1);
	ck_assert_int_eq(settings_assign("room-create="), -1);
}
END_TEST

START_TEST(assignment_forms)
{
	ck_assert_int_eq(settings_assign("lobby"), -1);
	ck_assert_str_eq(errors.text, "-o lobby: must be NAME=VALUE\n");
	ck_assert_int_eq(settings_assign("=x"), -1);
	ck_assert_int_eq(settings_assign("lobby="), -1);
	ck_assert_str_eq(errors.text, "-o lobby=: lobby must not be empty\n");
	ck_assert_int_eq(settings_assign("max-member=3"), -1);
	ck_assert_str_eq(errors.text,
	    "-o max-member=3: no setting is called 'max-member'; is "
	    "'max-members' meant?\n");
	ck_assert_int_eq(settings_assign("listen=a=b"), 0);
	ASSERT_LIST(options.listen, "a=b");
}
END_TEST

/* An error is one line, whatever stands in the value. */
START_TEST(error_is_one_line)
{
	char long_value[1000];

	ck_assert_int_eq(settings_assign("room=a\nf.conf:1: b\x1b"), -1);
	ck_assert_ptr_eq(strchr(errors.text, '\n') + 1,
	    errors.text + strlen(errors.text));
	ck_assert_ptr_null(strchr(errors.text, '\x1b'));
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	memcpy(long_value, "room=", 5);
	ck_assert_int_eq(settings_assign(long_value), -1);
	ck_assert_uint_lt(strlen(errors.text), 300);
	memset(long_value, 'x', 5);
	ck_assert_int_eq(settings_assign(long_value), -1);
	ck_assert_uint_lt(strlen(errors.text), 300);
	long_value[900] = '=';
	ck_assert_int_eq(settings_assign(long_value), -1);
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
	ck_assert_int_eq(settings_assign("history-size=64K"), -1);
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
	ck_assert_int_eq(settings_assign("listen="), -1);
	ck_assert_str_eq(errors.text,
	    "-o listen=: listen must have at least one address\n");
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

	static const char text[] =
	    "lobby = hall\nroom = {a, b}\nmax-line = 1K\n"
	    "max-members = 3\nline-rate = 7/2s\nretention = 1d\n"
	    "room-create = nobody\n";

	ASSERT_LOADS(text);
	options_init(&other);
	options_swap(&options, &other);
	ASSERT_LOADS(text);
	settings_assert_same(&options, &other);
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
	settings_assert_defaults();
	for (p = text; *p != '\0'; p += strcspn(p, "\n") + 1)
		if (p[0] == '#' && p[1] != ' ')
			p[0] = ' ';
	ASSERT_LOADS(text);
	settings_assert_defaults();
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
	TCase *tc = unit_case(s, "options", settings_setup, settings_teardown);

	tcase_add_test(tc, defaults);
	tcase_add_test(tc, ranges);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, durations);
	tcase_add_test(tc, rates);
	tcase_add_test(tc, choices);
	tcase_add_test(tc, assignment_forms);
	tcase_add_test(tc, error_is_one_line);
	tcase_add_test(tc, cross_checks);
	tcase_add_test(tc, weight);
	tcase_add_test(tc, listen_is_not_empty);
	tcase_add_test(tc, copies);
	tcase_add_test(tc, sample);
	tcase_add_test(tc, documents);
}
