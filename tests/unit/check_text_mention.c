/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Finding nicks in a text, with and without filters.
 */
#include "config.h"

#include <check.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unictype.h>
#include <unistr.h>

#include "base/text.h"
#include "base/util.h"
#include "unit.h"

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
	{ "ana\u00E9", "ana", false },
	{ "ana\u00EFs came", "ana", false },
	{ "ma\u00F1ana", "ana", false },
	{ "man\u0303ana", "ana", false }, /* n and a tilde */
	{ "ana\u0303", "ana", false },
	{ "ana\u6765\u4e86", "ana", true }, /* Chinese parts no words */
	{ "ana\ub294", "ana", true }, /* a Korean particle */
	{ "\u30a2ana\u3055\u3093", "ana", true },
	{ "ana\u2019s", "ana", true },
	{ "ana\xff", "ana", true },
	{ "`ana`", "ana", true },
	{ "[ana]", "ana", true },
	{ "hi [ana]", "[ana]", true },
	{ "hi [ana]s", "[ana]", false },
	{ "x[ana]", "[ana]", false },
	{ "cli`: hi", "cli`", true },
	{ "a|b|c", "|b|", false },
	{ "aaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa", false },
	{ "x aaaaaaaaaaaaaaaaaaaa", "AAAAAAAAAAAAAAAAAAAA", true },
	{ "aaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa", false },
};

START_TEST(test_mentions)
{
	const char *text = check_mentions[_i].text;
	size_t len = strlen(text);
	char *trackers = xmalloc(len);

	memcpy(trackers, text, len);
	ck_assert_msg(text_mentions(trackers, len, check_mentions[_i].nick) ==
		check_mentions[_i].mentioned,
	    "%s in %s", check_mentions[_i].nick, text);
	free(trackers);
}
END_TEST

/*
 * text_mentions() as it was before there were filters, without any haste: for
 * each place, whether it is the beginning of a word, and the nick, and its end.
 */
static bool
slow_is_of_word(ucs4_t c)
{
	static const uc_script_t *latin;

	if (latin == NULL)
		latin = uc_script_byname("Latin");
	return (c < 0x80 && (isalnum((int)c) || c == '_' || c == '-')) ||
	    (c >= 0x80 &&
		(uc_script(c) == latin ||
		    uc_is_general_category(c, UC_CATEGORY_M)));
}

static bool
slow_mentions(const char *text, size_t len, const char *nick)
{
	size_t nick_len = strlen(nick), i;
	bool is_in_word = false;
	ucs4_t c;
	int n;

	for (i = 0; i + nick_len <= len; i += n > 0 ? (size_t)n : 1) {
		if (!is_in_word && strncasecmp(text + i, nick, nick_len) == 0 &&
		    (i + nick_len == len ||
			u8_mbtoucr(&c, (const uint8_t *)text + i + nick_len,
			    len - i - nick_len) <= 0 ||
			!slow_is_of_word(c)))
			return true;
		n = u8_mbtoucr(&c, (const uint8_t *)text + i, len - i);
		is_in_word = n > 0 && slow_is_of_word(c);
	}
	return false;
}

/* Whatever the text and the nick, all three agree; and the filter is a good one:
 * of those who are not mentioned, few are let pass. */
START_TEST(test_mentions_at_random)
{
	static const char *const parts[] = { "a", "A", "n", "b", "ana", "ANA",
		"bob", "-", "_", "1", " ", " ", "  ", ", ", "[", "]", "|", "`",
		"@", "\u00E9", "\u0303", "\u6765", "\ub294", "\xff", "\xc3",
		"\u0130", "\U0001F469\u200D", "aaaaaaaaaaaaaaaaaaaa", "." };
	static const char *const nicks[] = { "a", "ana", "Ana", "bob", "b-",
		"[ana]", "a|b", "|b|", "^^^", "ana`", "`", "a1", "_a",
		"aaaaaaaaaaaaaaaaaaaa", "nobody", "zoe" };
	unsigned denied = 0, passed = 0, seen = 0, round, i;
	uint64_t filter[64];
	struct text_probe probe;
	char text[1024];
	size_t len, blocks;
	bool is_mention;

	srandom(1);
	for (round = 0; round < 1000; round++) {
		len = 0;
		for (i = (unsigned)random() % 24; i > 0; i--)
			len += strlen(strcpy(text + len,
			    parts[(size_t)random() % NITEMS(parts)]));
		blocks = text_filter_blocks(len);
		QUICK_ASSERT(blocks <= NITEMS(filter));
		memset(filter, 0, sizeof(filter));
		text_filter(filter, blocks, text, len);
		for (i = 0; i < NITEMS(nicks); i++) {
			is_mention = slow_mentions(text, len, nicks[i]);
			QUICK_ASSERT_MSG(text_mentions(text, len, nicks[i]) ==
				is_mention,
			    "%s in %s", nicks[i], text);
			text_probe(&probe, nicks[i]);
			seen += is_mention;
			if (text_filter_may_mention(filter, blocks, &probe))
				passed += !is_mention && probe.bits != 0;
			else {
				QUICK_ASSERT_MSG(!is_mention, "%s in %s",
				    nicks[i], text);
				denied++;
			}
		}
	}
	ck_assert_uint_gt(seen, 100);
	ck_assert_uint_lt(passed, denied / 5);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "mention", NULL, NULL);

	tcase_set_timeout(tc, 60); /* maybe under valgrind */
	tcase_add_loop_test(tc, test_mentions, 0, (int)NITEMS(check_mentions));
	tcase_add_test(tc, test_mentions_at_random);
}
