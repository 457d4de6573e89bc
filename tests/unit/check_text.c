/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Scrubbing what peers send, and cutting it.
 */
#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "base/text.h"
#include "base/util.h"
#include "unit.h"

#define FFFD "\uFFFD"
#define ACUTE "\u0301" /* a combining mark */
#define VS16 "\uFE0F" /* an invisible one */
#define AA "\u093E" /* a vowel sign that takes room */
#define EIGHT "        "
#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467"
#define SCOTLAND \
	"\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074" \
	"\U000E007F"

/*
 * Scrubs in_len bytes, and asserts what holds for all: the bound, the end, and
 * that doing it again changes nothing. The result is the caller's.
 */
static char *
check_scrub(const char *in, size_t in_len)
{
	/* Copies of the exact size, so that a sanitizer sees any excess. */
	char *trackers = xmalloc(in_len);
	char *out = xmalloc(in_len * TEXT_SCRUB_GROWTH + 1), *again;
	size_t len;

	memcpy(trackers, in, in_len);
	len = text_scrub(out, trackers, in_len);
	free(trackers);
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
	{ " !\"#$%&'()*+,-./0123456789:;<=>?@",
	    " !\"#$%&'()*+,-./0123456789:;<=>?@" },
	{ "[\\]^_`{|}~", "[\\]^_`{|}~" },
	{ "Gr\u00F6\u00DFe", "Gr\u00F6\u00DFe" },
	{ "\u5929\u5730", "\u5929\u5730" },
	{ "\u05E9\u05DC\u05D5\u05DD", "\u05E9\u05DC\u05D5\u05DD" }, /* Hebrew */
	{ "\U0001F600", "\U0001F600" },
	{ "\U0001F44D\U0001F3FD",
	    "\U0001F44D\U0001F3FD" }, /* an emoji with its skin tone */
	{ "1" VS16 "\u20E3", "1" VS16 "\u20E3" }, /* a keycap */
	{ FFFD, FFFD },
	{ "\uE0B0", "\uE0B0" }, /* private use */
	/* A leech in Burmese: five marks on one letter, three take room. */
	{ "\u1019\u103B\u103E\u1031\u102C\u1037",
	    "\u1019\u103B\u103E\u1031\u102C\u1037" },
};

/* hostile 13, 14, 17, 18, 58 */
static const struct check_pair check_gone[] = {
	{ "a\302\2332Jb", "a2Jb" }, /* an 8-bit CSI */
	{ "\302\200\302\206\302\235\302\237a", "a" }, /* other C1 */
	{ "\a\a\aa\a", "a" },
	{ "a\016b\017c", "abc" }, /* other character sets */
	{ "\002bold\002 \00304red\003", "bold 04red" },
	{ "a\u202Eb\u202C", "ab" }, { "\u202A\u202B\u202Da", "a" },
	{ "\u2066\u2067\u2068\u2069a", "a" },
	{ "\u200E\u200F\u061Ca", "a" }, /* the marks */
	{ "a\u200Bb\u200Cc\u200Dd", "abcd" },
	{ "a\u2060b\uFEFFc\u00ADd", "abcd" },
	{ "a\U000E0001\U000E0041\U000E007Fb", "ab" }, { "a\u034Fb", "ab" },
	{ "a\uFFF9b\uFFFAc\uFFFB", "abc" },
	{ "a\u115F\u1160\u3164\uFFA0b", "ab" }, { "a\u180Eb", "ab" },
	{ "a\u2065b\uFFF0c", "abc" }, /* kept for such */
	{ "a\u0600b", "ab" }, /* the Arabic number sign */
	{ "\U0001D173a", "a" }, /* musical format */
};

/* hostile 4, 18: what separates leaves a blank */
static const struct check_pair check_separators[] = {
	{ "first\rsecond", "first second" },
	{ "a\x0b"
	  "b",
	    "a b" },
	{ "a\fb\nc", "a b c" },
	{ "a\u2028b\u2029c", "a b c" },
	{ "a\302\205b", "a b" },
	{ "10%\r20%\r", "10% 20%" },
	{ "\ra", " a" },
};

/* hostile 15 */
static const struct check_pair check_erased[] = {
	{ "helk\blo", "hello" },
	{ "helk\x7flo", "hello" },
	{ "x\025hello", "hello" },
	{ "hello wrong\027there", "hello there" },
	{ "h\u00e9\bello", "hello" },
	{ "/nicj\bk ana", "/nick ana" },
	{ "a\b\b\bb", "b" },
	{ "\b\x7f\025\027", "" },
	{ "a\b_\x7f", "" },
	{ "x\u0e01\u0e33\u0e49\by", "xy" }, /* a cluster of three */
	{ "xe" ACUTE ACUTE "\by", "xy" },
	{ "x" FAMILY "\by", "xy" },
	{ "x" SCOTLAND "\by", "xy" },
	{ "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7\bx",
	    "\U0001F1E9\U0001F1EAx" },
	{ "x\U0001F44D\U0001F3FD\by", "xy" },
	{ "x\xe9\by", "xy" }, /* a bad byte is one character */
	{ "x\xe2\x82\by", "x" FFFD "y" },
	{ "e\b" ACUTE "a", "a" },
	{ "ae\b" ACUTE, "a" ACUTE }, /* it is on the a now */
	{ "one two  \027\027three", "three" },
	{ "one two\033\x7fthree", "one three" },
	{ "one two\033\bthree", "one three" },
	{ "a" EIGHT EIGHT "\bb", "a       b" },
	{ "\u06cc\u200c\u0631\b", "\u06cc" }, /* the joiner was for it */
	{ "\u06cc\u200c\u0631\b\u0631", "\u06cc\u200c\u0631" },
	{ "a\u200e\u05d0\bb", "ab" },
	/* Behind virama and ZWJ only a letter of that script is of the same
	 * character. */
	{ "\u0d9a\u0dca\u200dx\b", "\u0d9a\u0dca\u200d" },
	{ "\u0d9a\u0dca\u200d \bb", "\u0d9a\u0dca\u200db" },
	{ "\u0d9a\u0dca\u200d\u05d0\b", "\u0d9a\u0dca\u200d" },
	{ "a\u0d9a\u0dca\u200d\u0dbb\u0dd3\b", "a" },
	{ "ab\001\bc", "ac" },
	{ "sudo\025\025ok\033[D\b!", "o!" },
};

/* hostile 13, 15: what terminals and pastes bring vanishes whole */
static const struct check_pair check_sequences[] = {
	{ "\033[A\r", "" },
	{ "\033OA\033OB\033Oj", "" },
	{ "\033\033[A", "" },
	{ "\033[1;5Ca\033[3~b", "ab" },
	{ "\033[[Aa\033[[Eb", "ab" }, /* the Linux console's F1, F5 */
	{ "\033[200~pasted\033[201~", "pasted" },
	{ "\033[I\033[O", "" },
	{ "\033[<0;10;10M\033[<0;10;10m", "" },
	{ "\033[M !!a\033[M#\u00a1\u00a2b", "ab" }, /* old mouse reports */
	{ "\033[32;10;10Ma", "a" },
	{ "\033[Ma", "a" },
	{ "\033[?2026;2$ya\033[?1;2cb\033[24;80Rc", "abc" },
	{ "\033[97;5ua", "a" },
	{ "\033[31mred\033[0m\033(B", "red" },
	{ "a\033[2Jb", "ab" },
	{ "\033]0;t\ahello", "hello" },
	{ "\033]0;title\033\\x", "x" },
	{ "\033]52;c;aGk=\033\\x", "x" },
	{ "\033]11;rgb:0000/0000/0000\033\\", "" },
	{ "\033P$q\033\\x", "x" },
	{ "\033]0;t\033[Ax", "x" }, /* broken off */
	/* What never ends is none: nobody's words are lost. */
	{ "\033]0;hello", "]0;hello" },
	{ "\033Please", "Please" },
	{ "\033hello", "hello" }, /* a key, and then a word */
	{ "hello\033", "hello" },
	{ "\033[", "" },
	{ "\033[12", "" },
	{ "a\033[\u00e9", "a\u00e9" },
	{ "\033[1\033[1;2Aa", "a" },
	{ "\033O\u00e9", "O\u00e9" },
};

/* hostile 18: what is invisible, and stands for something */
static const struct check_pair check_joined[] = {
	{ "\u0645\u06cc\u200c\u0631\u0648\u0645",
	    "\u0645\u06cc\u200c\u0631\u0648\u0645" }, /* I go, in Persian */
	{ "\u0645\u06cc\u200c \u0631", "\u0645\u06cc \u0631" },
	{ "\u0645\u06cc\u200c", "\u0645\u06cc" },
	{ "\u0631\u200c\u0645", "\u0631\u0645" }, /* reh never joins */
	{ "\u0645\u06cc\u200c\u200b\u200c\u0631", "\u0645\u06cc\u200c\u0631" },
	{ "\u0647\u200d.", "\u0647\u200d." }, /* an initial heh */
	{ "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
	    "\u0dc1\u0dca\u200d\u0dbb\u0dd3" }, /* Sri, in Sinhala */
	{ "\u0d15\u0d4d\u200d", "\u0d15\u0d4d\u200d" }, /* Malayalam */
	{ "\u0915\u094d\u200c\u0937", "\u0915\u094d\u200c\u0937" },
	{ "\u0915\u094d\u200d\u200d\u0937", "\u0915\u094d\u200d\u0937" },
	{ "\u09b0\u200d\u09cd\u09af", "\u09b0\u200d\u09cd\u09af" },
	{ "\u1820\u180e\u1820", "\u1820\u180e\u1820" }, /* Mongolian */
	{ FAMILY, FAMILY },
	{ SCOTLAND "!", SCOTLAND "!" },
	{ "\U0001F469\U0001F3FB\u200D\u2764" VS16
	  "\u200D\U0001F48B\u200D\U0001F468\U0001F3FB",
	    "\U0001F469\U0001F3FB\u200D\u2764" VS16
	    "\u200D\U0001F48B\u200D\U0001F468\U0001F3FB" },
	{ "\U0001F468\u200D!", "\U0001F468!" },
	{ "\u200D\U0001F468\u200D", "\U0001F468" },
	/* Tags that end no flag, or stand behind something else. */
	{ "\U0001F3F4\U000E0067\U000E0062x", "\U0001F3F4x" },
	{ "\U0001F3F4\U000E0067\U000E0062\U000E007Fx", "\U0001F3F4x" },
	{ "\U0001F3F3\U000E0067\U000E0062\U000E0073\U000E007F", "\U0001F3F3" },
	{ "\u05e0\u200e!", "\u05e0\u200e!" },
	{ "C++\u200f \u05d4\u05d9\u05d0", "C++\u200f \u05d4\u05d9\u05d0" },
	{ "\u0627\u061c\u061c\u200f1", "\u0627\u061c1" },
	{ "\u05e0 \u200e", "\u05e0 \u200e" },
	{ "a \u200e", "a" },
	/* The marks of direction go, and what they parted is one. */
	{ "\U0001f44d\U0001f3fd\u200e\U0001f3fd\u200e\U0001f3fd",
	    "\U0001f44d\U0001f3fd" },
	{ "\U0001f3fd\u200e\U0001f3fd\u200f" ACUTE "\u200e" ACUTE,
	    "\U0001f3fd" },
	{ "a" ACUTE ACUTE ACUTE ACUTE "\u200e" ACUTE "\u200e" ACUTE,
	    "a" ACUTE ACUTE ACUTE ACUTE },
	{ "\u05d0\U0001f3fd\u200e\U0001f3fd", "\u05d0\U0001f3fd\u200e" },
	{ "a\u200e" ACUTE, "a" },
	{ "\u05d0" EIGHT "\u200e" EIGHT "b",
	    "\u05d0" EIGHT "\u200e"
	    "b" },
};

/* hostile 16 */
static const struct check_pair check_bad[] = {
	{ "a\377b", "a" FFFD "b" },
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
	{ "\xc3\u00F6", FFFD "\u00F6" },
	{ "\uFFFE", FFFD },
	{ "\uFFFF", FFFD },
	{ "\uFDD0", FFFD },
	{ "\U0010FFFF", FFFD },
	{ "\U0002FFFF", FFFD },
	{ "\uFFFC", FFFD },
	{ "\U00040000", FFFD }, /* unassigned */
	{ "\U00030000", "\U00030000" }, /* kept for ideographs */
	{ "\U0001FAFF", "\U0001FAFF" }, /* kept for emoji */
	{ "\xff" ACUTE, FFFD ACUTE },
};

/* hostile 19 */
static const struct check_pair check_marks[] = {
	{ "e" ACUTE, "e" ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE, "e" ACUTE ACUTE ACUTE ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE ACUTE, "e" ACUTE ACUTE ACUTE ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE ACUTE "e" ACUTE,
	    "e" ACUTE ACUTE ACUTE ACUTE "e" ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE "\u00F6" ACUTE,
	    "e" ACUTE ACUTE ACUTE ACUTE "\u00F6" ACUTE },
	{ "e" ACUTE ACUTE ACUTE ACUTE "\xff" ACUTE,
	    "e" ACUTE ACUTE ACUTE ACUTE FFFD ACUTE },
	{ ACUTE "e", "e" },
	{ "\001" ACUTE "e", "e" },
	{ " " ACUTE "e", " e" },
	{ "a " ACUTE "e", "a e" },
	{ "e" ACUTE ACUTE "\001" ACUTE ACUTE "\u200B" ACUTE,
	    "e" ACUTE ACUTE ACUTE ACUTE },
	{ "e" VS16 VS16 VS16 VS16 VS16 ACUTE, "e" VS16 VS16 VS16 VS16 },
	{ "\u2764" VS16, "\u2764" VS16 },
	{ "\u00F6" ACUTE, "\u00F6" ACUTE },
	{ "e\u20DD\u20DD\u20DD\u20DD\u20DD",
	    "e\u20DD\u20DD\u20DD\u20DD" }, /* Me */
	{ "\u0915" AA AA AA AA AA ACUTE, "\u0915" AA AA AA AA ACUTE },
	{ AA "a", "a" },
	{ " " AA "a", " a" },
	/* Hangul vowels on a letter of another kind. */
	{ "a\u1161\u1161\u1161\u1161\u1161\uD7B0\u11A8",
	    "a\u1161\u1161\u1161\u1161" },
	{ "\u1100\u1161\u11A8", "\u1100\u1161\u11A8" },
};

/* hostile 21 */
static const struct check_pair check_blanks[] = {
	{ " ", "" },
	{ "\t\t", "" },
	{ "a\tb", "a b" },
	{ "  a", "  a" },
	{ "a  ", "a" },
	{ "a\t \t", "a" },
	{ "a \001\002", "a" },
	{ "a" EIGHT "b", "a" EIGHT "b" },
	{ "a" EIGHT " b", "a" EIGHT "b" },
	{ "a" EIGHT EIGHT EIGHT "b" EIGHT EIGHT, "a" EIGHT "b" },
	{ "a" EIGHT "  \t \tb", "a" EIGHT "b" },
	{ EIGHT EIGHT "b", EIGHT "b" },
	{ "a" EIGHT "\001" EIGHT "b", "a" EIGHT "b" }, /* what goes joins */
	{ "a" EIGHT "\u200B" EIGHT "b", "a" EIGHT "b" },
	{ "a" EIGHT VS16 EIGHT "b", "a" EIGHT "b" }, /* marks do not part */
	{ "a" EIGHT AA EIGHT "b", "a" EIGHT "b" },
	{ "a" EIGHT "\u1161" EIGHT "b", "a" EIGHT "b" },
	{ "a " VS16, "a" },
	{ "a" EIGHT "." EIGHT "b", "a" EIGHT "." EIGHT "b" },
	{ "a" EIGHT "\xff" EIGHT "b", "a" EIGHT FFFD EIGHT "b" },
	{ "a\u00A0\u2003\u3000\u1680b", "a    b" },
	{ "a\u2800b", "a b" }, /* braille */
	{ "a\U0001D159b", "a b" }, /* a note without a head */
	{ "a\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0 b",
	    "a" EIGHT "b" },
	{ "\u3000", "" },
};

static const struct {
	const struct check_pair *pairs;
	size_t n;
} check_groups[] = {
	{ check_plain, NITEMS(check_plain) },
	{ check_gone, NITEMS(check_gone) },
	{ check_separators, NITEMS(check_separators) },
	{ check_erased, NITEMS(check_erased) },
	{ check_sequences, NITEMS(check_sequences) },
	{ check_joined, NITEMS(check_joined) },
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

/*
 * Each character between two letters: see also fuzz_text. Both stay but for
 * what erases the first.
 */
START_TEST(test_every_character)
{
	char in[8], *out;
	uint8_t *end;
	ucs4_t c;
	int len;
	bool erases;

	for (c = 1; c <= 0x10ffff; c += c < 0x20000 || c >= 0xe0000 ? 1 : 17) {
		end = (uint8_t *)in;
		*end++ = 'a';
		len = u8_uctomb(end, c, 4);
		if (len < 0)
			continue; /* a surrogate */
		end += len;
		*end++ = 'b';
		out = check_scrub(in, (size_t)((char *)end - in));
		erases = c == '\b' || c == 0x7f || c == 0x15 || c == 0x17;
		ck_assert(out[0] == (erases ? 'b' : 'a') &&
		    out[strlen(out) - 1] == 'b');
		if (c < 0x80)
			ck_assert_uint_eq(strlen(out),
			    c >= ' ' && c != 0x7f      ? 3 :
				c >= '\t' && c <= '\r' ? 3 :
				erases                 ? 1 :
							 2);
		free(out);
	}
}
END_TEST

/* Erasing costs no more than writing, whatever is erased. */
START_TEST(test_erasing_much)
{
	static char in[60000];
	char *out;
	size_t n = 0;

	while (n < 20000) {
		memcpy(in + n, "\U0001F1E9", 4);
		n += 4;
	}
	while (n < sizeof(in)) {
		memcpy(in + n, "\U0001F1EA\b", 5);
		n += 5;
	}
	out = check_scrub(in, n);
	ck_assert_uint_eq(strlen(out), 20000);
	free(out);
}
END_TEST

/* As many as there are: no character's cluster grows without limit. */
START_TEST(test_long_sequences)
{
	char in[500], *out;
	size_t i;

	in[0] = '\0';
	for (i = 0; i < 20; i++)
		strcat(in, i == 0 ? "\U0001F468" : "\u200D\U0001F468");
	out = check_scrub(in, strlen(in));
	ck_assert_uint_eq(strlen(out), 20 * 4 + (8 + 8 + 1) * 3);
	free(out);
	in[0] = '\0';
	for (i = 0; i < 20; i++)
		strcat(in, i == 0 ? "\U0001F44D" : "\U0001F3FD");
	out = check_scrub(in, strlen(in));
	ck_assert_uint_eq(strlen(out), (1 + TEXT_MAX_MARKS) * 4);
	free(out);
}
END_TEST

/* Letters that have a way of their own, against those beside them. */
START_TEST(test_edges_of_common_letters)
{
	static const char *const stay[] = { "\u00C0", "\u02FF", "\u0400",
		"\u0481", "\u3041", "\u3096", "\u30A1", "\u30FA", "\u4E00",
		"\u9FFF", "\uAC00", "\uD7A3" };
	static const char *const marks[] = { "\u0300", "\u0483", "\u3099" };
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
	{ "a\u00F6z", 1, 1 },
	{ "a\u00F6z", 2, 1 },
	{ "a\u00F6z", 3, 3 },
	{ "\u20AC", 2, 0 },
	{ "\u20AC", 3, 3 },
	{ "a\U0001F600", 4, 1 },
	{ "ae" ACUTE ACUTE "z", 1, 1 },
	{ "ae" ACUTE ACUTE "z", 2, 1 }, /* takes the e along */
	{ "ae" ACUTE ACUTE "z", 4, 1 },
	{ "ae" ACUTE ACUTE "z", 5, 1 },
	{ "ae" ACUTE ACUTE "z", 6, 6 },
	{ "e" ACUTE ACUTE "z", 3, 3 }, /* cannot be helped */
	{ "e" ACUTE ACUTE "z", 4, 3 },
	{ "a\u0915" AA "z", 4, 1 },
	{ "a\u0915" AA "z", 7, 7 },
	{ "a e" ACUTE, 3, 1 },
	{ "ab" FAMILY, 4, 2 },
	{ "ab" FAMILY, 19, 2 },
	{ "ab" FAMILY "c", 20, 20 },
	{ "ab" SCOTLAND, 29, 2 },
	{ "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", 15, 8 },
	{ "a\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", 12, 9 },
	{ "\U0001F44D\U0001F3FD\U0001F44D\U0001F3FD", 12, 8 },
	{ "a\u0dc1\u0dca\u200d\u0dbb\u0dd3", 15, 1 },
	{ "\u1100\u1161\u11a8\u1100", 11, 9 },
	{ "\r\n", 1, 1 },
	{ FAMILY, 4, 4 }, /* cannot be helped */
	{ "a\xff\xff", 2, 2 },
};

START_TEST(test_cut)
{
	const char *s = check_cuts[_i].s;
	char *trackers = xmalloc(strlen(s));

	memcpy(trackers, s, strlen(s));
	ck_assert_uint_eq(text_cut(trackers, strlen(s),
			      check_cuts[_i].max_bytes),
	    check_cuts[_i].cut);
	free(trackers);
}
END_TEST

START_TEST(test_scrub_copy)
{
	char *copy = text_scrub_copy("a\033b  c\xff ", SIZE_MAX);

	ck_assert_str_eq(copy, "ab  c\xef\xbf\xbd");
	free(copy);
	/* Cut after it was scrubbed, and never in a character. */
	copy = text_scrub_copy("\1\1ab\xff", 4);
	ck_assert_str_eq(copy, "ab");
	free(copy);
	ck_assert_ptr_null(text_scrub_copy("", SIZE_MAX));
	ck_assert_ptr_null(text_scrub_copy("\1 \2", SIZE_MAX));
	ck_assert_ptr_null(text_scrub_copy("\xc3\xa4", 1));
}
END_TEST

static const struct check_lines {
	const char *in, *out;
	size_t count;
} check_lines[] = {
	{ "", "", 0 },
	{ "one", "one", 1 },
	{ "one\ntwo\r\n  three ", "one\ntwo\n  three", 3 },
	{ "\n \none\n\n\t\n\ntwo\n\n", "one\n\ntwo", 3 },
	{ "a\033[2J\nb\025c\b\nd", "a\n\nd", 3 },
	{ "\xff\n\xff", "\xef\xbf\xbd\n\xef\xbf\xbd", 2 },
	{ "\n\n", "", 0 },
};

START_TEST(test_scrub_lines)
{
	const struct check_lines *c = &check_lines[_i];
	size_t in_len = strlen(c->in), len, at, next, count = 0;
	char *in = xmalloc(in_len), *out, *again;

	memcpy(in, c->in, in_len);
	out = xmalloc(in_len * TEXT_SCRUB_GROWTH + 1);
	len = text_scrub_lines(out, in, in_len);
	ck_assert_str_eq(out, c->out);
	ck_assert_uint_eq(strlen(out), len);
	ck_assert(text_has_harmless_lines(out, len));
	ck_assert_uint_eq(text_count_lines(out, len), c->count);
	for (at = 0; at < len; at += next, count++)
		ck_assert_ptr_null(memchr(out + at, '\n',
		    text_line(out + at, len - at, &next)));
	ck_assert_uint_eq(count, c->count);
	again = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	ck_assert_uint_eq(text_scrub_lines(again, out, len), len);
	ck_assert_str_eq(again, out);
	free(again);
	free(out);
	free(in);
}
END_TEST

START_TEST(test_is_utf8)
{
	size_t i;

	ck_assert(text_is_utf8("", 0));
	ck_assert(text_is_utf8("a\0b", 3));
	ck_assert(text_is_utf8("\U0010FFFF", 4));
	ck_assert(!text_is_utf8("\u20AC", 2));
	for (i = 0; i < 18; i++) /* the malformed ones above */
		ck_assert_msg(!text_is_utf8(check_bad[i].in,
				  strlen(check_bad[i].in)),
		    "%zu", i);
}
END_TEST

START_TEST(test_is_harmless)
{
	ck_assert(text_has_harmless_lines("", 0));
	ck_assert(text_has_harmless_lines("a\n\nb", 4));
	ck_assert(!text_has_harmless_lines("a\n\n\nb", 5));
	ck_assert(!text_has_harmless_lines("\na", 2));
	ck_assert(!text_has_harmless_lines("a\n", 2));
	ck_assert(!text_has_harmless_lines("a\nb\rc", 5));
	ck_assert(text_is_harmless("", 0));
	ck_assert(text_is_harmless("a \u00a0\u2027\u202f\u2065\u206a", 16));
	ck_assert(!text_is_harmless("a\0b", 3));
	ck_assert(!text_is_harmless("\x1b[2J", 4));
	ck_assert(!text_is_harmless("a\x7f", 2));
	ck_assert(!text_is_harmless("\xc2\x80", 2));
	ck_assert(!text_is_harmless("\xc2\x9b", 2));
	ck_assert(!text_is_harmless("\xc2", 1));
	ck_assert(!text_is_harmless("\u2028", 3));
	ck_assert(!text_is_harmless("\u202e", 3));
	ck_assert(!text_is_harmless("\u2066", 3));
	ck_assert(!text_is_harmless("\u2069", 3));
}
END_TEST

static const struct {
	const char *text, *folded;
} check_folds[] = {
	{ "", "" }, { "Az@[`{09", "az@[`{09" },
	{ "\xc3\x84\xc3\x96\xc3\x9c",
	    "\xc3\xa4\xc3\xb6\xc3\xbc" }, /* umlauts */
	{ "\xce\xa3\xcf\x83", "\xcf\x83\xcf\x83" }, /* sigma */
	{ "\xd0\x96", "\xd0\xb6" }, /* zhe */
	{ "\xe2\x84\xa6", "\xcf\x89" }, /* the ohm sign: shorter */
	{ "\xc8\xba", "\xe2\xb1\xa5" }, /* A with stroke: longer */
	{ "\xe6\x97\xa5", "\xe6\x97\xa5" }, /* no case */
	{ "\xf0\x9f\x91\x8d", "\xf0\x9f\x91\x8d" },
	{ "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8" }, /* Deseret */
	{ "A\xff"
	  "B\xc3",
	    "a\xff"
	    "b\xc3" }, /* not UTF-8: as it is */
};

START_TEST(test_fold)
{
	const char *text = check_folds[_i].text;
	size_t len = strlen(text), folded_len;
	char *copy = xmalloc(len + 1), *out = xmalloc(len * TEXT_FOLD_GROWTH);

	memcpy(copy, text, len);
	folded_len = text_fold(out, copy, len);
	ck_assert_uint_eq(folded_len, strlen(check_folds[_i].folded));
	ck_assert(memcmp(out, check_folds[_i].folded, folded_len) == 0);
	free(copy);
	free(out);
}
END_TEST

/* No character grows by more than that, and folding again changes nothing. */
START_TEST(test_fold_every_character)
{
	char in[8], out[8 * TEXT_FOLD_GROWTH], again[8 * TEXT_FOLD_GROWTH * 2];
	size_t len, out_len;
	ucs4_t c;
	int n;

	for (c = 1; c <= 0x10ffff; c++) {
		n = u8_uctomb((uint8_t *)in, c, sizeof(in));
		if (n <= 0)
			continue; /* a surrogate */
		len = (size_t)n;
		out_len = text_fold(out, in, len);
		QUICK_ASSERT(out_len > 0 && out_len <= len * TEXT_FOLD_GROWTH);
		QUICK_ASSERT(text_is_utf8(out, out_len));
		QUICK_ASSERT(text_fold(again, out, out_len) == out_len);
		QUICK_ASSERT(memcmp(again, out, out_len) == 0);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc;

	tc = unit_case(s, "scrub", NULL, NULL);
	tcase_set_timeout(tc, 60); /* all of Unicode, maybe under valgrind */
	tcase_add_loop_test(tc, test_pairs, 0, (int)NITEMS(check_groups));
	tcase_add_test(tc, test_nul);
	tcase_add_test(tc, test_zalgo);
	tcase_add_test(tc, test_worst_growth);
	tcase_add_test(tc, test_every_character);
	tcase_add_test(tc, test_edges_of_common_letters);
	tcase_add_test(tc, test_erasing_much);
	tcase_add_test(tc, test_long_sequences);

	tc = unit_case(s, "rest", NULL, NULL);
	tcase_add_loop_test(tc, test_cut, 0, (int)NITEMS(check_cuts));
	tcase_add_test(tc, test_scrub_copy);
	tcase_add_loop_test(tc, test_scrub_lines, 0, (int)NITEMS(check_lines));
	tcase_add_test(tc, test_is_utf8);
	tcase_add_test(tc, test_is_harmless);
	tcase_add_loop_test(tc, test_fold, 0, (int)NITEMS(check_folds));
	tcase_add_test(tc, test_fold_every_character);
}
