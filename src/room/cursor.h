/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <assert.h>

#include "room/model.h"
#include "room/shown.h"

/* Where somebody is in a room's history, as others ask for it. */

static inline bool
cursor_is_live(const struct cursor *c)
{
	return c->delivery.audience != NULL;
}

/* The next message that they have not been handed. Of a catch-up that runs to
 * the present it is where that began: see replay_position(). */
static inline struct history_cursor
cursor_where(const struct cursor *c)
{
	return cursor_is_live(c) ? c->ms->room->turn_start : c->at;
}

/* Is something of the past being shown? */
static inline bool
cursor_has_replay(const struct cursor *c)
{
	return c->replay != NULL;
}

/* How many messages they have not been handed. */
static inline uint64_t
cursor_lag(const struct cursor *c)
{
	struct history_cursor at = cursor_where(c);

	return room_new_count(c->ms->room, &at, 0);
}

/* How many messages they have not been handed, less those that an earlier
 * connection may have been. */
static inline uint64_t
cursor_new_count(const struct cursor *c)
{
	struct history_cursor at = cursor_where(c);

	return room_new_count(c->ms->room, &at, c->repeat_until);
}

/* They read on from there. Not live, and without a replay. */
static inline void
cursor_move(struct cursor *c, struct history_cursor at)
{
	assert(!cursor_is_live(c));
	c->at = at;
}

/* Where the client reads in the room of ms, or NULL: it is not there, though
 * another of the person's clients is. */
static inline struct cursor *
membership_cursor(const struct membership *ms, const struct client *client)
{
	struct cursor *c;

	SLIST_FOREACH(c, &ms->cursors, in_membership)
		if (c->client == client)
			return c;
	return NULL;
}

/* Where the client reads in room, or NULL. */
static inline struct cursor *
client_in(const struct client *client, const struct room *room)
{
	const struct membership *ms = member_in(client->member, room);

	return ms == NULL ? NULL : membership_cursor(ms, client);
}

/* Did that client say it, who reads at c? */
static inline bool
cursor_is_own(const struct cursor *c, uint64_t author, uint8_t via)
{
	return author == c->client->member->id && via == c->client->number;
}

/* Did it say so since it is there, and so is not told? What another said, which
 * had its number before, it is. */
static inline bool
cursor_knows(const struct cursor *c, const struct event *event)
{
	return cursor_is_own(c, event->author, event->via) &&
	    event->number >= c->own_from &&
	    event->number >= shown_more(&c->shown)->own_from;
}

/* Did the person say it who reads at c, with whichever of their clients? */
static inline bool
cursor_is_persons(const struct cursor *c, uint64_t author)
{
	return author == c->client->member->id;
}

/* Does one of their clients hear of each who comes and goes? */
static inline bool
membership_tracks(const struct membership *ms)
{
	const struct cursor *c;

	SLIST_FOREACH(c, &ms->cursors, in_membership)
		if (c->is_tracking)
			return true;
	return false;
}

/* All cursors c of all memberships ms of member m. */
#define MEMBER_FOREACH_CURSOR(c, ms, m) \
	SLIST_FOREACH(ms, &(m)->memberships, in_member) \
		SLIST_FOREACH(c, &(ms)->cursors, in_membership)

#endif
