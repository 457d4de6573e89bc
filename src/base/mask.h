/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MASK_H
#define MASK_H

#include <stdbool.h>

#include "base/util.h"

/*
 * Masks as in Modern IRC, "Wildcard Expressions": '*' is any number of bytes,
 * '?' is one; after '\' both are themselves. Letters are compared without case
 * (ASCII).
 */
#define MASK_MAX 256 /* bytes of a mask that is kept */
#define MASK_SIZE (MASK_MAX + 1)

/* Does all of s match? Takes at most strlen(mask) * strlen(s) steps. */
bool mask_match(const char *mask, const char *s);

/*
 * Does mask, as mask_normalize() makes them, match nick!user@host? These hold
 * no '!' and no '@'. A mask without the three parts matches nobody.
 */
bool mask_match_user(const char *mask, const char *nick, const char *user,
    const char *host);

/*
 * Completes what was typed to nick!user@host: bob is bob!*@*, a@b is *!a@b, x!y
 * is x!y@*; one word with '.' or ':', which no nick has, is a host. Runs of
 * '*' shrink to one. Its own result is left as it is.
 *
 * Returns 0, or -1 with out undefined: nothing, more than MASK_MAX bytes when
 * completed, blanks, control characters, anything but ASCII (no name has it),
 * ':' in front, or more separators than the two in their order.
 */
int mask_normalize(char out[MASK_SIZE], const char *in) MUST_CHECK;

#endif
