/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See trial.h.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trial.h"

struct trial trial;

int64_t
trial_clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

double
trial_since_s(int64_t ns)
{
	return (double)(trial_clock_ns() - ns) / (double)NS_PER_S;
}

void
trial_fail(const char *what)
{
	(void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name,
	    what, strerror(errno));
	exit(EXIT_OWN_FAULT);
}

void *
trial_alloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		trial_fail("calloc");
	return p;
}

void
trial_gave_up(const char *why)
{
	char status[100];

	(void)snprintf(status, sizeof(status), "gave-up why=%s", why);
	trial.report(status);
	exit(EXIT_GAVE_UP);
}

void
trial_check_limit(const char *why)
{
	if (trial_since_s(trial.start_ns) > trial.limit_s ||
	    trial_since_s(trial.now_ns) > TRIAL_STUCK_S)
		trial_gave_up(why);
}
