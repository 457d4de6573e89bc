/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>

/*
 * System calls that fail when a test wants them to. A program that uses any of
 * this has its calls of the functions below go through here first; without a
 * fault set they are the C library's.
 */
enum fault_call {
	FAULT_FCHMOD,
	FAULT_FLOCK,
	FAULT_FSYNC,
	FAULT_FTRUNCATE,
	FAULT_OPENAT,
	FAULT_PREAD,
	FAULT_PWRITE,
	FAULT_RENAMEAT,
	FAULT_CALLS
};

/* After so many calls more, the next times ones fail with error. */
void fault_set(enum fault_call call, unsigned after, unsigned times, int error);

/* The next times pread() and pwrite() calls do max bytes at most. */
void fault_short(unsigned times, size_t max);

/* Nothing fails from now on, and all counts are 0. */
void fault_clear(void);

/* How often it was called since then. */
unsigned fault_count(enum fault_call call);

#endif
