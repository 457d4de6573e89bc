/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Scrubbing is one pass without a look back. Whether a character stays depends
 * on what was written so far, never on what was read and left out; that makes
 * the result a fixed point, since reading it again meets the same states. The
 * two rules that would break this without care: what goes may join two runs of
 * blanks, so blanks are counted as written; and a mark on a blank (an invisible
 * one, say) would part them, so blanks carry no marks.
 *
 * Most of what is said is printable ASCII, for which text_scrub() has a loop
 * without a table; one character of another kind is looked up and the loop
 * goes on.
 *
 * What is neither printed nor plainly harmful was decided so:
 *
 *   - Private use characters stay. They are one glyph of the reader's font, or
 *     a box; people paste prompts that have them. That a glyph may look like
 *     another is true of half of Unicode, and text is no place where anybody's
 *     identity shows.
 *   - Unassigned characters become U+FFFD: a terminal with newer tables than
 *     ours may take them for marks without limit. Not so in the places kept
 *     for emoji and for ideographs, which can be nothing but base characters
 *     and of which each version of Unicode brings more.
 *   - Noncharacters and U+FFFC, which stands for an object that a line cannot
 *     hold, become U+FFFD too: something was there, and it is not here.
 *   - Hangul vowels and finals pile up on what is before them in terminals
 *     that give them no width, whatever it is; they count as marks.
 *   - Marks that take room (Mc) have a limit of their own. A Burmese syllable
 *     has three of them beside two others in words of every day, and would
 *     lose its last under a common limit.
 *   - The few format characters that are visible, such as the Arabic number
 *     sign, go with the others: terminals disagree on whether they have a
 *     width. So do fillers and U+FFF9 to U+FFFB, which hide an annotation.
 *   - Right-to-left letters stay. Each line starts with a time and an ASCII
 *     nick, so its direction is settled, and stays so without the overrides.
 *
 * Decided against: normalization (NFC), which changes what people said and
 * shields from nothing of the above; and replacing instead of removing control
 * characters, which would turn every pasted colored line into a mess.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unictype.h>
#include <unistr.h>

#include "base/nick.h"
#include "base/text.h"
#include "base/util.h"

enum text_class {
	TEXT_BASE,
	TEXT_MARK, /* drawn into the place of its base */
	TEXT_SPACING_MARK, /* drawn next to it */
	TEXT_BLANK,
	TEXT_DROP,
	TEXT_REPLACE
};

/* Controls, format characters, line and paragraph separators. */
#define TEXT_CATEGORIES_GONE \
	(UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Zl | \
	    UC_CATEGORY_MASK_Zp)

static const char text_replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static bool
text_is_between(ucs4_t c, ucs4_t first, ucs4_t last)
{
	return c >= first && c <= last;
}

/* No Zs, but drawn as nothing at all. */
static bool
text_is_empty_glyph(ucs4_t c)
{
	return c == 0x2800 || /* braille pattern blank */
	    c == 0x1d159 || /* musical symbol null notehead */
	    c == 0x13441 || c == 0x13442; /* Egyptian full and half blank */
}

static bool
text_is_hangul_vowel_or_final(ucs4_t c)
{
	return text_is_between(c, 0x1160, 0x11ff) ||
	    text_is_between(c, 0xd7b0, 0xd7ff);
}

/* Whatever a later version of Unicode puts at c, it will be no mark. */
static bool
text_is_kept_for_bases(ucs4_t c)
{
	return uc_is_property_extended_pictographic(c) ||
	    text_is_between(c, 0x20000, 0x2fffd) ||
	    text_is_between(c, 0x30000, 0x3fffd);
}

/*
 * The most common letters of the world, spared the look-ups below. They start
 * after the Latin-1 signs, since U+0080 to U+00A0 and U+00AD are none.
 */
static bool
text_is_common_letter(ucs4_t c)
{
	return text_is_between(c, 0xc0, 0x2ff) || /* Latin */
	    text_is_between(c, 0x400, 0x481) || /* Cyrillic */
	    text_is_between(c, 0x3041, 0x3096) || /* Hiragana */
	    text_is_between(c, 0x30a1, 0x30fa) || /* Katakana */
	    text_is_between(c, 0x4e00, 0x9fff) || /* ideographs */
	    text_is_between(c, 0xac00, 0xd7a3); /* Hangul syllables */
}

/*
 * The order of the questions matters: an unassigned character may be default
 * ignorable, as are variation selectors, which are marks nevertheless.
 */
static enum text_class
text_classify(ucs4_t c)
{
	uint32_t category;

	if (text_is_common_letter(c))
		return TEXT_BASE;
	if (c == '\t' || text_is_empty_glyph(c))
		return TEXT_BLANK;
	if (uc_is_property_variation_selector(c))
		return TEXT_MARK;
	category = uc_general_category(c).bitmask;
	if ((category & TEXT_CATEGORIES_GONE) != 0 ||
	    uc_is_property_default_ignorable_code_point(c))
		return TEXT_DROP;
	if (category == UC_CATEGORY_MASK_Zs)
		return TEXT_BLANK;
	if (category == UC_CATEGORY_MASK_Cn)
		return text_is_kept_for_bases(c) ? TEXT_BASE : TEXT_REPLACE;
	if (c == 0xfffc)
		return TEXT_REPLACE;
	if (category == UC_CATEGORY_MASK_Mc && uc_combining_class(c) == 0)
		return TEXT_SPACING_MARK;
	if ((category & UC_CATEGORY_MASK_M) != 0 ||
	    text_is_hangul_vowel_or_final(c))
		return TEXT_MARK;
	return TEXT_BASE;
}

/*
 * Decodes the character at s (len > 0 bytes), and returns its length; or 0 when
 * its first byte starts none. RFC 3629 is what libunistring checks.
 */
static size_t
text_decode(ucs4_t *c, const char *s, size_t len)
{
	int n = u8_mbtoucr(c, (const uint8_t *)s, len);

	return n > 0 ? (size_t)n : 0;
}

size_t
text_scrub(char *out, const char *in, size_t in_len)
{
	size_t i = 0, n = 0, blanks = 0, c_len;
	unsigned int marks = 0, spacing_marks = 0;
	enum text_class class;
	const char *piece;
	ucs4_t c;

	while (i < in_len) {
		/* Printable ASCII: written always, kept if n moves on. */
		if (in[i] >= ' ' && in[i] <= '~') {
			do {
				blanks = in[i] == ' ' ? blanks + 1 : 0;
				out[n] = in[i++];
				n += blanks <= TEXT_MAX_BLANKS;
			} while (i < in_len && in[i] >= ' ' && in[i] <= '~');
			marks = spacing_marks = 0;
			continue;
		}

		piece = in + i;
		c_len = text_decode(&c, piece, in_len - i);
		class = c_len > 0 ? text_classify(c) : TEXT_REPLACE;
		i += c_len > 0 ? c_len : 1;

		switch (class) {
		case TEXT_DROP:
			continue;
		case TEXT_BLANK:
			if (blanks >= TEXT_MAX_BLANKS) /* counted on above */
				continue;
			piece = " ";
			c_len = 1;
			blanks++;
			break;
		case TEXT_MARK:
			if (n == 0 || blanks > 0 || marks == TEXT_MAX_MARKS)
				continue;
			marks++;
			break;
		case TEXT_SPACING_MARK:
			if (n == 0 || blanks > 0 ||
			    spacing_marks == TEXT_MAX_MARKS)
				continue;
			spacing_marks++;
			break;
		case TEXT_REPLACE:
			piece = text_replacement;
			c_len = sizeof(text_replacement) - 1;
			blanks = marks = spacing_marks = 0;
			break;
		case TEXT_BASE:
			blanks = marks = spacing_marks = 0;
			break;
		}
		memcpy(out + n, piece, c_len);
		n += c_len;
	}

	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n;
}

/* Where the character begins that byte i of s (valid UTF-8) belongs to. */
static size_t
text_character_start(const char *s, size_t i)
{
	while (i > 0 && ((unsigned char)s[i] & 0xc0) == 0x80)
		i--;
	return i;
}

static bool
text_starts_with_mark(const char *s, size_t len)
{
	ucs4_t c;

	if (text_decode(&c, s, len) == 0)
		return false;
	switch (text_classify(c)) {
	case TEXT_MARK:
	case TEXT_SPACING_MARK:
		return true;
	case TEXT_BASE:
	case TEXT_BLANK:
	case TEXT_DROP:
	case TEXT_REPLACE:
		break;
	}
	return false;
}

size_t
text_cut(const char *s, size_t len, size_t max_bytes)
{
	size_t cut = len, base;

	if (len > max_bytes) {
		cut = text_character_start(s, max_bytes);
		base = cut;
		while (base > 0 && text_starts_with_mark(s + base, len - base))
			base = text_character_start(s, base - 1);
		if (base > 0) /* else it is longer than all there may be */
			cut = base;
	}
	while (cut > 0 && s[cut - 1] == ' ')
		cut--;
	return cut;
}

char *
text_scrub_copy(const char *text, size_t max_bytes)
{
	size_t len = strlen(text);
	char *clean = xmalloc(len * TEXT_SCRUB_GROWTH + 1);

	len = text_scrub(clean, text, len);
	len = text_cut(clean, len, max_bytes);
	clean[len] = '\0';
	if (len > 0)
		return clean;
	free(clean);
	return NULL;
}

size_t
text_replace_bad(char *out, const char *in, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t at = 0, out_len = 0;
	ucs4_t unused;
	int n;

	while (at < len) {
		n = u8_mbtoucr(&unused, (const uint8_t *)in + at, len - at);
		if (n > 0) {
			memcpy(out + out_len, in + at, (size_t)n);
			out_len += (size_t)n;
			at += (size_t)n;
		} else {
			memcpy(out + out_len, replacement, 3);
			out_len += 3;
			at++;
		}
	}
	return out_len;
}

bool
text_is_utf8(const char *s, size_t len)
{
	return u8_check((const uint8_t *)s, len) == NULL;
}

bool
text_is_harmless(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;

	if (!text_is_utf8(s, len))
		return false;
	/* So what is looked at behind a first byte is there. */
	for (; p < end; p++) {
		if (*p < ' ' || *p == 0x7f)
			return false;
		if (*p == 0xc2 && p[1] < 0xa0)
			return false; /* U+0080 to U+009F */
		if (*p != 0xe2)
			continue;
		if (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
			return false; /* U+2028 to U+202E */
		if (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
			return false; /* U+2066 to U+2069 */
	}
	return true;
}

bool
text_mentions(const char *text, size_t len, const char *nick)
{
	char folded[NICK_SIZE], word[NICK_SIZE];
	size_t nick_len = strlen(nick), start, i;

	if (nick_len == 0 || nick_len > NICK_MAX)
		return false;
	nick_fold(folded, nick);
	for (i = 0; i < len; i++) {
		start = i;
		while (i < len && nick_is_char(text[i]))
			i++;
		if (i - start != nick_len)
			continue;
		memcpy(word, text + start, nick_len);
		word[nick_len] = '\0';
		nick_fold(word, word);
		if (strcmp(word, folded) == 0)
			return true;
	}
	return false;
}
