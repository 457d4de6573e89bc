/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Telnet on a connection, from its first IAC on: its own bytes are taken out of
 * what was read, before lines are looked for.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net/conn-impl.h"
#include "net/telnet.h"

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

struct evbuffer *
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
