/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * The house on its way from one program to the next: rooms, then people, then
 * what is pending between them. The messages themselves are not copied: their
 * rings are handed over as they are.
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carry.h"
#include "deliver.h"
#include "rooms.h"
#include "tlv.h"

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
	ROSTER_TAG_LAST_ID = 1,
	ROSTER_TAG_LAST_GUEST = 2,
	ROSTER_TAG_MESSAGES = 3,
	ROSTER_TAG_DELIVERIES = 4,
	ROSTER_TAG_FELL_BEHIND = 5,
	ROSTER_TAG_GAPS = 6,
	ROSTER_TAG_LAST_MSGID = 7,
	ROSTER_TAG_HOST_KEY = 8,
	ROSTER_TAG_LAST_ARRIVAL = 9,
	ROSTER_TAG_PRESENT_MAX = 10
};
enum {
	BOOKMARK_TAG_FOLDED = 1,
	BOOKMARK_TAG_CREDENTIAL = 2,
	BOOKMARK_TAG_LEFT = 3,
	BOOKMARK_TAG_KEPT_SINCE = 4,
	BOOKMARK_TAG_PERSON = 5
};

static const struct carry_field room_fields[] = {
	CARRY_STR(ROOM_TAG_NAME, struct room, name),
	CARRY_INT(ROOM_TAG_USED, struct room, used_ms),
	CARRY_INT(ROOM_TAG_SAID, struct room, said_ms),
	CARRY_UINT(ROOM_TAG_SETTLED, struct room, settled, UINT64_MAX),
	CARRY_UINT(ROOM_TAG_LOOKED, struct room, looked, UINT64_MAX),
	CARRY_STR(ROOM_TAG_TOPIC_BY, struct room, topic_by),
	CARRY_INT(ROOM_TAG_TOPIC_MS, struct room, topic_ms),
};

static const struct carry_field roster_fields[] = {
	CARRY_UINT(ROSTER_TAG_LAST_ID, struct rooms, roster.last_id,
	    UINT64_MAX),
	CARRY_UINT(ROSTER_TAG_LAST_GUEST, struct rooms, roster.last_guest,
	    UINT64_MAX),
	CARRY_UINT(ROSTER_TAG_MESSAGES, struct rooms, messages, UINT64_MAX),
	CARRY_UINT(ROSTER_TAG_DELIVERIES, struct rooms, deliveries, UINT64_MAX),
	CARRY_UINT(ROSTER_TAG_FELL_BEHIND, struct rooms, fell_behind,
	    UINT64_MAX),
	CARRY_UINT(ROSTER_TAG_GAPS, struct rooms, gaps, UINT64_MAX),
	CARRY_UINT(ROSTER_TAG_LAST_MSGID, struct rooms, last_msgid,
	    UINT64_MAX - 1),
	CARRY_UINT(ROSTER_TAG_LAST_ARRIVAL, struct rooms, last_arrival,
	    UINT64_MAX - 1),
	CARRY_UINT(ROSTER_TAG_PRESENT_MAX, struct rooms, roster.present_max,
	    SIZE_MAX),
};

static const struct carry_field bookmark_fields[] = {
	CARRY_STR(BOOKMARK_TAG_FOLDED, struct bookmark, folded),
	CARRY_INT(BOOKMARK_TAG_LEFT, struct bookmark, left_ms),
	CARRY_INT(BOOKMARK_TAG_KEPT_SINCE, struct bookmark, kept_since_ms),
};

/* Writing */

static int
room_save(struct room *room, struct carry_out *out)
{
	struct buf *data = &out->data;
	size_t mark, modes;

	if (history_share(&room->history) == -1)
		return -1;
	mark = tlv_open(data, CARRY_ROOM);
	carry_put(data, room_fields, NITEMS(room_fields), room);
	carry_put_fd(out, ROOM_TAG_RING, room->history.fd);
	if (room->topic != NULL)
		tlv_put_str(data, ROOM_TAG_TOPIC, room->topic);
	modes = tlv_open(data, ROOM_TAG_MODES);
	modes_put(&room->modes, data, true);
	tlv_close(data, modes);
	tlv_close(data, mark);
	return 0;
}

static void
bookmark_save(const struct bookmark *b, struct carry_out *out)
{
	struct buf *data = &out->data;
	size_t mark = tlv_open(data, CARRY_BOOKMARK), person;

	carry_put(data, bookmark_fields, NITEMS(bookmark_fields), b);
	carry_put_credential(data, BOOKMARK_TAG_CREDENTIAL,
	    bookmark_credential(b));
	person = tlv_open(data, BOOKMARK_TAG_PERSON);
	person_save(&b->person, out);
	tlv_close(data, person);
	tlv_close(data, mark);
}

int
rooms_save(struct rooms *rooms, struct carry_out *out)
{
	struct room *room;
	struct member *m;
	const struct bookmark *b;
	size_t mark;

	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		if (room_save(room, out) == -1)
			return -1;
	mark = tlv_open(&out->data, CARRY_ROSTER);
	carry_put(&out->data, roster_fields, NITEMS(roster_fields), rooms);
	tlv_put_bytes(&out->data, ROSTER_TAG_HOST_KEY, rooms->host_key.bytes,
	    sizeof rooms->host_key.bytes);
	tlv_close(&out->data, mark);
	for (m = NULL; (m = roster_next(&rooms->roster, m)) != NULL;)
		if (!m->is_lost)
			member_save(m, out);
	/* These in the order in which they will be given up. */
	TAILQ_FOREACH(m, &rooms->lost, in_lost)
		member_save(m, out);
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		presence_save(&room->presence, out);
	TAILQ_FOREACH(b, &rooms->bookmarks.by_age, by_age)
		bookmark_save(b, out);
	return 0;
}

/* Reading */

/* The ring, which the caller closes if it is none. */
static int
room_load_ring(struct history *h, int fd, enum carry_purpose purpose)
{
	switch (purpose) {
	case CARRY_TAKE:
		return history_adopt(h, fd);
	case CARRY_VERIFY:
		return history_peek(h, fd, false);
	case CARRY_LOOK:
		return history_peek(h, fd, true);
	}
	return -1;
}

/* room may be there already, as the lobby is; but nobody was in it. */
static bool
room_fill(struct rooms *rooms, const struct room *got, struct history *history,
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
	room = rooms_get(rooms, got->name);
	if (room->people_count > 0 || !LIST_EMPTY(&room->places) ||
	    room->presence.count > 0)
		return false;
	if (modes->data != NULL && !modes_get(room, modes->data, modes->len))
		return false;
	history_fini(&room->history);
	room->history = *history;
	room->delivered = history_head(history);
	room->used_ms = got->used_ms;
	room->said_ms = got->said_ms;
	room->settled = got->settled;
	room->looked = got->looked;
	room->is_carried = true;
	free(room->topic);
	room->topic = topic->data == NULL ?
	    NULL :
	    xstrndup((const char *)topic->data, topic->len);
	memcpy(room->topic_by, got->topic_by, sizeof room->topic_by);
	room->topic_ms = got->topic_ms;
	return true;
}

static bool
room_load(struct rooms *rooms, struct carry_in *in, const struct tlv *outer)
{
	struct room got;
	struct history history;
	struct tlv_reader r;
	struct tlv item, topic = { .data = NULL }, modes = { .data = NULL };
	bool is_good = true;
	int fd = -1;

	memset(&got, 0, sizeof got);
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == ROOM_TAG_RING) {
			is_good = fd == -1;
			if (is_good)
				fd = carry_get_fd(in, &item, CARRY_FD_FILE);
		} else if (item.tag == ROOM_TAG_TOPIC) {
			topic = item;
			is_good = item.len <= HISTORY_TEXT_MAX &&
			    memchr(item.data, '\0', item.len) == NULL;
		} else if (item.tag == ROOM_TAG_MODES)
			modes = item;
		else
			is_good = carry_get(&item, room_fields,
			    NITEMS(room_fields), &got);
	if (!is_good || r.is_bad || fd == -1 ||
	    room_name_check(got.name) != NICK_OK)
		(void)carry_fail(in, "a room is not consistent");
	else if (room_load_ring(&history, fd, in->purpose) == -1)
		(void)carry_fail(in, "the history of '%s' is not sound",
		    got.name);
	else if (room_fill(rooms, &got, &history, &topic, &modes))
		return true;
	else {
		history_fini(&history);
		return carry_fail(in,
		    "the room '%s' is not "
		    "consistent, or there twice",
		    got.name);
	}
	if (fd != -1)
		(void)close(fd);
	return false;
}

static bool
roster_load(struct rooms *rooms, struct carry_in *in, const struct tlv *outer)
{
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == ROSTER_TAG_HOST_KEY) {
			is_good = item.len == sizeof rooms->host_key.bytes;
			if (is_good)
				memcpy(rooms->host_key.bytes, item.data,
				    item.len);
		} else
			is_good = carry_get(&item, roster_fields,
			    NITEMS(roster_fields), rooms);
	if (!is_good)
		return carry_fail(in, "the counters are malformed");
	return r.is_bad ? carry_fail(in, "the counters are malformed") : true;
}

static bool
bookmark_load(struct rooms *rooms, struct carry_in *in, const struct tlv *outer)
{
	struct bookmark got;
	struct credential credential;
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true, has_credential = false, has_person = false;

	memset(&got, 0, sizeof got);
	person_init(&got.person);
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == BOOKMARK_TAG_CREDENTIAL)
			is_good = has_credential = carry_get_credential(&item,
			    &credential);
		else if (item.tag == BOOKMARK_TAG_PERSON) {
			is_good = !has_person &&
			    person_load(rooms, &got.person, in, &item);
			has_person = true;
		} else
			is_good = carry_get(&item, bookmark_fields,
			    NITEMS(bookmark_fields), &got);
	if (!is_good || r.is_bad || !has_credential || got.folded[0] == '\0') {
		person_clear(rooms, &got.person);
		return carry_fail(in, "a bookmark is not consistent");
	}
	bookmarks_restore(&rooms->bookmarks, got.folded, &credential,
	    &got.person, got.left_ms, got.kept_since_ms);
	return true;
}

bool
rooms_load(struct rooms *rooms, struct carry_in *in, const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name))
{
	switch (item->tag) {
	case CARRY_ROOM:
		return room_load(rooms, in, item);
	case CARRY_ROSTER:
		return roster_load(rooms, in, item);
	case CARRY_MEMBER:
		return member_load(rooms, in, item, find_dialect);
	case CARRY_PRESENCE:
		return presence_load(rooms, in, item);
	case CARRY_BOOKMARK:
		return bookmark_load(rooms, in, item);
	default:
		return true;
	}
}

static void
rooms_resume(struct room *room)
{
	struct membership *ms;

	TAILQ_FOREACH(ms, &room->people, in_room)
		if (ms->is_resuming) {
			ms->is_resuming = false;
			ms->cursor = room->delivered;
			deliver_add_in_step(ms);
		}
}

bool
rooms_load_end(struct rooms *rooms, struct carry_in *in)
{
	struct room *room;
	struct member *m;

	for (m = NULL; (m = roster_next(&rooms->roster, m)) != NULL;)
		if (m->is_lost != (m->ops == NULL))
			return carry_fail(in, "a member has no connection");
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;) {
		history_find_end(&room->history);
		if (!presence_is_complete(&room->presence))
			return carry_fail(in,
			    "somebody in '%s' was never "
			    "announced",
			    room->name);
	}
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		rooms_resume(room);
	rooms_reconfigure(rooms);
	return true;
}
