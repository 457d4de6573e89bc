/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Tells IRC clients from people, by their first line.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/nick.h"
#include "base/util.h"
#include "irc/irc-message.h"
#include "irc/irc.h"

static bool
sniff_is_subcommand(const char *word)
{
	static const char *const known[] = { "LS", "LIST", "REQ", "END" };
	size_t i;

	for (i = 0; i < NITEMS(known); i++)
		if (strcasecmp(word, known[i]) == 0)
			return true;
	return false;
}

/* A nick, and perhaps RFC 1459's number of hops. */
static bool
sniff_is_nick(const struct irc_message *msg)
{
	uint64_t hops;

	return (msg->argc == 1 && *msg->argv[0] != '\0' &&
		   strchr(msg->argv[0], ' ') == NULL) ||
	    (msg->argc == 2 && parse_number(msg->argv[1], 99, &hops) == 0);
}

/* Is it the command of a registration, with what belongs to it? */
static bool
sniff_is_command(const struct irc_message *msg)
{
	if (strcmp(msg->command, "CAP") == 0)
		return msg->argc >= 1 && sniff_is_subcommand(msg->argv[0]);
	if (strcmp(msg->command, "NICK") == 0)
		return sniff_is_nick(msg);
	if (strcmp(msg->command, "USER") == 0)
		return msg->argc >= 4;
	if (strcmp(msg->command, "STARTTLS") == 0)
		return msg->argc == 0;
	if (strcmp(msg->command, "AUTHENTICATE") == 0)
		return msg->argc == 1;
	return (strcmp(msg->command, "PASS") == 0 && msg->argc >= 1) ||
	    (strcmp(msg->command, "WEBIRC") == 0 && msg->argc >= 4);
}

/* How a line in which msg was found, with its command as it was typed, tells
 * that it is IRC. */
static enum first_line
sniff_claim(const struct irc_message *msg, const char *typed)
{
	bool is_capitals = strncmp(typed, msg->command, strlen(msg->command)) ==
	    0;

	if (!sniff_is_command(msg))
		return FIRST_LINE_NOT;
	if (strcmp(msg->command, "NICK") == 0 && msg->argc == 1)
		return nick_is_wellformed(msg->argv[0]) ? FIRST_LINE_PERHAPS :
							  FIRST_LINE_EARLY;
	/* "pass me the salt": in capitals, what follows tells. */
	if (strcmp(msg->command, "PASS") == 0 && msg->argc > 1)
		return is_capitals ? FIRST_LINE_PERHAPS : FIRST_LINE_NOT;
	return is_capitals ? FIRST_LINE_SURE : FIRST_LINE_EARLY;
}

enum first_line
irc_first_line(const char *text, size_t len)
{
	struct buf copy = BUF_INITIALIZER;
	struct irc_message msg;
	enum first_line claim = FIRST_LINE_NOT;

	/* It is cut up on the way. */
	buf_add(&copy, text, len);
	(void)buf_cstr(&copy);
	if (irc_message_parse(&msg, copy.data, copy.len) == IRC_OK)
		claim = sniff_claim(&msg, text + (msg.command - copy.data));
	buf_fini(&copy);
	return claim;
}
