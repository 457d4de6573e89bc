/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by upgrade*.c only.
 */
#ifndef UPGRADE_IMPL_H
#define UPGRADE_IMPL_H

#define UPGRADE_VARIABLE "BRBD_UPGRADE"

/* The words for enum handoff_purpose. */
extern const char *const upgrade_purposes[];

/* The line that a program prints once it has verified the blob. */
#define UPGRADE_CONFIRM_SIZE 32
void upgrade_confirmation(char out[UPGRADE_CONFIRM_SIZE], const void *blob);

#endif
