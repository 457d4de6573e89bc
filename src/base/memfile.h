/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MEMFILE_H
#define MEMFILE_H

#include "base/util.h"

/*
 * A file that has no name any more and goes with its last descriptor: in memory
 * where the system can, else in $TMPDIR or /tmp. name is for those who look at
 * the process. Close-on-exec. -1: errno.
 */
int memfile_open(const char *name) MUST_CHECK;

#endif
