/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32 (that of RFC 1952 section 8) of len bytes. seed is 0, or what was
 * returned for the bytes before: then the result is that of both in a row.
 * It finds accidents, not malice.
 */
uint32_t checksum(uint32_t seed, const void *data, size_t len);

#endif
