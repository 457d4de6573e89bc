/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Events as objects. They are all told to programs one by one, as to IRC
 * clients, so what the room layer gathers for people (who came and left) is
 * left out. Numbers are strings, as many programs keep numbers as doubles.
 *
 * An event says the same when it is read from the history as when it was live:
 * nothing here depends on who is here now (repeat.c relies on that).
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "json/jsonl.h"
#include "net/conn.h"
#include "room/client.h"
#include "room/room.h"

#define JSONL_PEOPLE_MAX 100 /* in one event */

void
jsonl_add_time(struct json *j, const char *key, int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	char day[24], text[40];

	if (gmtime_r(&s, &tm) == NULL ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s.%03dZ", day,
	    (int)(wall_ms % 1000));
	json_text(j, key, text);
}

void
jsonl_add_number(struct json *j, const char *key, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	json_text(j, key, text);
}

void
jsonl_add_message(struct json *j, const struct event *e)
{
	char id[ROOM_NAME_SIZE + 24];

	if (e->room != NULL)
		json_text(j, "room", e->room);
	if (e->number > 0)
		jsonl_add_number(j, "number", e->number);
	if (e->number > 0 && e->room != NULL) {
		(void)snprintf(id, sizeof(id), "%s-%llu", e->room,
		    (unsigned long long)e->number);
		json_text(j, "msgid", id);
	} else if (e->msgid > 0) {
		(void)snprintf(id, sizeof(id), "%llx",
		    (unsigned long long)e->msgid);
		json_text(j, "msgid", id);
	}
	jsonl_add_time(j, "time", e->time_ms);
}

static void
event_add_text(struct json *j, const struct event *e)
{
	if (e->text == NULL)
		json_none(j, "text");
	else
		json_text_len(j, "text", e->text, e->text_len);
}

/* nick did something, in a room or not, with a text. */
static void
event_add_act(struct json *j, const struct event *e)
{
	if (e->room != NULL)
		json_text(j, "room", e->room);
	json_text(j, "nick", e->nick);
	event_add_text(j, e);
}

static void
event_add_said(struct json *j, const struct event *e)
{
	jsonl_add_message(j, e);
	json_text(j, "nick", e->nick);
	event_add_text(j, e);
	if (e->is_id_shown)
		json_text_len(j, "id", e->id, e->id_len);
}

static void
event_add_private(struct json *j, const struct event *e)
{
	struct event said = *e;

	if (e->status == '\0')
		said.room = NULL;
	jsonl_add_message(j, &said);
	json_text(j, "nick", e->nick);
	if (e->status != '\0')
		json_text_len(j, "status", &e->status, 1);
	json_text(j, "kind",
	    e->is_action     ? "me" :
		e->is_notice ? "notice" :
			       "say");
	event_add_text(j, e);
}

static void
event_add_welcome(struct json *j, const struct event *e)
{
	const struct event_tally *t = e->tally;
	size_t i;

	json_text(j, "room", e->room);
	json_seconds(j, "away", e->duration_ms);
	json_number(j, "count", e->count);
	json_number(j, "repeats", e->total);
	json_number(j, "mentions", e->mentions);
	if (e->seen > 0)
		json_number(j, "shown", e->seen);
	json_array_open(j, "by");
	for (i = 0; t != NULL && i < t->names; i++) {
		json_object_open(j, NULL);
		json_text(j, "nick", t->nick[i]);
		json_number(j, "count", t->count[i]);
		json_object_close(j);
	}
	json_array_close(j);
	if (t != NULL && t->others > 0) {
		json_number(j, "others", t->others);
		json_number(j, "others_count", t->others_count);
	}
}

/* The event's name; NULL: it is none for programs. */
static const char *
event_name(const struct event *e)
{
	switch (e->kind) {
	case EVENT_SAY:
		return "say";
	case EVENT_ME:
		return "me";
	case EVENT_NOTICE:
		return "notice";
	case EVENT_TOPIC:
		return "topic";
	case EVENT_OPERATOR:
		return "server";
	case EVENT_KICK:
		return "kick";
	case EVENT_MODE:
		return "mode";
	case EVENT_SYNC_JOIN:
		return "join";
	case EVENT_SYNC_PART:
		return "leave";
	case EVENT_INVITE:
		return "invite";
	case EVENT_SYNC_QUIT:
		return "quit";
	case EVENT_SYNC_RENAME:
		return "nick";
	case EVENT_SYNC_AWAY:
		return "away";
	case EVENT_PRIVATE:
		return "msg";
	case EVENT_QUEUED:
		return e->is_repeat ? "msg-repeats" : "msg-kept";
	case EVENT_WELCOME:
		return "welcome";
	case EVENT_REPEATS:
		return "repeats";
	case EVENT_NEW:
		return "new";
	case EVENT_GAP:
		return "gap";
	case EVENT_PAST:
		return "past";
	case EVENT_LIVE:
		return "live";
	case EVENT_WAITING:
		return "waiting";
	case EVENT_UNREAD:
		return "unread";
	case EVENT_READ:
		return "read";
	case EVENT_PRESENCE: /* "join", "leave" or "quit" tells it */
	case EVENT_LEFT:
	case EVENT_WENT:
	case EVENT_NICK: /* "nick" of EVENT_SYNC_RENAME tells it */
	case EVENT_BREAK: /* "away" tells it */
	case EVENT_BACK:
	case EVENT_TAGS: /* between IRC clients */
	case EVENT_CTCP:
	case EVENT_SYNC_SETNAME:
	case EVENT_SYNC_ACCOUNT:
	case EVENT_PRIVATE_SENT: /* the answer tells it */
	case EVENT_DATE: /* each message has it */
	case EVENT_PAST_END:
		break;
	}
	return NULL;
}

static void
event_add_members(struct json *j, const struct event *e)
{
	switch (e->kind) {
	case EVENT_SAY:
	case EVENT_ME:
	case EVENT_NOTICE:
	case EVENT_TOPIC:
		event_add_said(j, e);
		break;
	case EVENT_PRIVATE:
		event_add_private(j, e);
		break;
	case EVENT_KICK:
	case EVENT_INVITE:
		event_add_act(j, e);
		json_text(j, "who", e->other);
		break;
	case EVENT_SYNC_RENAME:
		json_text(j, "nick", e->nick);
		json_text(j, "was", e->other);
		break;
	case EVENT_SYNC_JOIN:
		json_text(j, "room", e->room);
		json_text(j, "nick", e->nick);
		break;
	case EVENT_OPERATOR:
		event_add_text(j, e);
		break;
	case EVENT_MODE:
	case EVENT_SYNC_PART:
	case EVENT_SYNC_QUIT:
	case EVENT_SYNC_AWAY:
		event_add_act(j, e);
		break;
	case EVENT_WELCOME:
		event_add_welcome(j, e);
		break;
	case EVENT_WAITING:
		json_text(j, "room", e->other);
		json_number(j, "count", e->count > 0 ? e->count : e->total);
		break;
	case EVENT_UNREAD:
		json_text(j, "with", e->other);
		json_number(j, "count", e->count);
		break;
	case EVENT_READ:
		json_text(j, e->room == NULL ? "with" : "room",
		    e->room == NULL ? e->other : e->room);
		jsonl_add_number(j, "number", e->number);
		break;
	case EVENT_QUEUED:
		json_number(j, "count", e->count);
		if (e->total > 0)
			json_number(j, "lost", e->total);
		break;
	case EVENT_GAP:
	case EVENT_PAST:
	case EVENT_REPEATS:
		json_text(j, "room", e->room);
		json_number(j, "count", e->count);
		if (e->kind == EVENT_GAP)
			json_bool(j, "uncertain", e->is_uncertain);
		break;
	case EVENT_NEW:
	case EVENT_LIVE:
		json_text(j, "room", e->room);
		break;
	case EVENT_PRESENCE: /* those have no name */
	case EVENT_LEFT:
	case EVENT_WENT:
	case EVENT_NICK:
	case EVENT_BREAK:
	case EVENT_BACK:
	case EVENT_TAGS:
	case EVENT_CTCP:
	case EVENT_SYNC_SETNAME:
	case EVENT_SYNC_ACCOUNT:
	case EVENT_PRIVATE_SENT:
	case EVENT_DATE:
	case EVENT_PAST_END:
		break;
	}
}

void
jsonl_add_event(struct json *j, const struct event *e)
{
	const char *name = event_name(e);

	if (name == NULL)
		return;
	json_object_open(j, NULL);
	json_text(j, "event", name);
	event_add_members(j, e);
	json_object_close(j);
}

static void
jsonl_render(const struct dialect *d, struct buf *out, const struct event *e)
{
	size_t before = out->len;
	struct json j;

	(void)d;
	json_init(&j, out);
	jsonl_add_event(&j, e);
	if (out->len > before)
		buf_addch(out, '\n');
}

const struct dialect jsonl_dialect = {
	.name = "json",
	.render = jsonl_render,
	.tracks_members = true,
	.is_for_programs = true,
};

void
jsonl_event(struct session *s, const struct event *event)
{
	struct buf *out = &s->all->out;

	/* What others are told by "away", of the person; this is the session. */
	if (event->kind == EVENT_BREAK || event->kind == EVENT_BACK) {
		if (event->kind == EVENT_BREAK)
			(void)jsonl_begin(s, "event", "break");
		else if (member_client(s->member) != session_client(s))
			(void)jsonl_begin(s, "event", "back");
		else
			return; /* the answer tells it */
		jsonl_end(s);
		return;
	}
	buf_reset(out);
	jsonl_render(&jsonl_dialect, out, event);
	if (out->len > 0)
		conn_reply(s->conn, out->data, out->len);
}

/* has_times: since when they do what they do, which /who tells people. */
static void
people_add(struct json *j, const struct membership *ms, bool has_times)
{
	const struct member *m = ms->member;
	int64_t now_ms = m->chat->clock->mono_ms;

	json_object_open(j, NULL);
	json_text(j, "nick", m->nick);
	if (ms->is_op)
		json_bool(j, "op", true);
	if (ms->is_voiced)
		json_bool(j, "voice", true);
	if (member_looks_away(m))
		json_text(j, "away", member_away_text(m));
	if (m->is_lost)
		json_bool(j, "lost", true);
	if (has_times)
		json_seconds(j, "for",
		    now_ms -
			(m->is_lost               ? m->lost_since_ms :
				member_is_away(m) ? m->break_since_ms :
						    m->active_ms));
	json_object_close(j);
}

void
jsonl_send_people(struct session *s, const struct room *room, bool has_times)
{
	const struct membership *ms = TAILQ_FIRST(&room->people);
	struct json *j;
	unsigned n;

	do {
		j = jsonl_begin(s, "event", "people");
		json_text(j, "room", room->name);
		json_array_open(j, "people");
		/* Of others nobody was told yet. */
		for (n = 0; ms != NULL && n < JSONL_PEOPLE_MAX;
		     ms = TAILQ_NEXT(ms, in_room))
			if (ms->is_joined || ms->member == s->member) {
				people_add(j, ms, has_times);
				n++;
			}
		json_array_close(j);
		json_bool(j, "more", ms != NULL);
		jsonl_end(s);
	} while (ms != NULL);
}
