/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * export: what is kept of a room or of somebody, to be read by people, or by
 * programs as JSON. People (verb-export-person.c), then messages, are walked
 * over in slices, each beginning where the last has stopped; what the ring
 * drops meanwhile is missing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/admin.h"
#include "admin/verb-impl.h"
#include "base/text.h"
#include "session/event-text.h"

void
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
	size_t at = 0, next, len;

	export_time(event_wall_ms(event), when);
	if (event->kind == EVENT_TOPIC && event->text_len == 0) {
		buf_addf(&call->out, "[%s] #%s -- topic removed by %s\n", when,
		    room, event->nick);
		return;
	}
	do {
		buf_addf(&call->out, "[%s] #%s %s%s%s", when, room,
		    kind->before, event->nick, kind->behind);
		len = text_line(event->text + at, event->text_len - at, &next);
		buf_add(&call->out, event->text + at, len);
		buf_addch(&call->out, '\n');
		at += next;
	} while (at < event->text_len);
}

static bool
export_is_wanted(const struct export *e, const struct event *event)
{
	char folded[NICK_SIZE];

	if (e->nick_count == 0)
		return true;
	if (event->kind == EVENT_GAP)
		return false;
	nick_fold(folded, event->nick);
	return export_has_nick(e, folded);
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

/* Of the room, or of all rooms, one after the other. */
static enum verb_result
export_messages(struct verb_call *call, struct export *e)
{
	struct chat *chat = call->admin->sessions->chat;
	struct room *room;

	if (e->nick_count == 0 || e->is_in_room)
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
	if (e->nick_count > 0 && chat_room_after(chat, e->room) != NULL)
		return VERB_MORE;
	if (!call->is_json && !e->has_any)
		return verb_say(call, "nothing is kept of \"%s\"", e->called);
	return verb_end_list(call);
}

static enum verb_result
export_begin_room(struct verb_call *call, const struct room *room,
    const char *called)
{
	struct export *e = xcalloc(1, sizeof(*e));

	call->state = e;
	e->step = EXPORT_SAID;
	(void)snprintf(e->called, sizeof(e->called), "%s", called);
	memcpy(e->room, room->name, sizeof(e->room));
	if (call->is_json) {
		json_object_open(&call->json, NULL);
		json_text(&call->json, "room", room->name);
		json_array_open(&call->json, "messages");
	}
	return VERB_MORE;
}

static void
export_next(struct verb_call *call, struct export *e, enum export_step step,
    const char *name)
{
	e->step = step;
	if (!call->is_json)
		return;
	json_array_close(&call->json);
	json_array_open(&call->json, name);
}

enum verb_result
export_go_on(struct verb_call *call)
{
	struct export *e = call->state;

	switch (e->step) {
	case EXPORT_HERE:
	case EXPORT_GONE:
		if (!export_people(call, e))
			export_next(call, e, EXPORT_MODES, "modes");
		break;
	case EXPORT_MODES:
		if (export_modes(call, e))
			break;
		if (e->account != 0)
			export_next(call, e, EXPORT_PRIVATE, "private");
		else
			export_next(call, e, EXPORT_SAID, "messages");
		break;
	case EXPORT_PRIVATE:
		if (!export_private(call, e))
			export_next(call, e, EXPORT_SAID, "messages");
		break;
	case EXPORT_SAID:
		return export_messages(call, e);
	}
	return VERB_MORE;
}

/* "#" is before a room, "@" before a nick; without one a room is meant if there
 * is one that is called so. */
enum verb_result
verb_run_export(struct verb_call *call)
{
	const char *name = call->argv[0];
	const struct room *room = NULL;

	if (call->state != NULL)
		return export_go_on(call);
	if (name[0] == '@')
		name++;
	else
		room = chat_find_room(call->admin->sessions->chat,
		    room_name_meant(name));
	if (room != NULL)
		return export_begin_room(call, room, name);
	if (nick_is_wellformed(name) && strlen(name) < NICK_SIZE)
		return export_begin_person(call, name, false);
	return name == call->argv[0] ?
	    verb_fail(call, "there is no room \"%s\"", name) :
	    verb_fail(call, "nobody can be called \"%s\"", name);
}
