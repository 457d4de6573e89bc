/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * In a large room a turn takes some milliseconds, however many lines it hands
 * out: it costs a write for each member. While several people talk there
 * without a pause, one turn for most of them at once is cheaper for everybody
 * than one for each, and all of them are served sooner. So the next turn waits
 * for as many as the last ones had. A lone speaker never waits, nor does
 * anybody where turns are short, or after a pause of two turns' length.
 *
 * A fixed wait before each turn was decided against: it makes a lone speaker's
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
	/* Who has fallen silent is forgotten one by one, as each that is waited
	 * for in vain costs the whole wait. */
	if (speakers < p->speakers)
		speakers = p->speakers - 1;
	p->speakers = speakers;
}
