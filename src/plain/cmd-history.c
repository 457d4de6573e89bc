/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /history and /skip: replays that a person starts and stops.
 */
#include "config.h"

#include "base/util.h"
#include "plain/command.h"
#include "plain/plain.h"
#include "room/cursor.h"
#include "room/replay.h"
#include "session/session.h"

#define CMD_HISTORY_DEFAULT 20
#define CMD_HISTORY_MAX 1000000

static void
cmd_history_run(struct session *s, int argc, char *argv[])
{
	uint64_t n = CMD_HISTORY_DEFAULT;

	if (argc > 0 &&
	    (parse_number(argv[0], CMD_HISTORY_MAX, &n) == -1 || n == 0))
		session_error(s, "how many messages? a number from 1 to %d",
		    CMD_HISTORY_MAX);
	else
		replay_start_history(membership_cursor(plain_here(s)), n);
}

const struct command cmd_history = {
	.name = "history",
	.min_args = 0,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_ON_BREAK,
	.usage = "[N]",
	.help = "show the last messages: N, or 20",
	.manual = "Show the last\n"
		  ".Ar N\n"
		  "messages that are held, 20 if not given.\n"
		  "What you have not seen yet stays unseen.",
	.run = cmd_history_run,
};

static void
cmd_skip_run(struct session *s, int argc, char *argv[])
{
	uint64_t skipped;

	(void)argc;
	(void)argv;
	if (!replay_skip(membership_cursor(plain_here(s)), &skipped)) {
		session_error(s, "there is nothing to skip");
		return;
	}
	session_notice(s, "skipped %llu message%s%s",
	    (unsigned long long)skipped, skipped == 1 ? "" : "s",
	    s->member->is_on_break ? "" : "; you are live");
}

const struct command cmd_skip = {
	.name = "skip",
	.min_args = 0,
	.max_args = 0,
	.cost = 1,
	.who = COMMAND_ANYONE,
	.flags = COMMAND_ON_BREAK,
	.usage = "",
	.help = "stop what is being shown (an empty line does it too)",
	.manual = "Stop a catch-up or a history that is being shown.\n"
		  "An empty line does the same.",
	.run = cmd_skip_run,
};
