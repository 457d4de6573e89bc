/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef AGE_H
#define AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

/*
 * The age clock measures how old something is before it is given up for good: a
 * message, a place, a ban. It only goes forward, by the time that the server has
 * run, so whatever a wrong wall clock shows, nothing ends early or late.
 *
 * Time that it was off (or asleep) is added later: once the wall clock has not
 * jumped for AGE_STAND_MS and the kernel says that it is synchronised, it is
 * believed. What lies between two times at which it was believed has really
 * passed. Where the kernel never says so, time off counts as none.
 *
 *   wall   sure ------- off -------- on, jumps ---- 1 h ---- sure
 *   age    sure --------+----------------------------------->+ the rest
 */
struct age {
	int64_t
	    ahead_ms; /* the age clock is that much ahead of the monotonic */
	int64_t
	    sure_wall_ms; /* when the wall clock was last believed; 0: never */
	int64_t sure_age_ms; /* the age then */
	int64_t offset_ms; /* from the monotonic clock to the wall at a look */
	int64_t stands_ms; /* monotonic: since when it has not jumped */
	int64_t jump_ms; /* how far it jumped then; 0: not since the start */
	bool is_synchronised; /* as the kernel said at the last look */
};

#define AGE_LOOK_MS 60000 /* between two looks at the clocks */
#define AGE_STAND_MS 3600000
/* Less than that in AGE_LOOK_MS is no jump: clocks are also slewed. */
#define AGE_JUMP_MS 10000
/* Ages, and all times here, stay below this, 280,000 years, so that no sum
 * overflows. Ages are not negative. */
#define AGE_MAX_MS (INT64_C(1) << 53)

/* Begins at the age of the monotonic clock, that is at any. */
void age_begin(struct age *a, int64_t mono_ms, int64_t wall_ms);

/* Goes on at that age, which an earlier run had; the clock was believed as
 * said, if at all. False: no run had that. */
bool age_go_on(struct age *a, int64_t mono_ms, int64_t age_ms,
    int64_t sure_wall_ms, int64_t sure_age_ms) MUST_CHECK;

/* Goes on at that age at least: something that old exists. */
void age_raise(struct age *a, int64_t mono_ms, int64_t age_ms);

/* To be called every AGE_LOOK_MS: notes a jump, and adds what was missed.
 * kernel_ms is what age_kernel_ms() says. Logs both. */
void age_look(struct age *a, int64_t mono_ms, int64_t wall_ms,
    int64_t kernel_ms);

/* The wall clock if the kernel vouches for it, by adjtimex(2); else, and on
 * systems without that, -1. */
int64_t age_kernel_ms(void);

/* For how long nothing may be given up for its age, as the wall clock has
 * jumped; 0: it may. */
int64_t age_waits_ms(const struct age *a, int64_t mono_ms);

/* Can it be gone on with, if it comes from elsewhere? */
bool age_is_sound(const struct age *a);

#endif
