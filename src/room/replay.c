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
 * has accepted the bytes. The summary is counted in slices as well, by one
 * replay at a time: a thousand people who come back at once must not stop the
 * loop.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "room/acked.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/handed.h"
#include "room/ids.h"
#include "room/past.h"
#include "room/person.h"
#include "room/pieces.h"
#include "room/replay-impl.h"
#include "room/replay.h"
#include "room/shown.h"
#include "room/tally.h"
#include "room/watch.h"

/* Bytes of the ring that may be read for each byte that may be sent. */
#define REPLAY_READ_FACTOR 4

/* The least that a call counts as, in bytes. */
#define REPLAY_WORK_MIN 1024

/* What counting a piece for the summary counts as, once it is made. */
#define REPLAY_WORK_PIECE 128

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

static void
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
	if (c->ms->member->is_on_break) {
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

/* Is event hidden from c, who was not shown it before? People know their own
 * lines of this session. */
static bool
replay_is_hidden(const struct cursor *c, const struct event *event)
{
	const struct member *m = c->ms->member;

	if (cursor_is_own(c, event->author, event->via) &&
	    event->number >= c->own_from)
		return true;
	return member_ignores_author(m, event->author, event->nick);
}

/* Is event shown to c by its replay, or without one? /history shows all. */
static bool
replay_is_due(const struct cursor *c, const struct event *event)
{
	if (c->replay != NULL && c->replay->kind == REPLAY_HISTORY)
		return !member_ignores_author(c->ms->member, event->author,
		    event->nick);
	return !replay_is_hidden(c, event) &&
	    !shown_has_seen(&c->shown, event->number);
}

static void
replay_render_count(struct cursor *c, struct buf *out, enum event_kind kind,
    uint64_t count)
{
	struct event event = { .kind = kind, .count = count };

	replay_render(c, out, &event);
}

/* Renders what is due before the message event: it may have been seen already,
 * or is the first that was not. */
static void
replay_render_repeats(struct cursor *c, struct buf *out,
    struct replay_progress *to, const struct event *event)
{
	const struct replay *rp = c->replay;
	bool is_repeat = event->number < c->repeat_until;

	if (rp->kind != REPLAY_CATCHUP || is_repeat == to->in_repeats)
		return;
	to->in_repeats = is_repeat;
	/* If the ring has lapped some of them since, their number is
	 * unknown. */
	if (is_repeat)
		replay_render_count(c, out, EVENT_REPEATS,
		    c->ms->room->history.first_number > rp->scan_from ?
			0 :
			rp->repeats - rp->seen_repeats);
	else
		replay_render_count(c, out, EVENT_NEW, 0);
}

enum event_age
replay_age(const struct chat *chat, int64_t wall_ms)
{
	return clock_day(wall_ms) == clock_day(chat->clock->wall_ms) ?
	    EVENT_AGE_TODAY :
	    EVENT_AGE_EARLIER;
}

static void
replay_render_date(struct cursor *c, struct buf *out,
    struct replay_progress *to, const struct event *event)
{
	struct event date = {
		.kind = EVENT_DATE,
		.time_ms = event_wall_ms(event),
	};

	if (clock_day(date.time_ms) == to->day)
		return;
	replay_render(c, out, &date);
	to->day = clock_day(date.time_ms);
}

/* Renders the topic behind a gap, for clients that track members and may not
 * know it: it may have been set by a message that is lost. */
static void
replay_render_topic(struct cursor *c, struct buf *out, uint64_t gap_until)
{
	const struct room *room = c->ms->room;
	struct event event = {
		.kind = EVENT_TOPIC,
		.nick = room->topic_by,
		.text = room->topic == NULL ? "" : room->topic,
		.time_ms = room->topic_ms,
	};

	if (!c->tracking.is_on || room->topic_ms == 0 ||
	    gap_until <= c->own_from)
		return;
	event.text_len = strlen(event.text);
	replay_render(c, out, &event);
}

/* Are all messages of piece shown to c, or hidden, by the same rules as those of
 * others, and none by a rule of its own? */
static bool
replay_is_common(const struct cursor *c, const struct piece *piece)
{
	const struct member *m = c->ms->member;
	const struct piece_entry *e;
	size_t i;

	for (i = 0; m->person.ignore_count > 0 && i < piece->count; i++) {
		e = &piece->entries[i];
		if (member_ignores_author(m, e->author, e->name->nick))
			return false;
	}
	if (c->replay->kind == REPLAY_HISTORY)
		return true;
	return shown_seen_count(&c->shown, piece->from.number,
		   piece->to.number) == 0 &&
	    (piece->to.number <= c->own_from ||
		!piece_has_author(piece, m->id));
}

/*
 * Adds the lines of the piece that begins at to->at as all are shown them, and
 * moves *to on behind it. False: there is none, or its lines are not the same
 * for c as for others.
 */
static bool
replay_piece(struct cursor *c, struct buf *out, struct replay_progress *to,
    uint64_t end)
{
	const struct replay *rp = c->replay;
	const struct buf *lines;
	struct piece *piece;
	size_t work = 0;

	if (rp == NULL || to->border != to->at.number ||
	    !pieces_are_shared(c->ms->room))
		return false;
	piece = pieces_get(c->ms->room, &to->at, &work);
	if (piece == NULL || piece->to.number > end || !piece->is_plain ||
	    piece->day != to->day ||
	    (piece->has_ids && c->client->id_secret != 0))
		return false;
	if (rp->kind == REPLAY_CATCHUP &&
	    (to->in_repeats ? piece->to.number > c->repeat_until :
			      piece->from.number < c->repeat_until))
		return false;
	if (!replay_is_common(c, piece))
		return false;
	lines = piece_lines(piece, c->client->dialect);
	buf_add(out, lines->data, lines->len);
	to->at = piece->to;
	to->border = to->at.number;
	to->has_shown = true;
	return true;
}

/* Renders about max bytes from to->at up to number end, and moves *to on past
 * them. Returns true at the end. */
static bool
replay_lines(struct cursor *c, struct buf *out, struct replay_progress *to,
    uint64_t end, size_t max, size_t *work)
{
	struct room *room = c->ms->room;
	struct history_cursor *at = &to->at;
	struct event event;
	uint64_t before, lost;
	size_t start = out->len;
	uint64_t first_pos;

	before = at->number;
	lost = history_clamp(&room->history, at);
	/* Messages behind the end are not missed. */
	if (at->number > end)
		lost = before < end ? history_distance(before, end) : 0;
	if (c->replay == NULL || c->replay->kind != REPLAY_HISTORY)
		lost -= shown_seen_count(&c->shown, before,
		    at->number < end ? at->number : end);
	if (lost > 0 || !history_is_certain(before, at->number)) {
		memset(&event, 0, sizeof(event));
		event.kind = EVENT_GAP;
		event.count = lost;
		event.is_uncertain = !history_is_certain(before, at->number);
		replay_render(c, out, &event);
		replay_render_topic(c, out, at->number);
		room->chat->gaps++;
		to->gap_from = before;
		to->gap_until = at->number;
		to->has_shown = true;
	}
	first_pos = at->pos;
	while (at->number < end) {
		if (out->len - start >= max ||
		    at->pos - first_pos >= max * REPLAY_READ_FACTOR)
			break;
		if (replay_piece(c, out, to, end))
			continue;
		if (!pieces_read(room, at, &event, &to->border))
			break;
		if (!replay_is_due(c, &event))
			continue;
		if (event.kind == EVENT_GAP)
			room->chat->gaps++;
		else if (c->replay != NULL) {
			replay_render_repeats(c, out, to, &event);
			replay_render_date(c, out, to, &event);
			/* They have to know the state after what came since. */
			event.is_past = event.number < c->own_from;
			event.age = replay_age(room->chat,
			    event_wall_ms(&event));
		}
		event.is_own = c->replay == NULL &&
		    event.author == c->ms->member->id &&
		    event.number >= c->own_from;
		event.is_id_shown = client_has_id(c->client, &event);
		replay_render(c, out, &event);
		to->has_shown = true;
	}
	*work += out->len - start +
	    (size_t)(at->pos - first_pos) / REPLAY_READ_FACTOR;
	return at->number >= end;
}

/* Renders what waits for them in rooms that they are not in. */
static void
replay_head_waiting(struct cursor *c, struct replay *rp)
{
	const struct bookmark *bookmark;
	struct event event = { .kind = EVENT_WAITING };

	LIST_FOREACH(bookmark, &c->ms->member->person.bookmarks, in_owner) {
		event.count = room_new_count(bookmark->room, &bookmark->cursor,
		    bookmark->repeat_until);
		event.total = room_new_count(bookmark->room, &bookmark->cursor,
		    0);
		event.other = bookmark->room->name;
		if (event.total > 0)
			replay_render(c, &rp->head, &event);
	}
}

/* Does the message of that number, which is not hidden, belong in the summary?
 * It is counted as a repeat if not. */
static bool
replay_scan_number(struct cursor *c, struct replay *rp, uint64_t number)
{
	bool is_seen = shown_has_seen(&c->shown, number);

	if (number < c->repeat_until) {
		rp->repeats++;
		rp->seen_repeats += is_seen;
		return false;
	}
	if (is_seen && number >= c->own_from && c->shown.from < c->own_from)
		return false;
	rp->seen += is_seen;
	return true;
}

/* Does the message at at mention m? */
static bool
replay_mentions(const struct member *m, const struct room *room,
    struct history_cursor at)
{
	struct event event;

	return history_read(&room->history, &at, &event) &&
	    text_mentions(event.text, event.text_len, m->nick);
}

/* Counts the piece that begins at the scan, as far as the scan goes, which is
 * behind it then. False: there is none. */
static bool
replay_scan_piece(struct cursor *c, struct replay *rp,
    const struct text_probe *probe, size_t *work)
{
	const struct member *m = c->ms->member;
	struct room *room = c->ms->room;
	struct event event = { .kind = EVENT_SAY };
	const struct piece_entry *e;
	const struct piece *piece;

	if (rp->scan_border != rp->scan.number || !pieces_are_shared(room))
		return false;
	piece = pieces_get(room, &rp->scan, work);
	if (piece == NULL || piece->to.number > rp->scan_until)
		return false;
	for (e = piece->entries; e < piece->entries + piece->count; e++) {
		if (e->name == NULL)
			continue; /* a gap */
		event.number = e->number;
		event.author = e->author;
		event.nick = e->name->nick;
		if (!replay_is_hidden(c, &event) &&
		    replay_scan_number(c, rp, e->number))
			tally_add(&room->chat->tally, e->name,
			    piece_may_mention(piece, e, probe) &&
				replay_mentions(m, room, e->at));
	}
	rp->scan = piece->to;
	rp->scan_border = rp->scan.number;
	*work += REPLAY_WORK_PIECE * REPLAY_READ_FACTOR;
	return true;
}

/* Counts the next message; false: there is none. */
static bool
replay_scan_message(struct cursor *c, struct replay *rp, size_t *work)
{
	struct room *room = c->ms->room;
	uint64_t pos = rp->scan.pos;
	struct event event;

	if (!pieces_read(room, &rp->scan, &event, &rp->scan_border))
		return false;
	*work += (size_t)(rp->scan.pos - pos);
	if (event.kind != EVENT_GAP && !replay_is_hidden(c, &event) &&
	    replay_scan_number(c, rp, event.number))
		tally_add_nick(&room->chat->tally, event.nick,
		    text_mentions(event.text, event.text_len,
			c->ms->member->nick));
	return true;
}

/* Counts a slice for the summary. True: all is counted, and the summary
 * rendered. */
static bool
replay_scan(struct cursor *c, struct replay *rp, size_t max, size_t *work)
{
	struct room *room = c->ms->room;
	struct chat *chat = room->chat;
	struct event event;
	struct event_tally top;
	struct text_probe probe;
	size_t read = 0; /* bytes of the ring */

	if (chat->tally_owner == NULL)
		chat->tally_owner = c;
	else if (chat->tally_owner != c)
		return false; /* one replay counts at a time */
	text_probe(&probe, c->ms->member->nick);
	(void)history_clamp(&room->history, &rp->scan);
	if (rp->scan_from == 0)
		rp->scan_from = rp->scan.number;
	while (rp->scan.number < rp->scan_until) {
		if (read >= max * REPLAY_READ_FACTOR) {
			*work += max;
			return false;
		}
		if (!replay_scan_piece(c, rp, &probe, &read) &&
		    !replay_scan_message(c, rp, &read))
			break;
	}
	*work += read / REPLAY_READ_FACTOR;
	tally_top(&chat->tally, &top);
	memset(&event, 0, sizeof(event));
	event.kind = EVENT_WELCOME;
	event.nick = c->ms->member->nick;
	event.duration_ms = rp->away_ms;
	event.count = chat->tally.messages;
	event.total = rp->repeats;
	event.seen = rp->seen;
	event.mentions = chat->tally.mentions;
	event.tally = &top;
	replay_render(c, &rp->head, &event);
	tally_fini(&chat->tally);
	chat->tally_owner = NULL;
	replay_head_waiting(c, rp);
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

	if (c->ms->member->is_on_break)
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
	if (c->ms->member->is_on_break ||
	    (c->at.number == c->ms->room->turn_start.number &&
		TAILQ_EMPTY(&c->ms->member->person.queued)))
		return REPLAY_DONE;
	return REPLAY_AGAIN;
}
