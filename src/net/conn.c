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
 * ourselves, since its own read would cost a second event and an ioctl(2).
 *
 * Output goes past the bufferevent while nothing is queued in it: that is one
 * system call, where a bufferevent alone needs two epoll_ctl(2) and another
 * turn of the loop. has_output tells whether anything is queued, so that the
 * ordinary case asks libevent nothing.
 *
 * Input is read only while no lines wait. When lines have to wait (their share
 * of the turn is used up, input is paused, or the client does not read its
 * answers), the event is off, so what waits for one client is bounded by
 * max_line and one read, and a readable descriptor cannot spin the loop. Hence
 * a client's EOF shows only after its lines have been handled.
 *
 * Most connections have nothing queued and speak no telnet; struct conn_timer
 * and struct conn_telnet are allocated only while they are needed.
 *
 * TLS lies between the socket and all of this: conn-tls.c.
 *
 * Only conn_free() frees anything: a connection that is over goes to
 * net->ended, and its owner is told by conn_reap() at the turn's end. So a
 * failing write never calls anybody back (hostile 51, 52).
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net/callback.h"
#include "net/conn-impl.h"
#include "net/telnet.h"

/* While closing: how much input is discarded, and how long we wait. */
#define CONN_DISCARD_MAX (1024 * 1024)
#define CONN_LINGER_MS 2000

/* Bytes in one read(2): the most that one client may have waiting here. */
#define CONN_READ_MAX 4096

/* A silent peer is probed after a while, and given up after three minutes. */
#define CONN_KEEPALIVE_IDLE_S 120
#define CONN_KEEPALIVE_INTERVAL_S 20
#define CONN_KEEPALIVE_PROBES 3
#define CONN_USER_TIMEOUT_MS (180 * 1000)

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

/* Schedules waiting input for the next turn. */
static void
conn_handle_later(struct conn *c)
{
	/*
	 * Not event_active(): libevent runs what a callback activates at its
	 * own priority in the same pass, and would read from nobody else. A
	 * timer of zero joins the queue after the sockets polled next.
	 */
	static const struct timeval at_once = { 0, 0 };

	if (c->in_queue != CONN_NOWHERE)
		return;
	conn_move(c, CONN_IN_MORE_INPUT);
	if (!event_pending(c->net->resume, EV_TIMEOUT, NULL) &&
	    event_add(c->net->resume, &at_once) == -1)
		conn_set_end(c, CONN_END_ERROR);
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

/* Input */

static bool
conn_takes_lines(const struct conn *c)
{
	return c->state == CONN_OPEN && !c->is_paused && !c->is_choked;
}

/* Asks the owner as well. */
static bool
conn_may_take_line(struct conn *c)
{
	if (conn_takes_lines(c) && c->handler->before_line != NULL)
		c->handler->before_line(c, c->arg);
	return conn_takes_lines(c);
}

void
conn_continue_input(struct conn *c)
{
	if (!c->is_handling && conn_takes_lines(c) &&
	    (c->has_input || (c->saw_eof && !c->told_eof)))
		conn_handle_later(c);
	conn_update_reading(c);
}

/* Moves what the bufferevent has read into telnet->text, without telnet's own
 * bytes. */
static void
conn_filter_telnet(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct buf reply = BUF_INITIALIZER;
	struct evbuffer_iovec vec;
	const char *chunk;
	size_t len;

	while ((len = evbuffer_get_contiguous_space(in)) > 0) {
		chunk = (const char *)evbuffer_pullup(in, (ev_ssize_t)len);
		if (evbuffer_reserve_space(c->telnet->text, (ev_ssize_t)len,
			&vec, 1) != 1) {
			conn_set_end(c, CONN_END_ERROR);
			break;
		}
		vec.iov_len = telnet_filter(&c->telnet->machine, vec.iov_base,
		    chunk, len, &reply);
		evbuffer_commit_space(c->telnet->text, &vec, 1);
		evbuffer_drain(in, len);
	}
	if (c->telnet->machine.has_mark) {
		conn_answered(c, c->telnet->asked);
		c->telnet->machine.has_mark = false;
		c->telnet->asked = 0;
	}
	if (reply.len > 0)
		conn_reply(c, reply.data, reply.len);
	buf_fini(&reply);
}

void
conn_ask_telnet(struct conn *c)
{
	if (c->telnet == NULL || c->telnet->asked > 0)
		return;
	conn_reply(c, TELNET_ASK, sizeof(TELNET_ASK) - 1);
	c->telnet->machine.is_asked = true;
	c->telnet->asked = c->sent;
}

void
conn_hide_typing(struct conn *c, bool is_hidden)
{
	if (c->telnet == NULL || c->telnet->machine.is_hiding == is_hidden)
		return;
	c->telnet->machine.is_hiding = is_hidden;
	/* The end of the line that was typed was not shown either. */
	if (is_hidden)
		conn_reply(c, TELNET_HIDE, sizeof(TELNET_HIDE) - 1);
	else
		conn_reply(c, TELNET_SHOW "\r\n", sizeof(TELNET_SHOW) + 1);
}

int
conn_begin_telnet(struct conn *c)
{
	struct evbuffer *text = evbuffer_new();

	if (text == NULL)
		return -1;
	c->telnet = xcalloc(1, sizeof(*c->telnet));
	telnet_init(&c->telnet->machine);
	c->telnet->text = text;
	return 0;
}

/*
 * Looks for the first IAC in new input. Before anybody knows what the peer
 * speaks it tells something only where it comes first, as a telnet client sends
 * it; else it is a byte like any other until conn_take_telnet().
 */
static void
conn_detect_telnet(struct conn *c)
{
	static const char iac = (char)TELNET_IAC;
	struct evbuffer *in = bufferevent_get_input(c->bev);
	ev_ssize_t pos = -1;

	c->has_unseen = false;
	if (c->telnet != NULL || (c->has_no_telnet && !c->is_unread))
		return;
	pos = evbuffer_search(in, &iac, 1, NULL).pos;
	if (c->is_unread && pos != 0) {
		c->has_no_telnet = true;
		pos = -1;
	}
	c->is_unread = false;
	if (pos != -1 && conn_begin_telnet(c) == -1)
		conn_set_end(c, CONN_END_ERROR);
}

/* Where the lines are looked for. */
static struct evbuffer *
conn_text(struct conn *c)
{
	if (c->has_unseen)
		conn_detect_telnet(c);
	if (c->telnet == NULL)
		return bufferevent_get_input(c->bev);
	conn_filter_telnet(c);
	return c->telnet->text;
}

size_t
conn_take_telnet(struct conn *c, char *line, size_t len)
{
	struct buf reply = BUF_INITIALIZER;

	c->is_unread = false;
	if (!c->has_no_telnet)
		return len;
	c->has_no_telnet = false;
	c->has_unseen = true;
	if (memchr(line, TELNET_IAC, len) == NULL)
		return len;
	if (conn_begin_telnet(c) == -1) {
		conn_set_end(c, CONN_END_ERROR);
		return len;
	}
	len = telnet_filter(&c->telnet->machine, line, line, len, &reply);
	if (reply.len > 0)
		conn_reply(c, reply.data, reply.len);
	buf_fini(&reply);
	return len;
}

bool
conn_has_telnet(const struct conn *c)
{
	return c->telnet != NULL;
}

static size_t
conn_max_line(const struct conn *c)
{
	return c->max_line > 0 ? c->max_line :
				 (size_t)c->net->options->max_line;
}

void
conn_set_framing(struct conn *c, size_t max_line)
{
	assert(max_line <= UINT16_MAX);
	c->max_line = (uint16_t)max_line;
	c->has_no_telnet = true;
	c->is_unread = false;
}

/* Counts bytes that were read without completing a line. */
static void
conn_count_waste(struct conn *c, size_t bytes)
{
	if (bytes == 0 || c->handler->waste == NULL || c->state != CONN_OPEN)
		return;
	c->wasted += (uint32_t)bytes;
	if (c->wasted > conn_max_line(c)) {
		c->wasted = 0;
		c->handler->waste(c, c->arg);
	}
}

/* Called when all that the peer sent before its EOF has been handled. */
static void
conn_tell_eof(struct conn *c)
{
	if (c->handler->eof == NULL)
		conn_set_end(c, CONN_END_EOF);
	else if (!c->told_eof) {
		c->told_eof = true;
		c->handler->eof(c, c->arg);
	}
}

/* The one place where input is handled: new input, input that has waited, and
 * EOF. */
static void
conn_handle_input(struct conn *c)
{
	struct evbuffer *in, *text;
	struct framer_line line;
	enum framer_result result = FRAMER_LINE;
	size_t before, read;
	bool may_vouch;
	int n;

	if (conn_need_bev(c) == NULL)
		return;
	in = bufferevent_get_input(c->bev);
	before = evbuffer_get_length(in);
	c->is_handling = true;
	conn_cork(c);
	/* A line that has waited tells nothing of what was written since it
	 * came. */
	may_vouch = !c->has_waited;
	text = conn_text(c);
	c->has_input = true; /* until the framer finds no line */
	for (n = 0; result != FRAMER_MORE && n < CONN_LINES_PER_TURN &&
	     conn_may_take_line(c);
	     n += result != FRAMER_MORE) {
		result = framer_next(&c->framer, text, conn_max_line(c), &line);
		switch (result) {
		case FRAMER_MORE:
			break;
		case FRAMER_TOO_LONG:
			c->handler->too_long(c, c->arg);
			break;
		case FRAMER_LINE:
			if (may_vouch)
				conn_vouch(c);
			c->handler->line(c, line.text, line.len, line.has_cr,
			    c->arg);
			framer_done(text, &line);
			if (c->has_unseen)
				text = conn_text(c);
			break;
		case FRAMER_NO_MEMORY:
			conn_set_end(c, CONN_END_ERROR);
			break;
		}
	}
	c->has_input = result != FRAMER_MORE && evbuffer_get_length(text) > 0;
	c->has_waited = c->has_input;
	read = before - evbuffer_get_length(in);
	c->net->bytes_in += read;
	if (n > 0)
		c->wasted = 0;
	else
		conn_count_waste(c, read);
	conn_uncork(c);
	c->is_handling = false;

	if (c->state == CONN_OPEN && !c->has_input && c->saw_eof)
		conn_tell_eof(c);
	else
		conn_continue_input(c);
	conn_rest(c);
}

void
conn_take_input(struct conn *c)
{
	if (c->bev != NULL &&
	    evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
		c->has_unseen = true;
	conn_handle_input(c);
}

void
conn_pause_input(struct conn *c)
{
	c->is_paused = true;
	conn_update_reading(c);
}

void
conn_resume_input(struct conn *c)
{
	c->is_paused = false;
	conn_continue_input(c);
}

/* Reads once, into the input, or nowhere if c is closing. Returns what read(2)
 * does. */
static ssize_t
conn_read(struct conn *c)
{
	static char discarded[CONN_READ_MAX];
	struct evbuffer *in;
	struct evbuffer_iovec vec;
	ssize_t n;

	if (c->state != CONN_OPEN)
		return recv(c->fd, discarded, sizeof(discarded), MSG_DONTWAIT);
	if (conn_need_bev(c) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	in = bufferevent_get_input(c->bev);
	if (evbuffer_reserve_space(in, CONN_READ_MAX, &vec, 1) != 1) {
		errno = ENOMEM;
		return -1;
	}
	n = recv(c->fd, vec.iov_base, CONN_READ_MAX, MSG_DONTWAIT);
	vec.iov_len = n > 0 ? (size_t)n : 0;
	evbuffer_commit_space(in, &vec, 1);
	return n;
}

/* Libevent's callbacks */

static void
conn_readable(struct conn *c)
{
	ssize_t n;

	if (c->may_be_tls && !conn_tls_look(c))
		return;
	if (c->tls != NULL) {
		conn_tls_readable(c);
		conn_rest(c);
		return;
	}
	n = conn_read(c);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			conn_set_end(c, CONN_END_ERROR);
	} else if (n == 0) {
		c->saw_eof = true;
		conn_update_reading(c);
		if (c->state == CONN_OPEN)
			conn_handle_input(c);
		else if (c->state == CONN_LINGERING)
			conn_set_end(c, CONN_END_CLOSED);
	} else if (c->state == CONN_OPEN) {
		conn_take_input(c);
	} else {
		conn_discard(c, (size_t)n);
	}
	conn_rest(c);
}

CALLBACK(conn_readable, struct conn, owner->net->clock)

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

static void
net_resume(struct net *net)
{
	struct conn *c;

	/*
	 * Those with still more lines go back to more_input: once a turn each.
	 */
	TAILQ_FOREACH(c, &net->more_input, entry)
		c->in_queue = CONN_IN_RESUMING;
	TAILQ_CONCAT(&net->resuming, &net->more_input, entry);
	while ((c = TAILQ_FIRST(&net->resuming)) != NULL) {
		conn_move(c, CONN_NOWHERE);
		conn_handle_input(c);
	}
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
}

static void
conn_set_option(int fd, int level, int name, int value)
{
	/* Nice to have: a socket without it works nonetheless. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

void
conn_probe(struct conn *c, bool is_on)
{
#ifdef TCP_KEEPIDLE
	if (!c->is_tcp || c->state != CONN_OPEN)
		return;
	conn_set_option(c->fd, IPPROTO_TCP, TCP_KEEPIDLE,
	    is_on ? 1 : CONN_KEEPALIVE_IDLE_S);
	conn_set_option(c->fd, IPPROTO_TCP, TCP_KEEPINTVL,
	    is_on ? 1 : CONN_KEEPALIVE_INTERVAL_S);
#else
	(void)c;
	(void)is_on;
#endif
}

bool
conn_has_acked(const struct conn *c, int64_t ms)
{
#ifdef TCP_KEEPIDLE
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	return !c->is_tcp || c->is_relayed ||
	    getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1 ||
	    (int64_t)info.tcpi_last_ack_recv < ms;
#else
	(void)c;
	(void)ms;
	return true;
#endif
}

void
conn_give_up(struct conn *c)
{
	conn_set_end(c, CONN_END_ERROR);
}

static void
conn_set_tcp_options(const struct net *net, int fd)
{
	conn_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	conn_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	/* Or else the urgent byte of telnet's Synch (RFC 854), a command, is
	 * not read, and the IAC before it eats what comes behind. */
	conn_set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	/* Else the kernel grows the buffer of a peer that does not read to some
	 * megabytes, outside of all our limits. */
	conn_set_option(fd, SOL_SOCKET, SO_SNDBUF,
	    net->options->output_limit > CONN_SNDBUF_MIN ?
		(int)net->options->output_limit :
		CONN_SNDBUF_MIN);
#ifdef TCP_KEEPIDLE
	conn_set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, CONN_KEEPALIVE_IDLE_S);
	conn_set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL,
	    CONN_KEEPALIVE_INTERVAL_S);
	conn_set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, CONN_KEEPALIVE_PROBES);
#endif
#ifdef TCP_USER_TIMEOUT
	/* It counts a window that stays shut, too, which our stall check is to
	 * judge: so it must not be sooner. */
	int64_t timeout_ms = 2 * net->options->stall_timeout;

	if (timeout_ms < CONN_USER_TIMEOUT_MS)
		timeout_ms = CONN_USER_TIMEOUT_MS;
	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	conn_set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)timeout_ms);
#else
	(void)net;
#endif
}

struct conn *
conn_alloc(struct net *net, int fd, const struct conn_handler *handler,
    void *arg)
{
	struct conn *c;

	c = xcalloc(1, sizeof(*c) + event_get_struct_event_size());
	if (event_assign(conn_readable_event(c), net->base, fd,
		EV_READ | EV_PERSIST, conn_readable_cb, c) == -1) {
		free(c);
		close(fd);
		return NULL;
	}
	event_priority_set(conn_readable_event(c), NET_PRIORITY_INPUT);
	c->net = net;
	c->handler = handler;
	c->arg = arg;
	c->fd = fd;
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
	conn_tls_free(c);
	event_del(conn_readable_event(c));
	conn_give_back_bev(c);
	close(c->fd);
	c->net->count--;
	free(c);
}

void
conn_reap(struct net *net)
{
	struct conn *c;

	/* Connections that end meanwhile are appended; each ends once, so this
	 * ends. */
	while ((c = TAILQ_FIRST(&net->ended)) != NULL) {
		conn_move(c, CONN_NOWHERE);
		c->handler->ended(c, (enum conn_end)c->end, c->arg);
	}
}

bool
conn_is_ending(const struct conn *c)
{
	return c->state != CONN_OPEN;
}

int
conn_fd(const struct conn *c)
{
	return c->fd;
}
