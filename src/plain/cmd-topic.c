/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /topic
 */
#include "config.h"

#include <string.h>

#include "plain/plain.h"
#include "room/room.h"
#include "session/session.h"

static void
cmd_topic_show(struct session *s, const struct room *room)
{
	if (room->topic == NULL)
		session_notice(s, "no topic is set; /topic TEXT sets one");
	else
		session_notice(s, "topic: %s", room->topic);
}

void
cmd_topic_run(struct session *s, int argc, char *argv[])
{
	struct membership *ms = plain_here(s);

	if (argc == 0) {
		cmd_topic_show(s, ms->room);
		return;
	}
	switch (action_topic(ms, strcmp(argv[0], "-") == 0 ? NULL : argv[0])) {
	case TOPIC_SET:
		break;
	case TOPIC_ON_BREAK:
		plain_on_break(s);
		break;
	case TOPIC_NOT_OPERATOR:
		session_error(s,
		    "only operators of %s set the topic (mode t); /who shows "
		    "who they are",
		    ms->room->name);
		break;
	case TOPIC_NONE:
		cmd_topic_show(s, ms->room);
		break;
	case TOPIC_SECRET:
		session_error(s, SAY_SECRET_TEXT);
		break;
	case TOPIC_TOO_LONG:
		session_error(s,
		    "topic too long (limit %d bytes); nothing was "
		    "changed",
		    TOPIC_MAX);
		break;
	case TOPIC_TOO_OFTEN:
		plain_too_often(s, ANNOUNCE_TOPIC);
		break;
	}
}
