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
#include "room/watch.h"
#include "state/journal.h"
#include "state/persist-impl.h"
#include "state/person-record.h"

/* Ids are written ahead, so that not every arrival is a write. */
#define PERSIST_IDS_AHEAD 256
#define PERSIST_GUESTS_AHEAD 16

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

void
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

static void
persist_put_present(struct persist *k, struct member *m)
{
	struct client *client;

	persist_confirm(m);
	SLIST_FOREACH(client, &m->clients, in_member)
		handed_forget_arrived(client);
	persist_put_member(k, m);
	persist_wake_for(k, m);
}

/* False: there is nobody. */
static bool
persist_put_person(struct persist *k, const struct person_key *who)
{
	struct chat *chat = k->chat;
	struct member *m;
	struct departed *b;

	m = directory_find(&chat->directory, who->folded);
	if (m != NULL && !m->is_guest &&
	    credential_cmp(&m->credential, &who->credential) == 0) {
		persist_put_present(k, m);
		return true;
	}
	b = departed_find(&chat->departed, who->folded, &who->credential);
	if (b != NULL)
		persist_put_departed(k, b);
	return b != NULL;
}

bool
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

void
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
persist_now(struct member *m, void *arg)
{
	struct persist *k = arg;

	if (k->journal != NULL)
		persist_put_present(k, m);
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

/* Starting and stopping */

void
persist_init(struct persist *k, struct chat *chat)
{
	memset(k, 0, sizeof(*k));
	k->chat = chat;
	k->watch = (struct chat_watch){
		.person = persist_touch,
		.person_a_bit = persist_touch_a_bit,
		.person_now = persist_now,
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
	deadline_init(&k->later_due, persist_later_cb, k);
	persist_look_init(k);
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
	k->journal = NULL;
	k->chat->watch = NULL;
	persist_look_stop(k);
	walk_stop(&k->chat->deadlines->walks, &k->write);
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
