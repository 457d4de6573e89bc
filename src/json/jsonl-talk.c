/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying something, in a room or to one person. What one says is not told to
 * oneself: the answer has its number.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "actions/actions.h"
#include "base/text.h"
#include "json/jsonl.h"
#include "room/chat.h"
#include "room/client.h"
#include "room/conversation.h"
#include "room/ids.h"
#include "room/modes-words.h"

/* Sets the kind of what is said; false: s was told that there is no such. */
static bool
talk_kind(struct session *s, const struct jsonl_request *rq,
    enum event_kind *kind)
{
	static const struct {
		const char *name;
		enum event_kind kind;
	} kinds[] = { { "say", EVENT_SAY }, { "me", EVENT_ME },
		{ "notice", EVENT_NOTICE } };
	const json_t *value = json_object_get(rq->object, "kind");
	size_t i;

	*kind = EVENT_SAY;
	if (!jsonl_has(rq, "kind"))
		return true;
	for (i = 0; json_is_string(value) && i < NITEMS(kinds); i++)
		if (strcmp(json_string_value(value), kinds[i].name) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	jsonl_failed(s, rq, "no-kind",
	    "\"kind\" is \"say\", \"me\" or \"notice\"");
	return false;
}

/* Is text something to say? If not, s was told. */
static bool
talk_check(struct session *s, const struct jsonl_request *rq, const char *text)
{
	size_t max = s->all->options->max_line;

	if (*text == '\0')
		jsonl_failed(s, rq, "no-text", "there is nothing in the text");
	else if (strlen(text) > max)
		jsonl_failed(s, rq, "too-long",
		    "the text is too long (limit %zu bytes)", max);
	else
		return true;
	return false;
}

static void
say_done(struct session *s, const struct jsonl_request *rq,
    const struct room *room, struct event *event, bool is_again)
{
	struct json *j = jsonl_begin_done(s, rq);

	event->room = room->name;
	jsonl_add_message(j, event);
	if (is_again)
		json_bool(j, "again", true);
	jsonl_end(s);
}

static void
say_in(struct session *s, const struct jsonl_request *rq, struct room *room,
    struct event *event)
{
	enum modes_speak why;

	switch (action_say(s->member, room, event, true, &why)) {
	case SAID:
		say_done(s, rq, room, event, false);
		break;
	case SAID_BEFORE:
		say_done(s, rq, room, event, true);
		break;
	case SAY_ON_BREAK:
		jsonl_on_break(s, rq);
		break;
	case SAY_FORBIDDEN:
		jsonl_failed(s, rq, "forbidden", "%s",
		    modes_speak_str(why, room));
		break;
	case SAY_SECRET:
		jsonl_failed(s, rq, "secret", SAY_SECRET_TEXT);
		break;
	case SAY_TOO_MANY_LINES:
		jsonl_failed(s, rq, "too-many-lines",
		    "a message may have %zu line%s here; nothing was said",
		    action_max_lines(room, event),
		    action_max_lines(room, event) == 1 ? "" : "s");
		break;
	case SAY_HIDDEN:
	case SAY_NO_CTCP:
	case SAY_TOO_LONG:
		break; /* only in other protocols */
	}
}

/* Has the event's id, if it is to have one. False: s was told that it cannot. */
static bool
say_id(struct session *s, const struct jsonl_request *rq, struct event *event)
{
	if (!jsonl_has(rq, "id"))
		return true;
	if (rq->id == NULL || !history_id_is_valid(rq->id, strlen(rq->id)))
		jsonl_failed(s, rq, "bad-id",
		    "\"id\" is a text of 1 to %d letters, digits and signs",
		    HISTORY_ID_MAX);
	else if (session_client(s)->id_secret == 0)
		jsonl_failed(s, rq, "no-client",
		    "an \"id\" needs a \"client\" before it");
	else {
		event->id = rq->id;
		event->id_len = strlen(rq->id);
		return true;
	}
	return false;
}

/* Was it said in the room that rq names, which they have left or were put out
 * of? */
static bool
say_was_done(struct session *s, const struct jsonl_request *rq,
    struct event *event)
{
	const json_t *name = json_object_get(rq->object, "room");
	struct room *room;

	if (event->id == NULL || !json_is_string(name) ||
	    room_name_check(json_string_value(name)) != NICK_OK)
		return false;
	room = chat_find_room(s->all->chat, json_string_value(name));
	if (room == NULL || member_in(s->member, room) != NULL ||
	    !client_has_said(session_client(s), room, event))
		return false;
	say_done(s, rq, room, event, true);
	return true;
}

static void
say_text(struct session *s, const struct jsonl_request *rq, const char *text)
{
	struct event event = { .text = text, .text_len = strlen(text) };
	struct room *room = NULL;
	struct membership *ms;
	const char *name;
	size_t lines;

	/* The request is one of them. */
	lines = text_count_lines(text, event.text_len);
	if (lines > 1)
		session_charge(s, (unsigned)lines - 1);
	if (!talk_check(s, rq, text) || !talk_kind(s, rq, &event.kind) ||
	    !say_id(s, rq, &event) || say_was_done(s, rq, &event))
		return;
	name = json_string_value(json_object_get(rq->object, "room"));
	if (name != NULL) {
		room = jsonl_reach(s, rq, name);
		event.is_aside = room != NULL &&
		    member_in(s->member, room) == NULL;
	} else if ((ms = jsonl_room(s, rq)) != NULL)
		room = ms->room;
	if (room != NULL)
		say_in(s, rq, room, &event);
}

void
jsonl_say_run(struct session *s, const struct jsonl_request *rq)
{
	struct jsonl_request with = *rq;
	char *text;

	with.id = jsonl_label(rq, "id", HISTORY_ID_MAX);
	text = jsonl_lines(s, &with);
	if (text != NULL)
		say_text(s, &with, text);
	free(text);
}

/* Secrets are taken as they are. */
void
jsonl_client_run(struct session *s, const struct jsonl_request *rq)
{
	if (json_is_string(rq->value) &&
	    client_set_secret(session_client(s),
		json_string_value(rq->value)) == 0)
		jsonl_done(s, rq);
	else
		jsonl_failed(s, rq, "bad-client",
		    "\"client\" is a secret of %d to %d letters, digits and "
		    "signs, made at random",
		    CLIENT_SECRET_MIN, CLIENT_SECRET_MAX);
}

static void
msg_done(struct session *s, const struct jsonl_request *rq, const char *to,
    struct event *event, bool is_kept, bool is_again)
{
	struct json *j = jsonl_begin_done(s, rq);

	event->room = NULL;
	json_text(j, "to", to);
	jsonl_add_message(j, event);
	json_bool(j, "kept", is_kept);
	if (is_again)
		json_bool(j, "again", true);
	jsonl_end(s);
}

static void
msg_to(struct session *s, const struct jsonl_request *rq, const char *nick,
    enum event_kind kind, const char *text)
{
	struct member *to = action_addressee(s->all->chat, nick);
	struct event event = { .kind = EVENT_PRIVATE,
		.text = text,
		.text_len = strlen(text),
		.is_action = kind == EVENT_ME,
		.is_notice = kind == EVENT_NOTICE };
	struct conversation_party absent;
	enum msg result;

	if (!say_id(s, rq, &event))
		return;
	result = to == NULL ?
	    action_msg_absent(s->member, nick, &event, true, &absent) :
	    action_msg(s->member, to, &event, true);
	switch (result) {
	case MSG_SENT:
	case MSG_SAID_BEFORE:
	case MSG_QUEUED:
	case MSG_KEPT:
		msg_done(s, rq, to == NULL ? absent.nick : to->nick, &event,
		    to == NULL || result == MSG_QUEUED,
		    result == MSG_SAID_BEFORE);
		break;
	case MSG_QUEUE_FULL:
		jsonl_failed(s, rq, "too-many",
		    "too many messages are waiting for them; it was not sent");
		break;
	case MSG_ACCOUNTS_ONLY:
		jsonl_failed(s, rq, "no-account", "%s " MSG_ACCOUNTS_ONLY_TEXT,
		    to->nick);
		break;
	case MSG_ON_BREAK:
		jsonl_on_break(s, rq);
		break;
	case MSG_SECRET:
		jsonl_failed(s, rq, "secret", SAY_SECRET_TEXT);
		break;
	case MSG_TOO_LONG:
		break; /* only in other protocols */
	case MSG_NOBODY:
		(void)jsonl_find(s, rq, nick); /* which tells */
		break;
	case MSG_GUEST:
	case MSG_CONVERSATIONS_FULL:
	case MSG_BEGUN_TOO_MANY:
	case MSG_NOT_KEPT:
		jsonl_failed(s, rq, "not-kept", "%s is %s", absent.nick,
		    msg_str(result));
		break;
	}
}

void
jsonl_msg_run(struct session *s, const struct jsonl_request *rq)
{
	struct jsonl_request with = *rq;
	char *nick, *text;
	enum event_kind kind;

	with.id = jsonl_label(rq, "id", HISTORY_ID_MAX);
	nick = jsonl_value(s, &with);
	if (nick == NULL)
		return;
	if (!jsonl_member(s, &with, "text", &text)) {
		free(nick);
		return;
	}
	if (text == NULL)
		jsonl_failed(s, &with, "no-text", "it needs a \"text\"");
	else if (talk_check(s, &with, text) && talk_kind(s, &with, &kind))
		msg_to(s, &with, nick, kind, text);
	free(text);
	free(nick);
}
