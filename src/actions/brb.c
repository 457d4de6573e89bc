/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Breaks, on which the cursor stops; and being away, which it ignores.
 */
#include "config.h"

#include <string.h>

#include "actions/actions.h"
#include "room/client.h"
#include "room/member.h"

static bool
brb_is_too_long(const char *text)
{
	return text != NULL && strlen(text) > BREAK_TEXT_MAX;
}

static bool
brb_is_secret(const struct member *m, const char *text)
{
	return text != NULL && action_is_secret(m, text, strlen(text));
}

bool
action_brb_is_all(const char *text)
{
	return text != NULL && strcmp(text, "all") == 0;
}

/* The other sessions are told. */
static void
brb_tell_others(const struct client *client, enum event_kind kind)
{
	const struct member *m = client->member;
	const struct event event = { .kind = kind, .nick = m->nick };
	struct client *other;

	SLIST_FOREACH(other, &m->clients, in_member)
		if (other != client && other->ops != NULL &&
		    other->is_paused == (kind == EVENT_BACK))
			other->ops->event(other, &event);
}

enum brb
action_brb(struct client *client, enum brb_of of, const char *text)
{
	struct member *m = client->member;
	bool was_on_break = m->is_on_break;

	if (brb_is_too_long(text))
		return BRB_TOO_LONG;
	if (brb_is_secret(m, text))
		return BRB_SECRET;
	if (of == BRB_OF_ALL) {
		brb_tell_others(client, EVENT_BREAK);
		member_break(m, text);
	} else
		client_break(client, text);
	if (!m->is_on_break)
		return BRB_PAUSED;
	return was_on_break ? BRB_CHANGED : BRB_DONE;
}

enum brb
action_back(struct client *client, enum brb_of of, const char *text)
{
	struct member *m = client->member;
	const struct event event = { .kind = EVENT_BACK, .nick = m->nick };

	if (!client->is_paused && !member_is_away(m) &&
	    (of != BRB_OF_ALL || clients_reading(m) == clients_count(m)))
		return BRB_NOT_AWAY;
	if (brb_is_too_long(text))
		return BRB_TOO_LONG;
	if (brb_is_secret(m, text))
		return BRB_SECRET;
	client->ops->event(client, &event); /* before queued messages */
	if (of == BRB_OF_ALL) {
		brb_tell_others(client, EVENT_BACK);
		member_back(m, text);
	} else
		client_back(client, text);
	return BRB_DONE;
}

enum brb
action_away(struct member *m, const char *text)
{
	if (text == NULL && member_acts_on_break(m))
		return BRB_ON_BREAK;
	if (brb_is_too_long(text))
		return BRB_TOO_LONG;
	if (brb_is_secret(m, text))
		return BRB_SECRET;
	member_away(m, text);
	return BRB_DONE;
}
