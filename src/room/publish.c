/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Publishing: what happens in a room goes into its ring, if its kind is
 * numbered, and is rendered; when the turn ends, it goes to everybody who is
 * there. These are the two ends of it, and what is between is the caller's.
 */
#include "config.h"

#include "room/client.h"
#include "room/conversing.h"
#include "room/crowd.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/publish.h"
#include "room/pump.h"
#include "room/roommates.h"
#include "room/watch.h"

/* Is it an event of which only the last matters? */
static bool
publish_is_state(enum event_kind kind)
{
	return kind == EVENT_KICK || kind == EVENT_MODE || kind == EVENT_TOPIC;
}

/* Who did it, where and when. */
static void
publish_sign(struct room *room, struct event *event, struct membership *actor)
{
	struct chat *chat = room->chat;

	if (actor != NULL)
		event->from = actor->member;
	if (event->from != NULL) {
		event->via = member_client(event->from)->number;
		event->author = event->from->id;
		event->nick = event->from->nick;
	}
	if (event->kind == EVENT_TAGS)
		event->msgid = ++chat->last_msgid;
	event->time_ms = chat->clock->wall_ms;
}

/* Puts it into the ring: under the number that it has, if it is of a shared
 * log. */
static void
publish_keep(struct room *room, struct event *event, struct membership *actor)
{
	struct chat *chat = room->chat;
	uint64_t before = room->history.head_pos;

	event->age_ms = clock_age_ms(chat->clock);
	if (event->node != 0) {
		history_append_at(&room->history, event);
	} else {
		event->wall_ms = event->time_ms;
		event->time_ms = history_next_time(&room->history,
		    event->wall_ms);
		event->number = history_append(&room->history, event);
	}
	crowd_said(room, actor == NULL ? NULL : actor->member,
	    event->from == NULL ? NULL : event->from->origin,
	    room->history.head_pos - before);
	room->said_ms = chat->clock->mono_ms;
	room->used_ms = event->age_ms;
	chat->messages++;
	watch_said(chat);
}

void
room_said(struct room *room, struct event *event, struct membership *actor)
{
	struct cursor *c;

	/* The actor's client is told by its session, at once; it must know
	 * first what others have done before. */
	if (actor != NULL && membership_tracks(actor) &&
	    publish_is_state(event->kind))
		deliver_flush(room);
	/* It may hand out what they did before, in a turn of its own. */
	deliver_begin(room, actor == NULL ? NULL : actor->member);
	if (actor != NULL)
		SLIST_FOREACH(c, &actor->cursors, in_membership)
			deliver_set_acted(c);
	event->server = room->chat->options->server_name;
	event->room = room->name;
	if (event_is_numbered(event->kind))
		publish_keep(room, event, actor);
	deliver_render(room, event);
	if (room->tracker_count > 0)
		roommates_tell_behind(room, event);
	if (deliver_is_full(room))
		deliver_flush(room);
}

enum publish
room_publish(struct room *room, struct event *event, struct membership *actor)
{
	publish_sign(room, event, actor);
	if (room->log != NULL && event_is_numbered(event->kind))
		return room->log->append(room->log, event) == 0 ?
		    PUBLISH_ASKED :
		    PUBLISH_REFUSED;
	room_said(room, event, actor);
	return PUBLISH_SAID;
}

bool
publish_turn(struct chat *chat)
{
	struct room *room;

	while ((room = TAILQ_FIRST(&chat->dirty)) != NULL)
		deliver_flush(room);
	chat->actors = 0;
	pump_turn(chat);
	conversing_confirm(&chat->conversations);
	watch_turn_ended(chat);
	conversing_settle(&chat->conversations);
	return !TAILQ_EMPTY(&chat->pump);
}
