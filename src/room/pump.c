/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * The pump: those who are behind read on from the ring, a chunk each, in a
 * circle, so that nobody's catch-up stops anybody else's.
 */

#include "config.h"

#include "room/deliver.h"
#include "room/pump.h"
#include "room/replay.h"

void
pump_pause(struct membership *ms)
{
	struct history_cursor c;
	struct event event;

	replay_stop(ms);
	deliver_remove_live(ms);
	deliver_pump_cancel(ms);

	/* Their own lines they know: last words before a break are nothing that
	 * was missed. */
	c = ms->cursor;
	if (history_clamp(&ms->room->history, &c) > 0)
		return;
	while (history_read(&ms->room->history, &c, &event) &&
	    event.author == ms->member->id && event.number >= ms->own_from)
		ms->cursor = c;
}

static void
pump_run(struct chat *chat)
{
	struct membership *ms, *last;
	size_t budget = PUMP_TURN, done;
	bool is_last;

	last = TAILQ_LAST(&chat->pump, membership_queue);
	for (is_last = last == NULL; !is_last && budget > 0;) {
		ms = TAILQ_FIRST(&chat->pump);
		is_last = ms == last;
		TAILQ_REMOVE(&chat->pump, ms, in_pump);
		ms->is_pumped = false;
		switch (replay_pump(ms, PUMP_CHUNK, &done)) {
		case REPLAY_AGAIN:
			deliver_pump_later(ms);
			break;
		case REPLAY_BLOCKED:
			ms->is_blocked = true;
			break;
		case REPLAY_DONE:
			if (!ms->member->is_on_break)
				deliver_add_live(ms);
			/* From a new list on they know who is there. */
			if (ms->needs_names)
				ms->arrival = ++chat->last_arrival;
			ms->member->ops->caught_up(ms);
			break;
		}
		budget -= done < budget ? done : budget;
	}
}

bool
pump_turn(struct chat *chat)
{
	deliver_all(chat);
	chat->actors = 0;
	pump_run(chat);
	return !TAILQ_EMPTY(&chat->pump);
}
