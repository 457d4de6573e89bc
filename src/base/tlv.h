/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TLV_H
#define TLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/util.h"

/*
 * Bytes that one version of ours writes and another reads: a sequence of items
 *
 *   tag (2 bytes)  length (4 bytes)  value (length bytes)
 *
 * with all integers little-endian. A value may itself be such a sequence. What
 * a tag means is its sequence's matter; a reader passes over tags that it does
 * not know, so a newer writer may add some, and a tag that is not there keeps
 * its default.
 */
#define TLV_HEADER 6
#define TLV_LEN_MAX ((size_t)1 << 30) /* of one value; longer is a bug */

/* Integers are always 8 bytes. */
void tlv_put_u64(struct buf *out, uint16_t tag, uint64_t value);
void tlv_put_i64(struct buf *out, uint16_t tag, int64_t value);
void tlv_put_bytes(struct buf *out, uint16_t tag, const void *data, size_t len);
void tlv_put_str(struct buf *out, uint16_t tag, const char *s); /* no NUL */

/*
 * What is put between the two is a sequence within the item. tlv_open() returns
 * a mark for tlv_close(); they nest.
 */
size_t tlv_open(struct buf *out, uint16_t tag) MUST_CHECK;
void tlv_close(struct buf *out, size_t mark);

/*
 * A reader never looks outside of what it was given, however garbled that is:
 * at the first fault it is bad, and from then on at its end. data is the
 * caller's and outlives the reader and its items.
 */
struct tlv_reader {
	const unsigned char *data;
	size_t len; /* what is left */
	bool is_bad;
};
struct tlv {
	uint16_t tag;
	const unsigned char *data;
	size_t len;
};

void tlv_init(struct tlv_reader *r, const void *data, size_t len);
/* The next item; false at the end, or when r is bad. */
bool tlv_next(struct tlv_reader *r, struct tlv *item) MUST_CHECK;
/* An item's value as a sequence of its own. */
void tlv_enter(const struct tlv *item, struct tlv_reader *inner);

/*
 * The value of an item. False, and nothing is changed: it has the wrong length,
 * is above max, does not fit size with its NUL, or has a NUL within.
 */
bool tlv_get_u64(const struct tlv *item, uint64_t max,
    uint64_t *value) MUST_CHECK;
bool tlv_get_i64(const struct tlv *item, int64_t *value) MUST_CHECK;
bool tlv_get_str(const struct tlv *item, char *out, size_t size) MUST_CHECK;

/* Little-endian integers at p, for formats that are no TLV. */
void le_put16(void *p, uint16_t value);
void le_put32(void *p, uint32_t value);
void le_put64(void *p, uint64_t value);
uint16_t le_get16(const void *p);
uint32_t le_get32(const void *p);
uint64_t le_get64(const void *p);

#endif
