/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * /help, made from the table. It must fit a screen of 24 lines, with the
 * one in which one types on, so commands
 * that undo another one are named in that one's line. Of one command it tells
 * what the manual does, whose source (mdoc) is in the table as well: only the
 * macros that stand there are known here.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "plain/plain.h"
#include "session/session.h"

#define CMD_HELP_COLUMN 20

/* In a list, a usage that is wider than the column is left for /help COMMAND to
 * tell. */
static void
cmd_help_line(struct session *s, const struct command *cmd, bool is_listed)
{
	struct buf text = BUF_INITIALIZER;
	const char *usage = cmd->usage;

	if (is_listed &&
	    strlen(cmd->name) + strlen(usage) + 2 > CMD_HELP_COLUMN)
		usage = "...";
	buf_addf(&text, "/%s%s%s", cmd->name, *usage == '\0' ? "" : " ", usage);
	do
		buf_addch(&text, ' ');
	while (text.len < CMD_HELP_COLUMN);
	session_notice(s, "%s%s", buf_cstr(&text), cmd->help);
	buf_fini(&text);
}

/* Adds len bytes of mdoc's text, without its escapes. */
static void
help_add_text(struct buf *out, const char *s, size_t len)
{
	static const struct {
		const char *escape, *text;
	} escapes[] = { { "\\(ga", "`" }, { "\\(ha", "^" }, { "\\e", "\\" },
		{ "\\&", "" } };
	const char *end = s + len;
	size_t i, n;

	while (s < end) {
		for (i = 0; i < NITEMS(escapes); i++) {
			n = strlen(escapes[i].escape);
			if (n <= (size_t)(end - s) &&
			    memcmp(s, escapes[i].escape, n) == 0)
				break;
		}
		if (i < NITEMS(escapes)) {
			buf_addstr(out, escapes[i].text);
			s += n;
		} else
			buf_addch(out, *s++);
	}
}

static bool
help_is(const char *word, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(word, name, len) == 0;
}

/* Adds what a line with macros shows: "Ar NAME :". */
static void
help_add_macros(struct buf *out, const char *line, size_t len)
{
	const char *end = line + len, *word, *close = NULL;
	bool is_joined = false;

	for (; line < end; line = word + len + 1) {
		word = line;
		len = strcspn(word, " \n");
		if (help_is(word, len, "Ar") || help_is(word, len, "Ic"))
			continue;
		if (help_is(word, len, "Ns")) {
			is_joined = true;
			continue;
		}
		if (help_is(word, len, "Ql") || help_is(word, len, "Dq") ||
		    help_is(word, len, "Sx")) {
			buf_addstr(out, out->len > 0 ? " \"" : "\"");
			close = *word == 'S' ? "\" in brbd-protocol(7)" : "\"";
			is_joined = true;
			continue;
		}
		if (len == 1 && strchr(".,:;", *word) != NULL) {
			if (close != NULL)
				buf_addstr(out, close);
			close = NULL;
		} else if (!is_joined && out->len > 0)
			buf_addch(out, ' ');
		is_joined = false;
		help_add_text(out, word, len);
	}
	if (close != NULL)
		buf_addstr(out, close);
}

void
plain_help_text(struct buf *out, const char *manual)
{
	struct buf sentence = BUF_INITIALIZER;
	size_t len;

	for (; *manual != '\0'; manual += len + (manual[len] != '\0')) {
		len = strcspn(manual, "\n");
		if (*manual == '.')
			help_add_macros(&sentence, manual + 1, len - 1);
		else {
			if (sentence.len > 0)
				buf_addch(&sentence, ' ');
			help_add_text(&sentence, manual, len);
		}
		if (manual[len] != '\0' &&
		    (sentence.len == 0 ||
			sentence.data[sentence.len - 1] != '.'))
			continue;
		buf_addf(out, "%s\n", buf_cstr(&sentence));
		buf_reset(&sentence);
	}
	buf_fini(&sentence);
}

static void
cmd_help_one(struct session *s, const struct command *cmd)
{
	struct buf text = BUF_INITIALIZER;
	char *at, *line;

	cmd_help_line(s, cmd, false);
	plain_help_text(&text, cmd->manual);
	(void)buf_cstr(&text);
	at = text.data;
	while ((line = strsep(&at, "\n")) != NULL && *line != '\0')
		session_notice(s, "%s", line);
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
				cmd_help_line(s, &c->command, true);
		session_notice(s,
		    "Anything else is said to the room; //text says "
		    "/text.");
		return;
	}
	name = argv[0][0] == '/' ? argv[0] + 1 : argv[0];
	c = plain_command_find(name);
	if (c == NULL)
		plain_command_unknown(s, name);
	else
		cmd_help_one(s, &c->command);
}
