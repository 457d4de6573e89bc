/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * libxxhash behind a call that says what we need. The history calls libxxhash
 * itself, a message being its hot path, for which a CRC would be too slow.
 */
#include "config.h"

#include <xxhash.h>

#include "base/checksum.h"

uint32_t
checksum(uint32_t seed, const void *data, size_t len)
{
	return (uint32_t)XXH3_64bits_withSeed(data, len, seed);
}
