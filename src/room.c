/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * A room: who is in it, and what happens there. How that reaches people is
 * deliver.c's; who needs to hear of arrivals and departures is presence.c's.
 */

#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "deliver.h"
#include "keeper.h"
#include "log.h"
#include "replay.h"
#include "room.h"
#include "rooms.h"
#include "util.h"

struct room *
room_new(struct rooms *rooms, const char *name)
{
	struct room *room;

	assert(room_name_check(name) == NICK_OK);
	room = xcalloc(1, sizeof *room);
	room->rooms = rooms;
	nick_fold(room->name, name);
	room->used_ms = rooms->clock->mono_ms;
	history_init(&room->history, rooms->options->history_size);
	room->delivered = history_head(&room->history);
	/* In memory is better than not at all. */
	(void)!room_reopen(room);
	LIST_INIT(&room->audiences);
	TAILQ_INIT(&room->people);
	LIST_INIT(&room->exact);
	LIST_INIT(&room->places);
	presence_init(&room->presence, room);
	modes_init(room);
	return room;
}

/* When the newest message was said, monotonic. */
static int64_t
room_newest_ms(const struct room *room)
{
	struct history_cursor c = history_head(&room->history);
	struct event event;

	if (!history_step_back(&room->history, &c) ||
	    !history_read(&room->history, &c, &event) ||
	    !event_is_kept(event.kind))
		return room->rooms->clock->mono_ms;
	return clock_mono_of(room->rooms->clock, event.time_ms);
}

int
room_reopen(struct room *room)
{
	const struct room_files *files = room->rooms->files;
	struct history history;

	if (files == NULL)
		return 0;
	assert(history_count(&room->history) == 0);
	if (files->open(&history, room->name, room->history.size, files->arg) ==
	    -1)
		return -1;
	history_fini(&room->history);
	room->history = history;
	while (room_expire(room))
		continue;
	room->delivered = history_head(&room->history);
	if (history_count(&room->history) > 0)
		room->used_ms = room->said_ms = room_newest_ms(room);
	return 0;
}

bool
room_expire(struct room *room)
{
	const struct rooms *rooms = room->rooms;

	/* Nobody in step is left behind by it. */
	if (room->is_dirty)
		return true;
	return history_expire(&room->history,
	    rooms->clock->wall_ms - rooms->options->retention);
}

static void
room_clear(struct room *room)
{
	struct audience *a;
	struct place *place;

	assert(TAILQ_EMPTY(&room->people));
	if (room->is_dirty)
		TAILQ_REMOVE(&room->rooms->dirty, room, in_dirty);
	presence_fini(&room->presence);
	while ((place = LIST_FIRST(&room->places)) != NULL)
		place_free(place);
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
	room_clear(room);
	if (history_close(&room->history) == -1)
		log_error("history is not complete on the disk: room=%s: %s",
		    room->name, strerror(errno));
	free(room);
}

void
room_set_exact(struct membership *ms, bool is_exact)
{
	struct room *room = ms->room;

	if (is_exact == ms->is_exact)
		return;
	ms->is_exact = is_exact;
	if (is_exact) {
		LIST_INSERT_HEAD(&room->exact, ms, in_exact);
		room->exact_count++;
	} else {
		LIST_REMOVE(ms, in_exact);
		room->exact_count--;
	}
}

void
room_add_person(struct membership *ms)
{
	TAILQ_INSERT_TAIL(&ms->room->people, ms, in_room);
	ms->room->people_count++;
	room_set_exact(ms, ms->member->dialect->is_exact);
}

struct membership *
room_join(struct room *room, struct member *m, enum room_join how)
{
	struct membership *ms;
	struct place *place;
	int64_t now_ms = room->rooms->clock->mono_ms;

	assert(member_in(m, room) == NULL && m->ops != NULL);
	ms = xcalloc(1, sizeof *ms);
	ms->member = m;
	ms->room = room;
	ms->arrival = ++room->rooms->last_arrival;
	ms->own_from = room->history.next_number;
	LIST_INSERT_HEAD(&m->memberships, ms, in_member);
	room_add_person(ms);
	room->used_ms = now_ms;
	presence_came(&room->presence, ms);

	place = person_place(&m->person, room);
	if (place != NULL) {
		ms->is_op = place->is_op;
		ms->is_voiced = place->is_voiced;
	}
	if (place != NULL && how == ROOM_JOIN_QUIET) {
		place_free(place);
		place = NULL;
	}
	if (place != NULL) {
		ms->cursor = place->cursor;
		ms->repeat_until = place->repeat_until;
		if (place->position > 0)
			ms->told = place->told;
		else
			ms->told.from = place->cursor.number;
		if (!m->is_on_break)
			replay_start_catchup(ms, place->cursor, REPLAY_PRESENT,
			    now_ms - place->left_ms);
		place_free(place);
	} else if (m->is_on_break || how == ROOM_JOIN_QUIET) {
		ms->cursor = history_head(&room->history);
		ms->told.from = ms->cursor.number;
		if (!m->is_on_break)
			deliver_pump_later(ms);
	} else {
		ms->cursor = history_back(&room->history,
		    room->rooms->options->greeting_history);
		ms->told.from = ms->cursor.number;
		/* Where there is no past, clients are not told of it: what is
		 * said before the turn ends is not, either. */
		if (m->dialect->is_exact &&
		    ms->cursor.number == room->history.next_number)
			deliver_pump_later(ms);
		else
			replay_start_greeting(ms);
	}
	keeper_set_sure(ms, ms->cursor.number);
	keeper_mark_member(m);
	return ms;
}

void
room_leave(struct membership *ms, enum room_leave how, const char *text)
{
	struct room *room = ms->room;
	struct member *m = ms->member;
	struct place *place;

	keeper_mark_member(m);
	presence_left(&room->presence, ms, how, text);
	deliver_pause(ms);
	place = person_set_place(&m->person, room, ms->cursor,
	    member_away_since_ms(m));
	if (ms->repeat_until > ms->cursor.number)
		place->repeat_until = ms->repeat_until;
	if (m->ops != NULL)
		place->position = m->ops->handed(m);
	place->told = ms->told;
	place->is_op = ms->is_op;
	place->is_voiced = ms->is_voiced;
	LIST_REMOVE(ms, in_member);
	room_set_exact(ms, false);
	TAILQ_REMOVE(&room->people, ms, in_room);
	room->people_count--;
	room->used_ms = room->rooms->clock->mono_ms;
	free(ms);
}

static void
room_publish_by(struct room *room, struct event *event, const struct member *m)
{
	struct rooms *rooms = room->rooms;

	if (m != NULL) {
		event->author = m->id;
		event->from = m;
		event->nick = m->nick;
	}
	event->server = rooms->options->server_name;
	if (event->kind == EVENT_TAGS)
		event->msgid = ++rooms->last_msgid;
	event->room = room->name;
	event->time_ms = rooms->clock->wall_ms;
	if (event_is_kept(event->kind)) {
		event->number = history_append(&room->history, event);
		room->used_ms = room->said_ms = rooms->clock->mono_ms;
		rooms->messages++;
		keeper_wake(rooms);
	}
	deliver_render(room, event);
	if (room->exact_count > 0)
		peers_tell_out_of_step(room, event);
	if (!room->is_dirty) {
		room->is_dirty = true;
		TAILQ_INSERT_TAIL(&rooms->dirty, room, in_dirty);
		rooms->wake(rooms->wake_arg);
	}
	if (deliver_is_full(room))
		room_flush(room);
}

/* Does the last such event tell how things are? */
static bool
room_is_state(enum event_kind kind)
{
	return kind == EVENT_KICK || kind == EVENT_MODE || kind == EVENT_TOPIC;
}

void
room_publish(struct room *room, struct event *event, struct membership *actor)
{
	/* Their client is told by their session, at once. It has to know before
	 * what others have done. */
	if (actor != NULL && actor->is_exact && room_is_state(event->kind))
		room_flush(room);
	if (actor != NULL)
		deliver_set_acted(actor);
	room_publish_by(room, event, actor == NULL ? NULL : actor->member);
}

static bool
room_is_said(enum event_kind kind)
{
	return kind == EVENT_SAY || kind == EVENT_ME || kind == EVENT_NOTICE ||
	    kind == EVENT_CTCP || kind == EVENT_TAGS;
}

void
room_say(struct membership *ms, struct event *event)
{
	assert(room_is_said(event->kind));
	presence_show(&ms->room->presence, ms);
	room_publish(ms->room, event, ms);
}

void
room_say_from_outside(struct room *room, struct member *m, struct event *event)
{
	assert(room_is_said(event->kind) && member_in(m, room) == NULL);
	m->is_known = true;
	room_publish_by(room, event, m);
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
	memcpy(room->topic_by, ms->member->nick, sizeof room->topic_by);
	room->topic_ms = room->rooms->clock->wall_ms;
	keeper_topic(room);
	room_publish(room, e, ms);
}

uint64_t
room_new_count(const struct room *room, const struct history_cursor *cursor,
    uint64_t repeat_until)
{
	uint64_t from = cursor->number;

	if (from < repeat_until)
		from = repeat_until;
	return history_distance(from, room->history.next_number);
}

size_t
room_names(const struct room *room, const struct member **out, size_t max)
{
	struct roster *roster = &room->rooms->roster;
	struct member *m = NULL;
	size_t count = 0;

	while (count < max && count < room->people_count) {
		m = roster_next(roster, m);
		if (member_in(m, room) != NULL)
			out[count++] = m;
	}
	return count;
}
