/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A connection is a bufferevent with lines on top.
 *
 *   socket --> bufferevent's input --(telnet: text)--> framer --> line()
 *   socket <-- send(2) <-- [cork] <-- conn_send(), conn_reply()
 *      ^------ bufferevent's output <--' what send(2) did not take
 *
 * A bufferevent takes a kilobyte, and most connections have nothing in it most
 * of the time. So a connection at rest has only an event that waits for input;
 * it borrows a bufferevent when there is something to read or output has to
 * wait, and then gives it back (a telnet client keeps it). We read into it
 * ourselves (conn-input.c), since its own read would cost a second event and an
 * ioctl(2).
 *
 * Output goes past the bufferevent while nothing is queued in it: that is one
 * system call, where a bufferevent alone needs two epoll_ctl(2) and another
 * turn of the loop. has_output tells whether anything is queued, so that the
 * ordinary case asks libevent nothing.
 *
 * Most connections have nothing queued and speak no telnet; struct conn_timer
 * and struct conn_telnet are allocated only while they are needed.
 *
 * A WebSocket has messages instead of lines, and puts both in frames:
 * conn-websocket.c. TLS lies between the socket and all of this: conn-tls.c.
 *
 * Only conn_free() frees anything: a connection that is over goes to
 * net->ended, and its owner is told by conn_reap() at the turn's end. So a
 * failing write never calls anybody back (hostile 51, 52).
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net/callback.h"
#include "net/conn-impl.h"

/* While closing: how much input is discarded, and how long we wait. */
#define CONN_DISCARD_MAX (1024 * 1024)
#define CONN_LINGER_MS 2000

const char *
conn_end_str(enum conn_end end)
{
	switch (end) {
	case CONN_END_EOF:
		return "closed by the peer";
	case CONN_END_ERROR:
		return "connection lost";
	case CONN_END_STALLED:
		return "stalled";
	case CONN_END_CLOSED:
		return "closed";
	}
	assert(0 && "no such end");
	return "";
}

/* Queues; a connection is in one at a time at most. */

static struct conn_queue *
conn_queue_of(struct net *net, enum conn_queue_id id)
{
	switch (id) {
	case CONN_NOWHERE:
		break;
	case CONN_IN_MORE_INPUT:
		return &net->more_input;
	case CONN_IN_RESUMING:
		return &net->resuming;
	case CONN_IN_ENDED:
		return &net->ended;
	}
	return NULL;
}

static void
conn_move(struct conn *c, enum conn_queue_id id)
{
	struct conn_queue *from = conn_queue_of(c->net, c->in_queue);
	struct conn_queue *to = conn_queue_of(c->net, id);

	if (from != NULL)
		TAILQ_REMOVE(from, c, entry);
	if (to != NULL)
		TAILQ_INSERT_TAIL(to, c, entry);
	c->in_queue = id & 3;
}

static void
net_resume_later(struct net *net, struct conn *c)
{
	/*
	 * Not event_active(): libevent runs what a callback activates at its
	 * own priority in the same pass, and would read from nobody else. A
	 * timer of zero joins the queue after the sockets polled next.
	 */
	static const struct timeval at_once = { 0, 0 };

	if (!event_pending(net->resume, EV_TIMEOUT, NULL) &&
	    event_add(net->resume, &at_once) == -1)
		conn_set_end(c, CONN_END_ERROR);
}

void
conn_handle_later(struct conn *c)
{
	if (c->in_queue != CONN_NOWHERE)
		return;
	conn_move(c, CONN_IN_MORE_INPUT);
	net_resume_later(c->net, c);
}

/* The end of a connection */

void
conn_set_end(struct conn *c, enum conn_end end)
{
	struct net *net = c->net;
	bool is_first = TAILQ_EMPTY(&net->ended);

	if (c->state == CONN_ENDED)
		return;
	if (end == CONN_END_ERROR || end == CONN_END_STALLED)
		c->is_broken = true;
	/* After conn_close() any end is the one that was asked for. */
	if (c->state != CONN_OPEN)
		end = CONN_END_CLOSED;
	c->state = CONN_ENDED;
	c->end = end & 3;
	c->is_reading = false;
	event_del(conn_readable_event(c));
	if (c->bev != NULL)
		bufferevent_disable(c->bev, EV_WRITE);
	conn_drop_timer(c);
	conn_move(c, CONN_IN_ENDED);
	if (is_first)
		net->wake(net->wake_arg);
}

static bool
conn_wants_to_read(const struct conn *c)
{
	/* After a close_notify the socket's end still tells something. */
	if (c->saw_eof &&
	    (c->tls == NULL || c->tls->has_fin || c->state != CONN_LINGERING))
		return false;
	switch ((enum conn_state)c->state) {
	case CONN_OPEN:
		if (c->tls != NULL && conn_tls_is_busy(c))
			return false;
		return !c->is_paused && !c->is_choked && !c->has_input;
	case CONN_FLUSHING:
	case CONN_LINGERING:
		return c->timer->discarded < CONN_DISCARD_MAX;
	case CONN_ENDED:
		break;
	}
	return false;
}

void
conn_update_reading(struct conn *c)
{
	bool want = conn_wants_to_read(c);

	/*
	 * While lines are being handled, all changes wait for the end of that.
	 */
	if (c->is_handling || want == c->is_reading)
		return;
	c->is_reading = want;
	if (!want)
		event_del(conn_readable_event(c));
	else if (event_add(conn_readable_event(c), NULL) == -1)
		conn_set_end(c, CONN_END_ERROR);
}

static void
conn_set_close_deadline(struct conn *c, int64_t in_ms)
{
	struct deadline *d = &conn_need_timer(c)->deadline;
	int64_t at_ms = c->net->clock->mono_ms + in_ms;

	if (!d->is_set || at_ms < d->at_ms)
		deadline_set(c->net->deadlines, d, at_ms);
}

/* All is flushed: shuts down, and waits for the peer's end. */
static void
conn_linger(struct conn *c)
{
	c->state = CONN_LINGERING;
	c->is_shut = true;
	if (shutdown(c->fd, SHUT_WR) == -1 ||
	    (c->tls == NULL ? c->saw_eof : c->tls->has_fin) ||
	    c->timer->discarded >= CONN_DISCARD_MAX) {
		conn_set_end(c, CONN_END_CLOSED);
		return;
	}
	conn_set_close_deadline(c, CONN_LINGER_MS);
	conn_update_reading(c);
}

void
conn_close(struct conn *c, int64_t flush_ms)
{
	if (c->state == CONN_OPEN) {
		if (c->net->corked == c)
			conn_uncork(c);
		if (c->state == CONN_OPEN)
			conn_websocket_say_goodbye(c);
		if (c->state == CONN_OPEN)
			conn_tls_say_goodbye(c);
		if (c->state != CONN_OPEN)
			return;
		if (c->timer != NULL) /* it checked for a stall until now */
			deadline_clear(c->net->deadlines, &c->timer->deadline);
		conn_move(c, CONN_NOWHERE);
		c->state = CONN_FLUSHING;
		conn_set_close_deadline(c, flush_ms);
		if (!c->has_output)
			conn_linger(c);
		conn_update_reading(c);
	} else if (c->state != CONN_ENDED) {
		conn_set_close_deadline(c, flush_ms);
	}
}

void
conn_discard(struct conn *c, size_t len)
{
	c->net->bytes_in += len;
	c->timer->discarded += len;
	if (c->state == CONN_LINGERING &&
	    c->timer->discarded >= CONN_DISCARD_MAX)
		conn_set_end(c, CONN_END_CLOSED);
	conn_update_reading(c);
}

/* Libevent's callbacks */

static void
conn_write(struct conn *c)
{
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) == 0) {
		c->has_output = false;
		if (c->state == CONN_OPEN)
			conn_drop_timer(c);
		else if (c->state == CONN_FLUSHING)
			conn_linger(c);
	}
	if (c->state == CONN_OPEN && (c->was_refused || c->is_choked)) {
		c->was_refused = false;
		c->is_choked = false;
		bufferevent_setwatermark(c->bev, EV_WRITE, 0, 0);
		c->handler->drained(c, c->arg);
		conn_continue_input(c);
	}
	conn_rest(c);
}

BUFFER_CALLBACK(conn_write, struct conn, owner->net->clock)

/* The bufferevent only writes, so any error is one of writing. */
static void
conn_failed(struct conn *c)
{
	conn_set_end(c, CONN_END_ERROR);
}

BUFFER_END_CALLBACK(conn_failed, struct conn, owner->net->clock)

/* Lending bufferevents */

struct bufferevent *
conn_need_bev(struct conn *c)
{
	struct net *net = c->net;
	struct bufferevent *bev;

	if (c->bev != NULL)
		return c->bev;
	if (net->spare_count > 0) {
		bev = net->spare[--net->spare_count];
		bufferevent_setfd(bev, c->fd);
	} else {
		/* No BEV_OPT_CLOSE_ON_FREE, which closes in a later turn. */
		bev = bufferevent_socket_new(net->base, c->fd, 0);
		if (bev == NULL) {
			conn_set_end(c, CONN_END_ERROR);
			return NULL;
		}
		/* It is enabled only while there is output. */
		bufferevent_disable(bev, EV_WRITE);
	}
	bufferevent_priority_set(bev, NET_PRIORITY_INPUT);
	bufferevent_setcb(bev, NULL, conn_write_cb, conn_failed_cb, c);
	/* libevent freezes it for all but the bufferevent's own read. */
	evbuffer_unfreeze(bufferevent_get_input(bev), 0);
	c->bev = bev;
	return bev;
}

static void
conn_give_back_bev(struct conn *c)
{
	struct net *net = c->net;
	struct bufferevent *bev = c->bev;

	if (bev == NULL)
		return;
	c->bev = NULL;
	/* Leaves the poll at once, even if it is freed in a later turn. */
	bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
	bufferevent_disable(bev, EV_READ | EV_WRITE);
	bufferevent_setfd(bev, -1);
	if (net->spare_count == CONN_SPARE_MAX ||
	    evbuffer_get_length(bufferevent_get_input(bev)) > 0 ||
	    evbuffer_get_length(bufferevent_get_output(bev)) > 0) {
		bufferevent_free(bev);
		return;
	}
	bufferevent_setwatermark(bev, EV_WRITE, 0, 0);
	net->spare[net->spare_count++] = bev;
}

void
conn_rest(struct conn *c)
{
	if (c->bev == NULL || c->has_output || c->is_handling ||
	    c->telnet != NULL ||
	    evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
		return;
	conn_give_back_bev(c);
}

/* Hands over the lines that wait, for a slice of time; the rest of them have the
 * next one, before those with still more lines. */
static void
net_resume(struct net *net)
{
	struct walk_budget slice = walks_slice(&net->deadlines->walks);
	struct conn *c;

	TAILQ_FOREACH(c, &net->more_input, entry)
		c->in_queue = CONN_IN_RESUMING;
	TAILQ_CONCAT(&net->resuming, &net->more_input, entry);
	while ((c = TAILQ_FIRST(&net->resuming)) != NULL &&
	    walk_may_take(&slice)) {
		conn_move(c, CONN_NOWHERE);
		conn_handle_input(c);
		/* So many lines may take as long as a slice. */
		walk_took_long(&slice);
	}
	if (c != NULL)
		net_resume_later(net, c);
}

CALLBACK(net_resume, struct net, owner->clock)

/* Making and freeing */

int
net_init(struct net *net, struct event_base *base, struct clock *clock,
    struct deadlines *deadlines, const struct options *options,
    void (*wake)(void *), void *wake_arg)
{
	memset(net, 0, sizeof(*net));
	net->base = base;
	net->clock = clock;
	net->deadlines = deadlines;
	net->options = options;
	net->wake = wake;
	net->wake_arg = wake_arg;
	net->between_ms = CONN_BETWEEN_MS;
	TAILQ_INIT(&net->more_input);
	TAILQ_INIT(&net->resuming);
	TAILQ_INIT(&net->ended);
	net_tls_init(net);

	net->resume = event_new(base, -1, 0, net_resume_cb, net);
	if (net->resume == NULL) {
		errno = ENOMEM;
		return -1;
	}
	event_priority_set(net->resume, NET_PRIORITY_INPUT);
	/* A bufferevent uses writev(2), which knows no MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

void
net_fini(struct net *net)
{
	assert(net->count == 0);
	while (net->spare_count > 0)
		bufferevent_free(net->spare[--net->spare_count]);
	event_free(net->resume);
	net_tls_fini(net);
	buf_fini(&net->cork);
	buf_fini(&net->batches[false].frames);
	buf_fini(&net->batches[true].frames);
	buf_fini(&net->frames);
}

void
conn_give_up(struct conn *c)
{
	conn_set_end(c, CONN_END_ERROR);
}

struct conn *
conn_alloc(struct net *net, int fd, const struct conn_handler *handler,
    void *arg)
{
	struct conn *c;

	c = xcalloc(1, sizeof(*c) + event_get_struct_event_size());
	c->net = net;
	c->handler = handler;
	c->arg = arg;
	c->fd = fd;
	if (conn_init_reading(c) == -1) {
		free(c);
		close(fd);
		return NULL;
	}
	c->state = CONN_OPEN;
	c->in_queue = CONN_NOWHERE;
	c->look_at_ms = (uint32_t)net->clock->mono_ms;
	net->count++;
	return c;
}

struct conn *
conn_new(struct net *net, int fd, bool is_tcp,
    const struct conn_handler *handler, void *arg)
{
	struct conn *c = conn_alloc(net, fd, handler, arg);

	if (c == NULL)
		return NULL;
	c->is_tcp = is_tcp;
	c->is_unread = true;
	if (is_tcp)
		conn_set_tcp_options(net, fd);
	conn_update_reading(c);
	return c;
}

void
conn_free(struct conn *c)
{
	if (c == NULL)
		return;
	assert(!c->is_handling);
	if (c->net->corked == c) {
		c->net->corked = NULL;
		buf_reset(&c->net->cork);
	}
	conn_move(c, CONN_NOWHERE);
	conn_drop_timer(c);
	if (c->telnet != NULL) {
		evbuffer_free(c->telnet->text);
		free(c->telnet);
	}
	conn_free_websocket(c);
	conn_tls_free(c);
	event_del(conn_readable_event(c));
	conn_give_back_bev(c);
	close(c->fd);
	c->net->count--;
	free(c);
}

/* Connections that end meanwhile are appended; each ends once, so this ends. */
static void
conn_reap_within(struct net *net, struct walk_budget *budget)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&net->ended)) != NULL &&
	    walk_may_take(budget)) {
		conn_move(c, CONN_NOWHERE);
		c->handler->ended(c, (enum conn_end)c->end, c->arg);
		/* What came and was not read is freed by the kernel, which may
		 * take a millisecond and more. */
		walk_took_long(budget);
	}
}

void
conn_reap(struct net *net)
{
	struct walk_budget all = { .now_us = NULL };

	conn_reap_within(net, &all);
}

void
conn_reap_some(struct net *net)
{
	struct walk_budget slice = walks_slice(&net->deadlines->walks);

	conn_reap_within(net, &slice);
	if (!TAILQ_EMPTY(&net->ended))
		net->wake(net->wake_arg);
}

int
conn_fd(const struct conn *c)
{
	return c->fd;
}
