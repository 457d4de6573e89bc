/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Setting a room's topic.
 */
#include "config.h"

#include <string.h>

#include "actions/actions.h"
#include "room/client.h"
#include "room/member.h"
#include "room/modes.h"

enum topic
action_topic(struct membership *ms, const char *text)
{
	struct member *m = ms->member;
	struct event event;

	if (!modes_may_set_topic(ms))
		return TOPIC_NOT_OPERATOR;
	if (member_acts_on_break(m))
		return TOPIC_ON_BREAK;
	/* Without a topic there is nothing to tell the others. */
	if (text == NULL && ms->room->topic == NULL)
		return TOPIC_NONE;
	if (text != NULL && strlen(text) > TOPIC_MAX)
		return TOPIC_TOO_LONG;
	if (text != NULL && action_is_secret(m, text, strlen(text)))
		return TOPIC_SECRET;
	if (!ms->is_op && !member_may_announce(m, ANNOUNCE_TOPIC))
		return TOPIC_TOO_OFTEN;
	room_set_topic(ms, text, &event);
	member_answer(m, &event);
	return TOPIC_SET;
}
