/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Reading: tail, catchup, who and rooms. History comes in pages, one after the
 * other, each asked for when the one before is written; so nothing is held but a
 * page, and a reader that is slow is waited for. A room is followed by asking
 * again each second.
 */
#include "config.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "brb/script-impl.h"

#define READ_POLL_MS 1000
#define READ_PAGE "2000"

/* Adds o as it came, on a line of its own. */
static void
read_add_json(struct script *s, const json_t *o)
{
	char *line = json_dumps(o, JSON_COMPACT);

	if (line == NULL)
		return;
	if (!text_is_harmless(line, strlen(line))) {
		free(line);
		line = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	}
	buf_addf(&s->out, "%s\n", line);
	free(line);
}

static bool
read_mentions(struct script *s, const json_t *o)
{
	const char *text = talk_text(o, "text"), *me = talk_my_nick(s->talk);

	return !talk_is_guest(me) && text_mentions(text, strlen(text), me);
}

static void
read_show(struct script *s, json_t *o)
{
	const char *name = talk_text(o, "event");

	if (s->o->is_json)
		read_add_json(s, o);
	else if (strcmp(name, "gap") == 0)
		show_event(&s->show, &s->out, name, o, "");
	else
		show_said(&s->show, &s->out, o, read_mentions(s, o));
}

static void
read_person(struct script *s, const json_t *person)
{
	char since[CLOCK_DURATION_SIZE];
	double for_s = json_number_value(json_object_get(person, "for"));
	const json_t *away = json_object_get(person, "away");

	if (!(for_s >= 0 && for_s < 1e9))
		for_s = 0;
	clock_duration((int64_t)(for_s * 1000), since);
	buf_addf(&s->out, "%-20s %s %s%s%s\n", talk_text(person, "nick"),
	    json_is_true(json_object_get(person, "lost")) ? "lost for" :
		away != NULL                              ? "away for" :
							    "idle for",
	    since,
	    away != NULL && *talk_text(person, "away") != '\0' ? ": " : "",
	    talk_text(person, "away"));
}

void
script_read_said(struct script *s, json_t *o)
{
	if (s->marking > 0 && !s->is_ending)
		read_show(s, o);
}

void
script_read_event(struct script *s, struct talk_room *room, const char *name,
    json_t *o)
{
	const json_t *person;
	size_t i;

	if (s->is_ending)
		return;
	if (strcmp(name, "live") == 0 && room != NULL) {
		/* It is read up to here now. */
		if (s->marking > 0 && --s->marking == 0)
			script_end(s, BRB_DONE);
		return;
	}
	if (strcmp(name, "people") != 0 || s->o->verb != SCRIPT_WHO)
		return;
	TALK_EACH(json_object_get(o, "people"), i, person) {
		if (s->o->is_json)
			read_add_json(s, person);
		else
			read_person(s, person);
	}
}

/* Answers */

/* Has it been done? If not, that is the end. The caller frees it. */
static json_t *
read_check(struct script *s, json_t *answer, bool ok)
{
	if (answer == NULL) {
		/* The talk has told, or will, that the server is gone. */
		s->has_begun = false;
		return NULL;
	}
	if (ok)
		return json_incref(answer);
	script_error(s, "%s", talk_text(answer, "text"));
	script_end(s, BRB_FAILED);
	return NULL;
}

/* History */

static void read_next_room(struct script *s);
static void read_page(struct script *s);

static void
read_poll_cb(evutil_socket_t fd, short what, void *arg)
{
	struct script *s = arg;

	(void)fd;
	(void)what;
	if (talk_is_settled(s->talk))
		read_page(s);
}

static void
read_poll_later(struct script *s)
{
	struct timeval tv = { .tv_sec = READ_POLL_MS / 1000 };

	if (s->poll == NULL) {
		s->poll = event_new(s->base, -1, 0, read_poll_cb, s);
		if (s->poll == NULL)
			abort();
	}
	(void)event_add(s->poll, &tv);
}

/* Shows a page, and remembers its last number. False: there was nothing. */
static bool
read_take_page(struct script *s, const json_t *o)
{
	const json_t *list = json_object_get(o, "messages");
	uint64_t number;
	bool has_some = false;
	json_t *one;
	size_t i;

	TALK_EACH(list, i, one) {
		number = talk_number(one, "number");
		/* Numbers that go back would have it go on for ever. */
		if (number > 0 && s->has_last && number <= s->last)
			continue;
		read_show(s, one);
		if (number == 0)
			continue;
		s->last = number;
		s->has_last = has_some = true;
	}
	return has_some;
}

static void
read_page_answer(void *arg, json_t *answer, bool ok)
{
	struct script *s = arg;
	json_t *o = read_check(s, answer, ok);
	bool has_some, is_more;

	if (o == NULL)
		return;
	has_some = read_take_page(s, o);
	/* The newest ones are asked for by a first page that is the last. */
	is_more = has_some && s->is_paging &&
	    json_is_true(json_object_get(o, "more"));
	json_decref(o);
	script_flush(s);
	s->is_paging = true;
	if (s->is_ending)
		return;
	if (is_more)
		read_page(s);
	else if (s->o->is_following)
		read_poll_later(s);
	else
		read_next_room(s);
}

static void
read_page(struct script *s)
{
	json_t *o = json_pack("{s:s,s:b}", "history", s->room, "attend", 0);
	char number[24];

	if (s->has_last) {
		s->is_paging = true;
		(void)snprintf(number, sizeof(number), "%llu",
		    (unsigned long long)s->last);
		(void)json_object_set_new(o, "after", json_string(number));
		(void)json_object_set_new(o, "limit", json_string(READ_PAGE));
	} else {
		(void)snprintf(number, sizeof(number), "%u", s->o->count);
		(void)json_object_set_new(o, "limit", json_string(number));
	}
	talk_ask(s->talk, o, read_page_answer, s);
}

/* Comes into the rooms that were shown, and has read them so. */
static void
read_mark(struct script *s)
{
	const json_t *one;
	uint64_t last;
	size_t i;

	TALK_EACH(s->rooms, i, one) {
		last = talk_number(one, "shown");
		/* Nothing new, but something that was perhaps not received:
		 * that is read now as well. */
		if (last == 0 && json_object_get(one, "read") != NULL)
			last = talk_number(one, "last");
		if (last > 0 &&
		    talk_join(s->talk, talk_text(one, "room"), NULL, &last) !=
			NULL)
			s->marking++;
	}
	if (s->marking == 0)
		script_end(s, BRB_DONE);
}

/* Is it to be shown: does one have a place there, with something new? */
static bool
read_is_new(const json_t *room)
{
	return talk_number(room, "new") > 0 &&
	    json_object_get(room, "read") != NULL;
}

static void
read_begin_room(struct script *s, const json_t *room)
{
	char *text;
	unsigned long long fresh = talk_number(room, "new"), repeats;

	free(s->room);
	s->room = xstrdup(talk_text(room, "room"));
	s->last = talk_number(room, "read");
	s->has_last = true;
	if (s->o->verb == SCRIPT_CATCHUP && !s->o->is_json) {
		repeats = talk_number(room, "repeats");
		text = repeats == 0 ?
		    xasprintf("%s: %llu new --", s->room, fresh) :
		    xasprintf("%s: %llu that you may have seen, and %llu new "
			      "--",
			s->room, repeats, fresh);
		show_note(&s->show, &s->out, text);
		free(text);
	}
	read_page(s);
}

/* The room is shown: the next one, or the end. */
static void
read_next_room(struct script *s)
{
	json_t *room;
	char last[24];

	if (s->o->verb == SCRIPT_CATCHUP && s->next_room > 0 && s->has_last) {
		(void)snprintf(last, sizeof(last), "%llu",
		    (unsigned long long)s->last);
		(void)json_object_set_new(json_array_get(s->rooms,
					      s->next_room - 1),
		    "shown", json_string(last));
	}
	while ((room = json_array_get(s->rooms, s->next_room)) != NULL) {
		s->next_room++;
		s->has_last = false;
		if (read_is_new(room)) {
			read_begin_room(s, room);
			return;
		}
	}
	if (s->o->marks)
		read_mark(s);
	else
		script_end(s, BRB_DONE);
}

/* The rooms to read: for tail that one alone, for catchup all. */
static void
read_unread_answer(void *arg, json_t *answer, bool ok)
{
	struct script *s = arg;
	json_t *o = read_check(s, answer, ok), *list, *one;
	size_t i;

	if (o == NULL)
		return;
	list = json_object_get(o, "rooms");
	json_decref(s->rooms);
	s->rooms = json_array();
	TALK_EACH(list, i, one)
		if (s->o->verb == SCRIPT_CATCHUP ||
		    strcasecmp(talk_text(one, "room"), s->room) == 0)
			(void)json_array_append(s->rooms, one);
	one = json_array_get(s->rooms, 0);
	if (s->o->is_following && one != NULL && !read_is_new(one)) {
		s->last = talk_number(one, "last");
		s->has_last = true;
		read_page(s);
	} else
		read_next_room(s);
	json_decref(o);
}

static void
read_ask_rooms(struct script *s, talk_answer_fn *fn)
{
	talk_ask(s->talk, json_pack("{s:b}", "rooms", 1), fn, s);
}

static void
read_tail(struct script *s)
{
	if (s->o->is_unread && !s->has_last) {
		read_ask_rooms(s, read_unread_answer);
		return;
	}
	/* After a lost connection it goes on where it was. */
	if (s->o->has_after && !s->has_last) {
		s->last = s->o->after;
		s->has_last = true;
	}
	read_page(s);
}

static void
read_rooms_answer(void *arg, json_t *answer, bool ok)
{
	struct script *s = arg;
	json_t *o = read_check(s, answer, ok), *one;
	size_t i;

	if (o == NULL)
		return;
	TALK_EACH(json_object_get(o, "rooms"), i, one) {
		if (s->o->is_json)
			read_add_json(s, one);
		else
			buf_addf(&s->out, "%-32s %6llu here %6llu new%s%s\n",
			    talk_text(one, "room"),
			    (unsigned long long)talk_number(one, "people"),
			    (unsigned long long)talk_number(one, "new"),
			    *talk_text(one, "topic") == '\0' ? "" : "  ",
			    talk_text(one, "topic"));
	}
	json_decref(o);
	script_end(s, BRB_DONE);
}

static void
read_who_answer(void *arg, json_t *answer, bool ok)
{
	struct script *s = arg;
	json_t *o = read_check(s, answer, ok);

	if (o == NULL)
		return;
	json_decref(o);
	script_end(s, BRB_DONE);
}

void
script_read_settled(struct script *s)
{
	if (s->room == NULL)
		s->room = xstrdup(s->o->room == NULL ?
			talk_lobby(s->talk) :
			room_name_meant(s->o->room));
	switch (s->o->verb) {
	case SCRIPT_TAIL:
		read_tail(s);
		break;
	case SCRIPT_CATCHUP:
		read_ask_rooms(s, read_unread_answer);
		break;
	case SCRIPT_WHO:
		talk_ask(s->talk,
		    json_pack("{s:s,s:b}", "who", s->room, "attend", 0),
		    read_who_answer, s);
		break;
	case SCRIPT_ROOMS:
		read_ask_rooms(s, read_rooms_answer);
		break;
	case SCRIPT_SAY:
		break;
	}
}

void
script_read_fini(struct script *s)
{
	if (s->poll != NULL)
		event_free(s->poll);
	json_decref(s->rooms);
}
