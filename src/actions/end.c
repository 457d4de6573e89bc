/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Leaving the server.
 */
#include "config.h"

#include <string.h>

#include "actions/actions.h"
#include "room/client.h"
#include "room/member.h"

void
action_quit(struct member *m, const char *text)
{
	if (text != NULL && action_is_secret(m, text, strlen(text)))
		text = NULL;
	member_depart(m, ROOM_LEAVE_QUIT, text);
}

void
action_lost(struct member *m, bool has_closed, size_t unsent)
{
	/* A guest who closed has left; others may have lost the connection,
	 * which looks the same. */
	if (m->is_guest && has_closed)
		action_quit(m, NULL);
	else
		member_lost(m, unsent);
}

void
action_put_out(struct member *m, const char *line, const char *text)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->ops != NULL)
			client->ops->ended(client, line);
	action_quit(m, text);
}

void
action_stop(struct member *m, size_t unsent)
{
	member_pause(member_client(m), unsent);
	member_depart(m, ROOM_LEAVE_SILENT, NULL);
}
