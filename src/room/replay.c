/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Reads from the ring at the pace of a socket: history for newcomers, catch-up,
 * /history, and slow readers. No copy is made: a replay is a cursor, and if the
 * ring laps it, the gap is told exactly.
 *
 *   SCAN (counts) ──► HEAD ──► (queued private messages) ──► LINES ──► end line
 *   PAST (or that) ──┘ first line
 *
 * A catch-up may begin with messages that an earlier connection was handed and
 * that may have arrived (c->repeat_until; repeat.c). They are not counted in
 * the summary and stand between two lines that say so.
 *
 * Each step renders into a scratch buffer and takes effect only when deliver()
 * has accepted the bytes: replay-scan.c counts, replay-lines.c renders.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "room/acked.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/pieces.h"
#include "room/replay-impl.h"
#include "room/replay.h"
#include "room/shown.h"
#include "room/tally.h"
#include "room/watch.h"

/* The least that a call counts as, in bytes. */
#define REPLAY_WORK_MIN 1024

static struct replay *
replay_start(struct cursor *c, enum replay_kind kind,
    struct history_cursor from, uint64_t until)
{
	struct replay *rp;

	assert(c->replay == NULL);
	deliver_leave_live(c);
	rp = xcalloc(1, sizeof(*rp));
	rp->kind = kind;
	rp->done.at = from;
	rp->until = until;
	rp->done.day = clock_day(c->ms->room->chat->clock->wall_ms);
	c->replay = rp;
	deliver_pump_later(c);
	return rp;
}

static void
replay_free(struct cursor *c)
{
	struct chat *chat = c->ms->room->chat;

	if (chat->tally_owner == c) {
		tally_fini(&chat->tally);
		chat->tally_owner = NULL;
	}
	if (c->replay->holds_pieces)
		pieces_release(c->ms->room);
	buf_fini(&c->replay->head);
	free(c->replay);
	c->replay = NULL;
}

void
replay_render(struct cursor *c, struct buf *out, struct event *event)
{
	event->server = c->ms->room->chat->options->server_name;
	event->room = c->ms->room->name;
	dialect_render(c->client->dialect, out, event);
}

/* The number at which rp ends as things are now. */
static uint64_t
replay_end(const struct cursor *c, const struct replay *rp)
{
	return rp->until == REPLAY_PRESENT ? c->ms->room->turn_start.number :
					     rp->until;
}

/* Renders "the last 20 of 1204" when the first line is due, since only then is
 * it known where the present is. */
static void
replay_head_past(struct cursor *c, struct replay *rp)
{
	const struct history *h = &c->ms->room->history;
	uint64_t end = replay_end(c, rp);
	struct history_cursor at = rp->done.at;
	struct event event = { .kind = EVENT_PAST };

	(void)history_clamp(h, &at); /* the lines tell of the gap */
	if (end > at.number)
		event.count = history_distance(at.number, end);
	if (end > h->first_number)
		event.total = history_distance(h->first_number, end);
	if (event.count > 0 || rp->kind == REPLAY_HISTORY)
		replay_render(c, &rp->head, &event);
}

void
replay_start_greeting(struct cursor *c)
{
	struct replay *rp;

	rp = replay_start(c, REPLAY_GREETING, c->at, REPLAY_PRESENT);
	rp->stage = REPLAY_PAST;
}

void
replay_start_history(struct cursor *c, uint64_t n)
{
	const struct history *h = &c->ms->room->history;
	struct replay *rp;

	if (c->replay != NULL) {
		c->replay->then_history = n;
		return;
	}
	rp = replay_start(c, REPLAY_HISTORY, history_back(h, n),
	    h->next_number);
	rp->stage = REPLAY_PAST;
}

void
replay_start_catchup(struct cursor *c, struct history_cursor from,
    int64_t away_ms)
{
	struct replay *rp;

	if (c->replay != NULL)
		replay_stop(c);
	/* First, as this sets the cursor to the turn's start. */
	deliver_leave_live(c);
	c->at = from;
	acked_set_back(c, from.number);
	rp = replay_start(c, REPLAY_CATCHUP, from, REPLAY_PRESENT);
	rp->away_ms = away_ms;
	rp->stage = REPLAY_SCAN;
	rp->scan = from;
	rp->scan_until = c->ms->room->history.next_number;
}

void
replay_start_return(struct cursor *c, const struct bookmark *bookmark,
    int64_t away_ms)
{
	uint64_t until;

	if (c->replay != NULL)
		replay_stop(c);
	deliver_leave_live(c);
	until = c->at.number;
	shown_return(&c->shown, bookmark->cursor.number, until);
	c->repeat_until = bookmark->repeat_until;
	shown_add_before(&c->shown, &bookmark->shown);
	if (c->read > bookmark->cursor.number)
		c->read = bookmark->cursor.number;
	if (c->client->is_paused) {
		c->at = bookmark->cursor;
		acked_set_back(c, c->at.number);
		return;
	}
	replay_start_catchup(c, bookmark->cursor, away_ms);
	/* What is said since they came is live, if late. */
	c->replay->scan_until = until > c->own_from ? until : c->own_from;
}

/* Where c will read on if the replay ends now. */
static struct history_cursor
replay_cursor(const struct cursor *c)
{
	const struct replay *rp = c->replay;

	if (rp != NULL)
		switch (rp->kind) {
		case REPLAY_CATCHUP:
		case REPLAY_GREETING:
			return rp->done.at;
		case REPLAY_HISTORY:
			break;
		}
	return c->at;
}

uint64_t
replay_position(const struct cursor *c)
{
	return cursor_is_live(c) ? c->ms->room->turn_start.number :
				   replay_cursor(c).number;
}

void
replay_stop(struct cursor *c)
{
	if (c->replay == NULL)
		return;
	c->at = replay_cursor(c);
	replay_free(c);
}

bool
replay_skip(struct cursor *c, uint64_t *skipped)
{
	struct replay *rp = c->replay;
	uint64_t end, at, then_history;

	if (rp == NULL)
		return false;
	end = replay_end(c, rp);
	at = rp->done.at.number;
	*skipped = end > at ? history_distance(at, end) : 0;
	if (rp->kind != REPLAY_HISTORY) {
		*skipped -= shown_seen_count(&c->shown, at, end);
		/* They have read that now; but may turn out to be somebody else,
		 * who has not. */
		shown_note_unseen(&c->shown, at,
		    end < c->own_from ? end : c->own_from);
		c->at = c->ms->room->turn_start;
	}
	then_history = rp->then_history;
	replay_free(c);
	if (then_history > 0)
		replay_start_history(c, then_history);
	else if (!c->delivery.is_blocked)
		deliver_pump_later(c);
	return true;
}

/* What was rendered up to to has been handed over, with the gaps in it. */
static void
replay_handed(struct cursor *c, const struct replay_progress *to)
{
	struct shown_more *more;

	if (to->gap_until == 0)
		return;
	more = shown_get_more(&c->shown);
	more->gap_from = to->gap_from;
	more->gap_until = to->gap_until;
}

/* Lets a slow reader, who has no replay, read on. */
static enum replay_pump
replay_pump_behind(struct cursor *c, size_t max, size_t *done)
{
	struct buf *out = &c->ms->room->chat->scratch;
	struct replay_progress to = { .at = c->at };
	bool at_end;

	if (c->client->is_paused)
		return REPLAY_DONE;
	if (replay_queued(c->client, NULL) == -1)
		return REPLAY_BLOCKED;
	buf_reset(out);
	at_end = replay_lines(c, out, &to, c->ms->room->turn_start.number, max,
	    done);
	if (client_deliver(c->client, out) == -1)
		return REPLAY_BLOCKED;
	c->at = to.at;
	replay_handed(c, &to);
	return at_end ? REPLAY_DONE : REPLAY_AGAIN;
}

static void
replay_render_end(struct cursor *c, const struct replay *rp, bool shown,
    struct buf *out)
{
	struct event event = { .kind = EVENT_LIVE };

	switch (rp->kind) {
	case REPLAY_GREETING:
		event.live = shown ? EVENT_LIVE_AFTER_PAST : EVENT_LIVE_NOW;
		break;
	case REPLAY_CATCHUP:
		event.live = shown ? EVENT_LIVE_AFTER_CATCHUP : EVENT_LIVE_NOW;
		break;
	case REPLAY_HISTORY:
		event.kind = EVENT_PAST_END;
		break;
	}
	replay_render(c, out, &event);
}

enum replay_pump
replay_pump(struct cursor *c, size_t max, size_t *done)
{
	struct replay *rp = c->replay;
	struct buf *out = &c->ms->room->chat->scratch;
	struct replay_progress to;
	bool at_end;
	uint64_t then_history;

	/* Even a short write costs a write. */
	*done = REPLAY_WORK_MIN;
	assert(c->client->ops != NULL);
	if (rp == NULL)
		return replay_pump_behind(c, max, done);
	if (!rp->holds_pieces) {
		pieces_hold(c->ms->room);
		rp->holds_pieces = true;
	}

	if (rp->stage == REPLAY_SCAN) {
		if (!replay_scan(c, rp, max, done))
			return REPLAY_AGAIN;
		rp->stage = REPLAY_HEAD;
	}
	if (rp->stage == REPLAY_PAST) {
		replay_head_past(c, rp);
		rp->stage = REPLAY_HEAD;
	}
	if (rp->stage == REPLAY_HEAD) {
		if (client_deliver(c->client, &rp->head) == -1)
			return REPLAY_BLOCKED;
		buf_fini(&rp->head);
		rp->stage = REPLAY_LINES;
	}
	if (rp->kind == REPLAY_CATCHUP && replay_queued(c->client, rp) == -1)
		return REPLAY_BLOCKED;

	buf_reset(out);
	to = rp->done;
	at_end = replay_lines(c, out, &to, replay_end(c, rp), max, done);
	if (out->len > 0 && c->client->ops->mark_past != NULL)
		c->client->ops->mark_past(c->client, out, c->ms->room->name);
	if (at_end)
		replay_render_end(c, rp, to.has_shown, out);
	if (client_deliver(c->client, out) == -1)
		return REPLAY_BLOCKED;
	rp->done = to;
	if (rp->kind != REPLAY_HISTORY)
		replay_handed(c, &to);
	if (!at_end)
		return REPLAY_AGAIN;
	if (rp->until == REPLAY_PRESENT)
		c->at = to.at;
	if (rp->kind == REPLAY_CATCHUP)
		watch_member_changed(c->ms->member);
	/* Programs are shown more than anybody reads. */
	if (rp->kind != REPLAY_HISTORY && c->read < c->at.number &&
	    !c->client->dialect->is_for_programs)
		c->read = c->at.number;
	then_history = rp->then_history;
	replay_free(c);
	if (then_history > 0) {
		replay_start_history(c, then_history);
		return REPLAY_AGAIN;
	}
	if (c->client->is_paused ||
	    (c->at.number == c->ms->room->turn_start.number &&
		TAILQ_EMPTY(&c->ms->member->person.queued)))
		return REPLAY_DONE;
	return REPLAY_AGAIN;
}
