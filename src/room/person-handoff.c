/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A person on the way from one program to the next. Unlike in a file
 * (person-record.c), all is exact or refused: the rooms are the same, and the
 * monotonic clock goes on. Places are numbers; where those are in the ring is
 * found again, so that nothing that was read is taken for an address.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "room/chat-rooms.h"
#include "room/person.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	PERSON_TAG_PLACE = 1,
	PERSON_TAG_IGNORE = 2,
	PERSON_TAG_KEPT = 3,
	PERSON_TAG_MARKER = 4
};
enum {
	PLACE_TAG_ROOM = 1,
	PLACE_TAG_NUMBER = 2,
	PLACE_TAG_LEFT = 3,
	PLACE_TAG_REPEAT_UNTIL = 4,
	PLACE_TAG_POSITION = 5,
	PLACE_TAG_TOLD_FROM = 6,
	PLACE_TAG_GUEST_FROM = 7,
	PLACE_TAG_GUEST_UNTIL = 8,
	PLACE_TAG_GAP_FROM = 9,
	PLACE_TAG_GAP_UNTIL = 10,
	PLACE_TAG_IS_OP = 11,
	PLACE_TAG_IS_VOICED = 12
};
enum { IGNORE_TAG_NICK = 1, IGNORE_TAG_ID = 2 };
enum { MARKER_TAG_NAME = 1, MARKER_TAG_TIME = 2 };
enum {
	KEPT_TAG_TIME = 1,
	KEPT_TAG_AUTHOR = 2,
	KEPT_TAG_POSITION = 3,
	KEPT_TAG_IS_REPEAT = 4,
	KEPT_TAG_NICK = 5,
	KEPT_TAG_TEXT = 6,
	KEPT_TAG_MSGID = 7,
	KEPT_TAG_IS_NOTICE = 8,
	KEPT_TAG_IS_ACTION = 9
};

static const struct handoff_field bookmark_fields[] = {
	HANDOFF_UINT(PLACE_TAG_NUMBER, struct bookmark, cursor.number,
	    UINT64_MAX),
	HANDOFF_INT(PLACE_TAG_LEFT, struct bookmark, left_ms),
	HANDOFF_UINT(PLACE_TAG_REPEAT_UNTIL, struct bookmark, repeat_until,
	    UINT64_MAX),
	HANDOFF_UINT(PLACE_TAG_POSITION, struct bookmark, position, UINT64_MAX),
	HANDOFF_UINT(PLACE_TAG_TOLD_FROM, struct bookmark, shown.from,
	    UINT64_MAX),
	HANDOFF_UINT(PLACE_TAG_GUEST_FROM, struct bookmark, shown.guest_from,
	    UINT64_MAX),
	HANDOFF_UINT(PLACE_TAG_GUEST_UNTIL, struct bookmark, shown.guest_until,
	    UINT64_MAX),
	HANDOFF_UINT(PLACE_TAG_GAP_FROM, struct bookmark, shown.gap_from,
	    UINT64_MAX),
	HANDOFF_UINT(PLACE_TAG_GAP_UNTIL, struct bookmark, shown.gap_until,
	    UINT64_MAX),
	HANDOFF_BOOL(PLACE_TAG_IS_OP, struct bookmark, is_op),
	HANDOFF_BOOL(PLACE_TAG_IS_VOICED, struct bookmark, is_voiced),
};

static const struct handoff_field ignore_fields[] = {
	HANDOFF_UINT(IGNORE_TAG_ID, struct ignore, id, UINT64_MAX),
};

static const struct handoff_field marker_fields[] = {
	HANDOFF_STR(MARKER_TAG_NAME, struct marker, name),
	HANDOFF_INT(MARKER_TAG_TIME, struct marker, time_ms),
};

static const struct handoff_field queued_fields[] = {
	HANDOFF_INT(KEPT_TAG_TIME, struct queued_message, time_ms),
	HANDOFF_UINT(KEPT_TAG_AUTHOR, struct queued_message, author,
	    UINT64_MAX),
	HANDOFF_UINT(KEPT_TAG_POSITION, struct queued_message, position,
	    UINT64_MAX),
	HANDOFF_BOOL(KEPT_TAG_IS_REPEAT, struct queued_message, is_repeat),
	HANDOFF_UINT(KEPT_TAG_MSGID, struct queued_message, msgid, UINT64_MAX),
	HANDOFF_BOOL(KEPT_TAG_IS_NOTICE, struct queued_message, is_notice),
	HANDOFF_BOOL(KEPT_TAG_IS_ACTION, struct queued_message, is_action),
};

/* Writing */

void
queued_message_save(const struct queued_message *k, struct fields_out *out,
    uint16_t tag)
{
	struct buf *data = &out->data;
	size_t mark = tlv_open(data, tag);

	handoff_put(data, queued_fields, NITEMS(queued_fields), k);
	tlv_put_str(data, KEPT_TAG_NICK, k->nick);
	tlv_put_bytes(data, KEPT_TAG_TEXT, k->text, k->len);
	tlv_close(data, mark);
}

void
person_save(const struct person *p, struct fields_out *out)
{
	struct buf *data = &out->data;
	const struct bookmark *bookmark;
	const struct ignore *ig;
	const struct marker *marker;
	const struct queued_message *k;
	size_t mark;

	LIST_FOREACH(bookmark, &p->bookmarks, in_owner) {
		mark = tlv_open(data, PERSON_TAG_PLACE);
		tlv_put_str(data, PLACE_TAG_ROOM, bookmark->room->name);
		handoff_put(data, bookmark_fields, NITEMS(bookmark_fields),
		    bookmark);
		tlv_close(data, mark);
	}
	TAILQ_FOREACH(ig, &p->ignores, entry) {
		mark = tlv_open(data, PERSON_TAG_IGNORE);
		tlv_put_str(data, IGNORE_TAG_NICK, ig->nick);
		handoff_put(data, ignore_fields, NITEMS(ignore_fields), ig);
		tlv_close(data, mark);
	}
	TAILQ_FOREACH(marker, &p->markers, entry) {
		mark = tlv_open(data, PERSON_TAG_MARKER);
		handoff_put(data, marker_fields, NITEMS(marker_fields), marker);
		tlv_close(data, mark);
	}
	TAILQ_FOREACH(k, &p->queued, entry)
		queued_message_save(k, out, PERSON_TAG_KEPT);
}

/* Reading */

bool
person_get_nick(const struct tlv *item, char nick[NICK_SIZE])
{
	char got[NICK_SIZE];
	size_t i;

	if (item->len == 0 || !tlv_get_str(item, got, sizeof(got)))
		return false;
	for (i = 0; got[i] != '\0'; i++)
		if (!nick_is_char(got[i]))
			return false;
	memcpy(nick, got, sizeof(got));
	return true;
}

/* *last: behind which it is put, so that they stay in their order. */
static bool
person_load_bookmark(struct chat *chat, struct person *p,
    struct bookmark **last, const struct tlv *outer)
{
	struct bookmark got, *bookmark;
	struct tlv_reader r;
	struct tlv item;
	struct room *room = NULL;
	char name[ROOM_NAME_SIZE];

	memset(&got, 0, sizeof(got));
	tlv_enter(outer, &r);
	while (tlv_next(&r, &item))
		if (item.tag == PLACE_TAG_ROOM) {
			if (!tlv_get_str(&item, name, sizeof(name)))
				return false;
			room = chat_find_room(chat, name);
		} else if (!handoff_get(&item, bookmark_fields,
			       NITEMS(bookmark_fields), &got))
			return false;
	if (r.is_bad || room == NULL || person_bookmark(p, room) != NULL ||
	    got.cursor.number > room->history.next_number)
		return false;
	bookmark = person_set_bookmark(p, room,
	    history_find(&room->history, got.cursor.number), got.left_ms);
	bookmark->repeat_until = got.repeat_until;
	bookmark->position = got.position;
	bookmark->shown = got.shown;
	bookmark->is_op = got.is_op;
	bookmark->is_voiced = got.is_voiced;
	if (*last != NULL) {
		LIST_REMOVE(bookmark, in_owner);
		LIST_INSERT_AFTER(*last, bookmark, in_owner);
	}
	*last = bookmark;
	return true;
}

static bool
person_load_ignore(struct person *p, const struct tlv *outer)
{
	struct ignore got;
	struct tlv_reader r;
	struct tlv item;

	memset(&got, 0, sizeof(got));
	tlv_enter(outer, &r);
	while (tlv_next(&r, &item))
		if (item.tag == IGNORE_TAG_NICK) {
			if (!person_get_nick(&item, got.nick))
				return false;
		} else if (!handoff_get(&item, ignore_fields,
			       NITEMS(ignore_fields), &got))
			return false;
	return !r.is_bad && got.nick[0] != '\0' &&
	    person_ignore(p, got.id, got.nick) == 0;
}

static bool
person_load_marker(struct person *p, const struct tlv *outer)
{
	struct marker got;
	struct tlv_reader r;
	struct tlv item;

	memset(&got, 0, sizeof(got));
	tlv_enter(outer, &r);
	while (tlv_next(&r, &item))
		if (!handoff_get(&item, marker_fields, NITEMS(marker_fields),
			&got))
			return false;
	return !r.is_bad && marker_is_name(got.name) && got.time_ms > 0 &&
	    p->marker_count < MARKERS_MAX &&
	    person_set_marker(p, got.name, got.time_ms, INT64_MAX);
}

struct queued_message *
queued_message_load(const struct tlv *outer)
{
	struct queued_message got, *k;
	struct tlv_reader r;
	struct tlv item, text = { .len = 0 };
	struct event event;

	memset(&got, 0, sizeof(got));
	tlv_enter(outer, &r);
	while (tlv_next(&r, &item))
		if (item.tag == KEPT_TAG_NICK) {
			if (!person_get_nick(&item, got.nick))
				return NULL;
		} else if (item.tag == KEPT_TAG_TEXT)
			text = item;
		else if (!handoff_get(&item, queued_fields,
			     NITEMS(queued_fields), &got))
			return NULL;
	if (r.is_bad || got.nick[0] == '\0' || text.len == 0 ||
	    text.len > HISTORY_TEXT_MAX)
		return NULL;
	memset(&event, 0, sizeof(event));
	event.time_ms = got.time_ms;
	event.author = got.author;
	event.msgid = got.msgid;
	event.nick = got.nick;
	event.text = (const char *)text.data;
	event.text_len = text.len;
	event.is_notice = got.is_notice;
	event.is_action = got.is_action;
	k = queued_message_new(&event);
	k->position = got.position;
	k->is_repeat = got.is_repeat;
	return k;
}

static bool
person_load_queued(struct chat *chat, struct person *p, const struct tlv *item)
{
	struct queued_message *k = queued_message_load(item);

	if (k == NULL)
		return false;
	if (person_restore_queued(chat, p, k) == 0)
		return true;
	free(k);
	return false;
}

bool
person_load(struct chat *chat, struct person *p, struct fields_in *in,
    const struct tlv *outer)
{
	struct bookmark *last = NULL;
	struct tlv_reader r;
	struct tlv item;
	bool is_good = true;

	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		switch (item.tag) {
		case PERSON_TAG_PLACE:
			is_good = person_load_bookmark(chat, p, &last, &item);
			break;
		case PERSON_TAG_IGNORE:
			is_good = person_load_ignore(p, &item);
			break;
		case PERSON_TAG_MARKER:
			is_good = person_load_marker(p, &item);
			break;
		case PERSON_TAG_KEPT:
			is_good = person_load_queued(chat, p, &item);
			break;
		}
	if (is_good && !r.is_bad)
		return true;
	return fields_fail(in, "somebody's place is not consistent");
}
