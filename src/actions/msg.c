/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying something to one person.
 */
#include "config.h"

#include "actions/actions.h"
#include "room/member.h"

enum msg
action_msg(struct member *m, struct member *to, struct event *event, bool fits)
{
	if (m->is_on_break)
		return MSG_ON_BREAK;
	if (!fits)
		return MSG_TOO_LONG;
	switch (member_tell(to, m, event)) {
	case MEMBER_TOLD:
		break;
	case MEMBER_QUEUED:
		return MSG_QUEUED;
	case MEMBER_QUEUE_FULL:
		return MSG_QUEUE_FULL;
	}
	return MSG_SENT;
}
