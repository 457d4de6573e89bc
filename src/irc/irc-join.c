/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * JOIN and PART. What a JOIN is answered goes out before anything that the room
 * hands out; what was missed follows from the room layer, except to clients
 * that fetch history by themselves (draft/chathistory).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "irc/irc.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/modes.h"
#include "room/room.h"
#include "session/session.h"

static const char *
join_key(char **keys)
{
	const char *key = strsep(keys, ",");

	return key == NULL || *key == '\0' ? NULL : key;
}

static enum room_join
join_how(const struct session *s)
{
	return irc_has(s, IRC_CAP_CHATHISTORY) ? ROOM_JOIN_QUIET :
						 ROOM_JOIN_CATCHUP;
}

/* The client itself is not told that it is away. */
static void
join_send_own(struct session *s, const struct room *room)
{
	struct event event = irc_own_event(s, EVENT_SYNC_JOIN, room);

	irc_event_as(s, &event,
	    irc_of(s)->caps & ~(uint32_t)IRC_CAP_AWAY_NOTIFY);
}

/* What the client is told of a room that it has come into. */
static void
join_tell(struct session *s, struct room *room)
{
	join_send_own(s, room);
	irc_send_topic(s, room);
	irc_send_marker(s, room);
	if (!irc_has(s, IRC_CAP_NO_IMPLICIT_NAMES)) {
		irc_charge_names(s, room);
		irc_send_names(s, room);
	}
	if (session_is_on_break(s))
		irc_line(s,
		    "NOTICE %s :#%s: You are still on break; BACK shows what "
		    "you miss here",
		    irc_nick(s), room->name);
}

static void
join_go(struct session *s, struct room *room)
{
	/* Nothing of it is sent before the answer. */
	(void)action_join(s->member, room, join_how(s), NULL);
	join_tell(s, room);
}

void
irc_joined(struct session *s, struct membership *ms)
{
	struct client *client = session_client(s);

	/* Before the welcome there are no rooms. */
	if (!irc_of(s)->is_registered)
		return;
	room_attend(ms, client, join_how(s));
	membership_cursor(ms, client)->is_following = true;
	join_tell(s, ms->room);
}

static const struct {
	unsigned number;
	const char *text;
} join_refusals[] = {
	[MODES_BANNED] = { 474, "Cannot join channel (+b); you are banned" },
	[MODES_NOT_LOGGED_IN] = { 477,
	    "Cannot join channel (+r); log in to an account first" },
	[MODES_INVITE_ONLY] = { 473,
	    "Cannot join channel (+i); ask for an invitation" },
	[MODES_BAD_KEY] = { 475,
	    "Cannot join channel (+k); it has another key" },
	[MODES_FULL] = { 471, "Cannot join channel (+l); it is full" },
};

static void
join_one(struct session *s, const char *channel, const char *key)
{
	enum modes_admit why;
	struct room *room;

	if (channel[0] != '#') {
		irc_no_such_channel(s, channel);
		return;
	}
	switch (action_join_check(s->member, channel + 1, key, &room, &why)) {
	case JOIN_MAY:
		join_go(s, room);
		break;
	case JOIN_IS_THERE:
		break;
	case JOIN_BAD_NAME:
		irc_about(s, 476, channel,
		    "Bad channel name: it is # and 1 to 32 of A-Z a-z 0-9 _ -, "
		    "starting with a letter");
		break;
	case JOIN_NO_NEW_ROOMS:
		irc_about(s, 403, channel,
		    "No such channel, and new ones are not made here; LIST "
		    "lists them");
		break;
	case JOIN_ROOMS_FULL:
		irc_about(s, 403, channel,
		    "No such channel, and as many as there may be are in use");
		break;
	case JOIN_TOO_MANY_ROOMS:
		irc_about(s, 403, channel,
		    "No such channel, and those from your address have made "
		    "as many as they may");
		break;
	case JOIN_FORBIDDEN:
		irc_room_numeric(s, join_refusals[why].number, room,
		    join_refusals[why].text);
		break;
	}
}

void
irc_join_run(struct session *s, struct irc_message *msg)
{
	char *channels = msg->argv[0], *keys = msg->argv[1];
	const char *channel, *key;
	struct membership *ms, *next;

	if (strcmp(channels, "0") == 0) {
		SLIST_FOREACH_SAFE(ms, &s->member->memberships, in_member,
		    next) {
			if (membership_cursor(ms, session_client(s)) == NULL)
				continue;
			irc_charge(s, 20); /* as PART */
			action_leave(ms, NULL);
		}
		return;
	}
	while ((channel = strsep(&channels, ",")) != NULL) {
		key = join_key(&keys);
		if (*channel == '\0')
			continue;
		irc_charge(s, 3);
		join_one(s, channel, key);
	}
}

void
irc_part_run(struct session *s, struct irc_message *msg)
{
	char *channels = msg->argv[0];
	char *text = msg->argc > 1 ?
	    text_scrub_copy(msg->argv[1], BREAK_TEXT_MAX) :
	    NULL;
	const char *channel;
	struct membership *ms;

	while ((channel = strsep(&channels, ",")) != NULL) {
		if (*channel == '\0')
			continue;
		irc_charge(s, 10);
		if (irc_open_room(s, channel, true, &ms) != NULL)
			action_leave(ms, text);
	}
	free(text);
}
