/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Channels (Modern, "Channel Operations") are the rooms: #kitchen is the room
 * kitchen. Here are TOPIC, KICK and INVITE, and what the other commands of
 * channels share. The actions decide who may do what (actions.h), and the room
 * layer what others see of it. A room that somebody may not see does not exist
 * for them.
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "irc/irc.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/directory.h"
#include "room/modes.h"
#include "session/session.h"

struct room *
irc_find_room(const struct session *s, const char *channel)
{
	if (channel[0] != '#' || room_name_check(channel + 1) != NICK_OK)
		return NULL;
	return chat_find_room(s->all->chat, channel + 1);
}

bool
irc_may_see_room(const struct session *s, const struct room *room)
{
	return modes_may_see(room, s->member);
}

void
irc_room_numeric(struct session *s, unsigned number, const struct room *room,
    const char *text)
{
	irc_numeric(s, number, "#%s :%s", room->name, text);
}

void
irc_refuse(struct session *s, const char *command, const char *code,
    const struct room *room, const char *fmt, ...)
{
	struct buf text = BUF_INITIALIZER;
	char channel[ROOM_NAME_SIZE + 1] = "#";
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	memcpy(channel + 1, room->name, strlen(room->name) + 1);
	if (irc_has(s, IRC_CAP_STANDARD_REPLIES))
		irc_fail(s, command, code, channel, "%s", buf_cstr(&text));
	else
		irc_line(s, "NOTICE %s :%s: %s", irc_nick(s), channel,
		    buf_cstr(&text));
	buf_fini(&text);
}

void
irc_on_break(struct session *s, const char *command, const struct room *room)
{
	irc_refuse(s, command, "ON_BREAK", room,
	    "You are on break; BACK first. Nothing was done");
}

struct event
irc_own_event(const struct session *s, enum event_kind kind,
    const struct room *room)
{
	const struct member *m = s->member;
	struct event event = {
		.kind = kind,
		.time_ms = s->all->net->clock->wall_ms,
		.server = irc_server(s),
		.room = room->name,
		.author = m->id,
		.from = m,
		.nick = m->nick,
	};

	return event;
}

/* Where s itself is in the room, not only another session of theirs; or NULL. */
static struct membership *
irc_in(const struct session *s, const struct room *room)
{
	struct membership *ms = member_in(s->member, room);

	return ms != NULL && membership_cursor(ms, session_client(s)) != NULL ?
	    ms :
	    NULL;
}

struct room *
irc_open_room(struct session *s, const char *channel, bool has_to_be_in,
    struct membership **ms)
{
	struct room *room = irc_find_room(s, channel);

	*ms = room == NULL ? NULL : irc_in(s, room);
	if (room == NULL || (*ms == NULL && !irc_may_see_room(s, room))) {
		irc_no_such_channel(s, channel);
		return NULL;
	}
	if (*ms == NULL && has_to_be_in) {
		irc_not_on_channel(s, channel);
		return NULL;
	}
	return room;
}

/* TOPIC */

void
irc_send_topic(struct session *s, const struct room *room)
{
	if (room->topic == NULL)
		return;
	irc_numeric(s, 332, "#%s :%s", room->name, room->topic);
	if (room->topic_ms > 0)
		irc_numeric(s, 333, "#%s %s %lld", room->name, room->topic_by,
		    (long long)(room->topic_ms / 1000));
}

static void
topic_set(struct session *s, struct membership *ms, const char *text)
{
	const struct room *room = ms->room;
	char wait[CLOCK_DURATION_SIZE];

	switch (action_topic(ms, text)) {
	case TOPIC_SET:
		break;
	case TOPIC_NOT_OPERATOR:
		irc_room_numeric(s, 482, room, "Only operators set the topic");
		break;
	case TOPIC_ON_BREAK:
		irc_on_break(s, "TOPIC", room);
		break;
	case TOPIC_NONE:
		irc_room_numeric(s, 331, room, "No topic is set");
		break;
	case TOPIC_TOO_LONG:
		irc_refuse(s, "TOPIC", "TOO_LONG", room,
		    "Topic too long (limit %d bytes); nothing was changed",
		    TOPIC_MAX);
		break;
	case TOPIC_SECRET:
		irc_refuse(s, "TOPIC", "SECRET", room, SAY_SECRET_TEXT);
		break;
	case TOPIC_TOO_OFTEN:
		session_wait_str(s, ANNOUNCE_TOPIC, wait);
		irc_refuse(s, "TOPIC", "RATE_LIMITED", room,
		    "Too many changes; try again in %s. Nothing was changed",
		    wait);
		break;
	}
}

void
irc_topic_run(struct session *s, struct irc_message *msg)
{
	struct membership *ms;
	struct room *room;
	char *text;

	room = irc_open_room(s, msg->argv[0], msg->argc > 1, &ms);
	if (room == NULL)
		return;
	if (msg->argc < 2) {
		if (room->topic == NULL)
			irc_room_numeric(s, 331, room, "No topic is set");
		irc_send_topic(s, room);
		return;
	}
	irc_charge(s, 18);
	text = text_scrub_copy(msg->argv[1], SIZE_MAX);
	topic_set(s, ms, text);
	free(text);
}

/* KICK */

/* channel and nick are as the client gave them. */
static void
kick_one(struct session *s, const char *channel, const char *nick,
    const char *text)
{
	struct membership *ms;
	struct room *room = irc_open_room(s, channel, true, &ms);
	struct member *m = directory_find(&s->all->chat->directory, nick);

	if (room == NULL)
		return;
	switch (action_kick(ms, m, text)) {
	case KICK_DONE:
		break;
	case KICK_NOT_OPERATOR:
		irc_room_numeric(s, 482, room, "Only operators kick");
		break;
	case KICK_ON_BREAK:
		irc_on_break(s, "KICK", room);
		break;
	case KICK_NOT_THERE:
		if (m == NULL)
			irc_no_such_nick(s, nick);
		else
			irc_about_in(s, 441, m->nick, room,
			    "They are not on that channel");
		break;
	}
}

/* "KICK #a bob,ana" and "KICK #a,#b bob,ana" (RFC 2812 section 3.2.8). */
void
irc_kick_run(struct session *s, struct irc_message *msg)
{
	char *channels = msg->argv[0], *nicks = msg->argv[1];
	char *channel = strsep(&channels, ","), *nick;
	char *text = msg->argc > 2 ?
	    text_scrub_copy(msg->argv[2], KICK_TEXT_MAX) :
	    NULL;
	bool has_many = channels != NULL;
	size_t count = 0;

	while ((nick = strsep(&nicks, ",")) != NULL) {
		if (channel == NULL) {
			irc_need_more_params(s, "KICK");
			break;
		}
		if (count++ == IRC_TARGETS_MAX) {
			irc_about(s, 407, nick,
			    "Too many targets; the rest was not kicked");
			break;
		}
		irc_charge(s, 10);
		kick_one(s, channel, nick, text);
		if (has_many)
			channel = strsep(&channels, ",");
	}
	free(text);
}

/* INVITE */

/* Lists the rooms to which s was invited. */
static void
invite_list(struct session *s)
{
	struct room *room = NULL;

	while ((room = chat_next_room(s->all->chat, room)) != NULL)
		if (modes_is_invited(room, s->member))
			irc_numeric(s, 336, "#%s", room->name);
	irc_numeric(s, 337, ":End of INVITE list");
}

static void
invite_go(struct session *s, struct membership *ms, struct member *m)
{
	const struct room *room = ms->room;
	enum invite result = action_invite(ms, m);

	switch (result) {
	case INVITED:
	case INVITED_AWAY:
	case INVITED_SLOW:
		irc_numeric(s, 341, "%s #%s", m->nick, room->name);
		if (result != INVITED)
			irc_refuse(s, "INVITE", "NOT_TOLD", room,
			    "%s %s and was not told; try again when they are "
			    "back",
			    m->nick,
			    result == INVITED_AWAY ? "is away" :
						     "does not read on");
		else if (member_is_away(m))
			irc_numeric(s, 301, "%s :%s", m->nick,
			    member_away_text(m));
		break;
	case INVITE_ON_BREAK:
		irc_on_break(s, "INVITE", room);
		break;
	case INVITE_NOT_OPERATOR:
		irc_room_numeric(s, 482, room,
		    "Only operators invite (mode i)");
		break;
	case INVITE_IS_THERE:
		irc_about_in(s, 443, m->nick, room, "is already on channel");
		break;
	}
}

void
irc_invite_run(struct session *s, struct irc_message *msg)
{
	struct membership *ms;
	struct room *room;
	struct member *m;

	if (msg->argc == 0) {
		invite_list(s);
		return;
	}
	if (msg->argc < 2) {
		irc_need_more_params(s, "INVITE");
		return;
	}
	m = directory_find(&s->all->chat->directory, msg->argv[0]);
	if (m == NULL) {
		irc_no_such_nick(s, msg->argv[0]);
		return;
	}
	room = irc_open_room(s, msg->argv[1], true, &ms);
	if (room != NULL)
		invite_go(s, ms, m);
}
