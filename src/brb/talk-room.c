/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Rooms: coming in where one stopped, who is there, and what else happens.
 *
 * Numbers are given to one message ever, but by a server that keeps nothing they
 * are given anew when it is started. So after each return the last message that
 * we have is compared with the server's of that number; where it is another, the
 * room is entered anew, and that is told.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "brb/talk-impl.h"

struct talk_rooms *
talk_rooms(struct talk *t)
{
	return &t->rooms;
}

struct talk_room *
talk_find_room(struct talk *t, const char *name)
{
	struct talk_room *room;

	TAILQ_FOREACH(room, &t->rooms, entry)
		if (strcasecmp(room->name, name) == 0)
			return room;
	return NULL;
}

struct talk_room *
talk_room_of(struct talk *t, const json_t *o)
{
	return talk_find_room(t, talk_text(o, "room"));
}

/* People */

static void
room_forget_people(struct talk_room *room)
{
	while (room->people_count > 0)
		free(room->people[--room->people_count]);
	free(room->people);
	room->people = NULL;
}

static char **
room_find_person(const struct talk_room *room, const char *nick)
{
	size_t i;

	for (i = 0; i < room->people_count; i++)
		if (strcasecmp(room->people[i], nick) == 0)
			return &room->people[i];
	return NULL;
}

static void
room_add_person(struct talk_room *room, const char *nick)
{
	if (!nick_is_wellformed(nick) || strlen(nick) > NICK_MAX ||
	    room->people_count >= TALK_PEOPLE_MAX ||
	    room_find_person(room, nick) != NULL)
		return;
	room->people = xreallocarray(room->people, room->people_count + 1,
	    sizeof(room->people[0]));
	room->people[room->people_count++] = xstrdup(nick);
}

static void
room_remove_person(struct talk_room *room, const char *nick)
{
	char **person = room_find_person(room, nick);

	if (person == NULL)
		return;
	free(*person);
	*person = room->people[--room->people_count];
}

static void
room_rename_person(struct talk_room *room, const char *was, const char *nick)
{
	if (room_find_person(room, was) == NULL)
		return;
	room_remove_person(room, was);
	room_add_person(room, nick);
}

static void
room_take_people(struct talk_room *room, const json_t *o)
{
	const json_t *list = json_object_get(o, "people"), *person;
	size_t i;

	if (!room->is_listing)
		room_forget_people(room);
	TALK_EACH(list, i, person)
		room_add_person(room, talk_text(person, "nick"));
	room->is_listing = json_is_true(json_object_get(o, "more"));
}

/* Coming in */

static void room_join(struct talk_room *room);

static void
room_begin_anew(struct talk_room *room)
{
	talk_tell_held(room->talk, room);
	room->last = 0;
	room->has_after = false;
	room->last_time[0] = '\0';
	talk_note(room->talk, TALK_NOTE, room,
	    "the server has begun a new history of %s; some of what follows "
	    "may be there already, and some may be lost",
	    room->name);
	room_join(room);
}

static void
room_verify_answer(void *arg, json_t *answer, bool ok)
{
	struct talk_room *room = arg;
	const json_t *theirs;

	if (answer == NULL || !ok || room->state == TALK_OUT)
		return;
	theirs = json_array_get(json_object_get(answer, "messages"), 0);
	if (json_object_get(theirs, "number") == NULL ||
	    room->verify_time[0] == '\0' ||
	    talk_number(theirs, "number") != room->verify_number ||
	    strcmp(talk_text(theirs, "time"), room->verify_time) == 0)
		return;
	talk_ask(room->talk, json_pack("{s:s}", "leave", room->name), NULL,
	    NULL);
	room_begin_anew(room);
}

static void
room_verify(struct talk_room *room)
{
	char after[24], before[24];

	if (room->last == 0 || room->last_time[0] == '\0' ||
	    room->last == UINT64_MAX)
		return;
	room->verify_number = room->last;
	memcpy(room->verify_time, room->last_time, sizeof(room->verify_time));
	(void)snprintf(after, sizeof(after), "%llu",
	    (unsigned long long)room->last - 1);
	(void)snprintf(before, sizeof(before), "%llu",
	    (unsigned long long)room->last + 1);
	talk_ask(room->talk,
	    json_pack("{s:s,s:s,s:s,s:s}", "history", room->name, "after",
		after, "before", before, "limit", "1"),
	    room_verify_answer, room);
}

static void
room_join_failed(struct talk_room *room, json_t *answer)
{
	struct talk *t = room->talk;
	const char *error = talk_text(answer, "error");

	if (strcmp(error, "is-there") == 0) {
		room->state = TALK_LIVE;
		talk_flush(t);
		talk_send_unsaid(t);
	} else if (strcmp(error, "no-such-number") == 0 && room->last > 0)
		room_begin_anew(room);
	else {
		room->state = TALK_OUT;
		talk_note(t, TALK_ERROR, room, "you are not in %s: %s",
		    room->name, talk_text(answer, "text"));
		talk_give_up(t, room);
	}
}

static void
room_join_answer(void *arg, json_t *answer, bool ok)
{
	struct talk_room *room = arg;
	const char *topic;

	if (answer == NULL)
		return;
	if (!ok)
		room_join_failed(room, answer);
	else if (room->state == TALK_JOINING) {
		room->state = TALK_CATCHING_UP;
		topic = json_string_value(json_object_get(answer, "topic"));
		free(room->topic);
		room->topic = topic == NULL ? NULL : xstrdup(topic);
		talk_send_unsaid(room->talk);
	}
	room->talk->handler->changed(room->talk->arg);
}

static void
room_join(struct talk_room *room)
{
	json_t *o = json_pack("{s:s}", "join", room->name);
	char number[24];

	if (room->key != NULL)
		(void)json_object_set_new(o, "key", json_string(room->key));
	if (room->last > 0 || room->has_after) {
		(void)snprintf(number, sizeof(number), "%llu",
		    (unsigned long long)room->last);
		(void)json_object_set_new(o, "after", json_string(number));
	}
	room->state = TALK_JOINING;
	room->is_left = false;
	talk_ask(room->talk, o, room_join_answer, room);
	room_verify(room);
}

void
talk_rejoin_all(struct talk *t)
{
	struct talk_room *room;

	TAILQ_FOREACH(room, &t->rooms, entry)
		if (!room->is_left)
			room_join(room);
}

static void
room_free(struct talk_room *room)
{
	struct talk *t = room->talk;

	t->handler->forgotten(t->arg, room);
	talk_ignore_answers(t, room);
	TAILQ_REMOVE(&t->rooms, room, entry);
	t->room_count--;
	room_forget_people(room);
	free(room->key);
	free(room->topic);
	free(room);
}

/* The room that was left first makes way for another. False: there is none. */
static bool
talk_forget_room(struct talk *t)
{
	struct talk_room *room;

	TAILQ_FOREACH(room, &t->rooms, entry)
		if (room->is_left) {
			room_free(room);
			return true;
		}
	return false;
}

struct talk_room *
talk_join(struct talk *t, const char *name, const char *key,
    const uint64_t *after)
{
	struct talk_room *room;

	name = room_name_meant(name);
	if (room_name_check(name) != NICK_OK) {
		talk_note(t, TALK_ERROR, NULL, "%s",
		    room_name_check_str(room_name_check(name)));
		return NULL;
	}
	room = talk_find_room(t, name);
	if (room == NULL) {
		if (t->room_count == TALK_ROOMS_MAX && !talk_forget_room(t)) {
			talk_note(t, TALK_ERROR, NULL,
			    "you are in %d rooms already; leave one first",
			    TALK_ROOMS_MAX);
			return NULL;
		}
		room = xcalloc(1, sizeof(*room));
		room->talk = t;
		nick_fold(room->name, name);
		room->last = after == NULL ? 0 : *after;
		room->has_after = after != NULL;
		room->state = TALK_OUT;
		TAILQ_INSERT_TAIL(&t->rooms, room, entry);
		t->room_count++;
	}
	if (key != NULL) {
		free(room->key);
		room->key = xstrdup(key);
	}
	if (room->state == TALK_OUT) {
		room->state = TALK_JOINING;
		if (t->is_settled)
			room_join(room);
	}
	t->handler->changed(t->arg);
	return room;
}

void
talk_leave(struct talk *t, struct talk_room *room)
{
	if (room->state != TALK_OUT && t->is_settled)
		talk_ask(t, json_pack("{s:s}", "leave", room->name), NULL,
		    NULL);
	room->state = TALK_OUT;
	room->is_left = true;
	room_forget_people(room);
	talk_give_up(t, room);
	t->handler->changed(t->arg);
}

void
talk_free_rooms(struct talk *t)
{
	struct talk_room *room;

	while ((room = TAILQ_FIRST(&t->rooms)) != NULL)
		room_free(room);
}

/* Events */

static void
talk_kicked(struct talk *t, struct talk_room *room, const json_t *o)
{
	const char *who = talk_text(o, "who");

	if (room == NULL)
		return;
	room_remove_person(room, who);
	if (strcasecmp(who, t->nick) != 0)
		return;
	room->state = TALK_OUT;
	room->is_left = true;
	talk_give_up(t, room);
}

static void
talk_renamed(struct talk *t, const json_t *o)
{
	const char *was = talk_text(o, "was"), *nick = talk_text(o, "nick");
	struct talk_room *room;

	TAILQ_FOREACH(room, &t->rooms, entry)
		room_rename_person(room, was, nick);
	if (strcasecmp(was, t->nick) == 0 && nick_is_wellformed(nick) &&
	    strlen(nick) <= NICK_MAX)
		memcpy(t->nick, nick, strlen(nick) + 1);
}

/* Did that private message come before? */
static bool
talk_had_private(struct talk *t, const json_t *o)
{
	const char *id = talk_text(o, "msgid");
	size_t i;

	if (*id == '\0' || strlen(id) >= TALK_MSGID_SIZE)
		return false;
	for (i = 0; i < TALK_PRIVATE_IDS; i++)
		if (strcmp(t->private_ids[i], id) == 0)
			return true;
	i = t->next_private_id++ % TALK_PRIVATE_IDS;
	(void)snprintf(t->private_ids[i], TALK_MSGID_SIZE, "%s", id);
	return false;
}

static void
talk_note_event(struct talk *t, struct talk_room *room, const char *name,
    const json_t *o)
{
	struct talk_room *other;

	if (strcmp(name, "live") == 0 && room != NULL) {
		room->state = TALK_LIVE;
		talk_flush(t);
	} else if (strcmp(name, "people") == 0 && room != NULL)
		room_take_people(room, o);
	else if (strcmp(name, "join") == 0 && room != NULL)
		room_add_person(room, talk_text(o, "nick"));
	else if (strcmp(name, "leave") == 0 && room != NULL)
		room_remove_person(room, talk_text(o, "nick"));
	else if (strcmp(name, "quit") == 0) {
		TAILQ_FOREACH(other, &t->rooms, entry)
			room_remove_person(other, talk_text(o, "nick"));
	} else if (strcmp(name, "nick") == 0)
		talk_renamed(t, o);
	else if (strcmp(name, "kick") == 0)
		talk_kicked(t, room, o);
	else if (strcmp(name, "break") == 0) {
		talk_set_break(t, "");
		talk_note(t, TALK_NOTE, NULL,
		    "all of your sessions are on break; /back is of this one, "
		    "/back all of all");
	} else if (strcmp(name, "back") == 0)
		talk_set_break(t, NULL);
	else if (strcmp(name, "refused") == 0)
		link_refused(t->link);
}

void
talk_take_event(struct talk *t, const char *name, json_t *o)
{
	struct talk_room *room;

	talk_scrub(o);
	name = talk_text(o, "event");
	if (strcmp(name, "say") == 0 || strcmp(name, "me") == 0 ||
	    strcmp(name, "notice") == 0 || strcmp(name, "topic") == 0) {
		talk_take_said(t, o);
		return;
	}
	if (strcmp(name, "msg") == 0 && talk_had_private(t, o))
		return;
	room = talk_room_of(t, o);
	talk_note_event(t, room, name, o);
	t->handler->event(t->arg, room, name, o);
	if (strcmp(name, "live") == 0)
		talk_send_unsaid(t);
	t->handler->changed(t->arg);
}
