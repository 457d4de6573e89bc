/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * Who shares a room with somebody, found by walking: a person is in few rooms.
 * To meet each only once, members are marked with the number of the walk.
 *
 * What is told here goes past the rooms' turns, straight to each peer, since a
 * turn is one room's. So all rooms' turns are ended first: or somebody would be
 * called by the new nick and then speak, or leave, by the old.
 *
 * Decided against: one of the shared rooms' turns for each peer. Which one it
 * is differs from peer to peer, and some are not in step there.
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "deliver.h"
#include "member.h"
#include "peers.h"
#include "room.h"
#include "rooms.h"
#include "util.h"

void
peers_init(struct peers *peers)
{
	memset(peers, 0, sizeof *peers);
}

void
peers_fini(struct peers *peers)
{
	buf_fini(&peers->out);
	free(peers->lines);
	peers_init(peers);
}

/* No event has been rendered yet. */
static void
peers_begin(struct peers *peers)
{
	buf_reset(&peers->out);
	peers->count = 0;
}

/* In few dialects, mostly the same as for the one before. */
static const struct peers_lines *
peers_render(struct peers *peers, const struct dialect *dialect,
    const struct event *event)
{
	struct peers_lines *lines;
	size_t i;

	for (i = peers->count; i-- > 0;)
		if (peers->lines[i].dialect == dialect)
			return &peers->lines[i];
	if (peers->count == peers->cap) {
		peers->cap = peers->cap == 0 ? 4 : peers->cap * 2;
		peers->lines = xreallocarray(peers->lines, peers->cap,
		    sizeof *peers->lines);
	}
	lines = &peers->lines[peers->count++];
	lines->dialect = dialect;
	lines->start = peers->out.len;
	dialect_render(dialect, &peers->out, event);
	lines->end = peers->out.len;
	return lines;
}

/* False: they would not take it. */
static bool
peers_hand(struct peers *peers, struct member *to, const struct event *event)
{
	const struct peers_lines *lines;

	lines = peers_render(peers, to->dialect, event);
	if (lines->end == lines->start)
		return true;
	return to->ops->deliver(to->sink, peers->out.data + lines->start,
		   lines->end - lines->start) == 0;
}

/* What they are not told is what they do not know of. */
static void
peers_refused(struct membership *ms, const struct event *event)
{
	if (event_is_of_names(event->kind))
		ms->needs_names = true;
	deliver_refused(ms);
}

static bool
peers_mark(struct member *m, uint64_t walk)
{
	if (m->peers_walk == walk)
		return false;
	m->peers_walk = walk;
	return true;
}

/* peer has refused it: so it is lost in each room that they share with m. */
static void
peers_refused_all(struct member *peer, const struct member *m,
    const struct event *event)
{
	struct membership *ms, *theirs;

	LIST_FOREACH(ms, &m->memberships, in_member) {
		theirs = ms->is_joined ? member_in(peer, ms->room) : NULL;
		if (theirs != NULL)
			peers_refused(theirs, event);
	}
}

static uint64_t
peers_begin_walk(struct member *m)
{
	struct peers *peers = &m->rooms->peers;
	uint64_t walk = ++peers->walk;

	(void)peers_mark(m, walk);
	peers_begin(peers);
	return walk;
}

void
peers_tell(struct member *m, struct event *event)
{
	struct rooms *rooms = m->rooms;
	struct peers *peers = &rooms->peers;
	struct membership *ms, *theirs;
	const struct roster_watch *watch = rooms->roster.watch;
	uint64_t walk = 0;

	/* The watch asks who was told. */
	if (watch != NULL)
		walk = peers_begin_walk(m);
	event->author = m->id;
	event->from = m;
	event->time_ms = rooms->clock->wall_ms;
	if (event->nick == NULL)
		event->nick = m->nick;
	LIST_FOREACH(ms, &m->memberships, in_member) {
		if (!ms->is_joined || ms->room->exact_count == 0)
			continue;
		if (walk == 0)
			walk = peers_begin_walk(m);
		/* Also of the rooms that they have just left. */
		rooms_flush(rooms);
		LIST_FOREACH(theirs, &ms->room->exact, in_exact)
			if (theirs->member->ops != NULL &&
			    peers_mark(theirs->member, walk) &&
			    !peers_hand(peers, theirs->member, event))
				peers_refused_all(theirs->member, m, event);
	}
	if (watch != NULL)
		watch->told(m, event, watch->arg);
}

bool
peers_was_told(const struct member *m)
{
	return m->peers_walk == m->rooms->peers.walk;
}

static size_t
peers_in_step(const struct room *room)
{
	const struct audience *a;
	size_t count = 0;

	LIST_FOREACH(a, &room->audiences, entry)
		if (a->dialect->is_exact)
			count += a->count;
	return count;
}

/*
 * To whom an event of a room goes though they are not in step. What was said
 * they read from the ring. A break is one from others' typing as well.
 */
static bool
peers_is_told(const struct membership *ms, const struct event *event)
{
	const struct member *m = ms->member;

	if (deliver_is_in_step(ms) || m->ops == NULL || m->id == event->author)
		return false;
	if (event->kind == EVENT_KICK && strcmp(event->other, m->nick) == 0)
		return false; /* their session tells them */
	if (event_is_of_names(event->kind))
		return true;
	return !m->is_on_break &&
	    !member_ignores_author(m, event->author, event->nick);
}

void
peers_tell_out_of_step(struct room *room, const struct event *event)
{
	struct peers *peers = &room->rooms->peers;
	struct membership *ms;

	if (!event_is_exact(event->kind) && !event_is_of_names(event->kind))
		return;
	if (peers_in_step(room) == room->exact_count)
		return;
	peers_begin(peers);
	LIST_FOREACH(ms, &room->exact, in_exact)
		if (peers_is_told(ms, event) &&
		    !peers_hand(peers, ms->member, event))
			peers_refused(ms, event);
}

void
peers_tell_arrivals(struct room *room, struct event *event, uint64_t from,
    uint64_t to)
{
	struct peers *peers = &room->rooms->peers;
	struct membership *ms;

	event->room = room->name;
	event->time_ms = room->rooms->clock->wall_ms;
	if (room->exact_count > 0)
		room_flush(room);
	peers_begin(peers);
	LIST_FOREACH(ms, &room->exact, in_exact)
		if (ms->arrival >= from && ms->arrival < to &&
		    ms->member->ops != NULL &&
		    ms->member->id != event->author &&
		    !peers_hand(peers, ms->member, event))
			peers_refused(ms, event);
}

bool
peers_share(const struct member *a, const struct member *b)
{
	const struct membership *ms;

	if (a == b)
		return true;
	LIST_FOREACH(ms, &a->memberships, in_member)
		if (member_in(b, ms->room) != NULL)
			return true;
	return false;
}
