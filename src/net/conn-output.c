/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Output, and the check whether it is stuck.
 *
 * conn_send_batch() is the hot path: a message goes through it to each of
 * thousands. While nothing is queued it asks for no time, no memory and nothing
 * of libevent. It writes past the bufferevent, which knows nothing of that, so
 * has_output must be true whenever the bufferevent's output is not empty, or
 * bytes would overtake others.
 *
 * Decided against: sendmsg(2) of several pieces instead of a cork. Answers come
 * from many small calls, and copying them costs less than keeping them.
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net/conn-impl.h"

/* Corked output of this size is written at once. */
#define CONN_CORK_MAX (64 * 1024)

size_t
conn_queued(const struct conn *c)
{
	size_t len = 0;

	if (c->has_output)
		len = evbuffer_get_length(bufferevent_get_output(c->bev));
	if (c->net->corked == c)
		len += c->net->cork.len;
	return len;
}

/*
 * Schedules the next check, of four in stall_timeout, whether the peer got
 * anything. What the kernel holds counts as not moved: its buffer may be large,
 * and takes more of ours only in large steps.
 */
static void
conn_set_stall_check(struct conn *c)
{
	int64_t interval_ms = c->net->options->stall_timeout / 4;

	deadline_set(c->net->deadlines, &c->timer->deadline,
	    c->net->clock->mono_ms + (interval_ms > 0 ? interval_ms : 1));
}

/* How far the peer got. Only differences of the result have a meaning. */
static uint64_t
conn_moved(const struct conn *c)
{
	return c->timer->queued - conn_queued(c) - conn_in_kernel(c);
}

static void
conn_check_stall(struct conn *c)
{
	struct conn_timer *t = c->timer;
	int64_t now_ms = c->net->clock->mono_ms;
	uint64_t moved = conn_moved(c);

	if (moved != t->moved) {
		t->moved = moved;
		t->moved_ms = now_ms;
	}
	if (now_ms - t->moved_ms >= c->net->options->stall_timeout)
		conn_set_end(c, CONN_END_STALLED);
	else
		conn_set_stall_check(c);
}

static void
conn_timer_cb(void *arg)
{
	struct conn *c = arg;

	if (c->state == CONN_OPEN && c->tls != NULL && c->tls->is_closed &&
	    !c->saw_eof)
		conn_tls_no_fin(c);
	else if (c->state == CONN_OPEN)
		conn_check_stall(c);
	else
		conn_set_end(c, CONN_END_CLOSED);
}

struct conn_timer *
conn_need_timer(struct conn *c)
{
	if (c->timer == NULL) {
		c->timer = xcalloc(1, sizeof(*c->timer));
		deadline_init(&c->timer->deadline, conn_timer_cb, c);
	}
	return c->timer;
}

void
conn_drop_timer(struct conn *c)
{
	if (c->timer == NULL)
		return;
	deadline_clear(c->net->deadlines, &c->timer->deadline);
	free(c->timer);
	c->timer = NULL;
}

void
conn_want_drained(struct conn *c)
{
	bufferevent_setwatermark(c->bev, EV_WRITE,
	    (size_t)c->net->options->output_limit / 4, 0);
}

/* What nobody will get. */
static void
conn_lose(struct conn *c, size_t len)
{
	if (c->tls != NULL)
		c->tls->lost += len;
	else
		conn_drop_output(c, len);
	conn_set_end(c, CONN_END_ERROR);
}

/* Queues what the socket did not take. */
static void
conn_enqueue(struct conn *c, const char *data, size_t len)
{
	struct net *net = c->net;

	if (conn_need_bev(c) == NULL ||
	    bufferevent_write(c->bev, data, len) == -1 ||
	    bufferevent_enable(c->bev, EV_WRITE) == -1) {
		conn_lose(c, len);
		return;
	}
	if (!c->has_output) {
		c->has_output = true;
		conn_need_timer(c)->moved_ms = net->clock->mono_ms;
		c->timer->queued = len;
		c->timer->moved = conn_moved(c);
		conn_set_stall_check(c);
	} else {
		c->timer->queued += len;
	}
	if (!c->is_choked && conn_queued(c) > net->options->output_limit) {
		c->is_choked = true;
		conn_want_drained(c);
		conn_update_reading(c);
	}
}

/* What a write made of len bytes is seen to: it took n, or -1 with errno. */
static void
conn_write_rest(struct conn *c, const char *data, size_t len, ssize_t n)
{
	if (n == -1 && errno != EAGAIN) {
		conn_lose(c, len);
		return;
	}
	if (n > 0) {
		data += n;
		len -= (size_t)n;
	}
	conn_enqueue(c, data, len);
}

/* conn_write_sealed(), as a part of conn_send(). */
static inline void
conn_write_now(struct conn *c, const char *data, size_t len)
{
	struct net *net = c->net;
	ssize_t n = 0;

	net->bytes_out += len;
	if (!c->has_output) {
		do {
			net->writes++;
			n = send(c->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		} while (n == -1 && errno == EINTR);
		if (n == (ssize_t)len)
			return;
	}
	conn_write_rest(c, data, len, n);
}

void
conn_write_sealed(struct conn *c, const char *data, size_t len)
{
	conn_write_now(c, data, len);
}

/* Writes to the socket, or queues behind earlier output. */
static inline void
conn_write(struct conn *c, const char *data, size_t len)
{
	if (len == 0)
		return;
	if (conn_look_is_due(c))
		conn_look(c);
	c->written_ms = (uint32_t)c->net->clock->mono_ms;
	if (c->tls != NULL)
		conn_tls_write(c, data, len);
	else
		conn_write_now(c, data, len);
}

static void
conn_flush_cork(struct conn *c)
{
	struct buf *cork = &c->net->cork;
	size_t len = cork->len;

	/* Emptied before the write, which counts what is queued; and what it
	 * writes is not sent before. */
	buf_reset(cork);
	if (c->state == CONN_OPEN) {
		c->sent -= len;
		conn_write(c, cork->data, len);
		c->sent += len;
	} else {
		conn_drop_output(c, len);
	}
}

static void
conn_write_corked(struct conn *c, const void *data, size_t len)
{
	struct buf *cork = &c->net->cork;

	buf_add(cork, data, len);
	c->sent += len;
	/* Rare: corked output must not exceed the limit of queued output by
	 * far. */
	if (cork->len >= CONN_CORK_MAX ||
	    cork->len >= c->net->options->output_limit)
		conn_flush_cork(c);
}

void
conn_cork(struct conn *c)
{
	assert(c->net->corked == NULL);
	c->net->corked = c;
}

void
conn_uncork(struct conn *c)
{
	/* conn_close() may have uncorked already. */
	if (c->net->corked != c)
		return;
	conn_flush_cork(c);
	c->net->corked = NULL;
}

/* The rest of conn_send(), when no direct write is possible. */
static int
conn_send_behind(struct conn *c, const void *data, size_t len)
{
	struct net *net = c->net;
	uint64_t limit = net->options->output_limit;
	bool is_corked = net->corked == c;
	size_t queued;

	if (is_corked && conn_queued(c) + len > limit)
		conn_flush_cork(c);
	if (c->state != CONN_OPEN)
		return -1;
	queued = conn_queued(c);
	if (queued > 0 && queued + len > limit) {
		c->was_refused = true;
		conn_want_drained(c);
		return -1;
	}
	if (is_corked) {
		conn_write_corked(c, data, len);
	} else {
		conn_write(c, data, len);
		c->sent += len;
	}
	return 0;
}

int
conn_send_batch(void *conn, const char *data, size_t len, uint64_t batch)
{
	struct conn *c = conn;
	const struct buf *frames;

	if (c->websocket != NULL) {
		frames = conn_frame(c, data, len, batch);
		data = frames->data;
		len = frames->len;
	}
	if (c->has_output || c->state != CONN_OPEN || c->net->corked == c)
		return conn_send_behind(c, data, len);
	conn_write(c, data, len);
	c->sent += len;
	return 0;
}

uint64_t
conn_sent(const struct conn *c)
{
	return c->sent;
}

void
conn_reply(struct conn *c, const void *data, size_t len)
{
	const struct buf *frames;

	if (c->websocket != NULL) {
		frames = conn_frame(c, data, len, 0);
		data = frames->data;
		len = frames->len;
	}
	conn_reply_bytes(c, data, len);
}

void
conn_reply_bytes(struct conn *c, const void *data, size_t len)
{
	if (c->net->corked == c && c->state == CONN_OPEN) {
		conn_write_corked(c, data, len);
		return;
	}
	if (c->state != CONN_OPEN)
		conn_drop_output(c, len);
	else
		conn_write(c, data, len);
	c->sent += len;
}
