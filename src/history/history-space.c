/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How much of a ring's file is on the disk. It is allocated before anything is
 * stored there, as a store that finds the disk full raises a signal: all of it
 * at once, or, of small rings, a step at a time.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/nick.h"
#include "history/history-impl.h"
#include "history/history.h"

/* Allocates by writing zeroes from length to size, for file systems that cannot
 * do better. */
static int
space_write_zeroes(int fd, off_t length, off_t size)
{
	static const char zeroes[65536];
	size_t len;
	ssize_t n;

	while (length < size) {
		len = sizeof(zeroes);
		if (size - length < (off_t)len)
			len = (size_t)(size - length);
		n = pwrite(fd, zeroes, len, length);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			length += n;
	}
	return 0;
}

/* Allocates that part of the file on disk, so that no store to it can fail.
 * From length on there is nothing in it. */
static int
space_allocate(int fd, off_t length, off_t from, off_t end)
{
	int error;

	do {
		error = posix_fallocate(fd, from, end - from);
	} while (error == EINTR);
	if (error == EOPNOTSUPP || error == EINVAL)
		return space_write_zeroes(fd, length, end);
	errno = error;
	return error == 0 ? 0 : -1;
}

size_t
history_space_step(size_t size, uint64_t pos)
{
	if (pos >= size - sizeof(struct record))
		return size;
	pos += sizeof(struct record);
	pos += HISTORY_STEP - 1 - (pos - 1) % HISTORY_STEP;
	return pos > size ? size : (size_t)pos;
}

int
history_grow(struct history *h, size_t text_len)
{
	size_t need = sizeof(struct record) + NICK_SIZE + text_len +
	    sizeof(struct record_id) + HISTORY_ID_MAX +
	    sizeof(struct record_origin) + HISTORY_ALIGN;
	size_t allocated;
	off_t from = (off_t)(HISTORY_HEADER_SIZE + h->allocated);

	if (h->allocated == h->size)
		return 0;
	allocated = history_space_step(h->size, h->head_pos + need);
	if (allocated <= h->allocated)
		return 0;
	if (space_allocate(h->fd, from, from,
		(off_t)(HISTORY_HEADER_SIZE + allocated)) == -1)
		return -1;
	h->allocated = allocated;
	return 0;
}

int
history_space_make(int fd, off_t length, size_t size, size_t allocated)
{
	off_t end = (off_t)(HISTORY_HEADER_SIZE + size);

	if (space_allocate(fd, length, 0,
		(off_t)(HISTORY_HEADER_SIZE + allocated)) == -1)
		return -1;
	return length < end && allocated < size ? ftruncate(fd, end) : 0;
}
