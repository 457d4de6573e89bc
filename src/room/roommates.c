/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who shares a room with somebody, found by walking: a person is in few rooms.
 * To meet each roommate only once, members carry the number of the last walk
 * that met them.
 *
 * What is told here bypasses the rooms' turns and goes straight to each
 * roommate, since a turn belongs to one room. So all rooms' turns are ended
 * first: otherwise somebody would be called by the new nick and then speak, or
 * leave, by the old.
 *
 * Decided against: using the turn of one of the shared rooms for each roommate.
 * Which one differs from person to person, and some are not live there.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/person.h"
#include "room/roommates.h"

void
roommates_init(struct roommates *roommates)
{
	memset(roommates, 0, sizeof(*roommates));
}

void
roommates_fini(struct roommates *roommates)
{
	buf_fini(&roommates->out);
	free(roommates->lines);
	roommates_init(roommates);
}

/* Begins an event: nothing of it is rendered yet. */
static void
roommates_begin(struct roommates *roommates)
{
	buf_reset(&roommates->out);
	roommates->count = 0;
}

/* Renders once per dialect; there are few, and mostly it is the last
 * one again. */
static const struct roommates_lines *
roommates_render(struct roommates *roommates, const struct client *to,
    const struct event *event)
{
	const struct dialect *dialect = to->dialect;
	struct roommates_lines *lines;
	size_t i;

	for (i = roommates->count; i-- > 0;)
		if (roommates->lines[i].dialect == dialect)
			return &roommates->lines[i];
	if (roommates->count == roommates->cap) {
		roommates->cap = roommates->cap == 0 ? 4 : roommates->cap * 2;
		roommates->lines = xreallocarray(roommates->lines,
		    roommates->cap, sizeof(*roommates->lines));
	}
	lines = &roommates->lines[roommates->count++];
	lines->dialect = dialect;
	lines->batch = ++to->member->chat->last_batch;
	lines->start = roommates->out.len;
	dialect_render(dialect, &roommates->out, event);
	lines->end = roommates->out.len;
	return lines;
}

/* Hands the event to to. False: it was refused. */
static bool
roommates_hand(struct roommates *roommates, const struct client *to,
    const struct event *event)
{
	const struct roommates_lines *lines;

	lines = roommates_render(roommates, to, event);
	if (lines->end == lines->start)
		return true;
	return to->ops->deliver(to->sink, roommates->out.data + lines->start,
		   lines->end - lines->start, lines->batch) == 0;
}

/* Those who miss a line about names need a new list of names. */
static void
roommates_refused(struct cursor *c, const struct event *event)
{
	if (event_is_of_names(event->kind))
		c->needs_names = true;
	deliver_refused(c);
}

static bool
roommates_stamp(struct client *client, uint64_t walk)
{
	if (client->roommates_walk == walk)
		return false;
	client->roommates_walk = walk;
	return true;
}

/* A roommate's client refused it: so it is missing in each room in which that
 * is with m. */
static void
roommates_refused_all(const struct client *client, const struct member *m,
    const struct event *event)
{
	const struct member *peer = client->member;
	struct membership *ms, *theirs;
	struct cursor *c;

	SLIST_FOREACH(ms, &m->memberships, in_member) {
		theirs = ms->is_joined ? member_in(peer, ms->room) : NULL;
		if (theirs == NULL)
			continue;
		c = membership_cursor(theirs, client);
		if (c != NULL)
			roommates_refused(c, event);
	}
}

static uint64_t
roommates_begin_walk(struct member *m)
{
	struct roommates *roommates = &m->chat->roommates;
	uint64_t walk = ++roommates->walk;
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		(void)roommates_stamp(client, walk);
	roommates_begin(roommates);
	return walk;
}

void
roommates_tell(struct member *m, struct event *event)
{
	struct chat *chat = m->chat;
	struct roommates *roommates = &chat->roommates;
	struct membership *ms;
	struct cursor *theirs;
	const struct directory_watch *watch = chat->directory.watch;
	uint64_t walk = 0;

	/* The watch asks who was told. */
	if (watch != NULL)
		walk = roommates_begin_walk(m);
	event->author = m->id;
	event->from = m;
	event->time_ms = chat->clock->wall_ms;
	if (event->nick == NULL)
		event->nick = m->nick;
	SLIST_FOREACH(ms, &m->memberships, in_member) {
		if (!ms->is_joined || ms->room->tracker_count == 0)
			continue;
		if (walk == 0)
			walk = roommates_begin_walk(m);
		/* Including rooms that they have just left. */
		deliver_all(chat);
		LIST_FOREACH(theirs, &ms->room->trackers, tracking.in_room) {
			if (theirs->client->ops != NULL &&
			    roommates_stamp(theirs->client, walk) &&
			    !roommates_hand(roommates, theirs->client, event))
				roommates_refused_all(theirs->client, m, event);
		}
	}
	if (watch != NULL)
		watch->shown(m, event, watch->arg);
}

bool
roommates_was_told(const struct member *m)
{
	const struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->roommates_walk == m->chat->roommates.walk)
			return true;
	return false;
}

static size_t
roommates_live(const struct room *room)
{
	const struct audience *a;
	size_t count = 0;

	LIST_FOREACH(a, &room->audiences, entry)
		if (a->dialect->tracks_members)
			count += a->count;
	return count;
}

/* Does a room's event go to ms, which is not live? What was said they read from
 * the ring. A break is one from others' typing as well. */
static bool
roommates_is_told(const struct cursor *c, const struct event *event)
{
	const struct member *m = c->ms->member;

	if (cursor_is_live(c) || c->client->ops == NULL ||
	    (m->id == event->author &&
		(!event_is_for_others(event->kind) ||
		    c->client->number == event->via)))
		return false;
	if (event->kind == EVENT_KICK && strcmp(event->other, m->nick) == 0)
		return false; /* their session tells them */
	if (event_is_of_names(event->kind))
		return true;
	return !c->client->is_paused &&
	    !member_ignores_author(m, event->author, event->nick);
}

void
roommates_tell_behind(struct room *room, const struct event *event)
{
	struct roommates *roommates = &room->chat->roommates;
	struct cursor *c;

	if (!event_is_for_trackers(event->kind) &&
	    !event_is_of_names(event->kind))
		return;
	if (roommates_live(room) == room->tracker_count)
		return;
	roommates_begin(roommates);
	LIST_FOREACH(c, &room->trackers, tracking.in_room)
		if (roommates_is_told(c, event) &&
		    !roommates_hand(roommates, c->client, event))
			roommates_refused(c, event);
}

void
roommates_tell_arrivals(struct room *room, struct event *event, uint64_t from,
    uint64_t to)
{
	struct roommates *roommates = &room->chat->roommates;
	struct cursor *c;

	event->room = room->name;
	event->time_ms = room->chat->clock->wall_ms;
	if (room->tracker_count > 0)
		deliver_flush(room);
	roommates_begin(roommates);
	LIST_FOREACH(c, &room->trackers, tracking.in_room)
		if (c->tracking.arrival >= from && c->tracking.arrival < to &&
		    c->client->ops != NULL &&
		    c->ms->member->id != event->author &&
		    !roommates_hand(roommates, c->client, event))
			roommates_refused(c, event);
}

bool
roommates_share(const struct member *a, const struct member *b)
{
	const struct membership *ms;

	if (a == b)
		return true;
	SLIST_FOREACH(ms, &a->memberships, in_member)
		if (member_in(b, ms->room) != NULL)
			return true;
	return false;
}

void
roommates_track(struct cursor *c, bool is_on)
{
	struct room *room = c->ms->room;

	if (is_on == c->is_tracking)
		return;
	c->is_tracking = is_on;
	if (is_on) {
		LIST_INSERT_HEAD(&room->trackers, c, tracking.in_room);
		room->tracker_count++;
	} else {
		LIST_REMOVE(c, tracking.in_room);
		room->tracker_count--;
	}
}

bool
roommates_names_sent(struct cursor *c)
{
	bool needed = c->needs_names;

	c->needs_names = false;
	return needed;
}
