/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Whatever comes in, what text_scrub() lets through is safe to show, and
 * text_cut() keeps it so. What is safe is spelled out here once more, from the
 * Unicode charts and not from the tables that the code under test uses.
 *
 * The first byte picks the length to cut at; the others are the text.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unictype.h>
#include <unistr.h>

#include "base/text.h"
#include "base/util.h"

#define FUZZ_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define FUZZ_NICK_CHARACTERS FUZZ_LETTERS "0123456789_-"

/*
 * The most that a cut takes beyond what does not fit: blanks, and a character
 * of four bytes with all its marks.
 */
#define FUZZ_MAX_CUT (TEXT_MAX_BLANKS + 4 + 2 * TEXT_MAX_MARKS * 4)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	ucs4_t first, last;
} fuzz_forbidden[] = {
	{ 0x0000, 0x001f }, /* C0 */
	{ 0x007f, 0x00a0 }, /* DEL, C1, no-break space */
	{ 0x00ad, 0x00ad }, /* soft hyphen */
	{ 0x034f, 0x034f }, /* combining grapheme joiner */
	{ 0x0600, 0x0605 }, /* Arabic number signs */
	{ 0x061c, 0x061c }, /* Arabic letter mark */
	{ 0x06dd, 0x06dd },
	{ 0x070f, 0x070f },
	{ 0x08e2, 0x08e2 },
	{ 0x115f, 0x1160 }, /* Hangul fillers */
	{ 0x1680, 0x1680 }, /* a blank */
	{ 0x17b4, 0x17b5 }, /* Khmer inherent vowels */
	{ 0x180e, 0x180e }, /* Mongolian vowel separator */
	{ 0x2000, 0x200f }, /* blanks, zero width, marks of direction */
	{ 0x2028, 0x202f }, /* line and paragraph, embeddings, overrides */
	{ 0x205f, 0x206f }, /* joiner, invisible operators, isolates */
	{ 0x2800, 0x2800 }, /* braille blank */
	{ 0x3000, 0x3000 }, /* ideographic blank */
	{ 0x3164, 0x3164 }, /* Hangul filler */
	{ 0xd800, 0xdfff }, /* surrogates */
	{ 0xfdd0, 0xfdef }, /* noncharacters */
	{ 0xfeff, 0xfeff }, /* byte order mark */
	{ 0xffa0, 0xffa0 }, /* Hangul filler */
	{ 0xfff0, 0xfffc }, /* specials, interlinear annotation */
	{ 0xfffe, 0xffff },
	{ 0x1bca0, 0x1bca3 }, /* shorthand format */
	{ 0x1d159, 0x1d159 }, /* null notehead */
	{ 0x1d173, 0x1d17a }, /* musical format */
	{ 0xe0000, 0xe00ff }, /* tags */
	{ 0xe01f0, 0xe0fff },
};

static bool
fuzz_is_forbidden(ucs4_t c)
{
	size_t i;

	for (i = 0; i < NITEMS(fuzz_forbidden); i++) {
		if (c >= fuzz_forbidden[i].first && c <= fuzz_forbidden[i].last)
			return true;
	}
	return (c & 0xfffe) == 0xfffe; /* the last two of each plane */
}

static void
fuzz_check_clean(const char *s, size_t len)
{
	size_t i = 0, blanks = 0, marks = 0, spacing_marks = 0;
	bool has_base = false;
	ucs4_t c;
	int n;

	assert(text_is_utf8(s, len));
	assert(len == 0 || s[len - 1] != ' ');
	while (i < len) {
		n = u8_mbtoucr(&c, (const uint8_t *)s + i, len - i);
		assert(n > 0);
		i += (size_t)n;
		assert(!fuzz_is_forbidden(c));

		if (c == ' ') {
			assert(++blanks <= TEXT_MAX_BLANKS);
			has_base = false;
			continue;
		}
		blanks = 0;
		if (uc_is_general_category(c, UC_CATEGORY_Mn) ||
		    uc_is_general_category(c, UC_CATEGORY_Me)) {
			assert(has_base);
			assert(++marks <= TEXT_MAX_MARKS);
		} else if (uc_is_general_category(c, UC_CATEGORY_Mc)) {
			assert(has_base);
			/* Some pile up and count among the others. */
			assert(++spacing_marks <= 2 * TEXT_MAX_MARKS);
		} else if (c >= 0x1161 && c <= 0x11ff) {
			assert(has_base);
		} else {
			marks = spacing_marks = 0;
			has_base = true;
		}
	}
}

static bool
fuzz_is_nick_char(char c)
{
	return c != '\0' && strchr(FUZZ_NICK_CHARACTERS, c) != NULL;
}

/* Is ana mentioned, by the rule at its plainest? */
static bool
fuzz_mentions(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i + 3 <= len; i++) {
		if ((s[i] == 'a' || s[i] == 'A') &&
		    (s[i + 1] == 'n' || s[i + 1] == 'N') &&
		    (s[i + 2] == 'a' || s[i + 2] == 'A') &&
		    (i == 0 || !fuzz_is_nick_char(s[i - 1])) &&
		    (i + 3 == len || !fuzz_is_nick_char(s[i + 3])))
			return true;
	}
	return false;
}

/* A copy of the exact size, so that a sanitizer sees any excess. */
static char *
fuzz_copy(const char *s, size_t len)
{
	char *copy = xmalloc(len);

	if (len > 0)
		memcpy(copy, s, len);
	return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len, again_len, cut, max_bytes;
	char *in, *out, *again, *trackers;

	if (size == 0)
		return 0;
	max_bytes = data[0];
	size--;
	in = fuzz_copy((const char *)data + 1, size);
	out = xmalloc(size * TEXT_SCRUB_GROWTH + 1);
	len = text_scrub(out, in, size);
	assert(len <= size * TEXT_SCRUB_GROWTH);
	assert(strlen(out) == len); /* terminated, and no NUL inside */
	fuzz_check_clean(out, len);

	again = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	again_len = text_scrub(again, out, len);
	assert(again_len == len && memcmp(again, out, len) == 0);

	trackers = fuzz_copy(out, len);
	cut = text_cut(trackers, len, max_bytes);
	assert(cut <= len && cut <= max_bytes);
	fuzz_check_clean(trackers, cut);
	if (len <= max_bytes)
		assert(cut == len);
	else
		assert(max_bytes - cut <= FUZZ_MAX_CUT);
	again_len = text_scrub(again, trackers, cut);
	assert(again_len == cut && memcmp(again, trackers, cut) == 0);
	assert(text_cut(trackers, cut, max_bytes) == cut);

	assert(text_mentions(in, size, "ana") == fuzz_mentions(in, size));
	assert(text_mentions(out, len, "ana") == fuzz_mentions(out, len));

	free(trackers);
	free(again);
	free(out);
	free(in);
	return 0;
}
