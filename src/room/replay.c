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
 * that may have arrived (ms->repeat_until; repeat.c). They are not counted in
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
#include "base/util.h"
#include "room/acked.h"
#include "room/deliver.h"
#include "room/handed.h"
#include "room/person.h"
#include "room/replay-impl.h"
#include "room/replay.h"
#include "room/tally.h"
#include "room/watch.h"

/* Bytes of the ring that may be read for each byte that may be sent. */
#define REPLAY_READ_FACTOR 4

/* The least that a call counts as, in bytes. */
#define REPLAY_WORK_MIN 1024

static struct replay *
replay_start(struct membership *ms, enum replay_kind kind,
    struct history_cursor from, uint64_t until)
{
	struct replay *rp;

	assert(ms->replay == NULL);
	deliver_leave_live(ms);
	rp = xcalloc(1, sizeof(*rp));
	rp->kind = kind;
	rp->done.at = from;
	rp->until = until;
	rp->done.day = clock_day(ms->room->chat->clock->wall_ms);
	ms->replay = rp;
	deliver_pump_later(ms);
	return rp;
}

static void
replay_free(struct membership *ms)
{
	struct chat *chat = ms->room->chat;

	if (chat->tally_owner == ms) {
		tally_fini(&chat->tally);
		chat->tally_owner = NULL;
	}
	buf_fini(&ms->replay->head);
	free(ms->replay);
	ms->replay = NULL;
}

static void
replay_render(struct membership *ms, struct buf *out, struct event *event)
{
	event->server = ms->room->chat->options->server_name;
	event->room = ms->room->name;
	dialect_render(ms->member->dialect, out, event);
}

/* The number at which rp ends as things are now. */
static uint64_t
replay_end(const struct membership *ms, const struct replay *rp)
{
	return rp->until == REPLAY_PRESENT ? ms->room->turn_start.number :
					     rp->until;
}

/* Renders "the last 20 of 1204" when the first line is due, since only then is
 * it known where the present is. */
static void
replay_head_past(struct membership *ms, struct replay *rp)
{
	const struct history *h = &ms->room->history;
	uint64_t end = replay_end(ms, rp);
	struct history_cursor at = rp->done.at;
	struct event event = { .kind = EVENT_PAST };

	(void)history_clamp(h, &at); /* the lines tell of the gap */
	if (end > at.number)
		event.count = history_distance(at.number, end);
	if (end > h->first_number)
		event.total = history_distance(h->first_number, end);
	if (event.count > 0 || rp->kind == REPLAY_HISTORY)
		replay_render(ms, &rp->head, &event);
}

void
replay_start_greeting(struct membership *ms)
{
	struct replay *rp;

	rp = replay_start(ms, REPLAY_GREETING, ms->cursor, REPLAY_PRESENT);
	rp->stage = REPLAY_PAST;
}

void
replay_start_history(struct membership *ms, uint64_t n)
{
	const struct history *h = &ms->room->history;
	struct replay *rp;

	if (ms->replay != NULL) {
		ms->replay->then_history = n;
		return;
	}
	rp = replay_start(ms, REPLAY_HISTORY, history_back(h, n),
	    h->next_number);
	rp->stage = REPLAY_PAST;
}

void
replay_start_catchup(struct membership *ms, struct history_cursor from,
    uint64_t until, int64_t away_ms)
{
	struct replay *rp;

	if (ms->replay != NULL)
		replay_stop(ms);
	/* First, as this sets the cursor to the turn's start. */
	deliver_leave_live(ms);
	if (until == REPLAY_PRESENT)
		ms->cursor = from;
	acked_set_back(ms, from.number);
	rp = replay_start(ms, REPLAY_CATCHUP, from, until);
	rp->away_ms = away_ms;
	rp->stage = REPLAY_SCAN;
	rp->scan = from;
	rp->scan_until = until == REPLAY_PRESENT ?
	    ms->room->history.next_number :
	    until;
}

void
replay_start_return(struct membership *ms, const struct bookmark *bookmark,
    int64_t away_ms)
{
	bool was_live = ms->replay == NULL ||
	    ms->replay->until != REPLAY_PRESENT;

	ms->repeat_until = bookmark->repeat_until;
	ms->shown.from = bookmark->cursor.number;
	replay_start_catchup(ms, bookmark->cursor,
	    was_live ? ms->own_from : REPLAY_PRESENT, away_ms);
	if (was_live) {
		ms->shown.guest_from = ms->own_from;
		ms->shown.guest_until = ms->cursor.number;
	}
}

/* Where ms will read on if the replay ends now. */
static struct history_cursor
replay_cursor(const struct membership *ms)
{
	const struct replay *rp = ms->replay;

	if (rp != NULL)
		switch (rp->kind) {
		case REPLAY_CATCHUP:
		case REPLAY_GREETING:
			/*
			 * Rather some lines twice than one not at all: what a
			 * guest saw meanwhile is told again to the person that
			 * they turned out to be.
			 */
			if (rp->until == REPLAY_PRESENT ||
			    rp->done.at.number < rp->until)
				return rp->done.at;
			break;
		case REPLAY_HISTORY:
			break;
		}
	return ms->cursor;
}

uint64_t
replay_position(const struct membership *ms)
{
	return replay_cursor(ms).number;
}

void
replay_stop(struct membership *ms)
{
	if (ms->replay == NULL)
		return;
	ms->cursor = replay_cursor(ms);
	replay_free(ms);
}

bool
replay_skip(struct membership *ms, uint64_t *skipped)
{
	struct replay *rp = ms->replay;
	uint64_t end, at, then_history;

	if (rp == NULL)
		return false;
	end = replay_end(ms, rp);
	at = rp->done.at.number;
	*skipped = end > at ? history_distance(at, end) : 0;
	if (rp->until == REPLAY_PRESENT)
		ms->cursor = ms->room->turn_start;
	then_history = rp->then_history;
	replay_free(ms);
	if (then_history > 0)
		replay_start_history(ms, then_history);
	else if (!ms->is_blocked)
		deliver_pump_later(ms);
	return true;
}

/* Is event hidden from ms? People know their own lines of this session. */
static bool
replay_is_hidden(const struct membership *ms, const struct event *event)
{
	const struct member *m = ms->member;

	if (event->author == m->id && event->number >= ms->own_from)
		return true;
	return member_ignores_author(m, event->author, event->nick);
}

static void
replay_render_count(struct membership *ms, struct buf *out,
    enum event_kind kind, uint64_t count)
{
	struct event event = { .kind = kind, .count = count };

	replay_render(ms, out, &event);
}

/* Renders what is due before the message event: it may have been seen already,
 * or is the first that was not. */
static void
replay_render_repeats(struct membership *ms, struct buf *out,
    struct replay_progress *to, const struct event *event)
{
	const struct replay *rp = ms->replay;
	bool is_repeat = event->number < ms->repeat_until;

	if (rp->kind != REPLAY_CATCHUP || is_repeat == to->in_repeats)
		return;
	to->in_repeats = is_repeat;
	/* If the ring has lapped some of them since, their number is
	 * unknown. */
	if (is_repeat)
		replay_render_count(ms, out, EVENT_REPEATS,
		    ms->room->history.first_number > rp->scan_from ?
			0 :
			rp->repeats);
	else
		replay_render_count(ms, out, EVENT_NEW, 0);
}

static void
replay_render_date(struct membership *ms, struct buf *out,
    struct replay_progress *to, const struct event *event)
{
	struct event date = {
		.kind = EVENT_DATE,
		.time_ms = event_wall_ms(event),
	};

	if (clock_day(date.time_ms) == to->day)
		return;
	replay_render(ms, out, &date);
	to->day = clock_day(date.time_ms);
}

/* Renders the topic behind a gap, for clients that track members and may not
 * know it: it may have been set by a message that is lost. */
static void
replay_render_topic(struct membership *ms, struct buf *out, uint64_t gap_until)
{
	const struct room *room = ms->room;
	struct event event = {
		.kind = EVENT_TOPIC,
		.nick = room->topic_by,
		.text = room->topic == NULL ? "" : room->topic,
		.time_ms = room->topic_ms,
	};

	if (!ms->tracks_members || room->topic_ms == 0 ||
	    gap_until <= ms->own_from)
		return;
	event.text_len = strlen(event.text);
	replay_render(ms, out, &event);
}

/* Renders about max bytes from to->at up to number end, and moves *to on past
 * them. Returns true at the end. */
static bool
replay_lines(struct membership *ms, struct buf *out, struct replay_progress *to,
    uint64_t end, size_t max, size_t *work)
{
	struct room *room = ms->room;
	struct history_cursor *at = &to->at;
	struct event event;
	uint64_t before, lost;
	size_t start = out->len;
	uint64_t first_pos;
	bool show_own = ms->replay != NULL &&
	    ms->replay->kind == REPLAY_HISTORY;

	before = at->number;
	lost = history_clamp(&room->history, at);
	/* Messages behind the end are not missed. */
	if (at->number > end)
		lost = before < end ? history_distance(before, end) : 0;
	if (lost > 0 || !history_is_certain(before, at->number)) {
		memset(&event, 0, sizeof(event));
		event.kind = EVENT_GAP;
		event.count = lost;
		event.is_uncertain = !history_is_certain(before, at->number);
		replay_render(ms, out, &event);
		replay_render_topic(ms, out, at->number);
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
		if (!history_read(&room->history, at, &event))
			break;
		if (show_own ? member_ignores_author(ms->member, event.author,
				   event.nick) :
			       replay_is_hidden(ms, &event))
			continue;
		if (event.kind == EVENT_GAP)
			room->chat->gaps++;
		else if (ms->replay != NULL) {
			replay_render_repeats(ms, out, to, &event);
			replay_render_date(ms, out, to, &event);
			/* They have to know the state after what came since. */
			event.is_past = event.number < ms->own_from;
		}
		replay_render(ms, out, &event);
		to->has_shown = true;
	}
	*work += out->len - start +
	    (size_t)(at->pos - first_pos) / REPLAY_READ_FACTOR;
	return at->number >= end;
}

/* Renders what waits for them in rooms that they are not in. */
static void
replay_head_waiting(struct membership *ms, struct replay *rp)
{
	const struct bookmark *bookmark;
	struct event event = { .kind = EVENT_WAITING };

	LIST_FOREACH(bookmark, &ms->member->person.bookmarks, in_owner) {
		event.count = room_new_count(bookmark->room, &bookmark->cursor,
		    bookmark->repeat_until);
		event.total = room_new_count(bookmark->room, &bookmark->cursor,
		    0);
		event.other = bookmark->room->name;
		if (event.total > 0)
			replay_render(ms, &rp->head, &event);
	}
}

/* Counts a slice for the summary. True: all is counted, and the summary
 * rendered. */
static bool
replay_scan(struct membership *ms, struct replay *rp, size_t max, size_t *work)
{
	struct room *room = ms->room;
	struct chat *chat = room->chat;
	struct event event;
	struct event_tally top;
	uint64_t first_pos;

	if (chat->tally_owner == NULL)
		chat->tally_owner = ms;
	else if (chat->tally_owner != ms)
		return false; /* one replay counts at a time */
	(void)history_clamp(&room->history, &rp->scan);
	if (rp->scan_from == 0)
		rp->scan_from = rp->scan.number;
	first_pos = rp->scan.pos;
	while (rp->scan.number < rp->scan_until) {
		if (rp->scan.pos - first_pos >= max * REPLAY_READ_FACTOR) {
			*work += max;
			return false;
		}
		if (!history_read(&room->history, &rp->scan, &event))
			break;
		if (event.kind == EVENT_GAP || replay_is_hidden(ms, &event))
			continue;
		if (event.number < ms->repeat_until)
			rp->repeats++;
		else
			tally_add(&chat->tally, &event, ms->member->nick);
	}
	*work += (size_t)(rp->scan.pos - first_pos) / REPLAY_READ_FACTOR;
	tally_top(&chat->tally, &top);
	memset(&event, 0, sizeof(event));
	event.kind = EVENT_WELCOME;
	event.nick = ms->member->nick;
	event.duration_ms = rp->away_ms;
	event.count = chat->tally.messages;
	event.total = rp->repeats;
	event.mentions = chat->tally.mentions;
	event.tally = &top;
	replay_render(ms, &rp->head, &event);
	tally_fini(&chat->tally);
	chat->tally_owner = NULL;
	replay_head_waiting(ms, rp);
	return true;
}

static int
replay_deliver(struct member *m, const struct buf *out)
{
	if (out->len == 0)
		return 0;
	return m->ops->deliver(m->sink, out->data, out->len);
}

static void
replay_drop_ignored(struct member *m)
{
	struct queued_message *k, *next;

	for (k = TAILQ_FIRST(&m->person.queued); k != NULL; k = next) {
		next = TAILQ_NEXT(k, entry);
		if (member_ignores_author(m, k->author, k->nick)) {
			person_take_queued(m->chat, &m->person, k);
			free(k);
		}
	}
}

/* Renders the line before k, if one is due: the first ones may be repeats; and
 * in a catch-up, how many were queued. */
static void
replay_queued_head(const struct member *m, const struct replay *rp,
    const struct queued_message *k, struct buf *out)
{
	struct event event = {
		.kind = EVENT_QUEUED,
		.server = m->chat->options->server_name,
		.other = m->nick,
		.is_repeat = k->is_repeat,
	};

	if (k->is_repeat ? m->was_told_repeats :
			   rp == NULL || rp->is_queue_told)
		return;
	for (; k != NULL && k->is_repeat == event.is_repeat;
	     k = TAILQ_NEXT(k, entry))
		event.count++;
	dialect_render(m->dialect, out, &event);
}

/* Hands over private messages, each leaving the list once that is done. They
 * belong to no room, but are shown in a room's catch-up. */
static int
replay_queued(struct member *m, struct replay *rp)
{
	struct buf *out = &m->chat->scratch;
	struct queued_message *k;
	struct event event;

	replay_drop_ignored(m);
	while ((k = TAILQ_FIRST(&m->person.queued)) != NULL) {
		buf_reset(out);
		replay_queued_head(m, rp, k, out);
		memset(&event, 0, sizeof(event));
		event.kind = EVENT_PRIVATE;
		event.nick = k->nick;
		event.other = m->nick;
		event.text = k->text;
		event.text_len = k->len;
		event.time_ms = k->time_ms;
		event.msgid = k->msgid;
		event.is_notice = k->is_notice;
		event.is_action = k->is_action;
		dialect_render(m->dialect, out, &event);
		if (replay_deliver(m, out) == -1)
			return -1;
		if (k->is_repeat)
			m->was_told_repeats = true;
		else if (rp != NULL)
			rp->is_queue_told = true;
		if (rp != NULL)
			rp->done.has_shown = true;
		person_take_queued(m->chat, &m->person, k);
		watch_member_changed(m);
		handed_add(m, k);
	}
	return 0;
}

void
replay_show_queued(struct member *m)
{
	if (LIST_EMPTY(&m->memberships) && !m->is_on_break)
		(void)replay_queued(m, NULL);
}

/* What was rendered up to to has been handed over, with the gaps in it. */
static void
replay_handed(struct membership *ms, const struct replay_progress *to)
{
	if (to->gap_until == 0)
		return;
	ms->shown.gap_from = to->gap_from;
	ms->shown.gap_until = to->gap_until;
}

/* Lets a slow reader, who has no replay, read on. */
static enum replay_pump
replay_pump_behind(struct membership *ms, size_t max, size_t *done)
{
	struct buf *out = &ms->room->chat->scratch;
	struct replay_progress to = { .at = ms->cursor };
	bool at_end;

	if (ms->member->is_on_break)
		return REPLAY_DONE;
	if (replay_queued(ms->member, NULL) == -1)
		return REPLAY_BLOCKED;
	buf_reset(out);
	at_end = replay_lines(ms, out, &to, ms->room->turn_start.number, max,
	    done);
	if (replay_deliver(ms->member, out) == -1)
		return REPLAY_BLOCKED;
	ms->cursor = to.at;
	replay_handed(ms, &to);
	return at_end ? REPLAY_DONE : REPLAY_AGAIN;
}

static void
replay_render_end(struct membership *ms, const struct replay *rp, bool shown,
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
	replay_render(ms, out, &event);
}

enum replay_pump
replay_pump(struct membership *ms, size_t max, size_t *done)
{
	struct replay *rp = ms->replay;
	struct buf *out = &ms->room->chat->scratch;
	struct replay_progress to;
	bool at_end;
	uint64_t then_history;

	/* Even a short write costs a write. */
	*done = REPLAY_WORK_MIN;
	assert(ms->member->ops != NULL);
	if (rp == NULL)
		return replay_pump_behind(ms, max, done);

	if (rp->stage == REPLAY_SCAN) {
		if (!replay_scan(ms, rp, max, done))
			return REPLAY_AGAIN;
		rp->stage = REPLAY_HEAD;
	}
	if (rp->stage == REPLAY_PAST) {
		replay_head_past(ms, rp);
		rp->stage = REPLAY_HEAD;
	}
	if (rp->stage == REPLAY_HEAD) {
		if (replay_deliver(ms->member, &rp->head) == -1)
			return REPLAY_BLOCKED;
		buf_fini(&rp->head);
		rp->stage = REPLAY_LINES;
	}
	if (rp->kind == REPLAY_CATCHUP && replay_queued(ms->member, rp) == -1)
		return REPLAY_BLOCKED;

	buf_reset(out);
	to = rp->done;
	at_end = replay_lines(ms, out, &to, replay_end(ms, rp), max, done);
	if (at_end)
		replay_render_end(ms, rp, to.has_shown, out);
	if (replay_deliver(ms->member, out) == -1)
		return REPLAY_BLOCKED;
	rp->done = to;
	if (rp->kind != REPLAY_HISTORY)
		replay_handed(ms, &to);
	if (!at_end)
		return REPLAY_AGAIN;
	if (rp->until == REPLAY_PRESENT)
		ms->cursor = to.at;
	if (rp->kind == REPLAY_CATCHUP)
		watch_member_changed(ms->member);
	then_history = rp->then_history;
	replay_free(ms);
	if (then_history > 0) {
		replay_start_history(ms, then_history);
		return REPLAY_AGAIN;
	}
	if (ms->member->is_on_break ||
	    (ms->cursor.number == ms->room->turn_start.number &&
		TAILQ_EMPTY(&ms->member->person.queued)))
		return REPLAY_DONE;
	return REPLAY_AGAIN;
}
