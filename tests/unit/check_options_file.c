/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The file of settings: its syntax, what is said of one that is wrong, and
 * what is no file to read (hostile 74).
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"
#include "unit.h"

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
	settings_assert_defaults();
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
	settings_assert_defaults();
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
		ck_assert_msg(settings_load(cases[i].text) == -1, "loaded: %s",
		    cases[i].text);
		ck_assert_msg(strncmp(errors.text, cases[i].error,
				  strlen(cases[i].error)) == 0,
		    "%s: %s", cases[i].text, errors.text);
		settings_assert_defaults();
		/* libconfuse's scanner is static: nothing must stay behind. */
		ASSERT_LOADS("lobby = lobby # x\n");
	}
	ck_assert_int_eq(settings_load_bytes("lobby = a\0b\n", 12), -1);
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
	ck_assert_int_eq(settings_load(all), -1);
	ck_assert_uint_eq(errors.count, OPTION_ERRORS_MAX);
	free(all);
}
END_TEST

static char *dir, path[128];

static void
setup_dir(void)
{
	settings_setup();
	dir = unit_dir_new();
	snprintf(path, sizeof(path), "%s/f.conf", dir);
}

static void
teardown_dir(void)
{
	settings_teardown();
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
	settings_assert_defaults();
}

START_TEST(file_is_read)
{
	write_file("lobby = hall\n", 1);
	ck_assert_int_eq(load_path(path), 0);
	ck_assert_str_eq(options.lobby, "hall");
	write_file("", 1);
	ck_assert_int_eq(load_path(path), 0);
	settings_assert_defaults();
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

/* Files that are included are bounded together; where a setting comes from is
 * known of each. */
START_TEST(file_includes)
{
	char *other = xasprintf("%s/z.part", dir);

	write_file("#######\n", OPTIONS_FILE_MAX / 16);
	ck_assert_int_eq(rename(path, other), 0);
	write_file("lobby=hall\ninclude={\"*.part\",\"z.part\"}\n", 1);
	ck_assert_int_eq(load_path(path), 0);
	ck_assert(strstr(options_where(&options, &options.lobby), ":1") !=
	    NULL);
	ck_assert_str_eq(options_where(&options, &options.control), "defaults");
	write_file("include={\"*.part\",\"z.part\",\"./z.part\"}\n", 1);
	ck_assert_int_eq(load_path(path), -1);
	ck_assert_ptr_nonnull(strstr(errors.text,
	    "/./z.part: cannot read the settings: the files that are included "
	    "are larger than 1 MiB together\n"));
	free(other);
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

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "text", settings_setup, settings_teardown),
	      *files = unit_case(s, "files", setup_dir, teardown_dir);

	tcase_add_test(tc, file_syntax);
	tcase_add_test(tc, file_quoting);
	tcase_add_test(tc, file_lists);
	tcase_add_test(tc, file_errors);
	tcase_add_test(tc, file_syntax_errors);
	tcase_add_test(tc, file_many_errors);
	tcase_add_test(files, file_is_read);
	tcase_add_test(files, file_kinds);
	tcase_add_test(files, file_size);
	tcase_add_test(files, file_includes);
	tcase_add_test(files, file_garbage);
	tcase_add_test(files, file_long_list);
	tcase_add_test(files, file_and_assignment_errors);
}
