/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /op, /deop, /voice and /devoice: who may do what in a room.
 */
#include "config.h"

#include "plain/cmd-mode.h"
#include "plain/command.h"
#include "session/session.h"

static void
cmd_op_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	cmd_mode_apply(s, true, 'o', argv[0]);
}

const struct command cmd_op = {
	.name = "op",
	.min_args = 1,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_OPERATOR,
	.usage = "NICK",
	.help = "make somebody operator of the room; /deop undoes it",
	.manual = "Make\n"
		  ".Ar NICK\n"
		  "operator of the room, as you are.",
	.run = cmd_op_run,
};

static void
cmd_deop_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	cmd_mode_apply(s, false, 'o', argv[0]);
}

const struct command cmd_deop = {
	.name = "deop",
	.min_args = 1,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_OPERATOR,
	.flags = COMMAND_UNLISTED,
	.usage = "NICK",
	.help = "somebody is operator of the room no more",
	.manual = "Let\n"
		  ".Ar NICK\n"
		  "be operator of the room no more.",
	.run = cmd_deop_run,
};

static void
cmd_voice_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	cmd_mode_apply(s, true, 'v', argv[0]);
}

const struct command cmd_voice = {
	.name = "voice",
	.min_args = 1,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_OPERATOR,
	.usage = "NICK",
	.help = "let somebody always speak; /devoice undoes it",
	.manual = "Give\n"
		  ".Ar NICK\n"
		  "voice: they may speak whatever the modes and bans say.",
	.run = cmd_voice_run,
};

static void
cmd_devoice_run(struct session *s, int argc, char *argv[])
{
	(void)argc;
	cmd_mode_apply(s, false, 'v', argv[0]);
}

const struct command cmd_devoice = {
	.name = "devoice",
	.min_args = 1,
	.max_args = 1,
	.cost = 2,
	.who = COMMAND_OPERATOR,
	.flags = COMMAND_UNLISTED,
	.usage = "NICK",
	.help = "somebody has voice no more",
	.manual = "Take\n"
		  ".Ar NICK Ns 's\n"
		  "voice away.",
	.run = cmd_devoice_run,
};
