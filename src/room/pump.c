/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The pump lets those who are behind read on from the ring, a chunk each, in a
 * circle, so that nobody's catch-up stops anybody else's.
 */
#include "config.h"

#include "room/cursor.h"
#include "room/deliver.h"
#include "room/pump.h"
#include "room/replay.h"

void
pump_pause(struct cursor *c)
{
	struct history_cursor at;
	struct event event;

	replay_stop(c);
	deliver_remove_live(c);
	deliver_pump_cancel(c);

	/* People know their own lines: last words before a break are not
	 * missed. */
	at = c->at;
	if (history_clamp(&c->ms->room->history, &at) > 0)
		return;
	while (history_read(&c->ms->room->history, &at, &event) &&
	    cursor_knows(c, &event))
		c->at = at;
}

void
pump_turn(struct chat *chat)
{
	struct cursor *c, *last;
	size_t budget = PUMP_TURN, done;
	bool is_last;

	last = TAILQ_LAST(&chat->pump, cursor_queue);
	for (is_last = last == NULL; !is_last && budget > 0;) {
		c = TAILQ_FIRST(&chat->pump);
		is_last = c == last;
		TAILQ_REMOVE(&chat->pump, c, delivery.in_pump);
		c->delivery.is_pumped = false;
		switch (replay_pump(c, PUMP_CHUNK, &done)) {
		case REPLAY_AGAIN:
			deliver_pump_later(c);
			break;
		case REPLAY_BLOCKED:
			c->delivery.is_blocked = true;
			break;
		case REPLAY_DONE:
			if (!c->client->is_paused)
				deliver_add_live(c);
			/* A new list of names tells them who is there. */
			if (c->needs_names)
				c->tracking.arrival = ++chat->last_arrival;
			c->client->ops->caught_up(c);
			break;
		}
		budget -= done < budget ? done : budget;
	}
}
