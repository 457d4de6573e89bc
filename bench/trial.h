/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * One trial of a server: its clock, its limits and its end, for all parts of the
 * load generator.
 */
#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include <stddef.h>
#include <stdint.h>

enum {
	TRIAL_QUIET_MS = 60, /* nothing comes any more */
	TRIAL_STUCK_S = 5, /* so long without anything to read */
	EXIT_GAVE_UP = 1, /* the server did */
	EXIT_OWN_FAULT = 2
};

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

struct trial {
	int64_t start_ns;
	int64_t now_ns; /* when something came or was sent last */
	uint64_t wrong; /* lines lost, twice, or out of order */
	double limit_s; /* then the server has given up */
	void (*report)(const char *status);
};

extern struct trial trial;

int64_t trial_clock_ns(void);
double trial_since_s(int64_t ns);

/* Exits with a message about errno. */
_Noreturn void trial_fail(const char *what);

void *trial_alloc(size_t count, size_t size); /* zeroed, never NULL */

/* Reports that the server gave up, and exits. why has no blanks. */
_Noreturn void trial_gave_up(const char *why);

/* The same, if it had its time, or was silent too long. */
void trial_check_limit(const char *why);

#endif
