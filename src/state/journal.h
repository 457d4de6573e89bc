/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "base/walk.h"

/*
 * A crash-safe journal of small keys and values in a directory: what was put
 * before a kill -9 is there afterwards. Its owner has everything in memory and
 * reads it only at the start.
 *
 * Two files NAME.0 and NAME.1 take turns. Each starts with a snapshot and goes
 * on with changes; when those are several times the snapshot, a new one is
 * written to the other file.
 *
 * Faults of the disk are logged, once a minute, and have no other effect:
 * changes are not written then, and a fresh snapshot is tried from time to time
 * until one succeeds. Nothing waits for the disk.
 */
struct journal;

#define JOURNAL_KEY_MAX 255 /* bytes; at least 1 */
#define JOURNAL_VALUE_MAX ((size_t)1024 * 1024)
#define JOURNAL_FILE_MAX ((size_t)256 * 1024 * 1024)

/* Called once for each key that was found, in the order of their bytes; before
 * all of them without a key (key_len 0) if some may be missing, or old. */
typedef void journal_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *arg);

/*
 * Puts all that there is, as far as the budget goes: from the start if
 * is_first, or from where it has stopped. True: there is more. What changes
 * between two calls is put as ever, and need not be put again.
 */
typedef bool journal_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg);

/*
 * Opens or creates the journal of that name in the directory, which stays the
 * caller's; calls loaded for what it holds before returning. snapshot is called
 * from journal_renew(), journal_tick() and journal_close(). Returns NULL with
 * *error (the caller frees it) if the files cannot be opened, are in use by
 * another process, or are of another version. Damaged files are kept as
 * NAME.N.corrupt-TIME, and what is left of them is used; the log says so.
 */
struct journal *journal_open(int dir_fd, const char *name,
    journal_loaded *loaded, journal_snapshot *snapshot, void *arg,
    char **error) MUST_CHECK;

/* Writes a new snapshot, or makes journal_tick() try again; for an owner that
 * knows more than the files may hold. */
void journal_renew(struct journal *journal, int64_t mono_ms);

/* Set or remove a key. It is in the file when this returns, unless the journal
 * is held. The lengths must be within the limits above. */
void journal_put(struct journal *journal, const void *key, size_t key_len,
    const void *value, size_t len);
void journal_delete(struct journal *journal, const void *key, size_t key_len);

/* All that is put between the two is written at once. They do not nest. */
void journal_hold(struct journal *journal);
void journal_release(struct journal *journal);

/*
 * To be called about once a second while there are changes: starts a new
 * snapshot when it is time, goes on with one within the budget, and makes the
 * kernel start writing to the disk. True: call it again even if nothing
 * changes; and while it is in a snapshot, as soon as there is time.
 */
bool journal_tick(struct journal *journal, int64_t mono_ms,
    struct walk_budget *budget);
bool journal_is_in_snapshot(const struct journal *journal);

/* The errno of a failure after which the files still lack something, or 0. */
int journal_error(const struct journal *journal);

/*
 * Copies what there is, while changes go on: up to len bytes from offset on of
 * the file that is written to, for a file NAME.0 of its own. *generation is 0 at
 * the first call, and *size the length to be copied after it. Returns how many
 * bytes; or -1 with errno, EAGAIN if all has moved to the other file meanwhile,
 * and it is to be begun again.
 */
ssize_t journal_read(const struct journal *journal, uint64_t *generation,
    size_t *size, size_t offset, void *data, size_t len) MUST_CHECK;

/* Waits for the disk. journal may be NULL. */
void journal_close(struct journal *journal);

#endif
