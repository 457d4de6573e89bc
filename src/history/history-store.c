/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Where a ring's bytes are: in memory, or in a mapped file. The kernel keeps
 * the pages of a mapped file when the process ends, so a crash loses nothing,
 * and no message costs a system call. A power cut loses only what was not yet
 * written to disk; history_writeback() makes the kernel begin writing.
 *
 * After a power cut the file tells neither how much is missing at the end nor
 * which numbers that had. The machine's boot id shows that it may have
 * happened: it has changed, and the file was not closed. Numbers then go on in
 * the next epoch. The epoch is in the header, and on disk before the first
 * number of it is given, so it is a high-water mark that is always far ahead.
 *
 * Decided against: a journal, or write() and fsync() for each message (they
 * wait for the disk, and one loop serves everybody).
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>
#ifdef HAVE_SYS_SYSCTL_H
#include <sys/sysctl.h>
#endif

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/memfile.h"
#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"

#define RING_PROBE_SIZE 262144

/* This leaves room for as many epochs again. */
#define RING_EPOCH_MAX (HISTORY_NUMBER_MAX / HISTORY_EPOCH / 2)

/* The machine's boot id. Empty if unknown: each crash then counts as a power
 * cut. */
static void
ring_boot_id(char boot[HISTORY_BOOT_SIZE])
{
	memset(boot, 0, HISTORY_BOOT_SIZE);
#if defined __linux__
	ssize_t n = -1;
	int fd;

	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, boot, HISTORY_BOOT_SIZE - 1);
		close(fd);
	}
	if (n < 36)
		memset(boot, 0, HISTORY_BOOT_SIZE);
#elif defined HAVE_SYS_SYSCTL_H && defined KERN_BOOTTIME
	int mib[2] = { CTL_KERN, KERN_BOOTTIME };
	struct timeval tv;
	size_t len = sizeof(tv);

	if (sysctl(mib, 2, &tv, &len, NULL, 0) == 0)
		(void)snprintf(boot, HISTORY_BOOT_SIZE, "%lld.%06ld",
		    (long long)tv.tv_sec, (long)tv.tv_usec);
#endif
}

bool
history_is_same_boot(const struct history_header *header)
{
	char boot[HISTORY_BOOT_SIZE];

	ring_boot_id(boot);
	return boot[0] != '\0' &&
	    memcmp(boot, header->boot, HISTORY_BOOT_SIZE) == 0;
}

/* A checksum of the live fields; never 0. */
uint64_t
history_clean_check(const struct history_header *header)
{
	return XXH3_64bits(&header->tail,
		   offsetof(struct history_header, clean) -
		       offsetof(struct history_header, tail)) |
	    1;
}

bool
history_is_closed(const struct history_header *header)
{
	return header->clean == history_clean_check(header);
}

uint64_t
history_epoch_seal(uint64_t epoch)
{
	uint64_t low = epoch & UINT32_MAX;

	return low | XXH3_64bits(&low, sizeof(low)) << 32;
}

uint64_t
history_epoch_open(uint64_t sealed)
{
	uint64_t epoch = sealed & UINT32_MAX;

	return epoch < RING_EPOCH_MAX && history_epoch_seal(epoch) == sealed ?
	    epoch :
	    0;
}

static uint64_t
ring_static_check(const struct history_header *header)
{
	return XXH3_64bits(&header->byte_order,
	    offsetof(struct history_header, check) -
		offsetof(struct history_header, byte_order));
}

enum history_status
history_check_header(const struct history_header *header)
{
	if (header->magic == __builtin_bswap64(HISTORY_MAGIC))
		return HISTORY_FOREIGN;
	if (header->magic != HISTORY_MAGIC ||
	    header->check != ring_static_check(header))
		return HISTORY_DAMAGED;
	if (header->byte_order != HISTORY_BYTE_ORDER ||
	    header->version != HISTORY_VERSION ||
	    header->header_size != HISTORY_HEADER_SIZE ||
	    header->record_size != sizeof(struct record))
		return HISTORY_FOREIGN;
	if (header->size % HISTORY_ALIGN != 0 ||
	    header->size < HISTORY_SIZE_MIN || header->size > HISTORY_SIZE_MAX)
		return HISTORY_DAMAGED;
	return HISTORY_OK;
}

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

void
history_format(struct history *h)
{
	struct history_header *header = h->header;

	header->byte_order = HISTORY_BYTE_ORDER;
	header->version = HISTORY_VERSION;
	header->header_size = HISTORY_HEADER_SIZE;
	header->record_size = sizeof(struct record);
	header->size = h->size;
	header->check = ring_static_check(header);
	header->tail = history_pos_seal(0);
	header->next_number = h->next_number;
	header->epoch = history_epoch_seal(0);
	ring_boot_id(header->boot);
	history_store(&header->magic, HISTORY_MAGIC);
}

/* Maps all of fd. Returns NULL on failure. */
static void *
ring_map(int fd, size_t size)
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
		base = ring_map(fd, size);
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

/* Frees all but the descriptor. */
static void
ring_unmap(struct history *h)
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
		ring_unmap(h);
		close(h->fd);
	}
	h->header = NULL;
	h->region = NULL;
	h->fd = -1;
}

static int
ring_sync(const struct history *h, size_t len)
{
	return h->fd == -1 ? 0 : msync(h->header, len, MS_SYNC);
}

/* Puts the loaded ring to use: header and all, in an order that can be
 * interrupted anywhere. */
static void
ring_begin(struct history *h)
{
	struct history_header *header = h->header;

	history_store(&header->epoch,
	    history_epoch_seal(h->next_number / HISTORY_EPOCH));
	history_store(&header->next_number, h->next_number);
	history_store(&header->head_pos, h->head_pos);
	history_store_tail(h);
	ring_boot_id(header->boot);
	history_store(&header->clean, 0);
	h->written_pos = h->head_pos;
}

int
history_commit_copy(struct history *h)
{
	ring_begin(h);
	return ring_sync(h, HISTORY_HEADER_SIZE + h->size);
}

void
history_raise(struct history *h, uint64_t number)
{
	if (number < h->next_number || number / HISTORY_EPOCH >= RING_EPOCH_MAX)
		return;
	history_next_epoch(h, number / HISTORY_EPOCH);
	history_store(&h->header->epoch,
	    history_epoch_seal(h->next_number / HISTORY_EPOCH));
	(void)ring_sync(h, HISTORY_HEADER_SIZE);
}

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

	base = ring_map(fd, size);
	if (base == NULL)
		return HISTORY_ERROR;
	history_attach(h, base, size, fd);
	if (report->found == HISTORY_NEW)
		history_format(h);
	else {
		report->found = ring_found(h->header);
		is_acknowledged = report->found != HISTORY_POWER_CUT;
		if (is_acknowledged && !history_walk(h)) {
			ring_unmap(h);
			return HISTORY_DAMAGED;
		}
		if (!is_acknowledged)
			history_salvage(h, report);
	}
	ring_begin(h);
	/* The epoch must be on disk before it is used. A new file need not: it
	 * is made while others wait, and may be lost as a whole. */
	if (report->found != HISTORY_NEW && !is_growing &&
	    ring_sync(h, HISTORY_HEADER_SIZE) == -1) {
		int saved = errno;

		ring_unmap(h);
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
		ring_unmap(&new);
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
	base = write_at(fd, h->header, size, 0) == 0 ? ring_map(fd, h->size) :
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

	status = ring_sync(h, HISTORY_HEADER_SIZE + h->size);
	if (status == 0) {
		history_store(&header->clean, history_clean_check(header));
		status = ring_sync(h, HISTORY_HEADER_SIZE);
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
	ring_begin(h);
	/* All of it has yet to get to the disk. */
	h->written_pos = h->tail_pos;
}
