/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MASK_H
#define MASK_H

#include <stdbool.h>

#include "base/util.h"

/*
 * Masks as in Modern IRC, "Wildcard Expressions": '*' is any number of bytes,
 * '?' is one; '\' makes the next byte ordinary. Letters compare without case
 * (ASCII).
 */
#define MASK_MAX 256 /* longest mask in bytes */
#define MASK_SIZE (MASK_MAX + 1)

/* Does mask match all of s? Takes at most strlen(mask) * strlen(s) steps. */
bool mask_match(const char *mask, const char *s);

/* Does mask, made by mask_normalize(), match nick!user@host? The three hold no
 * '!' and no '@'. A mask without three parts matches nobody. */
bool mask_match_user(const char *mask, const char *nick, const char *user,
    const char *host);

/*
 * Completes what was typed to nick!user@host: bob is bob!*@*, a@b is *!a@b, x!y
 * is x!y@*; a word with '.' or ':' is a host. Runs of '*' shrink to one. A
 * normalized mask stays as it is.
 *
 * Returns 0, or -1 with out undefined: for an empty mask, for more than
 * MASK_MAX bytes when completed, blanks, control characters, anything but
 * ASCII, a ':' in front, and separators too many or in another order.
 */
int mask_normalize(char out[MASK_SIZE], const char *in) MUST_CHECK;

/*
 * Does what was typed look like a mask of another server's own, such as "$~a",
 * "~account:bob" or "R:bob"? mask_normalize() takes it for a host, which nobody
 * has.
 */
bool mask_is_extended(const char *in);

#endif
