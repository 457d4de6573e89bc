/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * System calls that fail when a test wants them to. A program that uses any of
 * this has its calls of the functions below go through here first; without a
 * fault set they are the C library's.
 */
enum fault_call {
	FAULT_ACCEPT, /* and accept4() */
	FAULT_FCHMOD,
	FAULT_FLOCK,
	FAULT_FSTAT,
	FAULT_FSTATAT,
	FAULT_FSYNC,
	FAULT_FTRUNCATE,
	FAULT_LINKAT,
	FAULT_MEMFD_CREATE,
	FAULT_MMAP,
	FAULT_MSYNC,
	FAULT_OPENAT,
	FAULT_POSIX_FALLOCATE,
	FAULT_PREAD,
	FAULT_PWRITE,
	FAULT_RECV,
	FAULT_RENAMEAT,
	FAULT_SEND,
	FAULT_SOCKET,
	FAULT_SYNC_FILE_RANGE,
	FAULT_UNLINKAT,
	FAULT_WRITEV, /* libevent's own way to write */
	FAULT_CALLS
};

/* After so many calls more, the next times ones fail with error. */
void fault_set(enum fault_call call, unsigned after, unsigned times, int error);

/*
 * Of accept(), recv(), send() and writev(), only the calls on fd count, fail or
 * are short: both ends of a connection may be in the test. -1, as it is at
 * first: none.
 */
void fault_watch(int fd);

/* The next times calls that read or write do max bytes at most. */
void fault_short(unsigned times, size_t max);

/*
 * The nth of all calls of them from now on, counted from 1, fails with error.
 * EINTR: only those that can be interrupted count.
 */
void fault_set_nth(unsigned nth, int error);

/* Has it failed? */
bool fault_was_nth(void);

/* Nothing fails from now on, and all counts are 0. */
void fault_clear(void);

/* How often it was called since then. */
unsigned fault_count(enum fault_call call);

#endif
