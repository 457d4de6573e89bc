/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BRBCTL_BACKUP_H
#define BRBCTL_BACKUP_H

#include <stddef.h>

/*
 * Writes the files of an answer to the verb backup (verb-backup.c) into the
 * directory path, which is made, or empty. Returns NULL, having told on stdout
 * how many there are, or what is wrong: the caller frees it, and what has been
 * written is no backup.
 */
char *backup_write(const char *path, const char *answer, size_t len);

#endif
