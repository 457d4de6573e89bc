/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /brb and /back: the cursor stops, and runs on.
 */
#include "config.h"

#include <string.h>

#include "plain/command.h"
#include "room/member.h"
#include "session/session.h"

/*
 * A message of a break or return; false, with an error told, if it is too long.
 */
static bool
cmd_break_text(struct session *s, const char *text)
{
	if (text == NULL || strlen(text) <= BREAK_TEXT_MAX)
		return true;
	session_error(s, "message too long (limit %d bytes); nothing was done",
	    BREAK_TEXT_MAX);
	return false;
}

static void
cmd_brb_run(struct session *s, int argc, char *argv[])
{
	const char *text = argc > 0 ? argv[0] : NULL;
	bool was_on_break = s->member->is_on_break;

	if (!cmd_break_text(s, text))
		return;
	member_break(s->member, text);
	if (was_on_break)
		session_notice(s,
		    "your message is changed; everything is "
		    "still kept for you");
	else
		session_notice(s, "see you; everything is kept for you");
}

const struct command cmd_brb = {
	.name = "brb",
	.min_args = 0,
	.max_args = 1,
	.cost = 1,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_REST | COMMAND_ON_BREAK,
	.usage = "[message]",
	.help = "go on break: you see nothing until you are back",
	.manual = "Go on break.\n"
		  "Nothing is shown to you until\n"
		  ".Ic /back ,\n"
		  "and then all that you missed.\n"
		  "The others are told, with the\n"
		  ".Ar message\n"
		  "if there is one.\n"
		  "On break, it changes the message.",
	.run = cmd_brb_run,
};

static void
cmd_back_run(struct session *s, int argc, char *argv[])
{
	const char *text = argc > 0 ? argv[0] : NULL;

	if (!member_is_away(s->member))
		session_error(s, "you are not on break");
	else if (cmd_break_text(s, text))
		member_back(s->member, text);
}

const struct command cmd_back = {
	.name = "back",
	.min_args = 0,
	.max_args = 1,
	.cost = 1,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_REST | COMMAND_ON_BREAK,
	.usage = "[message]",
	.help = "come back from a break and see what you missed",
	.manual = "Come back from a break.\n"
		  "The others are told, and you are shown all that was said "
		  "meanwhile.",
	.run = cmd_back_run,
};
