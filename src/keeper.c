/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * What is written of a person is a function of the house as it is, by their
 * nick and credential: here, gone with a bookmark, or neither. So a change only
 * has to name whom it is about, however they move between the three, and many
 * changes in a turn are one record.
 *
 * Decided against: a record for each message (a write each), times instead of
 * acknowledged bytes for what may not have arrived (clocks jump, and a slow
 * reader may be minutes behind while in step), and rendering the unsent again
 * to count it (too slow for a look at everybody).
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bookmark.h"
#include "deliver.h"
#include "keeper-impl.h"
#include "log.h"
#include "member.h"
#include "person-record.h"
#include "replay.h"
#include "rooms.h"
#include "store.h"
#include "tlv.h"

/* Written ahead, so that not every arrival is a write. */
#define KEEPER_IDS_AHEAD 256
#define KEEPER_GUESTS_AHEAD 16

#define KEEPER_SOON_MS 100

/* In a look so many progress notes are written; the others' are older then. */
#define KEEPER_LOOK_MAX 128

struct keeper_dirty {
	RB_ENTRY(keeper_dirty) entry;
	struct person_key key;
};

static int
keeper_dirty_cmp(const struct keeper_dirty *a, const struct keeper_dirty *b)
{
	int cmp;

	cmp = strcmp(a->key.folded, b->key.folded);
	return cmp != 0 ?
	    cmp :
	    credential_cmp(&a->key.credential, &b->key.credential);
}

RB_GENERATE_INTERNAL(keeper_dirty_tree, keeper_dirty, entry, keeper_dirty_cmp,
    UNUSED static)

/* Keys */

struct keeper_key {
	unsigned char bytes[1 + sizeof(struct credential) + ROOM_NAME_SIZE];
	size_t len;
};

static struct keeper_key
keeper_person_key(const char *folded, const struct credential *credential)
{
	struct keeper_key key;
	size_t len = strlen(folded);

	assert(len < NICK_SIZE);
	key.bytes[0] = KEEPER_PERSON;
	memcpy(key.bytes + 1, credential, sizeof *credential);
	memcpy(key.bytes + 1 + sizeof *credential, folded, len);
	key.len = 1 + sizeof *credential + len;
	return key;
}

static struct keeper_key
keeper_room_key(char kind, const struct room *room)
{
	struct keeper_key key;
	size_t len = strlen(room->name);

	key.bytes[0] = (unsigned char)kind;
	memcpy(key.bytes + 1, room->name, len);
	key.len = 1 + len;
	return key;
}

/* How far somebody has come */

/* Where what was handed to them ends. */
static uint64_t
keeper_position(const struct membership *ms)
{
	return deliver_is_in_step(ms) ? ms->room->delivered.number :
					replay_position(ms);
}

/*
 * Brings sure up to date: to where they were when the mark was set, once all
 * has arrived that had been handed over until then.
 */
static void
keeper_confirm(struct member *m)
{
	struct membership *ms;
	uint64_t handed, position;
	size_t unsent;
	bool is_marked;

	if (m->ops == NULL) {
		/* Their cursors were set back when the connection was lost. */
		LIST_FOREACH(ms, &m->memberships, in_member)
			ms->sure = ms->cursor.number;
		return;
	}
	unsent = m->ops->unsent(m);
	handed = m->ops->handed(m);
	is_marked = handed >= unsent && handed - unsent >= m->mark_handed;
	LIST_FOREACH(ms, &m->memberships, in_member) {
		position = keeper_position(ms);
		if (unsent == 0)
			ms->sure = position;
		else if (is_marked)
			ms->sure = ms->mark;
		if (is_marked)
			ms->mark = position;
	}
	if (is_marked)
		m->mark_handed = handed;
}

void
keeper_set_sure(struct membership *ms, uint64_t number)
{
	ms->sure = ms->mark = number;
}

void
keeper_set_back(struct membership *ms, uint64_t number)
{
	if (ms->sure > number)
		ms->sure = number;
	if (ms->mark > number)
		ms->mark = number;
}

/* When to look again */

static void
keeper_wake_in(struct rooms *rooms, int64_t ms)
{
	struct keeper *k = &rooms->keeper;
	int64_t at_ms = rooms->clock->mono_ms + ms;

	if (k->store != NULL && (!k->look.is_set || k->look.at_ms > at_ms))
		deadline_set(rooms->deadlines, &k->look, at_ms);
}

void
keeper_wake(struct rooms *rooms)
{
	keeper_wake_in(rooms, KEEPER_LOOK_MS);
}

/* After m was written: what they have just been sent arrives in a moment. */
static void
keeper_wake_for(const struct member *m)
{
	const struct membership *ms;

	LIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->sure != keeper_position(ms)) {
			keeper_wake_in(m->rooms, KEEPER_SOON_MS);
			return;
		}
	keeper_wake(m->rooms);
}

/* Writing */

static void
keeper_put_counts(struct keeper *k)
{
	unsigned char key = KEEPER_COUNTS, value[16];

	le_put64(value, k->ids);
	le_put64(value + 8, k->guests);
	store_put(k->store, &key, 1, value, sizeof value);
}

void
keeper_host_key(struct rooms *rooms)
{
	unsigned char key = KEEPER_HOST_KEY;

	store_put(rooms->keeper.store, &key, 1, rooms->host_key.bytes,
	    sizeof rooms->host_key.bytes);
}

static void
keeper_put_member(struct keeper *k, struct member *m)
{
	struct keeper_key key = keeper_person_key(m->folded, &m->credential);
	struct membership *ms;

	LIST_FOREACH(ms, &m->memberships, in_member) {
		ms->is_kept_live &= deliver_is_in_step(ms);
		ms->kept_sure = ms->sure;
	}
	m->has_kept_handed = !TAILQ_EMPTY(&m->handed);
	buf_reset(&k->out);
	person_record_put_member(&k->out, m);
	store_put(k->store, key.bytes, key.len, k->out.data, k->out.len);
}

static void
keeper_put_bookmark(struct rooms *rooms, const struct bookmark *b)
{
	struct keeper *k = &rooms->keeper;
	struct keeper_key key;

	key = keeper_person_key(b->folded, bookmark_credential(b));
	buf_reset(&k->out);
	person_record_put_bookmark(&k->out, rooms, b);
	store_put(k->store, key.bytes, key.len, k->out.data, k->out.len);
}

static void
keeper_put_person(struct rooms *rooms, const struct person_key *who)
{
	struct keeper *k = &rooms->keeper;
	struct keeper_key key;
	struct member *m;
	struct bookmark *b;

	m = roster_find(&rooms->roster, who->folded);
	if (m != NULL && !m->is_guest &&
	    credential_cmp(&m->credential, &who->credential) == 0) {
		keeper_confirm(m);
		member_forget_arrived(m);
		keeper_put_member(k, m);
		keeper_wake_for(m);
		return;
	}
	b = bookmarks_find(&rooms->bookmarks, who->folded, &who->credential);
	if (b != NULL) {
		keeper_put_bookmark(rooms, b);
		return;
	}
	key = keeper_person_key(who->folded, &who->credential);
	store_delete(k->store, key.bytes, key.len);
}

static void
keeper_put_dirty(struct rooms *rooms)
{
	struct keeper *k = &rooms->keeper;
	struct keeper_dirty *d;

	while ((d = RB_MIN(keeper_dirty_tree, &k->dirty)) != NULL) {
		RB_REMOVE(keeper_dirty_tree, &k->dirty, d);
		if (k->store != NULL)
			keeper_put_person(rooms, &d->key);
		free(d);
	}
}

static void
keeper_put_settled(struct keeper *k, const struct room *room)
{
	struct keeper_key key = keeper_room_key(KEEPER_SETTLED, room);
	unsigned char value[8];

	le_put64(value, room->settled);
	store_put(k->store, key.bytes, key.len, value, sizeof value);
}

void
keeper_topic(const struct room *room)
{
	struct keeper *k = &room->rooms->keeper;
	struct keeper_key key = keeper_room_key(KEEPER_TOPIC, room);
	struct keeper_key by = keeper_room_key(KEEPER_TOPIC_BY, room);
	char value[8 + NICK_SIZE];

	if (k->store == NULL)
		return;
	if (room->topic == NULL)
		store_delete(k->store, key.bytes, key.len);
	else
		store_put(k->store, key.bytes, key.len, room->topic,
		    strlen(room->topic));
	if (room->topic == NULL || room->topic_ms <= 0)
		store_delete(k->store, by.bytes, by.len);
	else {
		le_put64(value, (uint64_t)room->topic_ms);
		memcpy(value + 8, room->topic_by, strlen(room->topic_by));
		store_put(k->store, by.bytes, by.len, value,
		    8 + strlen(room->topic_by));
	}
}

void
keeper_modes(const struct room *room)
{
	struct keeper *k = &room->rooms->keeper;
	struct keeper_key key = keeper_room_key(KEEPER_MODES, room);

	if (k->store == NULL || !room->modes.is_kept)
		return;
	buf_reset(&k->out);
	modes_put(&room->modes, &k->out, false);
	store_put(k->store, key.bytes, key.len, k->out.data, k->out.len);
}

void
keeper_forget_room(const struct room *room)
{
	struct rooms *rooms = room->rooms;
	struct keeper *k = &rooms->keeper;
	struct keeper_key key;
	struct bookmark *b;
	struct member *m;

	if (k->store == NULL)
		return;
	/* Or a place would be found again in a new room of that name. */
	for (m = NULL; (m = roster_next(&rooms->roster, m)) != NULL;)
		if (person_place(&m->person, room) != NULL)
			keeper_mark_member(m);
	TAILQ_FOREACH(b, &rooms->bookmarks.by_age, by_age)
		if (person_place(&b->person, room) != NULL)
			keeper_mark(rooms, b->folded, bookmark_credential(b));
	key = keeper_room_key(KEEPER_TOPIC, room);
	store_delete(k->store, key.bytes, key.len);
	key = keeper_room_key(KEEPER_TOPIC_BY, room);
	store_delete(k->store, key.bytes, key.len);
	key = keeper_room_key(KEEPER_MODES, room);
	store_delete(k->store, key.bytes, key.len);
	key = keeper_room_key(KEEPER_SETTLED, room);
	store_delete(k->store, key.bytes, key.len);
}

void
keeper_snapshot(struct store *store, void *arg)
{
	struct rooms *rooms = arg;
	struct keeper *k = &rooms->keeper;
	struct store *before = k->store;
	const struct bookmark *b;
	struct member *m;
	struct room *room;

	/* Also after keeper_stop(). */
	k->store = store;
	keeper_put_counts(k);
	keeper_host_key(rooms);
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;) {
		if (room->topic != NULL)
			keeper_topic(room);
		keeper_modes(room);
		if (room->settled != 0)
			keeper_put_settled(k, room);
	}
	for (m = NULL; (m = roster_next(&rooms->roster, m)) != NULL;)
		if (!m->is_guest)
			keeper_put_member(k, m);
	TAILQ_FOREACH(b, &rooms->bookmarks.by_age, by_age)
		keeper_put_bookmark(rooms, b);
	k->store = before;
}

void
keeper_mark(struct rooms *rooms, const char *folded,
    const struct credential *credential)
{
	struct keeper *k = &rooms->keeper;
	struct keeper_dirty *d, key;

	if (k->store == NULL)
		return;
	memcpy(key.key.folded, folded, strlen(folded) + 1);
	key.key.credential = *credential;
	if (RB_FIND(keeper_dirty_tree, &k->dirty, &key) != NULL)
		return;
	d = xcalloc(1, sizeof *d);
	d->key = key.key;
	RB_INSERT(keeper_dirty_tree, &k->dirty, d);
	rooms->wake(rooms->wake_arg);
}

void
keeper_mark_member(struct member *m)
{
	if (!m->is_guest)
		keeper_mark(m->rooms, m->folded, &m->credential);
}

void
keeper_counted(struct rooms *rooms)
{
	struct keeper *k = &rooms->keeper;
	const struct roster *roster = &rooms->roster;

	if (k->store == NULL ||
	    (roster->last_id <= k->ids && roster->last_guest <= k->guests))
		return;
	k->ids = roster->last_id + KEEPER_IDS_AHEAD;
	k->guests = roster->last_guest + KEEPER_GUESTS_AHEAD;
	keeper_put_counts(k);
}

void
keeper_turn(struct rooms *rooms)
{
	struct keeper *k = &rooms->keeper;

	if (k->store == NULL || RB_EMPTY(&k->dirty))
		return;
	store_hold(k->store);
	keeper_put_dirty(rooms);
	store_release(k->store);
}

/* Looking after those who are here */

struct keeper_looked {
	bool is_due; /* has to be written before a settled goes on */
	bool has_progress; /* may be written */
	bool is_open; /* is to be looked at again */
};

static struct keeper_looked
keeper_look_at(struct member *m)
{
	struct keeper_looked looked = { .is_due = false };
	struct membership *ms;
	bool is_live;

	keeper_confirm(m);
	LIST_FOREACH(ms, &m->memberships, in_member) {
		is_live = deliver_is_in_step(ms) &&
		    ms->sure >= ms->room->looked;
		looked.is_due |= is_live != ms->is_kept_live;
		ms->is_kept_live = is_live;
		if (is_live)
			continue;
		looked.has_progress |= ms->sure != ms->kept_sure;
		looked.is_open |= deliver_is_in_step(ms) ||
		    ms->sure != keeper_position(ms);
	}
	if (m->has_kept_handed) {
		member_forget_arrived(m);
		looked.has_progress |= TAILQ_EMPTY(&m->handed);
		looked.is_open |= !TAILQ_EMPTY(&m->handed);
	}
	return looked;
}

/* Everybody in turns, should they be many. Returns whether all were. */
static bool
keeper_look_at_all(struct rooms *rooms)
{
	struct keeper *k = &rooms->keeper;
	struct member *m;
	struct keeper_looked looked;
	unsigned budget = KEEPER_LOOK_MAX;
	char next[NICK_SIZE] = "";
	bool is_open = k->next[0] != '\0';

	for (m = NULL; (m = roster_next(&rooms->roster, m)) != NULL;) {
		if (m->is_guest || m->ops == NULL)
			continue;
		looked = keeper_look_at(m);
		is_open |= looked.is_open;
		if (looked.has_progress && !looked.is_due &&
		    strcmp(m->folded, k->next) >= 0) {
			if (budget > 0) {
				budget--;
				looked.is_due = true;
			} else if (next[0] == '\0')
				memcpy(next, m->folded, sizeof next);
		}
		if (looked.is_due)
			keeper_mark_member(m);
	}
	memcpy(k->next, next, sizeof next);
	return !is_open && next[0] == '\0';
}

static void
keeper_look_cb(void *arg)
{
	struct rooms *rooms = arg;
	struct keeper *k = &rooms->keeper;
	struct room *room;
	bool is_done;

	if (k->store == NULL)
		return;
	is_done = keeper_look_at_all(rooms);
	store_hold(k->store);
	keeper_put_dirty(rooms);
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;) {
		if (room->settled != room->looked) {
			room->settled = room->looked;
			keeper_put_settled(k, room);
		}
		room->looked = room->delivered.number;
		is_done &= room->settled == room->looked;
	}
	store_release(k->store);
	/* Who cares for the disk goes by turns. */
	rooms->wake(rooms->wake_arg);
	/* Writing people has woken it. */
	deadline_clear(rooms->deadlines, &k->look);
	if (!is_done)
		keeper_wake(rooms);
}

/* From start to end */

void
keeper_init(struct rooms *rooms)
{
	struct keeper *k = &rooms->keeper;

	memset(k, 0, sizeof *k);
	RB_INIT(&k->dirty);
	deadline_init(&k->look, keeper_look_cb, rooms);
}

void
keeper_fini(struct rooms *rooms)
{
	struct keeper *k = &rooms->keeper;

	k->store = NULL;
	keeper_put_dirty(rooms); /* frees them */
	deadline_clear(rooms->deadlines, &k->look);
	buf_fini(&k->out);
	keeper_load_free(k);
}

void
keeper_stop(struct rooms *rooms)
{
	struct keeper *k = &rooms->keeper;

	if (k->store == NULL)
		return;
	keeper_turn(rooms);
	k->ids = rooms->roster.last_id;
	k->guests = rooms->roster.last_guest;
	keeper_put_counts(k);
	k->store = NULL;
}
