/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * In a large room a turn takes some milliseconds however few lines it hands
 * out, as it costs a write for each member. While several people talk there
 * without a pause, one turn for most of them is cheaper than one for each, and
 * serves all of them sooner. So the next turn waits for as many speakers as the
 * last ones had. A lone speaker never waits, nor does anybody where turns are
 * short, or after a pause of two turns' length.
 *
 * Decided against: a fixed wait before each turn, which makes a lone speaker's
 * lines late and saves nothing.
 */
#include "config.h"

#include "server/batching.h"

bool
batching_should_wait(const struct batching *p, unsigned speakers,
    int64_t now_us)
{
	return speakers > 0 && !batching_is_ready(p, speakers) &&
	    p->turn_us >= BATCHING_DEAR_US &&
	    now_us - p->end_us < 2 * p->turn_us;
}

bool
batching_is_ready(const struct batching *p, unsigned speakers)
{
	return speakers >= p->speakers;
}

void
batching_turn_done(struct batching *p, unsigned speakers, int64_t start_us,
    int64_t end_us)
{
	p->turn_us = end_us - start_us;
	p->end_us = end_us;
	/* Speakers who fell silent are dropped one by one, as waiting for each
	 * of them in vain costs the whole wait. */
	if (speakers < p->speakers)
		speakers = p->speakers - 1;
	p->speakers = speakers;
}
