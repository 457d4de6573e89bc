/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /history and /skip: replays that a person starts and stops.
 */
#include "config.h"

#include "base/util.h"
#include "plain/plain.h"
#include "room/cursor.h"
#include "room/replay.h"
#include "session/session.h"

#define CMD_HISTORY_DEFAULT 20
#define CMD_HISTORY_MAX 1000000

void
cmd_history_run(struct session *s, int argc, char *argv[])
{
	uint64_t n = CMD_HISTORY_DEFAULT;

	if (argc > 0 &&
	    (parse_number(argv[0], CMD_HISTORY_MAX, &n) == -1 || n == 0))
		session_error(s, "how many messages? a number from 1 to %d",
		    CMD_HISTORY_MAX);
	else
		replay_start_history(plain_cursor(s), n);
}

void
cmd_skip_run(struct session *s, int argc, char *argv[])
{
	uint64_t skipped;

	(void)argc;
	(void)argv;
	if (!replay_skip(plain_cursor(s), &skipped)) {
		session_error(s, "there is nothing to skip");
		return;
	}
	session_notice(s, "skipped %llu message%s%s",
	    (unsigned long long)skipped, skipped == 1 ? "" : "s",
	    s->member->is_on_break ? "" : "; you are live");
}
