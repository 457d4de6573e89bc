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

#include <sys/types.h>

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "net/conn-impl.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	CONN_TAG_FD = 1,
	CONN_TAG_STATE = 2,
	CONN_TAG_SENT = 3,
	CONN_TAG_DROPPED = 4,
	CONN_TAG_WASTED = 5,
	CONN_TAG_DISCARDING = 6,
	CONN_TAG_FLAGS = 7,
	CONN_TAG_INPUT = 8,
	CONN_TAG_OUTPUT = 9,
	CONN_TAG_TELNET = 10, /* the machine's fields and the text */
	CONN_TAG_TEXT = 11,
	CONN_TAG_TIMER = 12,
	CONN_TAG_RECENT = 13,
	CONN_TAG_OLDER = 14,
	CONN_TAG_LOOK_AT = 15,
	CONN_TAG_MAX_LINE = 16
};
enum {
	CONN_FLAG_PAUSED = 1 << 0,
	CONN_FLAG_CHOKED = 1 << 1,
	CONN_FLAG_REFUSED = 1 << 2,
	CONN_FLAG_INPUT = 1 << 3,
	CONN_FLAG_SAW_EOF = 1 << 4,
	CONN_FLAG_TOLD_EOF = 1 << 5,
	CONN_FLAG_TCP = 1 << 6,
	CONN_FLAG_SHUT = 1 << 7,
	CONN_FLAG_BROKEN = 1 << 8,
	CONN_FLAG_NO_TELNET = 1 << 9
};
enum { TELNET_TAG_STATE = 1, TELNET_TAG_VERB = 2, TELNET_TAG_REFUSED = 3 };
enum {
	TIMER_TAG_AT = 1,
	TIMER_TAG_QUEUED = 2,
	TIMER_TAG_MOVED = 3,
	TIMER_TAG_MOVED_MS = 4,
	TIMER_TAG_DISCARDED = 5
};
enum {
	NET_TAG_BYTES_IN = 1,
	NET_TAG_BYTES_OUT = 2,
	NET_TAG_WRITES = 3,
	NET_TAG_PAUSES_RATE = 4,
	NET_TAG_PAUSES_RESOURCES = 5
};

static const struct handoff_field conn_fields[] = {
	HANDOFF_UINT(CONN_TAG_STATE, struct conn, state, CONN_LINGERING),
	HANDOFF_UINT(CONN_TAG_SENT, struct conn, sent, UINT64_MAX),
	HANDOFF_UINT(CONN_TAG_DROPPED, struct conn, dropped, SIZE_MAX),
	HANDOFF_UINT(CONN_TAG_WASTED, struct conn, wasted, UINT32_MAX),
	HANDOFF_UINT(CONN_TAG_RECENT, struct conn, recent, UINT32_MAX),
	HANDOFF_UINT(CONN_TAG_OLDER, struct conn, older, UINT32_MAX),
	HANDOFF_UINT(CONN_TAG_LOOK_AT, struct conn, look_at_ms, UINT32_MAX),
	HANDOFF_UINT(CONN_TAG_MAX_LINE, struct conn, max_line, UINT16_MAX),
	HANDOFF_BOOL(CONN_TAG_DISCARDING, struct conn, framer.is_discarding),
};

static const struct handoff_field telnet_fields[] = {
	HANDOFF_UINT(TELNET_TAG_STATE, struct telnet, state, UINT8_MAX),
	HANDOFF_UINT(TELNET_TAG_VERB, struct telnet, verb, UINT8_MAX),
};

static const struct handoff_field timer_fields[] = {
	HANDOFF_INT(TIMER_TAG_AT, struct conn_timer, deadline.at_ms),
	HANDOFF_UINT(TIMER_TAG_QUEUED, struct conn_timer, queued, UINT64_MAX),
	HANDOFF_UINT(TIMER_TAG_MOVED, struct conn_timer, moved, UINT64_MAX),
	HANDOFF_INT(TIMER_TAG_MOVED_MS, struct conn_timer, moved_ms),
	HANDOFF_UINT(TIMER_TAG_DISCARDED, struct conn_timer, discarded,
	    SIZE_MAX),
};

static const struct handoff_field net_fields[] = {
	HANDOFF_UINT(NET_TAG_BYTES_IN, struct net, bytes_in, UINT64_MAX),
	HANDOFF_UINT(NET_TAG_BYTES_OUT, struct net, bytes_out, UINT64_MAX),
	HANDOFF_UINT(NET_TAG_WRITES, struct net, writes, UINT64_MAX),
	HANDOFF_UINT(NET_TAG_PAUSES_RATE, struct net, accept_pauses_rate,
	    UINT64_MAX),
	HANDOFF_UINT(NET_TAG_PAUSES_RESOURCES, struct net,
	    accept_pauses_resources, UINT64_MAX),
};

/* Pieces of a buffer that are looked at together. */
#define CONN_VECS 16

/* Writing */

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

static uint64_t
conn_flags(const struct conn *c)
{
	return (c->is_paused ? CONN_FLAG_PAUSED : 0u) |
	    (c->is_choked ? CONN_FLAG_CHOKED : 0u) |
	    (c->was_refused ? CONN_FLAG_REFUSED : 0u) |
	    (c->has_input ? CONN_FLAG_INPUT : 0u) |
	    (c->saw_eof ? CONN_FLAG_SAW_EOF : 0u) |
	    (c->told_eof ? CONN_FLAG_TOLD_EOF : 0u) |
	    (c->is_tcp ? CONN_FLAG_TCP : 0u) |
	    (c->is_shut ? CONN_FLAG_SHUT : 0u) |
	    (c->is_broken ? CONN_FLAG_BROKEN : 0u) |
	    (c->has_no_telnet ? CONN_FLAG_NO_TELNET : 0u);
}

void
conn_save(const struct conn *c, struct fields_out *out)
{
	struct buf *data = &out->data;
	uint64_t flags = conn_flags(c);
	size_t mark;

	assert(c->state != CONN_ENDED && !c->is_handling);
	assert(c->net->corked != c);
	fields_put_fd(out, CONN_TAG_FD, c->fd);
	handoff_put(data, conn_fields, NITEMS(conn_fields), c);
	if (flags != 0)
		tlv_put_u64(data, CONN_TAG_FLAGS, flags);
	if (c->telnet != NULL) {
		mark = tlv_open(data, CONN_TAG_TELNET);
		handoff_put(data, telnet_fields, NITEMS(telnet_fields),
		    &c->telnet->machine);
		tlv_put_bytes(data, TELNET_TAG_REFUSED,
		    c->telnet->machine.refused_do,
		    sizeof(c->telnet->machine.refused_do) +
			sizeof(c->telnet->machine.refused_will));
		tlv_close(data, mark);
		conn_put_evbuffer(data, CONN_TAG_TEXT, c->telnet->text);
	}
	if (c->bev != NULL) {
		conn_put_evbuffer(data, CONN_TAG_INPUT,
		    bufferevent_get_input(c->bev));
		conn_put_evbuffer(data, CONN_TAG_OUTPUT,
		    bufferevent_get_output(c->bev));
	}
	if (c->timer != NULL) {
		mark = tlv_open(data, CONN_TAG_TIMER);
		handoff_put(data, timer_fields, NITEMS(timer_fields), c->timer);
		tlv_close(data, mark);
	}
}

void
net_save(const struct net *net, struct fields_out *out)
{
	size_t mark = tlv_open(&out->data, HANDOFF_NET);

	handoff_put(&out->data, net_fields, NITEMS(net_fields), net);
	tlv_close(&out->data, mark);
}

/* Reading */

/* What was read, before there is a connection. */
struct conn_parts {
	struct conn c; /* only what conn_fields has */
	struct conn_timer timer;
	struct telnet telnet;
	uint64_t flags;
	struct tlv input, output, text;
	int fd;
	bool has_timer, has_telnet;
};

static bool
conn_get_all(const struct tlv *outer, const struct handoff_field fields[],
    size_t count, void *base)
{
	struct tlv_reader r;
	struct tlv item;

	tlv_enter(outer, &r);
	while (tlv_next(&r, &item))
		if (!handoff_get(&item, fields, count, base))
			return false;
	return !r.is_bad;
}

static bool
conn_get_telnet(struct telnet *t, const struct tlv *outer)
{
	struct tlv_reader r;
	struct tlv item;

	_Static_assert(offsetof(struct telnet, refused_will) -
		    offsetof(struct telnet, refused_do) ==
		sizeof(t->refused_do),
	    "they are read and written as one");
	telnet_init(t);
	tlv_enter(outer, &r);
	while (tlv_next(&r, &item)) {
		if (item.tag == TELNET_TAG_REFUSED) {
			if (item.len !=
			    sizeof(t->refused_do) + sizeof(t->refused_will))
				return false;
			memcpy(t->refused_do, item.data, sizeof(t->refused_do));
			memcpy(t->refused_will,
			    item.data + sizeof(t->refused_do),
			    sizeof(t->refused_will));
		} else if (!handoff_get(&item, telnet_fields,
			       NITEMS(telnet_fields), t)) {
			return false;
		}
	}
	return !r.is_bad && telnet_is_valid(t);
}

static bool
conn_get_part(struct conn_parts *p, struct fields_in *in,
    const struct tlv *item)
{
	switch (item->tag) {
	case CONN_TAG_FD:
		if (p->fd != -1)
			return false;
		p->fd = fields_get_fd(in, item, FIELDS_FD_STREAM);
		return p->fd != -1;
	case CONN_TAG_FLAGS:
		return tlv_get_u64(item, UINT64_MAX, &p->flags);
	case CONN_TAG_INPUT:
		p->input = *item;
		return true;
	case CONN_TAG_OUTPUT:
		p->output = *item;
		return true;
	case CONN_TAG_TEXT:
		p->text = *item;
		return true;
	case CONN_TAG_TELNET:
		p->has_telnet = true;
		return conn_get_telnet(&p->telnet, item);
	case CONN_TAG_TIMER:
		p->has_timer = true;
		return conn_get_all(item, timer_fields, NITEMS(timer_fields),
		    &p->timer);
	default:
		return handoff_get(item, conn_fields, NITEMS(conn_fields),
		    &p->c);
	}
}

static bool
conn_parts_need_timer(const struct conn_parts *p)
{
	return p->output.len > 0 || p->c.state != CONN_OPEN;
}

static bool
conn_parts_are_consistent(const struct conn_parts *p)
{
	bool has_output = p->output.len > 0;

	return p->fd != -1 && (p->has_timer || !conn_parts_need_timer(p)) &&
	    !(has_output && p->c.state == CONN_LINGERING) &&
	    (p->text.len == 0 || p->has_telnet) &&
	    (has_output ||
		(p->flags & (CONN_FLAG_REFUSED | CONN_FLAG_CHOKED)) == 0) &&
	    ((p->flags & CONN_FLAG_SAW_EOF) != 0 ||
		(p->flags & CONN_FLAG_TOLD_EOF) == 0);
}

/* -1: libevent has no memory. */
static int
conn_fill(struct conn *c, const struct conn_parts *p)
{
	if (p->has_telnet) {
		if (conn_begin_telnet(c) == -1 ||
		    evbuffer_add(c->telnet->text, p->text.data, p->text.len) ==
			-1)
			return -1;
		c->telnet->machine = p->telnet;
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

static void
conn_fill_timer(struct conn *c, const struct conn_timer *from)
{
	struct conn_timer *t = conn_need_timer(c);

	t->queued = from->queued;
	t->moved = from->moved;
	t->moved_ms = from->moved_ms;
	t->discarded = from->discarded;
	deadline_set(c->net->deadlines, &t->deadline, from->deadline.at_ms);
}

static struct conn *
conn_make(struct net *net, const struct conn_parts *p,
    const struct conn_handler *handler, void *arg)
{
	struct conn *c = conn_alloc(net, p->fd, handler, arg);

	if (c == NULL)
		return NULL;
	c->state = p->c.state;
	c->sent = p->c.sent;
	c->dropped = p->c.dropped;
	c->wasted = p->c.wasted;
	c->recent = p->c.recent;
	c->older = p->c.older;
	c->look_at_ms = p->c.look_at_ms;
	c->max_line = p->c.max_line;
	c->framer = p->c.framer;
	c->is_paused = (p->flags & CONN_FLAG_PAUSED) != 0;
	c->is_choked = (p->flags & CONN_FLAG_CHOKED) != 0;
	c->was_refused = (p->flags & CONN_FLAG_REFUSED) != 0;
	c->has_input = (p->flags & CONN_FLAG_INPUT) != 0;
	c->saw_eof = (p->flags & CONN_FLAG_SAW_EOF) != 0;
	c->told_eof = (p->flags & CONN_FLAG_TOLD_EOF) != 0;
	c->is_tcp = (p->flags & CONN_FLAG_TCP) != 0;
	c->is_shut = (p->flags & CONN_FLAG_SHUT) != 0;
	c->is_broken = (p->flags & CONN_FLAG_BROKEN) != 0;
	c->has_no_telnet = (p->flags & CONN_FLAG_NO_TELNET) != 0;
	if (conn_parts_need_timer(p))
		conn_fill_timer(c, &p->timer);
	if (conn_fill(c, p) == -1) {
		conn_free(c);
		return NULL;
	}
	conn_continue_input(c);
	return c;
}

struct conn *
conn_load(struct net *net, struct fields_in *in, const struct tlv *outer,
    const struct conn_handler *handler, void *arg)
{
	struct conn_parts p;
	struct tlv_reader r;
	struct tlv item;
	struct conn *c;
	bool is_good = true;

	memset(&p, 0, sizeof(p));
	p.fd = -1;
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		is_good = conn_get_part(&p, in, &item);
	if (!is_good || r.is_bad || !conn_parts_are_consistent(&p)) {
		if (p.fd != -1)
			(void)close(p.fd);
		(void)fields_fail(in, "a connection is not consistent");
		return NULL;
	}
	c = conn_make(net, &p, handler, arg);
	if (c == NULL)
		(void)fields_fail(in, "cannot set up a connection");
	return c;
}

bool
net_load(struct net *net, struct fields_in *in, const struct tlv *outer)
{
	if (conn_get_all(outer, net_fields, NITEMS(net_fields), net))
		return true;
	return fields_fail(in, "the counters are malformed");
}
