/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What people have surely read, looked at from time to time: a walk over all who
 * are here, and then over the rooms, whose low-water marks go on.
 */
#include "config.h"

#include <string.h>

#include "room/acked.h"
#include "room/chat-rooms.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/directory.h"
#include "room/handed.h"
#include "room/replay.h"
#include "state/journal.h"
#include "state/persist-impl.h"

#define PERSIST_SOON_MS 100

/* How many progress notes one look writes; those of others get older. */
#define PERSIST_LOOK_MAX 128

/* How far people have read */

static void
persist_confirm_client(struct client *client)
{
	struct member *m = client->member;
	struct membership *ms;
	struct cursor *c;
	uint64_t handed;
	size_t unsent;

	if (client->ops == NULL) {
		/* Its cursors were set back when the connection was lost. */
		MEMBER_FOREACH_CURSOR(c, ms, m)
			if (c->client == client)
				acked_set_number(c, cursor_where(c).number);
		return;
	}
	unsent = client->ops->unsent(client);
	handed = client->ops->handed(client);
	if (handed < unsent || handed - unsent < client->checkpoint_handed)
		return;
	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (c->client == client)
			acked_pass_mark(c, replay_position(c), unsent == 0);
	client->checkpoint_handed = handed;
}

void
persist_confirm(struct member *m)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		persist_confirm_client(client);
}

/* When to look again */

static void
persist_wake_in(struct persist *k, int64_t ms)
{
	int64_t at_ms = k->chat->clock->mono_ms + ms;

	if (!k->look_due.is_set || k->look_due.at_ms > at_ms)
		deadline_set(k->chat->deadlines, &k->look_due, at_ms);
}

void
persist_wake(void *arg)
{
	persist_wake_in(arg, PERSIST_LOOK_MS);
}

void
persist_wake_for(struct persist *k, const struct member *m)
{
	const struct membership *ms;
	const struct cursor *c;

	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (acked_number(c) != replay_position(c)) {
			persist_wake_in(k, PERSIST_SOON_MS);
			return;
		}
	persist_wake(k);
}

bool
persist_is_beyond_mark(const struct persist *k, const struct cursor *c)
{
	const struct room *room = c->ms->room;
	uint64_t mark = k->is_looking ? room->looked : room->low_water;

	return mark != 0 && acked_number(c) >= mark;
}

/* The look at those who are here */

struct persist_looked {
	bool is_due; /* has to be written before a low-water mark goes on */
	bool has_progress; /* may be written */
	bool is_open; /* must be looked at again */
};

/* has_arrived: what was written as in doubt. */
static void
persist_look_if(struct persist_looked *looked, bool has_arrived)
{
	looked->has_progress |= has_arrived;
	looked->is_open |= !has_arrived;
}

static struct persist_looked
persist_look_at(const struct persist *k, struct member *m)
{
	struct persist_looked looked = { .is_due = false };
	struct membership *ms;
	struct cursor *c;
	struct client *client;
	bool is_live;

	persist_confirm(m);
	MEMBER_FOREACH_CURSOR(c, ms, m) {
		is_live = cursor_is_live(c) && persist_is_beyond_mark(k, c);
		looked.is_due |= acked_set_persisted_live(c, is_live);
		if (is_live)
			continue;
		looked.has_progress |= acked_has_progress(c);
		looked.is_open |= cursor_is_live(c) ||
		    acked_number(c) != replay_position(c);
	}
	SLIST_FOREACH(client, &m->clients, in_member) {
		if (client->has_queued_handed) {
			handed_forget_arrived(client);
			persist_look_if(&looked, TAILQ_EMPTY(&client->handed));
		}
		if (client->has_unread_left)
			persist_look_if(&looked, acked_pass_bookmarks(client));
	}
	return looked;
}

/* Of those with some progress only so many are written in a look: the others
 * come first in the next one. */
static void
persist_look_on(struct persist *k, struct member *m)
{
	struct persist_look *look = &k->look;
	struct persist_looked looked;

	if (m->is_guest || !member_is_connected(m))
		return;
	looked = persist_look_at(k, m);
	look->is_open |= looked.is_open;
	if (looked.has_progress && !looked.is_due &&
	    strcmp(m->folded, look->first) >= 0) {
		if (look->left > 0) {
			look->left--;
			looked.is_due = true;
		} else if (look->next[0] == '\0')
			memcpy(look->next, m->folded, sizeof(look->next));
	}
	if (looked.is_due)
		persist_put_member(k, m);
}

static bool
persist_look_at_people(struct persist *k, struct walk_budget *budget)
{
	struct persist_look *look = &k->look;
	struct directory *directory = &k->chat->directory;
	struct member *m;

	for (m = directory_after(directory, look->nick); m != NULL;
	     m = directory_next(directory, m)) {
		if (!walk_may_take(budget))
			return false;
		persist_look_on(k, m);
		memcpy(look->nick, m->folded, sizeof(look->nick));
	}
	return true;
}

static bool
persist_look_at_rooms(struct persist *k, struct walk_budget *budget)
{
	struct persist_look *look = &k->look;
	struct room *room;

	for (room = chat_room_after(k->chat, look->room); room != NULL;
	     room = chat_next_room(k->chat, room)) {
		if (!walk_may_take(budget))
			return false;
		if (room->low_water != room->looked) {
			room->low_water = room->looked;
			persist_put_low_water(k, room);
		}
		room->looked = room->turn_start.number;
		look->is_open |= room->low_water != room->looked;
		memcpy(look->room, room->name, sizeof(look->room));
	}
	return true;
}

static bool
persist_look(struct walk_budget *budget, void *arg)
{
	struct persist *k = arg;
	bool is_done;

	/* What has changed meanwhile is written before any mark goes on. */
	journal_hold(k->journal);
	is_done = persist_look_at_people(k, budget) &&
	    persist_put_dirty(k, budget) && persist_look_at_rooms(k, budget);
	journal_release(k->journal);
	if (!is_done)
		return true;
	k->is_looking = false;
	/* state_turn() starts writing to the disk. */
	k->chat->wake(k->chat->wake_arg);
	if (k->look.is_open || k->look.next[0] != '\0')
		persist_wake(k);
	return false;
}

static void
persist_look_cb(void *arg)
{
	struct persist *k = arg;
	struct persist_look *look = &k->look;

	if (k->journal == NULL)
		return;
	if (k->is_looking) {
		persist_wake(k);
		return;
	}
	k->is_looking = true;
	memcpy(look->first, look->next, sizeof(look->first));
	look->next[0] = look->nick[0] = look->room[0] = '\0';
	look->is_open = look->first[0] != '\0';
	look->left = PERSIST_LOOK_MAX;
	walk_start(&k->chat->deadlines->walks, &look->walk);
}

void
persist_look_init(struct persist *k)
{
	deadline_init(&k->look_due, persist_look_cb, k);
	walk_init(&k->look.walk, "persist_look", persist_look, k);
}

void
persist_look_stop(struct persist *k)
{
	k->is_looking = false;
	walk_stop(&k->chat->deadlines->walks, &k->look.walk);
}
