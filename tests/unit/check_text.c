/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Scrubbing what peers send, cutting it, and finding nicks in it.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "text.h"
#include "util.h"

#define FFFD "\xef\xbf\xbd"
#define ACUTE "\xcc\x81" /* U+0301, a combining mark */
#define VS16 "\xef\xb8\x8f" /* U+FE0F, an invisible one */
#define AA "\xe0\xa4\xbe" /* U+093E, a vowel sign that takes room */
#define EIGHT "        "

/*
 * Scrubs in_len bytes, and asserts what holds for all: the bound, the end, and
 * that doing it again changes nothing. The result is the caller's.
 */
static char *
check_scrub(const char *in, size_t in_len)
{
	/* Copies of the exact size, so that a sanitizer sees any excess. */
	char *exact = xmalloc(in_len);
	char *out = xmalloc(in_len * TEXT_SCRUB_GROWTH + 1), *again;
	size_t len;

	memcpy(exact, in, in_len);
	len = text_scrub(out, exact, in_len);
	free(exact);
	ck_assert_uint_le(len, in_len * TEXT_SCRUB_GROWTH);
	ck_assert_uint_eq(strlen(out), len);
	ck_assert(text_is_utf8(out, len));

	again = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	ck_assert_uint_eq(text_scrub(again, out, len), len);
	ck_assert_str_eq(again, out);
	free(again);
	return out;
}

static const struct check_pair {
	const char *in, *out;
} check_plain[] = {
	{ "", "" },
	{ "lunch?", "lunch?" },
	{ "a", "a" },
	{ "%n%s%x", "%n%s%x" }, /* hostile 11 */
	{ " !\"#$%&'()*+,-./0123456789:;<=>?@", " !\"#$%&'()*+,-./0123456789:;"
	    "<=>?@" },
	{ "[\\]^_`{|}~", "[\\]^_`{|}~" },
	{ "Gr\xc3\xb6\xc3\x9f" "e", "Gr\xc3\xb6\xc3\x9f" "e" },
	{ "\xe5\xa4\xa9\xe5\x9c\xb0", "\xe5\xa4\xa9\xe5\x9c\xb0" },
	{ "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7"
	    "\x9d" }, /* Hebrew */
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x91\x8d\xf0\x9f\x8f"
	    "\xbd" }, /* an emoji with its skin tone */
	{ "1" VS16 "\xe2\x83\xa3", "1" VS16 "\xe2\x83\xa3" }, /* a keycap */
	{ FFFD, FFFD },
	{ "\xee\x82\xb0", "\xee\x82\xb0" }, /* private use */
	/* A leech in Burmese: five marks on one letter, three take room. */
	{ "\xe1\x80\x99\xe1\x80\xbb\xe1\x80\xbe\xe1\x80\xb1\xe1\x80\xac\xe1"
	  "\x80\xb7", "\xe1\x80\x99\xe1\x80\xbb\xe1\x80\xbe\xe1\x80\xb1\xe1"
	    "\x80\xac\xe1\x80\xb7" },
};

/* hostile 13-15, 17, 18, 58 */
static const struct check_pair check_gone[] = {
	{ "a\033[2Jb", "a[2Jb" },
	{ "\033]0;title\007x", "]0;titlex" },
	{ "\033]52;c;aGk=\033\\x", "]52;c;aGk=\\x" },
	{ "\033P$q\033\\x", "P$q\\x" },
	{ "a\xc2\x9b" "2Jb", "a2Jb" }, /* an 8-bit CSI */
	{ "\xc2\x80\xc2\x85\xc2\x9d\xc2\x9f" "a", "a" },
	{ "\a\a\aa\a", "a" },
	{ "a\b_\x7f", "a_" },
	{ "a\rb\nc\vd\fe", "abcde" },
	{ "a\016b\017c", "abc" }, /* other character sets */
	{ "\002bold\002 \00304red\003", "bold 04red" },
	{ "a\xe2\x80\xae" "b\xe2\x80\xac", "ab" }, /* U+202E, U+202C */
	{ "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xad" "a", "a" },
	{ "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9" "a", "a" },
	{ "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c" "a", "a" }, /* the marks */
	{ "a\xe2\x80\x8b" "b\xe2\x80\x8c" "c\xe2\x80\x8d" "d", "abcd" },
	{ "a\xe2\x81\xa0" "b\xef\xbb\xbf" "c\xc2\xad" "d", "abcd" },
	{ "a\xe2\x80\xa8" "b\xe2\x80\xa9" "c", "abc" },
	{ "a\xf3\xa0\x80\x81\xf3\xa0\x81\x81\xf3\xa0\x81\xbf" "b", "ab" },
	{ "a\xcd\x8f" "b", "ab" }, /* U+034F */
	{ "a\xef\xbf\xb9" "b\xef\xbf\xba" "c\xef\xbf\xbb", "abc" },
	{ "a\xe1\x85\x9f\xe1\x85\xa0\xe3\x85\xa4\xef\xbe\xa0" "b", "ab" },
	{ "a\xe1\xa0\x8e" "b", "ab" }, /* U+180E */
	{ "a\xe2\x81\xa5" "b\xef\xbf\xb0" "c", "abc" }, /* kept for such */
	{ "a\xd8\x80" "b", "ab" }, /* the Arabic number sign */
	{ "\xf0\x9d\x85\xb3" "a", "a" }, /* musical format */
};

/* hostile 16 */
static const struct check_pair check_bad[] = {
	{ "a\xff" "b", "a" FFFD "b" },
	{ "\xfe\xff", FFFD FFFD },
	{ "\x80", FFFD },
	{ "\xc0\x80", FFFD FFFD }, /* an overlong NUL */
	{ "\xc1\xbf", FFFD FFFD },
	{ "\xe0\x80\xaf", FFFD FFFD FFFD },
	{ "\xf0\x80\x80\xaf", FFFD FFFD FFFD FFFD },
	{ "\xed\xa0\x80", FFFD FFFD FFFD }, /* a surrogate */
	{ "\xed\xbf\xbf", FFFD FFFD FFFD },
	{ "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD }, /* U+110000 */
	{ "\xf5\x80\x80\x80", FFFD FFFD FFFD FFFD },
	{ "\xf8\x88\x80\x80\x80", FFFD FFFD FFFD FFFD FFFD },
	{ "\xc3", FFFD },
	{ "\xe2\x82", FFFD FFFD },
	{ "\xe2\x82z", FFFD FFFD "z" },
	{ "\xf0\x9f\x98", FFFD FFFD FFFD },
	{ "\xe2\001\x82\xac", FFFD FFFD FFFD }, /* not joined by what goes */
	{ "\xc3\xc3\xb6", FFFD "\xc3\xb6" },
	{ "\xef\xbf\xbe", FFFD }, /* U+FFFE */
	{ "\xef\xbf\xbf", FFFD },
	{ "\xef\xb7\x90", FFFD }, /* U+FDD0 */
	{ "\xf4\x8f\xbf\xbf", FFFD }, /* U+10FFFF */
	{ "\xf0\xaf\xbf\xbf", FFFD }, /* U+2FFFF */
	{ "\xef\xbf\xbc", FFFD }, /* U+FFFC */
	{ "\xf1\x80\x80\x80", FFFD }, /* U+40000, unassigned */
	{ "\xf0\xb0\x80\x80", "\xf0\xb0\x80\x80" }, /* kept for ideographs */
	{ "\xf0\x9f\xab\xbf", "\xf0\x9f\xab\xbf" }, /* kept for emoji */
	{ "\xff" ACUTE, FFFD ACUTE },
};

/* hostile 19 */
static const struct check_pair check_marks[] = {
	{ "e" ACUTE, "e" ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE, "e" ACUTE ACUTE ACUTE ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE ACUTE, "e" ACUTE ACUTE ACUTE ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE ACUTE "e" ACUTE, "e" ACUTE ACUTE ACUTE
	    ACUTE "e" ACUTE },
	{ ACUTE "e", "e" },
	{ "\001" ACUTE "e", "e" },
	{ " " ACUTE "e", " e" },
	{ "a " ACUTE "e", "a e" },
	{ "e" ACUTE ACUTE "\001" ACUTE ACUTE "\xe2\x80\x8b" ACUTE, "e" ACUTE
	    ACUTE ACUTE ACUTE },
	{ "e" VS16 VS16 VS16 VS16 VS16 ACUTE, "e" VS16 VS16 VS16 VS16 },
	{ "\xe2\x9d\xa4" VS16, "\xe2\x9d\xa4" VS16 },
	{ "\xc3\xb6" ACUTE, "\xc3\xb6" ACUTE },
	{ "e\xe2\x83\x9d\xe2\x83\x9d\xe2\x83\x9d\xe2\x83\x9d\xe2\x83\x9d",
	    "e\xe2\x83\x9d\xe2\x83\x9d\xe2\x83\x9d\xe2\x83\x9d" }, /* Me */
	{ "\xe0\xa4\x95" AA AA AA AA AA ACUTE, "\xe0\xa4\x95" AA AA AA AA
	    ACUTE },
	{ AA "a", "a" },
	{ " " AA "a", " a" },
	/* Hangul vowels on a letter of another kind. */
	{ "a\xe1\x85\xa1\xe1\x85\xa1\xe1\x85\xa1\xe1\x85\xa1\xe1\x85\xa1"
	  "\xed\x9e\xb0\xe1\x86\xa8", "a\xe1\x85\xa1\xe1\x85\xa1\xe1\x85\xa1"
	    "\xe1\x85\xa1" },
	{ "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xe1\x84\x80\xe1\x85\xa1"
	    "\xe1\x86\xa8" },
};

/* hostile 21 */
static const struct check_pair check_blanks[] = {
	{ " ", "" },
	{ "\t\t", "" },
	{ "a\tb", "a b" },
	{ "  a", "  a" },
	{ "a  ", "a" },
	{ "a\t \t", "a" },
	{ "a " "\001\002", "a" },
	{ "a" EIGHT "b", "a" EIGHT "b" },
	{ "a" EIGHT " b", "a" EIGHT "b" },
	{ "a" EIGHT EIGHT EIGHT "b" EIGHT EIGHT, "a" EIGHT "b" },
	{ "a" EIGHT "  \t \tb", "a" EIGHT "b" },
	{ EIGHT EIGHT "b", EIGHT "b" },
	{ "a" EIGHT "\001" EIGHT "b", "a" EIGHT "b" }, /* what goes joins */
	{ "a" EIGHT "\xe2\x80\x8b" EIGHT "b", "a" EIGHT "b" },
	{ "a" EIGHT VS16 EIGHT "b", "a" EIGHT "b" }, /* marks do not part */
	{ "a" EIGHT AA EIGHT "b", "a" EIGHT "b" },
	{ "a" EIGHT "\xe1\x85\xa1" EIGHT "b", "a" EIGHT "b" },
	{ "a " VS16, "a" },
	{ "a" EIGHT "." EIGHT "b", "a" EIGHT "." EIGHT "b" },
	{ "a" EIGHT "\xff" EIGHT "b", "a" EIGHT FFFD EIGHT "b" },
	{ "a\xc2\xa0\xe2\x80\x83\xe3\x80\x80\xe1\x9a\x80" "b", "a    b" },
	{ "a\xe2\xa0\x80" "b", "a b" }, /* braille */
	{ "a\xf0\x9d\x85\x99" "b", "a b" }, /* a note without a head */
	{ "a\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0"
	  "\xc2\xa0 b", "a" EIGHT "b" },
	{ "\xe3\x80\x80", "" },
};

static const struct {
	const struct check_pair *pairs;
	size_t n;
} check_groups[] = {
	{ check_plain, NITEMS(check_plain) },
	{ check_gone, NITEMS(check_gone) },
	{ check_bad, NITEMS(check_bad) },
	{ check_marks, NITEMS(check_marks) },
	{ check_blanks, NITEMS(check_blanks) },
};

START_TEST(test_pairs)
{
	const struct check_pair *pair;
	char *out;
	size_t i;

	for (i = 0; i < check_groups[_i].n; i++) {
		pair = &check_groups[_i].pairs[i];
		out = check_scrub(pair->in, strlen(pair->in));
		ck_assert_msg(strcmp(out, pair->out) == 0,
		    "group %d, pair %zu: \"%s\", not \"%s\"", _i, i, out,
		    pair->out);
		free(out);
	}
}
END_TEST

/* hostile 5 */
START_TEST(test_nul)
{
	char *out = check_scrub("a\0b\0", 4);

	ck_assert_str_eq(out, "ab");
	free(out);
	out = check_scrub("\0", 1);
	ck_assert_str_eq(out, "");
	free(out);
}
END_TEST

/* hostile 19: 500 of them */
START_TEST(test_zalgo)
{
	char in[1 + 500 * 2] = "z", *out;
	size_t i;

	for (i = 0; i < 500; i++)
		memcpy(in + 1 + 2 * i, ACUTE, 2);
	out = check_scrub(in, sizeof(in));
	ck_assert_str_eq(out, "z" ACUTE ACUTE ACUTE ACUTE);
	free(out);
}
END_TEST

START_TEST(test_worst_growth)
{
	char in[100], *out;

	memset(in, 0x80, sizeof(in));
	out = check_scrub(in, sizeof(in));
	ck_assert_uint_eq(strlen(out), sizeof(in) * TEXT_SCRUB_GROWTH);
	free(out);
}
END_TEST

/* Each character between two letters, which stay: see also fuzz_text. */
START_TEST(test_every_character)
{
	char in[8], *out;
	uint8_t *end;
	ucs4_t c;
	int len;

	for (c = 1; c <= 0x10ffff; c += c < 0x20000 || c >= 0xe0000 ? 1 : 17) {
		end = (uint8_t *)in;
		*end++ = 'a';
		len = u8_uctomb(end, c, 4);
		if (len < 0)
			continue; /* a surrogate */
		end += len;
		*end++ = 'b';
		out = check_scrub(in, (size_t)((char *)end - in));
		ck_assert(out[0] == 'a' && out[strlen(out) - 1] == 'b');
		if (c < 0x80 && c != '\t')
			ck_assert_uint_eq(strlen(out),
			    c >= ' ' && c != 0x7f ? 3 : 2);
		free(out);
	}
}
END_TEST

/* Letters that have a way of their own, against those beside them. */
START_TEST(test_edges_of_common_letters)
{
	static const char *const stay[] = {
		"\xc3\x80", "\xcb\xbf", "\xd0\x80", "\xd2\x81", "\xe3\x81\x81",
		"\xe3\x82\x96", "\xe3\x82\xa1", "\xe3\x83\xba", "\xe4\xb8\x80",
		"\xe9\xbf\xbf", "\xea\xb0\x80", "\xed\x9e\xa3" };
	static const char *const marks[] = { "\xcc\x80", "\xd2\x83",
		"\xe3\x82\x99" };
	char *out;
	size_t i;

	for (i = 0; i < NITEMS(stay); i++) {
		out = check_scrub(stay[i], strlen(stay[i]));
		ck_assert_str_eq(out, stay[i]);
		free(out);
	}
	for (i = 0; i < NITEMS(marks); i++) {
		out = check_scrub(marks[i], strlen(marks[i]));
		ck_assert_str_eq(out, "");
		free(out);
	}
}
END_TEST

/* hostile 6 */
static const struct {
	const char *s;
	size_t max_bytes, cut;
} check_cuts[] = {
	{ "", 0, 0 },
	{ "", 10, 0 },
	{ "abc", 0, 0 },
	{ "abc", 2, 2 },
	{ "abc", 3, 3 },
	{ "abc", 4, 3 },
	{ "ab cd", 3, 2 },
	{ "ab cd", 4, 4 },
	{ "ab  ", 4, 2 },
	{ "   ", 2, 0 },
	{ "a\xc3\xb6z", 1, 1 },
	{ "a\xc3\xb6z", 2, 1 },
	{ "a\xc3\xb6z", 3, 3 },
	{ "\xe2\x82\xac", 2, 0 },
	{ "\xe2\x82\xac", 3, 3 },
	{ "a\xf0\x9f\x98\x80", 4, 1 },
	{ "ae" ACUTE ACUTE "z", 1, 1 },
	{ "ae" ACUTE ACUTE "z", 2, 1 }, /* takes the e along */
	{ "ae" ACUTE ACUTE "z", 4, 1 },
	{ "ae" ACUTE ACUTE "z", 5, 1 },
	{ "ae" ACUTE ACUTE "z", 6, 6 },
	{ "e" ACUTE ACUTE "z", 3, 3 }, /* cannot be helped */
	{ "e" ACUTE ACUTE "z", 4, 3 },
	{ "a\xe0\xa4\x95" AA "z", 4, 1 },
	{ "a\xe0\xa4\x95" AA "z", 7, 7 },
	{ "a e" ACUTE, 3, 1 },
};

START_TEST(test_cut)
{
	const char *s = check_cuts[_i].s;
	char *exact = xmalloc(strlen(s));

	memcpy(exact, s, strlen(s));
	ck_assert_uint_eq(text_cut(exact, strlen(s), check_cuts[_i].max_bytes),
	    check_cuts[_i].cut);
	free(exact);
}
END_TEST

START_TEST(test_is_utf8)
{
	size_t i;

	ck_assert(text_is_utf8("", 0));
	ck_assert(text_is_utf8("a\0b", 3));
	ck_assert(text_is_utf8("\xf4\x8f\xbf\xbf", 4));
	ck_assert(!text_is_utf8("\xe2\x82\xac", 2));
	for (i = 0; i < 18; i++) /* the malformed ones above */
		ck_assert_msg(!text_is_utf8(check_bad[i].in,
		    strlen(check_bad[i].in)), "%zu", i);
}
END_TEST

static const struct {
	const char *text, *nick;
	bool mentioned;
} check_mentions[] = {
	{ "ana", "ana", true },
	{ "Ana?", "ana", true },
	{ "hey ANA", "aNa", true },
	{ "@ana, lunch", "ana", true },
	{ "(ana)", "ana", true },
	{ "anna ana", "ana", true },
	{ "ana", "ana-b", false },
	{ "ana-b", "ana", false },
	{ "ana-b", "ana-b", true },
	{ "ana_", "ana", false },
	{ "banana", "ana", false },
	{ "anana", "ana", false },
	{ "ana1", "ana", false },
	{ "an", "ana", false },
	{ "an a", "ana", false },
	{ "", "ana", false },
	{ "ana", "", false },
	{ "a-[", "a-{", false }, /* no letters: case does not fold them */
	{ "ana\xc3\xa9", "ana", true }, /* nicks are ASCII: a word ends */
	{ "aaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa", false },
	{ "x aaaaaaaaaaaaaaaaaaaa", "AAAAAAAAAAAAAAAAAAAA", true },
	{ "aaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa", false },
};

START_TEST(test_mentions)
{
	const char *text = check_mentions[_i].text;
	size_t len = strlen(text);
	char *exact = xmalloc(len);

	memcpy(exact, text, len);
	ck_assert_msg(text_mentions(exact, len, check_mentions[_i].nick) ==
	    check_mentions[_i].mentioned, "%s in %s", check_mentions[_i].nick,
	    text);
	free(exact);
}
END_TEST

static Suite *
text_suite(void)
{
	Suite *s = suite_create("text");
	TCase *tc;

	tc = tcase_create("scrub");
	tcase_set_timeout(tc, 60); /* all of Unicode, maybe under valgrind */
	tcase_add_loop_test(tc, test_pairs, 0, (int)NITEMS(check_groups));
	tcase_add_test(tc, test_nul);
	tcase_add_test(tc, test_zalgo);
	tcase_add_test(tc, test_worst_growth);
	tcase_add_test(tc, test_every_character);
	tcase_add_test(tc, test_edges_of_common_letters);
	suite_add_tcase(s, tc);

	tc = tcase_create("rest");
	tcase_add_loop_test(tc, test_cut, 0, (int)NITEMS(check_cuts));
	tcase_add_test(tc, test_is_utf8);
	tcase_add_loop_test(tc, test_mentions, 0,
	    (int)NITEMS(check_mentions));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *runner = srunner_create(text_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
