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

/* Their clients that were there, by number. */
struct kicked {
	size_t count;
	uint8_t numbers[EVENT_VIA_MAX + 1];
};

static void
kick_note(struct kicked *kicked, const struct membership *ms)
{
	const struct cursor *c;

	kicked->count = 0;
	SLIST_FOREACH(c, &ms->cursors, in_membership)
		if (c->client->ops != NULL)
			kicked->numbers[kicked->count++] = c->client->number;
}

/* Tells those. Each may end, and m with the last. */
static void
kick_tell(struct member *m, const struct kicked *kicked,
    const struct event *event)
{
	struct client *client;
	size_t i;

	for (i = 0; i < kicked->count; i++) {
		client = member_client_numbered(m, kicked->numbers[i]);
		assert(client != NULL);
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
	struct kicked kicked;

	if (!by->is_op)
		return KICK_NOT_OPERATOR;
	if (member_acts_on_break(actor))
		return KICK_ON_BREAK;
	if (ms == NULL)
		return KICK_NOT_THERE;
	kick_note(&kicked, ms);
	room_kick(ms, by, text, &event); /* frees ms, which may be by */
	if (actor != m)
		member_answer(actor, &event);
	deliver_before(m, actor);
	if (member_is_connected(m))
		kick_tell(m, &kicked, &event);
	else if (SLIST_EMPTY(&m->memberships))
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
	return KICK_DONE;
}
