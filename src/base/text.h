/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scrubbing makes text longer by this factor at most: a bad byte becomes
 * U+FFFD, which is 3 bytes. */
#define TEXT_SCRUB_GROWTH 3

/*
 * Makes text from a peer safe to show on any terminal (hostile inputs 13-22).
 * Done once, on entry; all that is stored and sent later is clean.
 *
 * - Bytes that are no UTF-8 (RFC 3629: overlong forms, surrogates, above
 *   U+10FFFF, cut off) become U+FFFD each.
 * - What a terminal sends for editing edits: BS and DEL erase the grapheme
 *   cluster before, ^W and meta backspace the word, ^U everything.
 * - Escape sequences go as a whole: keys, pastes, mice, reports, colors,
 *   titles; of an unknown one, only ESC goes.
 * - Other control characters (C0, C1), bidirectional overrides, isolates and
 *   embeddings, zero-width and tag characters without a meaning, U+FEFF, and
 *   other default-ignorable or format characters go.
 * - ZWJ and ZWNJ stay where a script or an emoji sequence needs them, tags
 *   after a black flag where they form a region's, and U+200E, U+200F and
 *   U+061C, no two in a row, where there is a right-to-left letter.
 * - At most TEXT_MAX_MARKS combining marks stay on a base character, and as
 *   many that take room of their own (Mc); none at the start or on a blank;
 *   variation selectors and skin tones count as marks.
 * - Every kind of blank and separator (category Zs, TAB, LF, VT, FF, CR, NEL,
 *   U+2028, U+2029, and characters drawn as nothing, such as U+2800) becomes
 *   U+0020; runs of more than TEXT_MAX_BLANKS shrink to that; trailing ones go,
 *   leading ones stay.
 * - Noncharacters, U+FFFC and most unassigned characters become U+FFFD.
 *
 * Writes to out, which holds at least in_len * TEXT_SCRUB_GROWTH + 1 bytes and
 * does not overlap in; returns the length, and terminates. The result is a
 * fixed point: scrubbing it again changes nothing. Cannot fail.
 */
#define TEXT_MAX_MARKS 4
#define TEXT_MAX_BLANKS 8
size_t text_scrub(char *out, const char *in, size_t in_len);

/*
 * As text_scrub(), for what has several lines: each is scrubbed by itself, and LF
 * stands between them. None of those at the start and the end is empty, nor are
 * two in a row.
 */
size_t text_scrub_lines(char *out, const char *in, size_t in_len);

/* The first line of s: returns its length without its LF; in *next is where the
 * next begins, or len. */
size_t text_line(const char *s, size_t len, size_t *next);
size_t text_count_lines(const char *s, size_t len);

/* Returns text, scrubbed and then cut after max_bytes as text_cut() does; the
 * caller frees it. NULL if nothing is left. */
char *text_scrub_copy(const char *text, size_t max_bytes);

/*
 * The longest prefix of s (valid UTF-8, len bytes) of at most max_bytes bytes.
 * Never cuts a character, nor a grapheme cluster (UAX #29) unless it alone is
 * longer. Returns its length; trailing blanks are not counted. Everything that
 * is cut is cut by this.
 */
size_t text_cut(const char *s, size_t len, size_t max_bytes);

/* Bytes of the first grapheme cluster (UAX #29) of s; 0 if len is 0. A byte that
 * is no UTF-8 counts as a character. */
size_t text_cluster(const char *s, size_t len);

/* Is all of s valid UTF-8? (What people say is scrubbed instead.) */
bool text_is_utf8(const char *s, size_t len);

/* Copies in to out, with each byte that is not UTF-8 replaced by U+FFFD. out
 * has room for len * TEXT_SCRUB_GROWTH bytes. Returns the length of out. */
size_t text_replace_bad(char *out, const char *in, size_t len);

/*
 * Can s be the result of text_scrub() in any version of Unicode: valid UTF-8
 * without controls (C0, DEL, C1), U+2028, U+2029, and bidirectional embeddings,
 * overrides and isolates? For text that was stored.
 */
bool text_is_harmless(const char *s, size_t len);
/* The same of text_scrub_lines(). */
bool text_has_harmless_lines(const char *s, size_t len);

/*
 * Does text mention nick as a whole word, compared without case (ASCII, as
 * nicks are)? Latin letters and digits, combining marks, _ and - continue a
 * word; all else ends it. Takes time linear in len.
 */
bool text_mentions(const char *text, size_t len, const char *nick);

/*
 * A filter of the words in a text, for who asks whether it mentions each of
 * many: as many 64-bit blocks as text_filter_blocks() says, zeroed, then filled
 * by text_filter(). Who is sought has a probe. What text_filter_may_mention()
 * denies, text_mentions() denies as well; of the rest, a few per cent.
 */
struct text_probe {
	uint32_t hash; /* chooses the block */
	uint64_t bits; /* 0: the nick has no word, and may be anywhere */
};

size_t text_filter_blocks(size_t len); /* of the text; at least 1 */
void text_filter(uint64_t *filter, size_t blocks, const char *text, size_t len);
void text_probe(struct text_probe *probe, const char *nick);

static inline bool
text_filter_may_mention(const uint64_t *filter, size_t blocks,
    const struct text_probe *probe)
{
	uint64_t block = filter[((uint64_t)probe->hash * blocks) >> 32];

	return (block & probe->bits) == probe->bits;
}

/*
 * Writes s as it is compared without case: each character (of valid UTF-8) as
 * its lower-case one, where Unicode has one for it alone. out holds at least
 * len * TEXT_FOLD_GROWTH bytes; returns the length. What is found in a folded
 * text was there, in some case.
 */
#define TEXT_FOLD_GROWTH 2
size_t text_fold(char *out, const char *s, size_t len);

#endif
