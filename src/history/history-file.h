/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTORY_FILE_H
#define HISTORY_FILE_H

#include <stddef.h>

#include "base/util.h"
#include "history/history.h"

/*
 * A ring's file by name, for the start: may wait for the disk, unless there is
 * no such file.
 *
 * Opens name in the directory dir_fd, or makes it, with mode 0600 and all its
 * space allocated, and locks it (flock(2)) as long as h is open. What is found
 * there is kept as far as it can be:
 *
 *   another size     the newest messages that fit go to a new file, which then
 *                    takes the name
 *   damaged          it is renamed to NAME.corrupt-YYYYMMDDTHHMMSSZ, and what
 *                    is readable goes to a new file; that is logged
 *   power was cut    recovered in place; that is logged
 *
 * -1: h needs no history_fini(), and error says why, for a person ("history
 * 'lobby.ring' is in use by another process"): that, or a file that is of a
 * later version, somebody else's, or no file, or a fault of the disk. report
 * may be NULL.
 */
int history_file_open(struct history *h, int dir_fd, const char *name,
    size_t size, struct history_report *report, char *error,
    size_t error_size) MUST_CHECK;

#define HISTORY_FILE_ERROR_SIZE 256

/*
 * Removes the file name in dir_fd if it is the one that h is open in; another's
 * is left alone, such as one that could not be opened. -1: errno.
 */
int history_file_remove(const struct history *h, int dir_fd,
    const char *name) MUST_CHECK;

#endif
