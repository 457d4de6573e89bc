/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * HELP (Modern, "HELP message"), made from the table of commands.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "irc/irc.h"

#define HELP_INDEX "INDEX"
#define HELP_LIST_BYTES 60

/* Sends the names of all commands, several on a line. */
static void
help_send_index(struct session *s)
{
	const struct irc_command *c;
	struct buf names = BUF_INITIALIZER;

	irc_about(s, 704, HELP_INDEX,
	    "This is the room that remembers what you missed. Commands:");
	for (c = irc_commands; c->run != NULL; c++) {
		if (names.len + strlen(c->command.name) > HELP_LIST_BYTES) {
			irc_about(s, 705, HELP_INDEX, "%s", buf_cstr(&names));
			buf_reset(&names);
		}
		buf_addf(&names, "%s%s", names.len > 0 ? " " : "",
		    c->command.name);
	}
	if (names.len > 0)
		irc_about(s, 705, HELP_INDEX, "%s", buf_cstr(&names));
	irc_about(s, 706, HELP_INDEX,
	    "HELP and a command says more; begin with HELP BRB.");
	buf_fini(&names);
}

/* The first line of the text has a numeric of its own, as has the last. */
static void
help_send_command(struct session *s, const struct command *command)
{
	const char *line, *end;

	irc_about(s, 704, command->name, "%s%s%s", command->name,
	    *command->usage == '\0' ? "" : " ", command->usage);
	irc_about(s, 705, command->name, "%s", command->help);
	for (line = command->manual; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		irc_about(s, 705, command->name, "%.*s", (int)(end - line),
		    line);
	}
	irc_about(s, 706, command->name, "End of /HELP.");
}

void
irc_help_run(struct session *s, struct irc_message *msg)
{
	const char *subject = msg->argc > 0 ? msg->argv[0] : "";
	const struct irc_command *command;

	if (*subject == '\0' || strcasecmp(subject, HELP_INDEX) == 0) {
		help_send_index(s);
		return;
	}
	command = irc_command_find(subject);
	if (command == NULL)
		irc_about(s, 524, subject,
		    "There is no help about that; HELP lists what there is");
	else
		help_send_command(s, &command->command);
}

void
irc_helpop_run(struct session *s, struct irc_message *msg)
{
	irc_help_run(s, msg);
}
