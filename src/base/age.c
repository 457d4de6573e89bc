/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Decided against: the wall clock with a bound on how far it may move (each
 * bound is wrong for somebody who was away for so long), and CLOCK_BOOTTIME,
 * which after a sleep is as right as the hardware's clock, and unknown after a
 * boot.
 */
#include "config.h"

#ifdef HAVE_ADJTIMEX
#include <sys/timex.h>
#endif

#include "base/age.h"
#include "base/log.h"

static bool
age_is_time(int64_t ms)
{
	return ms > -AGE_MAX_MS && ms < AGE_MAX_MS;
}

bool
age_is_sound(const struct age *a)
{
	return age_is_time(a->ahead_ms) && age_is_time(a->sure_wall_ms) &&
	    age_is_time(a->sure_age_ms) && age_is_time(a->offset_ms) &&
	    age_is_time(a->stands_ms) && age_is_time(a->jump_ms);
}

void
age_begin(struct age *a, int64_t mono_ms, int64_t wall_ms)
{
	*a = (struct age){
		.offset_ms = wall_ms - mono_ms,
		.stands_ms = mono_ms,
	};
}

bool
age_go_on(struct age *a, int64_t mono_ms, int64_t age_ms, int64_t sure_wall_ms,
    int64_t sure_age_ms)
{
	if (!age_is_time(age_ms) || !age_is_time(sure_wall_ms) || age_ms < 0 ||
	    sure_age_ms < 0 || sure_age_ms > age_ms)
		return false;
	a->ahead_ms = age_ms - mono_ms;
	a->sure_wall_ms = sure_wall_ms;
	a->sure_age_ms = sure_age_ms;
	return true;
}

void
age_raise(struct age *a, int64_t mono_ms, int64_t age_ms)
{
	if (age_is_time(age_ms) && age_ms > mono_ms + a->ahead_ms)
		a->ahead_ms = age_ms - mono_ms;
}

static void
age_note_jump(struct age *a, int64_t mono_ms, int64_t wall_ms)
{
	int64_t jump_ms = wall_ms - mono_ms - a->offset_ms;

	a->offset_ms += jump_ms;
	if (jump_ms <= AGE_JUMP_MS && jump_ms >= -AGE_JUMP_MS)
		return;
	/* A clock that jumps all the time is told of once. */
	if (age_waits_ms(a, mono_ms) == 0)
		log_warning("the clock has jumped; nothing expires until it "
			    "has stood for an hour: seconds=%lld",
		    (long long)(jump_ms / 1000));
	a->jump_ms = jump_ms;
	a->stands_ms = mono_ms;
}

/* The clock can be believed: what it has gone on by since it last could has
 * passed. */
static void
age_believe(struct age *a, int64_t mono_ms, int64_t wall_ms)
{
	int64_t missed_ms;

	missed_ms = a->sure_age_ms + (wall_ms - a->sure_wall_ms) -
	    (mono_ms + a->ahead_ms);
	if (a->sure_wall_ms != 0 && missed_ms > 0) {
		a->ahead_ms += missed_ms;
		if (missed_ms > AGE_JUMP_MS)
			log_info("time off counts from now on, as the clock "
				 "can be believed: seconds=%lld",
			    (long long)(missed_ms / 1000));
	}
	a->sure_wall_ms = wall_ms;
	a->sure_age_ms = mono_ms + a->ahead_ms;
}

void
age_look(struct age *a, int64_t mono_ms, int64_t wall_ms, int64_t kernel_ms)
{
	age_note_jump(a, mono_ms, wall_ms);
	a->is_synchronised = kernel_ms != -1;
	if (a->is_synchronised && mono_ms - a->stands_ms >= AGE_STAND_MS)
		age_believe(a, mono_ms, kernel_ms);
}

int64_t
age_kernel_ms(void)
{
#ifdef HAVE_ADJTIMEX
	struct timex tx = { .modes = 0 };
	int status = adjtimex(&tx);

	if (status == -1 || status == TIME_ERROR || (tx.status & STA_UNSYNC))
		return -1;
	return (int64_t)tx.time.tv_sec * 1000 +
	    tx.time.tv_usec / ((tx.status & STA_NANO) ? 1000000 : 1000);
#else
	return -1;
#endif
}

int64_t
age_waits_ms(const struct age *a, int64_t mono_ms)
{
	int64_t stood_ms = mono_ms - a->stands_ms;

	return a->jump_ms == 0 || stood_ms >= AGE_STAND_MS ?
	    0 :
	    AGE_STAND_MS - stood_ms;
}
