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
 * its timer overdue, and asks before it gives up.
 *
 * Decided against: bufferevents, which would read on while nothing is taken,
 * and tell of TLS less than is needed here.
 */
#include "config.h"

#include <sys/types.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "brb/link-impl.h"
#include "brb/link.h"

#define LINK_FIRST_MS 700
#define LINK_MAX_MS 30000
#define LINK_REFUSED_MS 15000
#define LINK_STABLE_MS 10000
#define LINK_OPEN_MS 20000
#define LINK_SILENCE_MS 45000
#define LINK_ANSWER_MS 12000
#define LINK_READ 65536 /* bytes at once */
#define LINK_READS 8 /* in a turn of the loop, so that keys are seen */
#define LINK_UNSENT_MAX (1024 * 1024) /* bytes; beyond, nothing is read */

enum link_state {
	LINK_CLOSED,
	LINK_WAITING,
	LINK_RESOLVING,
	LINK_CONNECTING,
	LINK_HANDSHAKE,
	LINK_UP
};

struct link {
	struct event_base *base;
	const struct address *address;
	const struct link_handler *handler;
	void *arg;
	enum link_state state;
	int fd; /* of the connection, or the resolver's pipe; -1 */
	struct event *readable, *writable, *timer;
	pid_t resolver;
	struct link_address found[LINK_ADDRESSES_MAX];
	size_t found_count, found_next;
	struct link_tls *tls;
	struct buf in, out;
	size_t out_done;
	unsigned failures;
	bool was_refused;
	bool is_probed;
	bool is_paused;
	int64_t up_ms, heard_ms;
	int last_errno; /* of the addresses tried so far */
};

static int64_t
link_now_ms(void)
{
	return clock_now_us() / 1000;
}

static void link_connect(struct link *l);
static void link_read(struct link *l);
static void link_write(struct link *l);

static void
link_arm(struct link *l, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };

	(void)event_add(l->timer, &tv);
}

/* A server that asks and does not read gets no more asked: what waits for it
 * would grow without end. When it stays so, the timer finds it silent. */
static bool
link_may_read(const struct link *l)
{
	return !l->is_paused && link_unsent(l) <= LINK_UNSENT_MAX;
}

static void
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

static void
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

static void
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

bool
link_is_up(const struct link *l)
{
	return l->state == LINK_UP;
}

size_t
link_unsent(const struct link *l)
{
	return l->out.len - l->out_done;
}

static void
link_opened(struct link *l)
{
	l->state = LINK_UP;
	l->up_ms = l->heard_ms = link_now_ms();
	link_arm(l, LINK_SILENCE_MS);
	link_watch(l, true, false);
	l->handler->up(l->arg);
}

static void
link_shake_hands(struct link *l)
{
	char *why = NULL, *news = NULL;
	bool is_final = false;
	enum link_io io = link_tls_handshake(l->tls, &why, &news, &is_final);

	if (news != NULL)
		l->handler->notice(l->arg, news);
	free(news);
	switch (io) {
	case LINK_IO_DONE:
		link_opened(l);
		break;
	case LINK_IO_READ:
		link_watch(l, true, false);
		break;
	case LINK_IO_WRITE:
		link_watch(l, false, true);
		break;
	case LINK_IO_END:
	case LINK_IO_FAILED:
		link_lost(l, why == NULL ? "TLS could not be begun" : why,
		    is_final);
		break;
	}
	free(why);
}

static void
link_connected(struct link *l)
{
	char *why = NULL, *news = NULL;
	int one = 1;

	if (l->address->path == NULL)
		(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	if (!l->address->is_tls) {
		link_opened(l);
		return;
	}
	l->tls = link_tls_new(l->fd, l->address, &why, &news);
	if (news != NULL)
		l->handler->notice(l->arg, news);
	free(news);
	if (l->tls == NULL) {
		link_lost(l, why, true);
		free(why);
		return;
	}
	l->state = LINK_HANDSHAKE;
	link_shake_hands(l);
}

/* Events */

static void link_try_next(struct link *l);

static void
link_check_connect(struct link *l)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0) {
		link_watch(l, false, false);
		link_connected(l);
		return;
	}
	l->last_errno = error;
	link_drop_events(l);
	(void)close(l->fd);
	l->fd = -1;
	link_try_next(l);
}

/* Takes what the resolver says; at its end, goes on. */
static void
link_take_found(struct link *l)
{
	struct link_address a;
	char *why;
	ssize_t n;

	while ((n = read(l->fd, &a, sizeof(a))) == (ssize_t)sizeof(a)) {
		if (a.error != 0)
			l->found[0].error = a.error;
		else if (l->found_count < LINK_ADDRESSES_MAX)
			l->found[l->found_count++] = a;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	link_drop_events(l);
	(void)close(l->fd);
	l->fd = -1;
	(void)waitpid(l->resolver, NULL, 0);
	l->resolver = 0;
	if (l->found_count > 0) {
		l->state = LINK_CONNECTING;
		link_try_next(l);
		return;
	}
	why = xasprintf("%s is not known: %s", l->address->host,
	    gai_strerror(l->found[0].error));
	link_lost(l, why, false);
	free(why);
}

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

static void
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
	case LINK_RESOLVING:
	case LINK_CONNECTING:
	case LINK_HANDSHAKE:
		link_lost(l, "it takes too long to reach the server", false);
		break;
	case LINK_UP:
		quiet_ms = link_now_ms() - l->heard_ms;
		if (l->is_paused || quiet_ms < LINK_SILENCE_MS) {
			l->is_probed = false;
			link_arm(l,
			    l->is_paused ? LINK_SILENCE_MS :
					   LINK_SILENCE_MS - quiet_ms + 1);
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

/* Connecting */

/* -1: errno says why not. */
static int
link_connect_to(struct link *l, const struct sockaddr *sa, socklen_t len)
{
	l->fd = socket(sa->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd == -1)
		return -1;
	link_open_events(l);
	if (connect(l->fd, sa, len) == 0) {
		link_connected(l);
		return 0;
	}
	if (errno == EINPROGRESS || errno == EINTR) {
		link_watch(l, false, true);
		return 0;
	}
	l->last_errno = errno;
	link_drop_events(l);
	(void)close(l->fd);
	l->fd = -1;
	errno = l->last_errno;
	return -1;
}

static void
link_try_next(struct link *l)
{
	const struct link_address *a;
	char *why;

	while (l->found_next < l->found_count) {
		a = &l->found[l->found_next++];
		if (link_connect_to(l, (const struct sockaddr *)&a->address,
			a->len) == 0)
			return;
		l->last_errno = errno;
	}
	why = xasprintf("cannot connect to %s: %s", l->address->name,
	    strerror(l->last_errno));
	link_lost(l, why, false);
	free(why);
}

static void
link_connect_unix(struct link *l)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char *why;

	if (strlen(l->address->path) >= sizeof(sa.sun_path)) {
		link_lost(l, "the path of the socket is too long", true);
		return;
	}
	memcpy(sa.sun_path, l->address->path, strlen(l->address->path));
	if (link_connect_to(l, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return;
	why = xasprintf("cannot connect to '%s': %s", l->address->path,
	    strerror(errno));
	link_lost(l, why, false);
	free(why);
}

static void
link_connect(struct link *l)
{
	link_arm(l, LINK_OPEN_MS);
	l->found_count = l->found_next = 0;
	l->found[0].error = 0;
	l->state = LINK_CONNECTING;
	if (l->address->path != NULL) {
		link_connect_unix(l);
		return;
	}
	l->fd = link_resolve(l->address->host, l->address->port, &l->resolver);
	if (l->fd == -1) {
		link_lost(l, strerror(errno), false);
		return;
	}
	l->state = LINK_RESOLVING;
	link_open_events(l);
	link_watch(l, true, false);
}

/* Reading and writing */

static enum link_io
link_read_some(struct link *l, char *out, size_t len, size_t *n)
{
	ssize_t got;

	if (l->tls != NULL)
		return link_tls_read(l->tls, out, len, n);
	do
		got = read(l->fd, out, len);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return errno == EAGAIN ? LINK_IO_READ : LINK_IO_FAILED;
	*n = (size_t)got;
	return got == 0 ? LINK_IO_END : LINK_IO_DONE;
}

/* Hands on all whole lines. False: the connection is gone, or there is nothing
 * to be done with it. */
static bool
link_take_lines(struct link *l, size_t looked)
{
	size_t start = 0;
	char *end;

	while ((end = memchr(l->in.data + looked, '\n', l->in.len - looked)) !=
	    NULL) {
		*end = '\0';
		looked = (size_t)(end - l->in.data) + 1;
		l->handler->line(l->arg, l->in.data + start,
		    looked - start - 1);
		if (l->state != LINK_UP)
			return false;
		start = looked;
	}
	memmove(l->in.data, l->in.data + start, l->in.len - start);
	l->in.len -= start;
	if (l->in.len > LINK_LINE_MAX) {
		link_lost(l, "the server sends lines that are too long", false);
		return false;
	}
	return true;
}

static void
link_read(struct link *l)
{
	size_t n, before;
	int i;

	for (i = 0; i < LINK_READS && link_may_read(l); i++) {
		switch (link_read_some(l, buf_reserve(&l->in, LINK_READ),
		    LINK_READ, &n)) {
		case LINK_IO_DONE:
			break;
		case LINK_IO_READ:
		case LINK_IO_WRITE:
			return;
		case LINK_IO_END:
			link_lost(l, "the server has closed the connection",
			    false);
			return;
		case LINK_IO_FAILED:
			link_lost(l, "the connection was lost", false);
			return;
		}
		before = l->in.len;
		l->in.len += n;
		l->heard_ms = link_now_ms();
		l->is_probed = false;
		if (!link_take_lines(l, before))
			return;
		if (n < LINK_READ && l->tls == NULL)
			return;
	}
	/* What TLS holds is told by no socket. */
	if (l->tls != NULL && link_may_read(l))
		event_active(l->readable, EV_READ, 0);
}

static enum link_io
link_write_some(struct link *l, const char *data, size_t len, size_t *n)
{
	ssize_t put;

	if (l->tls != NULL)
		return link_tls_write(l->tls, data, len, n);
	do
		put = send(l->fd, data, len, MSG_NOSIGNAL);
	while (put == -1 && errno == EINTR);
	if (put == -1)
		return errno == EAGAIN ? LINK_IO_WRITE : LINK_IO_FAILED;
	*n = (size_t)put;
	return LINK_IO_DONE;
}

static void
link_write(struct link *l)
{
	size_t n;

	while (l->out_done < l->out.len) {
		switch (link_write_some(l, l->out.data + l->out_done,
		    l->out.len - l->out_done, &n)) {
		case LINK_IO_DONE:
			l->out_done += n;
			break;
		case LINK_IO_READ:
		case LINK_IO_WRITE:
			link_watch(l, true, true);
			return;
		case LINK_IO_END:
		case LINK_IO_FAILED:
			/* What the server has sent is read first: it may say
			 * why. The end is told by that. */
			buf_reset(&l->out);
			l->out_done = 0;
			link_watch(l, true, false);
			return;
		}
	}
	buf_reset(&l->out);
	l->out_done = 0;
	link_watch(l, true, false);
	/* It may have stopped reading: what TLS holds is told by no socket. */
	if (l->tls != NULL)
		event_active(l->readable, EV_READ, 0);
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

void
link_pause(struct link *l)
{
	l->is_paused = true;
	if (l->state == LINK_UP)
		(void)event_del(l->readable);
}

void
link_resume(struct link *l)
{
	if (!l->is_paused)
		return;
	l->is_paused = false;
	if (l->state == LINK_UP) {
		l->heard_ms = link_now_ms();
		(void)event_add(l->readable, NULL);
		event_active(l->readable, EV_READ, 0);
	}
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
	l->fd = -1;
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
	link_connect(l);
}
