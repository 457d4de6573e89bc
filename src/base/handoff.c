/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Fields are described by tables, so that what is written and what is read
 * cannot differ. What is zero is left out: most of a member is.
 *
 * Descriptors stand in a table of their own, and the parts have only places in
 * it: then none is overlooked when they are to be kept open, and none is given
 * to two.
 */
#include "config.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/handoff.h"

#define HANDOFF_MAGIC "brbd run"
#define HANDOFF_CHECKED 24 /* bytes of the header, before the check */

/* Fields */

static uint64_t
handoff_load_unsigned(const void *p, size_t size)
{
	uint64_t v64;
	uint32_t v32;
	uint16_t v16;
	uint8_t v8;

	switch (size) {
	case sizeof(v64):
		memcpy(&v64, p, sizeof(v64));
		return v64;
	case sizeof(v32):
		memcpy(&v32, p, sizeof(v32));
		return v32;
	case sizeof(v16):
		memcpy(&v16, p, sizeof(v16));
		return v16;
	default:
		assert(size == sizeof(v8));
		memcpy(&v8, p, sizeof(v8));
		return v8;
	}
}

static void
handoff_store_unsigned(void *p, size_t size, uint64_t value)
{
	uint32_t v32 = (uint32_t)value;
	uint16_t v16 = (uint16_t)value;
	uint8_t v8 = (uint8_t)value;

	switch (size) {
	case sizeof(value):
		memcpy(p, &value, sizeof(value));
		break;
	case sizeof(v32):
		memcpy(p, &v32, sizeof(v32));
		break;
	case sizeof(v16):
		memcpy(p, &v16, sizeof(v16));
		break;
	default:
		assert(size == sizeof(v8));
		memcpy(p, &v8, sizeof(v8));
		break;
	}
}

static int64_t
handoff_load_signed(const void *p, size_t size)
{
	int64_t v64;
	int32_t v32;

	if (size == sizeof(v64)) {
		memcpy(&v64, p, sizeof(v64));
		return v64;
	}
	assert(size == sizeof(v32));
	memcpy(&v32, p, sizeof(v32));
	return v32;
}

static bool
handoff_store_signed(void *p, size_t size, int64_t value)
{
	int32_t v32 = (int32_t)value;

	if (size == sizeof(value))
		memcpy(p, &value, sizeof(value));
	else {
		assert(size == sizeof(v32));
		if (v32 != value)
			return false;
		memcpy(p, &v32, sizeof(v32));
	}
	return true;
}

void
handoff_put(struct buf *out, const struct handoff_field fields[], size_t count,
    const void *base)
{
	const struct handoff_field *f;
	const char *p;
	uint64_t u;
	int64_t i;

	for (f = fields; f < fields + count; f++) {
		p = (const char *)base + f->offset;
		switch ((enum handoff_type)f->type) {
		case HANDOFF_UNSIGNED:
			u = handoff_load_unsigned(p, f->size);
			if (u != 0)
				tlv_put_u64(out, f->tag, u);
			break;
		case HANDOFF_SIGNED:
			i = handoff_load_signed(p, f->size);
			if (i != 0)
				tlv_put_i64(out, f->tag, i);
			break;
		case HANDOFF_STRING:
			if (*p != '\0')
				tlv_put_str(out, f->tag, p);
			break;
		}
	}
}

static bool
handoff_get_one(const struct tlv *item, const struct handoff_field *f, void *p)
{
	uint64_t u;
	int64_t i;

	switch ((enum handoff_type)f->type) {
	case HANDOFF_UNSIGNED:
		if (!tlv_get_u64(item, f->max, &u))
			return false;
		handoff_store_unsigned(p, f->size, u);
		return true;
	case HANDOFF_SIGNED:
		return tlv_get_i64(item, &i) &&
		    handoff_store_signed(p, f->size, i);
	case HANDOFF_STRING:
		return tlv_get_str(item, p, f->size);
	}
	return false;
}

bool
handoff_get(const struct tlv *item, const struct handoff_field fields[],
    size_t count, void *base)
{
	const struct handoff_field *f;

	for (f = fields; f < fields + count; f++)
		if (f->tag == item->tag)
			return handoff_get_one(item, f,
			    (char *)base + f->offset);
	return true;
}

void
handoff_put_credential(struct buf *out, uint16_t tag,
    const struct credential *credential)
{
	tlv_put_bytes(out, tag, credential, sizeof(*credential));
}

bool
handoff_get_credential(const struct tlv *item, struct credential *credential)
{
	struct credential c;
	size_t used, i;

	if (item->len != sizeof(c))
		return false;
	memcpy(&c, item->data, sizeof(c));
	if (c.kind > CREDENTIAL_UID)
		return false;
	/* It is compared whole. */
	used = c.kind == CREDENTIAL_IPV6 ? 8 : 4;
	for (i = used; i < sizeof(c.bytes); i++)
		if (c.bytes[i] != 0)
			return false;
	*credential = c;
	return true;
}

static uint64_t
handoff_check(const char *blob, size_t len)
{
	return XXH3_64bits_withSeed(blob + HANDOFF_HEADER, len - HANDOFF_HEADER,
	    XXH3_64bits(blob, HANDOFF_CHECKED));
}

void
handoff_seal(const struct fields_out *out, struct buf *blob)
{
	char *header;
	size_t mark, i;
	unsigned char fd[4];

	buf_reset(blob);
	(void)buf_reserve(blob,
	    HANDOFF_HEADER + TLV_HEADER + out->fd_count * sizeof(fd) +
		out->data.len);
	blob->len = HANDOFF_HEADER;
	mark = tlv_open(blob, HANDOFF_FDS);
	for (i = 0; i < out->fd_count; i++) {
		le_put32(fd, (uint32_t)out->fds[i]);
		buf_add(blob, fd, sizeof(fd));
	}
	tlv_close(blob, mark);
	buf_add(blob, out->data.data, out->data.len);

	header = blob->data;
	memcpy(header, HANDOFF_MAGIC, 8);
	le_put32(header + 8, HANDOFF_VERSION);
	le_put32(header + 12, HANDOFF_HEADER);
	le_put64(header + 16, blob->len);
	le_put64(header + 24, handoff_check(header, blob->len));
}

/* Reading */

static int
handoff_fd_cmp(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* What was claimed costs memory only as far as it is there. */
static bool
handoff_open_fds(struct fields_in *in, const struct tlv *item)
{
	size_t i, count = item->len / 4;
	int *sorted;
	bool is_good = true;

	if (item->len % 4 != 0)
		return fields_fail(in, "the table of descriptors is cut off");
	in->fds = xreallocarray(NULL, count + 1, sizeof(*in->fds));
	in->is_taken = xcalloc(count + 1, sizeof(*in->is_taken));
	in->fd_count = count;
	for (i = 0; i < count; i++)
		in->fds[i] = (int)le_get32(item->data + 4 * i);
	sorted = xreallocarray(NULL, count + 1, sizeof(*sorted));
	if (count > 0) {
		memcpy(sorted, in->fds, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), handoff_fd_cmp);
	}
	for (i = 0; i < count && is_good; i++)
		is_good = sorted[i] > STDERR_FILENO &&
		    (i == 0 || sorted[i] != sorted[i - 1]);
	free(sorted);
	return is_good ? true :
			 fields_fail(in,
			     "a descriptor stands there "
			     "twice, or is a standard one");
}

static bool
handoff_open_header(struct fields_in *in, const char *blob, size_t len)
{
	if (len < HANDOFF_HEADER || memcmp(blob, HANDOFF_MAGIC, 8) != 0)
		return fields_fail(in, "it is no state of a running brbd");
	if (le_get32(blob + 8) != HANDOFF_VERSION)
		return fields_fail(in,
		    "its version is %lu, and this program reads version %d",
		    (unsigned long)le_get32(blob + 8), HANDOFF_VERSION);
	if (le_get32(blob + 12) != HANDOFF_HEADER)
		return fields_fail(in, "its header has another length");
	if (le_get64(blob + 16) != len)
		return fields_fail(in, "its length is %zu, not %llu", len,
		    (unsigned long long)le_get64(blob + 16));
	if (le_get64(blob + 24) != handoff_check(blob, len))
		return fields_fail(in, "its checksum is wrong");
	return true;
}

bool
handoff_open(struct fields_in *in, const void *blob, size_t len,
    enum handoff_purpose purpose)
{
	struct tlv item;

	memset(in, 0, sizeof(*in));
	in->use = FIELDS_HANDOFF;
	in->purpose = purpose;
	/* What is to be taken has just been verified in this very process. */
	if (purpose != HANDOFF_TAKE)
		in->check_fd = fields_check_fd;
	if (!handoff_open_header(in, blob, len))
		return false;
	tlv_init(&in->items, (const char *)blob + HANDOFF_HEADER,
	    len - HANDOFF_HEADER);
	if (!tlv_next(&in->items, &item) || item.tag != HANDOFF_FDS)
		return fields_fail(in, "it has no table of descriptors");
	return handoff_open_fds(in, &item);
}

void
handoff_close_on_exec(const struct fields_in *in)
{
	size_t i;

	/* No others: whoever started us may have given us some for good. */
	for (i = 0; i < in->fd_count; i++)
		(void)fcntl(in->fds[i], F_SETFD, FD_CLOEXEC);
}

void
handoff_close_rest(struct fields_in *in)
{
	size_t i;

	for (i = 0; i < in->fd_count; i++)
		if (!in->is_taken[i]) {
			(void)close(in->fds[i]);
			in->is_taken[i] = true;
		}
}
