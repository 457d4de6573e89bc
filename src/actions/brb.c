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

enum brb
action_brb(struct member *m, const char *text)
{
	bool was_on_break = m->is_on_break;

	if (brb_is_too_long(text))
		return BRB_TOO_LONG;
	if (brb_is_secret(m, text))
		return BRB_SECRET;
	member_break(m, text);
	return was_on_break ? BRB_CHANGED : BRB_DONE;
}

enum brb
action_back(struct member *m, const char *text)
{
	const struct event event = { .kind = EVENT_BACK, .nick = m->nick };

	if (!member_is_away(m))
		return BRB_NOT_AWAY;
	if (brb_is_too_long(text))
		return BRB_TOO_LONG;
	if (brb_is_secret(m, text))
		return BRB_SECRET;
	member_event(m, &event); /* before queued messages */
	member_back(m, text);
	return BRB_DONE;
}

enum brb
action_away(struct member *m, const char *text)
{
	if (text == NULL && m->is_on_break)
		return BRB_ON_BREAK;
	if (brb_is_too_long(text))
		return BRB_TOO_LONG;
	if (brb_is_secret(m, text))
		return BRB_SECRET;
	member_away(m, text);
	return BRB_DONE;
}
