/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * MARKREAD (IRCv3 draft/read-marker): how far somebody has read, as their
 * client says, for the next client that they use. It is a time, only moves on,
 * is theirs alone, and stays when they leave.
 *
 * The server's own cursor is another thing: what was sent is not read yet.
 */
#include "config.h"

#include <string.h>

#include "irc/irc.h"
#include "room/client.h"
#include "room/conversation.h"
#include "room/conversing.h"
#include "room/person.h"
#include "room/watch.h"

/* name is the marker's; target is how it is shown. */
static void
marker_add(struct buf *out, const struct member *m, const char *name,
    const char *target)
{
	int64_t time_ms = person_marker(&m->person, name);

	buf_addf(out, "MARKREAD %s ", target);
	if (time_ms == 0)
		buf_addch(out, '*');
	else {
		buf_addstr(out, "timestamp=");
		irc_add_time(out, time_ms);
	}
}

static void
marker_send(struct session *s, const char *name, const char *target)
{
	marker_add(irc_begin(s, NULL), s->member, name, target);
	irc_end(s);
}

/* The marker has moved on: their other IRC clients are told, but for one that
 * does not read. */
static void
marker_tell_others(const struct session *s, const char *name,
    const char *target)
{
	const struct session *other;
	struct client *client;
	struct buf out = BUF_INITIALIZER;

	SLIST_FOREACH(client, &s->member->clients, in_member) {
		other = client->session;
		if (client->ops == NULL || other == s ||
		    other->protocol != s->protocol ||
		    !irc_has(other, IRC_CAP_READ_MARKER))
			continue;
		buf_reset(&out);
		buf_addf(&out, ":%s ", irc_server(other));
		marker_add(&out, s->member, name, target);
		buf_addstr(&out, "\r\n");
		(void)client_deliver(client, &out);
	}
	buf_fini(&out);
}

void
irc_send_marker(struct session *s, const struct room *room)
{
	char name[MARKER_NAME_SIZE];

	if (!irc_has(s, IRC_CAP_READ_MARKER))
		return;
	name[0] = '#';
	memcpy(name + 1, room->name, strlen(room->name) + 1);
	marker_send(s, name, name);
}

void
irc_event_read(struct session *s, const struct event *event)
{
	char name[MARKER_NAME_SIZE];

	if (!irc_has(s, IRC_CAP_READ_MARKER) || !irc_of(s)->is_registered)
		return;
	if (event->room == NULL)
		nick_fold(name, event->other);
	else {
		name[0] = '#';
		memcpy(name + 1, event->room, strlen(event->room) + 1);
	}
	marker_send(s, name, event->room == NULL ? event->other : name);
}

/* Makes the marker's name from what a client calls it. */
static bool
marker_name(char name[MARKER_NAME_SIZE], const char *target)
{
	if (*target == '#' ? room_name_check(target + 1) != NICK_OK :
			     !irc_is_nick(target))
		return false;
	nick_fold(name, target);
	return true;
}

static void
marker_refuse(struct session *s, const char *what)
{
	struct buf context = BUF_INITIALIZER;

	irc_add_middle(&context, what, IRC_WORD_MAX);
	irc_fail(s, "MARKREAD", "INVALID_PARAMS", buf_cstr(&context) + 1,
	    "Invalid parameters");
	buf_fini(&context);
}

/*
 * Now, or when the newest message in that room was said, if the clock has been
 * set back since.
 */
static int64_t
marker_newest_ms(struct chat *chat, const char *name)
{
	const struct room *room;
	int64_t newest_ms = chat->clock->wall_ms;

	if (*name != '#')
		return newest_ms;
	room = chat_find_room(chat, name + 1);
	if (room != NULL && room->history.last_time_ms > newest_ms)
		newest_ms = room->history.last_time_ms;
	return newest_ms;
}

/* What was said in private until then is new to them no more. False: there is no
 * such conversation. */
static bool
marker_read_private(struct session *s, const char *nick, int64_t time_ms)
{
	struct chat *chat = s->all->chat;
	struct conversation_end *end = conversing_named(chat, s->member, nick);
	const struct history *h = end == NULL ?
	    NULL :
	    conversation_history(&chat->conversations,
		conversation_of_end(end));

	if (h == NULL)
		return false;
	(void)action_read_private(session_client(s), end,
	    history_seek_time(h, time_ms + 1).number);
	return true;
}

/* So is what was said in the room. False: they are not there. */
static bool
marker_read_room(struct session *s, const char *name, int64_t time_ms)
{
	const struct room *room = chat_find_room(s->all->chat, name);
	struct membership *ms = room == NULL ? NULL :
					       member_in(s->member, room);
	uint64_t number, read;

	if (ms == NULL)
		return false;
	number = history_seek_time(&room->history, time_ms + 1).number;
	read = membership_read(ms, NULL);
	(void)action_read(session_client(s), ms, number > read ? number : read);
	return true;
}

/* All of their other clients are told of what was read; of what cannot be, those
 * that may know it. */
static bool
marker_read(struct session *s, const char *name, int64_t time_ms)
{
	return *name == '#' ? marker_read_room(s, name + 1, time_ms) :
			      marker_read_private(s, name, time_ms);
}

static void
marker_set(struct session *s, const char *name, const char *target,
    int64_t time_ms)
{
	struct member *m = s->member;

	if (time_ms <= 0 ||
	    !person_set_marker(&m->person, name, time_ms,
		marker_newest_ms(m->chat, name)))
		return;
	watch_member_changed_a_bit(m);
	if (!marker_read(s, name, time_ms))
		marker_tell_others(s, name, target);
}

void
irc_markread_run(struct session *s, struct irc_message *msg)
{
	char name[MARKER_NAME_SIZE];
	int64_t time_ms;

	if (msg->argc == 0) {
		irc_fail(s, "MARKREAD", "NEED_MORE_PARAMS", "",
		    "Missing parameters");
		return;
	}
	if (!marker_name(name, msg->argv[0])) {
		marker_refuse(s, msg->argv[0]);
		return;
	}
	if (msg->argc > 1) {
		if (strncmp(msg->argv[1], "timestamp=", 10) != 0 ||
		    !irc_parse_time(msg->argv[1] + 10, &time_ms)) {
			marker_refuse(s, msg->argv[1]);
			return;
		}
		marker_set(s, name, msg->argv[0], time_ms);
	}
	marker_send(s, name, msg->argv[0]);
}
