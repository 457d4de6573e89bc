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
 *   - control characters (C0 but TAB, which is a blank; DEL; C1), bidirectional
 *     overrides and isolates, embeddings and marks, zero-width and tag
 *     characters, U+2028, U+2029, U+FEFF, and other default-ignorable or
 *     format characters go. ZWJ (U+200D) goes too; variation selectors stay
 *     and count as combining marks;
 *   - at most TEXT_MAX_MARKS combining marks stay on a base character, and as
 *     many that take room of their own (Mc); none at the start or on a blank;
 *   - every kind of blank (category Zs, TAB, and characters that are drawn as
 *     nothing, as U+2800) becomes U+0020; runs of more than TEXT_MAX_BLANKS
 *     shrink to that; trailing ones go, leading ones stay;
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
 * bytes and cuts no character or combining sequence where that can be helped
 * (never a character). Returns its length; trailing blanks are not counted.
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
 * nicks are)? A word ends where no nick character (A-Za-z0-9_-) goes on.
 */
bool text_mentions(const char *text, size_t len, const char *nick);

#endif
