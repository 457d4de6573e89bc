/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A session is one client: it joins a connection to a member. It slows floods
 * by not reading (a token bucket; the rest waits in the kernel), and brings
 * rendered lines from the room layer to the connection. session-accept.c
 * decides who may come in.
 *
 * A session ends only in conn_reap(), at the end of the turn: until then no
 * session is freed, whatever happens.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "room/client.h"
#include "room/crowd.h"
#include "room/cursor.h"
#include "room/member.h"
#include "session/protocol.h"
#include "session/session-impl.h"
#include "session/session.h"

#define SESSION_FLUSH_MS 5000

void
sessions_init(struct sessions *all, struct net *net, struct chat *chat,
    const struct options *options)
{
	memset(all, 0, sizeof(*all));
	all->net = net;
	all->chat = chat;
	all->options = options;
	all->started_ms = net->clock->mono_ms;
	TAILQ_INIT(&all->list);
	TAILQ_INIT(&all->logins_waiting);
	all->admission.chat = chat;
	session_confirm_init(all);
	walk_init(&all->ban_walk, "sessions: who is banned", sessions_ban_step,
	    all);
}

void
sessions_fini(struct sessions *all)
{
	assert(TAILQ_EMPTY(&all->list));
	session_confirm_fini(all);
	walk_stop(&all->net->deadlines->walks, &all->ban_walk);
	buf_fini(&all->text);
	buf_fini(&all->reply);
	buf_fini(&all->out);
	buf_fini(&all->answer);
}

static void
session_unthrottle(struct session *s)
{
	if (s->throttle != NULL)
		deadline_clear(s->all->net->deadlines, s->throttle);
	free(s->throttle);
	s->throttle = NULL;
}

static void
session_free(struct session *s)
{
	struct sessions *all = s->all;

	assert(s->member == NULL);
	session_confirm_remove(s);
	TAILQ_REMOVE(&all->list, s, entry);
	session_probe_remove(s);
	admit_remove(&all->admission, s->origin);
	session_unthrottle(s);
	session_login_cancel(s);
	session_search_cancel(s);
	if (s->protocol->close != NULL)
		s->protocol->close(s);
	conn_free(s->conn);
	free(s);
}

void
session_set_left(struct session *s)
{
	if (!s->has_entered && !s->has_left)
		s->all->unentered_count--;
	s->member = NULL;
	s->has_left = true;
}

void
session_close(struct session *s, const char *text)
{
	char from[CREDENTIAL_STR_SIZE];

	/* When the connection ends, nobody is behind it any more. */
	if (s->member != NULL) {
		credential_str(&s->address, from);
		log_people("somebody left: nick=%s from=\"%s\" fd=%d",
		    s->member->nick, from, conn_fd(s->conn));
	}
	if (s->protocol->goodbye != NULL)
		s->protocol->goodbye(s, text);
	session_set_left(s);
	conn_close(s->conn, SESSION_FLUSH_MS);
}

struct client *
session_client(const struct session *s)
{
	return member_client_of(s->member, s);
}

bool
session_is_on_break(const struct session *s)
{
	return session_client(s)->is_paused;
}

void
session_acts(struct session *s)
{
	if (s->member != NULL)
		client_acts(session_client(s));
}

/* client_ops */

static uint64_t
session_handed(const struct client *client)
{
	const struct session *s = client->session;

	return conn_sent(s->conn);
}

static size_t
session_unsent(const struct client *client)
{
	const struct session *s = client->session;

	return conn_unsent(s->conn);
}

/* To be called when s has said all: closes once they have been shown all. */
static void
session_close_if_shown(struct session *s)
{
	struct membership *ms;
	struct cursor *c;

	if (s->member != NULL)
		MEMBER_FOREACH_CURSOR(c, ms, s->member)
			if (c->client->session == s &&
			    (cursor_has_replay(c) ||
				(!cursor_is_live(c) && !c->client->is_paused)))
				return;
	conn_close(s->conn, SESSION_FLUSH_MS);
}

static void
session_mark_past(const struct client *client, struct buf *lines,
    const char *room)
{
	struct session *s = client->session;

	if (s->protocol->mark_past != NULL)
		s->protocol->mark_past(s, lines, room);
}

static void
session_caught_up(struct cursor *c)
{
	struct session *s = c->client->session;

	if (s->protocol->caught_up != NULL)
		s->protocol->caught_up(c);
	if (s->is_eof)
		session_close_if_shown(s);
}

static void
session_replaced(struct client *client)
{
	struct session *s = client->session;

	session_notice(s,
	    "you have come back in another place; this "
	    "connection ends");
	session_close(s, "you have come back in another place");
}

static void
session_moved(struct client *client)
{
	struct session *s = client->session;

	s->member = client->member;
}

static void
session_joined(struct client *client, struct membership *ms)
{
	struct session *s = client->session;

	s->protocol->joined(s, ms);
}

static void
session_event(struct client *client, const struct event *event)
{
	struct session *s = client->session;

	s->protocol->event(s, event);
}

/* It answers nothing that they sent, so nothing else bounds what waits for
 * somebody who does not read. */
static bool
session_invited(struct client *client, const struct event *event)
{
	struct session *s = client->session;

	if (conn_queued(s->conn) > s->all->options->output_limit)
		return false;
	s->protocol->event(s, event);
	return true;
}

static void
session_kicked(struct client *client, const struct event *event)
{
	struct session *s = client->session;

	s->protocol->kicked(s, event);
}

static void
session_ended(struct client *client, const char *line)
{
	struct session *s = client->session;

	session_error(s, "%s", line);
	member_pause(client, conn_unsent(s->conn));
	session_close(s, line);
}

const struct client_ops session_client_ops = {
	.deliver = conn_send_batch,
	.handed = session_handed,
	.unsent = session_unsent,
	.mark_past = session_mark_past,
	.caught_up = session_caught_up,
	.replaced = session_replaced,
	.moved = session_moved,
	.joined = session_joined,
	.event = session_event,
	.invited = session_invited,
	.kicked = session_kicked,
	.ended = session_ended,
};

/* conn_handler */

static void
session_throttle_cb(void *arg)
{
	struct session *s = arg;

	session_unthrottle(s);
	if (!s->is_held)
		conn_resume_input(s->conn);
}

void
session_hold(struct session *s)
{
	s->is_held = true;
	conn_pause_input(s->conn);
}

void
session_release(struct session *s)
{
	s->is_held = false;
	if (s->throttle == NULL)
		conn_resume_input(s->conn);
}

void
session_throttle_until(struct session *s, int64_t at_ms)
{
	if (s->throttle == NULL) {
		s->throttle = xcalloc(1, sizeof(*s->throttle));
		deadline_init(s->throttle, session_throttle_cb, s);
	}
	deadline_set(s->all->net->deadlines, s->throttle, at_ms);
}

/* What all from one origin have together. */
static struct rate
session_origin_rate(const struct sessions *all, uint32_t *burst)
{
	const struct options *o = all->options;
	struct rate rate = o->line_rate;

	rate.count *= (uint32_t)o->origin_rate;
	*burst = (uint32_t)(o->line_burst * o->origin_rate);
	return rate;
}

void
session_wait_turn(struct session *s)
{
	uint32_t burst;
	struct rate rate = session_origin_rate(s->all, &burst);

	s->turn_ms = s->all->net->clock->mono_ms +
	    origin_line_wait_ms(s->origin, rate, burst);
}

/* A line of somebody who has come in is their origin's as well. Each has a turn
 * after all who have spoken before: so one line of somebody who was silent is
 * never late, and those who flood wait for one another. */
static void
session_spend_line(struct session *s, size_t len)
{
	uint32_t burst;
	struct rate rate = session_origin_rate(s->all, &burst);

	if (!s->has_entered || rate.count == 0)
		return;
	origin_charge_line(s->origin, rate, burst, len);
	session_wait_turn(s);
}

/* Stops reading until the next line's time has come. */
static void
session_before_line_cb(struct conn *c, void *arg)
{
	struct session *s = arg;
	const struct options *o = s->all->options;
	int64_t now_ms = s->all->net->clock->mono_ms, wait_ms, turn_ms;

	assert(s->conn == c);
	if (s->has_left)
		return;
	wait_ms = bucket_wait_ms(&s->lines, o->line_rate,
	    (uint32_t)o->line_burst, now_ms);
	turn_ms = s->turn_ms - now_ms;
	if (wait_ms <= 0 && turn_ms <= 0)
		return;
	s->all->throttled++;
	if (turn_ms > wait_ms) {
		s->all->origin_throttled++;
		wait_ms = turn_ms;
	}
	conn_pause_input(s->conn);
	session_throttle_until(s, now_ms + wait_ms);
}

/* How long the line has to wait, since much was said in a room where it would
 * be said. */
static int64_t
session_room_wait_ms(struct session *s, const char *text, size_t len)
{
	struct room *room = NULL;
	int64_t wait_ms = 0, ms;

	if (s->member == NULL || s->protocol->says_in == NULL)
		return 0;
	while ((room = crowd_next(s->all->chat, room)) != NULL) {
		ms = crowd_wait_ms(s->member, room);
		if (ms > wait_ms && s->protocol->says_in(s, text, len, room))
			wait_ms = ms;
	}
	return wait_ms;
}

/* Who does not know why nothing happens would say it again. */
#define SESSION_TELL_WAIT_MS 3000

/* Has the line wait, if it has to. */
static bool
session_waits_for_room(struct session *s, const char *text, size_t len)
{
	int64_t wait_ms = session_room_wait_ms(s, text, len);
	char wait[CLOCK_DURATION_SIZE];

	if (wait_ms == 0) {
		s->was_told_wait = false;
		return false;
	}
	s->all->throttled++;
	s->all->room_throttled++;
	if (wait_ms > SESSION_TELL_WAIT_MS && !s->was_told_wait) {
		s->was_told_wait = true;
		clock_duration(wait_ms, wait);
		session_notice(s,
		    "so much is said there that this waits, %s or less; it is "
		    "not lost",
		    wait);
	}
	conn_pause_input(s->conn);
	session_throttle_until(s, s->all->net->clock->mono_ms + wait_ms);
	conn_put_back(s->conn);
	return true;
}

static void
session_line_cb(struct conn *c, char *text, size_t len, bool has_cr, void *arg)
{
	struct session *s = arg;

	assert(s->conn == c);
	if (s->has_left)
		return;
	if (s->is_probed)
		session_probe_alive(s);
	if (session_waits_for_room(s, text, len))
		return;
	if (s->member != NULL) {
		session_acts(s);
		s->member->active_ms = s->all->net->clock->mono_ms;
		if (conn_confirmed(c) == conn_sent(c))
			member_has_read_all(session_client(s));
	}
	if (s->has_spoken || !session_is_stranger(s, &text, &len)) {
		s->protocol->line(s, text, len, has_cr);
		s->has_spoken |= len > 0;
	}
	session_spend_line(s, len);
}

static void
session_too_long_cb(struct conn *c, void *arg)
{
	struct session *s = arg;

	assert(s->conn == c);
	if (s->has_left)
		return;
	s->began_too_long |= !s->has_spoken;
	s->protocol->too_long(s);
	session_spend_line(s, s->all->options->max_line);
}

/* Bytes without a line cost as much as lines, or they would cost nothing. */
static void
session_waste_cb(struct conn *c, void *arg)
{
	struct session *s = arg;

	assert(s->conn == c);
	session_charge(s, 1);
	session_spend_line(s, s->all->options->max_line);
}

static void
session_drained_cb(struct conn *c, void *arg)
{
	struct session *s = arg;

	assert(s->conn == c);
	if (s->member != NULL)
		member_drained(session_client(s));
	if (s->protocol->drained != NULL && s->state != NULL)
		s->protocol->drained(s);
}

/* They have said all, but may not have been shown all, which comes first. */
static void
session_eof_cb(struct conn *c, void *arg)
{
	struct session *s = arg;

	assert(s->conn == c);
	s->is_eof = true;
	if (!s->has_left && s->protocol->eof != NULL)
		s->protocol->eof(s);
	session_close_if_shown(s);
}

static void
session_ended_cb(struct conn *c, enum conn_end end, void *arg)
{
	struct session *s = arg;
	char from[CREDENTIAL_STR_SIZE];

	assert(s->conn == c);
	credential_str(&s->address, from);
	log_people("connection ended: reason=\"%s\" nick=%s from=\"%s\" fd=%d",
	    conn_end_str(end), s->member == NULL ? "-" : s->member->nick, from,
	    conn_fd(c));
	if (s->member != NULL)
		action_lost(session_client(s), s->is_eof, conn_unsent(c));
	session_set_left(s);
	session_free(s);
}

const struct conn_handler session_conn_handler = {
	.before_line = session_before_line_cb,
	.line = session_line_cb,
	.too_long = session_too_long_cb,
	.waste = session_waste_cb,
	.drained = session_drained_cb,
	.eof = session_eof_cb,
	.tls = session_tls_cb,
	.from = session_from_cb,
	.ended = session_ended_cb,
};

void
session_become(struct session *s, const struct protocol *protocol)
{
	assert(s->member == NULL && s->state == NULL);
	s->protocol = protocol;
	protocol->open(s);
}

void
sessions_close_all(struct sessions *all, const char *text, int64_t flush_ms)
{
	struct session *s;

	TAILQ_FOREACH(s, &all->list, entry) {
		if (!s->has_left) {
			session_notice(s, "%s", text);
			if (s->protocol->goodbye != NULL)
				s->protocol->goodbye(s, text);
		}
		conn_set_going_away(s->conn);
		conn_close(s->conn, flush_ms);
	}
}

bool
sessions_are_flushed(const struct sessions *all)
{
	const struct session *s;

	TAILQ_FOREACH(s, &all->list, entry)
		if (conn_queued(s->conn) > 0)
			return false;
	return true;
}

void
sessions_free_all(struct sessions *all)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&all->list)) != NULL) {
		if (s->member != NULL)
			action_stop(session_client(s), conn_unsent(s->conn));
		session_set_left(s);
		session_free(s);
	}
}

PRINTFLIKE(2, 0)
static const char *
session_format(struct session *s, const char *fmt, va_list ap)
{
	struct buf *text = &s->all->reply;

	buf_reset(text);
	buf_vaddf(text, fmt, ap);
	return buf_cstr(text);
}

void
session_notice(struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	s->protocol->notice(s, session_format(s, fmt, ap));
	va_end(ap);
}

void
session_error(struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	s->protocol->error(s, session_format(s, fmt, ap));
	va_end(ap);
}

void
session_charge(struct session *s, unsigned cost)
{
	const struct options *o = s->all->options;

	bucket_charge(&s->lines, o->line_rate, (uint32_t)o->line_burst,
	    s->all->net->clock->mono_ms, cost);
}

void
session_vouch(struct session *s)
{
	conn_vouch_all(s->conn);
	if (s->member != NULL && conn_confirmed(s->conn) == conn_sent(s->conn))
		member_has_read_all(session_client(s));
}

void
session_pause(struct session *s)
{
	if (s->member != NULL)
		member_pause(session_client(s), conn_unsent(s->conn));
}

void
session_quit(struct session *s, const char *text, const char *shown)
{
	session_pause(s);
	session_leave(s, text, shown);
}

void
session_leave(struct session *s, const char *text, const char *shown)
{
	struct client *client = s->member == NULL ? NULL : session_client(s);

	session_close(s, text);
	if (client != NULL)
		action_quit(client, shown);
}

void
session_wait_str(const struct session *s, enum announce what,
    char out[CLOCK_DURATION_SIZE])
{
	clock_duration(member_announce_wait_ms(s->member, what) + 999, out);
}
