/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A room: who is in it, and what happens there. deliver.c brings that to
 * people; presence.c decides who hears of arrivals and departures.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "room/acked.h"
#include "room/client.h"
#include "room/crowd.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/devices.h"
#include "room/past.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/publish.h"
#include "room/pump.h"
#include "room/repeat.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/shown.h"
#include "room/watch.h"

struct room *
room_new(struct chat *chat, const char *name)
{
	struct room *room;

	assert(room_name_check(name) == NICK_OK);
	room = xcalloc(1, sizeof(*room));
	room->chat = chat;
	nick_fold(room->name, name);
	room->used_ms = clock_age_ms(chat->clock);
	room->key = ++chat->last_key;
	history_init(&room->history, chat->options->history_size);
	room->turn_start = history_head(&room->history);
	/* In memory is better than not at all. */
	(void)!room_reopen(room);
	LIST_INIT(&room->audiences);
	TAILQ_INIT(&room->people);
	LIST_INIT(&room->trackers);
	LIST_INIT(&room->bookmarks);
	LIST_INIT(&room->places);
	presence_init(&room->presence, room);
	modes_init(room);
	return room;
}

/* Reads the newest message. False: there is none. */
static bool
room_newest(const struct room *room, struct event *event)
{
	struct history_cursor c = history_head(&room->history);

	return history_step_back(&room->history, &c) &&
	    history_read(&room->history, &c, event) &&
	    event_is_numbered(event->kind);
}

int
room_reopen(struct room *room)
{
	const struct room_files *files = room->chat->files;
	struct history history;
	struct event event;

	if (files == NULL)
		return 0;
	assert(history_count(&room->history) == 0);
	room->is_unkept = files->open(&history, room->name, room->history.size,
			      files->arg) == -1;
	if (room->is_unkept)
		return -1;
	history_fini(&room->history);
	room->history = history;
	room->turn_start = history_head(&room->history);
	if (room_newest(room, &event)) {
		room->used_ms = event.age_ms;
		room->said_ms = clock_mono_of(room->chat->clock, event.time_ms);
	}
	return 0;
}

void
room_age_known(struct room *room)
{
	struct event event;

	if (!room_newest(room, &event))
		room->used_ms = clock_age_ms(room->chat->clock);
	while (room_expire(room))
		continue;
}

void
room_keep(struct room *room)
{
	const struct room_files *files = room->chat->files;
	struct history file;

	assert(room->is_unkept);
	if (files->open(&file, room->name, room->history.size, files->arg) ==
	    -1)
		return;
	/* There was something to be read, but could not be: it stays. */
	if (history_count(&file) > 0 || file.size != room->history.size) {
		log_error("a room's history is not kept, as there is another "
			  "one: room=%s messages=%llu",
		    room->name, (unsigned long long)history_count(&file));
		room->is_kept_out = true;
		(void)!history_close(&file);
		return;
	}
	history_move(&room->history, &file);
	room->is_unkept = false;
}

bool
room_expire(struct room *room)
{
	const struct clock *clock = room->chat->clock;

	/* All live cursors must be past what is dropped. */
	if (room->is_dirty)
		return true;
	if (!clock_lets_expire(clock))
		return false;
	return history_expire(&room->history,
	    clock_age_ms(clock) - room->chat->options->retention);
}

static void
room_clear(struct room *room)
{
	struct audience *a;
	struct bookmark *bookmark;

	assert(TAILQ_EMPTY(&room->people));
	if (room->is_dirty)
		TAILQ_REMOVE(&room->chat->dirty, room, in_dirty);
	crowd_remove(room);
	room_set_maker(room, NULL);
	presence_fini(&room->presence);
	while ((bookmark = LIST_FIRST(&room->bookmarks)) != NULL)
		bookmark_free(bookmark);
	while (!LIST_EMPTY(&room->places))
		device_place_free(LIST_FIRST(&room->places));
	while ((a = LIST_FIRST(&room->audiences)) != NULL) {
		LIST_REMOVE(a, entry);
		audience_free(a);
	}
	free(room->topic);
	modes_fini(room);
}

void
room_free(struct room *room)
{
	room_clear(room);
	history_fini(&room->history);
	free(room);
}

void
room_close(struct room *room)
{
	if (room->log != NULL)
		room->log->closed(room->log);
	room_clear(room);
	if (history_close(&room->history) == -1)
		log_error("history is not complete on the disk: room=%s: %s",
		    room->name, strerror(errno));
	free(room);
}

void
room_add_person(struct membership *ms)
{
	TAILQ_INSERT_TAIL(&ms->room->people, ms, in_room);
	ms->room->people_count++;
}

struct cursor *
cursor_new(struct membership *ms, struct client *client)
{
	struct cursor *c = ms->cursor.ms == NULL ? &ms->cursor :
						   xcalloc(1, sizeof(*c));

	c->ms = ms;
	c->client = client;
	SLIST_INSERT_HEAD(&ms->cursors, c, in_membership);
	roommates_track(c,
	    client->ops != NULL && client->dialect->tracks_members);
	return c;
}

void
cursor_free(struct cursor *c)
{
	struct membership *ms = c->ms;

	assert(c->replay == NULL && !cursor_is_live(c));
	SLIST_REMOVE(&ms->cursors, c, cursor, in_membership);
	roommates_track(c, false);
	shown_fini(&c->shown);
	if (c == &ms->cursor)
		memset(c, 0, sizeof(*c));
	else
		free(c);
}

/* Newcomers have the last of what was said, if has_past, and then what
 * comes. */
static void
room_begin_new(struct cursor *c, enum room_join how, bool has_past)
{
	const struct room *room = c->ms->room;
	bool is_shown = !c->client->is_paused && how != ROOM_JOIN_QUIET;

	cursor_move(c,
	    is_shown && has_past ? history_back(&room->history,
				       room->chat->options->greeting_history) :
				   history_head(&room->history));
	c->shown.from = c->at.number;
	c->read = c->at.number;
	acked_set(c, c->at.number);
	if (c->client->is_paused)
		return;
	/* Where there is no past, clients are not told of any: nor of what is
	 * said before the turn ends. */
	if (is_shown &&
	    (!c->client->dialect->tracks_members ||
		c->at.number != room->history.next_number))
		replay_start_greeting(c);
	else
		deliver_pump_later(c);
}

static void
room_begin_at(struct cursor *c, struct bookmark *bookmark)
{
	cursor_move(c, bookmark->cursor);
	acked_set(c, bookmark->acked);
	c->read = bookmark->cursor.number;
	if (bookmark->read != 0) {
		/* It may have been handed more than anybody has read. */
		if (c->read > bookmark->read)
			c->read = bookmark->read;
		if (c->ms->read < bookmark->read)
			c->ms->read = bookmark->read;
	}
	c->repeat_until = bookmark->repeat_until;
	if (bookmark->position > 0)
		shown_move(&c->shown, &bookmark->shown);
	else {
		c->shown.from = bookmark->cursor.number;
		shown_add_before(&c->shown, &bookmark->shown);
	}
	if (!c->client->is_paused)
		replay_start_catchup(c, bookmark->cursor,
		    c->ms->room->chat->clock->mono_ms - bookmark->left_ms);
}

void
room_set_maker(struct room *room, struct origin *maker)
{
	if (room->maker != NULL)
		origin_release(room->maker, ORIGIN_ROOMS, 1);
	room->maker = maker;
	if (maker != NULL)
		origin_hold(maker, ORIGIN_ROOMS, 1);
}

uint64_t
cursor_read(const struct cursor *c)
{
	return c->read < acked_number(c) ? c->read : acked_number(c);
}

uint64_t
membership_read(const struct membership *ms, const struct cursor *except)
{
	const struct cursor *c;
	uint64_t read = ms->read;

	SLIST_FOREACH(c, &ms->cursors, in_membership)
		if (c != except && cursor_read(c) > read)
			read = cursor_read(c);
	return read;
}

void
membership_set_read(struct membership *ms, uint64_t number)
{
	struct cursor *c;

	ms->read = number;
	SLIST_FOREACH(c, &ms->cursors, in_membership)
		if (c->read > number)
			c->read = number;
}

uint64_t
membership_handed(const struct membership *ms, const struct cursor *except)
{
	const struct cursor *c;
	uint64_t handed = 0;

	SLIST_FOREACH(c, &ms->cursors, in_membership) {
		if (c == except)
			continue;
		if (replay_position(c) > handed)
			handed = replay_position(c);
		/* And with a connection before. */
		if (c->repeat_until > handed)
			handed = c->repeat_until;
	}
	if (devices_handed(&ms->member->person, ms->room) > handed)
		handed = devices_handed(&ms->member->person, ms->room);
	return handed;
}

/* Up to where all that it was handed has certainly arrived. */
static uint64_t
cursor_arrived(const struct cursor *c)
{
	const struct client *client = c->client;

	return client->ops != NULL && client->ops->unsent(client) == 0 ?
	    replay_position(c) :
	    acked_number(c);
}

uint64_t
membership_take_place(struct membership *ms, const struct client *client,
    struct shown *shown)
{
	uint64_t place, until;
	const struct cursor *c;

	if (!devices_take(&ms->member->person, ms->room, client->device, &place,
		&until, shown))
		place = membership_read(ms, membership_cursor(ms, client));
	/* The same device may be here as well, or so it seems: its connection
	 * may be dead. */
	SLIST_FOREACH(c, &ms->cursors, in_membership)
		if (c->client != client &&
		    c->client->device == client->device &&
		    cursor_arrived(c) < place)
			place = cursor_arrived(c);
	return place;
}

void
room_attend(struct membership *ms, struct client *client, enum room_join how)
{
	struct room *room = ms->room;
	struct bookmark place = {
		.repeat_until = membership_handed(ms, NULL),
		.left_ms = ms->member->active_ms,
	};
	uint64_t from = membership_take_place(ms, client, &place.shown);
	/* Where its program says. */
	struct bookmark *bookmark = person_bookmark(&ms->member->person, room);
	struct cursor *c = cursor_new(ms, client);

	c->tracking.arrival = ++room->chat->last_arrival;
	c->own_from = room->history.next_number;
	if (!past_is_for(ms->member) || how == ROOM_JOIN_QUIET)
		room_begin_new(c, how, false);
	else if (bookmark != NULL)
		room_begin_at(c, bookmark);
	else {
		if (from > place.repeat_until)
			from = place.repeat_until;
		place.cursor = history_find(&room->history, from);
		place.acked = from;
		room_begin_at(c, &place);
	}
	shown_fini(&place.shown);
	if (bookmark != NULL)
		bookmark_free(bookmark);
	watch_member_changed(ms->member);
}

struct membership *
room_enter(struct room *room, struct member *m, struct client *client)
{
	struct membership *ms = xcalloc(1, sizeof(*ms));
	struct cursor *c;

	assert(member_in(m, room) == NULL && client->ops != NULL);
	ms->member = m;
	ms->room = room;
	SLIST_INIT(&ms->cursors);
	SLIST_INSERT_HEAD(&m->memberships, ms, in_member);
	room_add_person(ms);
	c = cursor_new(ms, client);
	c->tracking.arrival = ++room->chat->last_arrival;
	c->own_from = room->history.next_number;
	room->used_ms = clock_age_ms(room->chat->clock);
	presence_came(&room->presence, ms);
	return ms;
}

struct membership *
room_join(struct room *room, struct member *m, enum room_join how)
{
	struct membership *ms;
	struct bookmark *bookmark;
	struct cursor *c;

	ms = room_enter(room, m, member_client(m));
	c = membership_cursor(ms, member_client(m));

	bookmark = person_bookmark(&m->person, room);
	if (bookmark != NULL) {
		devices_settle(bookmark, c->client->device);
		ms->is_op = bookmark->is_op;
		ms->is_voiced = bookmark->is_voiced;
	}
	if (!past_is_for(m))
		room_begin_new(c, how, false);
	else if (bookmark != NULL && how == ROOM_JOIN_CATCHUP)
		room_begin_at(c, bookmark);
	else
		room_begin_new(c, how, !modes_has(room, ROOM_NO_PAST));
	if (bookmark != NULL)
		bookmark_free(bookmark);
	watch_member_changed(m);
	return ms;
}

/* The bookmark is the place of that device. */
static void
room_keep_device(struct bookmark *bookmark, const struct cursor *c)
{
	bool is_known = devices_are_known(c->ms->member);

	bookmark->device = is_known ? c->client->device : 0;
	bookmark->read = is_known ? membership_read(c->ms, NULL) : 0;
}

/* The bookmark that c becomes, of a person with one client. */
static struct bookmark *
room_keep_place(struct cursor *c)
{
	struct member *m = c->ms->member;
	struct bookmark *bookmark = person_set_bookmark(&m->person, c->ms->room,
	    cursor_where(c), member_away_since_ms(m));

	repeat_note_seen(c);
	if (c->repeat_until > c->at.number)
		bookmark->repeat_until = c->repeat_until;
	room_keep_device(bookmark, c);
	if (c->client->ops != NULL) {
		bookmark->position = c->client->ops->handed(c->client);
		if (acked_number(c) < bookmark->acked)
			bookmark->acked = acked_number(c);
	}
	shown_move(&bookmark->shown, &c->shown);
	return bookmark;
}

/*
 * The same with several: where the one stopped that was handed least; what any
 * other was handed, is repeated, and those have places of their own. No output
 * tells what has arrived any more, so all that may not have arrived is taken back
 * now.
 */
static struct bookmark *
room_keep_places(struct membership *ms)
{
	struct member *m = ms->member;
	struct cursor *c, *low = NULL;
	struct bookmark *bookmark;
	uint64_t until = 0;

	SLIST_FOREACH(c, &ms->cursors, in_membership) {
		if (c->client->ops != NULL && past_is_for(m))
			repeat_set_back(c, c->client->ops->unsent(c->client));
		if (c->at.number > until)
			until = c->at.number;
		if (c->repeat_until > until && c->repeat_until > c->at.number)
			until = c->repeat_until;
		if (low == NULL || c->at.number < low->at.number)
			low = c;
	}
	assert(low != NULL);
	SLIST_FOREACH(c, &ms->cursors, in_membership)
		if (c != low && c->client->device != low->client->device &&
		    devices_are_known(m))
			devices_note(&m->person, ms->room, c->client->device,
			    c->at.number, c->repeat_until, &c->shown);
	bookmark = person_set_bookmark(&m->person, ms->room, low->at,
	    member_away_since_ms(m));
	if (until > low->at.number)
		bookmark->repeat_until = until;
	shown_add_before(&bookmark->shown, &low->shown);
	room_keep_device(bookmark, low);
	return bookmark;
}

void
room_leave(struct membership *ms, enum room_leave how, const char *text)
{
	struct room *room = ms->room;
	struct member *m = ms->member;
	struct cursor *c;
	struct bookmark *bookmark;

	watch_member_changed(m);
	presence_left(&room->presence, ms, how, text);
	SLIST_FOREACH(c, &ms->cursors, in_membership)
		pump_pause(c);
	c = SLIST_FIRST(&ms->cursors);
	if (SLIST_NEXT(SLIST_FIRST(&m->clients), in_member) == NULL)
		bookmark = room_keep_place(c);
	else
		bookmark = room_keep_places(ms);
	bookmark->is_op = ms->is_op;
	bookmark->is_voiced = ms->is_voiced;
	SLIST_REMOVE(&m->memberships, ms, membership, in_member);
	while ((c = SLIST_FIRST(&ms->cursors)) != NULL)
		cursor_free(c);
	TAILQ_REMOVE(&room->people, ms, in_room);
	room->people_count--;
	room->used_ms = clock_age_ms(room->chat->clock);
	free(ms);
}

void
room_set_topic(struct membership *ms, const char *text, struct event *event)
{
	struct room *room = ms->room;
	struct event own = { .kind = EVENT_TOPIC };
	struct event *e = event == NULL ? &own : event;

	*e = own;
	e->text = text == NULL ? "" : text;
	e->text_len = strlen(e->text);

	presence_show(&room->presence, ms);
	free(room->topic);
	room->topic = text == NULL ? NULL : xstrdup(text);
	memcpy(room->topic_by, ms->member->nick, sizeof(room->topic_by));
	room->topic_ms = room->chat->clock->wall_ms;
	watch_topic_changed(room);
	room_publish(room, e, ms);
}

void
room_kick(struct membership *ms, struct membership *by, const char *text,
    struct event *event)
{
	struct room *room = ms->room;
	struct member *m = ms->member;

	memset(event, 0, sizeof(*event));
	event->kind = EVENT_KICK;
	event->other = m->nick;
	event->text = text;
	event->text_len = text == NULL ? 0 : strlen(text);
	presence_show(&room->presence, ms);
	if (by != NULL)
		presence_show(&room->presence, by);
	/* They see what was said before; of this they are told otherwise. */
	deliver_flush(room);
	ms->is_op = false;
	ms->is_voiced = false;
	if (by == ms) {
		event->author = m->id;
		event->from = m;
		event->nick = m->nick;
		by = NULL;
	}
	room_leave(ms, ROOM_LEAVE_KICKED, text);
	room_publish(room, event, by);
}

/* Where m goes in the first count of out, which are in order. */
static size_t
room_names_find(const struct member **out, size_t count, const struct member *m)
{
	size_t low = 0, high = count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(out[middle]->folded, m->folded) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
room_names(const struct room *room, const struct member **out, size_t max)
{
	const struct membership *ms;
	size_t count = 0, at;

	TAILQ_FOREACH(ms, &room->people, in_room) {
		at = room_names_find(out, count, ms->member);
		if (at == max)
			continue;
		if (count < max)
			count++;
		memmove(&out[at + 1], &out[at],
		    (count - at - 1) * sizeof(out[0]));
		out[at] = ms->member;
	}
	return count;
}
