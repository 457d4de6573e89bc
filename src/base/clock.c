/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The time is read once per callback, so that everything in a callback is
 * compared with the same number.
 *
 * A replay asks for the minute and the day of each line. Both come from a cache
 * of one minute. The zone is looked up once a minute too, as tzset() makes a
 * system call to see whether /etc/localtime has changed.
 *
 * Names of days and months are our own: strftime() would use the daemon's
 * locale, and nobody knows the reader's.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "base/log.h"

#define CLOCK_MINUTE_MS 60000

static int64_t
clock_read_ns(clockid_t id)
{
	struct timespec ts;
	int error;

	error = clock_gettime(id, &ts);
	assert(error == 0); /* only an unknown id fails */
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
clock_now_us(void)
{
	return clock_read_ns(CLOCK_MONOTONIC) / 1000;
}

void
clock_update(struct clock *c)
{
	c->began_ns = clock_read_ns(CLOCK_MONOTONIC);
	if (c->is_set_by_hand)
		return;
	c->mono_ms = c->began_ns / 1000000;
	c->wall_ms = clock_read_ns(CLOCK_REALTIME) / 1000000;
}

void
clock_ended(struct clock *c, const char *name)
{
	struct timing *t = c->timing;
	int64_t now_ns, took_ns;

	if (t == NULL)
		return;
	now_ns = clock_read_ns(CLOCK_MONOTONIC);
	took_ns = now_ns - c->began_ns;
	c->began_ns = now_ns;
	if (took_ns > t->callbacks.max_ns)
		(void)strlcpy(t->longest, name, sizeof(t->longest));
	histogram_add(&t->callbacks, took_ns);
	if (took_ns > CLOCK_SLOW_NS)
		log_debug("slow callback: %s took %lld ms", name,
		    (long long)(took_ns / 1000000));
}

int64_t
clock_mono_of(const struct clock *c, int64_t wall_ms)
{
	/* Times before the epoch count as the epoch, so that no difference
	 * overflows. */
	if (wall_ms < 0)
		wall_ms = 0;
	return wall_ms >= c->wall_ms ? c->mono_ms :
				       c->mono_ms - (c->wall_ms - wall_ms);
}

/* Division that rounds down, also for times before the epoch. */
static int64_t
clock_floor_div(int64_t value, int64_t unit)
{
	return value / unit - (value % unit < 0);
}

/* Local time. One so far out that its year does not fit an int becomes all
 * zeroes, a date like any other, as it is only shown. */
static struct tm
clock_local(int64_t wall_ms)
{
	static time_t zone_minute = -1;
	time_t now_minute = time(NULL) / 60;
	time_t t = (time_t)clock_floor_div(wall_ms, 1000);
	struct tm tm;

	/* localtime_r() alone does not notice that the zone has changed. */
	if (now_minute != zone_minute) {
		tzset();
		zone_minute = now_minute;
	}
	if (localtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	return tm;
}

struct clock_minute {
	int64_t number; /* since the epoch */
	time_t made; /* in which minute of the system's clock; 0: none */
	int day;
	char hhmm[CLOCK_HHMM_SIZE];
};

static const struct clock_minute *
clock_minute_of(int64_t wall_ms)
{
	/* Several, as who reads the past asks about now in between. */
	static struct clock_minute minutes[8];
	int64_t number = clock_floor_div(wall_ms, CLOCK_MINUTE_MS);
	struct clock_minute *m = &minutes[number & 7];
	time_t now = time(NULL) / 60 + 1;
	struct tm tm;

	if (number == m->number && now == m->made)
		return m;
	tm = clock_local(wall_ms);
	m->number = number;
	m->made = now;
	/* 64 bits, since years beyond five million must not overflow. */
	m->day = (int)((int64_t)tm.tm_year * 366 + tm.tm_yday);
	snprintf(m->hhmm, sizeof(m->hhmm), "%02u:%02u",
	    (unsigned int)tm.tm_hour % 24, (unsigned int)tm.tm_min % 60);
	return m;
}

void
clock_hhmm(int64_t wall_ms, char out[CLOCK_HHMM_SIZE])
{
	memcpy(out, clock_minute_of(wall_ms)->hhmm, CLOCK_HHMM_SIZE);
}

int
clock_day(int64_t wall_ms)
{
	return clock_minute_of(wall_ms)->day;
}

void
clock_date(int64_t wall_ms, char out[CLOCK_DATE_SIZE])
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm = clock_local(wall_ms);

	snprintf(out, CLOCK_DATE_SIZE, "%s %d %s %" PRId64, days[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], (int64_t)tm.tm_year + 1900);
}

void
clock_duration(int64_t ms, char out[CLOCK_DURATION_SIZE])
{
	int64_t s = ms < 0 ? 0 : ms / 1000;
	int64_t m = s / 60, h = m / 60, d = h / 24;

	if (d > 0 && h % 24 > 0)
		snprintf(out, CLOCK_DURATION_SIZE, "%" PRId64 "d %dh", d,
		    (int)(h % 24));
	else if (d > 0)
		snprintf(out, CLOCK_DURATION_SIZE, "%" PRId64 "d", d);
	else if (h > 0 && m % 60 > 0)
		snprintf(out, CLOCK_DURATION_SIZE, "%dh %dm", (int)h,
		    (int)(m % 60));
	else if (h > 0)
		snprintf(out, CLOCK_DURATION_SIZE, "%dh", (int)h);
	else if (m > 0)
		snprintf(out, CLOCK_DURATION_SIZE, "%dm", (int)m);
	else
		snprintf(out, CLOCK_DURATION_SIZE, "%ds", (int)s);
}
