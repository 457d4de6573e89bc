/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PRIVATE_FILE_H
#define PRIVATE_FILE_H

#include "base/util.h"

struct stat;

/*
 * A file of the state is for us alone: one that others may read or write, as a
 * backup may have brought it back, is made so (0600), and the log says it. st is
 * of fd, name for the log. Returns 0, or -1 with errno.
 */
int private_file_ensure(int fd, const struct stat *st,
    const char *name) MUST_CHECK;

#endif
