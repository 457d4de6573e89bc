/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>

#include "util.h"

/*
 * The directory of all that outlives the process. It is opened once; everything
 * in it is then opened relative to that descriptor, so that nobody can put
 * another one in its place.
 */
struct state {
	int dir_fd;
	int lock_fd;
};

/*
 * Opens the directory, or makes it (0700; its parent has to be there), and
 * locks it until state_close(), or the process's end. -1 with *error, which is
 * the caller's: it cannot be opened, belongs to somebody else, others may write
 * to it, or another process has it.
 */
int state_open(struct state *state, const char *path, char **error) MUST_CHECK;
void state_close(struct state *state);

/*
 * Calls found for each file that is there under a name with that ending, the
 * ending cut off; in no order. It may rename and remove files.
 */
void state_list(const struct state *state, const char *ending,
    void (*found)(const char *stem, void *arg), void *arg);

#endif
