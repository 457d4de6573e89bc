/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The list of commands, and every check that their entries ask for, so that no
 * handler can forget one.
 */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/util.h"
#include "plain/command.h"
#include "plain/plain.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "room/modes.h"
#include "room/room.h"
#include "session/session.h"

#define COMMAND_ECHO_MAX 32

/* The order is that of /help. */
const struct command *const command_table[] = { &cmd_nick, &cmd_brb, &cmd_back,
	&cmd_quit, &cmd_me, &cmd_msg, &cmd_who, &cmd_history, &cmd_skip,
	&cmd_join, &cmd_rooms, &cmd_topic, &cmd_ignore, &cmd_unignore,
	&cmd_invite, &cmd_kick, &cmd_ban, &cmd_unban, &cmd_op, &cmd_deop,
	&cmd_voice, &cmd_devoice, &cmd_mode, &cmd_help, NULL };

const struct command *
command_find(const char *name)
{
	size_t i;

	for (i = 0; command_table[i] != NULL; i++)
		if (strcasecmp(command_table[i]->name, name) == 0)
			return command_table[i];
	return NULL;
}

/* Terminates the word at *p and moves *p to the next. */
static char *
command_word(char **p)
{
	char *word = *p;

	*p += strcspn(*p, " ");
	if (**p != '\0')
		*(*p)++ = '\0';
	*p += strspn(*p, " ");
	return word;
}

int
command_split(char *line, char *argv[], int max, bool is_rest)
{
	int argc = 0;

	while (*line != '\0') {
		if (argc == max)
			return max + 1;
		if (is_rest && argc == max - 1) {
			argv[argc++] = line;
			break;
		}
		argv[argc++] = command_word(&line);
	}
	return argc;
}

static void
command_unknown(struct session *s, const char *name)
{
	size_t len = strlen(name), shown;

	shown = text_cut(name, len, COMMAND_ECHO_MAX);
	session_charge(s, 1);
	session_error(s, "unknown command \"/%.*s%s\"; /help lists them",
	    (int)shown, name, shown < len ? "\xe2\x80\xa6" : "");
}

static bool
command_refuse_plain_member(struct session *s)
{
	const struct membership *ms = plain_here(s);

	if (ms->is_op)
		return false;
	session_error(s, "%s",
	    mode_error_str(MODE_NOT_OPERATOR, NULL, ms->room));
	return true;
}

void
command_run(struct session *s, char *line)
{
	const struct command *cmd;
	char *name, *rest, *argv[COMMAND_ARGS_MAX + 1] = { NULL };
	int argc;

	rest = line;
	name = command_word(&rest);
	cmd = command_find(name);
	if (cmd == NULL) {
		command_unknown(s, name);
		return;
	}
	assert(cmd->max_args <= COMMAND_ARGS_MAX);
	session_charge(s, cmd->cost);
	if (!(cmd->flags & COMMAND_ON_BREAK) && plain_refuse_on_break(s))
		return;
	argc = command_split(rest, argv, cmd->max_args,
	    cmd->flags & COMMAND_REST);
	if (argc < cmd->min_args || argc > cmd->max_args) {
		session_error(s, "usage: /%s%s%s", cmd->name,
		    *cmd->usage == '\0' ? "" : " ", cmd->usage);
		return;
	}
	switch (cmd->who) {
	case COMMAND_ANYONE:
		break;
	case COMMAND_OPERATOR:
		if (command_refuse_plain_member(s))
			return;
		break;
	}
	cmd->run(s, argc, argv);
}
