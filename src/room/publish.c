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

void
room_publish(struct room *room, struct event *event, struct membership *actor)
{
	struct chat *chat = room->chat;
	struct cursor *c;
	uint64_t before;

	/* The actor's client is told by its session, at once; it must know
	 * first what others have done before. */
	if (actor != NULL && membership_tracks(actor) &&
	    publish_is_state(event->kind))
		deliver_flush(room);
	/* It may hand out what they did before, in a turn of its own. */
	deliver_begin(room, actor == NULL ? NULL : actor->member);
	if (actor != NULL) {
		event->from = actor->member;
		SLIST_FOREACH(c, &actor->cursors, in_membership)
			deliver_set_acted(c);
	}
	if (event->from != NULL) {
		event->via = member_client(event->from)->number;
		event->author = event->from->id;
		event->nick = event->from->nick;
	}
	event->server = chat->options->server_name;
	if (event->kind == EVENT_TAGS)
		event->msgid = ++chat->last_msgid;
	event->room = room->name;
	event->time_ms = chat->clock->wall_ms;
	if (event_is_numbered(event->kind)) {
		event->wall_ms = event->time_ms;
		event->time_ms = history_next_time(&room->history,
		    event->wall_ms);
		event->age_ms = clock_age_ms(chat->clock);
		before = room->history.head_pos;
		event->number = history_append(&room->history, event);
		crowd_said(room, actor == NULL ? NULL : actor->member,
		    event->from == NULL ? NULL : event->from->origin,
		    room->history.head_pos - before);
		room->said_ms = chat->clock->mono_ms;
		room->used_ms = event->age_ms;
		chat->messages++;
		watch_said(chat);
	}
	deliver_render(room, event);
	if (room->tracker_count > 0)
		roommates_tell_behind(room, event);
	if (deliver_is_full(room))
		deliver_flush(room);
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
