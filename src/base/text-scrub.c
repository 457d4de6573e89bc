/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Scrubbing is one pass forward. Whether a character stays depends on what was
 * written so far, never on what was read and left out; so the result is a fixed
 * point: reading it again meets the same states. Three rules keep it so: blanks
 * are counted as written, since what is left out may join two runs of them;
 * blanks carry no marks, since a mark on a blank would part them; and a joiner,
 * which may need the character after it, waits and is written together with
 * that.
 *
 * What a terminal sends for erasing takes back what was written and restores
 * the state before it. States are kept on a stack, one for each grapheme
 * cluster, and only for the few texts in which something is erased.
 *
 * Most text is printable ASCII, for which text_scrub() has a loop without a
 * table; a character of another kind is looked up and the loop goes on.
 *
 * Decisions on what is neither printed nor plainly harmful:
 *
 * - Private use characters stay. They are one glyph of the reader's font, or a
 *   box; people paste prompts that have them. A glyph may look like another,
 *   but so do half of Unicode's, and nobody's identity shows in a text.
 * - Unassigned characters become U+FFFD: a terminal with newer tables than ours
 *   may take them for marks without limit. Exceptions are the ranges reserved
 *   for emoji and for ideographs, which can only be base characters, and of
 *   which each version of Unicode brings more.
 * - Noncharacters and U+FFFC, which stands for an object that a line cannot
 *   hold, become U+FFFD too: something was there, and it is not here.
 * - Hangul vowels and finals pile up on whatever precedes them in terminals
 *   that give them no width; they count as marks.
 * - Marks that take room (Mc) have a limit of their own. A Burmese syllable of
 *   everyday words has three of them beside two others, and would lose its last
 *   under a common limit.
 * - The few visible format characters, such as the Arabic number sign, go with
 *   the others: terminals disagree on whether they have a width. So do fillers
 *   and U+FFF9 to U+FFFB, which hide an annotation.
 * - Right-to-left letters stay. Each line starts with a time and an ASCII nick,
 *   which fixes its direction as long as there are no overrides. Marks of
 *   direction stay beside such letters, where they put punctuation in its
 *   place; elsewhere they have no meaning.
 * - Joiners stay where they change what is seen: by the rules of RFC 5892
 *   (appendix A.1 and A.2) and UTS 51, and also after a letter that joins
 *   (Persian writes an initial heh so), before a virama (Bengali) and between
 *   Mongolian letters.
 *
 * Decided against: normalization (NFC), which changes what people said and
 * prevents none of the above; replacing instead of removing control characters,
 * which would make a mess of every pasted colored line; and reading the 8-bit
 * controls (C1) as the start of a sequence, since hardly a terminal sends them,
 * while text that was decoded twice is full of them.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unictype.h>
#include <unistr.h>

#include "base/text-impl.h"
#include "base/text.h"
#include "base/util.h"

enum text_class {
	TEXT_BASE,
	TEXT_MARK, /* drawn into the place of its base */
	TEXT_SPACING_MARK, /* drawn next to it */
	TEXT_BLANK,
	TEXT_JOINER, /* invisible; stays where it changes what is seen */
	TEXT_DIRECTION, /* invisible; stays among right-to-left letters */
	TEXT_ERASE,
	TEXT_ESCAPE,
	TEXT_DROP,
	TEXT_REPLACE
};

#define TEXT_ERASE_CHARACTER '\b' /* and DEL */
#define TEXT_ERASE_LINE 0x15 /* ^U */
#define TEXT_ERASE_WORD 0x17 /* ^W */
#define TEXT_ESC 0x1b
#define TEXT_DEL 0x7f

#define TEXT_ZWNJ 0x200c
#define TEXT_MONGOLIAN_JOINER 0x180e
#define TEXT_BLACK_FLAG 0x1f3f4

/* The longest emoji sequence in use has four. */
#define TEXT_MAX_JOINED 8

/* Controls, format characters, line and paragraph separators. */
#define TEXT_CATEGORIES_GONE \
	(UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Zl | \
	    UC_CATEGORY_MASK_Zp)

/* Does c part words without being of category Zs: a separator, or drawn as
 * nothing? */
static bool
text_is_other_blank(ucs4_t c)
{
	return text_is_between(c, '\t', '\r') || c == 0x85 /* NEL */ ||
	    c == 0x2028 || c == 0x2029 ||
	    c == 0x2800 || /* braille pattern blank */
	    c == 0x1d159 || /* musical symbol null notehead */
	    c == 0x13441 || c == 0x13442; /* Egyptian full and half blank */
}

static bool
text_is_hangul_vowel_or_final(ucs4_t c)
{
	return text_is_between(c, 0x1160, 0x11ff) ||
	    text_is_between(c, 0xd7b0, 0xd7ff);
}

/* Is c reserved for base characters in later versions of Unicode? */
static bool
text_is_kept_for_bases(ucs4_t c)
{
	return uc_is_property_extended_pictographic(c) ||
	    text_is_between(c, 0x20000, 0x2fffd) ||
	    text_is_between(c, 0x30000, 0x3fffd);
}

/* The world's most common letters, which need no look-up. The ranges start
 * after the Latin-1 signs, since U+0080 to U+00A0 and U+00AD are no letters. */
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

/* The order of the tests matters: an unassigned character may be default
 * ignorable, as are variation selectors, which are marks nevertheless. */
static enum text_class
text_classify(ucs4_t c)
{
	uint32_t category;

	if (text_is_common_letter(c))
		return TEXT_BASE;
	if (text_is_other_blank(c))
		return TEXT_BLANK;
	if (c == TEXT_ZWNJ || c == TEXT_ZWJ || c == TEXT_MONGOLIAN_JOINER)
		return TEXT_JOINER;
	if (c == 0x200e || c == 0x200f || c == 0x61c)
		return TEXT_DIRECTION;
	if (c == TEXT_ESC)
		return TEXT_ESCAPE;
	if (c == TEXT_ERASE_CHARACTER || c == TEXT_DEL ||
	    c == TEXT_ERASE_LINE || c == TEXT_ERASE_WORD)
		return TEXT_ERASE;
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

/* What the treatment of the next character depends on. */
struct text_state {
	/* Maintained only where clusters are erased. */
	struct text_cluster cluster;
	ucs4_t last; /* the last character written */
	ucs4_t base; /* what marks would be drawn on; 0: nothing */
	ucs4_t joiner; /* waits for the next character; 0: none */
	uint8_t blanks, marks, spacing_marks, joined;
};

/* The state to return to when a cluster is erased. */
struct text_undo {
	size_t n;
	struct text_state state;
};

struct text_scrubber {
	char *out;
	size_t n;
	struct text_state state;
	struct text_undo *undo; /* NULL: none is kept */
	size_t undos;
	bool has_direction;
	bool has_no_string; /* the rest contains no end of a control string */
	const char *meta; /* the byte after an ESC */
};

static void
text_erase(struct text_scrubber *t)
{
	assert(t->undos > 0);
	t->undos--;
	t->n = t->undo[t->undos].n;
	t->state = t->undo[t->undos].state;
}

static void
text_erase_word(struct text_scrubber *t)
{
	while (t->undos > 0 && t->state.blanks > 0)
		text_erase(t);
	while (t->undos > 0 && t->state.blanks == 0)
		text_erase(t);
}

static void
text_edit(struct text_scrubber *t, ucs4_t c)
{
	switch (c) {
	case TEXT_ERASE_LINE:
		while (t->undos > 0)
			text_erase(t);
		break;
	case TEXT_ERASE_WORD:
		text_erase_word(t);
		break;
	case TEXT_ERASE_CHARACTER:
	case TEXT_DEL:
		if (t->undos > 0)
			text_erase(t);
		break;
	}
}

/*
 * The length of the rest of a control string at s (ECMA-48: OSC, DCS, SOS, PM,
 * APC): up to ST, or BEL as in xterm, or what breaks it off. 0: it has no end,
 * so it is none.
 */
static size_t
text_string_len(struct text_scrubber *t, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len && !t->has_no_string; i++) {
		if (s[i] == '\a')
			return i + 1;
		if (s[i] == TEXT_ESC)
			return i + 1 < len && s[i + 1] == '\\' ? i + 2 : i;
	}
	t->has_no_string = true;
	return 0;
}

/* How many bytes at s, len at most, are from first to last. */
static size_t
text_span(const char *s, size_t len, char first, char last)
{
	size_t n = 0;

	while (n < len && s[n] >= first && s[n] <= last)
		n++;
	return n;
}

/* The length of the rest of a control sequence, after "ESC [". */
static size_t
text_csi_len(const char *s, size_t len)
{
	size_t n, i, more;
	ucs4_t unused;

	/* Function keys of the Linux console. */
	if (len >= 2 && s[0] == '[')
		return 2;
	n = text_span(s, len, '0', '?');
	n += text_span(s + n, len - n, ' ', '/');
	if (n == len || s[n] < '@' || s[n] > '~')
		return n;
	n++;
	/* In an old mouse report three characters follow. */
	if (n == 1 && s[0] == 'M')
		for (i = 0, more = n; i < 3 && more < len; i++) {
			size_t c_len = text_decode(&unused, s + more,
			    len - more);

			more += c_len > 0 ? c_len : 1;
			if (i == 2)
				n = more;
		}
	return n;
}

/*
 * How many bytes after an ESC go with it: all that keys, pastes, mice and
 * reports send, and what sets colors and titles. A letter alone stays: it may
 * be the first one typed after the key.
 */
static size_t
text_escape_len(struct text_scrubber *t, const char *s, size_t len)
{
	size_t n = 1;

	if (len == 0)
		return 0;
	switch (s[0]) {
	case '[':
		return n + text_csi_len(s + n, len - n);
	case 'O': /* SS3: a key */
		n += text_span(s + n, len - n, '0', ';');
		return n < len && s[n] >= 'A' && s[n] <= '~' ? n + 1 : 0;
	case '(':
	case ')': /* selects another set of characters */
		return len > 1 && s[1] >= '0' && s[1] <= '~' ? 2 : 0;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		n = text_string_len(t, s + 1, len - 1);
		return n > 0 ? 1 + n : 0;
	default:
		return 0;
	}
}

/* Does the waiting joiner change what is seen, now that c follows? */
static bool
text_is_joined(const struct text_state *s, ucs4_t c)
{
	switch (s->joiner) {
	case TEXT_ZWJ:
		if (text_is_virama(c))
			return s->base >= 0x80;
		return text_is_picture(s->base) && text_is_picture(c) &&
		    s->joined < TEXT_MAX_JOINED;
	case TEXT_ZWNJ:
		return uc_joining_type(c) == UC_JOINING_TYPE_D ||
		    uc_joining_type(c) == UC_JOINING_TYPE_R;
	case TEXT_MONGOLIAN_JOINER:
		return text_is_between(s->base, 0x1820, 0x18aa) &&
		    text_is_between(c, 0x1820, 0x18aa);
	default:
		return false;
	}
}

static void
text_write(struct text_scrubber *t, ucs4_t c, const char *piece, size_t len)
{
	memcpy(t->out + t->n, piece, len);
	t->n += len;
	t->state.last = c;
}

static void
text_write_joiner(struct text_scrubber *t, ucs4_t joiner)
{
	char piece[4];
	int len = u8_uctomb((uint8_t *)piece, joiner, sizeof(piece));

	if (t->undo != NULL)
		(void)text_cluster_breaks(&t->state.cluster, joiner);
	text_write(t, joiner, piece, (size_t)len);
}

/* Is there something that a mark would be drawn on? */
static bool
text_takes_marks(const struct text_state *s)
{
	return s->base != 0 && text_classify(s->last) != TEXT_DIRECTION;
}

/* Keeps, delays or drops a joiner. */
static void
text_add_joiner(struct text_scrubber *t, ucs4_t c)
{
	struct text_state *s = &t->state;
	bool joins = s->base >= 0x80 &&
	    (uc_joining_type(s->base) == UC_JOINING_TYPE_D ||
		uc_joining_type(s->base) == UC_JOINING_TYPE_L);

	if (!text_takes_marks(s) || s->joiner != 0 || s->last == TEXT_ZWJ ||
	    s->last == TEXT_ZWNJ)
		return;
	if (c != TEXT_MONGOLIAN_JOINER &&
	    (text_is_virama(s->last) || (c == TEXT_ZWJ && joins)))
		text_write_joiner(t, c);
	else if (c != TEXT_ZWNJ || joins)
		s->joiner = c;
}

/* May c be written? If so, it is counted. */
static bool
text_count(struct text_state *s, ucs4_t c, enum text_class class)
{
	switch (class) {
	case TEXT_BLANK:
		if (s->blanks >= TEXT_MAX_BLANKS)
			return false;
		s->blanks++;
		s->base = 0;
		return true;
	case TEXT_MARK:
		return text_takes_marks(s) && s->marks++ < TEXT_MAX_MARKS;
	case TEXT_SPACING_MARK:
		return text_takes_marks(s) &&
		    s->spacing_marks++ < TEXT_MAX_MARKS;
	case TEXT_DIRECTION:
		/* It may go in the end, so what was counted goes on. */
		return true;
	case TEXT_BASE:
	case TEXT_REPLACE:
		s->blanks = s->marks = s->spacing_marks = 0;
		s->base = c;
		return true;
	case TEXT_JOINER:
	case TEXT_ERASE:
	case TEXT_ESCAPE:
	case TEXT_DROP:
		break;
	}
	return false;
}

static void
text_add(struct text_scrubber *t, ucs4_t c, enum text_class class,
    const char *piece, size_t len)
{
	const struct text_undo before = { t->n, t->state };
	bool is_mark = class == TEXT_MARK || class == TEXT_SPACING_MARK;
	bool is_joined = text_is_joined(&t->state, c);

	if (!text_count(&t->state, c, class)) {
		t->state = before.state;
		return;
	}
	if (is_joined)
		text_write_joiner(t, t->state.joiner);
	if (is_joined || !is_mark)
		t->state.joiner = 0;
	if (!is_mark)
		t->state.joined = is_joined ? before.state.joined + 1 : 0;
	if (t->undo != NULL && text_cluster_breaks(&t->state.cluster, c))
		t->undo[t->undos++] = before;
	text_write(t, c, piece, len);
}

/* The length of the tags at s if they form, with the black flag before them,
 * the flag of a region such as Scotland's (UTS #51, ED-14a); else 0. */
static size_t
text_flag_tags_len(const char *s, size_t len)
{
	size_t at = 0, tags = 0, c_len;
	ucs4_t c;

	while ((c_len = text_decode(&c, s + at, len - at)) > 0) {
		at += c_len;
		if (c == 0xe007f)
			return tags >= 3 && tags <= 6 ? at : 0;
		if (!text_is_between(c, 0xe0030, 0xe0039) &&
		    !text_is_between(c, 0xe0061, 0xe007a))
			break;
		tags++;
	}
	return 0;
}

/* Handles the character at in; returns the length of it and of what goes with
 * it. */
static size_t
text_scrub_one(struct text_scrubber *t, const char *in, size_t len)
{
	size_t c_len, tags_len;
	enum text_class class;
	ucs4_t c;

	c_len = text_decode(&c, in, len);
	if (c_len == 0) {
		text_add(t, 0xfffd, TEXT_REPLACE, TEXT_REPLACEMENT, 3);
		return 1;
	}
	class = text_classify(c);
	switch (class) {
	case TEXT_DROP:
		break;
	case TEXT_BLANK:
		text_add(t, ' ', class, " ", 1);
		break;
	case TEXT_REPLACE:
		text_add(t, 0xfffd, class, TEXT_REPLACEMENT, 3);
		break;
	case TEXT_JOINER:
		text_add_joiner(t, c);
		break;
	case TEXT_DIRECTION:
		t->has_direction = true;
		if (text_classify(t->state.last) != TEXT_DIRECTION)
			text_add(t, c, class, in, c_len);
		break;
	case TEXT_ERASE:
		/* Meta and backspace erase a word. */
		text_edit(t, in == t->meta ? TEXT_ERASE_WORD : c);
		break;
	case TEXT_ESCAPE:
		t->meta = in + c_len;
		c_len += text_escape_len(t, in + 1, len - 1);
		break;
	case TEXT_BASE:
		/* Skin tones are limited as marks are. */
		if (t->state.base != 0 && text_is_between(c, 0x1f3fb, 0x1f3ff))
			class = TEXT_MARK;
		text_add(t, c, class, in, c_len);
		if (c != TEXT_BLACK_FLAG)
			break;
		tags_len = text_flag_tags_len(in + c_len, len - c_len);
		if (tags_len > 0) {
			text_write(t, 0xe007f, in + c_len, tags_len);
			t->state.cluster.last = 0xe007f;
		}
		return c_len + tags_len;
	case TEXT_MARK:
	case TEXT_SPACING_MARK:
		text_add(t, c, class, in, c_len);
		break;
	}
	return c_len;
}

/* Removes the marks of direction from s where no letter needs them. */
static size_t
text_drop_direction(char *s, size_t len)
{
	size_t at, n = 0, c_len;
	int bidi;
	ucs4_t c;

	for (at = 0; at < len; at += c_len) {
		c_len = text_decode(&c, s + at, len - at);
		bidi = c < 0x80 || text_classify(c) == TEXT_DIRECTION ?
		    UC_BIDI_L :
		    uc_bidi_class(c);
		if (bidi == UC_BIDI_R || bidi == UC_BIDI_AL)
			return len;
	}
	for (at = 0; at < len; at += c_len) {
		c_len = text_decode(&c, s + at, len - at);
		if (text_classify(c) != TEXT_DIRECTION) {
			memmove(s + n, s + at, c_len);
			n += c_len;
		}
	}
	return n;
}

/* Copies printable ASCII from in[i] on, where nothing is erased. Returns its
 * end. */
static size_t
text_scrub_ascii(struct text_scrubber *t, const char *in, size_t i, size_t len)
{
	size_t n = t->n, blanks = t->state.blanks;

	do { /* Always written, but kept only if n moves on. */
		blanks = in[i] == ' ' ? blanks + 1 : 0;
		t->out[n] = in[i++];
		n += blanks <= TEXT_MAX_BLANKS;
	} while (i < len && in[i] >= ' ' && in[i] <= '~');
	t->n = n;
	memset(&t->state, 0, sizeof(t->state));
	t->state.blanks = (uint8_t)(blanks < TEXT_MAX_BLANKS ? blanks :
							       TEXT_MAX_BLANKS);
	t->state.last = (ucs4_t)in[i - 1];
	t->state.base = blanks > 0 ? 0 : t->state.last;
	return i;
}

size_t
text_scrub(char *out, const char *in, size_t in_len)
{
	struct text_scrubber t = { .out = out };
	size_t i = 0, n;

	while (i < in_len) {
		if (t.undo == NULL && in[i] >= ' ' && in[i] <= '~') {
			i = text_scrub_ascii(&t, in, i, in_len);
			continue;
		}
		/* Begins again, noting states to return to. */
		if (t.undo == NULL &&
		    (in[i] == TEXT_DEL || in[i] == '\b' ||
			in[i] == TEXT_ERASE_LINE || in[i] == TEXT_ERASE_WORD)) {
			memset(&t, 0, sizeof(t));
			t.out = out;
			t.undo = xmalloc(in_len * sizeof(*t.undo));
			i = 0;
		}
		i += text_scrub_one(&t, in + i, in_len - i);
	}
	free(t.undo);

	n = t.n;
	if (t.has_direction)
		n = text_drop_direction(out, n);
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n;
}

size_t
text_scrub_lines(char *out, const char *in, size_t in_len)
{
	size_t at, next, len, n = 0;
	bool is_after_empty = false;

	for (at = 0; at < in_len; at += next) {
		len = text_line(in + at, in_len - at, &next);
		/* The LF of the line before takes the place of its own. */
		len = text_scrub(out + n + (n > 0), in + at, len);
		if (len == 0) {
			is_after_empty = n > 0;
			continue;
		}
		if (is_after_empty) {
			memmove(out + n + 2, out + n + 1, len);
			out[n++] = '\n';
			is_after_empty = false;
		}
		if (n > 0)
			out[n++] = '\n';
		n += len;
	}
	out[n] = '\0';
	return n;
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
