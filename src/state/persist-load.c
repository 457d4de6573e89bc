/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * From the journal to the chat. People come last: their places need to know
 * what their rooms have, and they become bookmarks in the order of their age,
 * which is not that of the journal.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/tlv.h"
#include "room/chat-rooms.h"
#include "room/departed.h"
#include "room/modes.h"
#include "room/room.h"
#include "room/watch.h"
#include "state/persist-impl.h"
#include "state/person-record.h"

struct persist_loaded_person {
	struct person_key key;
	struct person_record record;
};

struct persist_load {
	struct buf people; /* key length, key, value length, value */
	struct persist_loaded_person **list;
	size_t count;
	size_t dropped;
};

void
persist_load_free(struct persist *k)
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
persist_loaded_room(struct chat *chat, const unsigned char *key, size_t len)
{
	char name[ROOM_NAME_SIZE];

	if (len == 0 || len - 1 > ROOM_NAME_MAX)
		return NULL;
	memcpy(name, key + 1, len - 1);
	name[len - 1] = '\0';
	return chat_find_room(chat, name);
}

static void
persist_loaded_topic(struct room *room, const void *value, size_t len)
{
	char topic[TOPIC_MAX + 1];
	struct tlv item = { .data = value, .len = len };

	if (len > 0 && tlv_get_str(&item, topic, sizeof(topic)) &&
	    text_is_harmless(value, len)) {
		free(room->topic);
		room->topic = xstrdup(topic);
	}
}

static void
persist_loaded_topic_by(struct room *room, const char *value, size_t len)
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
persist_loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct persist *k = arg;
	struct chat *chat = k->chat;
	const unsigned char *bytes = key, *number = value;
	struct room *room;
	unsigned char lens[8];

	if (k->load == NULL)
		k->load = xcalloc(1, sizeof(*k->load));
	switch (bytes[0]) {
	case PERSIST_COUNTS:
		if (len < 16 || le_get64(number) > EVENT_AUTHOR_MAX)
			break;
		k->ids = le_get64(number);
		k->guests = le_get64(number + 8);
		break;
	case PERSIST_HOST_KEY:
		if (len == sizeof(chat->host_key.bytes)) {
			memcpy(chat->host_key.bytes, value, len);
			k->has_host_key = true;
		}
		break;
	case PERSIST_LOW_WATER:
		room = persist_loaded_room(chat, bytes, key_len);
		if (room != NULL && len == 8)
			room->low_water = le_get64(number);
		break;
	case PERSIST_TOPIC:
		room = persist_loaded_room(chat, bytes, key_len);
		if (room != NULL)
			persist_loaded_topic(room, value, len);
		break;
	case PERSIST_TOPIC_BY:
		room = persist_loaded_room(chat, bytes, key_len);
		if (room != NULL)
			persist_loaded_topic_by(room, value, len);
		break;
	case PERSIST_MODES:
		room = persist_loaded_room(chat, bytes, key_len);
		if (room != NULL && !modes_get(room, value, len))
			log_warning("the modes of a room could not be read: "
				    "room=%s",
			    room->name);
		break;
	case PERSIST_PERSON:
		/* Later: it needs to know what is settled. */
		le_put32(lens, (uint32_t)key_len);
		le_put32(lens + 4, (uint32_t)len);
		buf_add(&k->load->people, lens, sizeof(lens));
		buf_add(&k->load->people, key, key_len);
		buf_add(&k->load->people, value, len);
		break;
	}
}

static bool
persist_get_key(struct person_key *who, const char *key, size_t len)
{
	size_t folded_len, i;

	if (len <= 1 + sizeof(who->credential))
		return false;
	folded_len = len - 1 - sizeof(who->credential);
	if (folded_len > NICK_MAX)
		return false;
	memcpy(&who->credential, key + 1, sizeof(who->credential));
	memcpy(who->folded, key + 1 + sizeof(who->credential), folded_len);
	who->folded[folded_len] = '\0';
	for (i = 0; i < folded_len; i++)
		if (!nick_is_char(who->folded[i]))
			return false;
	nick_fold(who->folded, who->folded);
	return who->credential.kind <= CREDENTIAL_UID;
}

static void
persist_read_person(struct persist *k, const char *key, size_t key_len,
    const char *value, size_t len)
{
	struct chat *chat = k->chat;
	struct persist_load *load = k->load;
	struct persist_loaded_person *p;
	const struct ignore *ig;
	const struct queued_message *q;
	uint64_t *last_id = &chat->directory.last_id;

	p = xcalloc(1, sizeof(*p));
	if (!persist_get_key(&p->key, key, key_len) ||
	    !person_record_get(&p->record, chat, value, len)) {
		load->dropped++;
		free(p);
		return;
	}
	TAILQ_FOREACH(ig, &p->record.person.ignores, entry)
		if (ig->id > *last_id)
			*last_id = ig->id;
	TAILQ_FOREACH(q, &p->record.person.queued, entry)
		if (q->author > *last_id)
			*last_id = q->author;
	load->list[load->count++] = p;
}

static int
persist_age_cmp(const void *a, const void *b)
{
	const struct persist_loaded_person *pa, *pb;

	pa = *(const struct persist_loaded_person *const *)a;
	pb = *(const struct persist_loaded_person *const *)b;
	return (pa->record.made_ms > pb->record.made_ms) -
	    (pa->record.made_ms < pb->record.made_ms);
}

/* The people that were loaded, the oldest first. */
static void
persist_read_people(struct persist *k)
{
	struct persist_load *load = k->load;
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
	load->list = xcalloc(count, sizeof(struct persist_loaded_person *));
	for (at = load->people.data; at < end; at += 8 + key_len + len) {
		key_len = le_get32(at);
		len = le_get32(at + 4);
		persist_read_person(k, at + 8, key_len, at + 8 + key_len, len);
	}
	if (load->count > 0)
		qsort(load->list, load->count,
		    sizeof(struct persist_loaded_person *), persist_age_cmp);
}

static void
persist_restore_people(struct persist *k)
{
	struct chat *chat = k->chat;
	struct persist_load *load = k->load;
	struct persist_loaded_person *p;
	size_t i;

	persist_read_people(k);
	for (i = 0; i < load->count; i++) {
		p = load->list[i];
		departed_restore(&chat->departed, p->key.folded,
		    &p->key.credential, &p->record.person, p->record.left_ms,
		    p->record.made_ms);
		free(p);
	}
	if (load->dropped > 0)
		log_warning("places in the state could not be read: places=%zu",
		    load->dropped);
}

void
persist_start(struct persist *k, struct journal *journal)
{
	struct chat *chat = k->chat;
	struct directory *directory = &chat->directory;
	struct room *room;

	/* Who is too old or one too many now goes there as well. */
	persist_begin(k, journal);
	if (k->load != NULL)
		persist_restore_people(k);
	persist_load_free(k);
	if (directory->last_id < k->ids)
		directory->last_id = k->ids;
	if (directory->last_guest < k->guests)
		directory->last_guest = k->guests;
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		if (directory->last_id < room->history.max_author)
			directory->last_id = room->history.max_author;
		history_find_end(&room->history);
		/* Nobody is live. */
		room->looked = room->turn_start.number;
	}
	if (!k->has_host_key)
		persist_put_host_key(k);
	watch_said(chat);
}

void
persist_resume(struct persist *k, struct journal *journal)
{
	persist_begin(k, journal);
	watch_counted(k->chat);
	watch_said(k->chat);
}
