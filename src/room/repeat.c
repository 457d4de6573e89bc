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
 * Today's dialect and ignores say how long those messages were. What was shown
 * before these changed is bounded from below: by the text alone, and by nothing
 * where anybody was ignored. (hostile 146)
 *
 * A second loss while these are repeated moves only the cursor: repeat_until
 * never goes back, since all below it has been handed over once. So has what a
 * guest was shown, who turned out to be somebody that had read less: it is never
 * reached by the cursor if the catch-up breaks off before, and a repeat of its
 * own then, if what lies between was not handed over (shown_break_off()).
 *
 * Decided against: recording what was sent (a position for each message and
 * member), which costs memory and time for each delivery, to save a few lines
 * that are marked as repeats anyway.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "room/acked.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/person.h"
#include "room/repeat.h"
#include "room/replay.h"
#include "room/shown.h"

static size_t
repeat_size(const struct cursor *c, struct event *event)
{
	struct buf *out = &c->ms->room->chat->scratch;

	buf_reset(out);
	event->server = c->ms->room->chat->options->server_name;
	event->room = c->ms->room->name;
	/* Shown as "you", and in a greeting by the nick: the shorter counts. */
	event->is_own = cursor_is_persons(c, event->author) &&
	    strlen(event->nick) > strlen("you");
	dialect_render(c->client->dialect, out, event);
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

	if (cursor_is_own(c, event->author, event->via))
		return false;
	/* That was before all the others. */
	if (event->number >= shown_more(&c->shown)->seen_from &&
	    event->number < shown_more(&c->shown)->seen_until)
		return false;
	return !member_ignores_author(m, event->author, event->nick);
}

/* At least as much as it was before something changed. */
static size_t
repeat_size_before(const struct cursor *c, const struct event *event)
{
	const struct member *m = c->ms->member;

	return m->was_ignorer ? 0 : strlen(event->nick) + event->text_len;
}

/* Walks back to number at most; returns what is left of bytes. */
static size_t
repeat_walk(const struct cursor *c, struct history_cursor *at, uint64_t number,
    size_t bytes, bool is_before_change)
{
	const struct history *h = &c->ms->room->history;
	struct history_cursor read;
	struct event event;
	size_t size;

	while (bytes > 0 && at->number > number &&
	    at->number > h->first_number && history_step_back(h, at)) {
		read = *at;
		(void)history_read(h, &read, &event);
		if (!repeat_was_shown(c, &event))
			continue;
		size = is_before_change ? repeat_size_before(c, &event) :
					  repeat_size(c, &event);
		bytes -= size < bytes ? size : bytes;
	}
	return bytes;
}

/* Back to messages from number on that are no longer held. */
static void
repeat_walk_to_gap(const struct cursor *c, struct history_cursor *at,
    uint64_t number, size_t bytes, bool is_before_change)
{
	uint64_t more, all = history_distance(number, at->number);

	/*
	 * They are in the gap that will be told, as many as are possible; and
	 * so is what the line of another gap said, if it was lost as well.
	 */
	more = is_before_change ? all : bytes / repeat_size_min(c) + 1;
	if (more > all)
		more = all;
	at->number -= more;
	if (at->number < shown_more(&c->shown)->gap_until &&
	    at->number > shown_more(&c->shown)->gap_from)
		at->number = shown_more(&c->shown)->gap_from;
}

/* What the connection was shown before it was known whose it is joins what was
 * handed over before at, or repeat_until, if nothing lies between. */
void
repeat_note_seen(struct cursor *c)
{
	const struct shown_more *more = shown_more(&c->shown);
	uint64_t until = more->seen_until;
	uint64_t reached = c->repeat_until > c->at.number ? c->repeat_until :
							    c->at.number;

	if (more->unseen_until > reached && more->unseen_from < until)
		until = more->unseen_from;
	if (reached >= more->seen_from && reached < until)
		c->repeat_until = reached = until;
	shown_break_off(&c->shown, reached);
}

/* handed: how many bytes were, when c was where it is. */
static void
repeat_walk_back(struct cursor *c, size_t bytes, uint64_t handed)
{
	const struct history *h = &c->ms->room->history;
	struct history_cursor at = c->at;
	uint64_t number = c->shown.from, since_change;
	uint64_t read = acked_number(c);
	uint64_t changed = shown_more(&c->shown)->changed;
	bool is_before = changed > c->shown.from;

	repeat_note_seen(c);
	if (is_before && changed <= at.number) {
		since_change = handed - shown_more(&c->shown)->changed_at;
		if (bytes <= since_change) {
			is_before = false;
			number = changed;
		} else {
			/* All that was shown since is in doubt. */
			(void)repeat_walk(c, &at, changed, SIZE_MAX, false);
			if (at.number > changed)
				at.number = changed;
			bytes -= (size_t)since_change;
		}
	}
	/* Other lines were sent as well, but not so many that it would be these. */
	if (number < read && read <= c->at.number)
		number = read;
	bytes = repeat_walk(c, &at, number, bytes, is_before);
	if (bytes > 0 && at.number > number && at.number <= h->first_number)
		repeat_walk_to_gap(c, &at, number, bytes, is_before);
	if (at.number == c->at.number)
		return;
	if (c->repeat_until < c->at.number)
		c->repeat_until = c->at.number;
	c->at = at;
}

void
repeat_set_back(struct cursor *c, size_t bytes)
{
	repeat_walk_back(c, bytes, c->client->ops->handed(c->client));
}

void
repeat_note_change(struct member *m)
{
	struct membership *ms;
	struct bookmark *bookmark;
	struct cursor *c;
	struct shown_more *more;

	if (!member_is_connected(m))
		return;
	m->was_ignorer |= m->person.ignore_count > 0;
	MEMBER_FOREACH_CURSOR(c, ms, m) {
		if (c->client->ops == NULL)
			continue;
		more = shown_get_more(&c->shown);
		more->changed = replay_position(c);
		more->changed_at = c->client->ops->handed(c->client);
	}
	LIST_FOREACH(bookmark, &m->person.bookmarks, in_owner)
		if (bookmark->position > 0) {
			more = shown_get_more(&bookmark->shown);
			more->changed = bookmark->cursor.number;
			more->changed_at = bookmark->position;
		}
}

void
repeat_set_back_bookmark(struct client *client, struct bookmark *bookmark,
    size_t bytes)
{
	struct membership ms = {
		.member = client->member,
		.room = bookmark->room,
	};
	struct cursor c = {
		.ms = &ms,
		.client = client,
		.at = bookmark->cursor,
		.repeat_until = bookmark->repeat_until,
		.shown = bookmark->shown,
		.acked.number = bookmark->acked,
	};

	repeat_walk_back(&c, bytes, bookmark->position);
	bookmark->cursor = c.at;
	bookmark->repeat_until = c.repeat_until;
	bookmark->shown = c.shown;
}
