/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * A person who is here: breaks, a lost connection, leaving. A break or a loss
 * is only a cursor that stops; what reads on from it is replay.c's, and how far
 * a loss sets it back is repeat.c's.
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "deliver.h"
#include "keeper.h"
#include "member.h"
#include "peers.h"
#include "presence.h"
#include "repeat.h"
#include "replay.h"
#include "room.h"
#include "rooms.h"
#include "roster.h"
#include "util.h"

/* What ended by position has arrived. */
static void
member_forget_handed(struct member *m, uint64_t position)
{
	struct kept_message *k;

	while ((k = TAILQ_FIRST(&m->handed)) != NULL &&
	    k->position <= position) {
		TAILQ_REMOVE(&m->handed, k, entry);
		m->handed_count--;
		free(k);
	}
}

/* Where in what was handed over the peer surely has everything before. */
static uint64_t
member_arrived(const struct member *m, size_t unsent)
{
	uint64_t handed = m->ops->handed(m);

	return handed > unsent ? handed - unsent : 0;
}

void
member_forget_arrived(struct member *m)
{
	if (m->ops != NULL && !TAILQ_EMPTY(&m->handed))
		member_forget_handed(m,
		    member_arrived(m, m->ops->unsent_if_broken(m)));
}

void
member_handed(struct member *m, struct kept_message *k)
{
	k->position = m->ops->handed(m);
	member_forget_arrived(m);
	TAILQ_INSERT_TAIL(&m->handed, k, entry);
	if (++m->handed_count > KEPT_MAX)
		member_forget_handed(m, TAILQ_FIRST(&m->handed)->position);
}

void
member_pause(struct member *m, size_t unsent)
{
	uint64_t arrived = member_arrived(m, unsent);
	struct membership *ms;
	struct place *place;
	struct kept_message *k;

	LIST_FOREACH(ms, &m->memberships, in_member) {
		deliver_pause(ms);
		if (!m->is_guest) /* who has no place to come back to */
			repeat_set_back(ms, unsent);
	}
	LIST_FOREACH(place, &m->person.places, in_owner)
		if (place->position > arrived && !m->is_guest)
			repeat_set_back_place(m, place,
			    (size_t)(place->position - arrived));
	member_forget_handed(m, arrived);
	while ((k = TAILQ_LAST(&m->handed, kept_list)) != NULL) {
		TAILQ_REMOVE(&m->handed, k, entry);
		m->handed_count--;
		k->is_repeat = true;
		person_keep_again(m->rooms, &m->person, k);
	}
}

static void
member_free(struct member *m)
{
	struct rooms *rooms = m->rooms;

	assert(LIST_EMPTY(&m->memberships));
	if (m->is_lost) {
		TAILQ_REMOVE(&rooms->lost, m, in_lost);
		rooms->lost_count--;
		rooms_lost_changed(rooms);
	}
	if (m->is_ignorer)
		LIST_REMOVE(m, in_ignorers);
	roster_remove(&rooms->roster, m);
	person_clear(rooms, &m->person);
	member_forget_handed(m, UINT64_MAX);
	free(m->break_text);
	free(m->user);
	free(m->realname);
	free(m);
}

/* The last that those hear who know each arrival: once, not in each room. */
static void
member_tell_quit(struct member *m, enum room_leave how, const char *text)
{
	struct event event = { .kind = EVENT_QUIT, .text = text };
	struct membership *ms;

	if (how == ROOM_LEAVE_SILENT)
		return;
	presence_give_up(m->rooms, m->folded);
	if (how == ROOM_LEAVE_LOST)
		event.text = PRESENCE_LOST;
	event.text_len = event.text == NULL ? 0 : strlen(event.text);
	peers_tell(m, &event);
	LIST_FOREACH(ms, &m->memberships, in_member)
		ms->is_joined = false;
}

void
member_depart(struct member *m, enum room_leave how, const char *text)
{
	struct rooms *rooms = m->rooms;
	struct membership *ms;
	int64_t left_ms;

	left_ms = member_away_since_ms(m);
	member_tell_quit(m, how, text);
	while ((ms = LIST_FIRST(&m->memberships)) != NULL)
		room_leave(ms, how, text);
	if (!m->is_guest && !person_is_empty(&m->person))
		bookmarks_put(&rooms->bookmarks, m->folded, &m->credential,
		    &m->person, left_ms);
	member_free(m);
}

struct member *
member_new(struct rooms *rooms, const struct credential *credential,
    const struct member_ops *ops, void *session, void *sink,
    const struct dialect *dialect)
{
	struct member *m;
	const struct options *o = rooms->options;

	assert(ops != NULL && dialect != NULL);
	m = xcalloc(1, sizeof *m);
	m->rooms = rooms;
	m->ops = ops;
	m->session = session;
	m->sink = sink;
	m->dialect = dialect;
	m->credential = *credential;
	m->is_guest = true;
	m->active_ms = rooms->clock->mono_ms;
	LIST_INIT(&m->memberships);
	person_init(&m->person);
	TAILQ_INIT(&m->handed);
	bucket_init(&m->announce, (uint32_t)o->announce_burst,
	    rooms->clock->mono_ms);
	roster_add_guest(&rooms->roster, m);
	keeper_counted(rooms);
	return m;
}

void
member_set_dialect(struct member *m, const struct dialect *dialect)
{
	struct membership *ms;

	if (m->dialect == dialect)
		return;
	m->dialect = dialect;
	LIST_FOREACH(ms, &m->memberships, in_member) {
		if (deliver_is_in_step(ms)) {
			/* What is rendered already is in the old one. */
			room_flush(ms->room);
			deliver_remove_in_step(ms);
			deliver_pump_later(ms);
		}
		room_set_exact(ms, dialect->is_exact);
		if (ms->is_exact)
			presence_show(&ms->room->presence, ms);
	}
}

int64_t
member_away_since_ms(const struct member *m)
{
	if (m->is_on_break)
		return m->break_since_ms;
	if (m->is_lost)
		return m->lost_since_ms;
	return m->rooms->clock->mono_ms;
}

/*
 * Tells every room that m is in, and those with exact dialects whether m is away.
 */
static void
member_publish(struct member *m, struct event *event)
{
	struct membership *ms;
	struct event away = { .kind = EVENT_AWAY };

	LIST_FOREACH(ms, &m->memberships, in_member) {
		presence_show(&ms->room->presence, ms);
		room_publish(ms->room, event, ms);
	}
	if (member_is_away(m)) {
		/* Without a text they would be back. */
		away.text = member_away_text(m);
		away.text_len = strlen(away.text);
	}
	peers_tell(m, &away);
}

void
member_show(struct member *m)
{
	struct membership *ms;

	LIST_FOREACH(ms, &m->memberships, in_member)
		presence_show(&ms->room->presence, ms);
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

	if (!member_may_announce(m))
		return;
	event.text_len = event.text == NULL ? 0 : strlen(event.text);
	m->is_break_told = true;
	member_publish(m, &event);
}

void
member_break(struct member *m, const char *text)
{
	struct membership *ms;

	member_set_break_text(m, text);
	if (!m->is_on_break) {
		m->is_on_break = true;
		m->is_away = false;
		m->was_told_repeats = false;
		m->break_since_ms = m->rooms->clock->mono_ms;
		LIST_FOREACH(ms, &m->memberships, in_member) {
			if (ms->is_exact)
				room_flush(ms->room);
			deliver_pause(ms);
		}
	}
	keeper_mark_member(m);
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
		m->break_since_ms = m->rooms->clock->mono_ms;
	}
	member_publish_break(m);
}

void
member_back(struct member *m, const char *text)
{
	struct membership *ms;
	struct event event = { .kind = EVENT_BACK };
	bool was_on_break = m->is_on_break;

	assert(member_is_away(m));
	event.text = text;
	event.text_len = text == NULL ? 0 : strlen(text);
	event.duration_ms = m->rooms->clock->mono_ms - m->break_since_ms;
	m->is_on_break = m->is_away = false;
	member_set_break_text(m, NULL);
	keeper_mark_member(m);
	/* Who was told of the break would take them to be away for good. */
	if (m->is_break_told || member_may_announce(m))
		member_publish(m, &event);
	m->is_break_told = false;
	if (!was_on_break)
		return;
	member_show_kept(m);
	LIST_FOREACH(ms, &m->memberships, in_member)
		replay_start_catchup(ms, ms->cursor, REPLAY_PRESENT,
		    event.duration_ms);
}

void
member_quit(struct member *m, const char *text)
{
	member_depart(m, ROOM_LEAVE_QUIT, text);
}

void
member_lost(struct member *m, size_t unsent)
{
	struct rooms *rooms = m->rooms;
	struct membership *ms;
	bool is_held = false;

	assert(!m->is_lost);
	member_pause(m, unsent);
	keeper_mark_member(m);
	LIST_FOREACH(ms, &m->memberships, in_member)
		is_held |= ms->is_joined;
	is_held |= m->is_known;
	if (m->is_guest || rooms->options->departure_delay == 0)
		is_held = false;
	m->ops = NULL;
	m->session = NULL;
	m->sink = NULL;
	roster_count_flags(&rooms->roster, m, false);
	m->is_lost = true;
	/* A break waits for who comes back; who was away was reading. */
	if (m->is_away) {
		m->is_away = false;
		member_set_break_text(m, NULL);
	}
	m->lost_since_ms = rooms->clock->mono_ms;
	TAILQ_INSERT_TAIL(&rooms->lost, m, in_lost);
	rooms->lost_count++;
	if (!is_held)
		member_depart(m, ROOM_LEAVE_LOST, NULL);
	else {
		rooms_lost_changed(rooms);
		/* Bounded, so that a stream of short visits is no lever. */
		if (rooms->lost_count > rooms->options->max_members)
			member_depart(TAILQ_FIRST(&rooms->lost),
			    ROOM_LEAVE_LOST, NULL);
	}
}

void
member_drained(struct member *m)
{
	struct membership *ms;

	LIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->is_blocked) {
			deliver_remove_in_step(ms);
			deliver_pump_later(ms);
		}
	member_show_kept(m);
}

void
member_show_kept(struct member *m)
{
	if (!TAILQ_EMPTY(&m->person.kept))
		replay_show_kept(m);
}

int
member_ignore(struct member *m, const char *nick)
{
	struct member *other;

	other = roster_find(&m->rooms->roster, nick);
	if (person_ignore(&m->person, other == NULL ? 0 : other->id,
		other == NULL ? nick : other->nick) == -1)
		return -1;
	keeper_mark_member(m);
	member_update_ignorer(m);
	return 0;
}

int
member_unignore(struct member *m, const char *nick)
{
	if (person_unignore(&m->person, nick) == -1)
		return -1;
	keeper_mark_member(m);
	member_update_ignorer(m);
	return 0;
}

void
member_update_ignorer(struct member *m)
{
	bool is_ignorer = m->person.ignore_count > 0;
	struct membership *ms;

	if (is_ignorer == m->is_ignorer)
		return;
	m->is_ignorer = is_ignorer;
	LIST_FOREACH(ms, &m->memberships, in_member)
		deliver_set_ignorer(ms, is_ignorer);
	if (is_ignorer)
		LIST_INSERT_HEAD(&m->rooms->ignorers, m, in_ignorers);
	else
		LIST_REMOVE(m, in_ignorers);
}

bool
member_may_announce(struct member *m)
{
	const struct options *o = m->rooms->options;

	return bucket_take(&m->announce, o->announce_rate,
	    (uint32_t)o->announce_burst, m->rooms->clock->mono_ms, 1);
}

int64_t
member_announce_wait_ms(struct member *m)
{
	const struct options *o = m->rooms->options;

	return bucket_wait_ms(&m->announce, o->announce_rate,
	    (uint32_t)o->announce_burst, m->rooms->clock->mono_ms);
}

/* Nobody misses them: who cannot be told now is not told. */
static void
member_tell_now(struct member *to, const struct event *event)
{
	struct buf *out = &to->rooms->scratch;

	if (to->is_on_break || to->is_lost ||
	    (event->status == '\0' && !to->dialect->is_exact))
		return;
	buf_reset(out);
	dialect_render(to->dialect, out, event);
	if (out->len > 0)
		(void)to->ops->deliver(to->sink, out->data, out->len);
}

enum member_tell
member_tell(struct member *to, const struct member *from, struct event *event)
{
	struct rooms *rooms = to->rooms;
	struct buf *out = &rooms->scratch;
	struct membership *ms;
	struct kept_message *k;
	bool is_away = to->is_on_break || to->is_lost;

	event->time_ms = rooms->clock->wall_ms;
	event->author = from->id;
	event->from = from;
	event->nick = from->nick;
	event->other = to->nick;
	event->msgid = ++rooms->last_msgid;
	if (event->kind == EVENT_TAGS || event->is_ctcp ||
	    event->status != '\0') {
		member_tell_now(to, event);
		return MEMBER_TOLD;
	}
	assert(event->kind == EVENT_PRIVATE);
	k = kept_message_new(event);
	if (!is_away && TAILQ_EMPTY(&to->person.kept)) {
		buf_reset(out);
		dialect_render(to->dialect, out, event);
		if (to->ops->deliver(to->sink, out->data, out->len) == 0) {
			member_handed(to, k);
			/* What is not with the kernel yet would not outlive
			 * the process. */
			if (to->ops->unsent(to) > 0)
				keeper_mark_member(to);
			return MEMBER_TOLD;
		}
		/* A slow reader: it waits until they read on. */
	}
	if (person_keep(rooms, &to->person, k) == -1) {
		free(k);
		return MEMBER_KEPT_FULL;
	}
	keeper_mark_member(to);
	if (is_away)
		return MEMBER_KEPT;
	/*
	 * It is handed over by the pump, which finds out by itself whether it
	 * has to wait.
	 */
	ms = LIST_FIRST(&to->memberships);
	if (ms != NULL && !ms->is_blocked) {
		deliver_leave_step(ms);
		deliver_pump_later(ms);
	}
	return MEMBER_TOLD;
}

struct membership *
member_in(const struct member *m, const struct room *room)
{
	struct membership *ms;

	LIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->room == room)
			return ms;
	return NULL;
}
