/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying how far one has read, forth or back: it is the person's, so their other
 * sessions are told, and a device that is new to them begins there. What was
 * delivered to a session is another thing, and stays.
 *
 * Nobody is told of what moves it by itself, speaking and the end of a catch-up:
 * the others have shown the line, or will.
 */
#include "config.h"

#include <string.h>

#include "actions/actions.h"
#include "room/client.h"
#include "room/conversation.h"
#include "room/conversing.h"
#include "room/person.h"
#include "room/room.h"
#include "room/watch.h"

static void
read_tell_others(const struct client *client, struct event *event)
{
	struct client *other;

	event->server = client->member->chat->options->server_name;
	SLIST_FOREACH(other, &client->member->clients, in_member)
		if (other != client && other->ops != NULL)
			other->ops->event(other, event);
}

/* When the last message before number was said; 0: it is not held. */
static int64_t
read_time(struct history *h, uint64_t number)
{
	struct history_cursor at = history_find(h, number);
	struct event event;

	return history_step_back(h, &at) && history_read(h, &at, &event) &&
		event_is_numbered(event.kind) ?
	    event.time_ms :
	    0;
}

/* IRC clients know it by a time, which only moves on. */
static void
read_mark(struct membership *ms, int64_t time_ms)
{
	const struct history *h = &ms->room->history;
	int64_t newest_ms = ms->member->chat->clock->wall_ms;
	char name[MARKER_NAME_SIZE];

	if (time_ms <= 0)
		return;
	if (newest_ms < h->last_time_ms)
		newest_ms = h->last_time_ms;
	name[0] = '#';
	memcpy(name + 1, ms->room->name, strlen(ms->room->name) + 1);
	(void)person_set_marker(&ms->member->person, name, time_ms, newest_ms);
}

uint64_t
action_read(const struct client *client, struct membership *ms, uint64_t number)
{
	struct history *h = &ms->room->history;
	struct event event = { .kind = EVENT_READ, .room = ms->room->name };

	if (number > h->next_number)
		number = h->next_number;
	if (number < h->first_number)
		number = h->first_number;
	membership_set_read(ms, number);
	event.number = number - 1;
	event.time_ms = read_time(h, number);
	read_mark(ms, event.time_ms);
	watch_member_changed_a_bit(ms->member);
	read_tell_others(client, &event);
	return number;
}

uint64_t
action_read_private(const struct client *client, struct conversation_end *end,
    uint64_t number)
{
	struct event event = {
		.kind = EVENT_READ,
		.other = conversation_other(end)->party.nick,
	};

	conversation_read(&client->member->chat->conversations, end, number);
	event.number = end->read - 1;
	read_tell_others(client, &event);
	return end->read;
}
