/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Saying something in a room, or to its operators.
 */
#include "config.h"

#include "actions/actions.h"
#include "base/secret.h"
#include "base/text.h"
#include "room/client.h"
#include "room/clients.h"
#include "room/deliver.h"
#include "room/ids.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/person.h"
#include "room/presence.h"
#include "room/publish.h"
#include "room/typed-secret.h"

bool
action_is_secret(const struct member *m, const char *text, size_t len)
{
	size_t at, next, line_len;

	for (at = 0; at < len; at += next) {
		line_len = text_line(text + at, len - at, &next);
		if (text_is_secret(text + at, line_len) ||
		    typed_secret_is(m, text + at, line_len))
			return true;
	}
	return false;
}

size_t
action_max_lines(const struct room *room, const struct event *event)
{
	return event->status != '\0' || modes_has(room, ROOM_ONE_LINE) ?
	    1 :
	    room->chat->options->max_lines;
}

/* Sends private messages to everybody with at least the event's status
 * in room. */
static void
say_to_status(struct member *m, struct room *room, struct event *event)
{
	struct membership *ms;

	event->room = room->name;
	event->msgid = ++room->chat->last_msgid; /* one for all of them */
	deliver_flush(room);
	TAILQ_FOREACH(ms, &room->people, in_room)
		if (ms->member != m &&
		    (ms->is_op || (event->status == '+' && ms->is_voiced)))
			(void)member_tell(ms->member, m, event);
	event->nick = m->nick;
	event->from = m;
	event->time_ms = room->chat->clock->wall_ms;
}

enum say
action_say(struct member *m, struct room *room, struct event *event, bool fits,
    enum modes_speak *why)
{
	struct membership *ms = member_in(m, room);

	if (event->id != NULL &&
	    client_has_said(member_client(m), room, event)) {
		event->room = room->name;
		return SAID_BEFORE;
	}
	*why = event->is_aside ? modes_may_speak_aside(room, m) :
				 modes_may_speak(room, m, ms);
	if (*why != MODES_MAY_SPEAK && ms == NULL && !modes_may_see(room, m))
		return SAY_HIDDEN;
	if (member_acts_on_break(m))
		return SAY_ON_BREAK;
	if (*why != MODES_MAY_SPEAK)
		return SAY_FORBIDDEN;
	if (event->is_ctcp && modes_has(room, ROOM_NO_CTCP))
		return SAY_NO_CTCP;
	if (event->text != NULL &&
	    action_is_secret(m, event->text, event->text_len))
		return SAY_SECRET;
	if (!fits)
		return SAY_TOO_LONG;
	if (text_count_lines(event->text, event->text_len) >
	    action_max_lines(room, event))
		return SAY_TOO_MANY_LINES;
	person_make_known(&m->person, clock_age_ms(m->chat->clock));
	if (event->status != '\0') {
		say_to_status(m, room, event);
		return SAID;
	}
	if (ms != NULL)
		presence_show(&room->presence, ms);
	else {
		m->is_known = true;
		event->from = m;
		deliver_begin(room, m);
	}
	room_publish(room, event, ms);
	if (ms != NULL)
		membership_spoke(ms);
	return SAID;
}
