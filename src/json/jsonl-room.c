/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Rooms: coming in and leaving, who is there, topics, and who is put out or
 * invited.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "base/clock.h"
#include "base/text.h"
#include "json/jsonl.h"
#include "room/chat.h"
#include "room/cursor.h"
#include "room/member.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/replay.h"

/* What a program is told of a room that it comes into. */
static void
join_answer(struct session *s, const struct jsonl_request *rq,
    const struct membership *ms)
{
	const struct room *room = ms->room;
	struct json *j = jsonl_begin_done(s, rq);

	json_text(j, "room", room->name);
	json_text(j, "topic", room->topic);
	jsonl_add_number(j, "last", room->history.next_number - 1);
	json_bool(j, "op", ms->is_op);
	jsonl_end(s);
	jsonl_send_people(s, room, false);
	/* Else the catch-up ends so. */
	if (!cursor_has_replay(membership_cursor(ms, session_client(s))) &&
	    !session_is_on_break(s)) {
		j = jsonl_begin(s, "event", "live");
		json_text(j, "room", room->name);
		jsonl_end(s);
	}
}

/* The place in room is behind that number, which their program has. */
static void
join_move_place(struct session *s, struct room *room, uint64_t number)
{
	struct person *person = &s->member->person;
	struct history_cursor at = history_seek_number(&room->history,
	    number + 1);

	/* If it is no longer held, the catch-up tells how many are missing. */
	at.number = number + 1;
	(void)person_set_bookmark(person, room, at,
	    s->all->chat->clock->mono_ms);
}

static void
join_enter(struct session *s, const struct jsonl_request *rq, struct room *room)
{
	/* Nothing of it is sent before the answer. */
	join_answer(s, rq,
	    action_join(s->member, room, ROOM_JOIN_CATCHUP, NULL));
}

static void
join_go(struct session *s, const struct jsonl_request *rq, struct room *room,
    uint64_t number)
{
	if (number == JSONL_NO_NUMBER) {
		join_enter(s, rq, room);
		return;
	}
	if (number >= room->history.next_number) {
		jsonl_failed(s, rq, "no-such-number",
		    "%s has no message of that number yet; join it without "
		    "\"after\"",
		    room->name);
		return;
	}
	join_move_place(s, room, number);
	join_enter(s, rq, room);
}

static void
join_named(struct session *s, const struct jsonl_request *rq, const char *name,
    const char *key)
{
	enum modes_admit why;
	struct room *room;
	uint64_t number = JSONL_NO_NUMBER;

	/* None is made for a number that it cannot have. */
	if (!jsonl_number(s, rq, "after", &number))
		return;
	if (number > 0 && number != JSONL_NO_NUMBER &&
	    room_name_check(name) == NICK_OK &&
	    chat_find_room(s->all->chat, name) == NULL) {
		jsonl_failed(s, rq, "no-such-number",
		    "there is no such room, so it has no messages; join it "
		    "without \"after\"");
		return;
	}
	switch (action_join_check(s->member, name, key, &room, &why)) {
	case JOIN_MAY:
		join_go(s, rq, room, number);
		break;
	case JOIN_IS_THERE:
		jsonl_failed(s, rq, "is-there", "you are there already");
		break;
	case JOIN_BAD_NAME:
		jsonl_failed(s, rq, "bad-name", "%s",
		    room_name_check_str(room_name_check(name)));
		break;
	case JOIN_NO_NEW_ROOMS:
		jsonl_failed(s, rq, "no-such-room",
		    "there is no such room, and new ones are not made here");
		break;
	case JOIN_ROOMS_FULL:
		jsonl_failed(s, rq, "rooms-full", "all %llu rooms are in use",
		    (unsigned long long)s->all->options->max_rooms);
		break;
	case JOIN_TOO_MANY_ROOMS:
		jsonl_failed(s, rq, "rooms-full",
		    "those from your address have made as many rooms as they "
		    "may");
		break;
	case JOIN_FORBIDDEN:
		jsonl_failed(s, rq, "forbidden", "%s",
		    modes_admit_str(why, room));
		break;
	}
}

void
jsonl_join_run(struct session *s, const struct jsonl_request *rq)
{
	char *name = jsonl_value(s, rq), *key;

	if (name == NULL)
		return;
	if (jsonl_member(s, rq, "key", &key)) {
		join_named(s, rq, name, key);
		free(key);
	}
	free(name);
}

/* What a request says to those who stay, or NULL. False: s was told that it is
 * no text. */
static bool
room_last_words(struct session *s, const struct jsonl_request *rq, size_t max,
    char **text)
{
	if (!jsonl_member(s, rq, "text", text))
		return false;
	if (*text != NULL)
		(*text)[text_cut(*text, strlen(*text), max)] = '\0';
	return true;
}

void
jsonl_leave_run(struct session *s, const struct jsonl_request *rq)
{
	char *name = jsonl_value(s, rq), *text;
	struct membership *ms;

	if (name == NULL)
		return;
	if ((ms = jsonl_in(s, rq, name)) != NULL &&
	    room_last_words(s, rq, BREAK_TEXT_MAX, &text)) {
		action_leave(ms, text);
		free(text);
		jsonl_done(s, rq);
	}
	free(name);
}

void
jsonl_skip_run(struct session *s, const struct jsonl_request *rq)
{
	char *name = jsonl_value(s, rq);
	struct membership *ms;
	uint64_t skipped;
	struct json *j;

	if (name == NULL)
		return;
	if ((ms = jsonl_in(s, rq, name)) == NULL) {
		free(name);
		return;
	}
	free(name);
	if (!replay_skip(membership_cursor(ms, session_client(s)), &skipped)) {
		jsonl_failed(s, rq, "no-catchup", "no catch-up runs there");
		return;
	}
	j = jsonl_begin_done(s, rq);
	json_number(j, "skipped", skipped);
	jsonl_end(s);
}

void
jsonl_who_run(struct session *s, const struct jsonl_request *rq)
{
	char *name = jsonl_value(s, rq);
	const struct room *room;

	if (name == NULL)
		return;
	if ((room = jsonl_reach(s, rq, name)) != NULL) {
		session_charge(s, (unsigned)(room->people_count / 500));
		jsonl_send_people(s, room, true);
		jsonl_done(s, rq);
	}
	free(name);
}

/* Where one stopped, if there is something after that: fresh messages, and those
 * that an earlier connection may have received. */
static void
rooms_add_place(struct json *j, const struct room *room,
    const struct bookmark *bookmark, uint64_t fresh)
{
	uint64_t all = room_new_count(room, &bookmark->cursor, 0);

	if (all == 0 || bookmark->cursor.number == 0)
		return;
	json_number(j, "repeats", all > fresh ? all - fresh : 0);
	jsonl_add_number(j, "read", bookmark->cursor.number - 1);
}

static void
rooms_add(struct json *j, const struct session *s, struct room *room)
{
	const struct membership *ms = jsonl_here(s, room);
	const struct bookmark *bookmark = person_bookmark(&s->member->person,
	    room);
	uint64_t fresh = 0;

	if (ms != NULL)
		fresh = cursor_new_count(membership_cursor(ms,
		    session_client(s)));
	else if (bookmark != NULL)
		fresh = room_new_count(room, &bookmark->cursor,
		    bookmark->repeat_until);
	json_object_open(j, NULL);
	json_text(j, "room", room->name);
	json_number(j, "people", room->people_count);
	json_text(j, "topic", room->topic);
	jsonl_add_number(j, "last", room->history.next_number - 1);
	json_bool(j, "in", ms != NULL);
	json_number(j, "new", fresh);
	if (ms == NULL && bookmark != NULL)
		rooms_add_place(j, room, bookmark, fresh);
	json_object_close(j);
}

void
jsonl_rooms_run(struct session *s, const struct jsonl_request *rq)
{
	struct chat *chat = s->all->chat;
	struct json *j = jsonl_begin_done(s, rq);
	struct room *room = NULL;
	size_t shown = 0;

	json_array_open(j, "rooms");
	while ((room = chat_next_room(chat, room)) != NULL)
		if (modes_may_see(room, s->member) && shown++ < JSONL_ROOMS_MAX)
			rooms_add(j, s, room);
	json_array_close(j);
	json_bool(j, "more", shown > JSONL_ROOMS_MAX);
	jsonl_end(s);
	session_charge(s, (unsigned)(shown / 100));
}

static void
topic_set(struct session *s, const struct jsonl_request *rq,
    struct membership *ms, const char *text)
{
	switch (action_topic(ms, text)) {
	case TOPIC_SET:
		jsonl_done(s, rq);
		break;
	case TOPIC_ON_BREAK:
		jsonl_on_break(s, rq);
		break;
	case TOPIC_NOT_OPERATOR:
		jsonl_failed(s, rq, "not-operator",
		    "only operators set the topic here (mode t)");
		break;
	case TOPIC_NONE:
		jsonl_failed(s, rq, "no-topic", "no topic is set");
		break;
	case TOPIC_TOO_LONG:
		jsonl_failed(s, rq, "too-long",
		    "the topic is too long (limit %d bytes)", TOPIC_MAX);
		break;
	case TOPIC_SECRET:
		jsonl_failed(s, rq, "secret", SAY_SECRET_TEXT);
		break;
	case TOPIC_TOO_OFTEN:
		jsonl_too_often(s, rq, ANNOUNCE_TOPIC);
		break;
	}
}

void
jsonl_topic_run(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms = jsonl_room(s, rq);
	char *text;

	if (ms == NULL || !jsonl_optional(s, rq, &text))
		return;
	topic_set(s, rq, ms, text == NULL || *text == '\0' ? NULL : text);
	free(text);
}

void
jsonl_kick_run(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms = jsonl_room(s, rq);
	struct member *m;
	char *nick, *text;

	if (ms == NULL || (nick = jsonl_value(s, rq)) == NULL)
		return;
	m = jsonl_find(s, rq, nick);
	free(nick);
	if (m == NULL)
		return;
	if (m == s->member) {
		jsonl_failed(s, rq, "yourself", "that is you");
		return;
	}
	if (!room_last_words(s, rq, KICK_TEXT_MAX, &text))
		return;
	switch (action_kick(ms, m, text)) {
	case KICK_DONE:
		jsonl_done(s, rq);
		break;
	case KICK_NOT_OPERATOR:
		jsonl_failed(s, rq, "not-operator", "only operators kick");
		break;
	case KICK_ON_BREAK:
		jsonl_on_break(s, rq);
		break;
	case KICK_NOT_THERE:
		jsonl_failed(s, rq, "no-such-nick", "they are not there");
		break;
	}
	free(text);
}

void
jsonl_invite_run(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms = jsonl_room(s, rq);
	struct member *m;
	char *nick;

	if (ms == NULL || (nick = jsonl_value(s, rq)) == NULL)
		return;
	m = jsonl_find(s, rq, nick);
	free(nick);
	if (m == NULL)
		return;
	switch (action_invite(ms, m)) {
	case INVITED:
		jsonl_done(s, rq);
		break;
	case INVITED_AWAY:
	case INVITED_SLOW:
		jsonl_failed(s, rq, "away", "they are away and were not told");
		break;
	case INVITE_ON_BREAK:
		jsonl_on_break(s, rq);
		break;
	case INVITE_NOT_OPERATOR:
		jsonl_failed(s, rq, "not-operator",
		    "only operators invite there (mode i)");
		break;
	case INVITE_IS_THERE:
		jsonl_failed(s, rq, "is-there", "they are there already");
		break;
	}
}
