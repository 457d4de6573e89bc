/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Opens a ring's file that is sound, or new; and takes one over that another
 * program has, or looks at it.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "history/history-impl.h"

#define RING_PROBE_SIZE 262144

static enum history_found
ring_found(const struct history_header *header)
{
	if (history_is_closed(header))
		return HISTORY_CLOSED;
	return history_is_same_boot(header) ? HISTORY_KILLED :
					      HISTORY_POWER_CUT;
}

/*
 * The live fields of a header can be believed: the ring was closed, which their
 * check vouches for, or it was killed and the rest of the header is sound.
 */
static bool
ring_is_end_known(const struct history_header *header, enum history_found found)
{
	return found == HISTORY_CLOSED ||
	    (found == HISTORY_KILLED &&
		history_check_header(header) == HISTORY_OK);
}

void
history_salvage(struct history *h, struct history_report *report)
{
	uint64_t epoch = history_epoch_open(h->header->epoch);
	uint64_t end = h->header->next_number;
	bool is_end_known;

	report->found = ring_found(h->header);
	is_end_known = ring_is_end_known(h->header, report->found);
	if (history_walk(h) && is_end_known)
		return;
	report->missing = history_scan(h);
	history_store_tail(h);
	history_store(&h->header->head_pos, h->head_pos);
	if (is_end_known && h->next_number >= end)
		return; /* damaged in the middle only */
	if (report->found == HISTORY_CLOSED && h->tail_pos != h->head_pos) {
		report->missing += history_distance(h->next_number, end);
		history_append_hole(h, end);
	} else
		history_next_epoch(h, epoch);
}

ssize_t
history_read_file(int fd, void *data, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = pread(fd, (char *)data + done, len - done, (off_t)done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* How much to allocate of a ring that is only as large as it has to be, if this
 * is its header (NULL: it is new). After a power cut that says nothing. */
static size_t
ring_growing_size(const struct history_header *header, size_t size)
{
	if (header == NULL)
		return history_space_step(size, 0);
	if (!history_is_closed(header) && !history_is_same_boot(header))
		return size;
	return history_space_step(size, header->head_pos);
}

/* Reads all of the file once: a fault of the disk gives an error here, where
 * the mapping would raise a signal; and it is faster. Returns errno, or 0. */
static int
ring_probe(int fd, size_t size)
{
	char *buf = xmalloc(RING_PROBE_SIZE);
	size_t end = HISTORY_HEADER_SIZE + size, offset = 0;
	ssize_t n;
	int error = 0;

	while (offset < end && error == 0) {
		n = pread(fd, buf, RING_PROBE_SIZE, (off_t)offset);
		if (n > 0)
			offset += (size_t)n;
		else if (n == 0)
			error = EIO; /* the file became shorter */
		else if (errno != EINTR)
			error = errno;
	}
	free(buf);
	return error;
}

static enum history_status
ring_open(struct history *h, int fd, size_t size, bool is_growing,
    struct history_report *report)
{
	void *base;
	bool is_acknowledged;

	base = history_map(fd, size);
	if (base == NULL)
		return HISTORY_ERROR;
	history_attach(h, base, size, fd);
	if (report->found == HISTORY_NEW)
		history_format(h);
	else {
		report->found = ring_found(h->header);
		is_acknowledged = report->found != HISTORY_POWER_CUT;
		if (is_acknowledged && !history_walk(h)) {
			history_unmap(h);
			return HISTORY_DAMAGED;
		}
		if (!is_acknowledged)
			history_salvage(h, report);
	}
	history_begin(h);
	/* The epoch must be on disk before it is used. A new file need not: it
	 * is made while others wait, and may be lost as a whole. */
	if (report->found != HISTORY_NEW && !is_growing &&
	    history_sync(h, HISTORY_HEADER_SIZE) == -1) {
		int saved = errno;

		history_unmap(h);
		errno = saved;
		return HISTORY_ERROR;
	}
	return HISTORY_OK;
}

/* Empties the file again if it was empty. */
static enum history_status
ring_give_up(int fd, const struct stat *st)
{
	int saved = errno;

	/* If this fails too, the next start sees what is left. */
	if (st->st_size == 0)
		(void)!ftruncate(fd, 0);
	errno = saved;
	return HISTORY_ERROR;
}

static enum history_status
ring_open_file(struct history *h, int fd, size_t size, bool is_growing,
    struct history_report *report)
{
	struct history_header header;
	struct history new;
	struct stat st;
	enum history_status status;
	size_t allocated;
	ssize_t n;

	assert(size >= HISTORY_SIZE_MIN && size <= HISTORY_SIZE_MAX);
	size = HISTORY_ROUND(size);
	memset(report, 0, sizeof(*report));
	if (fstat(fd, &st) == -1)
		return HISTORY_ERROR;
	report->found = HISTORY_NEW;
	if (st.st_size > 0) {
		report->found = HISTORY_CLOSED;
		n = history_read_file(fd, &header, sizeof(header));
		if (n == -1)
			return HISTORY_ERROR;
		if ((size_t)n < sizeof(header))
			return HISTORY_DAMAGED;
		status = history_check_header(&header);
		if (status != HISTORY_OK)
			return status;
		if ((uint64_t)st.st_size < HISTORY_HEADER_SIZE + header.size)
			return HISTORY_DAMAGED;
		if (header.size != size)
			return HISTORY_OTHER_SIZE;
	}
	allocated = !is_growing ?
	    size :
	    ring_growing_size(st.st_size > 0 ? &header : NULL, size);
	if (history_space_make(fd, st.st_size, size, allocated) == -1)
		return ring_give_up(fd, &st);
	if (report->found != HISTORY_NEW) {
		errno = ring_probe(fd, size);
		if (errno != 0)
			return HISTORY_ERROR;
	}
	status = ring_open(&new, fd, size, is_growing, report);
	if (status == HISTORY_ERROR)
		return ring_give_up(fd, &st);
	if (status != HISTORY_OK)
		return status;
	*h = new;
	if (is_growing) {
		h->allocated = history_space_step(size, h->head_pos);
		if (h->allocated > allocated)
			h->allocated = allocated;
	}
	return status;
}

enum history_status
history_open(struct history *h, int fd, size_t size,
    struct history_report *report)
{
	return ring_open_file(h, fd, size, false, report);
}

enum history_status
history_open_growing(struct history *h, int fd, size_t size,
    struct history_report *report)
{
	return ring_open_file(h, fd, size, true, report);
}

/* Maps fd as a ring that is not loaded yet. Returns -1 with errno. */
static int
ring_attach(struct history *h, int fd, int flags)
{
	struct history_header header;
	struct stat st;
	ssize_t n;
	void *base;

	if (fstat(fd, &st) == -1)
		return -1;
	n = history_read_file(fd, &header, sizeof(header));
	if (n == -1)
		return -1;
	if ((size_t)n < sizeof(header) ||
	    history_check_header(&header) != HISTORY_OK ||
	    (uint64_t)st.st_size < HISTORY_HEADER_SIZE + header.size) {
		errno = EINVAL;
		return -1;
	}
	base = mmap(NULL, HISTORY_HEADER_SIZE + (size_t)header.size,
	    PROT_READ | PROT_WRITE, flags, fd, 0);
	if (base == MAP_FAILED)
		return -1;
	history_attach(h, base, (size_t)header.size, fd);
	return 0;
}

static int
ring_adopt(struct history *h, int fd, int flags)
{
	struct history new;

	if (ring_attach(&new, fd, flags) == -1)
		return -1;
	if (!history_walk(&new) || new.next_number != new.header->next_number) {
		history_unmap(&new);
		errno = EINVAL;
		return -1;
	}
	*h = new;
	return 0;
}

int
history_adopt(struct history *h, int fd)
{
	return ring_adopt(h, fd, MAP_SHARED);
}

int
history_peek(struct history *h, int fd, bool is_growing)
{
	if (!is_growing)
		return ring_adopt(h, fd, MAP_PRIVATE);
	if (ring_attach(h, fd, MAP_PRIVATE) == -1)
		return -1;
	h->first_number = h->next_number = h->header->next_number;
	return 0;
}
