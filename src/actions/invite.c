/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Inviting somebody into a room.
 */
#include "config.h"

#include "actions/actions.h"
#include "room/client.h"
#include "room/deliver.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/publish.h"

enum invite
action_invite(struct membership *ms, struct member *m)
{
	struct client *client;
	bool was_told = false;
	struct event event = { .kind = EVENT_INVITE, .other = m->nick };

	if (member_acts_on_break(ms->member))
		return INVITE_ON_BREAK;
	if (!modes_may_invite(ms))
		return INVITE_NOT_OPERATOR;
	if (member_in(m, ms->room) != NULL)
		return INVITE_IS_THERE;
	modes_invite(ms, m);
	room_publish(ms->room, &event, ms);
	/* Ignored people are not told that they are. */
	if (member_ignores_author(m, ms->member->id, ms->member->nick))
		return INVITED;
	if (!member_is_connected(m) || m->is_on_break)
		return INVITED_AWAY;
	deliver_before(m, ms->member);
	SLIST_FOREACH(client, &m->clients, in_member)
		was_told |= client->ops != NULL && !client->is_paused &&
		    client->ops->invited(client, &event);
	return was_told ? INVITED : INVITED_SLOW;
}
