/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Putting somebody out of a room.
 */
#include "config.h"

#include <assert.h>

#include "actions/actions.h"
#include "room/client.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/member.h"
#include "room/room.h"

/* Marks their clients that are there. Returns how many. */
static size_t
kick_mark(struct membership *ms)
{
	struct client *client;
	size_t there = 0;

	SLIST_FOREACH(client, &ms->member->clients, in_member) {
		client->was_kicked = client->ops != NULL &&
		    membership_cursor(ms, client) != NULL;
		there += client->was_kicked;
	}
	return there;
}

/* Tells those. Each may end, and m with the last. */
static void
kick_tell(struct member *m, size_t there, const struct event *event)
{
	struct client *client;

	while (there-- > 0) {
		SLIST_FOREACH(client, &m->clients, in_member)
			if (client->was_kicked)
				break;
		assert(client != NULL);
		client->was_kicked = false;
		client_acts(client);
		client->ops->kicked(client, event);
	}
}

enum kick
action_kick(struct membership *by, struct member *m, const char *text)
{
	struct membership *ms = m == NULL ? NULL : member_in(m, by->room);
	struct member *actor = by->member;
	struct event event;
	size_t there;

	if (!by->is_op)
		return KICK_NOT_OPERATOR;
	if (actor->is_on_break)
		return KICK_ON_BREAK;
	if (ms == NULL)
		return KICK_NOT_THERE;
	there = kick_mark(ms);
	room_kick(ms, by, text, &event); /* frees ms, which may be by */
	if (actor != m)
		member_answer(actor, &event);
	deliver_before(m, actor);
	if (member_is_connected(m))
		kick_tell(m, there, &event);
	else if (SLIST_EMPTY(&m->memberships))
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
	return KICK_DONE;
}
