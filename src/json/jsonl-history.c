/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Pages of a room's history, or of a conversation's, by number: the newest,
 * those before a number, or those after it. One answer is bounded by messages
 * and by bytes; what is in it comes in the order in which it was said, and
 * "more" tells whether there is more that way. And with whom there is a
 * conversation.
 */
#include "config.h"

#include <stdlib.h>

#include "json/jsonl.h"
#include "room/chat-rooms.h"
#include "room/client.h"
#include "room/conversation.h"
#include "room/conversing.h"
#include "room/deliver.h"
#include "room/ids.h"
#include "room/modes.h"
#include "room/person.h"

/* Goes back from at by limit messages at most. */
static struct history_cursor
history_page_back(const struct history *h, struct history_cursor at,
    uint64_t limit)
{
	struct history_cursor before = at;

	while (limit-- > 0 && history_step_back(h, &before))
		at = before;
	return at;
}

/* Whose messages are asked for: a room's, or with whom one has talked. */
struct history_source {
	const struct history *history;
	const char *name; /* of the room, or NULL */
	struct conversation_end *end;
	bool is_aside; /* they are not in the room */
};

/* Is event shown to s? One of a conversation becomes what it is to them. */
static bool
history_shows(const struct session *s, const struct history_source *from,
    struct event *event)
{
	if (event->kind == EVENT_GAP)
		return true;
	if (member_ignores_author(s->member, event->author, event->nick) ||
	    (from->end != NULL && !conversation_event(from->end, event)))
		return false;
	/* Who has said it shows from the nick. */
	if (event->kind == EVENT_PRIVATE_SENT)
		event->kind = EVENT_PRIVATE;
	return true;
}

/* Adds messages from *at on, below upper, and moves it on. */
static void
history_page_add(const struct session *s, struct json *j,
    const struct history_source *from, struct history_cursor *at,
    uint64_t upper, uint64_t limit)
{
	const struct client *client = session_client(s);
	size_t start = j->out->len;
	size_t max = from->is_aside ? JSONL_ASIDE_BYTES : JSONL_PAGE_BYTES;
	struct event event;

	while (limit-- > 0 && at->number < upper && j->out->len - start < max &&
	    history_read(from->history, at, &event)) {
		if (!history_shows(s, from, &event))
			continue;
		event.room = from->name;
		event.is_id_shown = client_has_id(client, &event);
		jsonl_add_event(j, &event);
	}
}

/* Tells what is no longer held between number and the oldest message. */
static void
history_page_gap(struct json *j, const struct history_source *from,
    uint64_t number)
{
	struct history_cursor at = { .number = number };
	struct event gap = { .kind = EVENT_GAP, .room = from->name };

	gap.count = history_clamp(from->history, &at);
	gap.is_uncertain = !history_is_certain(number, at.number);
	if (at.number > number)
		jsonl_add_event(j, &gap);
}

/* May s, who is not there, read what was said there? */
static bool
history_is_shown(struct session *s, const struct jsonl_request *rq,
    const struct room *room)
{
	if (member_in(s->member, room) != NULL)
		return true;
	if (!modes_has(room, ROOM_NO_PAST))
		return true;
	jsonl_failed(s, rq, "forbidden",
	    "what was said there is shown only to who was there");
	return false;
}

static void
history_page(struct session *s, const struct jsonl_request *rq,
    const struct history_source *from)
{
	const struct history *h = from->history;
	struct history_cursor at, upper = history_head(h);
	uint64_t before = JSONL_NO_NUMBER, after = JSONL_NO_NUMBER, limit = 0;
	uint64_t first,
	    max = from->is_aside ? JSONL_ASIDE_MAX : JSONL_HISTORY_MAX;
	bool is_more;
	struct json *j;

	if (!jsonl_number(s, rq, "before", &before) ||
	    !jsonl_number(s, rq, "after", &after) ||
	    !jsonl_number(s, rq, "limit", &limit))
		return;
	if (limit == 0 || limit > max)
		limit = max;
	if (before != JSONL_NO_NUMBER)
		upper = history_seek_number(h, before);
	if (after != JSONL_NO_NUMBER)
		at = history_seek_number(h, after + 1);
	else
		at = history_page_back(h, upper, limit);
	is_more = at.number > h->first_number;
	first = is_more ? at.number : 0;
	j = jsonl_begin_done(s, rq);
	if (from->name != NULL)
		json_text(j, "room", from->name);
	else
		json_text(j, "with", conversation_other(from->end)->party.nick);
	json_array_open(j, "messages");
	if (after != JSONL_NO_NUMBER)
		history_page_gap(j, from, after + 1);
	history_page_add(s, j, from, &at, upper.number, limit);
	json_array_close(j);
	json_bool(j, "more",
	    after != JSONL_NO_NUMBER ? at.number < upper.number : is_more);
	jsonl_end(s);
	if (from->end != NULL)
		conversing_show(&s->all->chat->conversations, session_client(s),
		    from->end, first, at.number);
}

static void
history_private(struct session *s, const struct jsonl_request *rq,
    const char *nick)
{
	struct chat *chat = s->all->chat;
	struct history_source from = {
		.end = conversing_named(chat, s->member, nick),
	};

	if (from.end == NULL) {
		jsonl_failed(s, rq, "no-conversation",
		    "there is no conversation with somebody who is called so");
		return;
	}
	from.history = conversation_history(&chat->conversations,
	    conversation_of_end(from.end));
	if (from.history == NULL)
		jsonl_failed(s, rq, "not-now",
		    "it cannot be read now; try again later");
	else
		history_page(s, rq, &from);
}

static void
history_room(struct session *s, const struct jsonl_request *rq,
    const char *name)
{
	struct room *room = jsonl_reach(s, rq, name);
	struct history_source from = { .end = NULL };

	if (room == NULL || !history_is_shown(s, rq, room))
		return;
	from.history = &room->history;
	from.name = room->name;
	from.is_aside = member_in(s->member, room) == NULL;
	/* What was said before comes before it. */
	deliver_flush(room);
	history_page(s, rq, &from);
}

void
jsonl_history_run(struct session *s, const struct jsonl_request *rq)
{
	char *name = jsonl_value(s, rq);

	if (name == NULL)
		return;
	if (*name == '@')
		history_private(s, rq, name + 1);
	else
		history_room(s, rq, name);
	free(name);
}

static struct membership *
read_room(const struct session *s, const char *name)
{
	const struct room *room = room_name_check(name) == NICK_OK ?
	    chat_find_room(s->all->chat, name) :
	    NULL;

	return room == NULL ? NULL : jsonl_here(s, room);
}

/* All before next is read. */
static void
read_done(struct session *s, const struct jsonl_request *rq, uint64_t next)
{
	struct json *j = jsonl_begin_done(s, rq);

	jsonl_add_number(j, "number", next - 1);
	jsonl_end(s);
}

void
jsonl_read_run(struct session *s, const struct jsonl_request *rq)
{
	char *name = jsonl_value(s, rq);
	struct conversation_end *end = NULL;
	struct membership *ms = NULL;
	uint64_t number = JSONL_NO_NUMBER;

	if (name == NULL || !jsonl_number(s, rq, "number", &number)) {
		free(name);
		return;
	}
	if (number != JSONL_NO_NUMBER)
		number++;
	if (*name == '@')
		end = conversing_named(s->all->chat, s->member, name + 1);
	else
		ms = read_room(s, name);
	if (end != NULL)
		read_done(s, rq,
		    action_read_private(session_client(s), end, number));
	else if (ms != NULL)
		read_done(s, rq, action_read(session_client(s), ms, number));
	else if (*name == '@')
		jsonl_failed(s, rq, "no-conversation",
		    "there is no conversation with somebody who is called so");
	else
		jsonl_failed(s, rq, "not-in-room", "you are not in that room");
	free(name);
}

static void
conversation_add(struct session *s, struct json *j,
    const struct conversation_end *end)
{
	json_object_open(j, NULL);
	json_text(j, "with", conversation_other(end)->party.nick);
	jsonl_add_time(j, "time", conversation_of_end(end)->time_ms);
	json_number(j, "new",
	    conversing_untold(&s->all->chat->conversations, session_client(s),
		end));
	json_object_close(j);
}

void
jsonl_conversations_run(struct session *s, const struct jsonl_request *rq)
{
	struct conversations *all = &s->all->chat->conversations;
	struct conversation_end *end = NULL;
	struct conversation_party own;
	struct json *j = jsonl_begin_done(s, rq);
	size_t shown = 0;

	conversing_confirm(all);
	json_array_open(j, "conversations");
	while (conversing_party(s->member, &own) &&
	    (end = conversation_next(all, &own, end)) != NULL) {
		if (conversation_of_end(end)->next_number == 1)
			continue;
		if (shown++ < JSONL_ROOMS_MAX)
			conversation_add(s, j, end);
	}
	json_array_close(j);
	json_bool(j, "more", shown > JSONL_ROOMS_MAX);
	jsonl_end(s);
	session_charge(s, (unsigned)(shown / 100));
}
