/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /topic
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "plain/command.h"
#include "plain/plain.h"
#include "room/member.h"
#include "room/modes.h"
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

static void
cmd_topic_run(struct session *s, int argc, char *argv[])
{
	struct membership *ms = plain_here(s);
	bool is_removal = argc > 0 && strcmp(argv[0], "-") == 0;
	char wait[CLOCK_DURATION_SIZE];

	if (argc == 0) {
		cmd_topic_show(s, ms->room);
		return;
	}
	if (plain_refuse_on_break(s))
		return;
	if (!modes_may_set_topic(ms)) {
		session_error(s,
		    "only operators of %s set the topic (mode t); /who shows "
		    "who they are",
		    ms->room->name);
		return;
	}
	/* Nothing to remove is nothing to tell the others. */
	if (is_removal && ms->room->topic == NULL) {
		cmd_topic_show(s, ms->room);
		return;
	}
	if (strlen(argv[0]) > TOPIC_MAX) {
		session_error(s,
		    "topic too long (limit %d bytes); nothing was "
		    "changed",
		    TOPIC_MAX);
		return;
	}
	if (!member_may_announce(s->member)) {
		clock_duration(member_announce_wait_ms(s->member) + 999, wait);
		session_error(s, "too many changes; try again in %s", wait);
		return;
	}
	if (is_removal) {
		room_set_topic(ms, NULL, NULL);
		session_notice(s, "the topic is removed");
	} else {
		room_set_topic(ms, argv[0], NULL);
		cmd_topic_show(s, ms->room);
	}
}

const struct command cmd_topic = {
	.name = "topic",
	.min_args = 0,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_REST | COMMAND_ON_BREAK,
	.usage = "[TEXT]",
	.help = "show or set the room's topic; - removes it",
	.manual = "Show the room's topic, or set it to\n"
		  ".Ar TEXT ,\n"
		  "300 bytes at most.\n"
		  "A single hyphen removes it.\n"
		  "On break it can be shown only.",
	.run = cmd_topic_run,
};
