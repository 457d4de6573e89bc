/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Each room has a place, which goes back from hit to hit. When all rooms have
 * one, or are through, the newest of these is the next that was found:
 *
 *   lobby    ... 811 <- 812  813  814      hit: 812, of 14:03
 *   kitchen      ...  40 <-  41   42       hit:  40, of 14:05: this one
 *
 * Decided against: an index of words. It would be as big as the rings, and has to
 * be made again at each start, to save what takes a few milliseconds for a ring
 * of the usual size.
 */
#include "config.h"

#include <assert.h>
#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"
#include "room/cursor.h"
#include "room/person.h"
#include "room/search.h"

struct search_place {
	uint64_t room; /* its key; a name may be another room's by then */
	struct history_cursor
	    at; /* all that is before it is still to be read */
	struct search_hit hit;
	bool has_hit;
	bool is_through;
};

struct search {
	size_t needle_len;
	char needle[SEARCH_TEXT_MAX * TEXT_FOLD_GROWTH];
	char from[NICK_SIZE]; /* "": anybody */
	int64_t after_ms, before_ms;
	size_t limit;
	bool has_topics;
	bool has_more;
	uint64_t read_bytes;
	size_t hit_count;
	struct search_hit hits[SEARCH_HITS_MAX];
	size_t place_count;
	struct search_place places[];
};

static void
search_add_place(struct search *search, const struct room *room,
    const struct search_query *query)
{
	struct search_place *place = &search->places[search->place_count++];
	const struct history *h = &room->history;

	place->room = room->key;
	place->at = history_head(h);
	if (query->before_ms > 0)
		place->at = history_seek_time(h, query->before_ms);
	if (query->before > 0 && query->before < place->at.number)
		place->at = history_seek_number(h, query->before);
}

struct search *
search_new(const struct member *m, const struct search_query *query)
{
	const struct membership *ms;
	struct search *search;
	size_t rooms = 0;

	SLIST_FOREACH(ms, &m->memberships, in_member)
		rooms++;
	search = xcalloc(1,
	    sizeof(*search) + rooms * sizeof(search->places[0]));
	assert(strlen(query->text) <= SEARCH_TEXT_MAX);
	search->needle_len = text_fold(search->needle, query->text,
	    strlen(query->text));
	search->after_ms = query->after_ms;
	search->before_ms = query->before_ms;
	search->limit = query->limit;
	search->has_topics = query->has_topics;
	search->has_more = true; /* until all was read */
	/* Nobody has a longer nick: then nothing is looked through. */
	if (query->from != NULL &&
	    strlcpy(search->from, query->from, sizeof(search->from)) >=
		sizeof(search->from))
		return search;
	SLIST_FOREACH(ms, &m->memberships, in_member)
		if (query->room == NULL || query->room == ms->room)
			search_add_place(search, ms->room, query);
	return search;
}

void
search_free(struct search *search)
{
	free(search);
}

static const struct room *
search_room(const struct member *m, uint64_t key)
{
	const struct membership *ms;

	SLIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->room->key == key)
			return ms->room;
	return NULL;
}

static bool
search_has_text(const struct search *search, const struct event *event,
    struct buf *scratch)
{
	size_t len;

	if (search->needle_len == 0)
		return true;
	buf_reset(scratch);
	len = text_fold(buf_reserve(scratch,
			    event->text_len * TEXT_FOLD_GROWTH + 1),
	    event->text, event->text_len);
	return memmem(scratch->data, len, search->needle, search->needle_len) !=
	    NULL;
}

static bool
search_matches(const struct search *search, const struct member *m,
    const struct event *event)
{
	if (event->kind == EVENT_GAP ||
	    (event->kind == EVENT_TOPIC && !search->has_topics))
		return false;
	if (search->before_ms > 0 && event->time_ms >= search->before_ms)
		return false;
	if (search->from[0] != '\0' &&
	    strcasecmp(event->nick, search->from) != 0)
		return false;
	return search_has_text(search, event, &m->chat->scratch) &&
	    !member_ignores_author(m, event->author, event->nick);
}

/* Reads one message more of the place. */
static void
search_look(struct search *search, struct search_place *place,
    const struct member *m)
{
	const struct room *room = search_room(m, place->room);
	struct history_cursor next;
	struct event event;

	place->is_through = room == NULL ||
	    history_clamp(&room->history, &place->at) > 0 ||
	    !history_step_back(&room->history, &place->at);
	if (place->is_through)
		return;
	next = place->at;
	(void)history_read(&room->history, &next, &event);
	search->read_bytes += next.pos - place->at.pos;
	if (event.kind != EVENT_GAP && search->after_ms > 0 &&
	    event.time_ms <= search->after_ms) {
		place->is_through = true;
		return;
	}
	place->has_hit = search_matches(search, m, &event);
	place->hit.room = place->room;
	place->hit.number = event.number;
	place->hit.time_ms = event.time_ms;
}

/* The place of which more has to be read; or else the newest hit, or NULL. */
static struct search_place *
search_next(struct search *search)
{
	struct search_place *place, *newest = NULL;
	size_t i;

	for (i = 0; i < search->place_count; i++) {
		place = &search->places[i];
		if (!place->has_hit && !place->is_through)
			return place;
		if (place->has_hit &&
		    (newest == NULL ||
			place->hit.time_ms > newest->hit.time_ms))
			newest = place;
	}
	return newest;
}

bool
search_step(struct search *search, const struct member *m,
    struct walk_budget *budget)
{
	struct search_place *place;

	while (walk_may_take(budget)) {
		place = search_next(search);
		search->has_more = place != NULL;
		if (place == NULL || search->read_bytes >= SEARCH_READ_MAX ||
		    (place->has_hit && search->hit_count == search->limit))
			return false;
		if (place->has_hit) {
			search->hits[search->hit_count++] = place->hit;
			place->has_hit = false;
		} else
			search_look(search, place, m);
	}
	return true;
}

size_t
search_count(const struct search *search)
{
	return search->hit_count;
}

bool
search_has_more(const struct search *search)
{
	return search->has_more;
}

uint64_t
search_read_bytes(const struct search *search)
{
	return search->read_bytes;
}

bool
search_hit(const struct search *search, const struct member *m, size_t i,
    struct event *event)
{
	const struct search_hit *hit = &search->hits[i];
	const struct room *room = search_room(m, hit->room);
	struct history_cursor at;

	if (room == NULL || hit->number < room->history.first_number)
		return false;
	at = history_seek_number(&room->history, hit->number);
	if (!history_read(&room->history, &at, event) ||
	    event->number != hit->number)
		return false;
	event->room = room->name;
	event->server = m->chat->options->server_name;
	return true;
}
