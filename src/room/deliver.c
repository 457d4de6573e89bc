/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Fan-out. A turn's lines are rendered as they are published, once for each
 * audience, and written to everybody live at the end of the turn: k lines
 * read in one wake-up cost each member one write, not k. Whoever must not see
 * all of them (who spoke, who ignores somebody) gets the same bytes less some
 * segments.
 *
 * A cursor becomes live only between the flush and the next line
 * (publish_turn() pumps after it has flushed), so that its cursor is the head
 * and the turn is empty: no line can be handed over twice or left out.
 *
 * Rooms are flushed in the order in which their turns began, so that what one
 * person says in two rooms comes in that order to those who are in both. If
 * they go back to the first room, that is flushed before; and a room that has
 * to be flushed at once takes those with it that it has to come after.
 *
 * Decided against: a queue per member (memory grows with the slowest),
 * rendering per member, and reference-counted buffers (libevent spends a
 * kilobyte on each reference, and the lines are short).
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/util.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/ids.h"
#include "room/person.h"

/* The flush prefetches each sink this many deliveries before it writes
 * to it. */
#define DELIVER_AHEAD 4

static struct audience *
audience_get(struct room *room, const struct dialect *dialect)
{
	struct audience *a;

	LIST_FOREACH(a, &room->audiences, entry)
		if (a->dialect == dialect)
			return a;
	a = xcalloc(1, sizeof(*a));
	a->dialect = dialect;
	LIST_INSERT_HEAD(&room->audiences, a, entry);
	return a;
}

void
audience_free(struct audience *a)
{
	buf_fini(&a->lines);
	free(a->slots);
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
		    sizeof(*a->segments));
	}
	s = &a->segments[a->segment_count++];
	s->end = a->lines.len;
	s->author = event->author;
	s->number = event_is_numbered(event->kind) ? event->number : 0;
	s->via = event->via;
	s->is_for_others = event_is_for_others(event->kind);
	s->known_from = event->known_from;
	s->is_said = !event_is_of_names(event->kind);
	s->folded[0] = '\0';
	if (event->author != 0 && event->nick != NULL)
		nick_fold(s->folded, event->nick);
}

void
deliver_add_live(struct cursor *c)
{
	struct audience *a;
	struct member *m = c->ms->member;

	assert(!cursor_is_live(c));
	assert(!c->ms->room->is_dirty && c->replay == NULL);
	assert(TAILQ_EMPTY(&m->person.queued));
	assert(c->at.number == c->ms->room->turn_start.number);
	a = audience_get(c->ms->room, c->client->dialect);
	if (a->count == a->cap) {
		a->cap = a->cap == 0 ? 8 : a->cap * 2;
		a->slots = xreallocarray(a->slots, a->cap, sizeof(*a->slots));
	}
	c->delivery.audience = a;
	c->delivery.slot = a->count;
	a->slots[a->count++] = (struct slot){
		.deliver = c->client->ops->deliver,
		.sink = c->client->sink,
		.cursor = c,
		.is_ignorer = m->is_ignorer,
	};
	c->ms->room->live_count++;
}

void
deliver_remove_live(struct cursor *c)
{
	struct audience *a = c->delivery.audience;

	if (a == NULL)
		return;
	assert(a->slots[c->delivery.slot].cursor == c);
	a->slots[c->delivery.slot] = a->slots[--a->count];
	a->slots[c->delivery.slot].cursor->delivery.slot = c->delivery.slot;
	c->delivery.audience = NULL;
	c->ms->room->live_count--;
	c->needs_names |= a->has_names;

	c->at = c->ms->room->turn_start;
}

void
deliver_leave_live(struct cursor *c)
{
	if (c->delivery.audience != NULL && c->delivery.audience->has_names)
		deliver_flush(c->ms->room);
	deliver_remove_live(c);
}

void
deliver_set_acted(struct cursor *c)
{
	struct chat *chat = c->ms->room->chat;
	struct slot *slot;

	if (c->delivery.audience == NULL)
		return;
	slot = &c->delivery.audience->slots[c->delivery.slot];
	if (slot->has_acted)
		return;
	slot->has_acted = true;
	chat->actors++;
	chat->wake(chat->wake_arg);
}

void
deliver_set_ignorer(struct cursor *c, bool is_ignorer)
{
	if (c->delivery.audience != NULL)
		c->delivery.audience->slots[c->delivery.slot].is_ignorer =
		    is_ignorer;
}

void
deliver_render(struct room *room, const struct event *event)
{
	struct audience *a;
	size_t before;

	LIST_FOREACH(a, &room->audiences, entry) {
		if (a->count == 0 ||
		    (event_is_for_trackers(event->kind) &&
			!a->dialect->tracks_members))
			continue;
		before = a->lines.len;
		dialect_render(a->dialect, &a->lines, event);
		if (a->lines.len == before)
			continue;
		audience_add_segment(a, event);
		a->has_names |= a->dialect->tracks_members &&
		    event_is_of_names(event->kind);
	}
}

/* Is it one's own, said by somebody whom they ignore, or known to them? */
static bool
deliver_is_hidden(const struct cursor *c, const struct segment *s)
{
	const struct member *m = c->ms->member;

	if (s->known_from > 0 && c->tracking.arrival >= s->known_from)
		return true;
	if (s->author == m->id)
		return !s->is_for_others || s->via == c->client->number;
	return s->author != 0 && s->is_said &&
	    person_ignores(&m->person, s->author, s->folded);
}

/* What one says with another client is shown as one's own. */
static void
deliver_add_own(struct cursor *c, struct buf *out, const struct segment *s)
{
	struct room *room = c->ms->room;
	struct history_cursor at = history_find(&room->history, s->number);
	struct event event;

	if (at.number != s->number ||
	    !history_read(&room->history, &at, &event) ||
	    event.number != s->number)
		return; /* it was lapped in this turn */
	event.from = c->ms->member;
	event.is_own = true;
	event.server = room->chat->options->server_name;
	event.room = room->name;
	event.is_id_shown = client_has_id(c->client, &event);
	dialect_render(c->client->dialect, out, &event);
}

/* The audience's lines less those that slot's member is not to see; valid until
 * the next call. */
static const struct buf *
deliver_select(const struct audience *a, struct slot *slot)
{
	const struct membership *ms = slot->cursor->ms;
	struct buf *out = &ms->room->chat->scratch;
	const struct segment *s;
	size_t i, start = 0;

	buf_reset(out);
	for (i = 0; i < a->segment_count; i++) {
		s = &a->segments[i];
		if (deliver_is_hidden(slot->cursor, s))
			;
		else if (s->number > 0 && s->author == ms->member->id)
			deliver_add_own(slot->cursor, out, s);
		else
			buf_add(out, a->lines.data + start, s->end - start);
		start = s->end;
	}
	slot->has_acted = false;
	return out;
}

/* Flushes the rooms whose turns began up to that one. */
static void
deliver_through(struct chat *chat, uint64_t turn)
{
	struct room *room;

	while ((room = TAILQ_FIRST(&chat->dirty)) != NULL && room->turn <= turn)
		deliver_flush(room);
}

void
deliver_begin(struct room *room, struct member *from)
{
	struct chat *chat = room->chat;
	const struct room *first = TAILQ_FIRST(&chat->dirty);
	uint64_t before = from == NULL ? 0 : from->acted_turn;

	if (first == NULL || before < first->turn)
		before = 0; /* it was handed out */
	if (room->is_dirty && before > room->turn)
		deliver_flush(room);
	if (!room->is_dirty) {
		room->is_dirty = true;
		room->turn = ++chat->last_turn;
		room->turn_after = 0;
		TAILQ_INSERT_TAIL(&chat->dirty, room, in_dirty);
		chat->wake(chat->wake_arg);
	}
	if (before < room->turn && before > room->turn_after)
		room->turn_after = before;
	if (from != NULL)
		from->acted_turn = room->turn;
}

/* Has m, as far as is known, done something in the room's turn? */
static bool
deliver_has_acted(const struct room *room, const struct member *m)
{
	const struct membership *ms = member_in(m, room);
	const struct cursor *c;
	bool has_live = false;

	if (ms != NULL)
		SLIST_FOREACH(c, &ms->cursors, in_membership)
			if (cursor_is_live(c)) {
				has_live = true;
				if (c->delivery.audience
					->slots[c->delivery.slot]
					.has_acted)
					return true;
			}
	return !has_live;
}

void
deliver_before(const struct member *to, const struct member *from)
{
	const struct room *first = TAILQ_FIRST(&to->chat->dirty);
	const struct membership *ms;

	if (first == NULL || from->acted_turn < first->turn)
		return;
	SLIST_FOREACH(ms, &to->memberships, in_member)
		if (ms->room->is_dirty && deliver_has_acted(ms->room, from))
			deliver_flush(ms->room);
}

/*
 * The slots are gone through backwards: who is removed is replaced by the last.
 * Each sink is fetched DELIVER_AHEAD deliveries before it is its turn.
 */
void
deliver_flush(struct room *room)
{
	struct chat *chat = room->chat;
	struct audience *a;
	const struct buf *lines;
	struct slot *slot;
	uint64_t batch;
	uint32_t i;

	if (!room->is_dirty)
		return;
	if (room->turn_after > 0)
		deliver_through(chat, room->turn_after);
	LIST_FOREACH(a, &room->audiences, entry) {
		if (a->lines.len == 0)
			continue;
		chat->last_batch++;
		for (i = a->count; i-- > 0;) {
			slot = &a->slots[i];
			if (i >= DELIVER_AHEAD)
				PREFETCH(slot[-DELIVER_AHEAD].sink);
			lines = &a->lines;
			batch = chat->last_batch;
			if (slot->has_acted || slot->is_ignorer) {
				lines = deliver_select(a, slot);
				if (lines->len == 0)
					continue;
				batch = 0;
			}
			if (slot->deliver(slot->sink, lines->data, lines->len,
				batch) == 0)
				chat->deliveries++;
			else
				deliver_refused(slot->cursor);
		}
		buf_reset(&a->lines);
		a->segment_count = 0;
		a->has_names = false;
	}
	room->turn_start = history_head(&room->history);
	room->is_dirty = false;
	TAILQ_REMOVE(&chat->dirty, room, in_dirty);
}

void
deliver_pump_later(struct cursor *c)
{
	struct chat *chat = c->ms->room->chat;

	if (c->delivery.is_pumped)
		return;
	assert(!cursor_is_live(c));
	c->delivery.is_pumped = true;
	c->delivery.is_blocked = false;
	TAILQ_INSERT_TAIL(&chat->pump, c, delivery.in_pump);
	chat->wake(chat->wake_arg);
}

void
deliver_read_on(struct cursor *c)
{
	deliver_remove_live(c);
	deliver_pump_later(c);
}

void
deliver_pump_cancel(struct cursor *c)
{
	c->delivery.is_blocked = false;
	if (!c->delivery.is_pumped)
		return;
	c->delivery.is_pumped = false;
	TAILQ_REMOVE(&c->ms->room->chat->pump, c, delivery.in_pump);
}

void
deliver_refused(struct cursor *c)
{
	if (!cursor_is_live(c))
		return; /* the pump will ask for the names */
	deliver_remove_live(c);
	c->delivery.is_blocked = true;
	c->ms->room->chat->fell_behind++;
}

void
deliver_all(struct chat *chat)
{
	struct room *room;

	while ((room = TAILQ_FIRST(&chat->dirty)) != NULL)
		deliver_flush(room);
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
