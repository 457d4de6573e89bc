/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef JOURNAL_IMPL_H
#define JOURNAL_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "state/journal.h"

/* Shared by journal*.c, their tests and their fuzzer only. */

/*
 * A file, with all integers little-endian:
 *
 *   header   "brbdkv\r\n"  version (4)  kind (4)  generation (8)  checksum (4)
 *   records  type (1)  key length (1)  0 (2)  value length (4)  checksum (4)
 *            key  value
 *
 * The header is that of all versions. The kind says which of the journals it is:
 * journal_kind(). The records up to JOURNAL_END are the
 * snapshot. A record's checksum covers the generation and its offset as well,
 * so that left-overs of former contents are never taken for records; nor is
 * what people say, as it has no zero bytes.
 */
#define JOURNAL_MAGIC "brbdkv\r\n"
#define JOURNAL_VERSION 2
#define JOURNAL_HEADER 28
#define JOURNAL_RECORD 12

/* Only the first two have a key, and only the first has a value. */
enum journal_type {
	JOURNAL_PUT = 1,
	JOURNAL_DELETE,
	JOURNAL_END,
	JOURNAL_MOVED, /* the other file has all of this, and what follows */
	JOURNAL_LOST /* this was made from what was left of damaged files */
};

enum journal_state {
	JOURNAL_WHOLE, /* the snapshot's end is there */
	JOURNAL_EMPTY, /* no bytes at all */
	JOURNAL_UNFINISHED, /* ends with the file, without a fault */
	JOURNAL_DAMAGED,
	JOURNAL_FOREIGN /* another version's */
};

struct journal_scan {
	enum journal_state state;
	uint32_t version; /* if it is JOURNAL_FOREIGN */
	uint32_t kind; /* or 0: unknown */
	uint64_t generation; /* 0: unknown, so no record can be */
	size_t snapshot_len; /* the snapshot's end, if it is whole */
	size_t good_len; /* the end of the last good record */
	size_t faults; /* places that are not as they were written */
	bool has_moved; /* JOURNAL_MOVED */
	bool has_lost; /* JOURNAL_LOST */
};

struct journal_file {
	int fd;
	uint64_t generation;
	size_t size;
	struct buf out; /* not written yet */
};

struct journal {
	char *name;
	struct journal_file files[2];
	unsigned current;
	size_t snapshot_len; /* of the current file's size */
	journal_snapshot *snapshot;
	void *arg;
	bool is_held;
	int error; /* of the last failure; 0 since a success */
	bool is_stale; /* the file lacks changes: a snapshot is due */
	bool has_lost; /* the same, as it says that something was lost */
	bool is_in_snapshot; /* one is being written to the other file */
	bool is_first_step;
	bool is_in_step; /* what is put is the snapshot's */
	bool is_dirty; /* written since the last writeback */
	int64_t now_ms; /* at the last tick */
	int64_t retry_ms; /* no snapshot before this */
	int64_t sync_ms;
	struct log_limit limit;
};

void journal_free(struct journal *s); /* closes the files as they are */

/* Examines a file's bytes. */
void journal_scan(const void *data, size_t len, struct journal_scan *scan);

struct journal_source {
	const void *data;
	const struct journal_scan *scan;
};

/* Calls loaded for each key that is left by the records of files whose
 * generations are known, one after the other. */
void journal_replay(const struct journal_source *sources, size_t count,
    journal_loaded *loaded, void *arg);

/* Of the journal of that name; not 0. */
uint32_t journal_kind(const char *name);

/* Add what goes to a file of that kind or generation, at offset. */
void journal_write_header(struct buf *out, uint32_t kind, uint64_t generation);
void journal_write_record(struct buf *out, uint64_t generation, uint64_t offset,
    enum journal_type type, const void *key, size_t key_len, const void *value,
    size_t len);

#endif
