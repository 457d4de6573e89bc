/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Putting somebody out of a room.
 */
#include "config.h"

#include "actions/actions.h"
#include "room/client.h"
#include "room/deliver.h"
#include "room/member.h"
#include "room/room.h"

enum kick
action_kick(struct membership *by, struct member *m, const char *text)
{
	struct membership *ms = m == NULL ? NULL : member_in(m, by->room);
	struct member *actor = by->member;
	struct event event;

	if (!by->is_op)
		return KICK_NOT_OPERATOR;
	if (actor->is_on_break)
		return KICK_ON_BREAK;
	if (ms == NULL)
		return KICK_NOT_THERE;
	room_kick(ms, by, text, &event); /* frees ms, which may be by */
	if (actor != m)
		member_event(actor, &event);
	deliver_before(m, actor);
	if (member_is_connected(m))
		member_client(m)->ops->kicked(member_client(m), &event);
	else if (SLIST_EMPTY(&m->memberships))
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
	return KICK_DONE;
}
