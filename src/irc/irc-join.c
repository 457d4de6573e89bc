/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * JOIN and PART. The burst of a JOIN is an answer, so it is on its way before
 * anything that the room hands out; what was missed follows from the room layer
 * (draft/chathistory: clients that fetch history by themselves get none).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "irc/irc.h"
#include "room/chat.h"
#include "room/deliver.h"
#include "room/modes.h"
#include "room/rank.h"
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
	if (irc_has(s, IRC_CAP_CHATHISTORY) ||
	    (s->member->flags & MEMBER_BOT) != 0)
		return ROOM_JOIN_QUIET;
	return ROOM_JOIN_CATCHUP;
}

/* Who joins is away to others, but need not be told so. */
static void
join_send_own(struct session *s, const struct room *room)
{
	struct event event = irc_own_event(s, EVENT_SYNC_JOIN, room);

	irc_event_as(s, &event,
	    irc_of(s)->caps & ~(uint32_t)IRC_CAP_AWAY_NOTIFY);
}

static void
join_go(struct session *s, struct room *room)
{
	struct membership *ms;

	/* Nothing of it is sent before the answer. */
	ms = room_join(room, s->member, join_how(s));
	(void)rank_joined(ms);
	join_send_own(s, room);
	irc_send_topic(s, room);
	irc_send_marker(s, room);
	if (!irc_has(s, IRC_CAP_NO_IMPLICIT_NAMES)) {
		irc_charge_names(s, room);
		irc_send_names(s, room);
	}
	if (s->member->is_on_break)
		irc_line(s,
		    "NOTICE %s :#%s: You are still on break; BACK shows what "
		    "you miss here",
		    irc_nick(s), room->name);
}

/* 471, 473, 474 or 475 */
static void
join_refuse(struct session *s, const struct room *room, enum modes_admit why)
{
	switch (why) {
	case MODES_ADMITTED:
		break;
	case MODES_BANNED:
		irc_room_numeric(s, 474, room,
		    "Cannot join channel (+b); you are banned");
		break;
	case MODES_INVITE_ONLY:
		irc_room_numeric(s, 473, room,
		    "Cannot join channel (+i); ask for an invitation");
		break;
	case MODES_BAD_KEY:
		irc_room_numeric(s, 475, room,
		    "Cannot join channel (+k); it has another key");
		break;
	case MODES_FULL:
		irc_room_numeric(s, 471, room,
		    "Cannot join channel (+l); it is full");
		break;
	}
}

static void
join_open(struct session *s, const char *channel, const char *key)
{
	enum modes_admit admit = MODES_ADMITTED;
	struct room *room;

	switch (chat_open_room(s->all->chat, channel + 1, &room)) {
	case CHAT_ROOM_MADE:
		join_go(s, room);
		break;
	case CHAT_ROOM_FOUND:
		admit = modes_admit(room, s->member, key);
		if (admit == MODES_ADMITTED)
			join_go(s, room);
		else
			join_refuse(s, room, admit);
		break;
	case CHAT_ROOM_NOT_ALLOWED:
		irc_about(s, 403, channel,
		    "No such channel, and new ones are not made here; LIST "
		    "lists them");
		break;
	case CHAT_ROOMS_FULL:
		irc_about(s, 403, channel,
		    "No such channel, and as many as there may be are in use");
		break;
	}
}

static void
join_one(struct session *s, const char *channel, const char *key)
{
	struct room *room = irc_find_room(s, channel);

	if (channel[0] != '#')
		irc_no_such_channel(s, channel);
	else if (room_name_check(channel + 1) != NICK_OK)
		irc_about(s, 476, channel,
		    "Bad channel name: it is # and 1 to 32 of A-Z a-z 0-9 _ -, "
		    "starting with a letter");
	else if (room != NULL && member_in(s->member, room) != NULL)
		return;
	else
		join_open(s, channel, key);
}

/* text: scrubbed, or NULL */
static void
part_from(struct session *s, struct membership *ms, const char *text)
{
	struct event event = irc_own_event(s, EVENT_SYNC_PART, ms->room);

	event.text = text;
	event.text_len = text == NULL ? 0 : strlen(text);
	/* What was said before they have seen. */
	room_flush(ms->room);
	irc_event(s, &event);
	room_leave(ms, ROOM_LEAVE_PART, text);
}

static void
part_all(struct session *s)
{
	struct membership *ms;

	while ((ms = LIST_FIRST(&s->member->memberships)) != NULL)
		part_from(s, ms, NULL);
}

void
irc_join_run(struct session *s, struct irc_message *msg)
{
	char *channels = msg->argv[0], *keys = msg->argv[1];
	const char *channel, *key;

	if (strcmp(channels, "0") == 0) {
		part_all(s);
		return;
	}
	while ((channel = strsep(&channels, ",")) != NULL) {
		key = join_key(&keys);
		if (*channel == '\0')
			continue;
		session_charge(s, 1);
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
		session_charge(s, 1);
		if (irc_open_room(s, channel, true, &ms) != NULL)
			part_from(s, ms, text);
	}
	free(text);
}
