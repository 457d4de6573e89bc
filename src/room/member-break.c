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

/* Stops what the client is handed. */
static void
client_pause(struct client *client)
{
	struct membership *ms;
	struct cursor *c;

	client->is_paused = true;
	client->was_told_repeats = false;
	client->since_ms = client->member->chat->clock->mono_ms;
	MEMBER_FOREACH_CURSOR(c, ms, client->member) {
		if (c->client != client)
			continue;
		if (c->is_tracking)
			deliver_flush(ms->room);
		pump_pause(c);
	}
}

/* Nobody reads for m any more; break_text is set. */
static void
member_begin_break(struct member *m)
{
	m->is_on_break = true;
	m->is_away = false;
	m->break_since_ms = m->chat->clock->mono_ms;
}

/* Others are told once no client of m reads, or on break of another text. */
static void
member_note_break(struct member *m, const char *text)
{
	person_make_known(&m->person, clock_age_ms(m->chat->clock));
	watch_member_changed(m);
	if (member_reader(m) != NULL) {
		/* It is for when the others pause as well. */
		if (text != NULL && !m->is_away)
			member_set_break_text(m, text);
		return;
	}
	if (text != NULL || member_is_away(m))
		member_set_break_text(m, text);
	if (!m->is_on_break)
		member_begin_break(m);
	member_publish_break(m);
}

void
client_break(struct client *client, const char *text)
{
	if (!client->is_paused)
		client_pause(client);
	member_note_break(client->member, text);
}

void
member_break(struct member *m, const char *text)
{
	struct client *client;

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client->ops != NULL && !client->is_paused)
			client_pause(client);
	member_note_break(m, text);
}

void
member_update_break(struct member *m)
{
	if (m->is_on_break || member_reader(m) != NULL ||
	    !member_is_connected(m))
		return;
	member_begin_break(m);
	watch_member_changed(m);
	member_publish_break(m);
}

/* Others are told that m is back. */
static void
member_publish_back(struct member *m, const char *text)
{
	struct event event = {
		.kind = EVENT_BACK,
		.text = text,
		.text_len = text == NULL ? 0 : strlen(text),
		.duration_ms = m->chat->clock->mono_ms - m->break_since_ms,
	};

	m->is_on_break = m->is_away = false;
	member_set_break_text(m, NULL);
	watch_member_changed(m);
	/* Those who saw the break would take them to be away for ever. */
	if (m->is_break_told || member_may_announce(m, ANNOUNCE_PERSON))
		member_publish(m, &event);
	m->is_break_told = false;
}

void
member_away(struct member *m, const char *text)
{
	if (text == NULL) {
		if (m->is_away)
			member_publish_back(m, NULL);
		return;
	}
	member_set_break_text(m, text);
	if (!member_is_away(m)) {
		m->is_away = true;
		m->break_since_ms = m->chat->clock->mono_ms;
	}
	member_publish_break(m);
}

/* What the client has missed begins to be shown. */
static void
client_catch_up(struct client *client)
{
	struct member *m = client->member;
	int64_t away_ms = m->chat->clock->mono_ms - client->since_ms;
	struct membership *ms;
	struct cursor *c;

	conversing_tell(client);
	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (c->client == client)
			replay_start_catchup(c, cursor_where(c), away_ms);
}

static bool
client_returns(const struct client *client, const struct client *only)
{
	return client->ops != NULL && client->is_paused &&
	    (only == NULL || client == only);
}

/* Ends the break of only or, if that is NULL, of all. */
static void
member_return(struct member *m, struct client *only, const char *text)
{
	struct client *client;
	bool is_paused[EVENT_VIA_MAX + 1] = { false };

	SLIST_FOREACH(client, &m->clients, in_member)
		if (client_returns(client, only)) {
			client->is_paused = false;
			is_paused[client->number] = true;
		}
	if (member_is_away(m))
		member_publish_back(m, text);
	else
		member_set_break_text(m, NULL);
	member_show_queued(m);
	SLIST_FOREACH(client, &m->clients, in_member)
		if (is_paused[client->number])
			client_catch_up(client);
}

void
client_back(struct client *client, const char *text)
{
	member_return(client->member, client, text);
}

void
member_back(struct member *m, const char *text)
{
	member_return(m, NULL, text);
}
