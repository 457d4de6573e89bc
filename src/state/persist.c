/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is written of a person is a function of the chat as it is, by their
 * nick and credential: here, gone with a bookmark, or neither. So a change only
 * has to name whom it is about, however they move between the three, and many
 * changes in a turn are one record.
 *
 * Decided against: a record for each message (a write each), times instead of
 * acknowledged bytes for what may not have arrived (clocks jump, and a slow
 * reader may be minutes behind while live), and rendering the unsent again
 * to count it (too slow for a look at everybody).
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/tlv.h"
#include "room/acked.h"
#include "room/chat-rooms.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/handed.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/replay.h"
#include "room/watch.h"
#include "state/journal.h"
#include "state/persist-impl.h"
#include "state/person-record.h"

/* Written ahead, so that not every arrival is a write. */
#define PERSIST_IDS_AHEAD 256
#define PERSIST_GUESTS_AHEAD 16

#define PERSIST_SOON_MS 100

/* In a look so many progress notes are written; the others' are older then. */
#define PERSIST_LOOK_MAX 128

struct persist_dirty {
	RB_ENTRY(persist_dirty) entry;
	struct person_key key;
};

static int
persist_dirty_cmp(const struct persist_dirty *a, const struct persist_dirty *b)
{
	int cmp;

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

/* How far somebody has come */

/* Where what was handed to them ends. */
static uint64_t
persist_position(const struct cursor *c)
{
	return cursor_is_live(c) ? c->ms->room->turn_start.number :
				   replay_position(c);
}

/*
 * Brings what m has acknowledged up to date: to where they were at the
 * checkpoint, once all has arrived that had been handed over until then.
 */
static void
persist_confirm(struct member *m)
{
	struct membership *ms;
	struct cursor *c;
	uint64_t handed;
	size_t unsent;

	if (m->ops == NULL) {
		/* Their cursors were set back when the connection was lost. */
		MEMBER_FOREACH_CURSOR(c, ms, m)
		acked_set_number(c, cursor_where(c).number);
		return;
	}
	unsent = m->ops->unsent(m);
	handed = m->ops->handed(m);
	if (handed < unsent || handed - unsent < m->checkpoint_handed)
		return;
	MEMBER_FOREACH_CURSOR(c, ms, m)
	acked_pass_mark(c, persist_position(c), unsent == 0);
	m->checkpoint_handed = handed;
}

/* When to look again */

static void
persist_wake_in(struct persist *k, int64_t ms)
{
	int64_t at_ms = k->chat->clock->mono_ms + ms;

	if (!k->look.is_set || k->look.at_ms > at_ms)
		deadline_set(k->chat->deadlines, &k->look, at_ms);
}

static void
persist_wake(void *arg)
{
	persist_wake_in(arg, PERSIST_LOOK_MS);
}

/* After m was written: what they have just been sent arrives in a moment. */
static void
persist_wake_for(struct persist *k, const struct member *m)
{
	const struct membership *ms;
	const struct cursor *c;

	MEMBER_FOREACH_CURSOR(c, ms, m)
	if (acked_number(c) != persist_position(c)) {
		persist_wake_in(k, PERSIST_SOON_MS);
		return;
	}
	persist_wake(k);
}

/* Writing */

static void
persist_put_counts(struct persist *k)
{
	unsigned char key = PERSIST_COUNTS, value[16];

	le_put64(value, k->ids);
	le_put64(value + 8, k->guests);
	journal_put(k->journal, &key, 1, value, sizeof(value));
}

void
persist_put_host_key(struct persist *k)
{
	unsigned char key = PERSIST_HOST_KEY;

	journal_put(k->journal, &key, 1, k->chat->host_key.bytes,
	    sizeof(k->chat->host_key.bytes));
}

static void
persist_put_member(struct persist *k, struct member *m)
{
	struct persist_key key = persist_person_key(m->folded, &m->credential);
	struct membership *ms;
	struct cursor *c;

	MEMBER_FOREACH_CURSOR(c, ms, m)
	acked_persisted(c);
	m->has_queued_handed = !TAILQ_EMPTY(&m->handed);
	buf_reset(&k->out);
	person_record_put_member(&k->out, m);
	journal_put(k->journal, key.bytes, key.len, k->out.data, k->out.len);
}

static void
persist_put_departed(struct persist *k, const struct departed *b)
{
	struct persist_key key;

	key = persist_person_key(b->folded, departed_credential(b));
	buf_reset(&k->out);
	person_record_put_bookmark(&k->out, k->chat, b);
	journal_put(k->journal, key.bytes, key.len, k->out.data, k->out.len);
}

static void
persist_put_person(struct persist *k, const struct person_key *who)
{
	struct chat *chat = k->chat;
	struct persist_key key;
	struct member *m;
	struct departed *b;

	m = directory_find(&chat->directory, who->folded);
	if (m != NULL && !m->is_guest &&
	    credential_cmp(&m->credential, &who->credential) == 0) {
		persist_confirm(m);
		handed_forget_arrived(m);
		persist_put_member(k, m);
		persist_wake_for(k, m);
		return;
	}
	b = departed_find(&chat->departed, who->folded, &who->credential);
	if (b != NULL) {
		persist_put_departed(k, b);
		return;
	}
	key = persist_person_key(who->folded, &who->credential);
	journal_delete(k->journal, key.bytes, key.len);
}

static void
persist_put_dirty(struct persist *k)
{
	struct persist_dirty *d;

	while ((d = RB_MIN(persist_dirty_tree, &k->dirty)) != NULL) {
		RB_REMOVE(persist_dirty_tree, &k->dirty, d);
		if (k->journal != NULL)
			persist_put_person(k, &d->key);
		free(d);
	}
}

static void
persist_put_low_water(struct persist *k, const struct room *room)
{
	struct persist_key key = persist_room_key(PERSIST_LOW_WATER, room);
	unsigned char value[8];

	le_put64(value, room->low_water);
	journal_put(k->journal, key.bytes, key.len, value, sizeof(value));
}

static void
persist_topic(const struct room *room, void *arg)
{
	struct persist *k = arg;
	struct persist_key key = persist_room_key(PERSIST_TOPIC, room);
	struct persist_key by = persist_room_key(PERSIST_TOPIC_BY, room);
	char value[8 + NICK_SIZE];

	if (room->topic == NULL)
		journal_delete(k->journal, key.bytes, key.len);
	else
		journal_put(k->journal, key.bytes, key.len, room->topic,
		    strlen(room->topic));
	if (room->topic == NULL || room->topic_ms <= 0)
		journal_delete(k->journal, by.bytes, by.len);
	else {
		le_put64(value, (uint64_t)room->topic_ms);
		memcpy(value + 8, room->topic_by, strlen(room->topic_by));
		journal_put(k->journal, by.bytes, by.len, value,
		    8 + strlen(room->topic_by));
	}
}

static void
persist_modes(const struct room *room, void *arg)
{
	struct persist *k = arg;
	struct persist_key key = persist_room_key(PERSIST_MODES, room);

	if (!room->modes.is_persisted)
		return;
	buf_reset(&k->out);
	modes_put(&room->modes, &k->out, false);
	journal_put(k->journal, key.bytes, key.len, k->out.data, k->out.len);
}

static void
persist_forget_room(const struct room *room, void *arg)
{
	struct persist *k = arg;
	struct persist_key key;

	key = persist_room_key(PERSIST_TOPIC, room);
	journal_delete(k->journal, key.bytes, key.len);
	key = persist_room_key(PERSIST_TOPIC_BY, room);
	journal_delete(k->journal, key.bytes, key.len);
	key = persist_room_key(PERSIST_MODES, room);
	journal_delete(k->journal, key.bytes, key.len);
	key = persist_room_key(PERSIST_LOW_WATER, room);
	journal_delete(k->journal, key.bytes, key.len);
}

void
persist_snapshot(struct journal *journal, void *arg)
{
	struct persist *k = arg;
	struct chat *chat = k->chat;
	struct journal *before = k->journal;
	const struct departed *b;
	struct member *m;
	struct room *room;

	/* Also after persist_stop(). */
	k->journal = journal;
	persist_put_counts(k);
	persist_put_host_key(k);
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		if (room->topic != NULL)
			persist_topic(room, k);
		persist_modes(room, k);
		if (room->low_water != 0)
			persist_put_low_water(k, room);
	}
	for (m = NULL; (m = directory_next(&chat->directory, m)) != NULL;)
		if (!m->is_guest)
			persist_put_member(k, m);
	TAILQ_FOREACH(b, &chat->departed.by_age, by_age)
		persist_put_departed(k, b);
	k->journal = before;
}

static void
persist_touch(const char *folded, const struct credential *credential,
    void *arg)
{
	struct persist *k = arg;
	struct persist_dirty *d, key;

	memcpy(key.key.folded, folded, strlen(folded) + 1);
	key.key.credential = *credential;
	if (RB_FIND(persist_dirty_tree, &k->dirty, &key) != NULL)
		return;
	d = xcalloc(1, sizeof(*d));
	d->key = key.key;
	RB_INSERT(persist_dirty_tree, &k->dirty, d);
	k->chat->wake(k->chat->wake_arg);
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
persist_turn(struct persist *k)
{
	if (k->journal == NULL || RB_EMPTY(&k->dirty))
		return;
	journal_hold(k->journal);
	persist_put_dirty(k);
	journal_release(k->journal);
}

static void
persist_turn_ended(void *arg)
{
	persist_turn(arg);
}

/* Looking after those who are here */

struct persist_looked {
	bool is_due; /* has to be written before a settled goes on */
	bool has_progress; /* may be written */
	bool is_open; /* is to be looked at again */
};

static struct persist_looked
persist_look_at(struct member *m)
{
	struct persist_looked looked = { .is_due = false };
	struct membership *ms;
	struct cursor *c;
	bool is_live;

	persist_confirm(m);
	MEMBER_FOREACH_CURSOR(c, ms, m)
	{
		is_live = cursor_is_live(c) &&
		    acked_number(c) >= ms->room->looked;
		looked.is_due |= acked_set_persisted_live(c, is_live);
		if (is_live)
			continue;
		looked.has_progress |= acked_has_progress(c);
		looked.is_open |= cursor_is_live(c) ||
		    acked_number(c) != persist_position(c);
	}
	if (m->has_queued_handed) {
		handed_forget_arrived(m);
		looked.has_progress |= TAILQ_EMPTY(&m->handed);
		looked.is_open |= !TAILQ_EMPTY(&m->handed);
	}
	return looked;
}

/* Everybody in turns, should they be many. Returns whether all were. */
static bool
persist_look_at_all(struct persist *k)
{
	struct member *m;
	struct persist_looked looked;
	unsigned budget = PERSIST_LOOK_MAX;
	char next[NICK_SIZE] = "";
	bool is_open = k->next[0] != '\0';

	for (m = NULL; (m = directory_next(&k->chat->directory, m)) != NULL;) {
		if (m->is_guest || m->ops == NULL)
			continue;
		looked = persist_look_at(m);
		is_open |= looked.is_open;
		if (looked.has_progress && !looked.is_due &&
		    strcmp(m->folded, k->next) >= 0) {
			if (budget > 0) {
				budget--;
				looked.is_due = true;
			} else if (next[0] == '\0')
				memcpy(next, m->folded, sizeof(next));
		}
		if (looked.is_due)
			watch_member_changed(m);
	}
	memcpy(k->next, next, sizeof(next));
	return !is_open && next[0] == '\0';
}

static void
persist_look_cb(void *arg)
{
	struct persist *k = arg;
	struct chat *chat = k->chat;
	struct room *room;
	bool is_done;

	if (k->journal == NULL)
		return;
	is_done = persist_look_at_all(k);
	journal_hold(k->journal);
	persist_put_dirty(k);
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		if (room->low_water != room->looked) {
			room->low_water = room->looked;
			persist_put_low_water(k, room);
		}
		room->looked = room->turn_start.number;
		is_done &= room->low_water == room->looked;
	}
	journal_release(k->journal);
	/* Who cares for the disk goes by turns. */
	chat->wake(chat->wake_arg);
	/* Writing people has woken it. */
	deadline_clear(chat->deadlines, &k->look);
	if (!is_done)
		persist_wake(k);
}

/* From start to end */

void
persist_init(struct persist *k, struct chat *chat)
{
	memset(k, 0, sizeof(*k));
	k->chat = chat;
	k->watch = (struct chat_watch){
		.person = persist_touch,
		.said = persist_wake,
		.topic = persist_topic,
		.modes = persist_modes,
		.forgotten = persist_forget_room,
		.counted = persist_counted,
		.turn_ended = persist_turn_ended,
		.arg = k,
	};
	RB_INIT(&k->dirty);
	deadline_init(&k->look, persist_look_cb, k);
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
}

void
persist_fini(struct persist *k)
{
	persist_end(k);
	persist_put_dirty(k); /* frees them */
	deadline_clear(k->chat->deadlines, &k->look);
	buf_fini(&k->out);
	persist_load_free(k);
}

void
persist_stop(struct persist *k)
{
	if (k->journal == NULL)
		return;
	persist_turn(k);
	k->ids = k->chat->directory.last_id;
	k->guests = k->chat->directory.last_guest;
	persist_put_counts(k);
	persist_end(k);
}
