/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Which commands of IRC there are: the tables of their families.
 */
#include "config.h"

#include <strings.h>

#include "irc/irc.h"

const struct irc_command *const irc_command_tables[] = {
	irc_register_commands,
	irc_cap_commands,
	irc_channel_commands,
	irc_info_commands,
	irc_history_commands,
	irc_marker_commands,
	irc_talk_commands,
	irc_oper_commands,
	irc_help_commands,
	irc_who_commands,
	irc_whois_commands,
	irc_monitor_commands,
	NULL,
};

const struct irc_command *
irc_command_find(const char *name)
{
	const struct irc_command *const *table, *c;

	for (table = irc_command_tables; *table != NULL; table++)
		for (c = *table; c->name != NULL; c++)
			if (strcasecmp(c->name, name) == 0)
				return c;
	return NULL;
}
