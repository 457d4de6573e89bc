/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

/*
 * The time as the current callback sees it. The server owns one and brings it
 * up to date when the loop calls back; everybody else is handed a const
 * pointer, so tests set the fields themselves.
 */
struct clock {
	int64_t mono_ms; /* monotonic: every time-out and every rate */
	int64_t wall_ms; /* since the epoch: shown, and the end of a ban */
};

void clock_update(struct clock *c);

/*
 * When wall_ms, remembered from an earlier run, was by the monotonic clock (it
 * may be below 0, before the machine was started): not in the future, whatever
 * has been done to the clock since.
 */
int64_t clock_mono_of(const struct clock *c, int64_t wall_ms);

#define CLOCK_HHMM_SIZE 6
#define CLOCK_DATE_SIZE 32
#define CLOCK_DURATION_SIZE 24

/*
 * Local time of day as "14:02", cached by the minute since lines come in
 * bunches. A change of TZ or of DST shows at the next minute.
 */
void clock_hhmm(int64_t wall_ms, char out[CLOCK_HHMM_SIZE]);

/*
 * A number that is the same for two times of one local day, and only then.
 * Shares the cache: for one line it costs nothing beside clock_hhmm().
 */
int clock_day(int64_t wall_ms);

/* "Tue 2 Jun 2026", local, always in English. */
void clock_date(int64_t wall_ms, char out[CLOCK_DATE_SIZE]);

/*
 * The two largest units of a length of time: "12s", "34m", "2h 5m", "3d 4h".
 * Below a minute seconds, below an hour minutes only; a second unit of zero is
 * left out ("2h"); negative counts as 0.
 */
void clock_duration(int64_t ms, char out[CLOCK_DURATION_SIZE]);

#endif
