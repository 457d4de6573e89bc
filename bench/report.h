/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What was found, as one line of NAME=VALUE.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdint.h>

#include "talk.h"

extern struct report {
	double join_s;
	double join_cpu_s;
	int64_t idle_bytes; /* each */
	int64_t peak_bytes;
	int64_t grown_bytes; /* while there were sleepers */
	struct talk_figures talk; /* with all members; if some sleep, then */
	struct talk_figures awake; /* before and after that */
} report;

/* status: ok, wrong, or gave-up why=... */
void report_print(const char *status);

#endif
