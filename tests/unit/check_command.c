/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The splitter and the table; what commands do is in the dialogs.
 */
#include "config.h"

#include <check.h>
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "plain/plain.h"
#include "unit.h"

START_TEST(test_split)
{
	char *argv[PLAIN_ARGS_MAX + 1];
	char none[] = "", one[] = "one", two[] = "one   two ",
	     rest[] = "bob  some  text here";

	ck_assert_int_eq(plain_command_split(none, argv, 2, false), 0);
	ck_assert_int_eq(plain_command_split(one, argv, 2, false), 1);
	ck_assert_str_eq(argv[0], "one");
	ck_assert_int_eq(plain_command_split(two, argv, 2, false), 2);
	ck_assert_str_eq(argv[1], "two");
	ck_assert_int_eq(plain_command_split(rest, argv, 2, true), 2);
	ck_assert_str_eq(argv[0], "bob");
	ck_assert_str_eq(argv[1], "some  text here");
}
END_TEST

/* hostile 9 */
START_TEST(test_split_too_many)
{
	char *argv[PLAIN_ARGS_MAX + 1];
	char two[] = "a b", thousand[2001], zero[] = "x";
	size_t i;

	ck_assert_int_eq(plain_command_split(two, argv, 1, false), 2);
	for (i = 0; i < sizeof(thousand) - 1; i++)
		thousand[i] = i % 2 == 0 ? 'a' : ' ';
	thousand[sizeof(thousand) - 1] = '\0';
	ck_assert_int_eq(plain_command_split(thousand, argv, 1, false), 2);
	ck_assert_int_eq(plain_command_split(zero, argv, 0, false), 1);
}
END_TEST

/* Names in any case, never abbreviated: a typo must not act. */
START_TEST(test_find)
{
	ck_assert_ptr_eq(plain_command_find("nick"), &plain_commands[0]);
	ck_assert_ptr_eq(plain_command_find("NICK"), &plain_commands[0]);
	ck_assert_ptr_null(plain_command_find("nic"));
	ck_assert_ptr_null(plain_command_find("nickbob"));
	ck_assert_ptr_null(plain_command_find(""));
}
END_TEST

/* The manual as text has nothing of mdoc left in it. */
START_TEST(test_help_text)
{
	static const char *const left[] = { "  ", " .", " ,", "\\(", "Ar ",
		"Ic " };
	struct buf text = BUF_INITIALIZER;
	const char *line, *end;
	size_t i, k;

	for (i = 0; plain_commands[i].run != NULL; i++) {
		buf_reset(&text);
		plain_help_text(&text, plain_commands[i].command.manual);
		for (line = buf_cstr(&text); *line != '\0'; line = end + 1) {
			end = strchr(line, '\n');
			ck_assert_ptr_nonnull(end);
			ck_assert_msg(isupper((unsigned char)*line) &&
				end[-1] == '.' && end - line < 300,
			    "%s", line);
		}
		ck_assert_uint_gt(text.len, 0);
		for (k = 0; k < NITEMS(left); k++)
			ck_assert_msg(strstr(text.data, left[k]) == NULL, "%s",
			    text.data);
	}
	buf_fini(&text);
}
END_TEST

START_TEST(test_help_macros)
{
	struct buf text = BUF_INITIALIZER;

	plain_help_text(&text,
	    "Take\n.Ar NICK Ns 's\nplace, of []\\e\\(ga\\(ha.\n"
	    "Or write\n.Ql # ,\nand\n.Dq * bob waves .\nSee\n"
	    ".Sx Room operators .\nEnd with\n.Ic /mode +t .");
	ck_assert_str_eq(buf_cstr(&text),
	    "Take NICK's place, of []\\`^.\n"
	    "Or write \"#\", and \"* bob waves\".\n"
	    "See \"Room operators\" in brbd-protocol(7).\n"
	    "End with /mode +t.\n");
	buf_fini(&text);
}
END_TEST

/* Every entry is complete, since /help and the manual are made from it. */
START_TEST(test_table)
{
	const struct command *cmd;
	const char *p;
	int i, j, words;

	for (i = 0; plain_commands[i].run != NULL; i++) {
		cmd = &plain_commands[i].command;
		for (p = cmd->name; *p != '\0'; p++)
			ck_assert(islower((unsigned char)*p));
		ck_assert_ptr_nonnull(cmd->usage);
		ck_assert_uint_gt(cmd->cost, 0);
		ck_assert_int_le(cmd->min_args, cmd->max_args);
		ck_assert_int_le(cmd->max_args, PLAIN_ARGS_MAX);
		ck_assert_uint_gt(strlen(cmd->help), 0);
		ck_assert(cmd->help[strlen(cmd->help) - 1] != '.');
		ck_assert_uint_gt(strlen(cmd->manual), 0);
		for (words = 0, p = cmd->usage; *p != '\0'; p++)
			words += p == cmd->usage || p[-1] == ' ';
		ck_assert_int_eq(words, cmd->max_args);
		for (j = 0; j < i; j++)
			ck_assert_str_ne(cmd->name,
			    plain_commands[j].command.name);
	}
	ck_assert_int_eq(i, 33);
}
END_TEST

#define SCREEN_LINES 24
#define SCREEN_COLUMNS 80

/* /help has to fit a screen: a line each, the one that ends it, and the one in
 * which one types on. */
START_TEST(test_help_fits)
{
	const struct command *cmd;
	size_t column;
	int i, lines = 2;

	for (i = 0; plain_commands[i].run != NULL; i++) {
		cmd = &plain_commands[i].command;
		if (cmd->flags & COMMAND_UNLISTED)
			continue;
		lines++;
		/* "-- /name usage   help" */
		column = strlen("-- /") + strlen(cmd->name) + 1;
		if (column < strlen("-- ") + 20)
			column = strlen("-- ") + 20;
		ck_assert_msg(column + strlen(cmd->help) < SCREEN_COLUMNS,
		    "/%s is too wide", cmd->name);
	}
	ck_assert_int_le(lines, SCREEN_LINES);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "command", NULL, NULL);

	tcase_add_test(tc, test_split);
	tcase_add_test(tc, test_split_too_many);
	tcase_add_test(tc, test_find);
	tcase_add_test(tc, test_help_text);
	tcase_add_test(tc, test_help_macros);
	tcase_add_test(tc, test_table);
	tcase_add_test(tc, test_help_fits);
}
