/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * zlib's CRC-32 behind a call that says what we need: zlib is on every system,
 * and its loop is several times faster than what we would write.
 */
#include "config.h"

#include <zlib.h>

#include "checksum.h"

#define CHECKSUM_SLICE ((size_t)1 << 30) /* zlib's lengths are of 32 bits */

uint32_t
checksum(uint32_t seed, const void *data, size_t len)
{
	const unsigned char *p = data;
	uLong crc = seed;
	size_t slice;

	/* An empty piece may come with a NULL, which zlib takes for a reset. */
	for (; len > 0; len -= slice, p += slice) {
		slice = len < CHECKSUM_SLICE ? len : CHECKSUM_SLICE;
		crc = crc32(crc, p, (uInt)slice);
	}
	return (uint32_t)crc;
}
