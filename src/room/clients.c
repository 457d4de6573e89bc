/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Most people have one client, so that is embedded in their member, and costs
 * nothing more; others lie on the heap. Likewise the cursors of a membership.
 *
 * Decided against: a member for each client, of which one is shown. All that is
 * asked about a person would have to know which, and all that others see would
 * have to be kept the same in all of them.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/acked.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/conversing.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/devices.h"
#include "room/handed.h"
#include "room/member.h"
#include "room/past.h"
#include "room/person.h"
#include "room/pump.h"
#include "room/rank.h"
#include "room/repeat.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/shown.h"
#include "room/watch.h"

/* Ends where c was read: what the person has read, they have read. */
static void
client_forget_cursor(struct cursor *c)
{
	if (c->ms->read < cursor_read(c))
		c->ms->read = cursor_read(c);
	pump_pause(c);
	cursor_free(c);
}

/* The same; and there the device will go on. Nothing of it is on its way. */
static void
client_keep_cursor(struct cursor *c)
{
	struct member *m = c->ms->member;

	pump_pause(c);
	if (devices_are_known(m))
		devices_note(&m->person, c->ms->room, c->client->device,
		    c->at.number, c->repeat_until, &c->shown);
	client_forget_cursor(c);
}

/* The client ends, after member_pause(): of rooms in which it was the last, the
 * person leaves. */
static void
client_leave_all(struct client *client, enum room_leave how, const char *text,
    bool (*is_kept)(const struct cursor *c))
{
	struct membership *ms, *next;
	struct cursor *c;

	watch_member_changed(client->member);
	SLIST_FOREACH_SAFE(ms, &client->member->memberships, in_member, next) {
		c = membership_cursor(ms, client);
		if (c == NULL)
			continue;
		if (client_is_last_in(c))
			client_leave_room(c, how, text);
		else if (is_kept(c))
			client_keep_cursor(c);
		else
			client_forget_cursor(c);
	}
}

/* What it was shown in conversations is read as far as it has arrived. */
static void
client_end(struct client *client)
{
	conversing_lose(&client->member->chat->conversations, client,
	    client->ops == NULL ? 0 : client->ops->unsent(client));
	client_remove(client);
}

/* Where several read, what was left cannot be told by one client's output any
 * more: all that may not have arrived is repeated. */
static void
clients_settle_bookmarks(struct member *m)
{
	struct client *client = member_client(m);
	struct bookmark *bookmark;
	uint64_t arrived;

	if (client->ops == NULL)
		return;
	arrived = handed_arrived(client, client->ops->unsent(client));
	LIST_FOREACH(bookmark, &m->person.bookmarks, in_owner) {
		if (bookmark->position > arrived)
			repeat_set_back_bookmark(client, bookmark,
			    (size_t)(bookmark->position - arrived));
		bookmark->position = 0;
		bookmark->acked = bookmark->cursor.number;
	}
}

void
membership_spoke(struct membership *ms)
{
	struct cursor *c = membership_cursor(ms, member_client(ms->member));

	if (c != NULL && c->read < acked_number(c))
		c->read = acked_number(c);
}

/* What c has goes over to n, which is empty, of another membership in the same
 * room: c was taken out of delivery. */
static void
client_hand_cursor(struct cursor *n, struct cursor *c)
{
	struct chat *chat = c->ms->room->chat;

	n->at = c->at;
	n->own_from = c->own_from;
	n->repeat_until = c->repeat_until;
	n->read = c->read;
	n->acked = c->acked;
	n->tracking.arrival = c->tracking.arrival;
	n->needs_names = c->needs_names;
	shown_move(&n->shown, &c->shown);
	/* Another client of the person may have had its number. */
	if (n->at.number < n->ms->room->history.next_number)
		shown_get_more(&n->shown)->own_from =
		    n->ms->room->history.next_number;
	n->replay = c->replay;
	c->replay = NULL;
	if (chat->tally_owner == c)
		chat->tally_owner = n;
}

/* In a room that both were in it goes on where the person does, as one who
 * returns: unless it was shown all of that already. */
static void
client_read_on(struct cursor *c)
{
	const struct member *m = c->ms->member;
	uint64_t handed = membership_handed(c->ms, c);
	struct bookmark place = { .repeat_until = handed };
	uint64_t from = membership_take_place(c->ms, c->client, &place.shown);

	if (from > handed)
		from = handed;
	if (from >= c->shown.from) {
		/* What of it is still to come may be a repeat, too. */
		if (c->repeat_until < handed)
			c->repeat_until = handed;
		shown_fini(&place.shown);
		return;
	}
	place.cursor = history_find(&c->ms->room->history, from);
	replay_start_return(c, &place, m->chat->clock->mono_ms - m->active_ms);
	shown_fini(&place.shown);
}

/* The person was not there, but has a place of before. */
static void
client_resume(struct cursor *c)
{
	struct member *m = c->ms->member;
	struct bookmark *bookmark = person_bookmark(&m->person, c->ms->room);

	if (bookmark == NULL)
		return;
	devices_settle(bookmark, c->client->device);
	if (c->ms->read < bookmark->read)
		c->ms->read = bookmark->read;
	rank_regained(c->ms, bookmark);
	if (past_is_for(m))
		replay_start_return(c, bookmark,
		    m->chat->clock->mono_ms - bookmark->left_ms);
	bookmark_free(bookmark);
}

void
clients_follow(struct membership *ms)
{
	struct client *client;

	SLIST_FOREACH(client, &ms->member->clients, in_member)
		if (client->ops != NULL && client->dialect->follows &&
		    membership_cursor(ms, client) == NULL) {
			/* As if it had come by itself. */
			presence_show(&ms->room->presence, ms);
			client->ops->joined(client, ms);
		}
}

void
client_follow(struct client *client)
{
	struct membership *ms;

	if (client->dialect->follows)
		SLIST_FOREACH(ms, &client->member->memberships, in_member)
			if (membership_cursor(ms, client) == NULL)
				client->ops->joined(client, ms);
}

static void
client_move_cursor(struct cursor *c, struct client *client)
{
	struct room *room = c->ms->room;
	struct membership *ms = member_in(client->member, room);
	bool is_new = ms == NULL, was_blocked;
	struct cursor *n;

	deliver_flush(room);
	deliver_leave_live(c);
	was_blocked = c->delivery.is_blocked;
	deliver_pump_cancel(c);
	if (is_new)
		ms = room_enter(room, client->member, client);
	n = is_new ? membership_cursor(ms, client) : cursor_new(ms, client);
	client_hand_cursor(n, c);
	if (client->is_paused)
		pump_pause(n);
	else if (was_blocked)
		n->delivery.is_blocked = true;
	else
		deliver_pump_later(n);
	if (is_new) {
		client_resume(n);
		clients_follow(ms);
	} else if (past_is_for(client->member))
		client_read_on(n);
}

struct client *
client_move(struct client *old, struct member *to)
{
	struct member *from = old->member;
	struct client *client;
	struct membership *ms, *next;
	struct cursor *c;
	struct event event = { .kind = EVENT_SYNC_RENAME, .other = from->nick };
	bool is_last = !client_has_others(old);

	clients_settle_bookmarks(to);
	clients_settle_bookmarks(from);
	repeat_note_change(from);
	client = client_add(to);
	client->ops = old->ops;
	client->session = old->session;
	client->sink = old->sink;
	client->dialect = old->dialect;
	client->address = old->address;
	client->device = old->device;
	client->id_secret = old->id_secret;
	client->checkpoint_handed = old->checkpoint_handed;
	/* It comes into the break of a person who is on one. */
	client->is_paused = old->is_paused || to->is_on_break;
	client->since_ms = to->is_on_break ? to->break_since_ms : old->since_ms;
	/* What may not have arrived is new once more. */
	conversing_lose(&to->chat->conversations, old, old->ops->unsent(old));
	TAILQ_CONCAT(&client->handed, &old->handed, entry);
	client->handed_count = old->handed_count;
	client->handed_dropped = old->handed_dropped;
	old->handed_count = 0;
	old->handed_dropped = 0;
	/* What it said before was not shown to it, and is nobody's now that it
	 * knows as its own. */
	to->was_ignorer |= from->was_ignorer || from->is_ignorer ||
	    from->is_known;
	SLIST_FOREACH_SAFE(ms, &from->memberships, in_member, next) {
		c = membership_cursor(ms, old);
		if (c == NULL)
			continue;
		client_move_cursor(c, client);
		if (!is_last)
			client_leave_room(c, ROOM_LEAVE_PART, NULL);
	}
	client->ops->moved(client);
	event.author = to->id;
	event.from = to;
	event.nick = to->nick;
	event.time_ms = to->chat->clock->wall_ms;
	client->ops->event(client, &event);
	if (is_last) {
		if (from->is_guest)
			person_move(to->chat, &to->person, &from->person);
		member_update_ignorer(to);
		member_depart(from, ROOM_LEAVE_QUIT, NULL);
	} else {
		client_remove(old);
		member_update_break(from);
	}
	watch_member_changed(to);
	return client;
}

bool
client_is_last_in(const struct cursor *c)
{
	const struct cursor *other;

	SLIST_FOREACH(other, &c->ms->cursors, in_membership)
		if (other != c && other->client->ops != NULL &&
		    !other->is_following)
			return false;
	return true;
}

/* Tells those who only followed, and leave as well. */
static void
client_tell_followers(const struct cursor *c, const char *text)
{
	const struct membership *ms = c->ms;
	struct member *m = ms->member;
	struct cursor *other;
	struct event event = {
		.kind = EVENT_SYNC_PART,
		.time_ms = m->chat->clock->wall_ms,
		.server = m->chat->options->server_name,
		.room = ms->room->name,
		.author = m->id,
		.from = m,
		.nick = m->nick,
		.text = text,
		.text_len = text == NULL ? 0 : strlen(text),
	};

	deliver_flush(ms->room);
	SLIST_FOREACH(other, &ms->cursors, in_membership)
		if (other != c && other->client->ops != NULL)
			other->client->ops->event(other->client, &event);
}

void
client_leave_room(struct cursor *c, enum room_leave how, const char *text)
{
	if (client_is_last_in(c)) {
		client_tell_followers(c, how == ROOM_LEAVE_WENT ? NULL : text);
		room_leave(c->ms, how, text);
		return;
	}
	watch_member_changed(c->ms->member);
	pump_pause(c);
	if (past_is_for(c->ms->member))
		repeat_set_back(c, c->client->ops->unsent(c->client));
	client_keep_cursor(c);
}

/* Who says that they leave has their place kept. */
static bool
client_always(const struct cursor *c)
{
	(void)c;
	return true;
}

void
client_quit(struct client *client, const char *text)
{
	struct member *m = client->member;

	assert(client_has_others(client));
	client_leave_all(client, ROOM_LEAVE_PART, text, client_always);
	client_end(client);
	member_update_break(m);
	member_pump_queued(m);
}

/* Has the device not come there anew since? Mostly it came back before its old
 * connection was known to be dead, and began behind what that certainly had, so
 * nothing has to be kept for it. But one on break knew what it was doing. */
static bool
client_has_no_successor(const struct cursor *c)
{
	const struct cursor *other;

	if (c->client->is_paused)
		return true;
	SLIST_FOREACH(other, &c->ms->cursors, in_membership)
		if (other->tracking.arrival > c->tracking.arrival &&
		    other->client->device == c->client->device)
			return false;
	return true;
}

void
client_lost(struct client *client, size_t unsent)
{
	struct member *m = client->member;

	assert(client_has_others(client));
	member_pause(client, unsent);
	client_leave_all(client, ROOM_LEAVE_LOST, NULL,
	    client_has_no_successor);
	client_end(client);
	member_update_break(m);
	member_pump_queued(m);
}
