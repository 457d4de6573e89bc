/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /help, made from the table. It must fit a screen of 24 lines, so commands
 * that undo another one are named in that one's line.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/nick.h"
#include "base/text.h"
#include "plain/plain.h"
#include "session/session.h"

#define CMD_HELP_COLUMN 20

static void
cmd_help_line(struct session *s, const struct command *cmd)
{
	struct buf text = BUF_INITIALIZER;

	buf_addf(&text, "/%s%s%s", cmd->name, *cmd->usage == '\0' ? "" : " ",
	    cmd->usage);
	do
		buf_addch(&text, ' ');
	while (text.len < CMD_HELP_COLUMN);
	session_notice(s, "%s%s", buf_cstr(&text), cmd->help);
	buf_fini(&text);
}

void
cmd_help_run(struct session *s, int argc, char *argv[])
{
	const struct plain_command *c;
	const char *name;

	if (argc == 0) {
		for (c = plain_commands; c->run != NULL; c++)
			if (!(c->command.flags & COMMAND_UNLISTED))
				cmd_help_line(s, &c->command);
		session_notice(s,
		    "Anything else is said to the room; //text says "
		    "/text.");
		return;
	}
	name = argv[0][0] == '/' ? argv[0] + 1 : argv[0];
	c = plain_command_find(name);
	if (c == NULL)
		session_error(s, "unknown command \"/%.*s\"; /help lists them",
		    (int)text_cut(name, strlen(name), NICK_MAX), name);
	else
		cmd_help_line(s, &c->command);
}
