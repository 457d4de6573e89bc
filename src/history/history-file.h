/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef HISTORY_FILE_H
#define HISTORY_FILE_H

#include <stddef.h>

#include "base/util.h"
#include "history/history.h"

/*
 * Opens a ring's file by name; for the start, as it may wait for the disk
 * unless there is no such file.
 *
 * The file, name in the directory dir_fd, is made if necessary, with mode 0600
 * and all its space allocated, and is locked (flock(2)) while h is open. What
 * is in it is preserved as far as possible:
 *
 *   another size     the newest messages that fit go to a new file, which then
 *                    takes the name
 *   damaged          it is renamed to NAME.corrupt-YYYYMMDDTHHMMSSZ, and what
 *                    is readable goes to a new file; that is logged
 *   power was cut    recovered in place; that is logged
 *   of another name  it is the ring of another room or conversation: renamed as
 *                    a damaged one, and not read; that is logged
 *
 * Returns -1 with a text for people in error ("history 'lobby.ring' is in use
 * by another process") if it is in use, of another version, somebody else's, no
 * regular file, or the disk fails; h then needs no history_fini(). report may
 * be NULL.
 */
int history_file_open(struct history *h, int dir_fd, const char *name,
    size_t size, struct history_report *report, char *error,
    size_t error_size) MUST_CHECK;

/* As history_file_open(), while people wait: history_open_growing(). */
int history_file_open_growing(struct history *h, int dir_fd, const char *name,
    size_t size, char *error, size_t error_size) MUST_CHECK;

#define HISTORY_FILE_ERROR_SIZE 256

/* 1: the file name in dir_fd is the one that h has open; 0: it is another, or
 * there is none. Returns -1 with errno. */
int history_file_is_in(const struct history *h, int dir_fd,
    const char *name) MUST_CHECK;

/* Removes the file name in dir_fd if h has it open; any other file of that name
 * is left alone. Returns -1 with errno. */
int history_file_remove(const struct history *h, int dir_fd,
    const char *name) MUST_CHECK;

#endif
