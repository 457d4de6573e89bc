/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

/*
 * A crash-safe journal of small keys and values in a directory: what was put
 * before a kill -9 is there afterwards. Its owner has everything in memory and
 * reads it at the start only.
 *
 * Two files NAME.0 and NAME.1 take turns. Each starts with a snapshot and goes
 * on with changes; when those have become several times the snapshot, a new one
 * is written to the other file.
 *
 * Faults of the disk are logged, once a minute, and nothing else comes of them:
 * changes are not written then, and a fresh snapshot is tried from time to time
 * until it has gone through. Nothing waits for the disk.
 */
struct journal;

#define JOURNAL_KEY_MAX 255 /* bytes; 1 at least */
#define JOURNAL_VALUE_MAX ((size_t)512 * 1024)
#define JOURNAL_FILE_MAX ((size_t)256 * 1024 * 1024)

/* Called for what was found, once for each key, in no order that matters. */
typedef void journal_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *arg);

/*
 * Opens or creates the journal of that name in the directory, which stays the
 * caller's, and calls loaded for what it holds before it returns. snapshot,
 * called from any function below, puts all that there is. NULL, with *error for
 * the caller to free, if the files cannot be had, are in use by another
 * process, or are of a later version. Files that are damaged beyond use are
 * renamed to NAME.N.corrupt-TIME, with a log line, and what they held is lost.
 */
struct journal *journal_open(int dir_fd, const char *name,
    journal_loaded *loaded,
    void (*snapshot)(struct journal *journal, void *arg), void *arg,
    char **error) MUST_CHECK;

/*
 * For who knows all already, and more than the files may hold: writes a new
 * snapshot, or has journal_tick() try again.
 */
void journal_renew(struct journal *journal, int64_t mono_ms);

/*
 * Sets or removes a key. It is in the file when this returns, unless the
 * journal is held. The lengths are within the limits above.
 */
void journal_put(struct journal *journal, const void *key, size_t key_len,
    const void *value, size_t len);
void journal_delete(struct journal *journal, const void *key, size_t key_len);

/*
 * What is put between the two goes to the file with one write. They do not
 * nest.
 */
void journal_hold(struct journal *journal);
void journal_release(struct journal *journal);

/*
 * To be called every second or so while there are changes: starts a new
 * snapshot when it is time, and has the kernel start writing to the disk. True:
 * to be called again even if nothing changes.
 */
bool journal_tick(struct journal *journal, int64_t mono_ms);

/* Waits for the disk. NULL is fine. */
void journal_close(struct journal *journal);

#endif
