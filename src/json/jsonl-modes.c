/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Modes of rooms, and the masks on their lists; and bans by nick, which are modes
 * as well. A nick stands for the mask that reaches the person who has it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "json/jsonl.h"
#include "room/directory.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "room/modes.h"

/* Letters, and as many parameters as one event can tell. */
#define JSONL_MODE_WORDS (1 + MODES_PER_EVENT)
#define NO_LIST ((enum modes_list)MODES_LISTS)

struct mode_call {
	struct session *s;
	const struct jsonl_request *rq;
	const struct room *room;
	bool has_failed;
	enum modes_list list; /* which was asked for, or NO_LIST */
};

static const char *
mode_error_code(enum mode_error why)
{
	switch (why) {
	case MODE_NOT_OPERATOR:
		return "not-operator";
	case MODE_ON_BREAK:
		return "on-break";
	case MODE_NO_SUCH_NICK:
	case MODE_NOT_IN_ROOM:
		return "no-such-nick";
	case MODE_LIST_FULL:
		return "too-many";
	case MODE_UNKNOWN:
	case MODE_NO_PARAM:
	case MODE_BAD_KEY:
	case MODE_BAD_LIMIT:
	case MODE_BAD_MASK:
	case MODE_OTHER_MASK:
	case MODE_NOT_IN_LOBBY:
	case MODE_NO_ACCOUNT:
		break;
	}
	return "bad-mode";
}

static void
mode_error(enum mode_error why, const struct mode_change *change, void *arg)
{
	struct mode_call *call = arg;

	if (!call->has_failed)
		jsonl_failed(call->s, call->rq, mode_error_code(why), "%s",
		    mode_error_str(why, change, call->room));
	call->has_failed = true;
}

static void
mode_list(enum modes_list list, void *arg)
{
	struct mode_call *call = arg;

	call->list = list;
}

/* The others see it as an event. */
static void
mode_applied(const char *text, void *arg)
{
	struct mode_call *call = arg;
	struct event event = { .kind = EVENT_MODE,
		.room = call->room->name,
		.nick = call->s->member->nick,
		.text = text,
		.text_len = strlen(text) };

	jsonl_event(call->s, &event);
}

static struct mode_report
mode_begin(struct mode_call *call, struct session *s,
    const struct jsonl_request *rq, const struct room *room)
{
	*call = (struct mode_call){
		.s = s, .rq = rq, .room = room, .list = NO_LIST
	};
	return (struct mode_report){ .error = mode_error,
		.list = mode_list,
		.applied = mode_applied,
		.arg = call };
}

static void
mode_list_done(const struct mode_call *call)
{
	const struct room *room = call->room;
	const struct mode_mask *mask;
	char text[MODES_MASK_MAX + 1];
	struct json *j = jsonl_begin_done(call->s, call->rq);

	json_text(j, "room", room->name);
	json_array_open(j, "masks");
	TAILQ_FOREACH(mask, &room->modes.lists[call->list], entry) {
		mode_mask_str(room, mask, text);
		json_object_open(j, NULL);
		json_text(j, "mask", text);
		json_text(j, "by", mask->by);
		jsonl_add_time(j, "time", mask->set_ms);
		json_object_close(j);
	}
	json_array_close(j);
	jsonl_end(call->s);
}

static void
mode_end(const struct mode_call *call)
{
	if (call->has_failed)
		return;
	if (call->list != NO_LIST)
		mode_list_done(call);
	else
		jsonl_done(call->s, call->rq);
}

static void
mode_change(struct session *s, const struct jsonl_request *rq,
    struct membership *ms, char *text)
{
	struct mode_call call;
	struct mode_report report = mode_begin(&call, s, rq, ms->room);
	char *words[JSONL_MODE_WORDS], *word;
	int count = 0;

	while ((word = strsep(&text, " ")) != NULL) {
		if (*word == '\0')
			continue;
		if (count == JSONL_MODE_WORDS) {
			jsonl_failed(s, rq, "too-many",
			    "at most %d names and masks at once; nothing was "
			    "changed",
			    MODES_PER_EVENT);
			return;
		}
		words[count++] = word;
	}
	if (count == 0) {
		jsonl_failed(s, rq, "bad-mode", "there is nothing in it");
		return;
	}
	modes_change(ms->room, ms, count, words, &report);
	mode_end(&call);
}

static void
mode_show(struct session *s, const struct jsonl_request *rq,
    const struct room *room)
{
	struct buf text = BUF_INITIALIZER;
	struct json *j;

	modes_str(room, true, &text);
	j = jsonl_begin_done(s, rq);
	json_text(j, "room", room->name);
	json_text(j, "modes", buf_cstr(&text));
	jsonl_end(s);
	buf_fini(&text);
}

void
jsonl_mode_run(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms = jsonl_room(s, rq);
	char *text;

	if (ms == NULL || !jsonl_optional(s, rq, &text))
		return;
	if (text == NULL)
		mode_show(s, rq, ms->room);
	else
		mode_change(s, rq, ms, text);
	free(text);
}

/* Bans */

static bool
ban_apply(struct mode_call *call, struct mode_report *report,
    struct membership *ms, bool is_set, const char *mask)
{
	const struct mode_change change = { is_set, 'b', mask };

	modes_apply(ms->room, ms, &change, 1, report);
	return !call->has_failed;
}

static void
ban_set(struct session *s, const struct jsonl_request *rq,
    struct membership *ms, const char *whom)
{
	const struct member *m = directory_find(&s->all->chat->directory, whom);
	struct mode_call call;
	struct mode_report report = mode_begin(&call, s, rq, ms->room);
	char mask[MODES_MASK_MAX + 1] = "";
	struct json *j;

	if (m == s->member) {
		jsonl_failed(s, rq, "yourself", "that is you");
		return;
	}
	if (m != NULL)
		modes_ban_mask(ms->room, m, mask);
	if (!ban_apply(&call, &report, ms, true, m == NULL ? whom : mask))
		return;
	j = jsonl_begin_done(s, rq);
	if (m != NULL)
		json_text(j, "mask", mask);
	jsonl_end(s);
}

void
jsonl_ban_run(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms = jsonl_room(s, rq);
	struct mode_call call;
	char *whom;

	if (ms == NULL || !jsonl_optional(s, rq, &whom))
		return;
	if (whom == NULL) {
		(void)mode_begin(&call, s, rq, ms->room);
		call.list = MODES_BANS;
		mode_end(&call);
	} else
		ban_set(s, rq, ms, whom);
	free(whom);
}

static void
ban_lift(struct session *s, const struct jsonl_request *rq,
    struct membership *ms, const char *whom)
{
	const struct member *m = directory_find(&s->all->chat->directory, whom);
	struct mode_call call;
	struct mode_report report = mode_begin(&call, s, rq, ms->room);
	const struct mode_mask *mask;
	char text[MODES_MASK_MAX + 1];
	bool has_any = false;

	/* All that reach them. */
	while (m != NULL && !call.has_failed &&
	    (mask = modes_find_ban(ms->room, m)) != NULL) {
		mode_mask_str(ms->room, mask, text);
		(void)ban_apply(&call, &report, ms, false, text);
		has_any = true;
	}
	if (!has_any && modes_has_mask(ms->room, MODES_BANS, whom)) {
		(void)ban_apply(&call, &report, ms, false, whom);
		has_any = true;
	}
	if (!has_any)
		jsonl_failed(s, rq, "no-ban", "there is no such ban");
	else
		mode_end(&call);
}

void
jsonl_unban_run(struct session *s, const struct jsonl_request *rq)
{
	struct membership *ms = jsonl_room(s, rq);
	char *whom;

	if (ms == NULL || (whom = jsonl_value(s, rq)) == NULL)
		return;
	ban_lift(s, rq, ms, whom);
	free(whom);
}
