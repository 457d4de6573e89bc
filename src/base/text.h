/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A bad byte (1) becomes U+FFFD (3 bytes): so much can scrubbing add. */
#define TEXT_SCRUB_GROWTH 3

/*
 * Make text from a peer safe to show on any terminal (hostile inputs 13-22).
 * Done once, on entry; all that is kept and sent later is clean.
 *
 *   - bytes that are no UTF-8 (RFC 3629: overlong forms, surrogates, above
 *     U+10FFFF, cut off) become U+FFFD each;
 *   - what a terminal sends for editing edits: BS and DEL erase the grapheme
 *     cluster before, ^W and meta backspace the word, ^U all;
 *   - escape sequences go with all that belongs to them: keys, pastes, mice,
 *     reports, colors, titles; of an unknown one, ESC alone goes;
 *   - other control characters (C0, C1), bidirectional overrides, isolates and
 *     embeddings, zero-width and tag characters that stand for nothing, U+FEFF,
 *     and other default-ignorable or format characters go;
 *   - ZWJ and ZWNJ stay where a script or an emoji sequence needs them, tags
 *     behind a black flag where they make one of a region, and U+200E, U+200F
 *     and U+061C, no two in a row, where there is a right-to-left letter;
 *   - at most TEXT_MAX_MARKS combining marks stay on a base character, and as
 *     many that take room of their own (Mc); none at the start or on a blank;
 *     variation selectors and skin tones count as marks;
 *   - every kind of blank and separator (category Zs, TAB, LF, VT, FF, CR, NEL,
 *     U+2028, U+2029, and characters that are drawn as nothing, as U+2800)
 *     becomes U+0020; runs of more than TEXT_MAX_BLANKS shrink to that;
 *     trailing ones go, leading ones stay;
 *   - noncharacters, U+FFFC and most of what is not assigned become U+FFFD.
 *
 * Writes to out, which holds at least in_len * TEXT_SCRUB_GROWTH + 1 bytes and
 * does not overlap in; returns the length, and terminates. The result is a
 * fixed point: scrubbing it again changes nothing. Cannot fail.
 */
#define TEXT_MAX_MARKS 4
#define TEXT_MAX_BLANKS 8
size_t text_scrub(char *out, const char *in, size_t in_len);

/*
 * text, scrubbed and then cut after max_bytes as text_cut() does; the caller
 * frees it. NULL if nothing is left.
 */
char *text_scrub_copy(const char *text, size_t max_bytes);

/*
 * The longest prefix of s (valid UTF-8, len bytes) that has at most max_bytes
 * bytes and cuts no grapheme cluster (UAX #29) where that can be helped, and
 * never a character. Returns its length; trailing blanks are not counted. All
 * that is cut is cut by this.
 */
size_t text_cut(const char *s, size_t len, size_t max_bytes);

/* Is all of s valid UTF-8? What people say is scrubbed instead. */
bool text_is_utf8(const char *s, size_t len);

/*
 * Copies in to out, with each byte that is no part of UTF-8 replaced by U+FFFD.
 * out has room for len * TEXT_SCRUB_GROWTH bytes. Returns how many there are.
 */
size_t text_replace_bad(char *out, const char *in, size_t len);

/*
 * Is s what text_scrub() may once have left: valid UTF-8 without controls (C0,
 * DEL, C1), U+2028, U+2029, and bidirectional embeddings, overrides and
 * isolates? Unlike that, it is the same in each version of Unicode: for what
 * was kept in a file.
 */
bool text_is_harmless(const char *s, size_t len);

/*
 * Does text mention nick: as a whole word, compared without case (ASCII, since
 * nicks are)? A letter or a digit of Latin script, a combining mark, and each
 * of _ and - goes on with a word; all else ends it. In time linear in len.
 */
bool text_mentions(const char *text, size_t len, const char *nick);

#endif
