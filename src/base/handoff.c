/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The blob's header, check and table of descriptors. What is in it are fields.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/handoff.h"

#define HANDOFF_MAGIC "brbd run"
#define HANDOFF_CHECKED 24 /* bytes of the header, before the check */

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

/* Allocates no more than there is, whatever the length claims. */
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
	/* What is to be taken was just verified in this very process. */
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

	/* Only these: whoever started us may have given us others for good. */
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
