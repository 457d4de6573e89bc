/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A connection on its way from one program to the next. The socket itself stays
 * open and keeps its options; what the kernel holds for it, both ways, stays
 * there. So this is what lies in our own buffers, and what we know about them.
 *
 * What reading waits for is not carried but found again: conn_continue_input()
 * knows it from the state.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/handoff.h"
#include "net/conn-impl.h"

/* What is read, before there is a connection. */
struct conn_parts {
	struct conn c; /* the first, so that its fields are where they are */
	struct tlv input, output, text;
};

/* Pieces of a buffer that are looked at together. */
#define CONN_VECS 16

/* By evbuffer_peek(): evbuffer_copyout() refuses a bufferevent's output. */
static void
conn_put_evbuffer(struct buf *out, uint16_t tag, struct evbuffer *from)
{
	struct evbuffer_iovec vecs[CONN_VECS];
	struct evbuffer_ptr at;
	size_t mark, left = evbuffer_get_length(from);
	int n, i;

	if (left == 0)
		return;
	mark = tlv_open(out, tag);
	(void)evbuffer_ptr_set(from, &at, 0, EVBUFFER_PTR_SET);
	while (left > 0) {
		n = evbuffer_peek(from, -1, &at, vecs, NITEMS(vecs));
		if (n > (int)NITEMS(vecs))
			n = NITEMS(vecs);
		for (i = 0; i < n; i++) {
			buf_add(out, vecs[i].iov_base, vecs[i].iov_len);
			assert(vecs[i].iov_len <= left);
			left -= vecs[i].iov_len;
			if (left > 0)
				(void)evbuffer_ptr_set(from, &at,
				    vecs[i].iov_len, EVBUFFER_PTR_ADD);
		}
		assert(n > 0);
	}
	tlv_close(out, mark);
}

static void
conn_put_text(struct fields_out *out, const struct field *f, const void *base)
{
	const struct conn *c = base;

	if (c->telnet != NULL)
		conn_put_evbuffer(&out->data, f->tag, c->telnet->text);
}

static void
conn_put_input(struct fields_out *out, const struct field *f, const void *base)
{
	const struct conn *c = base;

	if (c->bev != NULL)
		conn_put_evbuffer(&out->data, f->tag,
		    bufferevent_get_input(c->bev));
}

static void
conn_put_output(struct fields_out *out, const struct field *f, const void *base)
{
	const struct conn *c = base;

	if (c->bev != NULL)
		conn_put_evbuffer(&out->data, f->tag,
		    bufferevent_get_output(c->bev));
}

static bool
conn_check_telnet(struct fields_in *in, void *base)
{
	const struct conn_telnet *telnet = base;

	(void)in;
	return telnet_is_valid(&telnet->machine);
}

static bool
conn_parts_need_timer(const struct conn_parts *p)
{
	return p->output.len > 0 || p->c.state != CONN_OPEN;
}

static bool
conn_check(struct fields_in *in, void *base)
{
	const struct conn_parts *p = base;
	const struct conn *c = &p->c;
	bool has_output = p->output.len > 0;

	(void)in;
	return c->fd != -1 && (c->timer != NULL || !conn_parts_need_timer(p)) &&
	    !(has_output && c->state == CONN_LINGERING) &&
	    (p->text.len == 0 || c->telnet != NULL) &&
	    (c->websocket == NULL || c->telnet == NULL) &&
	    (has_output || !(c->was_refused || c->is_choked)) &&
	    (c->saw_eof || !c->told_eof) && c->confirmed <= c->sent;
}

static const struct field telnet_list[] = {
	{ FIELD_UINT(1, struct conn_telnet, machine.state) },
	{ FIELD_UINT(2, struct conn_telnet, machine.verb) },
	{ FIELD_BYTES(3, struct conn_telnet, machine.refused_do) },
	{ FIELD_BYTES(4, struct conn_telnet, machine.refused_will) },
	{ FIELD_BOOL(5, struct conn_telnet, machine.is_asked) },
	{ FIELD_UINT(6, struct conn_telnet, asked) },
	{ FIELD_BOOL(7, struct conn_telnet, machine.is_hiding) },
};
static const struct fields telnet_fields = {
	FIELDS("a telnet client", struct conn_telnet, telnet_list),
	.check = conn_check_telnet,
};

static const struct field timer_list[] = {
	{ FIELD_INT(1, struct conn_timer, deadline.at_ms) },
	{ FIELD_UINT(2, struct conn_timer, queued) },
	{ FIELD_UINT(3, struct conn_timer, moved) },
	{ FIELD_INT(4, struct conn_timer, moved_ms) },
	{ FIELD_UINT(5, struct conn_timer, discarded) },
};
static const struct fields timer_fields = { FIELDS("a connection's timer",
    struct conn_timer, timer_list) };

static const struct field handshake_list[] = {
	{ FIELD_INT(1, struct conn_handshake, deadline.at_ms) },
};
static const struct fields handshake_fields = { FIELDS("a TLS handshake",
    struct conn_handshake, handshake_list) };

static bool
conn_check_tls(struct fields_in *in, void *base)
{
	const struct conn_tls *tls = base;

	if (tls->partial.len > TLS_SEALED_MAX ||
	    tls->spans.len % sizeof(struct conn_span) != 0)
		return false;
	if (tls->handshake != NULL)
		return !tls->is_closed && !tls->is_failed &&
		    tls_handshake_next(tls->partial.data, tls->partial.len) >=
		    0;
	return tls->is_failed || tls_record_is_valid(&tls->record) ||
	    fields_fail(in, "this program cannot go on with TLS");
}

static const struct field tls_list[] = {
	{ FIELD_UINT(1, struct conn_tls, record.suite) },
	{ FIELD_UINT(2, struct conn_tls, record.in.sequence) },
	{ FIELD_BYTES(3, struct conn_tls, record.in.secret) },
	{ FIELD_BYTES(4, struct conn_tls, record.in.key) },
	{ FIELD_BYTES(5, struct conn_tls, record.in.iv) },
	{ FIELD_UINT(6, struct conn_tls, record.out.sequence) },
	{ FIELD_BYTES(7, struct conn_tls, record.out.secret) },
	{ FIELD_BYTES(8, struct conn_tls, record.out.key) },
	{ FIELD_BYTES(9, struct conn_tls, record.out.iv) },
	{ FIELD_UINT(10, struct conn_tls, record.idle_count) },
	{ FIELD_UINT(11, struct conn_tls, record.message_len) },
	{ FIELD_BYTES(12, struct conn_tls, record.message) },
	{ FIELD_BOOL(13, struct conn_tls, record.owes_update) },
	{ FIELD_BUF(14, struct conn_tls, partial) },
	{ FIELD_BUF(15, struct conn_tls, spans) },
	{ FIELD_UINT(16, struct conn_tls, lost) },
	{ FIELD_BYTES(17, struct conn_tls, peer.key) },
	{ FIELD_BOOL(18, struct conn_tls, peer.has_key) },
	{ FIELD_BOOL(19, struct conn_tls, peer.is_web) },
	{ FIELD_BOOL(20, struct conn_tls, is_closed) },
	{ FIELD_BOOL(21, struct conn_tls, has_fin) },
	{ FIELD_BOOL(22, struct conn_tls, is_failed) },
	{ FIELD_POINTER(23, struct conn_tls, handshake, &handshake_fields) },
};
static const struct fields conn_tls_fields = {
	FIELDS("a TLS connection", struct conn_tls, tls_list),
	.check = conn_check_tls,
};

static bool
conn_check_websocket(struct fields_in *in, void *base)
{
	const struct conn_websocket *ws = base;

	(void)in;
	return websocket_is_valid(&ws->reader) &&
	    (!ws->is_put_back ||
		(!ws->reader.is_in_message && ws->reader.message.len > 0));
}

static const struct field websocket_list[] = {
	{ FIELD_BUF(1, struct conn_websocket, reader.message) },
	{ FIELD_BUF(2, struct conn_websocket, reader.control) },
	{ FIELD_UINT(3, struct conn_websocket, reader.left) },
	{ FIELD_BYTES(4, struct conn_websocket, reader.head) },
	{ FIELD_UINT(5, struct conn_websocket, reader.head_len) },
	{ FIELD_UINT(6, struct conn_websocket, reader.mask_at) },
	{ FIELD_UINT(7, struct conn_websocket, reader.utf8.missing) },
	{ FIELD_UINT(8, struct conn_websocket, reader.utf8.low) },
	{ FIELD_UINT(9, struct conn_websocket, reader.utf8.high) },
	{ FIELD_BOOL(10, struct conn_websocket, reader.is_in_payload) },
	{ FIELD_BOOL(11, struct conn_websocket, reader.is_in_message) },
	{ FIELD_BOOL(12, struct conn_websocket, reader.is_text) },
	{ FIELD_BOOL(13, struct conn_websocket, reader.is_too_long) },
	{ FIELD_UINT(14, struct conn_websocket, heard_ms) },
	{ FIELD_UINT(15, struct conn_websocket, close_code) },
	{ FIELD_BOOL(16, struct conn_websocket, is_binary) },
	{ FIELD_BOOL(17, struct conn_websocket, is_pinged) },
	{ FIELD_BOOL(18, struct conn_websocket, is_closed) },
	{ FIELD_BOOL(19, struct conn_websocket, is_put_back) },
};
static const struct fields websocket_fields = {
	FIELDS("a WebSocket", struct conn_websocket, websocket_list),
	.check = conn_check_websocket,
};

static const struct field conn_list[] = {
	{ FIELD_FD(1, struct conn, fd, FIELDS_FD_STREAM) },
	{ FIELD_UINT(2, struct conn, state), .max = CONN_LINGERING },
	{ FIELD_UINT(3, struct conn, sent) },
	{ FIELD_UINT(4, struct conn, dropped) },
	{ FIELD_UINT(5, struct conn, wasted) },
	{ FIELD_BOOL(6, struct conn, framer.is_discarding) },
	{ FIELD_UINT(7, struct conn, flags) },
	{ FIELD_ITEM(8, struct conn_parts, input, conn_put_input) },
	{ FIELD_ITEM(9, struct conn_parts, output, conn_put_output) },
	{ FIELD_POINTER(10, struct conn, telnet, &telnet_fields) },
	{ FIELD_ITEM(11, struct conn_parts, text, conn_put_text) },
	{ FIELD_POINTER(12, struct conn, timer, &timer_fields) },
	{ FIELD_UINT(13, struct conn, confirmed) },
	{ FIELD_UINT(14, struct conn, window) },
	{ FIELD_UINT(15, struct conn, written_ms) },
	{ FIELD_UINT(16, struct conn, max_line), .max = UINT16_MAX },
	{ FIELD_POINTER(17, struct conn, tls, &conn_tls_fields) },
	{ FIELD_POINTER(18, struct conn, websocket, &websocket_fields) },
};
static const struct fields conn_fields = {
	FIELDS("a connection", struct conn_parts, conn_list),
	.check = conn_check,
};

static const struct field net_list[] = {
	{ FIELD_UINT(1, struct net, bytes_in) },
	{ FIELD_UINT(2, struct net, bytes_out) },
	{ FIELD_UINT(3, struct net, writes) },
	{ FIELD_UINT(4, struct net, accept_pauses_rate) },
	{ FIELD_UINT(5, struct net, accept_pauses_resources) },
	{ FIELD_UINT(6, struct net, tls.stats.handshakes) },
	{ FIELD_NUMBERS(7, struct net, tls.stats.failures) },
	{ FIELD_NUMBERS(8, struct net, tls.stats.old_versions) },
	{ FIELD_UINT(9, struct net, tls.stats.broken) },
	{ FIELD_NUMBERS(10, struct net, web.answers) },
	{ FIELD_NUMBERS(11, struct net, web.refused) },
	{ FIELD_UINT(12, struct net, web.broken) },
};
static const struct fields net_fields = { FIELDS("the net", struct net,
    net_list) };

void
conn_save(const struct conn *c, struct fields_out *out)
{
	assert(c->state != CONN_ENDED && !c->is_handling);
	assert(conn_can_be_saved(c));
	assert(c->net->corked != c);
	fields_put(out, &conn_fields, c);
}

void
net_save(const struct net *net, struct fields_out *out)
{
	fields_put_item(out, HANDOFF_NET, &net_fields, net);
}

/* -1: libevent has no memory. */
static int
conn_fill(struct conn *c, const struct conn_parts *p,
    const struct conn_telnet *telnet)
{
	if (telnet != NULL) {
		if (conn_begin_telnet(c) == -1 ||
		    evbuffer_add(c->telnet->text, p->text.data, p->text.len) ==
			-1)
			return -1;
		c->telnet->machine = telnet->machine;
		c->telnet->asked = telnet->asked;
	}
	if (p->input.len > 0 &&
	    (conn_need_bev(c) == NULL ||
		evbuffer_add(bufferevent_get_input(c->bev), p->input.data,
		    p->input.len) == -1))
		return -1;
	if (p->output.len == 0)
		return 0;
	if (conn_need_bev(c) == NULL ||
	    bufferevent_write(c->bev, p->output.data, p->output.len) == -1)
		return -1;
	c->has_output = true;
	if (c->was_refused || c->is_choked)
		conn_want_drained(c);
	return bufferevent_enable(c->bev, EV_WRITE);
}

static struct conn *
conn_make(struct net *net, struct conn_parts *p,
    const struct conn_handler *handler, void *arg)
{
	struct conn *c = conn_alloc(net, p->c.fd, handler, arg);
	struct conn_telnet *telnet = p->c.telnet;
	struct conn_timer *timer = p->c.timer;
	int result = -1;

	p->c.telnet = NULL;
	p->c.timer = NULL;
	if (c != NULL) {
		fields_move(&conn_fields, c, &p->c);
		c->is_binary = c->websocket != NULL && c->websocket->is_binary;
		result = conn_fill(c, p, telnet);
	}
	if (result == 0 && conn_parts_need_timer(p)) {
		fields_move(&timer_fields, conn_need_timer(c), timer);
		deadline_set(net->deadlines, &c->timer->deadline,
		    c->timer->deadline.at_ms);
	}
	free(telnet);
	free(timer);
	if (result == 0) {
		/* The FIN was waited for long enough. */
		if (c->tls != NULL && c->tls->is_closed)
			c->saw_eof = true;
		if (conn_is_shaking_hands(c))
			conn_tls_continue(c);
		conn_continue_input(c);
		return c;
	}
	conn_free(c);
	return NULL;
}

struct conn *
conn_load(struct net *net, struct fields_in *in, const struct tlv *item,
    const struct conn_handler *handler, void *arg)
{
	struct conn_parts p;
	struct conn *c;

	memset(&p, 0, sizeof(p));
	if (!fields_get(in, &conn_fields, item, &p))
		return NULL;
	c = conn_make(net, &p, handler, arg);
	if (c == NULL)
		(void)fields_fail(in, "cannot set up a connection");
	return c;
}

bool
net_load(struct net *net, struct fields_in *in, const struct tlv *item)
{
	return fields_get(in, &net_fields, item, net);
}
