/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Whom a text mentions. A nick is ASCII, and may have characters that belong to
 * no word ("[bob]"); but where a nick stands as a whole word, each run of word
 * characters in it is a whole run of the text. So one filter of a text's runs
 * answers for every nick, by the nick's first run, and the text itself is read
 * only for those that the filter lets pass.
 *
 * The filter is a Bloom filter in blocks of 64 bits, of which a run has three
 * in one block. It has a block for 24 bytes of text, some four words, so that a
 * long text costs no more for each byte than a short one.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <unictype.h>

#include <xxhash.h>

#include "base/nick.h"
#include "base/text-impl.h"
#include "base/text.h"

#define TEXT_FILTER_SPAN 24 /* bytes of text for a block */

/* What an ASCII character is, in a word and folded: 0 if it is of none. */
static char
text_word_ascii(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
		c == '-' ?
	    c :
	    '\0';
}

/*
 * Does c continue a word of Latin letters? Other scripts do not: where words
 * are not parted by blanks, or endings are added to foreign names, nothing else
 * stands between a nick and what follows.
 */
static bool
text_is_of_word(ucs4_t c)
{
	static const uc_script_t *latin;

	if (c < 0x80)
		return text_word_ascii((char)c) != '\0';
	if (latin == NULL)
		latin = uc_script_byname("Latin");
	return uc_script(c) == latin ||
	    uc_is_general_category(c, UC_CATEGORY_M);
}

/* The length of the character at s (len bytes, at least 1), and whether it is of
 * a word; of a byte that starts none: 1, and it is not. */
static size_t
text_word_step(const char *s, size_t len, bool *is_of_word)
{
	ucs4_t c;
	size_t c_len;

	if ((unsigned char)*s < 0x80) {
		*is_of_word = text_word_ascii(*s) != '\0';
		return 1;
	}
	c_len = text_decode(&c, s, len);
	*is_of_word = c_len > 0 && text_is_of_word(c);
	return c_len > 0 ? c_len : 1;
}

bool
text_mentions(const char *text, size_t len, const char *nick)
{
	char folded[NICK_SIZE], word[NICK_SIZE];
	size_t nick_len = strlen(nick), i, end;
	bool is_in_word = false, goes_on;

	if (nick_len == 0 || nick_len > NICK_MAX)
		return false;
	nick_fold(folded, nick);
	for (i = 0; i + nick_len <= len;) {
		if (!is_in_word && (text[i] | 0x20) == (folded[0] | 0x20)) {
			end = i + nick_len;
			memcpy(word, text + i, nick_len);
			word[nick_len] = '\0';
			nick_fold(word, word);
			goes_on = false;
			if (end < len)
				(void)text_word_step(text + end, len - end,
				    &goes_on);
			if (!goes_on && strcmp(word, folded) == 0)
				return true;
		}
		i += text_word_step(text + i, len - i, &is_in_word);
	}
	return false;
}

/* A run of word characters, folded, as far as it may be in a nick. */
struct text_run {
	char folded[NICK_MAX];
	size_t len;
	bool is_none; /* too long for a nick, or not ASCII alone */
};

static void
text_run_add(struct text_run *run, char folded)
{
	if (run->len < sizeof(run->folded))
		run->folded[run->len++] = folded;
	else
		run->is_none = true;
}

static void
text_run_probe(const struct text_run *run, struct text_probe *probe)
{
	uint64_t hash = XXH3_64bits(run->folded, run->len);

	probe->hash = (uint32_t)(hash >> 32);
	probe->bits = UINT64_C(1) << (hash & 63) |
	    UINT64_C(1) << (hash >> 6 & 63) | UINT64_C(1) << (hash >> 12 & 63);
}

size_t
text_filter_blocks(size_t len)
{
	return len / TEXT_FILTER_SPAN + 1;
}

/* Adds the run to the filter, if there is one, and begins the next. */
static void
text_filter_run(uint64_t *filter, size_t blocks, struct text_run *run)
{
	struct text_probe probe;

	if (run->len > 0 && !run->is_none) {
		text_run_probe(run, &probe);
		filter[((uint64_t)probe.hash * blocks) >> 32] |= probe.bits;
	}
	run->len = 0;
	run->is_none = false;
}

void
text_filter(uint64_t *filter, size_t blocks, const char *text, size_t len)
{
	struct text_run run = { .len = 0 };
	size_t i = 0, step;
	bool is_of_word;

	while (i < len) {
		step = text_word_step(text + i, len - i, &is_of_word);
		if (!is_of_word)
			text_filter_run(filter, blocks, &run);
		else if ((unsigned char)text[i] < 0x80)
			text_run_add(&run, text_word_ascii(text[i]));
		else
			run.is_none = true;
		i += step;
	}
	text_filter_run(filter, blocks, &run);
}

void
text_probe(struct text_probe *probe, const char *nick)
{
	struct text_run run = { .len = 0 };

	while (*nick != '\0' && text_word_ascii(*nick) == '\0')
		nick++;
	for (; text_word_ascii(*nick) != '\0'; nick++)
		text_run_add(&run, text_word_ascii(*nick));
	if (run.len > 0 && !run.is_none)
		text_run_probe(&run, probe);
	else
		*probe = (struct text_probe){ .bits = 0 };
}
