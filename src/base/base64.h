/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BASE64_H
#define BASE64_H

#include <sys/types.h>

#include <stddef.h>

#include "base/util.h"

/*
 * Decodes len characters of base64 (RFC 4648 section 4, with padding) to out,
 * which has room for len / 4 * 3 bytes. Returns how many there are; or -1 for
 * anything that no encoder makes: other characters, wrong padding, bits that
 * are left.
 */
ssize_t base64_decode(unsigned char *out, const char *in,
    size_t len) MUST_CHECK;

/* Encodes len bytes, with padding and a terminating NUL: out has room for
 * BASE64_ENCODED_SIZE(len) characters. */
#define BASE64_ENCODED_SIZE(len) (((len) + 2) / 3 * 4 + 1)
void base64_encode(char *out, const unsigned char *data, size_t len);

#endif
