/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TESTS_CLOCK_H
#define TESTS_CLOCK_H

#include <stdint.h>

/* How far the clocks of brbd-clock are ahead of the machine's. */
struct clock_shift {
	int64_t wall_ms;
	int64_t run_ms; /* never less than before */
};

#endif
