/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a server costs: the CPU time and the memory of a process, its threads and
 * its descendants, from /proc.
 */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct usage_memory {
	int64_t resident_bytes; /* shared pages counted once, as PSS does */
	int64_t peak_bytes; /* of the process alone, without descendants */
};

/* User and system time so far, in seconds. Negative: there is no such process. */
double usage_cpu_s(pid_t pid);
/* The bytes that pid has had written to a disk so far, or will; 0: unknown. */
unsigned long long usage_disk_bytes(pid_t pid);

/* Walks all pages: slow, and not for while anything is timed. */
bool usage_memory(struct usage_memory *m, pid_t pid);

#endif
