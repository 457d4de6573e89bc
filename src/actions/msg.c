/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying something to one person.
 */
#include "config.h"

#include "actions/actions.h"
#include "room/accepted.h"
#include "room/member.h"
#include "room/person.h"
#include "room/typed-secret.h"

enum msg
action_msg(struct member *m, struct member *to, struct event *event, bool fits)
{
	if (m->is_on_break)
		return MSG_ON_BREAK;
	if (event->text != NULL &&
	    typed_secret_is(m, event->text, event->text_len))
		return MSG_SECRET;
	if (!fits)
		return MSG_TOO_LONG;
	if (!member_accepts(to, m))
		return MSG_ACCOUNTS_ONLY;
	if (!member_accepts(m, to))
		member_accept(m, to);
	person_make_known(&m->person, clock_age_ms(m->chat->clock));
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
