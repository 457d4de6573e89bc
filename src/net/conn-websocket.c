/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A WebSocket between a connection's lines and its bytes: a message that comes
 * is a line, and each line that is sent is a message.
 *
 *   bufferevent's input --> websocket_read() --> line()
 *   socket <-- [cork] <-- frames <-- conn_send_batch(), conn_reply()
 *
 * Frames count as output: conn_sent() and all that is known of it are about
 * bytes that went over the wire. All who are sent a batch get the same frames,
 * as a server's are not masked; so those made last are kept. Decided against
 * comparing lines for that: it costs a few per cent of the fan-out, as the
 * lines and a copy of them displace what the kernel needs from the cache.
 *
 * A browser's network process reads, acknowledges, answers pings and closes in
 * order for a page that is frozen or gone. So nothing of that tells what a
 * program has read: it is treated like a proxy (conn_set_relayed()), and only
 * the protocol's own answers count. Pings find out whether anything is there,
 * and keep what stands between from closing a silent connection.
 *
 * The end: each side sends a close frame, and the server closes (section
 * 7.1.1). An end without that is a broken connection.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/log.h"
#include "net/conn-impl.h"

/* For a close frame that says what was wrong to arrive. */
#define CONN_WEBSOCKET_FAILED_MS 2000

/* A ping after so much silence, and the end after as much without an answer.
 * Proxies commonly close what is silent for a minute. */
#define CONN_PING_MS 45000
#define CONN_PONG_MS 30000

/* A close frame is the connection's last: so long the rest may take. */
#define CONN_WEBSOCKET_FLUSH_MS 2000

const char *const net_web_refusals[NET_WEB_REFUSALS] = {
	[NET_WEB_HOST] = "host",
	[NET_WEB_ORIGIN] = "origin",
	[NET_WEB_VERSION] = "version",
	[NET_WEB_KEY] = "key",
};

void
conn_begin_websocket(struct conn *c, bool is_binary)
{
	assert(c->websocket == NULL && c->telnet == NULL);
	assert(c->has_no_telnet && !c->is_unread); /* conn_set_framing() */
	c->websocket = xcalloc(1, sizeof(*c->websocket));
	c->websocket->is_binary = is_binary;
	c->is_binary = is_binary;
	c->websocket->close_code = WEBSOCKET_NORMAL;
	c->websocket->heard_ms = (uint32_t)c->net->clock->mono_ms;
	conn_set_relayed(c);
}

bool
conn_is_websocket(const struct conn *c)
{
	return c->websocket != NULL;
}

void
conn_free_websocket(struct conn *c)
{
	if (c->websocket == NULL)
		return;
	websocket_fini(&c->websocket->reader);
	free(c->websocket);
	c->websocket = NULL;
}

/* Input */

/* Breaks off: the peer does not keep to the rules. */
static void
conn_websocket_fail(struct conn *c, uint16_t code)
{
	log_debug("a WebSocket is broken off: code=%u fd=%d", (unsigned)code,
	    c->fd);
	c->websocket->close_code = code;
	/* Nothing of what broke them is kept, or handed over. */
	websocket_fini(&c->websocket->reader);
	c->is_broken = true;
	c->net->web.broken++;
	conn_close(c, CONN_WEBSOCKET_FAILED_MS);
}

/* The peer has sent a close frame: nothing of what may come behind it counts. */
static void
conn_websocket_closed(struct conn *c, struct evbuffer *in, uint16_t code)
{
	c->websocket->is_closed = true;
	c->websocket->close_code = code;
	c->saw_eof = true;
	evbuffer_drain(in, evbuffer_get_length(in));
}

static void
conn_websocket_pong(struct conn *c, const struct websocket_got *got)
{
	struct buf frame = BUF_INITIALIZER;

	websocket_add_frame(&frame, WEBSOCKET_PONG, got->data, got->len);
	conn_reply_bytes(c, frame.data, frame.len);
	buf_fini(&frame);
}

/* Does what a frame asks for that is no line's. */
static void
conn_websocket_handle(struct conn *c, struct evbuffer *in,
    enum websocket_result result, const struct websocket_got *got)
{
	switch (result) {
	case WEBSOCKET_GOT_NOTHING:
	case WEBSOCKET_GOT_MESSAGE:
	case WEBSOCKET_GOT_TOO_LONG:
	case WEBSOCKET_GOT_PONG:
		break;
	case WEBSOCKET_GOT_PING:
		conn_websocket_pong(c, got);
		break;
	case WEBSOCKET_GOT_CLOSE:
		conn_websocket_closed(c, in, got->code);
		break;
	case WEBSOCKET_GOT_BAD:
		conn_websocket_fail(c, got->code);
		break;
	}
}

/* Some clients end their messages as they would their lines. */
static size_t
conn_message_len(const struct websocket_got *got)
{
	size_t len = got->len;

	if (len > 0 && got->data[len - 1] == '\n')
		len--;
	if (len < got->len && len > 0 && got->data[len - 1] == '\r')
		len--;
	return len;
}

enum framer_result
conn_next_message(struct conn *c, struct evbuffer *in, size_t max_len,
    struct framer_line *line)
{
	struct conn_websocket *ws = c->websocket;
	struct websocket_got got;
	enum websocket_result result;
	size_t len, used;
	char *chunk;

	if (ws->is_put_back) {
		ws->is_put_back = false;
		got.data = ws->reader.message.data;
		got.len = ws->reader.message.len;
		*line = (struct framer_line){
			.text = got.data,
			.len = conn_message_len(&got),
		};
		return FRAMER_LINE;
	}
	ws->heard_ms = (uint32_t)c->net->clock->mono_ms;
	ws->is_pinged = false;
	while (c->state == CONN_OPEN && !ws->is_closed && !c->is_choked &&
	    (len = evbuffer_get_contiguous_space(in)) > 0) {
		chunk = (char *)evbuffer_pullup(in, (ev_ssize_t)len);
		result = websocket_read(&ws->reader, chunk, len, max_len, &used,
		    &got);
		evbuffer_drain(in, used);
		if (result == WEBSOCKET_GOT_TOO_LONG)
			return FRAMER_TOO_LONG;
		if (result == WEBSOCKET_GOT_MESSAGE) {
			*line = (struct framer_line){
				.text = got.data,
				.len = conn_message_len(&got),
			};
			return FRAMER_LINE;
		}
		conn_websocket_handle(c, in, result, &got);
		if (result != WEBSOCKET_GOT_NOTHING)
			websocket_done(&ws->reader);
	}
	return FRAMER_MORE;
}

void
conn_message_done(struct conn *c, bool is_put_back)
{
	c->websocket->is_put_back = is_put_back;
	if (!is_put_back)
		websocket_done(&c->websocket->reader);
}

/* Output */

const struct buf *
conn_frame(struct conn *c, const char *lines, size_t len, uint64_t batch)
{
	struct net_frames *f = &c->net->batches[c->is_binary];
	struct buf *out = &c->net->frames;

	if (batch != 0) {
		if (f->batch == batch)
			return &f->frames;
		f->batch = batch;
		out = &f->frames;
	}
	buf_reset(out);
	websocket_add_lines(out,
	    c->is_binary ? WEBSOCKET_BINARY : WEBSOCKET_TEXT, lines, len);
	return out;
}

uint64_t
conn_sent_after(const struct conn *c, const char *lines, size_t len)
{
	return c->sent +
	    (c->websocket == NULL ? len : websocket_lines_size(lines, len));
}

/* Decided against 1012, a restart: who sends SIGTERM does not say whether the
 * program will be started again, and an upgrade keeps the connection. */
void
conn_set_going_away(struct conn *c)
{
	/* What the peer's own end, or fault, is answered with stays. */
	if (c->websocket != NULL && c->state == CONN_OPEN &&
	    !c->websocket->is_closed)
		c->websocket->close_code = WEBSOCKET_GOING_AWAY;
}

void
conn_websocket_say_goodbye(struct conn *c)
{
	struct buf frame = BUF_INITIALIZER;

	if (c->websocket == NULL)
		return;
	websocket_add_close(&frame, c->websocket->close_code);
	conn_reply_bytes(c, frame.data, frame.len);
	buf_fini(&frame);
}

void
conn_keep_alive(struct conn *c)
{
	static const char ping[2] = { (char)(WEBSOCKET_FIN | WEBSOCKET_PING),
		0 };
	struct conn_websocket *ws = c->websocket;
	uint32_t now_ms = (uint32_t)c->net->clock->mono_ms, silent_ms;

	if (ws == NULL || c->state != CONN_OPEN)
		return;
	/* What we do not read or cannot write tells nothing. */
	if (!c->is_reading || c->has_output) {
		ws->heard_ms = now_ms;
		ws->is_pinged = false;
		return;
	}
	silent_ms = now_ms - ws->heard_ms;
	if (!ws->is_pinged && silent_ms >= CONN_PING_MS) {
		ws->is_pinged = true;
		ws->heard_ms = now_ms; /* from here on the answer is late */
		conn_reply_bytes(c, ping, sizeof(ping));
	} else if (ws->is_pinged && silent_ms >= CONN_PONG_MS) {
		conn_give_up(c);
	}
}

/* The end */

void
conn_websocket_eof(struct conn *c)
{
	if (!c->websocket->is_closed) {
		conn_set_end(c, CONN_END_ERROR);
		return;
	}
	if (c->handler->eof != NULL && !c->told_eof) {
		c->told_eof = true;
		c->handler->eof(c, c->arg);
	}
	conn_close(c, CONN_WEBSOCKET_FLUSH_MS);
}
