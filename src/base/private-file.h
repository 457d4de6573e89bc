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

/*
 * Locks fd (flock(2)) for us alone. Whoever holds the lock is waited for, so many
 * milliseconds: a process that a killed server had forked may have what it
 * inherited open for a moment yet. Returns 0, or -1 with errno, EWOULDBLOCK if
 * another process still holds it.
 */
int private_file_lock(int fd, int wait_ms) MUST_CHECK;

#endif
