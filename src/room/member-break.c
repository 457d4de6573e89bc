/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Breaks, on which the cursors just stop; replay.c reads on from there. And
 * being away, which is a break only to others.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/member.h"
#include "room/person.h"
#include "room/presence.h"
#include "room/publish.h"
#include "room/pump.h"
#include "room/replay.h"
#include "room/roommates.h"
#include "room/watch.h"

/* Tells every room of m and, separately, clients that track members, whether m
 * is away. */
static void
member_publish(struct member *m, struct event *event)
{
	struct membership *ms;
	struct event away = { .kind = EVENT_SYNC_AWAY };

	SLIST_FOREACH(ms, &m->memberships, in_member) {
		presence_show(&ms->room->presence, ms);
		room_publish(ms->room, event, ms);
	}
	if (member_is_away(m)) {
		/* Without a text it would mean that they are back. */
		away.text = member_away_text(m);
		away.text_len = strlen(away.text);
	}
	roommates_tell(m, &away);
}

static void
member_set_break_text(struct member *m, const char *text)
{
	char *copy = text == NULL ? NULL : xstrdup(text);

	free(m->break_text);
	m->break_text = copy;
}

static void
member_publish_break(struct member *m)
{
	struct event event = { .kind = EVENT_BREAK, .text = m->break_text };

	if (!member_may_announce(m, ANNOUNCE_PERSON))
		return;
	event.text_len = event.text == NULL ? 0 : strlen(event.text);
	m->is_break_told = true;
	member_publish(m, &event);
}

void
member_break(struct member *m, const char *text)
{
	struct membership *ms;
	struct cursor *c;
	struct client *client;

	member_set_break_text(m, text);
	person_make_known(&m->person, clock_age_ms(m->chat->clock));
	if (!m->is_on_break) {
		m->is_on_break = true;
		m->is_away = false;
		SLIST_FOREACH(client, &m->clients, in_member)
			client->was_told_repeats = false;
		m->break_since_ms = m->chat->clock->mono_ms;
		MEMBER_FOREACH_CURSOR(c, ms, m) {
			if (c->tracking.is_on)
				deliver_flush(ms->room);
			pump_pause(c);
		}
	}
	watch_member_changed(m);
	member_publish_break(m);
}

void
member_away(struct member *m, const char *text)
{
	if (text == NULL) {
		if (m->is_away)
			member_back(m, NULL);
		return;
	}
	member_set_break_text(m, text);
	if (!member_is_away(m)) {
		m->is_away = true;
		m->break_since_ms = m->chat->clock->mono_ms;
	}
	member_publish_break(m);
}

void
member_back(struct member *m, const char *text)
{
	struct membership *ms;
	struct cursor *c;
	struct event event = { .kind = EVENT_BACK };
	bool was_on_break = m->is_on_break;

	assert(member_is_away(m));
	event.text = text;
	event.text_len = text == NULL ? 0 : strlen(text);
	event.duration_ms = m->chat->clock->mono_ms - m->break_since_ms;
	m->is_on_break = m->is_away = false;
	member_set_break_text(m, NULL);
	watch_member_changed(m);
	/* Those who saw the break would take them to be away for ever. */
	if (m->is_break_told || member_may_announce(m, ANNOUNCE_PERSON))
		member_publish(m, &event);
	m->is_break_told = false;
	if (!was_on_break)
		return;
	member_show_queued(m);
	conversing_tell(m);
	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (c->client->ops != NULL)
			replay_start_catchup(c, cursor_where(c),
			    event.duration_ms);
}
