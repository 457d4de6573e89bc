/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Tag, length, value. Decided against: structs as they lie in memory, which
 * bind a file to a compiler and a version; and text, which is larger and needs
 * quoting. Integers have one width, so that no field ever has to be widened.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/tlv.h"

static void
le_put(void *p, uint64_t value, size_t bytes)
{
	unsigned char *out = p;
	size_t i;

	for (i = 0; i < bytes; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t
le_get(const void *p, size_t bytes)
{
	const unsigned char *in = p;
	uint64_t value = 0;
	size_t i;

	for (i = bytes; i-- > 0;)
		value = value << 8 | in[i];
	return value;
}

void
le_put16(void *p, uint16_t value)
{
	le_put(p, value, 2);
}

void
le_put32(void *p, uint32_t value)
{
	le_put(p, value, 4);
}

void
le_put64(void *p, uint64_t value)
{
	le_put(p, value, 8);
}

uint16_t
le_get16(const void *p)
{
	return (uint16_t)le_get(p, 2);
}

uint32_t
le_get32(const void *p)
{
	return (uint32_t)le_get(p, 4);
}

uint64_t
le_get64(const void *p)
{
	return le_get(p, 8);
}

static void
tlv_put_header(struct buf *out, uint16_t tag, size_t len)
{
	char *p = buf_reserve(out, TLV_HEADER);

	assert(len <= TLV_LEN_MAX);
	le_put16(p, tag);
	le_put32(p + 2, (uint32_t)len);
	out->len += TLV_HEADER;
}

void
tlv_put_bytes(struct buf *out, uint16_t tag, const void *data, size_t len)
{
	tlv_put_header(out, tag, len);
	buf_add(out, data, len);
}

void
tlv_put_u64(struct buf *out, uint16_t tag, uint64_t value)
{
	unsigned char bytes[8];

	le_put64(bytes, value);
	tlv_put_bytes(out, tag, bytes, sizeof(bytes));
}

void
tlv_put_i64(struct buf *out, uint16_t tag, int64_t value)
{
	tlv_put_u64(out, tag, (uint64_t)value);
}

void
tlv_put_str(struct buf *out, uint16_t tag, const char *s)
{
	tlv_put_bytes(out, tag, s, strlen(s));
}

size_t
tlv_open(struct buf *out, uint16_t tag)
{
	tlv_put_header(out, tag, 0);
	return out->len;
}

void
tlv_close(struct buf *out, size_t mark)
{
	assert(mark >= TLV_HEADER && mark <= out->len);
	assert(out->len - mark <= TLV_LEN_MAX);
	le_put32(out->data + mark - 4, (uint32_t)(out->len - mark));
}

void
tlv_init(struct tlv_reader *r, const void *data, size_t len)
{
	r->data = data;
	r->len = len;
	r->is_bad = false;
}

bool
tlv_next(struct tlv_reader *r, struct tlv *item)
{
	size_t len;

	if (r->len == 0)
		return false;
	if (r->len >= TLV_HEADER) {
		len = le_get32(r->data + 2);
		if (len <= r->len - TLV_HEADER) {
			item->tag = le_get16(r->data);
			item->data = r->data + TLV_HEADER;
			item->len = len;
			r->data += TLV_HEADER + len;
			r->len -= TLV_HEADER + len;
			return true;
		}
	}
	r->is_bad = true;
	r->len = 0;
	return false;
}

void
tlv_enter(const struct tlv *item, struct tlv_reader *inner)
{
	tlv_init(inner, item->data, item->len);
}

bool
tlv_get_u64(const struct tlv *item, uint64_t max, uint64_t *value)
{
	uint64_t v;

	if (item->len != 8)
		return false;
	v = le_get64(item->data);
	if (v > max)
		return false;
	*value = v;
	return true;
}

bool
tlv_get_i64(const struct tlv *item, int64_t *value)
{
	uint64_t v;

	if (!tlv_get_u64(item, UINT64_MAX, &v))
		return false;
	/* This reverses the cast made when writing. */
	memcpy(value, &v, sizeof(*value));
	return true;
}

bool
tlv_get_str(const struct tlv *item, char *out, size_t size)
{
	if (item->len >= size || memchr(item->data, '\0', item->len) != NULL)
		return false;
	memcpy(out, item->data, item->len);
	out[item->len] = '\0';
	return true;
}
