/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A person as they are written down. To the next program all is exact or
 * refused: the rooms are the same, and the monotonic clock goes on. On the disk
 * bookmarks may be of rooms that are no more, or of messages that a history has
 * lost: what a person cannot have any more is passed over.
 *
 * Bookmarks are numbers; where those are in the ring is found again, so that
 * nothing that was read is taken for an address.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "room/chat-rooms.h"
#include "room/devices.h"
#include "room/person-more.h"
#include "room/person.h"
#include "room/shown.h"

/* Bookmarks */

static const struct field shown_more_list[] = {
	{ FIELD_UINT(1, struct shown_more, seen_from) },
	{ FIELD_UINT(2, struct shown_more, seen_until) },
	{ FIELD_UINT(3, struct shown_more, gap_from) },
	{ FIELD_UINT(4, struct shown_more, gap_until) },
	{ FIELD_UINT(5, struct shown_more, changed) },
	{ FIELD_UINT(6, struct shown_more, changed_at) },
	{ FIELD_UINT(7, struct shown_more, unseen_from) },
	{ FIELD_UINT(8, struct shown_more, unseen_until) },
	{ FIELD_NUMBERS(9, struct shown_more, before) },
	{ FIELD_UINT(10, struct shown_more, own_from) },
};
static const struct fields shown_more_fields = { FIELDS("what was shown",
    struct shown_more, shown_more_list) };

static const struct field shown_list[] = {
	{ FIELD_UINT(1, struct shown, from) },
	{ FIELD_POINTER(2, struct shown, more, &shown_more_fields) },
};
const struct fields shown_fields = { FIELDS("what was shown", struct shown,
    shown_list) };

/* Where the connections are gone. */
static const struct field shown_before_list[] = {
	{ FIELD_NUMBERS(1, struct shown_more, before) },
};
static const struct fields shown_before_fields = { FIELDS("what was shown",
    struct shown_more, shown_before_list) };

static void
bookmark_put_before(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct bookmark *bookmark = base;

	if (shown_has_before(&bookmark->shown, bookmark->repeat_until))
		fields_put_item(out, f->tag, &shown_before_fields,
		    bookmark->shown.more);
}

static bool
bookmark_get_before(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct bookmark *bookmark = base;

	(void)f;
	return fields_get(in, &shown_before_fields, item,
	    shown_get_more(&bookmark->shown));
}

static const struct field bookmark_list[] = {
	{ FIELD_ROOM(1, struct bookmark, room), .is_needed = true },
	{ FIELD_UINT(2, struct bookmark, cursor.number) },
	{ FIELD_TIME(3, struct bookmark, left_ms) },
	{ FIELD_UINT(4, struct bookmark, repeat_until) },
	{ FIELD_BOOL(5, struct bookmark, is_op) },
	{ FIELD_BOOL(6, struct bookmark, is_voiced) },
	{ FIELD_UINT(7, struct bookmark, position), .only = FIELDS_HANDOFF },
	{ FIELD_STRUCT(8, struct bookmark, shown, &shown_fields),
	    .only = FIELDS_HANDOFF },
	{ FIELD_UINT(9, struct bookmark, acked), .only = FIELDS_HANDOFF },
	{ FIELD_OTHER(10, "before", bookmark_put_before, bookmark_get_before),
	    .only = FIELDS_DISK },
	{ FIELD_UINT(11, struct bookmark, device) },
	{ FIELD_UINT(12, struct bookmark, read) },
};
const struct fields bookmark_fields = { FIELDS("a bookmark", struct bookmark,
    bookmark_list) };

/* From the disk: the history may be older than the number of a place. */
static struct history_cursor
place_restore(struct room *room, uint64_t number)
{
	struct history *h = &room->history;

	/* They had at least all that was said until the low-water mark, if there
	 * was one yet. */
	if (number == BOOKMARK_LIVE)
		return room->low_water == 0 ? history_oldest(h) :
					      history_find(h, room->low_water);
	/* Numbers that others have seen must not be given again. */
	if (number > h->next_number && number < HISTORY_NUMBER_MAX)
		history_raise(h, number - 1);
	return history_find(h, number);
}

static void
bookmark_restore(struct bookmark *bookmark)
{
	const struct room *room = bookmark->room;

	/* They were there until something was said last. */
	if (bookmark->cursor.number == BOOKMARK_LIVE &&
	    bookmark->left_ms < room->said_ms)
		bookmark->left_ms = room->said_ms;
	bookmark->cursor = place_restore(bookmark->room,
	    bookmark->cursor.number);
	if (bookmark->repeat_until > room->history.next_number)
		bookmark->repeat_until = room->history.next_number;
	if (bookmark->read > room->history.next_number)
		bookmark->read = room->history.next_number;
}

/* After a crash nobody knows what of the output would have arrived: who comes
 * back reads on from what certainly had. */
static void
person_put_bookmarks(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct person *p = base;
	const struct bookmark *bookmark;
	struct bookmark now;
	size_t left = SIZE_MAX;

	if (out->use == FIELDS_DISK)
		left = PERSON_RECORD_BOOKMARKS;
	LIST_FOREACH(bookmark, &p->bookmarks, in_owner) {
		if (left-- == 0)
			break;
		now = *bookmark;
		if (out->use == FIELDS_DISK && now.acked < now.cursor.number) {
			if (now.repeat_until < now.cursor.number)
				now.repeat_until = now.cursor.number;
			now.cursor.number = now.acked;
		}
		fields_put_item(out, f->tag, &bookmark_fields, &now);
	}
}

static bool
person_add_bookmark(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct person *p = base;
	struct bookmark *bookmark = element, *last = in->last;
	struct history *h = &bookmark->room->history;

	(void)f;
	if (person_bookmark(p, bookmark->room) != NULL)
		return false;
	if (in->use == FIELDS_DISK)
		bookmark_restore(bookmark);
	else if (bookmark->cursor.number > h->next_number)
		return false;
	else
		bookmark->cursor = history_find(h, bookmark->cursor.number);
	if (bookmark->acked == 0 || bookmark->acked > bookmark->cursor.number)
		bookmark->acked = bookmark->cursor.number;
	bookmark->owner = p;
	if (last == NULL)
		LIST_INSERT_HEAD(&p->bookmarks, bookmark, in_owner);
	else
		LIST_INSERT_AFTER(last, bookmark, in_owner);
	LIST_INSERT_HEAD(&bookmark->room->bookmarks, bookmark, in_room);
	return true;
}

/* Ignores */

static const struct field ignore_list[] = {
	{ FIELD_STRING(1, struct ignore, nick), .is_needed = true,
	    .check = nick_is_wellformed },
	{ FIELD_UINT(2, struct ignore, id), .max = EVENT_AUTHOR_MAX },
};
static const struct fields ignore_fields = { FIELDS("an ignore", struct ignore,
    ignore_list) };

static bool
person_add_ignore(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct person *p = base;
	struct ignore *ig = element;

	(void)in;
	(void)f;
	nick_fold(ig->folded, ig->nick);
	if (p->ignore_count == IGNORES_MAX ||
	    person_ignores(p, UINT64_MAX, ig->folded))
		return false;
	TAILQ_INSERT_TAIL(&p->ignores, ig, entry);
	p->ignore_count++;
	return true;
}

/* Markers */

static const struct field marker_list[] = {
	{ FIELD_STRING(1, struct marker, name), .is_needed = true,
	    .check = marker_is_name },
	{ FIELD_INT(2, struct marker, time_ms) },
};
static const struct fields marker_fields = { FIELDS("a marker", struct marker,
    marker_list) };

static void
person_put_markers(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct person *p = base;
	const struct marker *marker;

	if (p->more == NULL)
		return;
	TAILQ_FOREACH(marker, &p->more->markers, entry)
		fields_put_item(out, f->tag, &marker_fields, marker);
}

static bool
person_add_marker(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct person *p = base;
	struct marker *marker = element;

	(void)in;
	(void)f;
	if (person_marker_count(p) == MARKERS_MAX || marker->time_ms <= 0 ||
	    person_marker(p, marker->name) != 0)
		return false;
	TAILQ_INSERT_TAIL(&person_more(p)->markers, marker, entry);
	p->more->marker_count++;
	return true;
}

/* Places of devices */

static const struct field device_place_list[] = {
	{ FIELD_ROOM(1, struct device_place, room), .is_needed = true },
	{ FIELD_UINT(2, struct device_place, device), .is_needed = true },
	{ FIELD_UINT(3, struct device_place, number) },
	{ FIELD_UINT(4, struct device_place, repeat_until) },
	{ FIELD_POINTER(5, struct device_place, shown.more,
	    &shown_before_fields) },
};
const struct fields device_place_fields = { FIELDS("a device's place",
    struct device_place, device_place_list) };

static void
person_put_places(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct person *p = base;
	const struct device_place *place;

	if (p->more == NULL)
		return;
	LIST_FOREACH(place, &p->more->places, in_person)
		fields_put_item(out, f->tag, &device_place_fields, place);
}

/* Those that a member's record adds come first, and one of them may be of a
 * device that has a place there already: devices_take() takes both. */
static bool
person_add_place(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct person *p = base;
	struct device_place *place = element, *other, *last = NULL;
	const struct history *h = &place->room->history;
	size_t count = 0;

	(void)f;
	if (p->more != NULL)
		LIST_FOREACH(other, &p->more->places, in_person) {
			last = other;
			count++;
		}
	if (count == DEVICE_PLACES_MAX || place->device == 0)
		return false;
	if (in->use == FIELDS_DISK) {
		place->number =
		    place_restore(place->room, place->number).number;
		if (place->repeat_until > h->next_number)
			place->repeat_until = h->next_number;
	} else if (place->number > h->next_number)
		return false;
	place->owner = p;
	if (last == NULL)
		LIST_INSERT_HEAD(&person_more(p)->places, place, in_person);
	else
		LIST_INSERT_AFTER(last, place, in_person);
	LIST_INSERT_HEAD(&place->room->places, place, in_room);
	return true;
}

/* Private messages */

static bool
queued_check(struct fields_in *in, void *base)
{
	const struct queued_message *k = base;

	return in->use != FIELDS_DISK || text_is_harmless(k->text, k->len);
}

static void
queued_put_origin(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct queued_message *k = base;

	if (k->origin != NULL)
		origin_put(out, f->tag, k->origin);
}

static bool
queued_get_origin(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct queued_message *k = base;
	struct chat *chat = in->arg;

	(void)f;
	k->origin = origins_read(&chat->origins, item);
	return k->origin != NULL;
}

static const struct field queued_list[] = {
	{ FIELD_INT(1, struct queued_message, time_ms) },
	{ FIELD_UINT(2, struct queued_message, author),
	    .max = EVENT_AUTHOR_MAX },
	{ FIELD_UINT(3, struct queued_message, msgid) },
	{ FIELD_BOOL(4, struct queued_message, is_repeat) },
	{ FIELD_BOOL(5, struct queued_message, is_notice) },
	{ FIELD_BOOL(6, struct queued_message, is_action) },
	{ FIELD_STRING(7, struct queued_message, nick), .is_needed = true,
	    .check = nick_is_wellformed },
	{ FIELD_TAIL(8, struct queued_message, text, len, HISTORY_TEXT_MAX) },
	{ FIELD_UINT(9, struct queued_message, position),
	    .only = FIELDS_HANDOFF },
	{ FIELD_OTHER(10, "origin", queued_put_origin, queued_get_origin) },
};
const struct fields queued_fields = {
	FIELDS("a private message", struct queued_message, queued_list),
	.check = queued_check,
};

void
queued_put_newest(struct fields_out *out, uint16_t tag,
    const struct queued_list *list, size_t max)
{
	const struct queued_message *k, *first = NULL;
	size_t count = 0, bytes = 0;

	TAILQ_FOREACH_REVERSE(k, list, queued_list, entry) {
		bytes += k->len;
		if (++count > QUEUED_MAX || bytes > max)
			break;
		first = k;
	}
	for (k = first; k != NULL; k = TAILQ_NEXT(k, entry))
		fields_put_item(out, tag, &queued_fields, k);
}

static void
person_put_queued(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct person *p = base;

	queued_put_newest(out, f->tag, &p->queued,
	    out->use == FIELDS_DISK ? PERSON_RECORD_QUEUED : SIZE_MAX);
}

static bool
person_add_queued(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct queued_message *k = element;

	if (f->which == PERSON_HANDED)
		k->is_repeat = true;
	if (in->use == FIELDS_DISK)
		return person_queue_restored(in->arg, base, k) == 0;
	return person_restore_queued(in->arg, base, k) == 0;
}

/* The state layer writes what was handed over, and may not have arrived. */
static void
person_put_nothing(struct fields_out *out, const struct field *f,
    const void *base)
{
	(void)out;
	(void)f;
	(void)base;
}

#define PERSON_LIST(t, m, table, element, entry, adder) \
	FIELD_LIST(t, struct person, m, table, element, entry, adder), \
	    .may_be_bad = true, .which = (t)

static const struct field person_list[] = {
	{ PERSON_LIST(PERSON_BOOKMARK, bookmarks, &bookmark_fields,
	      struct bookmark, in_owner, person_add_bookmark),
	    .put = person_put_bookmarks },
	{ PERSON_LIST(2, ignores, &ignore_fields, struct ignore, entry,
	    person_add_ignore) },
	{ PERSON_LIST(3, more, &marker_fields, struct marker, entry,
	      person_add_marker),
	    .put = person_put_markers },
	{ PERSON_LIST(PERSON_HANDED, queued, &queued_fields,
	      struct queued_message, entry, person_add_queued),
	    .put = person_put_nothing, .only = FIELDS_DISK },
	{ PERSON_LIST(5, queued, &queued_fields, struct queued_message, entry,
	      person_add_queued),
	    .put = person_put_queued },
	{ FIELD_INT(6, struct person, known_ms) },
	{ FIELD_UINT(7, struct person, queued_lost) },
	{ PERSON_LIST(PERSON_PLACE, more, &device_place_fields,
	      struct device_place, in_person, person_add_place),
	    .put = person_put_places },
};
const struct fields person_fields = { FIELDS("a person", struct person,
    person_list) };
