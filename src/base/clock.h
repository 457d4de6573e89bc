/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/age.h"
#include "base/histogram.h"

/* The time of the current callback. The server owns one and updates it whenever
 * the loop calls back; all others have a const pointer, so tests can set it. */
struct clock {
	int64_t mono_ms; /* monotonic: for time-outs and rates */
	int64_t wall_ms; /* since the epoch: shown, and nothing else */
	int64_t began_ns; /* monotonic: when the callback began */
	struct timing *timing; /* or NULL */
	struct age *age; /* or NULL */
	bool is_set_by_hand; /* by tests: it does not follow the system */
};

/* To be called when a callback of the loop begins. */
void clock_update(struct clock *c);

/* How long callbacks of the loop took; while one runs, everybody else waits. A
 * zeroed struct is empty. */
#define TIMING_NAME_SIZE 40
struct timing {
	struct histogram callbacks;
	char longest[TIMING_NAME_SIZE]; /* took callbacks.max_ns; or "" */
};
#define CLOCK_SLOW_NS INT64_C(5000000) /* longer callbacks are logged */

/* To be called when the callback of that name ends; another may begin
 * at once. */
void clock_ended(struct clock *c, const char *name);

int64_t clock_now_us(void); /* monotonic, by the real clock */

/* The age clock: by it is measured what is given up once it is old. */
static inline int64_t
clock_age_ms(const struct clock *c)
{
	return c->mono_ms + (c->age == NULL ? 0 : c->age->ahead_ms);
}

/* False: nothing may be given up for its age, as the wall clock has jumped. */
static inline bool
clock_lets_expire(const struct clock *c)
{
	return c->age == NULL || age_waits_ms(c->age, c->mono_ms) == 0;
}

/* Is what was made at that age older than limit_ms, and may it go? */
static inline bool
clock_is_old(const struct clock *c, int64_t made_ms, int64_t limit_ms)
{
	return made_ms < clock_age_ms(c) - limit_ms && clock_lets_expire(c);
}

/*
 * The monotonic time of a wall time that was stored by an earlier run. Never in
 * the future, even if the clock was set back since; below 0 before the
 * machine's start.
 */
int64_t clock_mono_of(const struct clock *c, int64_t wall_ms);

#define CLOCK_HHMM_SIZE 6
#define CLOCK_DATE_SIZE 32
#define CLOCK_DURATION_SIZE 24

/* Writes the local time of day, "14:02". It is cached for the minute, so a
 * change of TZ or of daylight saving shows a minute later at most. */
void clock_hhmm(int64_t wall_ms, char out[CLOCK_HHMM_SIZE]);

/*
 * A number for the local day: two times have the same one if they are of the
 * same day. Served from the cache of clock_hhmm(), so it costs nothing beside
 * that.
 */
int clock_day(int64_t wall_ms);

/* Writes "Tue 2 Jun 2026": local time, always in English. */
void clock_date(int64_t wall_ms, char out[CLOCK_DATE_SIZE]);

/*
 * Writes a length of time in its two largest units: "12s", "34m", "2h 5m", "3d
 * 4h". Below a minute these are seconds, below an hour minutes only; a second
 * unit of zero is left out ("2h"); negative counts as 0.
 */
void clock_duration(int64_t ms, char out[CLOCK_DURATION_SIZE]);

#endif
