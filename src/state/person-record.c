/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is written was scrubbed and checked when it came in. It is checked again
 * when it is read, so that nothing in a damaged file, checksums or not, gets to
 * places that rely on it.
 */
#include "config.h"

#include <assert.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/tlv.h"
#include "room/acked.h"
#include "room/chat-rooms.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/person.h"
#include "state/journal.h"
#include "state/person-record.h"

/* These numbers are in files: never change or reuse one. */
enum {
	RECORD_LEFT = 1,
	RECORD_KEPT_SINCE = 2,
	RECORD_PLACE = 3,
	RECORD_IGNORE = 4,
	RECORD_MESSAGE = 5,
	RECORD_MARKER = 6
};
enum {
	PLACE_ROOM = 1,
	PLACE_NUMBER = 2,
	PLACE_LEFT = 3,
	PLACE_REPEATS = 4,
	PLACE_RANK = 5
};
/* Bits of PLACE_RANK. */
enum { RANK_OP = 1, RANK_VOICED = 2 };
enum { IGNORE_NICK = 1, IGNORE_ID = 2 };
enum { MARKER_NAME = 1, MARKER_TIME = 2 };
enum {
	MESSAGE_TIME = 1,
	MESSAGE_AUTHOR = 2,
	MESSAGE_NICK = 3,
	MESSAGE_TEXT = 4,
	MESSAGE_IS_REPEAT = 5,
	MESSAGE_MSGID = 6,
	MESSAGE_IS_NOTICE = 7,
	MESSAGE_IS_ACTION = 8
};

/* As repeats: all that the room has when it is read. */
#define RECORD_ALL UINT64_MAX

/* There may be many rooms; a record must fit the journal. */
#define RECORD_PLACES_MAX 1000

/* Limits in bytes of private messages. Those handed over and come back may
 * exceed QUEUED_BYTES_MAX; those on their way are written again and again. */
#define RECORD_KEPT_MAX ((size_t)256 * 1024)
#define RECORD_HANDED_MAX ((size_t)64 * 1024)

_Static_assert(RECORD_PLACES_MAX *(6 * TLV_HEADER + ROOM_NAME_MAX + 32) +
	    IGNORES_MAX * (3 * TLV_HEADER + NICK_MAX + 8) +
	    MARKERS_MAX * (3 * TLV_HEADER + MARKER_NAME_SIZE + 8) +
	    2 * QUEUED_MAX * (8 * TLV_HEADER + NICK_MAX + 40) +
	    RECORD_KEPT_MAX + RECORD_HANDED_MAX + 2 * (TLV_HEADER + 8) <
	JOURNAL_VALUE_MAX,
    "a record may not fit the store");

/* Times */

static void
record_put_time(struct buf *out, const struct chat *chat, uint16_t tag,
    int64_t mono_ms)
{
	const struct clock *c = chat->clock;

	tlv_put_i64(out, tag, c->wall_ms - (c->mono_ms - mono_ms));
}

static bool
record_get_time(const struct tlv *item, const struct chat *chat, int64_t *ms)
{
	int64_t wall_ms;

	if (!tlv_get_i64(item, &wall_ms))
		return false;
	*ms = clock_mono_of(chat->clock, wall_ms);
	return true;
}

/* Writing */

static unsigned
record_rank(bool is_op, bool is_voiced)
{
	return (is_op ? RANK_OP : 0) | (is_voiced ? RANK_VOICED : 0);
}

/* number: NULL for live people. Messages below repeats may have been seen. */
static void
record_put_bookmark(struct buf *out, const struct room *room,
    const uint64_t *number, uint64_t repeats, int64_t left_ms, unsigned rank)
{
	size_t mark;

	mark = tlv_open(out, RECORD_PLACE);
	tlv_put_str(out, PLACE_ROOM, room->name);
	if (number != NULL)
		tlv_put_u64(out, PLACE_NUMBER, *number);
	tlv_put_u64(out, PLACE_REPEATS, repeats);
	record_put_time(out, room->chat, PLACE_LEFT, left_ms);
	if (rank != 0)
		tlv_put_u64(out, PLACE_RANK, rank);
	tlv_close(out, mark);
}

/* Adds the newest messages, up to max bytes. */
static void
record_put_messages(struct buf *out, const struct queued_list *list,
    bool is_repeat, size_t max)
{
	const struct queued_message *k, *first = NULL;
	size_t mark, count = 0, bytes = 0;

	TAILQ_FOREACH_REVERSE(k, list, queued_list, entry) {
		bytes += k->len;
		if (++count > QUEUED_MAX || bytes > max)
			break;
		first = k;
	}
	for (k = first; k != NULL; k = TAILQ_NEXT(k, entry)) {
		mark = tlv_open(out, RECORD_MESSAGE);
		tlv_put_i64(out, MESSAGE_TIME, k->time_ms);
		tlv_put_u64(out, MESSAGE_AUTHOR, k->author);
		tlv_put_str(out, MESSAGE_NICK, k->nick);
		tlv_put_bytes(out, MESSAGE_TEXT, k->text, k->len);
		tlv_put_u64(out, MESSAGE_IS_REPEAT, is_repeat || k->is_repeat);
		tlv_put_u64(out, MESSAGE_MSGID, k->msgid);
		tlv_put_u64(out, MESSAGE_IS_NOTICE, k->is_notice);
		if (k->is_action)
			tlv_put_u64(out, MESSAGE_IS_ACTION, 1);
		tlv_close(out, mark);
	}
}

/* Adds all but queued messages; bookmarks up to max. */
static void
record_put_person(struct buf *out, const struct person *p, size_t max)
{
	const struct bookmark *bookmark;
	const struct ignore *ig;
	const struct marker *marker;
	size_t mark;

	LIST_FOREACH(bookmark, &p->bookmarks, in_owner) {
		if (max-- == 0)
			break;
		record_put_bookmark(out, bookmark->room,
		    &bookmark->cursor.number, bookmark->repeat_until,
		    bookmark->left_ms,
		    record_rank(bookmark->is_op, bookmark->is_voiced));
	}
	TAILQ_FOREACH(ig, &p->ignores, entry) {
		mark = tlv_open(out, RECORD_IGNORE);
		tlv_put_str(out, IGNORE_NICK, ig->nick);
		tlv_put_u64(out, IGNORE_ID, ig->id);
		tlv_close(out, mark);
	}
	TAILQ_FOREACH(marker, &p->markers, entry) {
		mark = tlv_open(out, RECORD_MARKER);
		tlv_put_str(out, MARKER_NAME, marker->name);
		tlv_put_i64(out, MARKER_TIME, marker->time_ms);
		tlv_close(out, mark);
	}
}

/* What c may have been handed already, if there is a crash. Unknown for people
 * who are reading: everything that there will be. */
static uint64_t
record_repeats(const struct cursor *c)
{
	const struct member *m = c->ms->member;
	uint64_t position = cursor_where(c).number;

	if (!m->is_on_break && member_is_connected(m))
		return RECORD_ALL;
	return acked_number(c) < position && c->repeat_until < position ?
	    position :
	    c->repeat_until;
}

void
person_record_put_member(struct buf *out, const struct member *m)
{
	const struct membership *ms;
	const struct cursor *c;
	int64_t away_ms = member_away_since_ms(m);
	size_t bookmarks = 0;

	record_put_time(out, m->chat, RECORD_LEFT, away_ms);
	LIST_FOREACH(ms, &m->memberships, in_member) {
		if (bookmarks++ == RECORD_PLACES_MAX)
			break;
		c = membership_cursor(ms);
		record_put_bookmark(out, ms->room, acked_to_persist(c),
		    record_repeats(c), away_ms,
		    record_rank(ms->is_op, ms->is_voiced));
	}
	record_put_person(out, &m->person,
	    bookmarks > RECORD_PLACES_MAX ? 0 : RECORD_PLACES_MAX - bookmarks);
	/* What may not have arrived comes first, as it is older. */
	record_put_messages(out, &member_client(m)->handed, true,
	    RECORD_HANDED_MAX);
	record_put_messages(out, &m->person.queued, false, RECORD_KEPT_MAX);
}

void
person_record_put_bookmark(struct buf *out, struct chat *chat,
    const struct departed *b)
{
	record_put_time(out, chat, RECORD_LEFT, b->left_ms);
	record_put_time(out, chat, RECORD_KEPT_SINCE, b->made_ms);
	record_put_person(out, &b->person, RECORD_PLACES_MAX);
	record_put_messages(out, &b->person.queued, false, RECORD_KEPT_MAX);
}

/* Reading */

/* Reads a nick that a person or guest may have. */
static bool
record_get_nick(const struct tlv *item, char nick[NICK_SIZE])
{
	size_t i;

	if (item->len == 0 || !tlv_get_str(item, nick, NICK_SIZE))
		return false;
	for (i = 0; nick[i] != '\0'; i++)
		if (!nick_is_char(nick[i]))
			return false;
	return true;
}

/*
 * A place of p. number is NULL for who was live; what is below repeats they may
 * have seen.
 */
static struct bookmark *
record_restore_bookmark(struct person *p, struct room *room,
    const uint64_t *number, uint64_t repeats, int64_t left_ms)
{
	struct history_cursor cursor;
	struct bookmark *bookmark;

	if (number != NULL) {
		/* What others have seen must not be given again. */
		if (*number > room->history.next_number &&
		    *number < HISTORY_NUMBER_MAX)
			history_raise(&room->history, *number - 1);
		cursor = history_find(&room->history, *number);
	} else {
		/* They were live: until the last that was said, at least. */
		cursor = room->low_water == 0 ?
		    history_head(&room->history) :
		    history_find(&room->history, room->low_water);
		if (left_ms < room->said_ms)
			left_ms = room->said_ms;
	}
	bookmark = person_set_bookmark(p, room, cursor, left_ms);
	bookmark->repeat_until = repeats < room->history.next_number ?
	    repeats :
	    room->history.next_number;
	return bookmark;
}

static void
record_get_bookmark(struct person_record *r, struct chat *chat,
    const struct tlv *outer)
{
	struct tlv_reader in;
	struct tlv item;
	struct room *room = NULL;
	char name[ROOM_NAME_SIZE];
	struct bookmark *bookmark;
	uint64_t number = 0, repeats = 0, rank = 0;
	bool has_number = false, is_good = true;
	int64_t left_ms = chat->clock->mono_ms;

	tlv_enter(outer, &in);
	while (tlv_next(&in, &item))
		switch (item.tag) {
		case PLACE_ROOM:
			if (tlv_get_str(&item, name, sizeof(name)))
				room = chat_find_room(chat, name);
			break;
		case PLACE_NUMBER:
			has_number = true;
			is_good &= tlv_get_u64(&item, UINT64_MAX, &number);
			break;
		case PLACE_REPEATS:
			is_good &= tlv_get_u64(&item, UINT64_MAX, &repeats);
			break;
		case PLACE_LEFT:
			is_good &= record_get_time(&item, chat, &left_ms);
			break;
		case PLACE_RANK:
			is_good &= tlv_get_u64(&item, UINT64_MAX, &rank);
			break;
		}
	if (in.is_bad || !is_good || room == NULL)
		return;
	bookmark = record_restore_bookmark(&r->person, room,
	    has_number ? &number : NULL, repeats, left_ms);
	bookmark->is_op = (rank & RANK_OP) != 0;
	bookmark->is_voiced = (rank & RANK_VOICED) != 0;
}

static void
record_get_ignore(struct person_record *r, const struct tlv *outer)
{
	struct tlv_reader in;
	struct tlv item;
	char nick[NICK_SIZE];
	uint64_t id = 0;
	bool has_nick = false, is_good = true;

	tlv_enter(outer, &in);
	while (tlv_next(&in, &item))
		switch (item.tag) {
		case IGNORE_NICK:
			has_nick = record_get_nick(&item, nick);
			break;
		case IGNORE_ID:
			is_good &= tlv_get_u64(&item, EVENT_AUTHOR_MAX, &id);
			break;
		}
	if (!in.is_bad && is_good && has_nick)
		(void)!person_ignore(&r->person, id, nick);
}

static void
record_get_marker(struct person_record *r, const struct tlv *outer)
{
	struct tlv_reader in;
	struct tlv item;
	char name[MARKER_NAME_SIZE];
	int64_t time_ms = 0;
	bool has_name = false, is_good = true;

	tlv_enter(outer, &in);
	while (tlv_next(&in, &item))
		switch (item.tag) {
		case MARKER_NAME:
			has_name = tlv_get_str(&item, name, sizeof(name)) &&
			    marker_is_name(name);
			break;
		case MARKER_TIME:
			is_good &= tlv_get_i64(&item, &time_ms);
			break;
		}
	if (!in.is_bad && is_good && has_name && time_ms > 0)
		(void)person_set_marker(&r->person, name, time_ms, INT64_MAX);
}

static void
record_get_message(struct person_record *r, struct chat *chat,
    const struct tlv *outer)
{
	struct tlv_reader in;
	struct tlv item, text = { .len = 0 };
	struct queued_message *k;
	struct event event = { .kind = EVENT_PRIVATE };
	char nick[NICK_SIZE];
	uint64_t is_repeat = 0, is_notice = 0, is_action = 0;
	bool has_nick = false, is_good = true;

	tlv_enter(outer, &in);
	while (tlv_next(&in, &item))
		switch (item.tag) {
		case MESSAGE_TIME:
			is_good &= tlv_get_i64(&item, &event.time_ms);
			break;
		case MESSAGE_AUTHOR:
			is_good &= tlv_get_u64(&item, EVENT_AUTHOR_MAX,
			    &event.author);
			break;
		case MESSAGE_NICK:
			has_nick = record_get_nick(&item, nick);
			break;
		case MESSAGE_TEXT:
			text = item;
			break;
		case MESSAGE_IS_REPEAT:
			is_good &= tlv_get_u64(&item, 1, &is_repeat);
			break;
		case MESSAGE_MSGID:
			is_good &= tlv_get_u64(&item, UINT64_MAX, &event.msgid);
			break;
		case MESSAGE_IS_NOTICE:
			is_good &= tlv_get_u64(&item, 1, &is_notice);
			break;
		case MESSAGE_IS_ACTION:
			is_good &= tlv_get_u64(&item, 1, &is_action);
			break;
		}
	if (in.is_bad || !is_good || !has_nick || text.len == 0 ||
	    text.len > HISTORY_TEXT_MAX ||
	    !text_is_harmless((const char *)text.data, text.len))
		return;
	event.nick = nick;
	event.text = (const char *)text.data;
	event.text_len = text.len;
	event.is_notice = is_notice != 0;
	event.is_action = is_action != 0;
	k = queued_message_new(&event);
	k->is_repeat = is_repeat != 0;
	person_queue_restored(chat, &r->person, k);
}

bool
person_record_get(struct person_record *r, struct chat *chat, const void *data,
    size_t len)
{
	struct tlv_reader in;
	struct tlv item;
	bool is_good = true, has_made = false;

	person_init(&r->person);
	r->left_ms = chat->clock->mono_ms;
	tlv_init(&in, data, len);
	while (tlv_next(&in, &item))
		switch (item.tag) {
		case RECORD_LEFT:
			is_good &= record_get_time(&item, chat, &r->left_ms);
			break;
		case RECORD_KEPT_SINCE:
			has_made = true;
			is_good &= record_get_time(&item, chat, &r->made_ms);
			break;
		case RECORD_PLACE:
			record_get_bookmark(r, chat, &item);
			break;
		case RECORD_IGNORE:
			record_get_ignore(r, &item);
			break;
		case RECORD_MARKER:
			record_get_marker(r, &item);
			break;
		case RECORD_MESSAGE:
			record_get_message(r, chat, &item);
			break;
		}
	if (!has_made)
		r->made_ms = r->left_ms;
	if (!in.is_bad && is_good)
		return true;
	person_clear(chat, &r->person);
	return false;
}
