/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The functions below have the names of the C library's: the definition in
 * the program is the one that all of it is bound to, other libraries too, so
 * what is tested needs no hook. The C library's own calls of them do not come
 * here.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"

static struct {
	unsigned count;
	unsigned after;
	unsigned times;
	int error;
} faults[FAULT_CALLS];
static unsigned fault_nth; /* 0: none, or it has been */
static int fault_nth_error;
static unsigned fault_short_times;
static size_t fault_short_max;
static int fault_fd = -1;

void
fault_clear(void)
{
	memset(faults, 0, sizeof(faults));
	fault_nth = 0;
	fault_short_times = 0;
	fault_fd = -1;
}

void
fault_set(enum fault_call call, unsigned after, unsigned times, int error)
{
	faults[call].after = after;
	faults[call].times = times;
	faults[call].error = error;
}

void
fault_watch(int fd)
{
	fault_fd = fd;
}

void
fault_short(unsigned times, size_t max)
{
	fault_short_times = times;
	fault_short_max = max;
}

void
fault_set_nth(unsigned nth, int error)
{
	fault_nth = nth;
	fault_nth_error = error;
}

bool
fault_was_nth(void)
{
	return fault_nth == 0;
}

static bool
fault_can_be_interrupted(enum fault_call call)
{
	return call == FAULT_ACCEPT || call == FAULT_FSYNC ||
	    call == FAULT_FTRUNCATE || call == FAULT_OPENAT ||
	    call == FAULT_POSIX_FALLOCATE || call == FAULT_PREAD ||
	    call == FAULT_PWRITE || call == FAULT_RECV || call == FAULT_SEND ||
	    call == FAULT_WRITEV;
}

static bool
fault_is_nth(enum fault_call call)
{
	if (fault_nth == 0 ||
	    (fault_nth_error == EINTR && !fault_can_be_interrupted(call)) ||
	    --fault_nth > 0)
		return false;
	errno = fault_nth_error;
	return true;
}

unsigned
fault_count(enum fault_call call)
{
	return faults[call].count;
}

static bool
fault_is_due(enum fault_call call)
{
	faults[call].count++;
	if (fault_is_nth(call))
		return true;
	if (faults[call].times == 0)
		return false;
	if (faults[call].after > 0) {
		faults[call].after--;
		return false;
	}
	faults[call].times--;
	errno = faults[call].error;
	return true;
}

static size_t
fault_length(size_t len)
{
	if (fault_short_times == 0)
		return len;
	fault_short_times--;
	return len < fault_short_max ? len : fault_short_max;
}

static bool
fault_is_due_on(int fd, enum fault_call call)
{
	return fd != -1 && fd == fault_fd && fault_is_due(call);
}

static size_t
fault_length_on(int fd, size_t len)
{
	return fd != -1 && fd == fault_fd ? fault_length(len) : len;
}

/* *next is a function pointer: what ISO C has no cast for. */
static void
fault_next(const char *name, void *next)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL) {
		(void)fprintf(stderr, "the C library has no %s\n", name);
		abort();
	}
	memcpy(next, &symbol, sizeof(symbol));
}

int
fchmod(int fd, mode_t mode)
{
	int (*next)(int, mode_t);

	if (fault_is_due(FAULT_FCHMOD))
		return -1;
	fault_next("fchmod", &next);
	return next(fd, mode);
}

int
flock(int fd, int how)
{
	int (*next)(int, int);

	if (fault_is_due(FAULT_FLOCK))
		return -1;
	fault_next("flock", &next);
	return next(fd, how);
}

int
fsync(int fd)
{
	int (*next)(int);

	if (fault_is_due(FAULT_FSYNC))
		return -1;
	fault_next("fsync", &next);
	return next(fd);
}

int
ftruncate(int fd, off_t len)
{
	int (*next)(int, off_t);

	if (fault_is_due(FAULT_FTRUNCATE))
		return -1;
	fault_next("ftruncate", &next);
	return next(fd, len);
}

int
openat(int dir_fd, const char *path, int flags, ...)
{
	int (*next)(int, const char *, int, ...);
	va_list ap;
	mode_t mode = 0;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (fault_is_due(FAULT_OPENAT))
		return -1;
	fault_next("openat", &next);
	return next(dir_fd, path, flags, mode);
}

ssize_t
pread(int fd, void *data, size_t len, off_t offset)
{
	ssize_t (*next)(int, void *, size_t, off_t);

	if (fault_is_due(FAULT_PREAD))
		return -1;
	fault_next("pread", &next);
	return next(fd, data, fault_length(len), offset);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
	ssize_t (*next)(int, const void *, size_t, off_t);

	if (fault_is_due(FAULT_PWRITE))
		return -1;
	fault_next("pwrite", &next);
	return next(fd, data, fault_length(len), offset);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	int (*next)(int, const char *, int, const char *);

	if (fault_is_due(FAULT_RENAMEAT))
		return -1;
	fault_next("renameat", &next);
	return next(from_fd, from, to_fd, to);
}

int
fstat(int fd, struct stat *st)
{
	int (*next)(int, struct stat *);

	if (fault_is_due(FAULT_FSTAT))
		return -1;
	fault_next("fstat", &next);
	return next(fd, st);
}

int
fstatat(int fd, const char *path, struct stat *st, int flags)
{
	int (*next)(int, const char *, struct stat *, int);

	if (fault_is_due(FAULT_FSTATAT))
		return -1;
	fault_next("fstatat", &next);
	return next(fd, path, st, flags);
}

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	int (*next)(int, const char *, int, const char *, int);

	if (fault_is_due(FAULT_LINKAT))
		return -1;
	fault_next("linkat", &next);
	return next(from_fd, from, to_fd, to, flags);
}

#ifdef HAVE_MEMFD_CREATE
int
memfd_create(const char *name, unsigned flags)
{
	int (*next)(const char *, unsigned);

	if (fault_is_due(FAULT_MEMFD_CREATE))
		return -1;
	fault_next("memfd_create", &next);
	return next(name, flags);
}
#endif

void *
mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	void *(*next)(void *, size_t, int, int, int, off_t);

	if (fault_is_due(FAULT_MMAP))
		return MAP_FAILED;
	fault_next("mmap", &next);
	return next(at, len, protection, flags, fd, offset);
}

int
msync(void *at, size_t len, int flags)
{
	int (*next)(void *, size_t, int);

	if (fault_is_due(FAULT_MSYNC))
		return -1;
	fault_next("msync", &next);
	return next(at, len, flags);
}

int
posix_fallocate(int fd, off_t offset, off_t len)
{
	int (*next)(int, off_t, off_t);

	if (fault_is_due(FAULT_POSIX_FALLOCATE))
		return errno;
	fault_next("posix_fallocate", &next);
	return next(fd, offset, len);
}

#ifdef HAVE_SYNC_FILE_RANGE
int
sync_file_range(int fd, off_t offset, off_t len, unsigned flags)
{
	int (*next)(int, off_t, off_t, unsigned);

	if (fault_is_due(FAULT_SYNC_FILE_RANGE))
		return -1;
	fault_next("sync_file_range", &next);
	return next(fd, offset, len, flags);
}
#endif

int
unlinkat(int fd, const char *path, int flags)
{
	int (*next)(int, const char *, int);

	if (fault_is_due(FAULT_UNLINKAT))
		return -1;
	fault_next("unlinkat", &next);
	return next(fd, path, flags);
}

/* Sockets */

/* The GNU C library's headers have a union in place of the pointer. */
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
#define FAULT_SOCKADDR __SOCKADDR_ARG
#else
#define FAULT_SOCKADDR struct sockaddr *restrict
#endif

int
accept(int fd, FAULT_SOCKADDR address, socklen_t *restrict len)
{
	int (*next)(int, FAULT_SOCKADDR, socklen_t *restrict);

	if (fault_is_due_on(fd, FAULT_ACCEPT))
		return -1;
	fault_next("accept", &next);
	return next(fd, address, len);
}

#ifdef HAVE_ACCEPT4
int
accept4(int fd, FAULT_SOCKADDR address, socklen_t *restrict len, int flags)
{
	int (*next)(int, FAULT_SOCKADDR, socklen_t *restrict, int);

	if (fault_is_due_on(fd, FAULT_ACCEPT))
		return -1;
	fault_next("accept4", &next);
	return next(fd, address, len, flags);
}
#endif

ssize_t
recv(int fd, void *data, size_t len, int flags)
{
	ssize_t (*next)(int, void *, size_t, int);

	if (fault_is_due_on(fd, FAULT_RECV))
		return -1;
	fault_next("recv", &next);
	return next(fd, data, fault_length_on(fd, len), flags);
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	ssize_t (*next)(int, const void *, size_t, int);

	if (fault_is_due_on(fd, FAULT_SEND))
		return -1;
	fault_next("send", &next);
	return next(fd, data, fault_length_on(fd, len), flags);
}

int
socket(int family, int type, int protocol)
{
	int (*next)(int, int, int);

	if (fault_is_due(FAULT_SOCKET))
		return -1;
	fault_next("socket", &next);
	return next(family, type, protocol);
}

/* A short one is that of the first piece that is not empty. */
ssize_t
writev(int fd, const struct iovec *pieces, int count)
{
	ssize_t (*next)(int, const struct iovec *, int);
	struct iovec first;

	if (fault_is_due_on(fd, FAULT_WRITEV))
		return -1;
	fault_next("writev", &next);
	if (fd == -1 || fd != fault_fd || fault_short_times == 0)
		return next(fd, pieces, count);
	while (count > 1 && pieces->iov_len == 0) {
		pieces++;
		count--;
	}
	first = *pieces;
	first.iov_len = fault_length(first.iov_len);
	return next(fd, &first, 1);
}
