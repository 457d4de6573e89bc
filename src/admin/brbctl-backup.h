/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BRBCTL_BACKUP_H
#define BRBCTL_BACKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/* Writes the files of a backup, as its lines come (verb-backup.c). */
struct backup_writer;

/* path, which stays the caller's, is the directory: it is made, or is empty. */
struct backup_writer *backup_writer_new(const char *path);

/* Takes a line without its end. False: it has failed, and no more is taken. */
bool backup_writer_take(struct backup_writer *w, const char *line) MUST_CHECK;

/*
 * All lines have come. Only now the files get their names; if anything is wrong
 * they are removed, and the text returned, which the caller frees, says what.
 * NULL: all is well, and *files is how many there are. Frees w.
 */
char *backup_writer_finish(struct backup_writer *w, size_t *files) MUST_CHECK;

#endif
