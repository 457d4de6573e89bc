/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * Fan-out. A turn's lines are rendered as they are published, once for each
 * audience, and written to everybody in step at the end of the turn: k lines
 * read in one wake-up cost each member one write, not k. Whoever must not see
 * all of them (who spoke, who ignores somebody) gets the same bytes less some
 * segments.
 *
 * A membership comes into step only between the flush and the next line
 * (deliver_turn() pumps after it has flushed), so that its cursor is the head
 * and the turn is empty: no line can be handed over twice or left out.
 *
 * Decided against: a queue per member (memory grows with the slowest),
 * rendering per member, and reference-counted buffers (libevent spends a
 * kilobyte on each reference, and the lines are short).
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "deliver.h"
#include "replay.h"
#include "rooms.h"
#include "util.h"

static struct audience *
audience_get(struct room *room, const struct dialect *dialect)
{
	struct audience *a;

	LIST_FOREACH(a, &room->audiences, entry)
		if (a->dialect == dialect)
			return a;
	a = xcalloc(1, sizeof *a);
	a->dialect = dialect;
	LIST_INSERT_HEAD(&room->audiences, a, entry);
	return a;
}

void
audience_free(struct audience *a)
{
	buf_fini(&a->lines);
	free(a->members);
	free(a->segments);
	free(a);
}

static void
audience_add_segment(struct audience *a, const struct event *event)
{
	struct segment *s;

	if (a->segment_count == a->segment_cap) {
		a->segment_cap = a->segment_cap == 0 ? 16 : a->segment_cap * 2;
		a->segments = xreallocarray(a->segments, a->segment_cap,
		    sizeof *a->segments);
	}
	s = &a->segments[a->segment_count++];
	s->end = a->lines.len;
	s->author = event->author;
	s->folded[0] = '\0';
	if (event->author != 0)
		nick_fold(s->folded, event->nick);
}

void
deliver_add_in_step(struct membership *ms)
{
	struct audience *a;

	assert(!deliver_is_in_step(ms));
	assert(!ms->room->is_dirty && ms->replay == NULL);
	assert(TAILQ_EMPTY(&ms->member->person.kept));
	assert(ms->cursor.number == ms->room->delivered.number);
	a = audience_get(ms->room, ms->member->dialect);
	if (a->count == a->cap) {
		a->cap = a->cap == 0 ? 8 : a->cap * 2;
		a->members = xreallocarray(a->members, a->cap,
		    sizeof *a->members);
	}
	ms->audience = a;
	ms->slot = a->count;
	a->members[a->count++] = ms;
	ms->room->in_step_count++;
}

void
deliver_remove_in_step(struct membership *ms)
{
	struct audience *a = ms->audience;

	if (a == NULL)
		return;
	assert(a->members[ms->slot] == ms);
	a->members[ms->slot] = a->members[--a->count];
	a->members[ms->slot]->slot = ms->slot;
	ms->audience = NULL;
	ms->room->in_step_count--;

	ms->cursor = ms->room->delivered;
}

void
deliver_render(struct room *room, const struct event *event)
{
	struct audience *a;
	size_t before;

	LIST_FOREACH(a, &room->audiences, entry) {
		if (a->count == 0)
			continue;
		before = a->lines.len;
		a->dialect->render(&a->lines, event);
		if (a->lines.len > before)
			audience_add_segment(a, event);
	}
}

/* The audience's lines less those that ms is not to see. */
static void
deliver_select(const struct audience *a, const struct membership *ms,
    struct buf *out)
{
	const struct segment *s;
	size_t i, start = 0;

	buf_reset(out);
	for (i = 0; i < a->segment_count; i++) {
		s = &a->segments[i];
		if (s->author == 0 ||
		    (s->author != ms->member->id &&
			!person_ignores(&ms->member->person, s->author,
			    s->folded)))
			buf_add(out, a->lines.data + start, s->end - start);
		start = s->end;
	}
}

static int
deliver_to(const struct audience *a, struct membership *ms)
{
	struct rooms *rooms = ms->room->rooms;
	const struct buf *lines = &a->lines;

	if (ms->acted_turn == ms->room->turn ||
	    ms->member->person.ignore_count > 0) {
		deliver_select(a, ms, &rooms->scratch);
		lines = &rooms->scratch;
	}
	if (lines->len == 0)
		return 0;
	if (ms->member->ops->deliver(ms->member, lines->data, lines->len) == -1)
		return -1;
	rooms->deliveries++;
	return 0;
}

void
room_flush(struct room *room)
{
	struct audience *a;
	struct membership *ms;
	size_t i;

	if (!room->is_dirty)
		return;
	LIST_FOREACH(a, &room->audiences, entry) {
		/* Backwards: who is removed is replaced by the last. */
		for (i = a->lines.len > 0 ? a->count : 0; i-- > 0;) {
			ms = a->members[i];
			if (deliver_to(a, ms) == -1) {
				deliver_remove_in_step(ms);
				ms->is_blocked = true;
				room->rooms->fell_behind++;
			}
		}
		buf_reset(&a->lines);
		a->segment_count = 0;
	}
	room->delivered = history_head(&room->history);
	room->turn++;
	room->is_dirty = false;
	TAILQ_REMOVE(&room->rooms->dirty, room, in_dirty);
}

void
deliver_pump_later(struct membership *ms)
{
	struct rooms *rooms = ms->room->rooms;

	if (ms->is_pumped)
		return;
	assert(!deliver_is_in_step(ms));
	ms->is_pumped = true;
	ms->is_blocked = false;
	TAILQ_INSERT_TAIL(&rooms->pump, ms, in_pump);
	rooms->wake(rooms->wake_arg);
}

void
deliver_pump_cancel(struct membership *ms)
{
	ms->is_blocked = false;
	if (!ms->is_pumped)
		return;
	ms->is_pumped = false;
	TAILQ_REMOVE(&ms->room->rooms->pump, ms, in_pump);
}

void
deliver_pause(struct membership *ms)
{
	struct history_cursor c;
	struct event event;

	replay_stop(ms);
	deliver_remove_in_step(ms);
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
deliver_pump(struct rooms *rooms)
{
	struct membership *ms, *last;
	size_t budget = DELIVER_PUMP_TURN, done;
	bool is_last;

	last = TAILQ_LAST(&rooms->pump, membership_queue);
	for (is_last = last == NULL; !is_last && budget > 0;) {
		ms = TAILQ_FIRST(&rooms->pump);
		is_last = ms == last;
		TAILQ_REMOVE(&rooms->pump, ms, in_pump);
		ms->is_pumped = false;
		switch (replay_pump(ms, DELIVER_PUMP_CHUNK, &done)) {
		case REPLAY_AGAIN:
			deliver_pump_later(ms);
			break;
		case REPLAY_BLOCKED:
			ms->is_blocked = true;
			break;
		case REPLAY_DONE:
			if (!ms->member->is_on_break)
				deliver_add_in_step(ms);
			ms->member->ops->caught_up(ms->member);
			break;
		}
		budget -= done < budget ? done : budget;
	}
}

bool
deliver_turn(struct rooms *rooms)
{
	struct room *room;

	while ((room = TAILQ_FIRST(&rooms->dirty)) != NULL)
		room_flush(room);
	deliver_pump(rooms);
	return !TAILQ_EMPTY(&rooms->pump);
}

bool
deliver_is_full(const struct room *room)
{
	const struct audience *a;

	LIST_FOREACH(a, &room->audiences, entry)
		if (a->lines.len >= DELIVER_TURN_BYTES)
			return true;
	return false;
}
