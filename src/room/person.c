/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What outlives a connection: bookmarks, ignores, queued messages. They are
 * small lists with limits, and simply walked.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/devices.h"
#include "room/person-more.h"
#include "room/person.h"
#include "room/shown.h"

void
person_init(struct person *p)
{
	memset(p, 0, sizeof(*p));
	LIST_INIT(&p->bookmarks);
	TAILQ_INIT(&p->ignores);
	TAILQ_INIT(&p->queued);
}

void
bookmark_free(struct bookmark *bookmark)
{
	LIST_REMOVE(bookmark, in_owner);
	LIST_REMOVE(bookmark, in_room);
	shown_fini(&bookmark->shown);
	free(bookmark);
}

bool
person_is_empty(const struct person *p)
{
	return LIST_EMPTY(&p->bookmarks) && p->ignore_count == 0 &&
	    p->queued_count == 0 &&
	    (p->more == NULL ||
		(TAILQ_EMPTY(&p->more->markers) &&
		    LIST_EMPTY(&p->more->places)));
}

void
person_make_known(struct person *p, int64_t now_ms)
{
	if (p->known_ms == 0 || p->known_ms > now_ms)
		p->known_ms = now_ms;
}

struct bookmark *
person_bookmark(const struct person *p, const struct room *room)
{
	struct bookmark *bookmark;

	LIST_FOREACH(bookmark, &p->bookmarks, in_owner)
		if (bookmark->room == room)
			return bookmark;
	return NULL;
}

struct bookmark *
person_set_bookmark(struct person *p, struct room *room,
    struct history_cursor cursor, int64_t left_ms)
{
	struct bookmark *bookmark;

	bookmark = person_bookmark(p, room);
	if (bookmark == NULL) {
		bookmark = xcalloc(1, sizeof(*bookmark));
		bookmark->owner = p;
		bookmark->room = room;
		LIST_INSERT_HEAD(&p->bookmarks, bookmark, in_owner);
		LIST_INSERT_HEAD(&room->bookmarks, bookmark, in_room);
	}
	bookmark->cursor = cursor;
	bookmark->acked = cursor.number;
	bookmark->repeat_until = 0;
	shown_clear_before(&bookmark->shown);
	bookmark->left_ms = left_ms;
	bookmark->position = 0;
	return bookmark;
}

bool
person_ignores(const struct person *p, uint64_t id, const char *folded)
{
	const struct ignore *ig;

	TAILQ_FOREACH(ig, &p->ignores, entry)
		if (ig->id == id || strcmp(ig->folded, folded) == 0)
			return true;
	return false;
}

int
person_ignore(struct person *p, uint64_t id, const char *nick)
{
	struct ignore *ig;
	char folded[NICK_SIZE];

	nick_fold(folded, nick);
	TAILQ_FOREACH(ig, &p->ignores, entry)
		if (strcmp(ig->folded, folded) == 0)
			break;
	if (ig == NULL) {
		if (p->ignore_count == IGNORES_MAX)
			return -1;
		ig = xcalloc(1, sizeof(*ig));
		memcpy(ig->folded, folded, sizeof(ig->folded));
		TAILQ_INSERT_TAIL(&p->ignores, ig, entry);
		p->ignore_count++;
	}
	memcpy(ig->nick, nick, strlen(nick) + 1);
	ig->id = id;
	return 0;
}

static void
person_drop_ignore(struct person *p, struct ignore *ig)
{
	TAILQ_REMOVE(&p->ignores, ig, entry);
	p->ignore_count--;
	free(ig);
}

bool
person_rename_ignored(struct person *p, uint64_t id, const char *old_folded,
    const char *nick)
{
	struct ignore *ig, *next, *renamed = NULL;
	char folded[NICK_SIZE];

	nick_fold(folded, nick);
	TAILQ_FOREACH(ig, &p->ignores, entry)
		if (ig->id == id || strcmp(ig->folded, old_folded) == 0)
			renamed = ig;
	if (renamed == NULL)
		return false;
	/* Each nick once, or one could not be taken off the list. */
	for (ig = TAILQ_FIRST(&p->ignores); ig != NULL; ig = next) {
		next = TAILQ_NEXT(ig, entry);
		if (ig != renamed &&
		    (ig->id == id || strcmp(ig->folded, folded) == 0 ||
			strcmp(ig->folded, old_folded) == 0))
			person_drop_ignore(p, ig);
	}
	renamed->id = id;
	memcpy(renamed->nick, nick, strlen(nick) + 1);
	memcpy(renamed->folded, folded, sizeof(renamed->folded));
	return true;
}

int
person_unignore(struct person *p, const char *nick)
{
	struct ignore *ig;
	char folded[NICK_SIZE];

	if (strlen(nick) > NICK_MAX)
		return -1;
	nick_fold(folded, nick);
	TAILQ_FOREACH(ig, &p->ignores, entry)
		if (strcmp(ig->folded, folded) == 0) {
			person_drop_ignore(p, ig);
			return 0;
		}
	return -1;
}

bool
marker_is_name(const char *name)
{
	char folded[MARKER_NAME_SIZE];
	size_t i, start = *name == '#' ? 1 : 0;

	if (strlen(name) >= sizeof(folded) || name[start] == '\0')
		return false;
	for (i = start; name[i] != '\0'; i++)
		if (!nick_is_char(name[i]))
			return false;
	nick_fold(folded, name);
	return strcmp(folded, name) == 0;
}

static struct marker *
person_find_marker(const struct person *p, const char *name)
{
	struct marker *marker;

	if (p->more == NULL)
		return NULL;
	TAILQ_FOREACH(marker, &p->more->markers, entry)
		if (strcmp(marker->name, name) == 0)
			return marker;
	return NULL;
}

size_t
person_marker_count(const struct person *p)
{
	return p->more == NULL ? 0 : p->more->marker_count;
}

int64_t
person_marker(const struct person *p, const char *name)
{
	const struct marker *marker = person_find_marker(p, name);

	return marker == NULL ? 0 : marker->time_ms;
}

static void
person_drop_marker(struct person_more *more, struct marker *marker)
{
	TAILQ_REMOVE(&more->markers, marker, entry);
	more->marker_count--;
	free(marker);
}

bool
person_set_marker(struct person *p, const char *name, int64_t time_ms,
    int64_t newest_ms)
{
	struct marker *marker = person_find_marker(p, name);
	struct person_more *more = person_more(p);

	assert(marker_is_name(name) && time_ms > 0);
	if (time_ms > newest_ms)
		time_ms = newest_ms;
	if (marker == NULL) {
		if (more->marker_count == MARKERS_MAX)
			person_drop_marker(more, TAILQ_FIRST(&more->markers));
		marker = xcalloc(1, sizeof(*marker));
		memcpy(marker->name, name, strlen(name) + 1);
		more->marker_count++;
	} else if (time_ms <= marker->time_ms && marker->time_ms <= newest_ms)
		return false;
	else
		TAILQ_REMOVE(&more->markers, marker, entry);
	marker->time_ms = time_ms;
	TAILQ_INSERT_TAIL(&more->markers, marker, entry);
	return true;
}

struct queued_message *
queued_message_new(const struct event *event)
{
	struct queued_message *k;

	k = xcalloc(1, sizeof(*k) + event->text_len);
	k->time_ms = event->time_ms;
	k->author = event->author;
	k->msgid = event->msgid;
	k->is_notice = event->is_notice;
	k->is_action = event->is_action;
	memcpy(k->nick, event->nick, strlen(event->nick) + 1);
	k->len = event->text_len;
	memcpy(k->text, event->text, event->text_len);
	k->origin = event->from == NULL ? NULL : event->from->origin;
	queued_message_hold(k);
	return k;
}

static size_t
person_queued_size(const struct queued_message *k)
{
	return sizeof(*k) + k->len;
}

void
queued_message_hold(struct queued_message *k)
{
	assert(!k->is_held);
	k->is_held = k->origin != NULL;
	if (k->is_held)
		origin_hold(k->origin, ORIGIN_KEPT, person_queued_size(k));
}

void
queued_message_free(struct queued_message *k)
{
	if (k->is_held)
		origin_release(k->origin, ORIGIN_KEPT, person_queued_size(k));
	free(k);
}

static void
person_count_queued(struct chat *chat, struct person *p,
    const struct queued_message *k)
{
	p->queued_count++;
	p->queued_bytes += person_queued_size(k);
	chat->queued_bytes += person_queued_size(k);
}

/* Half of limit is for one author, three fifths for one origin; in part at
 * least, others find room, too. */
static bool
queued_is_fair(uint64_t own, uint64_t origin, uint64_t all, uint64_t limit)
{
	return own + origin + 2 * all <= 2 * limit;
}

/* May k wait for p, beside all that does? */
static bool
person_has_room_for(const struct person *p, const struct queued_message *k)
{
	size_t size = person_queued_size(k), own = 1, origin = 1;
	size_t own_bytes = size, origin_bytes = size;
	const struct queued_message *other;

	TAILQ_FOREACH(other, &p->queued, entry) {
		if (other->author == k->author) {
			own++;
			own_bytes += person_queued_size(other);
		}
		if (other->origin == k->origin) {
			origin++;
			origin_bytes += person_queued_size(other);
		}
	}
	return queued_is_fair(own, origin, (size_t)p->queued_count + 1,
		   QUEUED_MAX) &&
	    queued_is_fair(own_bytes, origin_bytes, p->queued_bytes + size,
		QUEUED_BYTES_MAX);
}

int
person_queue(struct chat *chat, struct person *p, struct queued_message *k)
{
	size_t size = person_queued_size(k);
	uint64_t held = k->origin == NULL ?
	    size :
	    origin_holds(k->origin, ORIGIN_KEPT);

	/* Of what is for all, one origin has a small part: since this does not
	 * fade, many of them could use it up one after the other. */
	if (!person_has_room_for(p, k) ||
	    QUEUED_SHARES * held + chat->queued_bytes + size > QUEUED_TOTAL_MAX)
		return -1;
	TAILQ_INSERT_TAIL(&p->queued, k, entry);
	person_count_queued(chat, p, k);
	return 0;
}

void
person_take_queued(struct chat *chat, struct person *p,
    struct queued_message *k)
{
	TAILQ_REMOVE(&p->queued, k, entry);
	p->queued_count--;
	p->queued_bytes -= person_queued_size(k);
	chat->queued_bytes -= person_queued_size(k);
}

static void
person_drop_queued(struct chat *chat, struct person *p)
{
	struct queued_message *k = TAILQ_FIRST(&p->queued);

	person_take_queued(chat, p, k);
	queued_message_free(k);
}

/* The oldest go, and p will be told. */
static void
person_limit_queued(struct chat *chat, struct person *p)
{
	while (p->queued_count > QUEUED_MAX) {
		person_drop_queued(chat, p);
		p->queued_lost++;
	}
}

int
person_restore_queued(struct chat *chat, struct person *p,
    struct queued_message *k)
{
	if (p->queued_count >= QUEUED_MAX)
		return -1;
	queued_message_hold(k);
	TAILQ_INSERT_TAIL(&p->queued, k, entry);
	person_count_queued(chat, p, k);
	return 0;
}

void
person_requeue(struct chat *chat, struct person *p, struct queued_message *k)
{
	TAILQ_INSERT_HEAD(&p->queued, k, entry);
	person_count_queued(chat, p, k);
	person_limit_queued(chat, p);
}

int
person_queue_restored(struct chat *chat, struct person *p,
    struct queued_message *k)
{
	if (chat->queued_bytes + person_queued_size(k) > QUEUED_TOTAL_MAX)
		return -1;
	queued_message_hold(k);
	TAILQ_INSERT_TAIL(&p->queued, k, entry);
	person_count_queued(chat, p, k);
	person_limit_queued(chat, p);
	return 0;
}

static void
person_move_more(struct person *to, struct person *from)
{
	struct marker *marker;

	if (from->more == NULL)
		return;
	devices_move(to, from);
	while ((marker = TAILQ_FIRST(&from->more->markers)) != NULL) {
		(void)person_set_marker(to, marker->name, marker->time_ms,
		    INT64_MAX);
		person_drop_marker(from->more, marker);
	}
	free(from->more);
	from->more = NULL;
}

void
person_move(struct chat *chat, struct person *to, struct person *from)
{
	struct bookmark *bookmark, *moved;
	struct ignore *ig;
	uint64_t position;

	while ((bookmark = LIST_FIRST(&from->bookmarks)) != NULL) {
		moved = person_bookmark(to, bookmark->room);
		/* Whose place that is keeps it. */
		if (moved != NULL && moved->device != bookmark->device)
			devices_settle(moved, bookmark->device);
		position = moved == NULL ? 0 : moved->position;
		if (position > 0)
			shown_return(&moved->shown, bookmark->cursor.number,
			    moved->cursor.number);
		moved = person_set_bookmark(to, bookmark->room,
		    bookmark->cursor, bookmark->left_ms);
		moved->position = position;
		moved->repeat_until = bookmark->repeat_until;
		shown_add_before(&moved->shown, &bookmark->shown);
		moved->device = bookmark->device;
		moved->read = bookmark->read;
		moved->is_op |= bookmark->is_op;
		moved->is_voiced |= bookmark->is_voiced;
		bookmark_free(bookmark);
	}
	while ((ig = TAILQ_FIRST(&from->ignores)) != NULL) {
		/* Beyond the limit it is dropped. */
		(void)!person_ignore(to, ig->id, ig->nick);
		person_drop_ignore(from, ig);
	}
	person_move_more(to, from);
	if (from->known_ms != 0)
		person_make_known(to, from->known_ms);
	from->known_ms = 0;
	TAILQ_CONCAT(&to->queued, &from->queued, entry);
	to->queued_count += from->queued_count;
	to->queued_bytes += from->queued_bytes;
	from->queued_count = 0;
	from->queued_bytes = 0;
	to->queued_lost += from->queued_lost;
	from->queued_lost = 0;
	person_limit_queued(chat, to);
}

void
person_clear(struct chat *chat, struct person *p)
{
	struct bookmark *bookmark;
	struct ignore *ig;

	while ((bookmark = LIST_FIRST(&p->bookmarks)) != NULL)
		bookmark_free(bookmark);
	while ((ig = TAILQ_FIRST(&p->ignores)) != NULL)
		person_drop_ignore(p, ig);
	if (p->more != NULL) {
		devices_clear(p);
		while (!TAILQ_EMPTY(&p->more->markers))
			person_drop_marker(p->more,
			    TAILQ_FIRST(&p->more->markers));
		free(p->more);
		p->more = NULL;
	}
	while (!TAILQ_EMPTY(&p->queued))
		person_drop_queued(chat, p);
}
