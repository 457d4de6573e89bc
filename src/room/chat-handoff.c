/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The chat on its way from one program to the next: rooms, then people, then
 * what is pending between them. The messages themselves are not copied: their
 * rings are handed over as they are.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "room/chat.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/presence.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	ROOM_TAG_NAME = 1,
	ROOM_TAG_RING = 2,
	ROOM_TAG_TOPIC = 3,
	ROOM_TAG_USED = 4,
	ROOM_TAG_SAID = 5,
	ROOM_TAG_SETTLED = 6,
	ROOM_TAG_LOOKED = 7,
	ROOM_TAG_MODES = 8,
	ROOM_TAG_TOPIC_BY = 9,
	ROOM_TAG_TOPIC_MS = 10
};
enum {
	DIRECTORY_TAG_LAST_ID = 1,
	DIRECTORY_TAG_LAST_GUEST = 2,
	DIRECTORY_TAG_MESSAGES = 3,
	DIRECTORY_TAG_DELIVERIES = 4,
	DIRECTORY_TAG_FELL_BEHIND = 5,
	DIRECTORY_TAG_GAPS = 6,
	DIRECTORY_TAG_LAST_MSGID = 7,
	DIRECTORY_TAG_HOST_KEY = 8,
	DIRECTORY_TAG_LAST_ARRIVAL = 9,
	DIRECTORY_TAG_PRESENT_MAX = 10
};
enum {
	DEPARTED_TAG_FOLDED = 1,
	DEPARTED_TAG_CREDENTIAL = 2,
	DEPARTED_TAG_LEFT = 3,
	DEPARTED_TAG_KEPT_SINCE = 4,
	DEPARTED_TAG_PERSON = 5
};

static const struct handoff_field room_fields[] = {
	HANDOFF_STR(ROOM_TAG_NAME, struct room, name),
	HANDOFF_INT(ROOM_TAG_USED, struct room, used_ms),
	HANDOFF_INT(ROOM_TAG_SAID, struct room, said_ms),
	HANDOFF_UINT(ROOM_TAG_SETTLED, struct room, low_water, UINT64_MAX),
	HANDOFF_UINT(ROOM_TAG_LOOKED, struct room, looked, UINT64_MAX),
	HANDOFF_STR(ROOM_TAG_TOPIC_BY, struct room, topic_by),
	HANDOFF_INT(ROOM_TAG_TOPIC_MS, struct room, topic_ms),
};

static const struct handoff_field directory_fields[] = {
	HANDOFF_UINT(DIRECTORY_TAG_LAST_ID, struct chat, directory.last_id,
	    UINT64_MAX),
	HANDOFF_UINT(DIRECTORY_TAG_LAST_GUEST, struct chat,
	    directory.last_guest, UINT64_MAX),
	HANDOFF_UINT(DIRECTORY_TAG_MESSAGES, struct chat, messages, UINT64_MAX),
	HANDOFF_UINT(DIRECTORY_TAG_DELIVERIES, struct chat, deliveries,
	    UINT64_MAX),
	HANDOFF_UINT(DIRECTORY_TAG_FELL_BEHIND, struct chat, fell_behind,
	    UINT64_MAX),
	HANDOFF_UINT(DIRECTORY_TAG_GAPS, struct chat, gaps, UINT64_MAX),
	HANDOFF_UINT(DIRECTORY_TAG_LAST_MSGID, struct chat, last_msgid,
	    UINT64_MAX - 1),
	HANDOFF_UINT(DIRECTORY_TAG_LAST_ARRIVAL, struct chat, last_arrival,
	    UINT64_MAX - 1),
	HANDOFF_UINT(DIRECTORY_TAG_PRESENT_MAX, struct chat,
	    directory.present_max, SIZE_MAX),
};

static const struct handoff_field departed_fields[] = {
	HANDOFF_STR(DEPARTED_TAG_FOLDED, struct departed, folded),
	HANDOFF_INT(DEPARTED_TAG_LEFT, struct departed, left_ms),
	HANDOFF_INT(DEPARTED_TAG_KEPT_SINCE, struct departed, made_ms),
};

/* Writing */

static int
room_save(struct room *room, struct fields_out *out)
{
	struct buf *data = &out->data;
	size_t mark, modes;

	if (history_share(&room->history) == -1)
		return -1;
	mark = tlv_open(data, HANDOFF_ROOM);
	handoff_put(data, room_fields, NITEMS(room_fields), room);
	fields_put_fd(out, ROOM_TAG_RING, room->history.fd);
	if (room->topic != NULL)
		tlv_put_str(data, ROOM_TAG_TOPIC, room->topic);
	modes = tlv_open(data, ROOM_TAG_MODES);
	modes_put(&room->modes, data, true);
	tlv_close(data, modes);
	tlv_close(data, mark);
	return 0;
}

static void
departed_save(const struct departed *b, struct fields_out *out)
{
	struct buf *data = &out->data;
	size_t mark = tlv_open(data, HANDOFF_BOOKMARK), person;

	handoff_put(data, departed_fields, NITEMS(departed_fields), b);
	handoff_put_credential(data, DEPARTED_TAG_CREDENTIAL,
	    departed_credential(b));
	person = tlv_open(data, DEPARTED_TAG_PERSON);
	person_save(&b->person, out);
	tlv_close(data, person);
	tlv_close(data, mark);
}

int
chat_save(struct chat *chat, struct fields_out *out)
{
	struct room *room;
	struct member *m;
	const struct departed *b;
	size_t mark;

	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		if (room_save(room, out) == -1)
			return -1;
	mark = tlv_open(&out->data, HANDOFF_ROSTER);
	handoff_put(&out->data, directory_fields, NITEMS(directory_fields),
	    chat);
	tlv_put_bytes(&out->data, DIRECTORY_TAG_HOST_KEY, chat->host_key.bytes,
	    sizeof(chat->host_key.bytes));
	tlv_close(&out->data, mark);
	for (m = NULL; (m = directory_next(&chat->directory, m)) != NULL;)
		if (!m->is_lost)
			member_save(m, out);
	/* These in the order in which they will be given up. */
	TAILQ_FOREACH(m, &chat->lost, in_lost)
		member_save(m, out);
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		presence_save(&room->presence, out);
	TAILQ_FOREACH(b, &chat->departed.by_age, by_age)
		departed_save(b, out);
	return 0;
}

/* Reading */

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
room_fill(struct chat *chat, const struct room *got, struct history *history,
    const struct tlv *topic, const struct tlv *modes)
{
	char folded[ROOM_NAME_SIZE];
	const char *p;
	struct room *room;

	nick_fold(folded, got->name);
	if (strcmp(folded, got->name) != 0)
		return false;
	for (p = got->topic_by; *p != '\0'; p++)
		if (!nick_is_char(*p))
			return false;
	room = chat_get_room(chat, got->name);
	if (room->people_count > 0 || !LIST_EMPTY(&room->bookmarks) ||
	    room->presence.count > 0)
		return false;
	if (modes->data != NULL && !modes_get(room, modes->data, modes->len))
		return false;
	history_fini(&room->history);
	room->history = *history;
	room->turn_start = history_head(history);
	room->used_ms = got->used_ms;
	room->said_ms = got->said_ms;
	room->low_water = got->low_water;
	room->looked = got->looked;
	room->is_handed_over = true;
	free(room->topic);
	room->topic = topic->data == NULL ?
	    NULL :
	    xstrndup((const char *)topic->data, topic->len);
	memcpy(room->topic_by, got->topic_by, sizeof(room->topic_by));
	room->topic_ms = got->topic_ms;
	return true;
}

static bool
room_load(struct chat *chat, struct fields_in *in, const struct tlv *outer)
{
	struct room got;
	struct history history;
	struct tlv_reader r;
	struct tlv item, topic = { .data = NULL }, modes = { .data = NULL };
	bool is_good = true;
	int fd = -1;

	memset(&got, 0, sizeof(got));
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == ROOM_TAG_RING) {
			is_good = fd == -1;
			if (is_good)
				fd = fields_get_fd(in, &item, FIELDS_FD_FILE);
		} else if (item.tag == ROOM_TAG_TOPIC) {
			topic = item;
			is_good = item.len <= HISTORY_TEXT_MAX &&
			    memchr(item.data, '\0', item.len) == NULL;
		} else if (item.tag == ROOM_TAG_MODES)
			modes = item;
		else
			is_good = handoff_get(&item, room_fields,
			    NITEMS(room_fields), &got);
	if (!is_good || r.is_bad || fd == -1 ||
	    room_name_check(got.name) != NICK_OK)
		(void)fields_fail(in, "a room is not consistent");
	else if (room_load_ring(&history, fd, in->purpose) == -1)
		(void)fields_fail(in, "the history of '%s' is not sound",
		    got.name);
	else if (room_fill(chat, &got, &history, &topic, &modes))
		return true;
	else {
		history_fini(&history);
		return fields_fail(in,
		    "the room '%s' is not "
		    "consistent, or there twice",
		    got.name);
	}
	if (fd != -1)
		(void)close(fd);
	return false;
}

static bool
directory_load(struct chat *chat, struct fields_in *in, const struct tlv *outer)
{
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == DIRECTORY_TAG_HOST_KEY) {
			is_good = item.len == sizeof(chat->host_key.bytes);
			if (is_good)
				memcpy(chat->host_key.bytes, item.data,
				    item.len);
		} else
			is_good = handoff_get(&item, directory_fields,
			    NITEMS(directory_fields), chat);
	if (!is_good)
		return fields_fail(in, "the counters are malformed");
	return r.is_bad ? fields_fail(in, "the counters are malformed") : true;
}

static bool
departed_load(struct chat *chat, struct fields_in *in, const struct tlv *outer)
{
	struct departed got;
	struct credential credential;
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true, has_credential = false, has_person = false;

	memset(&got, 0, sizeof(got));
	person_init(&got.person);
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == DEPARTED_TAG_CREDENTIAL)
			is_good = has_credential = handoff_get_credential(&item,
			    &credential);
		else if (item.tag == DEPARTED_TAG_PERSON) {
			is_good = !has_person &&
			    person_load(chat, &got.person, in, &item);
			has_person = true;
		} else
			is_good = handoff_get(&item, departed_fields,
			    NITEMS(departed_fields), &got);
	if (!is_good || r.is_bad || !has_credential || got.folded[0] == '\0') {
		person_clear(chat, &got.person);
		return fields_fail(in, "a bookmark is not consistent");
	}
	departed_restore(&chat->departed, got.folded, &credential, &got.person,
	    got.left_ms, got.made_ms);
	return true;
}

bool
chat_load(struct chat *chat, struct fields_in *in, const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name))
{
	switch (item->tag) {
	case HANDOFF_ROOM:
		return room_load(chat, in, item);
	case HANDOFF_ROSTER:
		return directory_load(chat, in, item);
	case HANDOFF_MEMBER:
		return member_load(chat, in, item, find_dialect);
	case HANDOFF_PRESENCE:
		return presence_load(chat, in, item);
	case HANDOFF_BOOKMARK:
		return departed_load(chat, in, item);
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
				deliver_add_live(c);
			}
}

bool
chat_load_end(struct chat *chat, struct fields_in *in)
{
	struct room *room;
	struct member *m;

	for (m = NULL; (m = directory_next(&chat->directory, m)) != NULL;)
		if (m->is_lost == member_is_connected(m))
			return fields_fail(in, "a member has no connection");
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;) {
		history_find_end(&room->history);
		if (!presence_is_complete(&room->presence))
			return fields_fail(in,
			    "somebody in '%s' was never "
			    "announced",
			    room->name);
	}
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		chat_resume(room);
	chat_reconfigure(chat);
	return true;
}
