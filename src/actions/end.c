/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Leaving the server.
 */
#include "config.h"

#include <string.h>

#include "actions/actions.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/member.h"

void
action_quit(struct client *client, const char *text)
{
	if (text != NULL &&
	    action_is_secret(client->member, text, strlen(text)))
		text = NULL;
	if (client_has_others(client))
		client_quit(client, text);
	else
		member_depart(client->member, ROOM_LEAVE_QUIT, text);
}

void
action_lost(struct client *client, bool has_closed, size_t unsent)
{
	struct member *m = client->member;

	/* A guest who closed has left; others may have lost the connection,
	 * which looks the same. */
	if (client_has_others(client))
		client_lost(client, unsent);
	else if (m->is_guest && has_closed)
		action_quit(client, NULL);
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
	member_depart(m, ROOM_LEAVE_QUIT, text);
}

void
action_stop(struct client *client, size_t unsent)
{
	if (client_has_others(client)) {
		client_lost(client, unsent);
		return;
	}
	member_pause(client, unsent);
	member_depart(client->member, ROOM_LEAVE_SILENT, NULL);
}
