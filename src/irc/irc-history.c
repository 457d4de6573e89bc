/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * CHATHISTORY (IRCv3 draft/chathistory): pages of a room's ring, for clients
 * that scroll back by themselves. A message is named by its time or its msgid,
 * "ROOM-NUMBER" (irc-render.c); both are found at once (history-seek.c), and
 * from there some messages are read, backwards or forwards:
 *
 *     oldest      lower                         upper        head
 *       │           │◄── LATEST, BEFORE ─────────│            │
 *       │           │─── AFTER ─────────────────►│            │
 *       │           │      ◄─ AROUND ─►          │            │
 *
 * One answer is bounded three ways: by messages, by bytes, and by what is
 * looked at and not shown (topics, those of whom they ignore). Who pages on by
 * msgid gets the rest. Who pages on by time would miss what has the same time
 * as the last message of a page, so all of these belong to it; they are more
 * than one only in floods (history_next_time()). A hole in the ring is passed
 * over: clients know no such thing.
 *
 * A nick's is that of the conversation with them, the same for both.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "irc/irc.h"
#include "room/client.h"
#include "room/conversation.h"
#include "room/conversing.h"
#include "room/deliver.h"
#include "room/person.h"

#define CHATHISTORY_BYTES_MAX (128 * 1024) /* of text in an answer */
#define CHATHISTORY_LOOKS_MAX 8000 /* messages read for one: some ms */
/* What a tenth of a line pays for (irc_charge()). */
#define CHATHISTORY_BYTES_PER_TENTH 4096
#define CHATHISTORY_LOOKS_PER_TENTH 250
#define CHATHISTORY_NAME "CHATHISTORY"

/* What an answer may still use. */
struct history_budget {
	uint64_t messages;
	size_t bytes;
	unsigned looks;
	bool is_by_time; /* who asks pages on by time, as far as is known */
	uint64_t extra; /* taken beyond that, of the time of the last */
	int64_t last_ms; /* when the last that was taken was said */
};

/* A request. */
struct chathistory {
	struct session *s;
	const char *command; /* the subcommand: "BEFORE" */
	const struct history *history;
	/* Of a room; or whose the conversation with name is. */
	struct room *room;
	struct conversation_end *end;
	const char *name;
	struct history_budget budget;
};

/* The first message that is not before what ref names, or with further 1, the
 * first that is after it. */
static struct history_cursor
reference_seek(const struct history *h, const struct irc_reference *ref,
    unsigned further)
{
	return ref->number > 0 ? history_seek_number(h, ref->number + further) :
				 history_seek_time(h, ref->time_ms + further);
}

/* Answers */

/* Sends "FAIL CHATHISTORY code command [about] :text". */
static void
chathistory_fail(struct session *s, const char *code, const char *command,
    const char *about, const char *text)
{
	struct buf context = BUF_INITIALIZER;

	irc_add_middle(&context, command, 32);
	if (about != NULL)
		irc_add_middle(&context, about, 96);
	irc_fail(s, CHATHISTORY_NAME, code, buf_cstr(&context) + 1, "%s", text);
	buf_fini(&context);
}

/* Is event shown to s? One of a conversation becomes what it is to them. */
static bool
chathistory_shows(const struct session *s, const struct conversation_end *end,
    struct event *event)
{
	if (end != NULL)
		return !member_ignores_author(s->member, event->author,
			   event->nick) &&
		    conversation_event(end, event);
	if (event->kind == EVENT_GAP ||
	    (event->kind == EVENT_TOPIC && !irc_has(s, IRC_CAP_EVENT_PLAYBACK)))
		return false;
	return !member_ignores_author(s->member, event->author, event->nick);
}

/* Has b all that it may have, unless event is of the time of the last? */
static bool
budget_is_spent(const struct history_budget *b, const struct event *event)
{
	return b->messages == 0 &&
	    (!b->is_by_time || event->time_ms != b->last_ms);
}

/* Does event, which is shown, fit the budget? The first always does. */
static bool
budget_take(struct history_budget *b, const struct event *event)
{
	if (budget_is_spent(b, event) || event->text_len > b->bytes)
		return false;
	if (b->messages > 0)
		b->messages--;
	else
		b->extra++;
	b->last_ms = event->time_ms;
	b->bytes -= event->text_len;
	return true;
}

/* Charges for the looks since there were so many. */
static void
chathistory_charge(struct session *s, unsigned before, unsigned looks)
{
	irc_charge(s, (before - looks) / CHATHISTORY_LOOKS_PER_TENTH);
}

/* Goes back from at, not below lower, by *left messages that are shown. */
static struct history_cursor
chathistory_back(const struct chathistory *ch, struct history_cursor at,
    uint64_t lower, struct history_budget *left)
{
	const struct history *h = ch->history;
	struct history_cursor before, next;
	struct event event;
	unsigned looks = left->looks;

	for (; left->looks > 0; left->looks--) {
		before = at;
		if (!history_step_back(h, &before) || before.number < lower)
			break;
		next = before;
		(void)history_read(h, &next, &event);
		if (budget_is_spent(left, &event) ||
		    (chathistory_shows(ch->s, ch->end, &event) &&
			!budget_take(left, &event)))
			break;
		at = before;
	}
	chathistory_charge(ch->s, looks, left->looks);
	return at;
}

/* Fails instead of sending an empty batch, which would mean that there is no
 * more. */
static void
chathistory_give_up(const struct chathistory *ch, const char *where,
    uint64_t number)
{
	struct buf context = BUF_INITIALIZER;

	buf_addf(&context, "%s %s", ch->command, ch->name);
	/* No conversation holds as many. */
	irc_fail(ch->s, CHATHISTORY_NAME, "MESSAGE_ERROR", buf_cstr(&context),
	    "Of %d messages there is none for you; go on %s msgid=%s-%llu",
	    CHATHISTORY_LOOKS_MAX, where, ch->name + 1,
	    (unsigned long long)number);
	buf_fini(&context);
}

/* Moves *at on to a message that is shown. False: too many were read
 * for that. */
static bool
chathistory_skip(struct chathistory *ch, struct history_cursor *at,
    uint64_t upper)
{
	const struct history *h = ch->history;
	struct history_cursor next = *at;
	struct event event;

	for (; at->number < upper && history_read(h, &next, &event);
	     *at = next) {
		if (ch->budget.looks == 0)
			return false;
		if (chathistory_shows(ch->s, ch->end, &event))
			break;
		ch->budget.looks--;
	}
	return true;
}

/* Sends messages from at on, below upper. */
static void
chathistory_send(struct chathistory *ch, struct history_cursor at,
    uint64_t upper)
{
	const struct history *h = ch->history;
	struct irc_batch batch;
	struct event event;
	unsigned looks = ch->budget.looks;
	size_t bytes = ch->budget.bytes;
	uint64_t from = at.number == h->first_number ? 0 : at.number;
	struct history_cursor next;

	if (!chathistory_skip(ch, &at, upper)) {
		chathistory_charge(ch->s, looks, ch->budget.looks);
		/* The message at at.number was not read yet. */
		chathistory_give_up(ch, "AFTER", at.number - 1);
		return;
	}
	irc_batch_begin(ch->s, &batch, "chathistory %s", ch->name);
	for (; at.number < upper && ch->budget.looks > 0;
	     ch->budget.looks--, at = next) {
		next = at;
		if (!history_read(h, &next, &event))
			break;
		if (!chathistory_shows(ch->s, ch->end, &event))
			continue;
		if (!budget_take(&ch->budget, &event))
			break;
		event.server = irc_server(ch->s);
		event.room = ch->room == NULL ? NULL : ch->room->name;
		irc_event(ch->s, &event);
	}
	irc_batch_end(ch->s, &batch);
	if (ch->end != NULL) {
		/* Where it ends is known once it has been sent. */
		irc_answer_end(ch->s);
		conversing_show(&ch->s->all->chat->conversations,
		    session_client(ch->s), ch->end, from, at.number);
	}
	chathistory_charge(ch->s, looks, ch->budget.looks);
	irc_charge(ch->s,
	    (unsigned)((bytes - ch->budget.bytes) /
		CHATHISTORY_BYTES_PER_TENTH));
}

/* Sends up to limit messages: the newest before upper, or the oldest after
 * lower. */
static void
chathistory_page(struct chathistory *ch, struct history_cursor lower,
    struct history_cursor upper, bool is_backward)
{
	struct history_budget left = ch->budget;

	if (is_backward && upper.number > lower.number) {
		lower = chathistory_back(ch, upper, lower.number, &left);
		if (left.looks == 0 && left.messages == ch->budget.messages) {
			chathistory_give_up(ch, "BEFORE", lower.number);
			return;
		}
		ch->budget.messages += left.extra;
	}
	chathistory_send(ch, lower, upper.number);
}

static void
chathistory_around(struct chathistory *ch, const struct irc_reference *ref)
{
	const struct history *h = ch->history;
	struct history_budget half = ch->budget;
	struct history_cursor at;

	half.messages /= 2;
	half.bytes /= 2;
	half.looks /= 2;
	at = chathistory_back(ch, reference_seek(h, ref, 0), 0, &half);
	ch->budget.messages += half.extra;
	chathistory_send(ch, at, h->next_number);
}

/* The two may be in either order; the limit counts from the first. */
static void
chathistory_between(struct chathistory *ch, const struct irc_reference *from,
    const struct irc_reference *to)
{
	const struct history *h = ch->history;
	bool is_backward = reference_seek(h, from, 0).number >
	    reference_seek(h, to, 0).number;
	const struct irc_reference *first = is_backward ? to : from;
	const struct irc_reference *last = is_backward ? from : to;

	chathistory_page(ch, reference_seek(h, first, 1),
	    reference_seek(h, last, 0), is_backward);
}

/* Requests */

enum {
	CHATHISTORY_LATEST,
	CHATHISTORY_BEFORE,
	CHATHISTORY_AFTER,
	CHATHISTORY_AROUND,
	CHATHISTORY_BETWEEN,
	CHATHISTORY_TARGETS
};

static const struct {
	const char *name;
	int argc;
} chathistory_commands[] = {
	[CHATHISTORY_LATEST] = { "LATEST", 4 },
	[CHATHISTORY_BEFORE] = { "BEFORE", 4 },
	[CHATHISTORY_AFTER] = { "AFTER", 4 },
	[CHATHISTORY_AROUND] = { "AROUND", 4 },
	[CHATHISTORY_BETWEEN] = { "BETWEEN", 5 },
	[CHATHISTORY_TARGETS] = { "TARGETS", 4 },
};

/* The same of a message in private, whose msgid is in no other way in it. */
static enum irc_reference_result
chathistory_private_reference(const struct chathistory *ch,
    struct irc_reference *ref, const char *text)
{
	struct history_cursor at;
	uint64_t msgid;

	memset(ref, 0, sizeof(*ref));
	if (!irc_parse_private_msgid(text, &msgid))
		return irc_reference_parse(ref, text, "");
	if (!conversation_find_msgid(ch->history, msgid, &at))
		return IRC_REFERENCE_ELSEWHERE;
	ref->number = at.number;
	return IRC_REFERENCE_OK;
}

/* Parses the name of a message of this room; or fails with what is wrong. */
static bool
chathistory_reference(const struct chathistory *ch, struct irc_reference *ref,
    const char *text)
{
	enum irc_reference_result result;

	result = ch->end == NULL ?
	    irc_reference_parse(ref, text, ch->name + 1) :
	    chathistory_private_reference(ch, ref, text);
	/* Numbers never given name no message. */
	if (result == IRC_REFERENCE_OK &&
	    ref->number >= ch->history->next_number)
		result = IRC_REFERENCE_ELSEWHERE;
	switch (result) {
	case IRC_REFERENCE_OK:
		return true;
	case IRC_REFERENCE_BAD:
		chathistory_fail(ch->s, "INVALID_PARAMS", ch->command, text,
		    "Invalid timestamp or msgid");
		break;
	case IRC_REFERENCE_TYPE:
		chathistory_fail(ch->s, "INVALID_MSGREFTYPE", ch->command, text,
		    "Messages are named by timestamp= or msgid=");
		break;
	case IRC_REFERENCE_ELSEWHERE:
		chathistory_fail(ch->s, "MESSAGE_ERROR", ch->command, text,
		    "There is no such message here");
		break;
	}
	return false;
}

static void
chathistory_answer(struct chathistory *ch, int what, char *const refs[])
{
	const struct history *h = ch->history;
	struct irc_reference ref = { .number = 0 }, to;

	ch->budget.is_by_time = true;
	if (what == CHATHISTORY_LATEST && strcmp(refs[0], "*") == 0) {
		chathistory_page(ch, history_oldest(h), history_head(h), true);
		return;
	}
	if (!chathistory_reference(ch, &ref, refs[0]))
		return;
	ch->budget.is_by_time = ref.number == 0;
	switch (what) {
	case CHATHISTORY_BEFORE:
		chathistory_page(ch, history_oldest(h),
		    reference_seek(h, &ref, 0), true);
		break;
	case CHATHISTORY_LATEST:
	case CHATHISTORY_AFTER:
		chathistory_page(ch, reference_seek(h, &ref, 1),
		    history_head(h), what == CHATHISTORY_LATEST);
		break;
	case CHATHISTORY_AROUND:
		chathistory_around(ch, &ref);
		break;
	case CHATHISTORY_BETWEEN:
		if (chathistory_reference(ch, &to, refs[1]))
			chathistory_between(ch, &ref, &to);
		break;
	}
}

bool
irc_is_nick(const char *name)
{
	enum nick_check check = nick_check(name);

	return check == NICK_OK || check == NICK_RESERVED ||
	    check == NICK_GUEST;
}

/* TARGETS */

struct history_target {
	char name[ROOM_NAME_SIZE + 1]; /* or a nick */
	int64_t time_ms; /* of the latest message that s is shown */
};

static int
target_compare(const void *a, const void *b)
{
	const struct history_target *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Has room a latest message that s is shown between the two times, exclusively?
 * If too many would have to be read for that it may have, and is listed. */
static bool
target_latest(const struct session *s, const struct room *room, int64_t from_ms,
    int64_t to_ms, unsigned *looks, int64_t *time_ms)
{
	const struct history *h = &room->history;
	struct history_cursor at = history_head(h), next;
	struct event event;

	while (history_step_back(h, &at)) {
		next = at;
		(void)history_read(h, &next, &event);
		if (event.kind == EVENT_GAP)
			continue;
		*time_ms = event.time_ms;
		if (event.time_ms <= from_ms)
			break;
		if (*looks == 0) {
			if (*time_ms >= to_ms)
				*time_ms = to_ms - 1;
			return *time_ms > from_ms;
		}
		(*looks)--;
		if (chathistory_shows(s, NULL, &event))
			return event.time_ms < to_ms;
	}
	return false;
}

struct history_targets {
	struct history_target *list;
	size_t count, cap;
};

static void
target_add(struct history_targets *targets, const char *prefix,
    const char *name, int64_t time_ms)
{
	struct history_target *target;

	if (targets->count == targets->cap) {
		targets->cap = targets->cap == 0 ? 16 : targets->cap * 2;
		targets->list = xreallocarray(targets->list, targets->cap,
		    sizeof(*targets->list));
	}
	target = &targets->list[targets->count++];
	(void)snprintf(target->name, sizeof(target->name), "%s%s", prefix,
	    name);
	target->time_ms = time_ms;
}

/* With whom s has talked between the two times, exclusively. */
static void
target_list_private(struct session *s, int64_t from_ms, int64_t to_ms,
    struct history_targets *targets)
{
	const struct conversations *all = &s->all->chat->conversations;
	struct conversation_end *end = NULL;
	struct conversation_party own;
	const char *nick;
	char folded[NICK_SIZE];
	int64_t time_ms;

	if (!conversing_party(s->member, &own))
		return;
	while ((end = conversation_next(all, &own, end)) != NULL) {
		time_ms = conversation_of_end(end)->time_ms;
		nick = conversation_other(end)->party.nick;
		nick_fold(folded, nick);
		if (time_ms > from_ms && time_ms < to_ms &&
		    !person_ignores(&s->member->person, 0, folded))
			target_add(targets, "", nick, time_ms);
	}
}

static void
target_list(struct session *s, int64_t from_ms, int64_t to_ms,
    struct history_targets *targets)
{
	const struct membership *ms;
	unsigned looks = CHATHISTORY_LOOKS_MAX;
	int64_t time_ms;

	SLIST_FOREACH(ms, &s->member->memberships, in_member)
		if (target_latest(s, ms->room, from_ms, to_ms, &looks,
			&time_ms))
			target_add(targets, "#", ms->room->name, time_ms);
	target_list_private(s, from_ms, to_ms, targets);
	chathistory_charge(s, CHATHISTORY_LOOKS_MAX, looks);
	if (targets->count > 0)
		qsort(targets->list, targets->count, sizeof(*targets->list),
		    target_compare);
}

static void
chathistory_targets(struct session *s, int64_t from_ms, int64_t to_ms,
    uint64_t limit)
{
	bool is_backward = from_ms > to_ms;
	struct history_targets targets = { .count = 0 };
	struct irc_batch batch;
	struct buf *out;
	size_t i = 0, count;

	target_list(s, is_backward ? to_ms : from_ms,
	    is_backward ? from_ms : to_ms, &targets);
	count = targets.count;
	if (count > limit) {
		if (is_backward)
			i = count - (size_t)limit;
		else
			count = (size_t)limit;
	}
	irc_batch_begin(s, &batch, "draft/chathistory-targets");
	for (; i < count; i++) {
		out = irc_begin(s, NULL);
		buf_addf(out, "CHATHISTORY TARGETS %s ", targets.list[i].name);
		irc_add_time(out, targets.list[i].time_ms);
		irc_end(s);
	}
	irc_batch_end(s, &batch);
	free(targets.list);
}

static void
chathistory_run_targets(struct session *s, char *const refs[], uint64_t limit)
{
	struct irc_reference ref;
	int64_t ms[2];
	int i;

	for (i = 0; i < 2; i++) {
		if (irc_reference_parse(&ref, refs[i], "") !=
			IRC_REFERENCE_OK ||
		    ref.number > 0) {
			chathistory_fail(s, "INVALID_PARAMS", "TARGETS",
			    refs[i], "Invalid timestamp");
			return;
		}
		ms[i] = ref.time_ms;
	}
	chathistory_targets(s, ms[0], ms[1], limit);
}

/* The number of the subcommand, or -1 after telling what is wrong. */
static int
chathistory_find(struct session *s, const struct irc_message *msg)
{
	size_t i;

	for (i = 0; i < NITEMS(chathistory_commands); i++)
		if (strcasecmp(msg->argv[0], chathistory_commands[i].name) == 0)
			break;
	if (i == NITEMS(chathistory_commands))
		chathistory_fail(s, "INVALID_PARAMS", msg->argv[0], NULL,
		    "Unknown command");
	else if (msg->argc < chathistory_commands[i].argc)
		chathistory_fail(s, "INVALID_PARAMS",
		    chathistory_commands[i].name, NULL,
		    "Insufficient parameters");
	else if (msg->argc > chathistory_commands[i].argc)
		chathistory_fail(s, "INVALID_PARAMS",
		    chathistory_commands[i].name, NULL, "Too many parameters");
	else
		return (int)i;
	return -1;
}

static void
chathistory_run_room(struct chathistory *ch, int what,
    const struct irc_message *msg)
{
	char name[ROOM_NAME_SIZE + 1];

	(void)snprintf(name, sizeof(name), "#%s", ch->room->name);
	ch->name = name;
	ch->history = &ch->room->history;
	/* What is answered was delivered before. */
	deliver_flush(ch->room);
	chathistory_answer(ch, what, msg->argv + 2);
}

static void
chathistory_run_private(struct chathistory *ch, int what,
    const struct irc_message *msg)
{
	struct chat *chat = ch->s->all->chat;
	struct irc_batch batch;

	ch->name = msg->argv[1];
	ch->room = NULL;
	ch->end = conversing_named(chat, ch->s->member, ch->name);
	if (ch->end != NULL) {
		ch->history = conversation_history(&chat->conversations,
		    conversation_of_end(ch->end));
		if (ch->history != NULL)
			chathistory_answer(ch, what, msg->argv + 2);
		else
			chathistory_fail(ch->s, "MESSAGE_ERROR", ch->command,
			    ch->name, "Messages could not be retrieved");
		return;
	}
	/* There is no history; nor is it told who is here. */
	irc_batch_begin(ch->s, &batch, "chathistory %s", ch->name);
	irc_batch_end(ch->s, &batch);
}

void
irc_chathistory_run(struct session *s, struct irc_message *msg)
{
	struct chathistory ch = { .s = s };
	const char *limit = msg->argv[msg->argc - 1];
	int what = chathistory_find(s, msg);

	if (what == -1)
		return;
	ch.command = chathistory_commands[what].name;
	ch.budget.bytes = CHATHISTORY_BYTES_MAX;
	ch.budget.looks = CHATHISTORY_LOOKS_MAX;
	if (parse_number(limit, UINT64_MAX, &ch.budget.messages) == -1 ||
	    ch.budget.messages == 0) {
		chathistory_fail(s, "INVALID_PARAMS", ch.command, limit,
		    "Invalid limit");
		return;
	}
	if (ch.budget.messages > IRC_HISTORY_MAX)
		ch.budget.messages = IRC_HISTORY_MAX;
	if (what == CHATHISTORY_TARGETS) {
		chathistory_run_targets(s, msg->argv + 1, ch.budget.messages);
		return;
	}
	ch.room = irc_find_room(s, msg->argv[1]);
	if (ch.room != NULL && member_in(s->member, ch.room) != NULL)
		chathistory_run_room(&ch, what, msg);
	else if (irc_is_nick(msg->argv[1]))
		chathistory_run_private(&ch, what, msg);
	else
		chathistory_fail(s, "INVALID_TARGET", ch.command, msg->argv[1],
		    "Messages could not be retrieved");
}
