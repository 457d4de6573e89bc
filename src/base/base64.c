/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/base64.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789+/";

static int
base64_value(char c)
{
	const char *found = c == '\0' ? NULL : strchr(base64_digits, c);

	return found == NULL ? -1 : (int)(found - base64_digits);
}

void
base64_encode(char *out, const unsigned char *data, size_t len)
{
	size_t i, n, digit;
	uint32_t bits;

	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		bits = (uint32_t)data[i] << 16;
		bits |= n > 1 ? (uint32_t)data[i + 1] << 8 : 0;
		bits |= n > 2 ? (uint32_t)data[i + 2] : 0;
		for (digit = 0; digit < 4; digit++)
			*out++ = digit <= n ?
			    base64_digits[bits >> (18 - 6 * digit) & 63] :
			    '=';
	}
	*out = '\0';
}

ssize_t
base64_decode(unsigned char *out, const char *in, size_t len)
{
	size_t padding = 0, i, n = 0;
	uint32_t bits = 0;
	int value;

	if (len % 4 != 0)
		return -1;
	while (padding < 2 && padding < len && in[len - 1 - padding] == '=')
		padding++;
	for (i = 0; i < len; i++) {
		value = i >= len - padding ? 0 : base64_value(in[i]);
		if (value == -1)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 3)
			continue;
		out[n++] = (unsigned char)(bits >> 16);
		out[n++] = (unsigned char)(bits >> 8);
		out[n++] = (unsigned char)bits;
		bits = 0;
	}
	/* What the padding stands for is zero. */
	for (i = 0; i < padding; i++)
		if (out[--n] != 0)
			return -1;
	return (ssize_t)n;
}
