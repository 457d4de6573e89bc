/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The table of commands, and every check that their entries ask for, so that no
 * handler can forget one.
 */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/text.h"
#include "base/util.h"
#include "plain/plain.h"
#include "room/modes-change.h"
#include "room/modes-words.h"
#include "session/session-account.h"
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

/* What other chats call a command; or what has to be told about it. */
static const struct {
	const char *name, *meant;
} command_elsewhere[] = {
	{ "exit", "quit" },
	{ "bye", "quit" },
	{ "disconnect", "quit" },
	{ "part", "join ROOM goes to another room, /quit leaves" },
	{ "leave", "join ROOM goes to another room, /quit leaves" },
	{ "names", "who" },
	{ "users", "who" },
	{ "list", "rooms" },
	{ "away", "brb" },
	{ "afk", "brb" },
	{ "whois", "who" },
	{ "query", "msg" },
	{ "tell", "msg" },
	{ "whisper", "msg" },
	{ "commands", "help" },
};

/* The command that must have been meant by name, or NULL. */
static const char *
command_meant(const char *name)
{
	const struct plain_command *c;
	struct nearest nearest;
	size_t i;

	for (i = 0; i < NITEMS(command_elsewhere); i++)
		if (strcasecmp(name, command_elsewhere[i].name) == 0)
			return command_elsewhere[i].meant;
	nearest_init(&nearest, name);
	for (c = plain_commands; c->run != NULL; c++)
		nearest_offer(&nearest, c->command.name);
	return nearest.name;
}

void
plain_command_unknown(struct session *s, const char *name)
{
	size_t len = strlen(name), shown;
	const char *meant = command_meant(name);
	bool is_told;

	shown = text_cut(name, len, PLAIN_ECHO_MAX);
	is_told = meant != NULL && strchr(meant, ' ') != NULL;
	session_error(s, "unknown command \"/%.*s%s\"; %s%s%s", (int)shown,
	    name, shown < len ? "\xe2\x80\xa6" : "",
	    meant == NULL ? "" :
		is_told   ? "/" :
			    "did you mean /",
	    meant == NULL ? "/help lists them" : meant,
	    meant == NULL || is_told ? "" : "?");
}

bool
plain_command_begins(const char *text, size_t len)
{
	char word[PLAIN_ECHO_MAX + 1];
	size_t word_len = 0;

	if (len == 0 || text[0] != '/')
		return false;
	while (word_len + 1 < len && text[word_len + 1] != ' ' &&
	    word_len < PLAIN_ECHO_MAX) {
		word[word_len] = text[word_len + 1];
		word_len++;
	}
	word[word_len] = '\0';
	return plain_command_find(word) != NULL;
}

bool
plain_command_forgot_slash(struct session *s, const char *text)
{
	static const char *const words[] = { "quit", "exit", "help", "brb" };
	size_t i;

	for (i = 0; i < NITEMS(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			break;
	if (i < 2)
		session_error(s, "is \"/quit\" meant? nothing was said");
	else if (i < NITEMS(words) && !session_is_on_break(s))
		session_notice(s,
		    "is \"/%s\" meant? without the slash it is just said",
		    words[i]);
	return i < 2;
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
		session_charge(s, 1);
		plain_command_unknown(s, name);
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
		plain_refuse_mode(s, MODE_NOT_OPERATOR, NULL, ms->room);
	else
		found->run(s, argc, argv);
}
