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
 * Ten who talk can be six in one turn and four in the next for ever, all of them
 * in time. So now and then the turn waits for one more than that; as long as one
 * comes, for another, and else more and more rarely.
 *
 * How long they may take grows with the turn. Those who talk read what it hands
 * out while it still runs, so the last of them answer after its end, and later
 * than that where reading costs them more, as by TLS: of ten who talk among a
 * thousand, a wait of 1 ms had 5.6 in a turn.
 *
 * Decided against: a fixed wait before each turn, which makes a lone speaker's
 * lines late and saves nothing.
 */
#include "config.h"

#include "server/batching.h"

/* Turns that pass before one more speaker is waited for, at first and at last.
 */
#define BATCHING_PATIENCE 2
#define BATCHING_PATIENCE_MAX 64

bool
batching_should_wait(const struct batching *p, unsigned speakers,
    int64_t now_us)
{
	return speakers > 0 && !batching_is_ready(p, speakers) &&
	    p->turn_us >= BATCHING_DEAR_US &&
	    now_us - p->end_us < 2 * p->turn_us;
}

int64_t
batching_limit_us(const struct batching *p)
{
	return p->turn_us / 2 < BATCHING_LIMIT_US ? p->turn_us / 2 :
						    BATCHING_LIMIT_US;
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
	p->turns++;
	if (speakers < p->speakers) {
		/* Speakers who fell silent are dropped one by one, as waiting
		 * for each of them in vain costs the whole wait. */
		if (p->is_trying && p->patience < BATCHING_PATIENCE_MAX)
			p->patience *= 2;
		p->is_trying = false;
		p->turns = 0;
		p->speakers--;
		return;
	}
	if (p->is_trying || p->patience == 0)
		p->patience = BATCHING_PATIENCE;
	p->is_trying = speakers > 1 &&
	    (p->is_trying || p->turns >= p->patience);
	p->speakers = speakers + p->is_trying;
}
