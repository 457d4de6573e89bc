/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is written of a person is a function of the chat as it is, by their nick
 * and credential: here, departed, or neither. So a change only has to name whom
 * it is about, however they move between the three, and many changes in a turn
 * are one record.
 *
 * Decided against: a record for each message (a write each); times instead of
 * acknowledged bytes for what may not have arrived (clocks jump, and a slow
 * reader may be minutes behind while live); and rendering the unsent again to
 * count it (too slow to do for everybody).
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "room/acked.h"
#include "room/chat-rooms.h"
#include "room/chat.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/handed.h"
#include "room/person.h"
#include "room/replay.h"
#include "room/watch.h"
#include "state/journal.h"
#include "state/persist-impl.h"
#include "state/person-record.h"

/* Ids are written ahead, so that not every arrival is a write. */
#define PERSIST_IDS_AHEAD 256
#define PERSIST_GUESTS_AHEAD 16

#define PERSIST_SOON_MS 100

/* How many progress notes one look writes; those of others get older. */
#define PERSIST_LOOK_MAX 128

/* Who it is about: the key of their record. */
struct person_key {
	struct credential credential;
	char folded[NICK_SIZE];
};

struct persist_dirty {
	RB_ENTRY(persist_dirty) entry;
	struct person_key key;
	/* Their record is to be deleted: after all that is to be put, or who
	 * has another nick would have no place for a moment. */
	bool is_gone;
};

static int
persist_dirty_cmp(const struct persist_dirty *a, const struct persist_dirty *b)
{
	int cmp;

	if (a->is_gone != b->is_gone)
		return a->is_gone ? 1 : -1;
	cmp = strcmp(a->key.folded, b->key.folded);
	return cmp != 0 ?
	    cmp :
	    credential_cmp(&a->key.credential, &b->key.credential);
}

RB_GENERATE_INTERNAL(persist_dirty_tree, persist_dirty, entry,
    persist_dirty_cmp, UNUSED static)

/* Keys */

struct persist_key {
	unsigned char bytes[1 + sizeof(struct credential) + ROOM_NAME_SIZE];
	size_t len;
};

static struct persist_key
persist_person_key(const char *folded, const struct credential *credential)
{
	struct persist_key key;
	size_t len = strlen(folded);

	assert(len < NICK_SIZE);
	key.bytes[0] = PERSIST_PERSON;
	memcpy(key.bytes + 1, credential, sizeof(*credential));
	memcpy(key.bytes + 1 + sizeof(*credential), folded, len);
	key.len = 1 + sizeof(*credential) + len;
	return key;
}

static struct persist_key
persist_room_key(char kind, const struct room *room)
{
	struct persist_key key;
	size_t len = strlen(room->name);

	key.bytes[0] = (unsigned char)kind;
	memcpy(key.bytes + 1, room->name, len);
	key.len = 1 + len;
	return key;
}

/* How far people have read */

/*
 * Brings what m has acknowledged up to date: to where they were at the
 * checkpoint, once all has arrived that had been handed over until then.
 */
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

static void
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

static void
persist_wake(void *arg)
{
	persist_wake_in(arg, PERSIST_LOOK_MS);
}

/* To be called after m was written: what they were just sent arrives in a
 * moment. */
static void
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

/* Writing */

static void
persist_put_out(struct persist *k, const struct persist_key *key)
{
	journal_put(k->journal, key->bytes, key->len, k->out.data.data,
	    k->out.data.len);
}

static void
persist_put_counts(struct persist *k)
{
	unsigned char key = PERSIST_COUNTS, value[16];

	le_put64(value, k->ids);
	le_put64(value + 8, k->guests);
	journal_put(k->journal, &key, 1, value, sizeof(value));
}

void
persist_put_age(struct persist *k)
{
	const struct clock *clock = k->chat->clock;
	unsigned char key = PERSIST_AGE, value[24];

	if (k->journal == NULL || clock->age == NULL)
		return;
	le_put64(value, (uint64_t)clock_age_ms(clock));
	le_put64(value + 8, (uint64_t)clock->age->sure_wall_ms);
	le_put64(value + 16, (uint64_t)clock->age->sure_age_ms);
	journal_put(k->journal, &key, 1, value, sizeof(value));
}

void
persist_put_host_key(struct persist *k)
{
	unsigned char key = PERSIST_HOST_KEY;

	journal_put(k->journal, &key, 1, k->chat->host_key.bytes,
	    sizeof(k->chat->host_key.bytes));
}

/*
 * May c be written as live? Then it surely has read up to the low-water mark of
 * the room: the one there is, or the one that this look brings. A new room has
 * none.
 */
static bool
persist_is_beyond_mark(const struct persist *k, const struct cursor *c)
{
	const struct room *room = c->ms->room;
	uint64_t mark = k->is_looking ? room->looked : room->low_water;

	return mark != 0 && acked_number(c) >= mark;
}

/* m as the state layer has them now: what it has not written yet is no part of
 * it. */
static void
persist_put_record(struct persist *k, const struct member *m)
{
	struct persist_key key = persist_person_key(m->folded, &m->credential);

	buf_reset(&k->out.data);
	person_record_put(&k->out, m);
	persist_put_out(k, &key);
}

/* A look misses who has another nick since it began. But then they are written,
 * so they are judged here as well. */
static void
persist_put_member(struct persist *k, struct member *m)
{
	struct membership *ms;
	struct cursor *c;
	struct client *client;

	MEMBER_FOREACH_CURSOR(c, ms, m) {
		if (!persist_is_beyond_mark(k, c))
			(void)acked_set_persisted_live(c, false);
		acked_persisted(c);
	}
	SLIST_FOREACH(client, &m->clients, in_member) {
		client->has_queued_handed = !TAILQ_EMPTY(&client->handed);
		client->has_unread_left = !acked_pass_bookmarks(client);
	}
	persist_put_record(k, m);
}

static void
persist_put_departed(struct persist *k, const struct departed *b)
{
	struct persist_key key;

	key = persist_person_key(b->folded, departed_credential(b));
	buf_reset(&k->out.data);
	departed_save(b, &k->out);
	persist_put_out(k, &key);
}

/* False: there is nobody. */
static bool
persist_put_person(struct persist *k, const struct person_key *who)
{
	struct chat *chat = k->chat;
	struct client *client;
	struct member *m;
	struct departed *b;

	m = directory_find(&chat->directory, who->folded);
	if (m != NULL && !m->is_guest &&
	    credential_cmp(&m->credential, &who->credential) == 0) {
		persist_confirm(m);
		SLIST_FOREACH(client, &m->clients, in_member)
			handed_forget_arrived(client);
		persist_put_member(k, m);
		persist_wake_for(k, m);
		return true;
	}
	b = departed_find(&chat->departed, who->folded, &who->credential);
	if (b != NULL)
		persist_put_departed(k, b);
	return b != NULL;
}

/* Those whose turn it is within the budget. False: some are left. */
static bool
persist_put_dirty(struct persist *k, struct walk_budget *budget)
{
	struct persist_dirty *d;
	struct persist_key key;

	while ((d = RB_MIN(persist_dirty_tree, &k->dirty)) != NULL) {
		if (!walk_may_take(budget))
			return false;
		RB_REMOVE(persist_dirty_tree, &k->dirty, d);
		if (k->journal != NULL && !persist_put_person(k, &d->key)) {
			if (!d->is_gone) {
				d->is_gone = true;
				if (RB_INSERT(persist_dirty_tree, &k->dirty,
					d) == NULL)
					continue;
			} else {
				key = persist_person_key(d->key.folded,
				    &d->key.credential);
				journal_delete(k->journal, key.bytes, key.len);
			}
		}
		free(d);
	}
	return true;
}

static void
persist_put_all_dirty(struct persist *k)
{
	struct walk_budget all = { .now_us = NULL };

	(void)persist_put_dirty(k, &all);
}

static void
persist_put_low_water(struct persist *k, const struct room *room)
{
	struct persist_key key = persist_room_key(PERSIST_LOW_WATER, room);
	unsigned char value[8];

	le_put64(value, room->low_water);
	journal_put(k->journal, key.bytes, key.len, value, sizeof(value));
}

/* Its topic or modes have changed. */
static void
persist_room(const struct room *room, void *arg)
{
	struct persist *k = arg;
	struct persist_key key = persist_room_key(PERSIST_ROOM, room);

	buf_reset(&k->out.data);
	chat_save_room(room, &k->out);
	if (k->out.data.len == 0)
		journal_delete(k->journal, key.bytes, key.len);
	else
		persist_put_out(k, &key);
}

static void
persist_forget_room(const struct room *room, void *arg)
{
	struct persist *k = arg;
	struct persist_key key;

	key = persist_room_key(PERSIST_ROOM, room);
	journal_delete(k->journal, key.bytes, key.len);
	key = persist_room_key(PERSIST_LOW_WATER, room);
	journal_delete(k->journal, key.bytes, key.len);
}

static bool
persist_snapshot_rooms(struct persist *k, struct walk_budget *budget)
{
	struct persist_at *at = &k->snapshot_at;
	struct room *room;

	for (room = chat_room_after(k->chat, at->room); room != NULL;
	     room = chat_next_room(k->chat, room)) {
		if (!walk_may_take(budget))
			return false;
		if (room->topic != NULL || room->modes.is_persisted)
			persist_room(room, k);
		if (room->low_water != 0)
			persist_put_low_water(k, room);
		memcpy(at->room, room->name, sizeof(at->room));
	}
	return true;
}

/* Until the snapshot is whole it is in no file that would be read. So nobody
 * counts as written by it: a look has to write them to both files. */
static bool
persist_snapshot_people(struct persist *k, struct walk_budget *budget)
{
	struct persist_at *at = &k->snapshot_at;
	struct directory *directory = &k->chat->directory;
	struct departed_set *departed = &k->chat->departed;
	struct departed *b;
	struct member *m;

	for (m = directory_after(directory, at->nick); m != NULL;
	     m = directory_next(directory, m)) {
		if (!walk_may_take(budget))
			return false;
		if (!m->is_guest)
			persist_put_record(k, m);
		memcpy(at->nick, m->folded, sizeof(at->nick));
	}
	while ((b = departed_after(departed, at->gone, &at->gone_credential)) !=
	    NULL) {
		if (!walk_may_take(budget))
			return false;
		persist_put_departed(k, b);
		memcpy(at->gone, b->folded, sizeof(at->gone));
		at->gone_credential = *departed_credential(b);
	}
	return true;
}

bool
persist_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg)
{
	struct persist *k = arg;
	struct journal *before = k->journal;
	bool is_done;

	/* Writes also after persist_stop(). */
	k->journal = journal;
	if (is_first) {
		memset(&k->snapshot_at, 0, sizeof(k->snapshot_at));
		persist_put_age(k);
		persist_put_counts(k);
		persist_put_host_key(k);
	}
	/* Whoever has another nick since may be among those whose turn was
	 * past: what has changed is written before. */
	is_done = persist_snapshot_rooms(k, budget) &&
	    persist_snapshot_people(k, budget) && RB_EMPTY(&k->dirty);
	k->journal = before;
	return !is_done;
}

/* False: they are in tree already. */
static bool
persist_add(struct persist_dirty_tree *tree, const char *folded,
    const struct credential *credential)
{
	struct persist_dirty *d, key = { .key.credential = *credential };

	memcpy(key.key.folded, folded, strlen(folded) + 1);
	if (RB_FIND(persist_dirty_tree, tree, &key) != NULL)
		return false;
	d = xcalloc(1, sizeof(*d));
	d->key = key.key;
	RB_INSERT(persist_dirty_tree, tree, d);
	return true;
}

static void
persist_touch(const char *folded, const struct credential *credential,
    void *arg)
{
	struct persist *k = arg;

	if (persist_add(&k->dirty, folded, credential))
		k->chat->wake(k->chat->wake_arg);
}

static void
persist_touch_a_bit(const char *folded, const struct credential *credential,
    void *arg)
{
	struct persist *k = arg;

	if (persist_add(&k->later, folded, credential) && !k->later_due.is_set)
		deadline_set(k->chat->deadlines, &k->later_due,
		    k->chat->clock->mono_ms + PERSIST_LATER_MS);
}

/* What could wait is due. */
static void
persist_later_cb(void *arg)
{
	struct persist *k = arg;
	struct persist_dirty *d;

	while ((d = RB_MIN(persist_dirty_tree, &k->later)) != NULL) {
		RB_REMOVE(persist_dirty_tree, &k->later, d);
		persist_touch(d->key.folded, &d->key.credential, k);
		free(d);
	}
}

static void
persist_counted(void *arg)
{
	struct persist *k = arg;
	const struct directory *directory = &k->chat->directory;

	if (directory->last_id <= k->ids && directory->last_guest <= k->guests)
		return;
	k->ids = directory->last_id + PERSIST_IDS_AHEAD;
	k->guests = directory->last_guest + PERSIST_GUESTS_AHEAD;
	persist_put_counts(k);
}

void
persist_flush(struct persist *k)
{
	persist_later_cb(k);
	if (k->journal == NULL || RB_EMPTY(&k->dirty))
		return;
	journal_hold(k->journal);
	persist_put_all_dirty(k);
	journal_release(k->journal);
}

/* In a turn with many changes, such as a room's end, it takes several
 * slices. */
static bool
persist_write(struct walk_budget *budget, void *arg)
{
	struct persist *k = arg;
	bool is_done;

	if (k->journal == NULL || RB_EMPTY(&k->dirty))
		return false;
	journal_hold(k->journal);
	is_done = persist_put_dirty(k, budget);
	journal_release(k->journal);
	return !is_done;
}

static void
persist_turn_ended(void *arg)
{
	struct persist *k = arg;
	struct walks *walks = &k->chat->deadlines->walks;
	struct walk_budget budget = walks_slice(walks);

	if (persist_write(&budget, k))
		walk_start(walks, &k->write);
}

/*
 * The look at those who are here: a walk over all of them, and then over the
 * rooms, whose low-water marks go on.
 */

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

/* Starting and stopping */

void
persist_init(struct persist *k, struct chat *chat)
{
	memset(k, 0, sizeof(*k));
	k->chat = chat;
	k->watch = (struct chat_watch){
		.person = persist_touch,
		.person_a_bit = persist_touch_a_bit,
		.said = persist_wake,
		.topic = persist_room,
		.modes = persist_room,
		.forgotten = persist_forget_room,
		.counted = persist_counted,
		.turn_ended = persist_turn_ended,
		.arg = k,
	};
	RB_INIT(&k->dirty);
	RB_INIT(&k->later);
	k->out.use = FIELDS_DISK;
	k->out.clock = chat->clock;
	deadline_init(&k->look_due, persist_look_cb, k);
	deadline_init(&k->later_due, persist_later_cb, k);
	walk_init(&k->look.walk, "persist_look", persist_look, k);
	walk_init(&k->write, "persist_write", persist_write, k);
}

void
persist_begin(struct persist *k, struct journal *journal)
{
	k->journal = journal;
	k->chat->watch = &k->watch;
}

static void
persist_end(struct persist *k)
{
	struct walks *walks = &k->chat->deadlines->walks;

	k->journal = NULL;
	k->chat->watch = NULL;
	k->is_looking = false;
	walk_stop(walks, &k->look.walk);
	walk_stop(walks, &k->write);
}

void
persist_fini(struct persist *k)
{
	persist_end(k);
	persist_later_cb(k);
	persist_put_all_dirty(k); /* also frees the entries */
	deadline_clear(k->chat->deadlines, &k->look_due);
	deadline_clear(k->chat->deadlines, &k->later_due);
	fields_out_fini(&k->out);
	persist_load_free(k);
}

void
persist_stop(struct persist *k)
{
	if (k->journal == NULL)
		return;
	persist_flush(k);
	k->ids = k->chat->directory.last_id;
	k->guests = k->chat->directory.last_guest;
	persist_put_age(k);
	persist_put_counts(k);
	persist_end(k);
}
