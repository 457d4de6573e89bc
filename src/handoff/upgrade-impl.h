/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by upgrade*.c only.
 */
#ifndef UPGRADE_IMPL_H
#define UPGRADE_IMPL_H

#include <stddef.h>

#define UPGRADE_VARIABLE "BRBD_UPGRADE"

/* The words for enum handoff_purpose. */
extern const char *const upgrade_purposes[];

/* The line that a program prints once it has verified the blob. */
#define UPGRADE_CONFIRM_SIZE 32
void upgrade_confirmation(char out[UPGRADE_CONFIRM_SIZE], const void *blob);

/*
 * Parts the calling process, of one thread, in two: returns in a child, a group
 * of its own, which becomes the new program. The caller guards that: it ends as
 * the program does, and ends it, and all that it has started, once nobody reads
 * what is written to out, which the caller must not read itself. It closes these
 * descriptors.
 */
void upgrade_guard(const int *fds, size_t count, int out);

#endif
