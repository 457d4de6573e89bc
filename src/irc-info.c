/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/* What a client can ask about the server. */

#include "config.h"

#include "irc.h"
#include "rooms.h"
#include "session.h"

void
irc_send_isupport(struct session *s)
{
	irc_numeric(s, 5,
	    "CASEMAPPING=ascii CHANTYPES=# NICKLEN=%d CHANNELLEN=%d "
	    "NETWORK=%s PREFIX=(ov)@+ :are supported by this server",
	    NICK_MAX, ROOM_NAME_MAX + 1, s->all->options->network);
}

void
irc_send_lusers(struct session *s)
{
	irc_numeric(s, 251, ":There are %zu users and 0 invisible on 1 servers",
	    s->all->rooms->roster.count);
}

void
irc_send_motd(struct session *s)
{
	irc_numeric(s, 422, ":MOTD File is missing");
}

const struct irc_command irc_info_commands[] = {
	{ .name = NULL },
};
