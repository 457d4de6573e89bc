/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * HELP (Modern, "HELP message"), made from the tables of commands, with a few
 * words more on what is particular here.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "irc/irc.h"

#define HELP_INDEX "INDEX"
#define HELP_LIST_BYTES 60

static const struct {
	const char *topic; /* a command */
	const char *lines[4];
} help_topics[] = {
	{ "BRB",
	    { "From then on nothing that is said is sent to you: it is kept",
		"for you. BACK shows it, and goes on with what is said live.",
		"If you only want others to know that you are not looking, that",
		"is AWAY: you are still sent everything." } },
	{ "BACK",
	    { "What was said since BRB is shown in the order it was said, and",
		"then you are live again. Nothing is lost if you disconnect",
		"meanwhile: come back under your nick, from where you came",
		"before, and the room goes on from where you had read to." } },
	{ "AWAY",
	    { "The others see that you are not looking. You are still sent",
		"everything, unlike after BRB.", NULL } },
};

/* Sends the names of all commands, several on a line. */
static void
help_send_index(struct session *s)
{
	const struct irc_command *const *table, *c;
	struct buf names = BUF_INITIALIZER;

	irc_about(s, 704, HELP_INDEX,
	    "This is the room that remembers what you missed. Commands:");
	for (table = irc_command_tables; *table != NULL; table++)
		for (c = *table; c->name != NULL; c++) {
			if (names.len + strlen(c->name) > HELP_LIST_BYTES) {
				irc_about(s, 705, HELP_INDEX, buf_cstr(&names));
				buf_reset(&names);
			}
			buf_addf(&names, "%s%s", names.len > 0 ? " " : "",
			    c->name);
		}
	if (names.len > 0)
		irc_about(s, 705, HELP_INDEX, buf_cstr(&names));
	irc_about(s, 706, HELP_INDEX,
	    "HELP and a command says more; begin with HELP BRB.");
	buf_fini(&names);
}

/* The first line of the text has a numeric of its own, as has the last. */
static void
help_send_command(struct session *s, const struct irc_command *command)
{
	const char *const *line;
	struct buf text = BUF_INITIALIZER;
	size_t i, n;

	buf_addf(&text, "%s%s%s", command->name,
	    *command->usage == '\0' ? "" : " ", command->usage);
	irc_about(s, 704, command->name, buf_cstr(&text));
	irc_about(s, 705, command->name, command->help);
	for (i = 0; i < NITEMS(help_topics); i++) {
		if (strcmp(help_topics[i].topic, command->name) != 0)
			continue;
		line = help_topics[i].lines;
		for (n = 0; n < NITEMS(help_topics[i].lines); n++)
			if (line[n] != NULL)
				irc_about(s, 705, command->name, line[n]);
	}
	irc_about(s, 706, command->name, "End of /HELP.");
	buf_fini(&text);
}

static void
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
		help_send_command(s, command);
}

const struct irc_command irc_help_commands[] = {
	{ "HELP", 0, 2, 0, "[<command>]", "all commands, or one of them",
	    irc_help_run },
	{ "HELPOP", 0, 2, 0, "[<command>]", "the same as HELP", irc_help_run },
	{ .name = NULL },
};
