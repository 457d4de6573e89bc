/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Where a ring's bytes are: in memory, or in a mapped file. The kernel keeps
 * the pages of a mapped file when the process ends, so a crash loses nothing,
 * and no message costs a system call. A power cut loses only what was not yet
 * written to disk; history_writeback() makes the kernel begin writing.
 *
 * Decided against: a journal, or write() and fsync() for each message (they
 * wait for the disk, and one loop serves everybody).
 */
#include "config.h"

#include <sys/mman.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/memfile.h"
#include "base/util.h"
#include "history/history-impl.h"

void
history_attach(struct history *h, void *base, size_t size, int fd)
{
	memset(h, 0, sizeof(*h));
	h->header = base;
	h->region = (char *)base + HISTORY_HEADER_SIZE;
	h->size = h->allocated = size;
	h->fd = fd;
	h->first_number = h->next_number = 1;
}

void *
history_map(int fd, size_t size)
{
	void *base;

	base = mmap(NULL, HISTORY_HEADER_SIZE + size, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	/* cppcheck-suppress memleak */
	return base == MAP_FAILED ? NULL : base;
}

/* A memory file of zeroes that cannot shrink under its mapping, or -1. */
static int
ring_memory_file(size_t size)
{
#ifdef HAVE_MEMFD_CREATE
	int fd, status;

	fd = memfd_create("brbd-history", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	do {
		status = ftruncate(fd, (off_t)(HISTORY_HEADER_SIZE + size));
	} while (status == -1 && errno == EINTR);
	if (status == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
		-1) {
		close(fd);
		return -1;
	}
	return fd;
#else
	(void)size;
	return -1;
#endif
}

void
history_init(struct history *h, size_t size)
{
	void *base = NULL;
	int fd;

	assert(size >= HISTORY_SIZE_MIN && size <= HISTORY_SIZE_MAX);
	size = HISTORY_ROUND(size);
	fd = ring_memory_file(size);
	if (fd != -1) {
		base = history_map(fd, size);
		if (base == NULL) {
			close(fd);
			fd = -1;
		}
	}
	if (base == NULL)
		base = xcalloc(1, HISTORY_HEADER_SIZE + size);
	history_attach(h, base, size, fd);
	history_format(h);
}

void
history_init_private(struct history *h, size_t size)
{
	assert(size >= HISTORY_SIZE_MIN && size <= HISTORY_SIZE_MAX);
	size = HISTORY_ROUND(size);
	history_attach(h, xcalloc(1, HISTORY_HEADER_SIZE + size), size, -1);
	history_format(h);
}

void
history_dump(const struct history *h, struct buf *out)
{
	size_t used = h->head_pos < h->size ? (size_t)h->head_pos : h->size;

	buf_add(out, h->header, sizeof(*h->header));
	buf_add(out, h->region, used);
}

bool
history_undump(struct history *h, const void *data, size_t len)
{
	const struct history_header *header = data;
	struct history new;
	struct history_header *base;

	if (len < sizeof(*header) ||
	    history_check_header(header) != HISTORY_OK ||
	    len > sizeof(*header) + header->size)
		return false;
	base = xcalloc(1, HISTORY_HEADER_SIZE + (size_t)header->size);
	memcpy(base, header, sizeof(*header));
	history_attach(&new, base, (size_t)base->size, -1);
	memcpy(new.region, header + 1, len - sizeof(*header));
	if (!history_walk(&new) || new.next_number != base->next_number) {
		history_fini(&new);
		return false;
	}
	*h = new;
	return true;
}

/* Frees what belongs to the ring but lies outside its memory. */
static void
ring_free_indexes(struct history *h)
{
	history_find_end(h);
	free(h->seek_points);
	h->seek_points = NULL;
	history_free_ids(h);
}

void
history_unmap(struct history *h)
{
	ring_free_indexes(h);
	munmap(h->header, HISTORY_HEADER_SIZE + h->size);
}

void
history_fini(struct history *h)
{
	if (h->fd == -1) {
		ring_free_indexes(h);
		free(h->header);
	} else {
		history_unmap(h);
		close(h->fd);
	}
	h->header = NULL;
	h->region = NULL;
	h->fd = -1;
}

int
history_sync(const struct history *h, size_t len)
{
	return h->fd == -1 ? 0 : msync(h->header, len, MS_SYNC);
}

void
history_begin(struct history *h)
{
	struct history_header *header = h->header;

	history_store(&header->epoch,
	    history_epoch_seal(h->next_number / HISTORY_EPOCH));
	history_store(&header->next_number, h->next_number);
	history_store(&header->head_pos, h->head_pos);
	history_store_tail(h);
	history_boot_id(header->boot);
	history_store(&header->clean, 0);
	h->written_pos = h->head_pos;
}

int
history_commit_copy(struct history *h)
{
	history_begin(h);
	return history_sync(h, HISTORY_HEADER_SIZE + h->size);
}

void
history_raise(struct history *h, uint64_t number)
{
	if (number < h->next_number ||
	    number / HISTORY_EPOCH >= HISTORY_EPOCH_MAX)
		return;
	history_next_epoch(h, number / HISTORY_EPOCH);
	history_store(&h->header->epoch,
	    history_epoch_seal(h->next_number / HISTORY_EPOCH));
	(void)history_sync(h, HISTORY_HEADER_SIZE);
}

int
history_share(struct history *h)
{
	size_t size = HISTORY_HEADER_SIZE + h->size;
	struct history new = *h;
	void *base;
	int fd;

	if (h->fd != -1)
		return 0;
	fd = memfile_open("brbd-history");
	if (fd == -1)
		return -1;
	base = write_at(fd, h->header, size, 0) == 0 ?
	    history_map(fd, h->size) :
	    NULL;
	if (base == NULL) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	free(h->header);
	new.fd = fd;
	new.header = base;
	new.region = (char *)base + HISTORY_HEADER_SIZE;
	*h = new;
	return 0;
}

static int
ring_write_range(const struct history *h, uint64_t from, uint64_t to)
{
#ifdef HAVE_SYNC_FILE_RANGE
	size_t offset, len;

	while (from < to) {
		offset = from % h->size;
		len = h->size - offset;
		if (to - from < len)
			len = (size_t)(to - from);
		if (sync_file_range(h->fd,
			(off_t)(HISTORY_HEADER_SIZE + offset), (off_t)len,
			SYNC_FILE_RANGE_WRITE) == -1)
			return -1;
		from += len;
	}
	return sync_file_range(h->fd, 0, HISTORY_HEADER_SIZE,
	    SYNC_FILE_RANGE_WRITE);
#else
	(void)from;
	(void)to;
	return msync(h->header, HISTORY_HEADER_SIZE + h->size, MS_ASYNC);
#endif
}

int
history_writeback(struct history *h)
{
	uint64_t from = h->written_pos;

	if (h->fd == -1 || from == h->head_pos)
		return 0;
	if (h->head_pos - from > h->size)
		from = h->head_pos - h->size;
	if (ring_write_range(h, from, h->head_pos) == -1)
		return -1;
	h->written_pos = h->head_pos;
	return 0;
}

int
history_close(struct history *h)
{
	struct history_header *header = h->header;
	int status, saved;

	status = history_sync(h, HISTORY_HEADER_SIZE + h->size);
	if (status == 0) {
		history_store(&header->clean, history_clean_check(header));
		status = history_sync(h, HISTORY_HEADER_SIZE);
	}
	saved = errno;
	history_fini(h);
	errno = saved;
	return status;
}

void
history_move(struct history *h, struct history *file)
{
	struct history moved = *h;
	uint64_t pos = h->tail_pos;
	size_t offset, len;

	assert(file->size == h->size && file->head_pos == file->tail_pos);
	for (; pos < h->head_pos; pos += len) {
		offset = pos % h->size;
		len = h->size - offset;
		if (h->head_pos - pos < len)
			len = (size_t)(h->head_pos - pos);
		memcpy(file->region + offset, h->region + offset, len);
	}
	moved.fd = file->fd;
	moved.header = file->header;
	moved.region = file->region;
	ring_free_indexes(file);
	/* Those of h go along. */
	h->index = NULL;
	h->seek_points = NULL;
	h->ids = NULL;
	history_fini(h);
	*h = moved;
	history_begin(h);
	/* All of it has yet to get to the disk. */
	h->written_pos = h->tail_pos;
}
