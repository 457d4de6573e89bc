/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * export: what an account has said and was told in private. Of nobody else is
 * that shown, since who has a nick may be another than had it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/verb-impl.h"
#include "room/chat.h"
#include "room/conversation.h"

static void
export_private_json(struct json *j, const char *with, const struct event *event)
{
	char *text = xstrndup(event->text, event->text_len);

	json_object_open(j, NULL);
	json_text(j, "with", with);
	json_seconds(j, "time_unix", event_wall_ms(event));
	json_text(j, "nick", event->nick);
	json_text(j, "text", text);
	json_object_close(j);
	free(text);
}

static void
export_private_line(struct buf *out, const char *with,
    const struct event *event)
{
	char when[EXPORT_TIME_SIZE];

	export_time(event_wall_ms(event), when);
	buf_addf(out, "[%s] in private with %s <%s> %.*s\n", when, with,
	    event->nick, (int)event->text_len, event->text);
}

/* True: there is more in this conversation. */
static bool
export_conversation(struct verb_call *call, struct export *e,
    const struct conversation_end *end, const struct history *h)
{
	const char *with = conversation_other(end)->party.nick;
	struct history_cursor at = history_seek_number(h, e->number);
	struct event event;

	while (call->out.len < EXPORT_PIECE && walk_may_take(call->budget)) {
		if (!history_read(h, &at, &event))
			return false;
		e->number = at.number;
		if (!conversation_event(end, &event))
			continue;
		if (call->is_json)
			export_private_json(&call->json, with, &event);
		else
			export_private_line(&call->out, with, &event);
	}
	return true;
}

bool
export_private(struct verb_call *call, struct export *e)
{
	struct conversations *all = &call->admin->sessions->chat->conversations;
	struct conversation_party own = {
		.credential = credential_from_account(e->account),
	};
	const struct conversation last = {
		.ends[0].party = own,
		.ends[1].party = e->with,
	};
	const struct conversation_end *end;
	const struct history *h;

	if (e->account == 0)
		return false;
	if (e->is_in_talk)
		end = conversation_find(all, &own, &e->with);
	else {
		end = conversation_next(all, &own, &last.ends[0]);
		if (end == NULL)
			return false;
	}
	if (end != NULL) {
		e->with = conversation_other(end)->party;
		h = conversation_history(all, conversation_of_end(end));
		e->is_in_talk = true;
		if (h != NULL && export_conversation(call, e, end, h))
			return true;
	}
	/* Or it is gone. */
	e->is_in_talk = false;
	e->number = 0;
	return true;
}
