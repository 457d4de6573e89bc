/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * export: what is kept of a room or of somebody, to be read by people, or by
 * programs as JSON. Messages are walked over in slices, each beginning where
 * the last has stopped; what the ring drops meanwhile is missing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/admin.h"
#include "admin/verb.h"
#include "base/nick.h"
#include "room/departed.h"
#include "room/directory.h"
#include "session/event-text.h"

#define EXPORT_PIECE 16384
#define EXPORT_TIME_SIZE 32

struct export
{
	char nick[NICK_SIZE]; /* folded; "": of all */
	char room[ROOM_NAME_SIZE]; /* the one that is looked at */
	/* The next number. Not a position, since another room of that name may
	 * have been made by the next slice. */
	uint64_t number;
	bool is_in_room;
	bool has_any; /* was anything told? */
};

static void
export_time(int64_t wall_ms, char out[EXPORT_TIME_SIZE])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(out, EXPORT_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		memcpy(out, "?", 2);
}

/* What programs are told it is, and what stands before and behind the nick for
 * people. */
struct export_kind {
	const char *name, *before, *behind;
};

static const struct export_kind *
export_kind(enum event_kind kind)
{
	static const struct export_kind say = { "say", "<", "> " },
					action = { "action", "* ", " " },
					notice = { "notice", "-", "- " },
					topic = { "topic", "-- topic by ",
						": " };

	switch (kind) {
	case EVENT_ME:
		return &action;
	case EVENT_NOTICE:
		return &notice;
	case EVENT_TOPIC:
		return &topic;
	default: /* a numbered event of a kind that is not shown otherwise */
		return &say;
	}
}

/* Messages that the ring knows to be missing. */
static void
export_add_gap(struct verb_call *call, const char *room,
    const struct event *event)
{
	if (!call->is_json) {
		buf_addf(&call->out, "[?] #%s -- ", room);
		event_text(&call->out, event);
		buf_addch(&call->out, '\n');
		return;
	}
	json_object_open(&call->json, NULL);
	json_text(&call->json, "room", room);
	json_number(&call->json, "number", event->number);
	json_text(&call->json, "kind", "gap");
	json_number(&call->json, "count", event->count);
	json_object_close(&call->json);
}

static void
export_add_json(struct verb_call *call, const char *room,
    const struct event *event)
{
	struct json *j = &call->json;
	char *text = xstrndup(event->text, event->text_len);

	json_object_open(j, NULL);
	json_text(j, "room", room);
	json_number(j, "number", event->number);
	json_seconds(j, "time_unix", event_wall_ms(event));
	json_text(j, "kind", export_kind(event->kind)->name);
	json_text(j, "nick", event->nick);
	json_text(j, "text", text);
	json_object_close(j);
	free(text);
}

static void
export_add_line(struct verb_call *call, const char *room,
    const struct event *event)
{
	const struct export_kind *kind = export_kind(event->kind);
	char when[EXPORT_TIME_SIZE];

	export_time(event_wall_ms(event), when);
	buf_addf(&call->out, "[%s] #%s %s%s%s", when, room, kind->before,
	    event->nick, kind->behind);
	buf_add(&call->out, event->text, event->text_len);
	buf_addch(&call->out, '\n');
}

static bool
export_is_wanted(const struct export *e, const struct event *event)
{
	char folded[NICK_SIZE];

	if (e->nick[0] == '\0')
		return true;
	if (event->kind == EVENT_GAP)
		return false;
	nick_fold(folded, event->nick);
	return strcmp(folded, e->nick) == 0;
}

/* True: there is more in this room. */
static bool
export_room(struct verb_call *call, struct export *e, struct room *room)
{
	const struct history *h = &room->history;
	struct history_cursor cursor = history_seek_number(h, e->number);
	struct event event;

	e->is_in_room = true;
	while (call->out.len < EXPORT_PIECE && walk_may_take(call->budget)) {
		if (!history_read(h, &cursor, &event))
			return false;
		e->number = cursor.number;
		if (!export_is_wanted(e, &event))
			continue;
		e->has_any = true;
		if (event.kind == EVENT_GAP)
			export_add_gap(call, room->name, &event);
		else if (call->is_json)
			export_add_json(call, room->name, &event);
		else
			export_add_line(call, room->name, &event);
	}
	return true;
}

static void
export_place_json(struct json *j, const struct room *room,
    const struct history_cursor *cursor)
{
	json_object_open(j, NULL);
	json_text(j, "room", room->name);
	json_number(j, "next_number", cursor->number);
	json_object_close(j);
}

static void
export_place(struct buf *out, const struct room *room,
    const struct history_cursor *cursor)
{
	buf_addf(out, "place in #%s: before message %llu\n", room->name,
	    (unsigned long long)cursor->number);
}

/* What is known of a person: their places, whom they ignore, and private
 * messages that wait for them. */
static void
export_person_json(struct verb_call *call, const struct person *p,
    const struct member *m, const char *from)
{
	const struct queued_message *q;
	const struct bookmark *bookmark;
	const struct membership *ms;
	const struct ignore *ignore;
	struct json *j = &call->json;
	char *text;

	json_object_open(j, NULL);
	json_text(j, "from", from);
	json_bool(j, "here", m != NULL && !m->is_lost);
	json_array_open(j, "places");
	if (m != NULL)
		SLIST_FOREACH(ms, &m->memberships, in_member)
			export_place_json(j, ms->room, &ms->cursor.at);
	LIST_FOREACH(bookmark, &p->bookmarks, in_owner)
		export_place_json(j, bookmark->room, &bookmark->cursor);
	json_array_close(j);
	json_array_open(j, "ignores");
	TAILQ_FOREACH(ignore, &p->ignores, entry)
		json_text(j, NULL, ignore->nick);
	json_array_close(j);
	json_array_open(j, "private");
	TAILQ_FOREACH(q, &p->queued, entry) {
		text = xstrndup(q->text, q->len);
		json_object_open(j, NULL);
		json_seconds(j, "time_unix", q->time_ms);
		json_text(j, "nick", q->nick);
		json_text(j, "text", text);
		json_object_close(j);
		free(text);
	}
	json_array_close(j);
	json_object_close(j);
}

static void
export_person_text(struct verb_call *call, const struct person *p,
    const struct member *m, const char *from)
{
	const struct queued_message *q;
	const struct bookmark *bookmark;
	const struct membership *ms;
	const struct ignore *ignore;
	struct buf *out = &call->out;
	char when[EXPORT_TIME_SIZE];

	buf_addf(out, "%s from %s\n",
	    m == NULL      ? "has left" :
		m->is_lost ? "lost the connection" :
			     "here",
	    from);
	if (m != NULL)
		SLIST_FOREACH(ms, &m->memberships, in_member)
			export_place(out, ms->room, &ms->cursor.at);
	LIST_FOREACH(bookmark, &p->bookmarks, in_owner)
		export_place(out, bookmark->room, &bookmark->cursor);
	TAILQ_FOREACH(ignore, &p->ignores, entry)
		buf_addf(out, "ignores %s\n", ignore->nick);
	TAILQ_FOREACH(q, &p->queued, entry) {
		export_time(q->time_ms, when);
		buf_addf(out, "[%s] <%s, in private> %.*s\n", when, q->nick,
		    (int)q->len, q->text);
	}
}

static void
export_person(struct verb_call *call, const struct person *p,
    const struct credential *credential, const struct member *m)
{
	char from[CREDENTIAL_STR_SIZE];

	credential_str(credential, from);
	if (call->is_json)
		export_person_json(call, p, m, from);
	else
		export_person_text(call, p, m, from);
}

/* Several may have left by the same nick, from different places. */
static void
export_persons(struct verb_call *call, struct export *e)
{
	struct chat *chat = call->admin->sessions->chat;
	const struct member *m = directory_find(&chat->directory, e->nick);
	const struct credential least = { 0 };
	const struct departed *d;

	e->has_any = m != NULL;
	if (m != NULL)
		export_person(call, &m->person, &m->address, m);
	for (d = departed_after(&chat->departed, e->nick, &least);
	     d != NULL && strcmp(d->folded, e->nick) == 0;
	     d = departed_after(&chat->departed, e->nick,
		 departed_credential(d))) {
		e->has_any = true;
		export_person(call, &d->person, departed_credential(d), NULL);
	}
}

static enum verb_result
export_begin(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	struct json *j = &call->json;
	const char *name = call->argv[0];
	const struct room *room;
	struct export *e;

	room = chat_find_room(chat, room_name_meant(name));
	if (room == NULL &&
	    (!nick_is_wellformed(name) || strlen(name) >= NICK_SIZE))
		return verb_fail(call, "there is no room \"%s\"", name);
	call->state = e = xcalloc(1, sizeof(*e));
	if (call->is_json)
		json_object_open(j, NULL);
	if (room != NULL) {
		memcpy(e->room, room->name, sizeof(e->room));
		if (call->is_json)
			json_text(j, "room", room->name);
	} else {
		nick_fold(e->nick, name);
		if (call->is_json) {
			json_text(j, "nick", name);
			json_array_open(j, "persons");
		}
		export_persons(call, e);
		if (call->is_json)
			json_array_close(j);
	}
	if (call->is_json)
		json_array_open(j, "messages");
	return VERB_MORE;
}

enum verb_result
verb_run_export(struct verb_call *call)
{
	struct chat *chat = call->admin->sessions->chat;
	struct export *e = call->state;
	struct room *room;

	if (e == NULL)
		return export_begin(call);
	/* Of a room, or of all, one after the other. */
	if (e->nick[0] == '\0' || e->is_in_room)
		room = chat_find_room(chat, e->room);
	else
		room = chat_room_after(chat, e->room);
	if (room != NULL) {
		memcpy(e->room, room->name, sizeof(e->room));
		if (export_room(call, e, room))
			return VERB_MORE;
	}
	e->is_in_room = false;
	e->number = 0;
	if (e->nick[0] != '\0' && chat_room_after(chat, e->room) != NULL)
		return VERB_MORE;
	if (!call->is_json && !e->has_any)
		return verb_say(call, "nothing is kept of \"%s\"",
		    call->argv[0]);
	return verb_end_list(call);
}
