/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Requests: a line is parsed by jansson, which refuses what is no JSON (RFC
 * 8259), two members of one name, and U+0000; the limit on a line bounds its
 * depth and size. Texts are scrubbed like everybody's. Members that a request
 * does not know are ignored, so that programs may be newer than the server.
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "base/text.h"
#include "json/jsonl.h"
#include "net/conn.h"
#include "room/chat.h"
#include "room/cursor.h"
#include "room/directory.h"
#include "room/modes-words.h"

const struct jsonl_command jsonl_commands[] = {
#define COMMAND(field, ...) { { __VA_ARGS__ }, jsonl_##field##_run },
#include "json/commands.def"
#undef COMMAND
	{ .run = NULL },
};

/* Answers */

/* The object that is being written, between jsonl_begin() and jsonl_end(). */
static struct json jsonl_writer;

struct json *
jsonl_begin(struct session *s, const char *key, const char *value)
{
	buf_reset(&s->all->out);
	json_init(&jsonl_writer, &s->all->out);
	json_object_open(&jsonl_writer, NULL);
	json_text(&jsonl_writer, key, value);
	return &jsonl_writer;
}

void
jsonl_end(struct session *s)
{
	struct buf *out = &s->all->out;

	json_object_close(&jsonl_writer);
	buf_addch(out, '\n');
	conn_reply(s->conn, out->data, out->len);
}

static struct json *
jsonl_begin_answer(struct session *s, const char *how,
    const struct jsonl_request *rq)
{
	struct json *j = jsonl_begin(s, how,
	    rq->command == NULL ? NULL : rq->command->name);

	if (rq->ref != NULL)
		json_text(j, "ref", rq->ref);
	if (rq->id != NULL)
		json_text(j, "id", rq->id);
	return j;
}

struct json *
jsonl_begin_done(struct session *s, const struct jsonl_request *rq)
{
	return jsonl_begin_answer(s, "done", rq);
}

void
jsonl_done(struct session *s, const struct jsonl_request *rq)
{
	(void)jsonl_begin_done(s, rq);
	jsonl_end(s);
}

void
jsonl_failed(struct session *s, const struct jsonl_request *rq,
    const char *code, const char *fmt, ...)
{
	struct buf text = BUF_INITIALIZER;
	struct json *j;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	j = jsonl_begin_answer(s, "failed", rq);
	json_text(j, "error", code);
	json_text(j, "text", buf_cstr(&text));
	jsonl_end(s);
	buf_fini(&text);
}

void
jsonl_on_break(struct session *s, const struct jsonl_request *rq)
{
	jsonl_failed(s, rq, "on-break", "you are on break; \"back\" ends it");
}

void
jsonl_too_often(struct session *s, const struct jsonl_request *rq,
    enum announce what)
{
	char wait[CLOCK_DURATION_SIZE];

	session_wait_str(s, what, wait);
	jsonl_failed(s, rq, "too-often", "too many changes; try again in %s",
	    wait);
}

/* What a request says */

static char *
jsonl_scrub(const json_t *value)
{
	size_t len = json_string_length(value);
	char *text = xmalloc(len * TEXT_SCRUB_GROWTH + 1);

	text[text_scrub(text, json_string_value(value), len)] = '\0';
	return text;
}

static char *
jsonl_no_value(struct session *s, const struct jsonl_request *rq)
{
	jsonl_failed(s, rq, "no-text", "\"%s\" needs a text: %s",
	    rq->command->name, rq->command->usage);
	return NULL;
}

char *
jsonl_value(struct session *s, const struct jsonl_request *rq)
{
	if (json_is_string(rq->value))
		return jsonl_scrub(rq->value);
	return jsonl_no_value(s, rq);
}

char *
jsonl_lines(struct session *s, const struct jsonl_request *rq)
{
	size_t len;
	char *text;

	if (!json_is_string(rq->value))
		return jsonl_no_value(s, rq);
	len = json_string_length(rq->value);
	text = xmalloc(len * TEXT_SCRUB_GROWTH + 1);
	(void)text_scrub_lines(text, json_string_value(rq->value), len);
	return text;
}

bool
jsonl_member(struct session *s, const struct jsonl_request *rq,
    const char *name, char **text)
{
	const json_t *value = json_object_get(rq->object, name);

	*text = NULL;
	if (json_is_string(value))
		*text = jsonl_scrub(value);
	else if (value != NULL && !json_is_null(value)) {
		jsonl_failed(s, rq, "no-text", "\"%s\" has to be a text", name);
		return false;
	}
	return true;
}

bool
jsonl_optional(struct session *s, const struct jsonl_request *rq, char **text)
{
	*text = NULL;
	if (json_is_null(rq->value) || json_is_true(rq->value))
		return true;
	*text = jsonl_value(s, rq);
	return *text != NULL;
}

bool
jsonl_number(struct session *s, const struct jsonl_request *rq,
    const char *name, uint64_t *number)
{
	const json_t *value = json_object_get(rq->object, name);

	if (value == NULL || json_is_null(value))
		return true;
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*number = (uint64_t)json_integer_value(value);
		return true;
	}
	if (json_is_string(value) &&
	    parse_number(json_string_value(value), HISTORY_NUMBER_MAX,
		number) == 0)
		return true;
	jsonl_failed(s, rq, "no-number", "\"%s\" is no number", name);
	return false;
}

struct membership *
jsonl_here(const struct session *s, const struct room *room)
{
	struct membership *ms = member_in(s->member, room);

	return ms != NULL && membership_cursor(ms, session_client(s)) != NULL ?
	    ms :
	    NULL;
}

/* The room that s is in, if it is in one. */
static struct membership *
jsonl_only_room(const struct session *s)
{
	struct membership *ms, *only = NULL;

	SLIST_FOREACH(ms, &s->member->memberships, in_member) {
		if (jsonl_here(s, ms->room) == NULL)
			continue;
		if (only != NULL)
			return NULL;
		only = ms;
	}
	return only;
}

struct membership *
jsonl_in(struct session *s, const struct jsonl_request *rq, const char *name)
{
	char folded[ROOM_NAME_SIZE];
	struct membership *ms;

	if (room_name_check(name) == NICK_OK) {
		nick_fold(folded, name);
		SLIST_FOREACH(ms, &s->member->memberships, in_member)
			if (strcmp(ms->room->name, folded) == 0 &&
			    jsonl_here(s, ms->room) != NULL)
				return ms;
	}
	jsonl_failed(s, rq, "not-in-room",
	    "you are in no room of that name; \"join\" it first");
	return NULL;
}

static struct room *
jsonl_reach_aside(struct session *s, const struct jsonl_request *rq,
    const char *name)
{
	const char *key = json_string_value(json_object_get(rq->object, "key"));
	enum modes_admit why;
	struct room *room;

	switch (action_aside(s->member, name, key, &room, &why)) {
	case ASIDE_MAY:
		return room;
	case ASIDE_NO_ROOM:
		jsonl_failed(s, rq, "no-such-room", "there is no such room");
		break;
	case ASIDE_FORBIDDEN:
		jsonl_failed(s, rq, "forbidden", "%s",
		    modes_admit_str(why, room));
		break;
	}
	return NULL;
}

struct room *
jsonl_reach(struct session *s, const struct jsonl_request *rq, const char *name)
{
	struct membership *ms;
	struct room *room = room_name_check(name) == NICK_OK ?
	    chat_find_room(s->all->chat, name) :
	    NULL;

	if (room != NULL && member_in(s->member, room) != NULL)
		return room;
	if (json_is_false(json_object_get(rq->object, "attend")))
		return jsonl_reach_aside(s, rq, name);
	ms = jsonl_in(s, rq, name);
	return ms == NULL ? NULL : ms->room;
}

struct membership *
jsonl_room(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms = jsonl_only_room(s);
	const json_t *value = json_object_get(rq->object, "room");

	if (json_is_string(value))
		return jsonl_in(s, rq, json_string_value(value));
	if (value != NULL && !json_is_null(value)) {
		jsonl_failed(s, rq, "no-room", "\"room\" has to be a text");
		return NULL;
	}
	if (ms != NULL)
		return ms;
	jsonl_failed(s, rq, "no-room", "in which room? say \"room\": NAME");
	return NULL;
}

struct member *
jsonl_find(struct session *s, const struct jsonl_request *rq, const char *nick)
{
	struct member *m = directory_find(&s->all->chat->directory, nick);

	if (m == NULL)
		jsonl_failed(s, rq, "no-such-nick", "no one here is called so");
	return m;
}

bool
jsonl_has(const struct jsonl_request *rq, const char *name)
{
	const json_t *value = json_object_get(rq->object, name);

	return value != NULL && !json_is_null(value);
}

const char *
jsonl_label(const struct jsonl_request *rq, const char *name, size_t max)
{
	const json_t *value = json_object_get(rq->object, name);

	return json_is_string(value) && json_string_length(value) <= max ?
	    json_string_value(value) :
	    NULL;
}

/* Finds the command that the object names. */
static const struct jsonl_command *
jsonl_find_command(struct jsonl_request *rq)
{
	const struct jsonl_command *c, *found = NULL;
	json_t *value;

	for (c = jsonl_commands; c->run != NULL; c++)
		if ((value = json_object_get(rq->object, c->command.name)) !=
		    NULL) {
			if (found != NULL)
				return NULL;
			found = c;
			rq->command = &c->command;
			rq->value = value;
		}
	return found;
}

bool
jsonl_says_in(struct session *s, const char *line, size_t len,
    const struct room *room)
{
	struct membership *ms = jsonl_only_room(s);
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(object, "room"));
	char folded[ROOM_NAME_SIZE];
	bool says = json_object_get(object, "say") != NULL ||
	    json_object_get(object, "topic") != NULL;

	if (name == NULL)
		says = says && ms != NULL && ms->room == room;
	else if (room_name_check(name) != NICK_OK)
		says = false;
	else {
		nick_fold(folded, name);
		says = says && strcmp(folded, room->name) == 0;
	}
	json_decref(object);
	return says;
}

void
jsonl_help_run(struct session *s, const struct jsonl_request *rq)
{
	const struct jsonl_command *c;
	struct json *j = jsonl_begin_done(s, rq);

	json_array_open(j, "commands");
	for (c = jsonl_commands; c->run != NULL; c++) {
		json_object_open(j, NULL);
		json_text(j, "name", c->command.name);
		json_text(j, "usage", c->command.usage);
		json_text(j, "help", c->command.help);
		json_object_close(j);
	}
	json_array_close(j);
	jsonl_end(s);
}

void
jsonl_input(struct session *s, char *line, size_t len, bool has_cr)
{
	struct jsonl_request rq = { .object = NULL };
	const struct jsonl_command *c = NULL;
	json_error_t error;

	(void)has_cr;
	rq.object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(rq.object)) {
		session_charge(s, 1);
		jsonl_failed(s, &rq, "no-object", "a line is one object: %s",
		    rq.object == NULL ? error.text : "this is none");
		json_decref(rq.object);
		return;
	}
	rq.ref = jsonl_label(&rq, "ref", JSONL_REF_MAX);
	c = jsonl_find_command(&rq);
	session_charge(s, c == NULL ? 1 : c->command.cost);
	if (rq.ref == NULL && jsonl_has(&rq, "ref"))
		jsonl_failed(s, &rq, "bad-ref",
		    "\"ref\" has to be a text of %d bytes at most",
		    JSONL_REF_MAX);
	else if (c == NULL)
		jsonl_failed(s, &rq, "no-command",
		    rq.command == NULL ?
			"no member of it is a command; see brbd-json(7)" :
			"more than one member of it is a command");
	else
		c->run(s, &rq);
	json_decref(rq.object);
}
