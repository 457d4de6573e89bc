/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The lines of a replay: what of the ring is shown to a cursor, and what is said
 * between the lines of gaps, repeats and dates. Stretches of the ring that many
 * read alike are rendered once for all (pieces.h).
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/ids.h"
#include "room/person.h"
#include "room/pieces.h"
#include "room/replay-impl.h"
#include "room/shown.h"

bool
replay_is_hidden(const struct cursor *c, const struct event *event)
{
	const struct member *m = c->ms->member;

	if (cursor_knows(c, event))
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
	bool is_repeat = event->number < c->repeat_until ||
	    shown_was_before(&c->shown, event->number);

	if (rp->kind != REPLAY_CATCHUP || is_repeat == to->in_repeats)
		return;
	to->in_repeats = is_repeat;
	/* If the ring has lapped some of them since, or they are not all in one
	 * stretch, their number is unknown. */
	if (is_repeat)
		replay_render_count(c, out, EVENT_REPEATS,
		    c->ms->room->history.first_number > rp->scan_from ||
			    shown_has_before(&c->shown, c->repeat_until) ?
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

	if (!c->is_tracking || room->topic_ms == 0 || gap_until <= c->own_from)
		return;
	event.text_len = strlen(event.text);
	replay_render(c, out, &event);
}

/*
 * Is what the person said with any of their clients shown to c as theirs? So it
 * is live, and when it is what they have missed. The past that is asked for, or
 * greets somebody, is the room's record, in which all have their nick: it tells
 * nobody's former stays from those of others under that nick.
 */
static bool
replay_marks_own(const struct cursor *c)
{
	return c->replay == NULL || c->replay->kind == REPLAY_CATCHUP;
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
	    ((!replay_marks_own(c) && piece->to.number <= c->own_from) ||
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
	    (shown_has_before(&c->shown, piece->from.number) || to->in_repeats ?
		    piece->to.number > c->repeat_until :
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

bool
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
		event.is_own = replay_marks_own(c) &&
		    cursor_is_persons(c, event.author);
		event.is_id_shown = client_has_id(c->client, &event);
		replay_render(c, out, &event);
		to->has_shown = true;
	}
	*work += out->len - start +
	    (size_t)(at->pos - first_pos) / REPLAY_READ_FACTOR;
	return at->number >= end;
}
