/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What masks match, and what they are completed to.
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "base/mask.h"
#include "base/util.h"
#include "unit.h"

static const struct check_match {
	const char *mask, *s;
	bool is_match;
} check_matches[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "a", "", false },
	{ "*", "", true },
	{ "***", "", true },
	{ "?", "", false },
	{ "*", "anything at all", true },
	{ "bob", "bob", true },
	{ "bob", "BoB", true },
	{ "B[O", "b[o", true },
	{ "[", "{", false }, /* ASCII, not RFC 1459 */
	{ "bob", "bobby", false },
	{ "bobby", "bob", false },
	{ "a?c", "abc", true }, /* Modern IRC's examples */
	{ "a?c", "ac", false },
	{ "a?c", "abbc", false },
	{ "a*c", "ac", true },
	{ "a*c", "abbc", true },
	{ "a*c", "abcd", false },
	{ "*a*b*c*", "xxaxxbxxcxx", true },
	{ "*a*b*c*", "xxaxxcxxbxx", false },
	{ "*ab", "aab", true }, /* has to go back */
	{ "*abac", "abababac", true },
	{ "*ab*ba*", "aba", false }, /* no byte is taken twice */
	{ "?*?", "a", false },
	{ "?*?", "ab", true },
	{ "*?", "", false },
	{ "\\*", "*", true }, /* Modern IRC, "Wildcard Expressions" */
	{ "\\*", "a", false },
	{ "\\*", "\\a", false },
	{ "\\?", "?", true },
	{ "\\?", "a", false },
	{ "a\\b", "a\\b", true }, /* escapes nothing */
	{ "a\\", "a\\", true },
	{ "\\\\*", "\\*", true },
	{ "*\\*", "ab*", true },
	{ "*\\*", "ab", false },
	{ "?", "\xc3", true }, /* octets */
	{ "\xff*", "\xff\x80", true },
};

START_TEST(test_match)
{
	const struct check_match *m = &check_matches[_i];

	ck_assert_msg(mask_match(m->mask, m->s) == m->is_match, "'%s' and '%s'",
	    m->mask, m->s);
}
END_TEST

/*
 * A mask that takes for ever where each star is tried with each share: this is
 * not done before the deadline of check then, however fast the machine.
 */
START_TEST(test_match_hostile)
{
	char mask[MASK_SIZE], s[2048];
	size_t i;

	for (i = 0; i + 2 < sizeof(mask); i += 2)
		memcpy(mask + i, "*a", 2);
	mask[i] = '\0';
	memset(s, 'a', sizeof(s));
	s[sizeof(s) - 1] = '\0';
	ck_assert(mask_match(mask, s));
	s[sizeof(s) - 2] = 'b';
	ck_assert(!mask_match(mask, s));
	mask[i - 1] = '*';
	ck_assert(mask_match(mask, s));
}
END_TEST

START_TEST(test_match_user)
{
	ck_assert(mask_match_user("*!*@*", "bob", "b", "3f9a.ip"));
	ck_assert(mask_match_user("BOB!*@*", "bob", "b", "3f9a.ip"));
	ck_assert(mask_match_user("b?b!b@3f9A.*", "bob", "b", "3f9a.ip"));
	ck_assert(!mask_match_user("bo!*@*", "bob", "b", "3f9a.ip"));
	ck_assert(!mask_match_user("*!c@*", "bob", "b", "3f9a.ip"));
	ck_assert(!mask_match_user("*!*@*.user", "bob", "b", "3f9a.ip"));
	/* The parts are where the separators are. */
	ck_assert(!mask_match_user("*b!3f9a.ip@*", "bob", "b", "3f9a.ip"));
	ck_assert(!mask_match_user("*!*!*@*", "bob", "b", "3f9a.ip"));
	ck_assert(!mask_match_user("*!*@*@*", "bob", "b", "3f9a.ip"));
	/* No masks, from a damaged file perhaps. */
	ck_assert(!mask_match_user("", "", "", ""));
	ck_assert(!mask_match_user("*", "bob", "b", "3f9a.ip"));
	ck_assert(!mask_match_user("*@*!*", "bob", "b", "3f9a.ip"));
	/* Empty parts, and long ones. */
	ck_assert(mask_match_user("!@", "", "", ""));
	ck_assert(!mask_match_user("?*!@", "", "", ""));
}
END_TEST

static const struct check_whole {
	const char *in, *out;
} check_wholes[] = {
	{ "bob", "bob!*@*" },
	{ "b*", "b*!*@*" },
	{ "*", "*!*@*" },
	{ "a@b", "*!a@b" },
	{ "x!y", "x!y@*" },
	{ "a!b@c", "a!b@c" },
	{ "!", "*!*@*" },
	{ "@", "*!*@*" },
	{ "!@", "*!*@*" },
	{ "@c", "*!*@c" },
	{ "a!", "a!*@*" },
	{ "a!@c", "a!*@c" },
	{ "!b@", "*!b@*" },
	{ "**a***!*****@**b**", "*a*!*@*b*" },
	{ "*?*?*", "*?*?*!*@*" },
	{ "a\\**", "a\\**!*@*" }, /* the first is no wildcard */
	{ "a\\***", "a\\**!*@*" },
	{ "a\\", "a\\!*@*" },
	{ "\\\\*", "\\\\*!*@*" },
	{ "3f9a.ip", "*!*@3f9a.ip" },
	{ "*.user", "*!*@*.user" },
	{ "::1", "*!*@::1" },
	{ "a.b!c", "a.b!c@*" },
};

START_TEST(test_normalize)
{
	const struct check_whole *w = &check_wholes[_i];
	char out[MASK_SIZE], again[MASK_SIZE];

	ck_assert_int_eq(mask_normalize(out, w->in), 0);
	ck_assert_str_eq(out, w->out);
	ck_assert_int_eq(mask_normalize(again, out), 0);
	ck_assert_str_eq(again, out);
}
END_TEST

START_TEST(test_normalize_refused)
{
	static const char *const refused[] = { "", " ", "a b", "a!b @c", "\t",
		"a\n", "\x01", "bob\x7f", "b\xc3\xb6\x62", "\xff", "a!b!c",
		"a@b@c", "a@b!c", "a!b@c!d", ":a!b@c", ":!", ":a@b!c" };
	char out[MASK_SIZE];
	size_t i;

	for (i = 0; i < NITEMS(refused); i++)
		ck_assert_msg(mask_normalize(out, refused[i]) == -1, "'%s'",
		    refused[i]);
}
END_TEST

START_TEST(test_normalize_length)
{
	char in[4 * MASK_SIZE], out[MASK_SIZE];
	size_t fits = MASK_MAX - strlen("!*@*");

	memset(in, 'a', sizeof(in));
	in[fits] = '\0';
	ck_assert_int_eq(mask_normalize(out, in), 0);
	ck_assert_uint_eq(strlen(out), MASK_MAX);
	in[fits] = 'a';
	in[fits + 1] = '\0';
	ck_assert_int_eq(mask_normalize(out, in), -1);
	in[fits + 1] = 'a';
	in[sizeof(in) - 1] = '\0';
	ck_assert_int_eq(mask_normalize(out, in), -1);

	/* The length is what is left of it. */
	memset(in, '*', sizeof(in) - 1);
	ck_assert_int_eq(mask_normalize(out, in), 0);
	ck_assert_str_eq(out, "*!*@*");

	/* Where the end comes between '\' and what it stands before. */
	memset(in, 'a', sizeof(in));
	strcpy(in + MASK_MAX, "\\*!b@c");
	ck_assert_int_eq(mask_normalize(out, in), -1);
	strcpy(in + MASK_MAX - 1, "\\*!b@c");
	ck_assert_int_eq(mask_normalize(out, in), -1);
}
END_TEST

START_TEST(test_extended)
{
	static const char *const masks[] = { "$a", "$~a", "$x:y", "$a:b", "$",
		"~account:bob", "~q", "R:bob", "account:bob", "m:bob",
		"ab.cd:1" };
	static const char *const hosts[] = { "", "bob", "bob!*@*", "*!*@$a",
		"2001:db8::1", "2001:DB8:*", "::1", "*:*", "?::", "*.example",
		"x!y@2001:db8::1", "b@z:1", "[bob]", "a\\*" };
	size_t i;

	for (i = 0; i < NITEMS(masks); i++)
		ck_assert_msg(mask_is_extended(masks[i]), "%s", masks[i]);
	for (i = 0; i < NITEMS(hosts); i++)
		ck_assert_msg(!mask_is_extended(hosts[i]), "%s", hosts[i]);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "mask", NULL, NULL);

	tcase_add_loop_test(tc, test_match, 0, NITEMS(check_matches));
	tcase_add_test(tc, test_match_hostile);
	tcase_add_test(tc, test_match_user);
	tcase_add_loop_test(tc, test_normalize, 0, NITEMS(check_wholes));
	tcase_add_test(tc, test_normalize_refused);
	tcase_add_test(tc, test_normalize_length);
	tcase_add_test(tc, test_extended);
}
