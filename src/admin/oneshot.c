/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Each connection is a bufferevent, a deadline and a walk, in one of these
 * states:
 *
 *   READING     request() looks at all that has come
 *   ANSWERING   answer() adds a piece whenever less than ONESHOT_LOW waits to
 *               be written; input is not read
 *   HOLDING     all is written, and the end is the process's (ONESHOT_HOLD)
 *   LINGERING   all is written and our side shut; what the peer still sends is
 *               thrown away, so that no reset destroys the answer
 *
 * Decided against: struct conn, which hands over lines for ever and holds back
 * output by the settings for members. Answers are made by walks, so that long
 * work is cut up, and talk comes first.
 */
#include "config.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "admin/oneshot.h"
#include "base/deadline.h"
#include "base/log.h"
#include "net/callback.h"

#define ONESHOT_LOW 16384
#define ONESHOT_DISCARD_MAX 65536

enum oneshot_state {
	ONESHOT_READING,
	ONESHOT_ANSWERING,
	ONESHOT_HOLDING,
	ONESHOT_LINGERING
};

struct oneshot {
	TAILQ_ENTRY(oneshot) entry;
	struct oneshots *all;
	struct bufferevent *bev;
	void *arg;
	int fd;
	enum oneshot_state state;
	bool is_last; /* all of the answer is queued */
	bool is_held; /* HOLDING follows ANSWERING */
	size_t discarded;
	struct deadline timeout;
	struct walk next; /* goes on answering */
};

void
oneshots_init(struct oneshots *all, struct net *net,
    const struct oneshot_kind *kind)
{
	memset(all, 0, sizeof(*all));
	all->net = net;
	all->kind = kind;
	TAILQ_INIT(&all->list);
}

static void
oneshot_end(struct oneshot *o)
{
	struct oneshots *all = o->all;

	deadline_clear(all->net->deadlines, &o->timeout);
	walk_stop(&all->net->deadlines->walks, &o->next);
	TAILQ_REMOVE(&all->list, o, entry);
	all->count--;
	bufferevent_free(o->bev); /* closes the descriptor, too */
	all->kind->ended(o->arg);
	free(o);
}

void
oneshots_fini(struct oneshots *all)
{
	struct oneshot *o;

	while ((o = TAILQ_FIRST(&all->list)) != NULL) {
		/* The end of the process closes the descriptor. */
		if (o->is_held)
			(void)bufferevent_setfd(o->bev, -1);
		oneshot_end(o);
	}
	buf_fini(&all->scratch);
}

static size_t
oneshot_queued(const struct oneshot *o)
{
	return evbuffer_get_length(bufferevent_get_output(o->bev));
}

bool
oneshots_are_flushed(const struct oneshots *all)
{
	const struct oneshot *o;

	TAILQ_FOREACH(o, &all->list, entry)
		if (o->state == ONESHOT_ANSWERING)
			return false;
	return true;
}

/* All is written. Frees o unless the peer's end is to be waited for. */
static void
oneshot_linger(struct oneshot *o)
{
	if (o->is_held) {
		o->state = ONESHOT_HOLDING;
		deadline_set(o->all->net->deadlines, &o->timeout,
		    o->all->net->clock->mono_ms + o->all->kind->hold_ms);
		return;
	}
	o->state = ONESHOT_LINGERING;
	bufferevent_setwatermark(o->bev, EV_READ, 0, ONESHOT_DISCARD_MAX);
	if (shutdown(o->fd, SHUT_WR) == -1 ||
	    bufferevent_enable(o->bev, EV_READ) == -1)
		oneshot_end(o);
}

/* Adds the next piece. May free o, or else returns whether to go on at once. */
static bool
oneshot_answer(struct walk_budget *budget, void *arg)
{
	struct oneshot *o = arg;
	const struct oneshot_kind *kind = o->all->kind;
	struct buf *out = &o->all->scratch;

	buf_reset(out);
	switch (kind->answer(out, budget, o->arg)) {
	case ONESHOT_MORE:
		break;
	case ONESHOT_LONG:
		deadline_set(o->all->net->deadlines, &o->timeout,
		    o->all->net->clock->mono_ms + kind->timeout_ms);
		break;
	case ONESHOT_HOLD:
		o->is_held = true;
		o->is_last = true;
		break;
	case ONESHOT_DONE:
		o->is_last = true;
		break;
	}
	if (bufferevent_write(o->bev, out->data, out->len) == -1) {
		oneshot_end(o);
		return false;
	}
	if (!o->is_last)
		return oneshot_queued(o) <= ONESHOT_LOW;
	bufferevent_setwatermark(o->bev, EV_WRITE, 0, 0);
	if (oneshot_queued(o) == 0)
		oneshot_linger(o);
	return false;
}

static void
oneshot_go_on(struct oneshot *o)
{
	walk_start(&o->all->net->deadlines->walks, &o->next);
}

static void
oneshot_timeout_cb(void *arg)
{
	struct oneshot *o = arg;

	log_debug("a request took too long: fd=%d", o->fd);
	oneshot_end(o);
}

static void
oneshot_read(struct oneshot *o)
{
	const struct oneshot_kind *kind = o->all->kind;
	struct evbuffer *in = bufferevent_get_input(o->bev);
	size_t len = evbuffer_get_length(in);
	const char *data;

	if (o->state != ONESHOT_READING) {
		evbuffer_drain(in, len);
		o->discarded += len;
		if (o->discarded >= ONESHOT_DISCARD_MAX)
			oneshot_end(o);
		return;
	}
	if (len > kind->max_request)
		len = kind->max_request;
	data = (const char *)evbuffer_pullup(in, (ev_ssize_t)len);
	if (!kind->request(data, len, len == kind->max_request, o->arg))
		return;
	bufferevent_disable(o->bev, EV_READ);
	evbuffer_drain(in, evbuffer_get_length(in));
	o->state = ONESHOT_ANSWERING;
	/* A walk makes the answer, so that what it does to others does not
	 * happen within a socket's callback. */
	oneshot_go_on(o);
}

BUFFER_CALLBACK(oneshot_read, struct oneshot, owner->all->net->clock)

static void
oneshot_write(struct oneshot *o)
{
	if (o->state != ONESHOT_ANSWERING || o->next.is_running)
		return;
	if (!o->is_last)
		oneshot_go_on(o);
	else if (oneshot_queued(o) == 0)
		oneshot_linger(o);
}

BUFFER_CALLBACK(oneshot_write, struct oneshot, owner->all->net->clock)

/* The peer has closed its side, or is gone. */
BUFFER_END_CALLBACK(oneshot_end, struct oneshot, owner->all->net->clock)

void
oneshots_take_back(struct oneshots *all, const void *arg, const char *text)
{
	struct oneshot *o;

	TAILQ_FOREACH(o, &all->list, entry)
		if (o->arg == arg)
			break;
	if (o == NULL || !o->is_held)
		return;
	o->is_held = false;
	o->state = ONESHOT_ANSWERING; /* until the refusal is written, too */
	if (bufferevent_write(o->bev, text, strlen(text)) == -1)
		oneshot_end(o);
}

void
oneshot_refuse(int fd, const char *text)
{
	/* Best effort: it fits into a new socket's buffer. */
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

void
oneshot_accept(struct oneshots *all, int fd, void *arg)
{
	struct oneshot *o;

	if (all->count >= all->kind->max_clients) {
		oneshot_refuse(fd, all->kind->busy);
		all->kind->ended(arg);
		return;
	}
	o = xcalloc(1, sizeof(*o));
	o->bev = bufferevent_socket_new(all->net->base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	if (o->bev == NULL) {
		(void)close(fd);
		all->kind->ended(arg);
		free(o);
		return;
	}
	o->all = all;
	o->fd = fd;
	o->arg = arg;
	deadline_init(&o->timeout, oneshot_timeout_cb, o);
	walk_init(&o->next, "oneshot_answer", oneshot_answer, o);
	TAILQ_INSERT_TAIL(&all->list, o, entry);
	all->count++;
	deadline_set(all->net->deadlines, &o->timeout,
	    all->net->clock->mono_ms + all->kind->timeout_ms);
	bufferevent_priority_set(o->bev, NET_PRIORITY_INPUT);
	bufferevent_setcb(o->bev, oneshot_read_cb, oneshot_write_cb,
	    oneshot_end_cb, o);
	bufferevent_setwatermark(o->bev, EV_READ, 0, all->kind->max_request);
	bufferevent_setwatermark(o->bev, EV_WRITE, ONESHOT_LOW, 0);
	if (bufferevent_enable(o->bev, EV_READ | EV_WRITE) == -1)
		oneshot_end(o);
}
