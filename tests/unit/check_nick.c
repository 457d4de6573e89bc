/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who may be called what, and which names look alike. hostile 23-25
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/nick.h"
#include "base/util.h"
#include "unit.h"

#define CHECK_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct {
	const char *nick;
	enum nick_check check;
} check_nicks[] = {
	{ "a", NICK_OK },
	{ "bob", NICK_OK },
	{ "Bob_the-2nd", NICK_OK },
	{ "z9", NICK_OK },
	{ "a_", NICK_OK },
	{ "abcdefghijklmnopqrst", NICK_OK }, /* 20 */
	{ "lobby", NICK_OK },
	{ "guest", NICK_OK },
	{ "guests", NICK_OK },
	{ "guest_1", NICK_OK },
	{ "gue5t", NICK_OK },
	{ "gue5t1", NICK_OK },
	{ "guest1a", NICK_OK },
	{ "serverless", NICK_OK },
	{ "Ali", NICK_OK }, /* looks like all, and is a name */
	{ "mel", NICK_OK },
	{ "", NICK_EMPTY },
	{ "abcdefghijklmnopqrstu", NICK_TOO_LONG },
	{ "***************************", NICK_TOO_LONG },
	{ "*", NICK_BAD_START },
	{ ":", NICK_BAD_START },
	{ "1bob", NICK_BAD_START },
	{ "_bob", NICK_OK },
	{ "[bob]", NICK_OK },
	{ "|bob|", NICK_OK },
	{ "cli`", NICK_OK },
	{ "^_^", NICK_OK },
	{ "{b\\b}", NICK_OK },
	{ "+bob", NICK_BAD_START },
	{ "@bob", NICK_BAD_START },
	{ "#bob", NICK_BAD_START },
	{ "-bob", NICK_BAD_START },
	{ " bob", NICK_BAD_START },
	{ "\u00E9mile", NICK_BAD_START },
	{ "\xff", NICK_BAD_START },
	{ "bob ", NICK_BAD_CHARACTER },
	{ "bo b", NICK_BAD_CHARACTER },
	{ "bob.", NICK_BAD_CHARACTER },
	{ "bob\n", NICK_BAD_CHARACTER },
	{ "bob>", NICK_BAD_CHARACTER },
	{ "bob@", NICK_BAD_CHARACTER },
	{ "bob~", NICK_BAD_CHARACTER },
	{ "bob!", NICK_BAD_CHARACTER },
	{ "bob/", NICK_BAD_CHARACTER },
	{ "b\u043Eb", NICK_BAD_CHARACTER }, /* a Cyrillic o */
	{ "b\033[2J", NICK_BAD_CHARACTER },
	{ "server", NICK_RESERVED },
	{ "SERVER", NICK_RESERVED },
	{ "serwer", NICK_OK },
	{ "sys0p", NICK_RESERVED },
	{ "system", NICK_RESERVED },
	{ "systern", NICK_RESERVED },
	{ "admin", NICK_RESERVED },
	{ "adm1n", NICK_RESERVED },
	{ "AdmIn", NICK_RESERVED },
	{ "adm|n", NICK_RESERVED },
	{ "adrnin", NICK_RESERVED },
	{ "adminlstrator", NICK_RESERVED },
	{ "root", NICK_RESERVED },
	{ "r00t", NICK_RESERVED },
	{ "rO0t", NICK_RESERVED },
	{ "you", NICK_RESERVED },
	{ "me", NICK_RESERVED },
	{ "rne", NICK_RESERVED },
	{ "everyone", NICK_RESERVED },
	{ "all", NICK_RESERVED },
	{ "ALL", NICK_RESERVED },
	{ "here", NICK_RESERVED },
	{ "nobody", NICK_RESERVED },
	{ "anonymous", NICK_RESERVED },
	{ "operator", NICK_RESERVED },
	{ "moderator", NICK_RESERVED },
	{ "brbd", NICK_RESERVED },
	{ "NickServ", NICK_RESERVED },
	{ "chanserv", NICK_RESERVED },
	{ "guest1", NICK_GUEST },
	{ "gUest12", NICK_GUEST },
	{ "guest007", NICK_GUEST },
	{ "guest999999999999999", NICK_GUEST },
	{ "guestl", NICK_GUEST },
	{ "guestI", NICK_GUEST },
	{ "guestO7", NICK_GUEST },
	{ "guest|", NICK_GUEST },
};

START_TEST(test_check)
{
	enum nick_check check = nick_check(check_nicks[_i].nick);

	ck_assert_msg(check == check_nicks[_i].check, "%s: %d, not %d",
	    check_nicks[_i].nick, (int)check, (int)check_nicks[_i].check);
}
END_TEST

START_TEST(test_every_byte)
{
	static const char plain[] = CHECK_LETTERS "0123456789_-";
	static const char fine[] = CHECK_LETTERS "0123456789_-[]\\`^{|}";
	char nick[] = "x?";
	int c;

	for (c = 1; c < 256; c++) {
		nick[1] = (char)c;
		ck_assert(nick_is_char((char)c) == (strchr(fine, c) != NULL));
		ck_assert_int_eq(nick_check(nick),
		    strchr(fine, c) != NULL ? NICK_OK : NICK_BAD_CHARACTER);
		ck_assert(room_name_is_char((char)c) ==
		    (strchr(plain, c) != NULL));
		ck_assert_int_eq(room_name_check(nick),
		    strchr(plain, c) != NULL ? NICK_OK : NICK_BAD_CHARACTER);
	}
	ck_assert(!nick_is_char('\0'));
}
END_TEST

/* hostile 24: 10 KiB */
START_TEST(test_huge)
{
	char *nick = xmalloc(10241);

	memset(nick, 'a', 10240);
	nick[10240] = '\0';
	ck_assert_int_eq(nick_check(nick), NICK_TOO_LONG);
	ck_assert_int_eq(room_name_check(nick), NICK_TOO_LONG);
	free(nick);
}
END_TEST

START_TEST(test_room_name)
{
	ck_assert_int_eq(room_name_check("kitchen"), NICK_OK);
	ck_assert_int_eq(room_name_check("server"), NICK_OK);
	ck_assert_int_eq(room_name_check("guest1"), NICK_OK);
	ck_assert_int_eq(room_name_check("Room-of_32-characters-exactly-32"),
	    NICK_OK);
	ck_assert_int_eq(room_name_check("Room-of_33-characters-exactly-33-"),
	    NICK_TOO_LONG);
	ck_assert_int_eq(room_name_check(""), NICK_EMPTY);
	ck_assert_int_eq(room_name_check("#kitchen"), NICK_BAD_START);
	ck_assert_int_eq(room_name_check("1st"), NICK_BAD_START);
	ck_assert_int_eq(room_name_check("the/kitchen"), NICK_BAD_CHARACTER);
}
END_TEST

/* Every sentence says what is allowed or what to do, in the limits' numbers. */
START_TEST(test_sentences)
{
	static const enum nick_check faults[] = { NICK_EMPTY, NICK_TOO_LONG,
		NICK_BAD_START, NICK_BAD_CHARACTER };
	size_t i;

	for (i = 0; i < NITEMS(faults); i++) {
		ck_assert_ptr_nonnull(strstr(nick_check_str(faults[i]),
		    "1 to 20 of A-Z a-z 0-9 _ - []\\`^{|}, and do not start "
		    "with 0-9 or -"));
		ck_assert_ptr_nonnull(strstr(room_name_check_str(faults[i]),
		    "1 to 32 of A-Z a-z 0-9 _ -, and start with a letter"));
	}
	ck_assert_ptr_nonnull(strstr(nick_check_str(NICK_RESERVED),
	    "choose another"));
	ck_assert_ptr_nonnull(strstr(nick_check_str(NICK_GUEST),
	    "choose another"));
}
END_TEST

START_TEST(test_fold)
{
	char out[64], same[] = "BoB";

	nick_fold(out, "AZaz09_-[]@`{");
	ck_assert_str_eq(out, "azaz09_-[]@`{");
	nick_fold(out, "");
	ck_assert_str_eq(out, "");
	nick_fold(out, "\xc3\x84\xff");
	ck_assert_str_eq(out, "\xc3\x84\xff");
	nick_fold(same, same);
	ck_assert_str_eq(same, "bob");
}
END_TEST

static bool
check_alike(const char *a, const char *b)
{
	char sa[64], sb[64];

	nick_skeleton(sa, a);
	nick_skeleton(sb, b);
	ck_assert_uint_le(strlen(sa), strlen(a));
	ck_assert_uint_le(strlen(sb), strlen(b));
	return strcmp(sa, sb) == 0;
}

static const char *const check_alikes[][2] = {
	{ "Bill", "BiII" },
	{ "alice", "aIice" },
	{ "Alice", "aIice" },
	{ "Ian", "lan" },
	{ "Karl", "KarI" },
	{ "Karl", "Kar|" },
	{ "KARI", "KARl" },
	{ "AI", "Al" },
	{ "Irna", "|rna" },
	{ "Helmut", "Helrnut" },
	{ "dev1", "devl" },
	{ "bob", "b0b" },
	{ "bob", "BOB" },
	{ "mike", "rnike" },
	{ "Mike", "Rnike" },
	{ "x_rnike", "x_mike" },
	{ "will", "vvill" },
	{ "will", "VVi11" },
	{ "vw", "wv" },
	{ "vvv", "vw" },
	{ "vvv", "wv" },
	{ "wvw", "vvvvv" },
	{ "rrn", "rm" },
	{ "mn", "rnn" },
	{ "rnrn", "mm" },
	{ "", "" },
};

START_TEST(test_alike)
{
	ck_assert_msg(check_alike(check_alikes[_i][0], check_alikes[_i][1]),
	    "%s and %s", check_alikes[_i][0], check_alikes[_i][1]);
}
END_TEST

static const char *const check_differents[][2] = {
	{ "bob", "rob" },
	{ "bill", "bil" },
	{ "v", "w" },
	{ "vvv", "vvvv" },
	{ "vav", "wa" },
	{ "nr", "m" },
	{ "r-n", "m" },
	{ "r", "n" },
	{ "guest10", "guest1" },
	{ "guest2", "guest3" },
	{ "a", "" },
	{ "anna", "an-na" },
	/* What nobody mistakes locks nobody out. */
	{ "Karl", "Kari" },
	{ "Karl", "KARI" },
	{ "Ian", "Lan" },
	{ "Arne", "Ame" },
	{ "Irna", "Ima" },
	{ "BIRNA", "BIMA" },
	{ "Bernd", "Bemd" },
	{ "Savva", "Sawa" },
	{ "dev-1", "dev_1" },
	{ "dev1", "devi" },
	{ "bob", "[bob]" },
	{ "a[", "a{" },
};

START_TEST(test_different)
{
	ck_assert_msg(!check_alike(check_differents[_i][0],
			  check_differents[_i][1]),
	    "%s and %s", check_differents[_i][0], check_differents[_i][1]);
}
END_TEST

/* Spells m as rn and w as vv. */
static void
check_spell(char *out, const char *word)
{
	for (; *word != '\0'; word++) {
		if (*word == 'm') {
			*out++ = 'r';
			*out++ = 'n';
		} else if (*word == 'w') {
			*out++ = 'v';
			*out++ = 'v';
		} else {
			*out++ = *word;
		}
	}
	*out = '\0';
}

/*
 * All words of up to 7 out of m, n, r, v, w against the definition: two look
 * alike exactly when they are spelled the same.
 */
START_TEST(test_all_words)
{
	static const char letters[] = "mnrvw";
	char word[8], spelled[15], skeleton[8], other[15];
	unsigned int i, n, len, at;

	for (len = 1; len <= 7; len++) {
		for (i = 0;; i++) {
			n = i;
			for (at = 0; at < len; at++) {
				word[at] = letters[n % 5];
				n /= 5;
			}
			if (n > 0)
				break;
			word[len] = '\0';
			check_spell(spelled, word);
			nick_skeleton(skeleton, word);

			/* A skeleton is spelled as its word is... */
			check_spell(other, skeleton);
			ck_assert_str_eq(other, spelled);

			/* ...and follows from the spelling alone. */
			nick_skeleton(other, spelled);
			ck_assert_str_eq(other, skeleton);
			nick_skeleton(other, skeleton);
			ck_assert_str_eq(other, skeleton);

			/* Behind a vowel the first is as it was. */
			word[0] = 'a';
			nick_skeleton(other, word);
			ck_assert(len < 2 || other[1] == word[1]);
		}
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc;

	tc = unit_case(s, "check", NULL, NULL);
	tcase_add_loop_test(tc, test_check, 0, (int)NITEMS(check_nicks));
	tcase_add_test(tc, test_every_byte);
	tcase_add_test(tc, test_huge);
	tcase_add_test(tc, test_room_name);
	tcase_add_test(tc, test_sentences);

	tc = unit_case(s, "alike", NULL, NULL);
	tcase_add_test(tc, test_fold);
	tcase_add_loop_test(tc, test_alike, 0, (int)NITEMS(check_alikes));
	tcase_add_loop_test(tc, test_different, 0,
	    (int)NITEMS(check_differents));
	tcase_add_test(tc, test_all_words);
}
