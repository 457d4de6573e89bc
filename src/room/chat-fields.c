/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The chat on its way to the next program: rooms, then people, then what is
 * pending between them; and a room as it is on the disk. The messages are not
 * copied: their rings are handed over as they are, and are files of their own.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/handoff.h"
#include "base/log.h"
#include "base/text.h"
#include "room/chat.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/crowd.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/presence.h"
#include "room/room.h"

/* Rooms */

/* What is read, before it is known which room that is. */
struct room_record {
	struct room room; /* the first, so that its fields are where they are */
	struct tlv modes;
};

static void
room_put_modes(struct fields_out *out, const struct field *f, const void *base)
{
	const struct room *room = base;
	size_t mark;

	if (out->use == FIELDS_DISK && !room->modes.is_persisted)
		return;
	mark = tlv_open(&out->data, f->tag);
	modes_save(&room->modes, out);
	tlv_close(&out->data, mark);
}

static bool
room_is_name(const char *name)
{
	char folded[ROOM_NAME_SIZE];

	if (room_name_check(name) != NICK_OK)
		return false;
	nick_fold(folded, name);
	return strcmp(folded, name) == 0;
}

static bool
room_is_topic(const char *topic)
{
	return topic[0] != '\0' && text_is_harmless(topic, strlen(topic));
}

static void
room_put_maker(struct fields_out *out, const struct field *f, const void *base)
{
	const struct room *room = base;

	if (room->maker != NULL)
		origin_put(out, f->tag, room->maker);
}

static bool
room_get_maker(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct room *room = base;
	struct chat *chat = in->arg;

	(void)f;
	room->maker = origins_read(&chat->origins, item);
	return room->maker != NULL;
}

static const struct field room_list[] = {
	{ FIELD_STRING(1, struct room, name), .only = FIELDS_HANDOFF,
	    .is_needed = true, .check = room_is_name },
	{ FIELD_FD(2, struct room, history.fd, FIELDS_FD_FILE),
	    .only = FIELDS_HANDOFF, .is_needed = true },
	{ FIELD_TEXT(3, struct room, topic, TOPIC_MAX), .check = room_is_topic,
	    .may_be_bad = true },
	{ FIELD_STRING(4, struct room, topic_by), .check = nick_is_wellformed,
	    .may_be_bad = true },
	{ FIELD_INT(5, struct room, topic_ms) },
	{ FIELD_ITEM(6, struct room_record, modes, room_put_modes) },
	{ FIELD_INT(7, struct room, used_ms), .only = FIELDS_HANDOFF },
	{ FIELD_INT(8, struct room, said_ms), .only = FIELDS_HANDOFF },
	{ FIELD_UINT(9, struct room, low_water), .only = FIELDS_HANDOFF },
	{ FIELD_UINT(10, struct room, looked), .only = FIELDS_HANDOFF },
	{ FIELD_OTHER(11, "maker", room_put_maker, room_get_maker) },
	{ FIELD_UINT(12, struct room, key), .only = FIELDS_HANDOFF },
	{ FIELD_UINT(13, struct room, said.amount), .only = FIELDS_HANDOFF,
	    .max = HISTORY_SIZE_MAX },
	{ FIELD_INT(14, struct room, said.at_ms), .only = FIELDS_HANDOFF },
};
static const struct fields room_fields = { FIELDS("a room", struct room_record,
    room_list) };

void
chat_save_room(const struct room *room, struct fields_out *out)
{
	fields_put(out, &room_fields, room);
}

/* What is handed over and on the disk alike. */
static void
room_take(struct room *room, struct room *got)
{
	free(room->topic);
	room->topic = got->topic;
	got->topic = NULL;
	memcpy(room->topic_by, got->topic_by, sizeof(room->topic_by));
	room_set_maker(room, got->maker);
	room->topic_ms = got->topic_by[0] == '\0' ? 0 : got->topic_ms;
}

bool
chat_load_room(struct room *room, struct fields_in *in, const struct tlv *item)
{
	struct room_record got;

	memset(&got, 0, sizeof(got));
	in->arg = room->chat;
	if (!fields_get(in, &room_fields, item, &got))
		return false;
	room_take(room, &got.room);
	return got.modes.data == NULL || modes_load(room, in, &got.modes);
}

/* The ring, which the caller closes if it is none. */
static int
room_load_ring(struct history *h, int fd, enum handoff_purpose purpose)
{
	switch (purpose) {
	case HANDOFF_TAKE:
		return history_adopt(h, fd);
	case HANDOFF_VERIFY:
		return history_peek(h, fd, false);
	case HANDOFF_LOOK:
		return history_peek(h, fd, true);
	}
	return -1;
}

/* room may be there already, as the lobby is; but nobody was in it. */
static bool
room_fill(struct room *room, struct fields_in *in, struct room_record *got,
    const struct history *history)
{
	if (room->people_count > 0 || !LIST_EMPTY(&room->bookmarks) ||
	    room->presence.count > 0)
		return fields_fail(in, "the room '%s' is there twice",
		    room->name);
	if (got->modes.data != NULL && !modes_load(room, in, &got->modes))
		return false;
	history_fini(&room->history);
	room->history = *history;
	room->turn_start = history_head(history);
	room->used_ms = got->room.used_ms;
	room->said_ms = got->room.said_ms;
	room->low_water = got->room.low_water;
	room->looked = got->room.looked;
	room->is_handed_over = true;
	/* It is what origins know the room by. */
	if (got->room.key > 0)
		room->key = got->room.key;
	if (room->chat->last_key < room->key)
		room->chat->last_key = room->key;
	room->said = got->room.said;
	room_take(room, &got->room);
	return true;
}

static bool
room_load(struct chat *chat, struct fields_in *in, const struct tlv *item)
{
	struct room_record got;
	struct history history;

	memset(&got, 0, sizeof(got));
	in->arg = chat;
	if (!fields_get(in, &room_fields, item, &got))
		return false;
	if (room_load_ring(&history, got.room.history.fd, in->purpose) == -1)
		(void)fields_fail(in, "the history of '%s' is not sound",
		    got.room.name);
	else {
		got.room.history.fd = -1;
		if (room_fill(chat_get_room(chat, got.room.name), in, &got,
			&history))
			return true;
		history_fini(&history);
	}
	fields_clear(&room_fields, &got);
	return false;
}

/* The chat */

static const struct field chat_list[] = {
	{ FIELD_UINT(1, struct chat, directory.last_id) },
	{ FIELD_UINT(2, struct chat, directory.last_guest) },
	{ FIELD_UINT(3, struct chat, directory.present_max) },
	{ FIELD_UINT(4, struct chat, messages) },
	{ FIELD_UINT(5, struct chat, deliveries) },
	{ FIELD_UINT(6, struct chat, fell_behind) },
	{ FIELD_UINT(7, struct chat, gaps) },
	{ FIELD_UINT(8, struct chat, last_msgid), .max = UINT64_MAX - 1 },
	{ FIELD_UINT(9, struct chat, last_arrival), .max = UINT64_MAX - 1 },
	{ FIELD_BYTES(10, struct chat, host_key.bytes) },
	/* A program that knows no accounts hands over none. */
	{ FIELD_BOOL(11, struct chat, accounts.is_known) },
	{ FIELD_UINT(12, struct chat, origins.connects.amount),
	    .max = UINT32_MAX },
	{ FIELD_INT(13, struct chat, origins.connects.at_ms) },
};
static const struct fields chat_fields = { FIELDS("the chat", struct chat,
    chat_list) };

int
chat_save(struct chat *chat, struct fields_out *out)
{
	struct room *room;
	struct member *m;

	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		if (history_share(&room->history) == -1)
			return -1;
		fields_put_item(out, HANDOFF_ROOM, &room_fields, room);
	}
	chat->accounts.is_known = true;
	fields_put_item(out, HANDOFF_CHAT, &chat_fields, chat);
	accounts_save(&chat->accounts, out);
	attempts_save(&chat->accounts.attempts, chat->clock->mono_ms, out);
	origins_save(&chat->origins, out);
	for (m = NULL; (m = directory_next(&chat->directory, m)) != NULL;)
		if (!m->is_lost)
			member_save(m, out);
	/* These in the order in which they will be given up. */
	TAILQ_FOREACH(m, &chat->lost, in_lost)
		member_save(m, out);
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		presence_save(&room->presence, out);
	departed_save_all(&chat->departed, out);
	conversing_confirm(&chat->conversations);
	conversing_settle(&chat->conversations);
	conversations_save(&chat->conversations, out);
	return 0;
}

bool
chat_load(struct chat *chat, struct fields_in *in, const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name))
{
	switch (item->tag) {
	case HANDOFF_ROOM:
		return room_load(chat, in, item);
	case HANDOFF_CHAT:
		return fields_get(in, &chat_fields, item, chat);
	case HANDOFF_ACCOUNT:
		return accounts_load(&chat->accounts, in, item) != NULL;
	case HANDOFF_ATTEMPT:
		return attempts_load(&chat->accounts.attempts, in, item);
	case HANDOFF_ORIGIN:
		return origins_load(&chat->origins, in, item);
	case HANDOFF_MEMBER:
		return member_load(chat, in, item, find_dialect);
	case HANDOFF_PRESENCE:
		return presence_load(chat, in, item);
	case HANDOFF_DEPARTED:
		return departed_load(&chat->departed, in, item);
	case HANDOFF_CONVERSATION:
		return conversation_load(&chat->conversations, in, item);
	default:
		return true;
	}
}

static void
chat_resume(struct room *room)
{
	struct membership *ms;
	struct cursor *c;

	TAILQ_FOREACH(ms, &room->people, in_room)
		SLIST_FOREACH(c, &ms->cursors, in_membership)
			if (c->delivery.is_resuming) {
				c->delivery.is_resuming = false;
				cursor_move(c, room->turn_start);
				/* What is queued comes first. */
				if (TAILQ_EMPTY(&ms->member->person.queued))
					deliver_add_live(c);
				else
					deliver_pump_later(c);
			}
}

bool
chat_load_end(struct chat *chat, struct fields_in *in)
{
	const struct client *client;
	struct room *room;
	struct member *m;

	for (m = NULL; (m = directory_next(&chat->directory, m)) != NULL;)
		SLIST_FOREACH(client, &m->clients, in_member)
			if (m->is_lost != (client->ops == NULL))
				return fields_fail(in,
				    "a member has no connection");
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		history_find_end(&room->history);
		if (!presence_is_complete(&room->presence))
			return fields_fail(in,
			    "somebody in '%s' was never "
			    "announced",
			    room->name);
	}
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		chat_resume(room);
		crowd_restored(room);
	}
	chat_reconfigure(chat);
	return true;
}
