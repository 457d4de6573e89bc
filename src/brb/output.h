/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "base/buf.h"
#include "base/util.h"

/*
 * Writes all of out to the standard output, waiting for whoever reads: so nothing
 * more is read from the server meanwhile, and nothing grows. Empties out in any
 * case. Returns 0, or -1 with errno if nobody takes it.
 */
int output_write(struct buf *out) MUST_CHECK;

#endif
