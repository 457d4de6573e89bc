/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * A 32-bit checksum (the low half of XXH3), the same on every machine. seed is
 * any number, such as the checksum of what came before. It finds accidents, not
 * malice.
 */
uint32_t checksum(uint32_t seed, const void *data, size_t len);

#endif
