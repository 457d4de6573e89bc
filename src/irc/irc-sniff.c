/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Tells IRC clients from people, by their first line.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
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

static bool
sniff_is_command(const struct irc_message *msg)
{
	if (strcmp(msg->command, "CAP") == 0)
		return msg->argc >= 1 && sniff_is_subcommand(msg->argv[0]);
	if (strcmp(msg->command, "PASS") == 0)
		return msg->argc == 1;
	if (strcmp(msg->command, "NICK") == 0)
		return msg->argc == 1 && *msg->argv[0] != '\0' &&
		    strchr(msg->argv[0], ' ') == NULL;
	return strcmp(msg->command, "USER") == 0 && msg->argc >= 4;
}

bool
irc_is_first_line(const char *text, size_t len)
{
	struct buf copy = BUF_INITIALIZER;
	struct irc_message msg;
	bool is;

	/* It is cut up on the way. */
	buf_add(&copy, text, len);
	(void)buf_cstr(&copy);
	is = irc_message_parse(&msg, copy.data, copy.len) == IRC_OK &&
	    sniff_is_command(&msg);
	buf_fini(&copy);
	return is;
}
