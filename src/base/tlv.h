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
 * Bytes that one version writes and another reads: a sequence of items
 *
 *   tag (2 bytes)  length (4 bytes)  value (length bytes)
 *
 * with all integers little-endian. A value may itself be such a sequence. Each
 * sequence defines its tags; a reader passes over tags that it does not know,
 * so newer writers may add some, and the field of a missing tag keeps its
 * default.
 */
#define TLV_HEADER 6
#define TLV_LEN_MAX ((size_t)1 << 30) /* of one value; longer is a bug */

/* Integers are always 8 bytes. */
void tlv_put_u64(struct buf *out, uint16_t tag, uint64_t value);
void tlv_put_i64(struct buf *out, uint16_t tag, int64_t value);
void tlv_put_bytes(struct buf *out, uint16_t tag, const void *data, size_t len);
void tlv_put_str(struct buf *out, uint16_t tag, const char *s); /* no NUL */

/* What is put between the two calls is a sequence within the item. tlv_open()
 * returns what tlv_close() takes; they nest. */
size_t tlv_open(struct buf *out, uint16_t tag) MUST_CHECK;
void tlv_close(struct buf *out, size_t mark);

/*
 * A reader never looks outside of what it was given, however garbled: at the
 * first fault it becomes bad, and is at its end. data is the caller's and
 * outlives the reader and its items.
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
/* Reads the next item; false at the end, or when r is bad. */
bool tlv_next(struct tlv_reader *r, struct tlv *item) MUST_CHECK;
/* Reads an item's value as a sequence of its own. */
void tlv_enter(const struct tlv *item, struct tlv_reader *inner);

/* Get the value of an item. On false nothing is changed: it has the wrong
 * length, is above max, does not fit size with its NUL, or has a NUL inside. */
bool tlv_get_u64(const struct tlv *item, uint64_t max,
    uint64_t *value) MUST_CHECK;
bool tlv_get_i64(const struct tlv *item, int64_t *value) MUST_CHECK;
bool tlv_get_str(const struct tlv *item, char *out, size_t size) MUST_CHECK;

/* Little-endian integers at p, for formats other than TLV. */
void le_put16(void *p, uint16_t value);
void le_put32(void *p, uint32_t value);
void le_put64(void *p, uint64_t value);
uint16_t le_get16(const void *p);
uint32_t le_get32(const void *p);
uint64_t le_get64(const void *p);

#endif
