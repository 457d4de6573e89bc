/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef STORE_IMPL_H
#define STORE_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "store.h"

/* What store*.c, their tests and their fuzzer share; nobody else's. */

/*
 * A file, all integers little-endian:
 *
 *   header   "brbdkv\r\n"  version (4)  0 (4)  generation (8)  checksum (4)
 *   records  type (1)  key length (1)  0 (2)  value length (4)  checksum (4)
 *            key  value
 *
 * The records up to STORE_END are the snapshot. A record's checksum covers the
 * generation and its place in the file as well, so that what is left of former
 * contents is never taken for a record.
 */
#define STORE_MAGIC "brbdkv\r\n"
#define STORE_VERSION 1
#define STORE_HEADER 28
#define STORE_RECORD 12

enum store_type { STORE_PUT = 1, STORE_DELETE, STORE_END };

enum store_state {
	STORE_WHOLE, /* its snapshot is */
	STORE_EMPTY, /* no bytes at all */
	STORE_UNFINISHED, /* the snapshot ends with the file, without fault */
	STORE_DAMAGED,
	STORE_FUTURE /* a later version's */
};

struct store_scan {
	enum store_state state;
	uint64_t generation; /* 0: not known */
	size_t snapshot_len; /* where the snapshot ends, if it is whole */
	size_t good_len; /* where the last record ends that is good */
};

/* Looks at a file's bytes. */
void store_scan(const void *data, size_t len, struct store_scan *scan);

/* Calls loaded for each key of a file that store_scan() has found whole. */
void store_replay(const void *data, const struct store_scan *scan,
    store_loaded *loaded, void *arg);

/* Adds the bytes that go to a file of that generation at offset. */
void store_write_header(struct buf *out, uint64_t generation);
void store_write_record(struct buf *out, uint64_t generation, uint64_t offset,
    enum store_type type, const void *key, size_t key_len, const void *value,
    size_t len);

#endif
