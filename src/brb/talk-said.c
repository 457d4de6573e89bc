/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is said, here and by others, in order and once.
 *
 * Others' messages come in the order of their numbers; one's own come with the
 * answer, which may be before what others said just before. So an own message
 * whose number is not the next one is held back: until a later one comes, or, in
 * a room that is live, until a "ping" is answered, before which the server hands
 * out all that it can. What is still missing then was either not handed out, as
 * one reads slowly, or is not for us (somebody is ignored): the history tells,
 * and it has all of it in order. So the place in a room is one number, and all
 * up to there was told.
 *
 * What has several lines is one message, where the room takes such; where it does
 * not, each line is one, in its place.
 *
 * What has no answer when a connection breaks is sent again under its id, by
 * which the server knows it. Private messages have none, and are not. What is
 * held back then was said, and comes with what was missed.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "brb/talk-impl.h"

#define TALK_IN_FLIGHT_MAX 16 /* without an answer */

const struct unsaid_list *
talk_unsaid(const struct talk *t)
{
	return &t->unsaid;
}

size_t
talk_unsaid_lines(const struct talk *t)
{
	return t->unsaid_lines;
}

static size_t
unsaid_lines(const struct unsaid *u)
{
	return text_count_lines(u->text, strlen(u->text));
}

static void
unsaid_remove(struct talk *t, struct unsaid *u)
{
	TAILQ_REMOVE(&t->unsaid, u, entry);
	t->unsaid_lines -= unsaid_lines(u);
	json_decref(u->said);
	free(u);
}

void
talk_free_unsaid(struct talk *t)
{
	struct unsaid *u;

	while ((u = TAILQ_FIRST(&t->unsaid)) != NULL)
		unsaid_remove(t, u);
}

/* What was told */

/* The place is behind that message. */
static void
room_move(struct talk_room *room, uint64_t number, const char *time)
{
	room->last = number;
	(void)snprintf(room->last_time, sizeof(room->last_time), "%s", time);
}

/* Tells an own message, and forgets that it waited. */
static void
talk_tell_own(struct talk *t, struct talk_room *room, struct unsaid *u)
{
	json_t *o = u->said;

	u->said = NULL;
	(void)json_object_set_new(o, "event", json_string(u->kind));
	(void)json_object_set_new(o, "nick", json_string(t->nick));
	(void)json_object_set_new(o, "text", json_string(u->text));
	room_move(room, u->number, talk_text(o, "time"));
	unsaid_remove(t, u);
	t->handler->said(t->arg, room, o, true);
	json_decref(o);
	t->handler->changed(t->arg);
}

/* The first that is held back in room, with a number up to most. */
static struct unsaid *
talk_first_held(struct talk *t, const struct talk_room *room, uint64_t most)
{
	struct unsaid *u, *first = NULL;

	TAILQ_FOREACH(u, &t->unsaid, entry)
		if (u->said != NULL && u->number <= most &&
		    strcmp(u->room, room->name) == 0 &&
		    (first == NULL || u->number < first->number))
			first = u;
	return first;
}

/* Nothing more comes up to that number. */
static void
talk_tell_held_to(struct talk *t, struct talk_room *room, uint64_t most)
{
	struct unsaid *u;

	while ((u = talk_first_held(t, room, most)) != NULL)
		talk_tell_own(t, room, u);
}

void
talk_tell_held(struct talk *t, struct talk_room *room)
{
	talk_tell_held_to(t, room, UINT64_MAX);
}

static struct unsaid *
talk_find_id(struct talk *t, const char *id)
{
	struct unsaid *u;

	TAILQ_FOREACH(u, &t->unsaid, entry)
		if (!u->is_private && strcmp(u->id, id) == 0)
			return u;
	return NULL;
}

/* Is it one that waits here? Then it is known to have been said. */
static bool
talk_note_said(struct talk *t, const json_t *o)
{
	struct unsaid *u = talk_find_id(t, talk_text(o, "id"));

	if (u == NULL)
		return false;
	if (u->is_sent && u->said == NULL)
		u->was_shown = true; /* the answer is still to come */
	else if (u->said == NULL)
		unsaid_remove(t, u);
	return true;
}

void
talk_take_said(struct talk *t, json_t *o)
{
	struct talk_room *room = talk_room_of(t, o);
	uint64_t number = talk_number(o, "number");
	bool is_own = talk_note_said(t, o);

	if (room == NULL || number <= room->last)
		return;
	talk_tell_held_to(t, room, number);
	/* It was one of those. */
	if (number == room->last)
		return;
	room_move(room, number, talk_text(o, "time"));
	if (strcmp(talk_text(o, "event"), "topic") == 0) {
		free(room->topic);
		room->topic = xstrdup(talk_text(o, "text"));
	}
	t->handler->said(t->arg, room, o, is_own);
}

/* Messages before one's own */

static void room_catch_up(struct talk_room *room);

static void
room_history_answer(void *arg, json_t *answer, bool ok)
{
	struct talk_room *room = arg;
	struct talk *t = room->talk;
	uint64_t before = room->last;
	json_t *list, *one;
	size_t i;

	room->is_filling = false;
	if (answer == NULL || room->state != TALK_LIVE)
		return;
	list = ok ? json_object_get(answer, "messages") : NULL;
	TALK_EACH(list, i, one)
		talk_take_said(t, one);
	if (json_is_true(json_object_get(answer, "more")) &&
	    room->last > before)
		room_catch_up(room);
	else {
		/* There is nothing else up to there. */
		talk_tell_held_to(t, room, room->filled);
		room_catch_up(room);
	}
}

/* Tells own messages that are the next ones; if others may be between, asks the
 * history for those. */
static void
room_catch_up(struct talk_room *room)
{
	struct talk *t = room->talk;
	struct unsaid *u;
	char after[24], before[24];

	if (room->state != TALK_LIVE || room->is_filling)
		return;
	while ((u = talk_first_held(t, room, UINT64_MAX)) != NULL &&
	    (u->number == room->last + 1 || u->number == UINT64_MAX))
		talk_tell_own(t, room, u);
	if (u == NULL)
		return;
	room->is_filling = true;
	room->filled = u->number;
	(void)snprintf(after, sizeof(after), "%llu",
	    (unsigned long long)room->last);
	(void)snprintf(before, sizeof(before), "%llu",
	    (unsigned long long)u->number + 1);
	talk_ask(t,
	    json_pack("{s:s,s:s,s:s}", "history", room->name, "after", after,
		"before", before),
	    room_history_answer, room);
}

/* What is said here */

static void
talk_pong(void *arg, json_t *answer, bool ok)
{
	struct talk *t = arg;
	struct talk_room *room;

	(void)ok;
	t->is_flushing = false;
	if (answer == NULL)
		return;
	TAILQ_FOREACH(room, &t->rooms, entry)
		room_catch_up(room);
}

void
talk_flush(struct talk *t)
{
	struct unsaid *u;

	if (t->is_flushing)
		return;
	TAILQ_FOREACH(u, &t->unsaid, entry)
		if (u->said != NULL)
			break;
	if (u == NULL)
		return;
	t->is_flushing = true;
	talk_ask(t, json_pack("{s:s}", "ping", "before"), talk_pong, t);
}

static void
talk_was_said(struct talk *t, struct unsaid *u, json_t *answer)
{
	struct talk_room *room = talk_find_room(t, u->room);

	u->number = talk_number(answer, "number");
	if (u->was_shown || room == NULL || u->number <= room->last) {
		unsaid_remove(t, u);
		t->handler->changed(t->arg);
		return;
	}
	u->said = json_incref(answer);
	if (u->number == room->last + 1 || room->state == TALK_OUT)
		talk_tell_held_to(t, room, u->number);
	else if (room->state == TALK_LIVE)
		talk_flush(t);
	t->handler->changed(t->arg);
}

static struct unsaid *
unsaid_new(struct talk *t, const char *to, const char *kind, const char *text,
    size_t len)
{
	struct unsaid *u = xcalloc(1, sizeof(*u) + len + 1);

	memcpy(u->text, text, len);
	(void)snprintf(u->room, sizeof(u->room), "%s", to);
	(void)snprintf(u->kind, sizeof(u->kind), "%s", kind);
	(void)snprintf(u->id, sizeof(u->id), "%.16s-%llu", t->run,
	    (unsigned long long)++t->next_id);
	u->talk = t;
	t->unsaid_lines += unsaid_lines(u);
	return u;
}

/* Puts each line of it in its place, but for empty ones, which say nothing. */
static void
talk_part_lines(struct talk *t, struct unsaid *u)
{
	size_t left = strlen(u->text), len, next;
	const char *line = u->text;
	struct unsaid *part;

	for (; left > 0; line += next, left -= next) {
		len = text_line(line, left, &next);
		if (len == 0)
			continue;
		part = unsaid_new(t, u->room, u->kind, line, len);
		memcpy(part->nick, u->nick, sizeof(part->nick));
		TAILQ_INSERT_BEFORE(u, part, entry);
	}
	unsaid_remove(t, u);
}

static void
talk_was_not_said(struct talk *t, struct unsaid *u, json_t *answer)
{
	const char *error = talk_text(answer, "error");
	const char *why = talk_text(answer, "text");

	if (unsaid_lines(u) > 1 &&
	    (strcmp(error, "too-many-lines") == 0 ||
		strcmp(error, "too-long") == 0)) {
		talk_part_lines(t, u);
		t->handler->changed(t->arg);
		return;
	}
	if (strcmp(error, "on-break") == 0 && !u->is_private) {
		u->is_sent = false;
		if (t->break_text == NULL)
			talk_set_break(t, "");
		t->handler->changed(t->arg);
		return;
	}
	talk_note(t, TALK_ERROR, NULL, "not said%s%s: \"%s\": %s",
	    u->is_private ? " to " : " in ", u->room, u->text, why);
	unsaid_remove(t, u);
	t->handler->changed(t->arg);
}

static void
talk_say_answer(void *arg, json_t *answer, bool ok)
{
	struct unsaid *u = arg;
	struct talk *t = u->talk;

	if (answer == NULL && u->is_private) {
		talk_note(t, TALK_ERROR, NULL,
		    "the connection was lost, so "
		    "it is not known whether this was sent to %s: \"%s\"",
		    u->room, u->text);
		unsaid_remove(t, u);
	} else if (answer == NULL)
		u->is_sent = false;
	else if (!ok)
		talk_was_not_said(t, u, answer);
	else if (u->is_private) {
		t->handler->sent(t->arg, answer, u->text, u->kind);
		unsaid_remove(t, u);
		t->handler->changed(t->arg);
	} else
		talk_was_said(t, u, answer);
	if (answer != NULL)
		talk_send_unsaid(t);
}

static void
talk_send_one(struct talk *t, struct unsaid *u)
{
	json_t *o;

	u->is_sent = true;
	if (u->is_private)
		talk_ask(t,
		    json_pack("{s:s,s:s,s:s}", "msg", u->room, "text", u->text,
			"kind", u->kind),
		    talk_say_answer, u);
	else {
		o = json_pack("{s:s,s:s,s:s,s:s}", "say", u->text, "room",
		    u->room, "kind", u->kind, "id", u->id);
		if (!t->options->attends)
			(void)json_object_set_new(o, "attend", json_false());
		talk_ask(t, o, talk_say_answer, u);
	}
}

/* Could it be said now? */
static bool
talk_may_send(struct talk *t, const struct unsaid *u)
{
	const struct talk_room *room;

	/* It was typed as somebody else, whom one is perhaps again soon. */
	if (strcasecmp(u->nick, t->nick) != 0 &&
	    !(talk_is_guest(u->nick) && talk_is_guest(t->nick)))
		return false;
	if (u->is_private || !t->options->attends)
		return true;
	room = talk_find_room(t, u->room);
	return room != NULL &&
	    (room->state == TALK_LIVE || room->state == TALK_CATCHING_UP);
}

/* Is there one before u for the same place that was not sent, or that may have
 * to be sent line by line? */
static bool
talk_is_behind(const struct talk *t, const struct unsaid *u)
{
	const struct unsaid *other;

	TAILQ_FOREACH(other, &t->unsaid, entry) {
		if (other == u)
			return false;
		if (strcmp(other->room, u->room) == 0 &&
		    (!other->is_sent ||
			(other->said == NULL && unsaid_lines(other) > 1)))
			return true;
	}
	return false;
}

void
talk_send_unsaid(struct talk *t)
{
	struct unsaid *u;
	size_t flying = 0;

	if (!t->is_settled || t->break_text != NULL)
		return;
	TAILQ_FOREACH(u, &t->unsaid, entry)
		flying += u->is_sent && u->said == NULL;
	TAILQ_FOREACH(u, &t->unsaid, entry) {
		if (flying >= TALK_IN_FLIGHT_MAX)
			return;
		if (u->is_sent || talk_is_behind(t, u) || !talk_may_send(t, u))
			continue;
		flying++;
		talk_send_one(t, u);
	}
}

static bool
talk_add(struct talk *t, const char *to, bool is_private, const char *kind,
    const char *text)
{
	struct unsaid *u;
	size_t len = strlen(text);
	char *clean = xmalloc(len * TEXT_SCRUB_GROWTH + 1);

	/* In private a message has one line. */
	len = is_private ? text_scrub(clean, text, len) :
			   text_scrub_lines(clean, text, len);
	/* Nothing is cut: what is too long is not said. */
	if (len == 0 || len > TALK_TEXT_MAX ||
	    t->unsaid_lines + text_count_lines(clean, len) > TALK_UNSAID_MAX ||
	    strlen(to) >= sizeof(u->room)) {
		free(clean);
		return false;
	}
	u = unsaid_new(t, to, kind, clean, len);
	free(clean);
	(void)snprintf(u->nick, sizeof(u->nick), "%s",
	    t->is_settled || t->wanted[0] == '\0' ? t->nick : t->wanted);
	u->is_private = is_private;
	TAILQ_INSERT_TAIL(&t->unsaid, u, entry);
	talk_send_unsaid(t);
	t->handler->changed(t->arg);
	return true;
}

bool
talk_may_be_one(const struct talk *t, const char *text)
{
	size_t len = strlen(text);

	return len <= t->max_text && len <= TALK_TEXT_MAX &&
	    text_count_lines(text, len) <= t->max_lines;
}

bool
talk_say(struct talk *t, const char *room, const char *kind, const char *text)
{
	return talk_add(t, room, false, kind, text);
}

bool
talk_msg(struct talk *t, const char *nick, const char *kind, const char *text)
{
	return talk_add(t, nick, true, kind, text);
}

void
talk_unsaid_renamed(struct talk *t)
{
	struct unsaid *u;

	TAILQ_FOREACH(u, &t->unsaid, entry)
		memcpy(u->nick, t->nick, sizeof(u->nick));
}

void
talk_connection_lost(struct talk *t)
{
	struct talk_room *room;
	struct unsaid *u, *next;

	t->is_flushing = false;
	TAILQ_FOREACH(room, &t->rooms, entry) {
		room->is_listing = false;
		if (room->state != TALK_OUT)
			room->state = TALK_JOINING;
	}
	TAILQ_FOREACH_SAFE(u, &t->unsaid, entry, next) {
		if (u->was_shown)
			unsaid_remove(t, u);
		else if (u->said == NULL)
			u->is_sent = false;
	}
}

void
talk_give_up(struct talk *t, struct talk_room *room)
{
	struct unsaid *u, *next;

	talk_tell_held(t, room);
	TAILQ_FOREACH_SAFE(u, &t->unsaid, entry, next) {
		if (u->is_private || u->is_sent ||
		    strcmp(u->room, room->name) != 0)
			continue;
		talk_note(t, TALK_ERROR, NULL, "not said in %s: \"%s\"",
		    u->room, u->text);
		unsaid_remove(t, u);
	}
}
