/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DIALOG_PATTERN_H
#define DIALOG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Does the whole of line (len bytes, without its end) match pattern? A pattern
 * is literal but for {time}, {n}, {any}, {dur}, {date} and {cr}; tests/README
 * says what they stand for. {any} stands for no control characters, so a
 * terminal escape never slips through unseen.
 */
bool pattern_match(const char *pattern, const char *line, size_t len);

/* The first {word} in pattern that stands for nothing, or NULL. It points into
 * pattern. */
const char *pattern_unknown(const char *pattern);

/*
 * Replaces, in a text of a dialog, {N*TEXT} by N times TEXT and each {name} by
 * the value that lookup has for it, if any. All else stays. The result is the
 * caller's.
 */
char *pattern_expand(const char *text,
    const char *(*lookup)(const char *name, size_t len, void *arg), void *arg);

/*
 * Adds what s stands for: C's escapes, but \x takes exactly two digits; and \e.
 * Returns 0, or -1 when there is one that C does not have.
 */
int pattern_unescape(struct buf *out, const char *s) MUST_CHECK;

/* Adds bytes so that they can be seen: the reverse, in printable ASCII. */
void pattern_show(struct buf *out, const char *bytes, size_t len);

#endif
