/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A person who is here: a lost connection, leaving, what is said to them. After
 * a loss the cursor just stops; replay.c reads on from it, and repeat.c knows
 * how far a loss sets it back.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "room/accepted.h"
#include "room/acked.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/departed.h"
#include "room/devices.h"
#include "room/directory.h"
#include "room/handed.h"
#include "room/member-more.h"
#include "room/member.h"
#include "room/past.h"
#include "room/person.h"
#include "room/presence.h"
#include "room/publish.h"
#include "room/pump.h"
#include "room/repeat.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/typed-secret.h"
#include "room/watch.h"

void
member_pause(struct client *client, size_t unsent)
{
	struct member *m = client->member;
	uint64_t arrived = handed_arrived(client, unsent);
	struct membership *ms;
	struct cursor *c;
	struct bookmark *bookmark;
	bool has_repeats;

	/* Guests cannot come back. */
	has_repeats = !m->is_guest && past_is_for(m);
	MEMBER_FOREACH_CURSOR(c, ms, m) {
		if (c->client != client)
			continue;
		pump_pause(c);
		if (has_repeats)
			repeat_set_back(c, unsent);
		if (c->read > c->at.number)
			c->read = c->at.number;
	}
	LIST_FOREACH(bookmark, &m->person.bookmarks, in_owner) {
		if (has_repeats)
			repeat_set_back_bookmark(client, bookmark,
			    bookmark->position > arrived ?
				(size_t)(bookmark->position - arrived) :
				0);
		bookmark->acked = bookmark->cursor.number;
	}
	handed_take_back(client, has_repeats ? arrived : UINT64_MAX);
	conversing_lose(&m->chat->conversations, client, unsent);
}

static void
member_free(struct member *m)
{
	struct client *client;

	struct chat *chat = m->chat;

	assert(SLIST_EMPTY(&m->memberships));
	if (m->is_lost) {
		TAILQ_REMOVE(&chat->lost, m, in_lost);
		chat->lost_count--;
		member_lost_changed(chat);
	}
	if (m->is_ignorer)
		LIST_REMOVE(m->more, in_ignorers);
	directory_remove(&chat->directory, m);
	person_clear(chat, &m->person);
	while ((client = SLIST_FIRST(&m->clients)) != NULL) {
		conversing_lose(&chat->conversations, client,
		    client->ops == NULL ? 0 : client->ops->unsent(client));
		client_remove(client);
	}
	typed_secret_forget(m);
	if (m->more != NULL)
		accepted_clear(&m->more->accepted);
	free(m->more);
	free(m->break_text);
	free(m->user);
	free(m->realname);
	free(m);
}

/* Tells clients that track members, once and not in each room, that m
 * is gone. */
static void
member_tell_quit(struct member *m, enum room_leave how, const char *text)
{
	struct event event = { .kind = EVENT_SYNC_QUIT, .text = text };
	struct membership *ms;

	if (how == ROOM_LEAVE_SILENT)
		return;
	presence_give_up(m->chat, m->folded);
	if (how == ROOM_LEAVE_LOST)
		event.text = PRESENCE_LOST;
	event.text_len = event.text == NULL ? 0 : strlen(event.text);
	roommates_tell(m, &event);
	SLIST_FOREACH(ms, &m->memberships, in_member)
		ms->is_joined = false;
}

void
member_depart(struct member *m, enum room_leave how, const char *text)
{
	struct chat *chat = m->chat;
	struct membership *ms;
	int64_t left_ms;

	left_ms = member_away_since_ms(m);
	member_tell_quit(m, how, text);
	while ((ms = SLIST_FIRST(&m->memberships)) != NULL)
		room_leave(ms, how, text);
	if (!m->is_guest && !person_is_empty(&m->person))
		departed_put(&chat->departed, m->folded, &m->credential,
		    &m->person, left_ms);
	member_free(m);
}

struct member *
member_alloc(struct chat *chat)
{
	struct member *m = xcalloc(1, sizeof(*m));

	m->chat = chat;
	SLIST_INIT(&m->clients);
	(void)client_add(m);
	SLIST_INIT(&m->memberships);
	person_init(&m->person);
	m->person.owner = PERSON_OF_MEMBER;
	return m;
}

struct member *
member_new(struct chat *chat, const struct credential *credential,
    const struct client_ops *ops, void *session, void *sink,
    const struct dialect *dialect)
{
	struct member *m;

	assert(ops != NULL && dialect != NULL);
	m = member_alloc(chat);
	m->client.ops = ops;
	m->client.session = session;
	m->client.sink = sink;
	m->client.dialect = dialect;
	m->client.address = *credential;
	m->client.device = device_of(NULL, credential);
	m->credential = m->address = *credential;
	m->is_guest = true;
	m->active_ms = chat->clock->mono_ms;
	directory_add_guest(&chat->directory, m);
	watch_counted(chat);
	return m;
}

void
member_set_identity(struct member *m, const struct credential *identity)
{
	watch_member_changed(m);
	m->credential = *identity;
	directory_share(m);
	watch_member_changed(m);
}

void
member_set_dialect(struct client *client, const struct dialect *dialect)
{
	struct member *m = client->member;
	struct membership *ms;
	struct cursor *c;

	if (client->dialect == dialect)
		return;
	/* Lines already rendered are in the old dialect. */
	SLIST_FOREACH(ms, &m->memberships, in_member)
		deliver_flush(ms->room);
	repeat_note_change(m);
	client->dialect = dialect;
	MEMBER_FOREACH_CURSOR(c, ms, m) {
		if (c->client != client)
			continue;
		if (cursor_is_live(c)) {
			deliver_remove_live(c);
			deliver_pump_later(c);
		}
		roommates_track(c, dialect->tracks_members);
		if (c->is_tracking)
			presence_show(&ms->room->presence, ms);
	}
}

void
member_show(struct member *m)
{
	struct membership *ms;

	SLIST_FOREACH(ms, &m->memberships, in_member)
		presence_show(&ms->room->presence, ms);
}

void
member_lost_changed(struct chat *chat)
{
	const struct member *m = TAILQ_FIRST(&chat->lost);

	if (m == NULL)
		deadline_clear(chat->deadlines, &chat->lost_due);
	else
		deadline_set(chat->deadlines, &chat->lost_due,
		    m->lost_since_ms + chat->options->departure_delay);
}

static void
member_lost_due_cb(void *arg)
{
	struct chat *chat = arg;
	struct member *m;
	struct walk_budget budget = walks_slice(&chat->deadlines->walks);

	/* Of a crowd that was lost, the rest leaves in the next run. */
	while ((m = TAILQ_FIRST(&chat->lost)) != NULL &&
	    chat->clock->mono_ms - m->lost_since_ms >=
		chat->options->departure_delay &&
	    walk_may_take(&budget)) {
		member_depart(m, ROOM_LEAVE_LOST, NULL);
		walk_took_long(&budget);
	}
	member_lost_changed(chat);
}

void
member_lost_init(struct chat *chat)
{
	TAILQ_INIT(&chat->lost);
	deadline_init(&chat->lost_due, member_lost_due_cb, chat);
}

void
member_lost(struct member *m, size_t unsent)
{
	struct chat *chat = m->chat;
	struct client *client = member_client(m);
	struct membership *ms;
	bool is_held = false;

	assert(!m->is_lost);
	member_pause(client, unsent);
	watch_member_changed(m);
	SLIST_FOREACH(ms, &m->memberships, in_member)
		is_held |= ms->is_joined;
	is_held |= m->is_known;
	if (m->is_guest || chat->options->departure_delay == 0)
		is_held = false;
	client->ops = NULL;
	client->session = NULL;
	client->sink = NULL;
	directory_count_flags(&chat->directory, m, false);
	m->is_lost = true;
	/* A break waits for the return; somebody who was only away was
	 * reading. */
	if (m->is_away) {
		m->is_away = false;
		free(m->break_text);
		m->break_text = NULL;
	}
	m->lost_since_ms = chat->clock->mono_ms;
	TAILQ_INSERT_TAIL(&chat->lost, m, in_lost);
	chat->lost_count++;
	if (!is_held)
		member_depart(m, ROOM_LEAVE_LOST, NULL);
	else {
		member_lost_changed(chat);
		/* Bounded, so that a stream of short visits cannot fill the
		 * memory. */
		if (chat->lost_count > chat->options->max_members)
			member_depart(TAILQ_FIRST(&chat->lost), ROOM_LEAVE_LOST,
			    NULL);
	}
}

void
member_has_read_all(struct client *client)
{
	struct membership *ms;
	struct cursor *c;

	MEMBER_FOREACH_CURSOR(c, ms, client->member)
		if (c->client == client)
			acked_set_number(c, replay_position(c));
}

void
member_drained(struct client *client)
{
	struct membership *ms;
	struct cursor *c;

	MEMBER_FOREACH_CURSOR(c, ms, client->member)
		if (c->client == client && c->delivery.is_blocked)
			deliver_read_on(c);
	member_show_queued(client->member);
}

void
member_show_queued(struct member *m)
{
	if (!TAILQ_EMPTY(&m->person.queued))
		replay_show_queued(m);
}

int
member_ignore(struct member *m, const char *nick)
{
	struct member *other;

	repeat_note_change(m);
	other = directory_find(&m->chat->directory, nick);
	if (person_ignore(&m->person, other == NULL ? 0 : other->id,
		other == NULL ? nick : other->nick) == -1)
		return -1;
	watch_member_changed(m);
	member_update_ignorer(m);
	return 0;
}

int
member_unignore(struct member *m, const char *nick)
{
	repeat_note_change(m);
	if (person_unignore(&m->person, nick) == -1)
		return -1;
	watch_member_changed(m);
	member_update_ignorer(m);
	return 0;
}

void
member_update_ignorer(struct member *m)
{
	bool is_ignorer = m->person.ignore_count > 0;
	struct membership *ms;
	struct cursor *c;

	if (is_ignorer == m->is_ignorer)
		return;
	m->is_ignorer = is_ignorer;
	MEMBER_FOREACH_CURSOR(c, ms, m)
		deliver_set_ignorer(c, is_ignorer);
	if (is_ignorer)
		LIST_INSERT_HEAD(&m->chat->ignorers, member_more(m),
		    in_ignorers);
	else
		LIST_REMOVE(m->more, in_ignorers);
}

bool
member_may_announce(struct member *m, enum announce what)
{
	const struct options *o = m->chat->options;

	return o->announce_rate.count == 0 ||
	    bucket_take(&member_more(m)->announce[what], o->announce_rate,
		(uint32_t)o->announce_burst, m->chat->clock->mono_ms, 1);
}

int64_t
member_announce_wait_ms(const struct member *m, enum announce what)
{
	const struct options *o = m->chat->options;

	if (m->more == NULL)
		return 0;
	return bucket_wait_ms(&m->more->announce[what], o->announce_rate,
	    (uint32_t)o->announce_burst, m->chat->clock->mono_ms);
}

/* Tells it now or never: nobody misses these events. */
static void
member_tell_now(struct member *to, const struct event *event)
{
	struct buf *out = &to->chat->scratch;
	const struct client *client;

	if (to->is_on_break || to->is_lost)
		return;
	SLIST_FOREACH(client, &to->clients, in_member) {
		if (client->ops == NULL || client->is_paused)
			continue;
		if (event->status == '\0' && !client->dialect->tracks_members)
			continue;
		buf_reset(out);
		dialect_render(client->dialect, out, event);
		(void)client_deliver(client, out);
	}
}

/* All of their clients that are not on break get it. Returns the first that took
 * it, and has to answer for it; NULL: none did. */
static struct client *
member_tell_clients(struct member *to, const struct event *event)
{
	struct buf *out = &to->chat->scratch;
	struct client *client, *first = NULL;

	SLIST_FOREACH(client, &to->clients, in_member) {
		if (client->ops == NULL || client->is_paused)
			continue;
		buf_reset(out);
		dialect_render(client->dialect, out, event);
		if (client_deliver(client, out) == 0 && first == NULL)
			first = client;
	}
	return first;
}

void
member_pump_queued(struct member *m)
{
	struct membership *ms;
	struct cursor *c;

	if (TAILQ_EMPTY(&m->person.queued) || m->is_on_break)
		return;
	/* The pump finds out by itself whether it has to wait. */
	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (c->client->ops != NULL && !c->client->is_paused &&
		    !c->delivery.is_blocked) {
			deliver_leave_live(c);
			deliver_pump_later(c);
			return;
		}
}

enum member_tell
member_tell(struct member *to, const struct member *from, struct event *event)
{
	struct chat *chat = to->chat;
	struct client *client;
	struct queued_message *k;
	bool is_away = to->is_on_break || to->is_lost;

	/* What is in their conversation has its time. */
	if (event->time_ms == 0)
		event->time_ms = chat->clock->wall_ms;
	event->author = from->id;
	event->from = from;
	event->nick = from->nick;
	event->other = to->nick;
	if (event->msgid == 0)
		event->msgid = ++chat->last_msgid;
	if (!is_away)
		deliver_before(to, from);
	/* Who is ignored is told what others are told. */
	if (member_ignores_author(to, from->id, from->nick))
		return is_away && event->kind == EVENT_PRIVATE &&
			!event->is_ctcp && event->status == '\0' ?
		    MEMBER_QUEUED :
		    MEMBER_TOLD;
	if (event->kind == EVENT_TAGS || event->is_ctcp ||
	    event->status != '\0') {
		member_tell_now(to, event);
		return MEMBER_TOLD;
	}
	assert(event->kind == EVENT_PRIVATE);
	k = queued_message_new(event);
	if (!is_away && TAILQ_EMPTY(&to->person.queued)) {
		client = member_tell_clients(to, event);
		if (client != NULL) {
			handed_add(client, k);
			/* What the kernel does not have yet would not outlive
			 * the process. */
			if (client->ops->unsent(client) > 0)
				watch_member_changed(to);
			return MEMBER_TOLD;
		}
		/* A slow reader gets it on reading on. */
	}
	if (person_queue(chat, &to->person, k) == -1) {
		queued_message_free(k);
		return MEMBER_QUEUE_FULL;
	}
	watch_member_changed(to);
	if (is_away)
		return MEMBER_QUEUED;
	member_pump_queued(to);
	return MEMBER_TOLD;
}

static void
member_set_string(char **field, const char *text, size_t max)
{
	char *copy = text == NULL ?
	    NULL :
	    xstrndup(text, text_cut(text, strlen(text), max));

	free(*field);
	*field = copy;
}

void
member_set_user(struct member *m, const char *user)
{
	member_set_string(&m->user, user, MEMBER_USER_MAX);
}

void
member_set_realname(struct member *m, const char *realname)
{
	struct event event = { .kind = EVENT_SYNC_SETNAME };

	member_set_string(&m->realname, realname, MEMBER_REALNAME_MAX);
	event.text = m->realname == NULL ? m->nick : m->realname;
	event.text_len = strlen(event.text);
	roommates_tell(m, &event);
}

void
member_set_flags(struct member *m, unsigned flags)
{
	struct directory *directory = &m->chat->directory;
	struct membership *ms;
	struct cursor *c;
	uint64_t skipped;

	if ((flags & ~(unsigned)m->flags & MEMBER_BOT) != 0) {
		MEMBER_FOREACH_CURSOR(c, ms, m)
			(void)replay_skip(c, &skipped);
		watch_member_changed(m);
	}
	assert(!m->is_lost && (flags & ~(unsigned)MEMBER_FLAGS) == 0);
	directory_count_flags(directory, m, false);
	m->flags = flags;
	directory_count_flags(directory, m, true);
}
