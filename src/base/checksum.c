/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A wrapper around libxxhash that offers only the call we need. The history,
 * whose checks are of 64 bits or on the way of each message, calls libxxhash
 * itself.
 */
#include "config.h"

#include <xxhash.h>

#include "base/checksum.h"

uint32_t
checksum(uint32_t seed, const void *data, size_t len)
{
	return (uint32_t)XXH3_64bits_withSeed(data, len, seed);
}
