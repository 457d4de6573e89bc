/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * When a connection is lost, its last bytes may not have been read: from which
 * message on is everything to be told again? What went over the wire is not
 * recorded. It consisted of the room's messages, in their order, and of other
 * lines. So this walks back over messages until those that were shown make up
 * that many bytes: one too many for each of the other lines, never one too few.
 *
 *        cursor now         repeat_until: cursor then
 *           v                  v
 *     ... [ 812 ][ 813 ][ 814 ][ 815 ][ 816 ]...
 *           may have been seen   new
 *
 * A second loss while these are repeated moves only the cursor: repeat_until
 * never goes back, since all below it has been handed over once.
 *
 * Decided against: recording what was sent (a position for each message and
 * member), which costs memory and time for each delivery, to save a few lines
 * that are marked as repeats anyway.
 */
#include "config.h"

#include "base/buf.h"
#include "room/person.h"
#include "room/repeat.h"

static size_t
repeat_size(const struct cursor *c, struct event *event)
{
	struct buf *out = &c->ms->room->chat->scratch;

	buf_reset(out);
	event->server = c->ms->room->chat->options->server_name;
	event->room = c->ms->room->name;
	dialect_render(c->ms->member->dialect, out, event);
	return out->len;
}

/* No line of a message is shorter. */
static size_t
repeat_size_min(const struct cursor *c)
{
	struct event event = {
		.kind = EVENT_SAY,
		.nick = "a",
		.text = "a",
		.text_len = 1,
	};
	size_t size = repeat_size(c, &event);

	return size > 0 ? size : 1;
}

static bool
repeat_was_shown(const struct cursor *c, const struct event *event)
{
	const struct member *m = c->ms->member;

	if (event->author == m->id)
		return false;
	if (event->number >= c->shown.guest_from &&
	    event->number < c->shown.guest_until)
		return false; /* before all the others */
	return !member_ignores_author(m, event->author, event->nick);
}

void
repeat_set_back(struct cursor *c, size_t bytes)
{
	const struct history *h = &c->ms->room->history;
	struct history_cursor at = c->at, read;
	struct event event;
	uint64_t more;

	while (bytes > 0 && at.number > c->shown.from &&
	    at.number > h->first_number && history_step_back(h, &at)) {
		read = at;
		(void)history_read(h, &read, &event);
		if (repeat_was_shown(c, &event)) {
			size_t size = repeat_size(c, &event);

			bytes -= size < bytes ? size : bytes;
		}
	}
	if (bytes > 0 && at.number > c->shown.from &&
	    at.number <= h->first_number) {
		/*
		 * Earlier ones are no longer held: they are in the gap that
		 * will be told, as many as are possible; and so is what the
		 * line of another gap said, if it was lost as well.
		 */
		more = bytes / repeat_size_min(c) + 1;
		if (more > history_distance(c->shown.from, at.number))
			more = history_distance(c->shown.from, at.number);
		at.number -= more;
		if (at.number < c->shown.gap_until &&
		    at.number > c->shown.gap_from)
			at.number = c->shown.gap_from;
	}
	if (at.number == c->at.number)
		return;
	if (c->repeat_until < c->at.number)
		c->repeat_until = c->at.number;
	c->at = at;
}

void
repeat_set_back_bookmark(struct member *m, struct bookmark *bookmark,
    size_t bytes)
{
	struct membership ms = { .member = m, .room = bookmark->room };
	struct cursor c = {
		.ms = &ms,
		.at = bookmark->cursor,
		.repeat_until = bookmark->repeat_until,
		.shown = bookmark->shown,
	};

	repeat_set_back(&c, bytes);
	bookmark->cursor = c.at;
	bookmark->repeat_until = c.repeat_until;
}
