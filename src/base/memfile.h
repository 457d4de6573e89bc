/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MEMFILE_H
#define MEMFILE_H

#include "base/util.h"

/*
 * Opens a file without a name, which goes with its last descriptor: in memory
 * where the system can, else in $TMPDIR or /tmp. name helps whoever looks at
 * the process. Close-on-exec. Returns -1 with errno.
 */
int memfile_open(const char *name) MUST_CHECK;

/* Overwrites all that is in it. */
void memfile_wipe(int fd);

#endif
