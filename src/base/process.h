/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

/* What this process uses. A value that the system does not tell is 0. */
struct process_usage {
	double cpu_s; /* user and system */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds; /* the soft limit; 0: none */
};

void process_usage(struct process_usage *usage);

#endif
