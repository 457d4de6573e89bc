/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The clocks of brbd-clock, which is brbd in all but these: the wall clock and
 * the running time are the machine's and what a test adds to them, in a file
 * that both map, BRBD_CLOCK in the environment. The kernel says that the wall
 * clock is right, however wrong it is, as it does after a jump.
 *
 * Being in the program, these stand in for the C library's, also when libevent
 * asks.
 */
#include "config.h"

#include <sys/mman.h>
#ifdef HAVE_ADJTIMEX
#include <sys/timex.h>
#endif

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

typedef int clock_function(clockid_t, struct timespec *);

static const struct clock_shift *
clock_shift_map(void)
{
	static const struct clock_shift none;
	const char *path = getenv("BRBD_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (fd != -1) {
		map = mmap(NULL, sizeof(struct clock_shift), PROT_READ,
		    MAP_SHARED, fd, 0);
		(void)close(fd);
	}
	return map == MAP_FAILED ? &none : map;
}

static void
clock_add_ms(struct timespec *ts, int64_t ms)
{
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	} else if (ts->tv_nsec < 0) {
		ts->tv_nsec += 1000000000;
		ts->tv_sec--;
	}
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	static const struct clock_shift *shift;
	static clock_function *real;
	void *symbol;
	int result;

	if (real == NULL) {
		symbol = dlsym(RTLD_NEXT, "clock_gettime");
		memcpy(&real, &symbol, sizeof(real));
		shift = clock_shift_map();
	}
	result = real(id, ts);
	if (result == 0 && id == CLOCK_REALTIME)
		clock_add_ms(ts, shift->wall_ms);
	else if (result == 0 && id == CLOCK_MONOTONIC)
		clock_add_ms(ts, shift->run_ms);
	return result;
}

#ifdef HAVE_ADJTIMEX
int
adjtimex(struct timex *tx)
{
	struct timespec ts;

	memset(tx, 0, sizeof(*tx));
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	tx->time.tv_sec = ts.tv_sec;
	tx->time.tv_usec = ts.tv_nsec / 1000;
	return TIME_OK;
}
#endif
