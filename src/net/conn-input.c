/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Input is read only while no lines wait. When lines have to wait (their share
 * of the turn is used up, input is paused, or the client does not read its
 * answers), the event is off, so what waits for one client is bounded by
 * max_line and one read, and a readable descriptor cannot spin the loop. Hence
 * a client's EOF shows only after its lines have been handled.
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net/callback.h"
#include "net/conn-impl.h"

/* Bytes in one read(2): the most that one client may have waiting here. */
#define CONN_READ_MAX 4096

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
	if (c->websocket != NULL)
		conn_websocket_eof(c);
	else if (c->handler->eof == NULL)
		conn_set_end(c, CONN_END_EOF);
	else if (!c->told_eof) {
		c->told_eof = true;
		c->handler->eof(c, c->arg);
	}
}

/* Finds the next line, or message. */
static enum framer_result
conn_next_line(struct conn *c, struct evbuffer *text, struct framer_line *line)
{
	return c->websocket == NULL ?
	    framer_next(&c->framer, text, conn_max_line(c), line) :
	    conn_next_message(c, text, conn_max_line(c), line);
}

/* Ends what conn_next_line() began, unless the handler has put it back.
 * is_message: it was a WebSocket's. */
static void
conn_line_done(struct conn *c, struct evbuffer *text, struct framer_line *line,
    bool is_message)
{
	if (is_message)
		conn_message_done(c, c->has_put_back);
	else if (!c->has_put_back)
		framer_done(text, line);
	c->has_put_back = false;
}

void
conn_handle_input(struct conn *c)
{
	struct evbuffer *in, *text;
	struct framer_line line;
	enum framer_result result = FRAMER_LINE;
	size_t before, read;
	bool may_vouch, is_message;
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
		result = conn_next_line(c, text, &line);
		switch (result) {
		case FRAMER_MORE:
			break;
		case FRAMER_TOO_LONG:
			c->handler->too_long(c, c->arg);
			break;
		case FRAMER_LINE:
			if (may_vouch)
				conn_vouch(c);
			is_message = c->websocket != NULL;
			c->handler->line(c, line.text, line.len, line.has_cr,
			    c->arg);
			conn_line_done(c, text, &line, is_message);
			if (c->has_unseen)
				text = conn_text(c);
			break;
		case FRAMER_NO_MEMORY:
			conn_set_end(c, CONN_END_ERROR);
			break;
		}
	}
	/* What is left of a WebSocket's waits for its output to drain. */
	c->has_input = (evbuffer_get_length(text) > 0 &&
			   (result != FRAMER_MORE || c->websocket != NULL)) ||
	    (c->websocket != NULL && c->websocket->is_put_back);
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
conn_put_back(struct conn *c)
{
	assert(c->is_handling && c->is_paused);
	c->has_put_back = true;
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
		c->has_unseen = true;
		conn_handle_input(c);
	} else {
		conn_discard(c, (size_t)n);
	}
	conn_rest(c);
}

CALLBACK(conn_readable, struct conn, owner->net->clock)

int
conn_init_reading(struct conn *c)
{
	struct event *readable = conn_readable_event(c);

	if (event_assign(readable, c->net->base, c->fd, EV_READ | EV_PERSIST,
		conn_readable_cb, c) == -1)
		return -1;
	event_priority_set(readable, NET_PRIORITY_INPUT);
	return 0;
}
