/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The table of commands, and every check that their entries ask for, so that no
 * handler can forget one.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "plain/plain.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "session/session.h"

#define PLAIN_ECHO_MAX 32

const struct plain_command plain_commands[] = {
#define COMMAND(field, ...) { { __VA_ARGS__ }, cmd_##field##_run },
#include "plain/commands.def"
#undef COMMAND
	{ .run = NULL },
};

const struct plain_command *
plain_command_find(const char *name)
{
	return command_find(plain_commands, sizeof(plain_commands[0]), name);
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
plain_command_split(char *line, char *argv[], int max, bool is_rest)
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

	shown = text_cut(name, len, PLAIN_ECHO_MAX);
	session_charge(s, 1);
	session_error(s, "unknown command \"/%.*s%s\"; /help lists them",
	    (int)shown, name, shown < len ? "\xe2\x80\xa6" : "");
}

void
plain_command_run(struct session *s, char *line)
{
	const struct plain_command *found;
	const struct membership *ms;
	const struct command *cmd;
	char *name, *rest, *argv[PLAIN_ARGS_MAX + 1] = { NULL };
	int argc;

	rest = line;
	name = command_word(&rest);
	found = plain_command_find(name);
	if (found == NULL) {
		command_unknown(s, name);
		return;
	}
	cmd = &found->command;
	assert(cmd->max_args <= PLAIN_ARGS_MAX);
	session_charge(s, cmd->cost);
	argc = plain_command_split(rest, argv, cmd->max_args,
	    cmd->flags & COMMAND_REST);
	if (argc < cmd->min_args || argc > cmd->max_args) {
		session_error(s, "usage: /%s%s%s", cmd->name,
		    *cmd->usage == '\0' ? "" : " ", cmd->usage);
		return;
	}
	ms = plain_here(s);
	if (cmd->who == COMMAND_ROOM_OPERATOR && !ms->is_op)
		session_error(s, "%s",
		    mode_error_str(MODE_NOT_OPERATOR, NULL, ms->room));
	else
		found->run(s, argc, argv);
}
