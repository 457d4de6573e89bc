/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TEXT_IMPL_H
#define TEXT_IMPL_H

/* For text*.c alone. */

#include <stdbool.h>
#include <stddef.h>

#include <unitypes.h>

#define TEXT_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define TEXT_ZWJ 0x200d

/* Decodes the character at s (len bytes) and returns its length; 0 if its first
 * byte starts none. libunistring checks as RFC 3629 demands. */
size_t text_decode(ucs4_t *c, const char *s, size_t len);

bool text_is_between(ucs4_t c, ucs4_t first, ucs4_t last);
bool text_is_virama(ucs4_t c);
bool text_is_picture(ucs4_t c); /* an emoji, or room for one */

/* The grapheme cluster being read (UAX #29). */
struct text_cluster {
	ucs4_t last; /* its last character; 0: none yet */
	bool is_picture; /* it may go on after a ZWJ */
	ucs4_t virama; /* before that ZWJ, which joins a consonant; or 0 */
	bool is_half_flag; /* it is the first of two letters */
};

/* Does c, which comes next, begin another cluster? A letter of the virama's own
 * script after virama and ZWJ does not: later versions of the rules do not part
 * those. */
bool text_cluster_breaks(struct text_cluster *k, ucs4_t c);

#endif
