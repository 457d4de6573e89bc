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
#include <strings.h>

#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>

#include "base/text.h"
#include "base/util.h"

#define FUZZ_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define FUZZ_WORD_CHARACTERS FUZZ_LETTERS "0123456789_-"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	ucs4_t first, last;
} fuzz_forbidden[] = {
	{ 0x0000, 0x001f }, /* C0 */
	{ 0x007f, 0x00a0 }, /* DEL, C1, no-break space */
	{ 0x00ad, 0x00ad }, /* soft hyphen */
	{ 0x034f, 0x034f }, /* combining grapheme joiner */
	{ 0x0600, 0x0605 }, /* Arabic number signs */
	{ 0x06dd, 0x06dd },
	{ 0x070f, 0x070f },
	{ 0x08e2, 0x08e2 },
	{ 0x115f, 0x1160 }, /* Hangul fillers */
	{ 0x1680, 0x1680 }, /* a blank */
	{ 0x17b4, 0x17b5 }, /* Khmer inherent vowels */
	{ 0x2000, 0x200b }, /* blanks, zero width */
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
	{ 0xe0000, 0xe002f }, /* tags but those of flags */
	{ 0xe003a, 0xe0060 },
	{ 0xe007b, 0xe007e },
	{ 0xe0080, 0xe00ff },
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

static bool
fuzz_is_direction(ucs4_t c)
{
	return c == 0x200e || c == 0x200f || c == 0x61c;
}

static bool
fuzz_is_joiner(ucs4_t c)
{
	return c == 0x200c || c == 0x200d || c == 0x180e;
}

static bool
fuzz_is_tag(ucs4_t c)
{
	return c >= 0xe0020 && c <= 0xe007f;
}

/* is_whole: it was not cut; for what stands for something by what follows. */
static void
fuzz_check_clean(const char *s, size_t len, bool is_whole)
{
	size_t i = 0, blanks = 0, marks = 0, spacing_marks = 0, tags = 0;
	bool has_base = false, has_direction = false, has_rtl = false;
	ucs4_t c = 0, last;
	int n, bidi;

	assert(text_is_utf8(s, len));
	assert(text_is_harmless(s, len));
	assert(len == 0 || s[len - 1] != ' ');
	while (i < len) {
		last = c;
		n = u8_mbtoucr(&c, (const uint8_t *)s + i, len - i);
		assert(n > 0);
		i += (size_t)n;
		assert(!fuzz_is_forbidden(c));

		bidi = uc_bidi_class(c);
		if (fuzz_is_joiner(c)) {
			assert(last != 0 && last != ' ');
			assert(!fuzz_is_joiner(last));
			assert(!fuzz_is_direction(last));
			continue;
		}
		if (fuzz_is_direction(c)) {
			assert(!fuzz_is_direction(last));
			has_direction = true;
			has_base = false;
			continue;
		}
		has_rtl |= bidi == UC_BIDI_R || bidi == UC_BIDI_AL;
		if (fuzz_is_tag(c)) {
			assert(last == 0x1f3f4 || fuzz_is_tag(last));
			assert(last != 0xe007f && ++tags <= 7);
			continue;
		}
		assert(tags == 0 || last == 0xe007f);
		tags = 0;
		if (c == ' ') {
			assert(++blanks <= TEXT_MAX_BLANKS);
			has_base = false;
			continue;
		}
		/* Skin tones behind something pile up as marks do. */
		if (uc_is_general_category(c, UC_CATEGORY_Mn) ||
		    uc_is_general_category(c, UC_CATEGORY_Me) ||
		    (has_base && c >= 0x1f3fb && c <= 0x1f3ff)) {
			assert(has_base);
			assert(++marks <= TEXT_MAX_MARKS);
		} else if (uc_is_general_category(c, UC_CATEGORY_Mc)) {
			assert(has_base);
			/* Some pile up and count among the others. */
			assert(++spacing_marks <= 2 * TEXT_MAX_MARKS);
		} else if (c >= 0x1161 && c <= 0x11ff) {
			assert(has_base);
		} else if (has_base && c >= 0x1f3fb && c <= 0x1f3ff) {
			assert(++marks <= TEXT_MAX_MARKS);
		} else {
			blanks = marks = spacing_marks = 0;
			has_base = true;
		}
	}
	assert(!is_whole || tags == 0 || c == 0xe007f);
	assert(!is_whole || !has_direction || has_rtl);
}

/* A cut parts no cluster, unless the first is too long for it. */
static void
fuzz_check_cut(const char *s, size_t len, size_t cut, size_t max_bytes)
{
	char *breaks = xmalloc(len + 1);
	size_t i;

	u8_grapheme_breaks((const uint8_t *)s, len, breaks);
	if (cut > 0 && cut < len && breaks[cut] == 0)
		for (i = 1; i <= max_bytes; i++)
			assert(breaks[i] == 0);
	/* And it leaves nothing out that is plain. */
	for (i = cut + 1; i <= max_bytes && i < len; i++)
		assert(s[i - 1] == ' ' || ((s[i - 1] | s[i]) & 0x80) != 0);
	free(breaks);
}

/* Is the character at i of a word? Bad bytes are of none. */
static bool
fuzz_is_of_word(const char *s, size_t i, size_t len)
{
	ucs4_t c;

	if (i >= len || s[i] == '\0')
		return false;
	if ((s[i] & 0x80) == 0)
		return strchr(FUZZ_WORD_CHARACTERS, s[i]) != NULL;
	return u8_mbtoucr(&c, (const uint8_t *)s + i, len - i) > 0 &&
	    (uc_is_general_category(c, UC_CATEGORY_M) ||
		uc_is_script(c, uc_script_byname("Latin")));
}

/* Is ana mentioned, by the rule at its plainest? */
static bool
fuzz_mentions(const char *s, size_t len)
{
	size_t i, n;
	ucs4_t c;
	bool is_in_word = false;

	for (i = 0; i < len; i += n) {
		if (!is_in_word && len - i >= 3 &&
		    strncasecmp(s + i, "ana", 3) == 0 &&
		    !fuzz_is_of_word(s, i + 3, len))
			return true;
		is_in_word = fuzz_is_of_word(s, i, len);
		n = u8_mbtoucr(&c, (const uint8_t *)s + i, len - i) > 0 ?
		    (size_t)u8_mblen((const uint8_t *)s + i, len - i) :
		    1;
		n += n == 0; /* NUL */
	}
	return false;
}

/* Whatever is there, ^U takes it back, and what follows starts anew. */
static void
fuzz_check_erasing(const char *in, size_t size, const char *out)
{
	char *twice = xmalloc(2 * size + 1), *again;

	if (size > 0 && memchr(in, '\033', size) == NULL) {
		memcpy(twice, in, size);
		twice[size] = '\025';
		memcpy(twice + size + 1, in, size);
		again = xmalloc((2 * size + 1) * TEXT_SCRUB_GROWTH + 1);
		(void)text_scrub(again, twice, 2 * size + 1);
		assert(strcmp(again, out) == 0);
		free(again);
	}
	free(twice);
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

/* Nobody who is mentioned is denied by the filter. */
static void
fuzz_check_filter(const char *s, size_t len, const char *nick)
{
	size_t blocks = text_filter_blocks(len);
	uint64_t *filter = xcalloc(blocks, sizeof(*filter));
	struct text_probe probe;

	text_filter(filter, blocks, s, len);
	text_probe(&probe, nick);
	assert(text_filter_may_mention(filter, blocks, &probe) ||
	    !text_mentions(s, len, nick));
	free(filter);
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
	fuzz_check_clean(out, len, true);
	fuzz_check_erasing(in, size, out);

	again = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	again_len = text_scrub(again, out, len);
	assert(again_len == len && memcmp(again, out, len) == 0);

	again_len = text_scrub_lines(out, in, size);
	assert(again_len <= size * TEXT_SCRUB_GROWTH);
	assert(strlen(out) == again_len);
	assert(text_has_harmless_lines(out, again_len));
	free(again);
	again = xmalloc(again_len * TEXT_SCRUB_GROWTH + 1);
	assert(text_scrub_lines(again, out, again_len) == again_len &&
	    memcmp(again, out, again_len) == 0);
	(void)text_scrub(out, in, size);

	trackers = fuzz_copy(out, len);
	cut = text_cut(trackers, len, max_bytes);
	assert(cut <= len && cut <= max_bytes);
	fuzz_check_clean(trackers, cut, false);
	if (len <= max_bytes)
		assert(cut == len);
	else
		fuzz_check_cut(trackers, len, cut, max_bytes);
	assert(text_cut(trackers, cut, max_bytes) == cut);
	/* What was typed may be cut before it is looked at. */
	cut = text_cut(in, size, max_bytes);
	assert(cut <= size && cut <= max_bytes);

	assert(text_mentions(in, size, "ana") == fuzz_mentions(in, size));
	assert(text_mentions(out, len, "ana") == fuzz_mentions(out, len));
	fuzz_check_filter(in, size, "ana");
	fuzz_check_filter(in, size, "[a]");
	fuzz_check_filter(out, len, "a-b");

	free(trackers);
	free(again);
	free(out);
	free(in);
	return 0;
}
