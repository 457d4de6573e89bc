/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * From the journal to the chat. People come last: their bookmarks depend on
 * what their rooms hold, and they become departed in the order of their age,
 * which is not that of the journal.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "room/chat-rooms.h"
#include "room/chat.h"
#include "room/departed.h"
#include "room/person.h"
#include "room/watch.h"
#include "state/persist-impl.h"

struct persist_load {
	struct departed_record **people;
	size_t count, cap;
	size_t dropped;
};

void
persist_load_free(struct persist *k)
{
	size_t i;

	if (k->load == NULL)
		return;
	for (i = 0; i < k->load->count; i++) {
		person_clear(k->chat, &k->load->people[i]->b.person);
		free(k->load->people[i]);
	}
	free(k->load->people);
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

/* Numbers that others have seen must not be given again, if the history has
 * lost them. */
static void
persist_loaded_low_water(const struct persist *k, struct room *room,
    uint64_t number)
{
	if (number == 0 || number >= HISTORY_NUMBER_MAX)
		return;
	history_raise(&room->history, number - 1);
	/* That somebody had not read so far may be what is lost. */
	if (!k->has_lost)
		room->low_water = number;
}

static bool
persist_get_key(struct departed_record *r, const unsigned char *key, size_t len)
{
	struct credential *c = &r->credential;
	char *folded = r->b.folded;
	size_t folded_len;

	if (len <= 1 + sizeof(*c) || len - 1 - sizeof(*c) > NICK_MAX)
		return false;
	folded_len = len - 1 - sizeof(*c);
	memcpy(c, key + 1, sizeof(*c));
	memcpy(folded, key + 1 + sizeof(*c), folded_len);
	folded[folded_len] = '\0';
	if (c->kind >= CREDENTIAL_KINDS || strlen(folded) != folded_len ||
	    !nick_is_wellformed(folded))
		return false;
	nick_fold(folded, folded);
	return true;
}

/* Ids that others know are not given again. */
static void
persist_raise_last_id(struct chat *chat, const struct person *p)
{
	uint64_t *last_id = &chat->directory.last_id;
	const struct ignore *ig;
	const struct queued_message *q;

	TAILQ_FOREACH(ig, &p->ignores, entry)
		if (ig->id > *last_id)
			*last_id = ig->id;
	TAILQ_FOREACH(q, &p->queued, entry)
		if (q->author > *last_id)
			*last_id = q->author;
}

static void
persist_loaded_person(struct persist *k, const unsigned char *key,
    size_t key_len, const struct tlv *item)
{
	struct persist_load *load = k->load;
	struct departed_record *r = xmalloc(sizeof(*r));
	struct fields_in in = { .use = FIELDS_DISK, .clock = k->chat->clock };

	if (!departed_read(r, k->chat, &in, item)) {
		load->dropped++;
		free(r);
	} else if (!persist_get_key(r, key, key_len)) {
		load->dropped++;
		person_clear(k->chat, &r->b.person);
		free(r);
	} else {
		persist_raise_last_id(k->chat, &r->b.person);
		if (load->count == load->cap) {
			load->cap = load->cap == 0 ? 64 : load->cap * 2;
			load->people = xreallocarray(load->people, load->cap,
			    sizeof(struct departed_record *));
		}
		load->people[load->count++] = r;
	}
	fields_in_fini(&in);
}

static void
persist_loaded_item(struct persist *k, const unsigned char *key, size_t key_len,
    const struct tlv *item)
{
	struct fields_in in = { .use = FIELDS_DISK, .clock = k->chat->clock };
	struct room *room;

	switch (key[0]) {
	case PERSIST_AGE:
		if (item->len == 24 && k->chat->clock->age != NULL)
			k->has_age = age_go_on(k->chat->clock->age,
			    k->chat->clock->mono_ms,
			    (int64_t)le_get64(item->data),
			    (int64_t)le_get64(item->data + 8),
			    (int64_t)le_get64(item->data + 16));
		break;
	case PERSIST_COUNTS:
		if (item->len < 16 || le_get64(item->data) > EVENT_AUTHOR_MAX)
			break;
		k->ids = le_get64(item->data);
		k->guests = le_get64(item->data + 8);
		break;
	case PERSIST_HOST_KEY:
		if (item->len == sizeof(k->chat->host_key.bytes)) {
			memcpy(k->chat->host_key.bytes, item->data, item->len);
			k->has_host_key = true;
		}
		break;
	case PERSIST_LOW_WATER:
		room = persist_loaded_room(k->chat, key, key_len);
		if (room != NULL && item->len == 8)
			persist_loaded_low_water(k, room, le_get64(item->data));
		break;
	case PERSIST_PERSON:
		persist_loaded_person(k, key, key_len, item);
		break;
	case PERSIST_ROOM:
		room = persist_loaded_room(k->chat, key, key_len);
		if (room != NULL && !chat_load_room(room, &in, item))
			log_warning("what is kept of a room could not be "
				    "read: room=%s: %s",
			    room->name, in.error);
		break;
	}
	fields_in_fini(&in);
}

void
persist_loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	const struct tlv item = { .data = value, .len = len };
	struct persist *k = arg;

	if (k->load == NULL)
		k->load = xcalloc(1, sizeof(*k->load));
	if (key_len == 0) {
		k->has_lost = true;
		return;
	}
	persist_loaded_item(k, key, key_len, &item);
}

static int
persist_age_cmp(const void *a, const void *b)
{
	const struct departed_record *ra, *rb;

	ra = *(const struct departed_record *const *)a;
	rb = *(const struct departed_record *const *)b;
	return (ra->b.made_ms > rb->b.made_ms) -
	    (ra->b.made_ms < rb->b.made_ms);
}

/* The oldest first. */
static void
persist_restore_people(struct persist *k)
{
	struct persist_load *load = k->load;
	struct departed_record *r;
	size_t i;

	if (load->count > 0)
		qsort(load->people, load->count,
		    sizeof(struct departed_record *), persist_age_cmp);
	for (i = 0; i < load->count; i++) {
		r = load->people[i];
		departed_restore(&k->chat->departed, r->b.folded,
		    &r->credential, &r->b.person, r->b.left_ms, r->b.made_ms);
		if (r->was_here)
			watch_person_changed(k->chat, r->b.folded,
			    &r->credential);
		free(r);
	}
	load->count = 0;
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

	/* People who are now too old or too many go into the journal
	 * as well. */
	persist_begin(k, journal);
	chat_age_known(chat);
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
		room->turn_start = history_head(&room->history);
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
