/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What sessions do in rooms that takes more than the room layer: somebody has
 * to be told, or to be somewhere else afterwards.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "history/event.h"
#include "net/conn.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/publish.h"
#include "room/rank.h"
#include "room/room.h"
#include "session/protocol.h"
#include "session/session-room.h"
#include "session/session.h"

void
session_kick(struct membership *ms, struct membership *by, const char *text)
{
	struct member *m = ms->member, *actor = by == NULL ? NULL : by->member;
	struct event event;

	/* Frees ms, which may be by. */
	room_kick(ms, by, text, &event);
	if (actor != NULL && actor != m && actor->ops != NULL)
		session_event(actor->session, &event);
	if (m->ops != NULL) {
		struct session *s = m->session;

		s->protocol->kicked(s, &event);
	} else if (LIST_EMPTY(&m->memberships))
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
}

bool
session_invite(struct membership *ms, struct member *m)
{
	struct session *s = m->session;
	struct event event = {
		.kind = EVENT_INVITE,
		.other = m->nick,
	};

	modes_invite(ms, m);
	room_publish(ms->room, &event, ms);
	/* Who is ignored is not told so. */
	if (member_ignores_author(m, ms->member->id, ms->member->nick))
		return true;
	if (m->ops == NULL || m->is_on_break)
		return false;
	/* It is no answer to anything that they sent, so nothing else would
	 * bound what waits for who does not read. */
	if (conn_queued(s->conn) > s->all->options->output_limit)
		return false;
	if (m->dialect->tracks_members)
		session_event(s, &event);
	else
		session_notice(s, "%s invites you to %s; /join %s",
		    ms->member->nick, ms->room->name, ms->room->name);
	return true;
}
