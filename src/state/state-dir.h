/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef STATE_DIR_H
#define STATE_DIR_H

#include "base/util.h"

/*
 * The directory of all that outlives the process. It is opened once; everything
 * in it is then opened relative to that descriptor, so that nobody can replace
 * it.
 */
struct state_dir {
	int dir_fd;
	int lock_fd;
};

/*
 * Opens the directory, or makes it (0700; its parent must exist), and locks it
 * until state_dir_close() or the process's end. Returns -1 with *error (the
 * caller frees it) if it cannot be opened, belongs to somebody else, is
 * writable for others, or another process has it.
 */
int state_dir_open(struct state_dir *state, const char *path,
    char **error) MUST_CHECK;
void state_dir_close(struct state_dir *state);

/* Calls found for each file whose name has that ending, with the ending cut
 * off, in any order. found may rename and remove files. Returns -1 if not all
 * of them can be known, after logging it; found was not called then. */
int state_dir_list(const struct state_dir *state, const char *ending,
    void (*found)(const char *stem, void *arg), void *arg) MUST_CHECK;

#endif
