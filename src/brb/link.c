/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The connection to a server, made anew for as long as it is wanted:
 *
 *     waiting ─→ resolving ─→ connecting ─→ (TLS) ─→ up ─→ waiting ─→ ...
 *
 * One timer tells what takes too long: a connection that is not made within 20
 * seconds, a server that is silent for 45 and then does not answer a question
 * within 12. It goes by the monotonic clock; a process that was stopped finds
 * its timer overdue, and asks before it gives up. When the network has changed,
 * what waits does not wait any longer.
 *
 * Decided against: bufferevents, which would read on while nothing is taken,
 * and tell of TLS less than is needed here.
 */
#include "config.h"

#include <sys/types.h>

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/clock.h"
#include "brb/link-impl.h"

#define LINK_FIRST_MS 700
#define LINK_MAX_MS 30000
#define LINK_REFUSED_MS 15000
#define LINK_STABLE_MS 10000
#define LINK_SILENCE_MS 45000
#define LINK_ANSWER_MS 12000
/* Between two tries that the network gave rise to. */
#define LINK_NETWORK_MS 500

int64_t
link_now_ms(void)
{
	return clock_now_us() / 1000;
}

void
link_arm(struct link *l, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };

	(void)event_add(l->timer, &tv);
}

/* How many bytes could not be written yet. */
static size_t
link_unsent(const struct link *l)
{
	return l->out.len - l->out_done;
}

bool
link_may_read(const struct link *l)
{
	return link_unsent(l) <= LINK_UNSENT_MAX;
}

void
link_watch(struct link *l, bool reads, bool writes)
{
	if (reads && link_may_read(l))
		(void)event_add(l->readable, NULL);
	else
		(void)event_del(l->readable);
	if (writes)
		(void)event_add(l->writable, NULL);
	else
		(void)event_del(l->writable);
}

void
link_drop_events(struct link *l)
{
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->writable != NULL)
		event_free(l->writable);
	l->readable = l->writable = NULL;
}

static void
link_close(struct link *l)
{
	link_drop_events(l);
	link_tls_free(l->tls);
	l->tls = NULL;
	if (l->fd != -1)
		(void)close(l->fd);
	l->fd = -1;
	if (l->resolver > 0) {
		(void)kill(l->resolver, SIGKILL);
		(void)waitpid(l->resolver, NULL, 0);
		l->resolver = 0;
	}
	buf_reset(&l->in);
	buf_reset(&l->out);
	l->out_done = 0;
	l->is_probed = false;
}

/* Between 0.3 and 1 of it. */
static int64_t
link_share(int64_t ms)
{
	return ms * (300 + (int64_t)arc4random_uniform(701)) / 1000;
}

static int64_t
link_next_wait_ms(struct link *l)
{
	int64_t most = LINK_FIRST_MS;
	unsigned i;

	for (i = 1; i < l->failures && most < LINK_MAX_MS; i++)
		most *= 2;
	if (most > LINK_MAX_MS)
		most = LINK_MAX_MS;
	return (l->was_refused ? LINK_REFUSED_MS : 0) + link_share(most);
}

void
link_lost(struct link *l, const char *why, bool is_final)
{
	int64_t wait_ms;

	if (l->state == LINK_UP && link_now_ms() - l->up_ms >= LINK_STABLE_MS)
		l->failures = 0;
	l->failures++;
	link_close(l);
	if (is_final) {
		l->state = LINK_CLOSED;
		(void)event_del(l->timer);
		l->handler->down(l->arg, why, -1);
		return;
	}
	wait_ms = link_next_wait_ms(l);
	l->was_refused = false;
	l->state = LINK_WAITING;
	link_arm(l, wait_ms);
	l->handler->down(l->arg, why, wait_ms);
}

void
link_fail(struct link *l, const char *why)
{
	if (l->state == LINK_UP)
		link_lost(l, why, false);
}

void
link_refused(struct link *l)
{
	l->was_refused = true;
}

void
link_hurry(struct link *l)
{
	if (l->state == LINK_WAITING)
		link_arm(l, link_share(100));
}

/* A try that began before would still wait for what is no more. */
static void
link_network_came(struct link *l)
{
	int64_t now_ms = link_now_ms(), wait_ms;

	if (l->network_ms > now_ms)
		wait_ms = l->network_ms - now_ms; /* as it is already */
	else {
		wait_ms = l->network_ms + LINK_NETWORK_MS - now_ms;
		if (l->network_ms == 0 || wait_ms < 0)
			wait_ms = 0;
		l->network_ms = now_ms + wait_ms;
	}
	switch (l->state) {
	case LINK_RESOLVING:
	case LINK_CONNECTING:
		if (now_ms - l->tried_ms < LINK_NETWORK_MS)
			break;
		link_lost(l, "the network has changed", false);
		/* FALLTHROUGH */
	case LINK_WAITING:
		link_arm(l, wait_ms + link_share(100));
		break;
	case LINK_UP:
		if (l->is_probed || wait_ms > 0)
			break;
		l->is_probed = true;
		link_arm(l, LINK_ANSWER_MS);
		l->handler->probe(l->arg);
		break;
	case LINK_HANDSHAKE:
	case LINK_CLOSED:
		break;
	}
}

static void
link_drop_network(struct link *l)
{
	if (l->network_readable != NULL)
		event_free(l->network_readable);
	l->network_readable = NULL;
	if (l->network != -1)
		(void)close(l->network);
	l->network = -1;
}

static void
link_network_cb(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;
	bool is_over, has_come = link_network_read(fd, &is_over);

	(void)what;
	if (is_over)
		link_drop_network(l);
	if (has_come)
		link_network_came(l);
}

void
link_watch_network(struct link *l, int fd)
{
	link_drop_network(l);
	l->network = fd;
	if (fd == -1)
		return;
	l->network_readable = event_new(l->base, fd, EV_READ | EV_PERSIST,
	    link_network_cb, l);
	if (l->network_readable == NULL ||
	    event_add(l->network_readable, NULL) == -1)
		abort();
}

bool
link_is_up(const struct link *l)
{
	return l->state == LINK_UP;
}

void
link_opened(struct link *l)
{
	l->state = LINK_UP;
	l->up_ms = l->heard_ms = link_now_ms();
	link_arm(l, LINK_SILENCE_MS);
	link_watch(l, true, false);
	l->handler->up(l->arg);
}

/* Events */

static void
link_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;

	(void)fd;
	(void)what;
	switch (l->state) {
	case LINK_RESOLVING:
		link_take_found(l);
		break;
	case LINK_HANDSHAKE:
		link_shake_hands(l);
		break;
	case LINK_UP:
		link_read(l);
		break;
	case LINK_CLOSED:
	case LINK_WAITING:
	case LINK_CONNECTING:
		break;
	}
}

static void
link_writable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;

	(void)fd;
	(void)what;
	if (l->state == LINK_CONNECTING)
		link_check_connect(l);
	else if (l->state == LINK_HANDSHAKE)
		link_shake_hands(l);
	else if (l->state == LINK_UP)
		link_write(l);
}

void
link_open_events(struct link *l)
{
	l->readable = event_new(l->base, l->fd, EV_READ | EV_PERSIST,
	    link_readable_cb, l);
	l->writable = event_new(l->base, l->fd, EV_WRITE | EV_PERSIST,
	    link_writable_cb, l);
	if (l->readable == NULL || l->writable == NULL)
		abort();
}

static void
link_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;
	int64_t quiet_ms;

	(void)fd;
	(void)what;
	switch (l->state) {
	case LINK_WAITING:
		link_connect(l);
		break;
	case LINK_CONNECTING:
		if (link_try_another(l))
			break;
		/* FALLTHROUGH */
	case LINK_RESOLVING:
	case LINK_HANDSHAKE:
		link_lost(l, "it takes too long to reach the server", false);
		break;
	case LINK_UP:
		quiet_ms = link_now_ms() - l->heard_ms;
		if (quiet_ms < LINK_SILENCE_MS) {
			l->is_probed = false;
			link_arm(l, LINK_SILENCE_MS - quiet_ms + 1);
		} else if (!l->is_probed) {
			l->is_probed = true;
			link_arm(l, LINK_ANSWER_MS);
			l->handler->probe(l->arg);
		} else
			link_lost(l, "the server is silent", false);
		break;
	case LINK_CLOSED:
		break;
	}
}

void
link_send(struct link *l, const char *data, size_t len)
{
	if (l->state != LINK_UP)
		return;
	if (l->out_done > LINK_UNSENT_MAX) {
		memmove(l->out.data, l->out.data + l->out_done, link_unsent(l));
		l->out.len -= l->out_done;
		l->out_done = 0;
	}
	buf_add(&l->out, data, len);
	if (l->out.len == len)
		link_write(l);
	else
		link_watch(l, true, true);
}

struct link *
link_new(struct event_base *base, const struct address *address,
    const struct link_handler *handler, void *arg)
{
	struct link *l = xcalloc(1, sizeof(*l));

	l->base = base;
	l->address = address;
	l->handler = handler;
	l->arg = arg;
	l->fd = l->network = -1;
	l->timer = event_new(base, -1, 0, link_timer_cb, l);
	if (l->timer == NULL)
		abort();
	return l;
}

void
link_free(struct link *l)
{
	if (l == NULL)
		return;
	link_close(l);
	link_drop_network(l);
	event_free(l->timer);
	buf_fini(&l->in);
	buf_wipe(&l->out);
	buf_fini(&l->out);
	free(l);
}

void
link_adopt(struct link *l, int fd)
{
	l->fd = fd;
	link_open_events(l);
	link_opened(l);
}

void
link_start(struct link *l)
{
	if (l->address->path == NULL && l->network == -1)
		link_watch_network(l, link_network_open());
	link_connect(l);
}
