/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What upgrade*.c share; of no concern to others.
 */
#ifndef UPGRADE_IMPL_H
#define UPGRADE_IMPL_H

#define UPGRADE_VARIABLE "BRBD_UPGRADE"

/* The words for enum handoff_purpose. */
extern const char *const upgrade_purposes[];

/* What a program prints that has verified the blob. */
#define UPGRADE_CONFIRM_SIZE 32
void upgrade_confirmation(char out[UPGRADE_CONFIRM_SIZE], const void *blob);

#endif
