/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include "room/acked.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/departed.h"
#include "room/devices.h"
#include "room/person.h"
#include "room/room.h"
#include "state/journal.h"
#include "state/person-record.h"

/* A member has as many bookmarks again for the rooms that they are in, and places
 * of devices. */
_Static_assert(2 * PERSON_RECORD_BOOKMARKS *
		(12 * TLV_HEADER + ROOM_NAME_MAX + 56 + SHOWN_BEFORE_MAX * 16) +
	    DEVICE_PLACES_MAX *
		(7 * TLV_HEADER + ROOM_NAME_MAX + 24 + SHOWN_BEFORE_MAX * 16) +
	    IGNORES_MAX * (3 * TLV_HEADER + NICK_MAX + 8) +
	    MARKERS_MAX * (3 * TLV_HEADER + MARKER_NAME_SIZE + 8) +
	    2 * QUEUED_MAX * (9 * TLV_HEADER + NICK_MAX + 48) +
	    PERSON_RECORD_QUEUED + PERSON_RECORD_HANDED + 5 * (TLV_HEADER + 8) <
	JOURNAL_VALUE_MAX,
    "a record may not fit the journal");

/*
 * After a crash, what may c have been handed already? Of one who is reading
 * that is not known: all that there will be.
 */
static uint64_t
record_repeats(const struct cursor *c)
{
	const struct member *m = c->ms->member;
	uint64_t position = cursor_where(c).number;

	if ((!m->is_on_break && member_is_connected(m)) ||
	    SLIST_NEXT(SLIST_FIRST(&c->ms->cursors), in_membership) != NULL)
		return UINT64_MAX;
	return acked_number(c) < position && c->repeat_until < position ?
	    position :
	    c->repeat_until;
}

/*
 * Where they read on after a crash: where the one of their clients does that has
 * certainly read least; NULL: at the room's low-water mark, where all who are
 * live have. *c is that client's cursor, and *low is where a number is put that
 * is no cursor's.
 */
static const uint64_t *
record_place(const struct membership *ms, const struct cursor **c,
    uint64_t *low)
{
	const struct cursor *other;
	const uint64_t *number, *least = NULL;
	bool has_live = false;

	*c = SLIST_FIRST(&ms->cursors);
	SLIST_FOREACH(other, &ms->cursors, in_membership) {
		number = acked_to_persist(other);
		has_live |= number == NULL;
		if (least == NULL)
			*c = other;
		if (number != NULL && (least == NULL || *number < *least)) {
			least = number;
			*c = other;
		}
	}
	if (least == NULL || !has_live || *least <= ms->room->low_water)
		return least;
	*low = ms->room->low_water;
	return low;
}

static void
record_put_membership(struct fields_out *out, const struct membership *ms,
    int64_t left_ms)
{
	const struct cursor *c;
	uint64_t low;
	const uint64_t *number = record_place(ms, &c, &low);
	struct bookmark bookmark = {
		.room = ms->room,
		.cursor.number = number == NULL ? BOOKMARK_LIVE : *number,
		.repeat_until = record_repeats(c),
		.left_ms = left_ms,
		.shown = c->shown,
		.is_op = ms->is_op,
		.is_voiced = ms->is_voiced,
	};

	if (devices_are_known(ms->member)) {
		bookmark.device = c->client->device;
		bookmark.read = membership_read(ms, NULL);
	}
	fields_put_item(out, PERSON_BOOKMARK, &bookmark_fields, &bookmark);
}

/* Where the other clients read on. */
static void
record_put_places(struct fields_out *out, const struct membership *ms,
    size_t *left)
{
	const struct cursor *c, *first;
	uint64_t low;
	const uint64_t *number;
	struct device_place place = { .room = ms->room };

	if (!devices_are_known(ms->member))
		return;
	(void)record_place(ms, &first, &low);
	SLIST_FOREACH(c, &ms->cursors, in_membership) {
		if (c->client->device == first->client->device || *left == 0)
			continue;
		(*left)--;
		number = acked_to_persist(c);
		place.device = c->client->device;
		place.number = number == NULL ? BOOKMARK_LIVE : *number;
		place.repeat_until = record_repeats(c);
		place.shown = c->shown;
		fields_put_item(out, PERSON_PLACE, &device_place_fields,
		    &place);
	}
}

void
person_record_put(struct fields_out *out, const struct member *m)
{
	struct departed gone = { .left_ms = member_away_since_ms(m) };
	const struct membership *ms;
	size_t mark, left = PERSON_RECORD_BOOKMARKS, places = DEVICE_PLACES_MAX;

	person_init(&gone.person);
	departed_save(&gone, out);
	mark = tlv_open(&out->data, DEPARTED_PERSON);
	SLIST_FOREACH(ms, &m->memberships, in_member) {
		if (left-- == 0)
			break;
		record_put_membership(out, ms, gone.left_ms);
	}
	SLIST_FOREACH(ms, &m->memberships, in_member)
		record_put_places(out, ms, &places);
	/* What may not have arrived is older than what waits. */
	queued_put_newest(out, PERSON_HANDED, &member_client(m)->handed,
	    PERSON_RECORD_HANDED);
	fields_put(out, &person_fields, &m->person);
	tlv_close(&out->data, mark);
}
