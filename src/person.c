/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * What outlives a connection: places, ignores, kept messages. Small lists,
 * each with a limit, so walking them is fine.
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "person.h"
#include "rooms.h"
#include "util.h"

void
person_init(struct person *p)
{
	memset(p, 0, sizeof *p);
	LIST_INIT(&p->places);
	TAILQ_INIT(&p->ignores);
	TAILQ_INIT(&p->kept);
	TAILQ_INIT(&p->markers);
}

void
place_free(struct place *place)
{
	LIST_REMOVE(place, in_owner);
	LIST_REMOVE(place, in_room);
	free(place);
}

bool
person_is_empty(const struct person *p)
{
	return LIST_EMPTY(&p->places) && p->ignore_count == 0 &&
	    p->kept_count == 0 && p->marker_count == 0;
}

struct place *
person_place(const struct person *p, const struct room *room)
{
	struct place *place;

	LIST_FOREACH(place, &p->places, in_owner)
		if (place->room == room)
			return place;
	return NULL;
}

struct place *
person_set_place(struct person *p, struct room *room,
    struct history_cursor cursor, int64_t left_ms)
{
	struct place *place;

	place = person_place(p, room);
	if (place == NULL) {
		place = xcalloc(1, sizeof *place);
		place->room = room;
		LIST_INSERT_HEAD(&p->places, place, in_owner);
		LIST_INSERT_HEAD(&room->places, place, in_room);
	}
	place->cursor = cursor;
	place->repeat_until = 0;
	place->left_ms = left_ms;
	place->position = 0;
	return place;
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
		ig = xcalloc(1, sizeof *ig);
		memcpy(ig->folded, folded, sizeof ig->folded);
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

	if (strlen(name) >= sizeof folded || name[start] == '\0')
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

	TAILQ_FOREACH(marker, &p->markers, entry)
		if (strcmp(marker->name, name) == 0)
			return marker;
	return NULL;
}

int64_t
person_marker(const struct person *p, const char *name)
{
	const struct marker *marker = person_find_marker(p, name);

	return marker == NULL ? 0 : marker->time_ms;
}

static void
person_drop_marker(struct person *p, struct marker *marker)
{
	TAILQ_REMOVE(&p->markers, marker, entry);
	p->marker_count--;
	free(marker);
}

bool
person_set_marker(struct person *p, const char *name, int64_t time_ms)
{
	struct marker *marker = person_find_marker(p, name);

	assert(marker_is_name(name) && time_ms > 0);
	if (marker == NULL) {
		if (p->marker_count == MARKERS_MAX)
			person_drop_marker(p, TAILQ_FIRST(&p->markers));
		marker = xcalloc(1, sizeof *marker);
		memcpy(marker->name, name, strlen(name) + 1);
		p->marker_count++;
	} else if (time_ms <= marker->time_ms)
		return false;
	else
		TAILQ_REMOVE(&p->markers, marker, entry);
	marker->time_ms = time_ms;
	TAILQ_INSERT_TAIL(&p->markers, marker, entry);
	return true;
}

struct kept_message *
kept_message_new(const struct event *event)
{
	struct kept_message *k;

	k = xcalloc(1, sizeof *k + event->text_len);
	k->time_ms = event->time_ms;
	k->author = event->author;
	k->msgid = event->msgid;
	k->is_notice = event->is_notice;
	k->is_action = event->is_action;
	memcpy(k->nick, event->nick, strlen(event->nick) + 1);
	k->len = event->text_len;
	memcpy(k->text, event->text, event->text_len);
	return k;
}

static size_t
person_kept_size(const struct kept_message *k)
{
	return sizeof *k + k->len;
}

static void
person_count_kept(struct rooms *rooms, struct person *p,
    const struct kept_message *k)
{
	p->kept_count++;
	p->kept_bytes += person_kept_size(k);
	rooms->kept_bytes += person_kept_size(k);
}

int
person_keep(struct rooms *rooms, struct person *p, struct kept_message *k)
{
	size_t size = person_kept_size(k);

	if (p->kept_count >= KEPT_MAX ||
	    p->kept_bytes + size > KEPT_BYTES_MAX ||
	    rooms->kept_bytes + size > KEPT_TOTAL_MAX)
		return -1;
	TAILQ_INSERT_TAIL(&p->kept, k, entry);
	person_count_kept(rooms, p, k);
	return 0;
}

void
person_take_kept(struct rooms *rooms, struct person *p, struct kept_message *k)
{
	TAILQ_REMOVE(&p->kept, k, entry);
	p->kept_count--;
	p->kept_bytes -= person_kept_size(k);
	rooms->kept_bytes -= person_kept_size(k);
}

static void
person_drop_kept(struct rooms *rooms, struct person *p)
{
	struct kept_message *k = TAILQ_FIRST(&p->kept);

	person_take_kept(rooms, p, k);
	free(k);
}

int
person_restore_kept(struct rooms *rooms, struct person *p,
    struct kept_message *k)
{
	if (p->kept_count >= KEPT_MAX)
		return -1;
	TAILQ_INSERT_TAIL(&p->kept, k, entry);
	person_count_kept(rooms, p, k);
	return 0;
}

void
person_keep_again(struct rooms *rooms, struct person *p, struct kept_message *k)
{
	TAILQ_INSERT_HEAD(&p->kept, k, entry);
	person_count_kept(rooms, p, k);
	while (p->kept_count > KEPT_MAX)
		person_drop_kept(rooms, p);
}

void
person_keep_restored(struct rooms *rooms, struct person *p,
    struct kept_message *k)
{
	if (rooms->kept_bytes + person_kept_size(k) > KEPT_TOTAL_MAX) {
		free(k);
		return;
	}
	TAILQ_INSERT_TAIL(&p->kept, k, entry);
	person_count_kept(rooms, p, k);
	while (p->kept_count > KEPT_MAX)
		person_drop_kept(rooms, p);
}

void
person_move(struct rooms *rooms, struct person *to, struct person *from)
{
	struct place *place, *moved;
	struct ignore *ig;
	struct marker *marker;

	while ((place = LIST_FIRST(&from->places)) != NULL) {
		moved = person_set_place(to, place->room, place->cursor,
		    place->left_ms);
		moved->repeat_until = place->repeat_until;
		moved->is_op |= place->is_op;
		moved->is_voiced |= place->is_voiced;
		place_free(place);
	}
	while ((ig = TAILQ_FIRST(&from->ignores)) != NULL) {
		/* One too many is forgotten. */
		(void)!person_ignore(to, ig->id, ig->nick);
		person_drop_ignore(from, ig);
	}
	while ((marker = TAILQ_FIRST(&from->markers)) != NULL) {
		(void)person_set_marker(to, marker->name, marker->time_ms);
		person_drop_marker(from, marker);
	}
	TAILQ_CONCAT(&to->kept, &from->kept, entry);
	to->kept_count += from->kept_count;
	to->kept_bytes += from->kept_bytes;
	from->kept_count = 0;
	from->kept_bytes = 0;
	while (to->kept_count > KEPT_MAX)
		person_drop_kept(rooms, to);
}

void
person_clear(struct rooms *rooms, struct person *p)
{
	struct place *place;
	struct ignore *ig;
	struct marker *marker;

	while ((place = LIST_FIRST(&p->places)) != NULL)
		place_free(place);
	while ((ig = TAILQ_FIRST(&p->ignores)) != NULL)
		person_drop_ignore(p, ig);
	while ((marker = TAILQ_FIRST(&p->markers)) != NULL)
		person_drop_marker(p, marker);
	while (!TAILQ_EMPTY(&p->kept))
		person_drop_kept(rooms, p);
}
