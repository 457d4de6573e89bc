/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * From the store to the house. People come last: their places need to know what
 * their rooms have, and they become bookmarks in the order of their age, which
 * is not that of the store.
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bookmark.h"
#include "keeper-impl.h"
#include "log.h"
#include "person-record.h"
#include "rooms.h"
#include "tlv.h"

struct keeper_loaded_person {
	struct person_key key;
	struct person_record record;
};

struct keeper_load {
	struct buf people; /* key length, key, value length, value */
	struct keeper_loaded_person **list;
	size_t count;
	size_t dropped;
};

void
keeper_load_free(struct keeper *k)
{
	if (k->load == NULL)
		return;
	buf_fini(&k->load->people);
	free(k->load->list);
	free(k->load);
	k->load = NULL;
}

/* The room whose name is the rest of the key, if it exists. */
static struct room *
keeper_loaded_room(struct rooms *rooms, const unsigned char *key, size_t len)
{
	char name[ROOM_NAME_SIZE];

	if (len == 0 || len - 1 > ROOM_NAME_MAX)
		return NULL;
	memcpy(name, key + 1, len - 1);
	name[len - 1] = '\0';
	return rooms_find(rooms, name);
}

static void
keeper_loaded_topic(struct room *room, const void *value, size_t len)
{
	char topic[TOPIC_MAX + 1];
	struct tlv item = { .data = value, .len = len };

	if (len > 0 && tlv_get_str(&item, topic, sizeof topic) &&
	    person_record_is_clean(value, len)) {
		free(room->topic);
		room->topic = xstrdup(topic);
	}
}

static void
keeper_loaded_topic_by(struct room *room, const char *value, size_t len)
{
	char nick[NICK_SIZE];
	uint64_t set_ms;
	size_t i;

	if (len <= 8 || len - 8 > NICK_MAX)
		return;
	set_ms = le_get64(value);
	memcpy(nick, value + 8, len - 8);
	nick[len - 8] = '\0';
	if (set_ms == 0 || set_ms > INT64_MAX)
		return;
	for (i = 0; nick[i] != '\0'; i++)
		if (!nick_is_char(nick[i]))
			return;
	if (i != len - 8)
		return;
	memcpy(room->topic_by, nick, len - 7);
	room->topic_ms = (int64_t)set_ms;
}

void
keeper_loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct rooms *rooms = arg;
	struct keeper *k = &rooms->keeper;
	const unsigned char *bytes = key, *number = value;
	struct room *room;
	unsigned char lens[8];

	if (k->load == NULL)
		k->load = xcalloc(1, sizeof *k->load);
	switch (bytes[0]) {
	case KEEPER_COUNTS:
		if (len < 16 || le_get64(number) > EVENT_AUTHOR_MAX)
			break;
		k->ids = le_get64(number);
		k->guests = le_get64(number + 8);
		break;
	case KEEPER_HOST_KEY:
		if (len == sizeof rooms->host_key.bytes) {
			memcpy(rooms->host_key.bytes, value, len);
			k->has_host_key = true;
		}
		break;
	case KEEPER_SETTLED:
		room = keeper_loaded_room(rooms, bytes, key_len);
		if (room != NULL && len == 8)
			room->settled = le_get64(number);
		break;
	case KEEPER_TOPIC:
		room = keeper_loaded_room(rooms, bytes, key_len);
		if (room != NULL)
			keeper_loaded_topic(room, value, len);
		break;
	case KEEPER_TOPIC_BY:
		room = keeper_loaded_room(rooms, bytes, key_len);
		if (room != NULL)
			keeper_loaded_topic_by(room, value, len);
		break;
	case KEEPER_MODES:
		room = keeper_loaded_room(rooms, bytes, key_len);
		if (room != NULL && !modes_get(room, value, len))
			log_warning("the modes of a room could not be read: "
				    "room=%s",
			    room->name);
		break;
	case KEEPER_PERSON:
		/* Later: it needs to know what is settled. */
		le_put32(lens, (uint32_t)key_len);
		le_put32(lens + 4, (uint32_t)len);
		buf_add(&k->load->people, lens, sizeof lens);
		buf_add(&k->load->people, key, key_len);
		buf_add(&k->load->people, value, len);
		break;
	}
}

static bool
keeper_get_key(struct person_key *who, const char *key, size_t len)
{
	size_t folded_len, i;

	if (len <= 1 + sizeof who->credential)
		return false;
	folded_len = len - 1 - sizeof who->credential;
	if (folded_len > NICK_MAX)
		return false;
	memcpy(&who->credential, key + 1, sizeof who->credential);
	memcpy(who->folded, key + 1 + sizeof who->credential, folded_len);
	who->folded[folded_len] = '\0';
	for (i = 0; i < folded_len; i++)
		if (!nick_is_char(who->folded[i]))
			return false;
	nick_fold(who->folded, who->folded);
	return who->credential.kind <= CREDENTIAL_UID;
}

struct place *
keeper_restore_place(struct person *p, struct room *room,
    const uint64_t *number, uint64_t repeats, int64_t left_ms)
{
	struct history_cursor cursor;
	struct place *place;

	if (number != NULL) {
		/* What others have seen must not be given again. */
		if (*number > room->history.next_number &&
		    *number < HISTORY_NUMBER_MAX)
			history_raise(&room->history, *number - 1);
		cursor = history_find(&room->history, *number);
	} else {
		/* They were live: until the last that was said, at least. */
		cursor = room->settled == 0 ?
		    history_head(&room->history) :
		    history_find(&room->history, room->settled);
		if (left_ms < room->said_ms)
			left_ms = room->said_ms;
	}
	place = person_set_place(p, room, cursor, left_ms);
	place->repeat_until = repeats < room->history.next_number ?
	    repeats :
	    room->history.next_number;
	return place;
}

static void
keeper_read_person(struct rooms *rooms, const char *key, size_t key_len,
    const char *value, size_t len)
{
	struct keeper_load *load = rooms->keeper.load;
	struct keeper_loaded_person *p;
	const struct ignore *ig;
	const struct kept_message *k;
	uint64_t *last_id = &rooms->roster.last_id;

	p = xcalloc(1, sizeof *p);
	if (!keeper_get_key(&p->key, key, key_len) ||
	    !person_record_get(&p->record, rooms, value, len)) {
		load->dropped++;
		free(p);
		return;
	}
	TAILQ_FOREACH(ig, &p->record.person.ignores, entry)
		if (ig->id > *last_id)
			*last_id = ig->id;
	TAILQ_FOREACH(k, &p->record.person.kept, entry)
		if (k->author > *last_id)
			*last_id = k->author;
	load->list[load->count++] = p;
}

static int
keeper_age_cmp(const void *a, const void *b)
{
	const struct keeper_loaded_person *pa, *pb;

	pa = *(const struct keeper_loaded_person *const *)a;
	pb = *(const struct keeper_loaded_person *const *)b;
	return (pa->record.kept_since_ms > pb->record.kept_since_ms) -
	    (pa->record.kept_since_ms < pb->record.kept_since_ms);
}

/* The people that were loaded, the oldest first. */
static void
keeper_read_people(struct rooms *rooms)
{
	struct keeper_load *load = rooms->keeper.load;
	const char *at = load->people.data;
	const char *end;
	size_t key_len, len, count = 0;

	if (at == NULL)
		return;
	end = at + load->people.len;
	for (; at < end; at += 8 + key_len + len, count++) {
		key_len = le_get32(at);
		len = le_get32(at + 4);
	}
	if (count == 0)
		return;
	load->list = xcalloc(count, sizeof(struct keeper_loaded_person *));
	for (at = load->people.data; at < end; at += 8 + key_len + len) {
		key_len = le_get32(at);
		len = le_get32(at + 4);
		keeper_read_person(rooms, at + 8, key_len, at + 8 + key_len,
		    len);
	}
	if (load->count > 0)
		qsort(load->list, load->count,
		    sizeof(struct keeper_loaded_person *), keeper_age_cmp);
}

static void
keeper_restore_people(struct rooms *rooms)
{
	struct keeper_load *load = rooms->keeper.load;
	struct keeper_loaded_person *p;
	size_t i;

	keeper_read_people(rooms);
	for (i = 0; i < load->count; i++) {
		p = load->list[i];
		bookmarks_restore(&rooms->bookmarks, p->key.folded,
		    &p->key.credential, &p->record.person, p->record.left_ms,
		    p->record.kept_since_ms);
		free(p);
	}
	if (load->dropped > 0)
		log_warning("places in the state could not be read: places=%zu",
		    load->dropped);
}

void
keeper_start(struct rooms *rooms, struct store *store)
{
	struct keeper *k = &rooms->keeper;
	struct roster *roster = &rooms->roster;
	struct room *room;

	/* Who is too old or one too many now goes there as well. */
	k->store = store;
	if (k->load != NULL)
		keeper_restore_people(rooms);
	keeper_load_free(k);
	if (roster->last_id < k->ids)
		roster->last_id = k->ids;
	if (roster->last_guest < k->guests)
		roster->last_guest = k->guests;
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;) {
		if (roster->last_id < room->history.max_author)
			roster->last_id = room->history.max_author;
		history_find_end(&room->history);
		/* Nobody is live. */
		room->looked = room->delivered.number;
	}
	if (!k->has_host_key)
		keeper_host_key(rooms);
	keeper_wake(rooms);
}

void
keeper_resume(struct rooms *rooms, struct store *store)
{
	rooms->keeper.store = store;
	keeper_counted(rooms);
	keeper_wake(rooms);
}
