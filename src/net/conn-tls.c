/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * TLS between a connection and its socket:
 *
 *   socket --> partial --> tls_open() --> bufferevent's input --> as ever
 *   socket <-- bufferevent's output <-- tls_seal() <-- conn_send(), ...
 *
 * What is sealed is queued as ciphertext, and never sealed again. What one turn
 * writes is one record, up to 16 KiB.
 *
 * Handshakes cost a fifth of a millisecond each, so they are a walk: one step
 * of one of them at a time, when nobody talks, for a millisecond at most. A
 * connection that waits for its turn is not read. So many may be at it at once;
 * others wait, and who has been at it for a second makes way. A client that has
 * sent no whole record yet takes no such place.
 *
 * An SSL cannot be handed to another program, but what has come before there is
 * one can. So before an upgrade none begins, and those that have begun are
 * waited for (net_tls_hold()).
 *
 * A close_notify tells that no more input comes, and the FIN behind it that the
 * peer has read all; what we send in between makes that a reset, where the peer
 * is gone. So we wait for the FIN, a moment.
 *
 * The peer's kernel acknowledges ciphertext. So that we know which lines that
 * is, the lengths of records are kept until they are acknowledged: a look at
 * the kernel when there are many, and two become one when there still are.
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/log.h"
#include "base/walk.h"
#include "net/conn-impl.h"
#include "net/tls-context.h"

#define CONN_TLS_HANDSHAKE_MS 10000
#define CONN_TLS_YIELD_MS 1000
#define CONN_TLS_FAILED_MS 2000 /* for the alert to arrive */
#define CONN_TLS_READ_MAX 4096
#define CONN_TLS_FIN_MS 250

const char *const net_tls_old_versions[TLS_OLD_VERSIONS] = { "ssl", "1.0",
	"1.1", "1.2" };

/* Spans are few mostly; a client that does not read gets so many. */
#define CONN_SPANS_FEW 8
#define CONN_SPANS_MAX 256

/* Handshakes */

static void
handshake_move(struct conn_handshake *h, enum conn_handshake_place place)
{
	struct net_tls *t = &h->c->net->tls;

	if (h->place != HANDSHAKE_ELSEWHERE)
		TAILQ_REMOVE(h->place == HANDSHAKE_READY ? &t->ready :
							   &t->waiting,
		    h, entry);
	h->place = place;
	if (place == HANDSHAKE_ELSEWHERE)
		return;
	TAILQ_INSERT_TAIL(place == HANDSHAKE_READY ? &t->ready : &t->waiting, h,
	    entry);
	if (place == HANDSHAKE_READY)
		walk_start(&h->c->net->deadlines->walks, &t->walk);
}

/* Somebody's place is free: all who wait for one try again. */
static void
net_tls_retry(struct net *net)
{
	struct conn_handshake *h;

	deadline_clear(net->deadlines, &net->tls.retry);
	while ((h = TAILQ_FIRST(&net->tls.waiting)) != NULL)
		handshake_move(h, HANDSHAKE_READY);
}

static void
net_tls_retry_cb(void *arg)
{
	net_tls_retry(arg);
}

static void
conn_drop_handshake(struct conn *c)
{
	struct conn_handshake *h = c->tls->handshake;
	struct net *net = c->net;

	if (h == NULL)
		return;
	c->tls->handshake = NULL;
	handshake_move(h, HANDSHAKE_ELSEWHERE);
	deadline_clear(net->deadlines, &h->deadline);
	if (h->tls != NULL) {
		TAILQ_REMOVE(&net->tls.slots, h, slot);
		net->tls.slot_count--;
		net_tls_retry(net);
	}
	tls_handshake_free(h->tls);
	free(h);
}

/* There will be no TLS; an alert may be on its way. */
static void
conn_handshake_failed(struct conn *c, enum tls_failure why)
{
	c->net->tls.stats.failures[why]++;
	log_debug("no TLS: why=%s fd=%d", tls_failure_str(why), c->fd);
	c->is_broken = true;
	c->tls->is_failed = true;
	conn_drop_handshake(c);
	buf_fini(&c->tls->partial);
	if (why == TLS_FAILURE_CLOSED || why == TLS_FAILURE_TIMEOUT)
		conn_set_end(c, CONN_END_ERROR);
	else
		conn_close(c, CONN_TLS_FAILED_MS);
}

static void
conn_handshake_cb(void *arg)
{
	conn_handshake_failed(arg, TLS_FAILURE_TIMEOUT);
}

static void
conn_await_handshake(struct conn *c, struct conn_handshake *h, int64_t until_ms)
{
	c->tls->handshake = h;
	h->c = c;
	deadline_init(&h->deadline, conn_handshake_cb, c);
	deadline_set(c->net->deadlines, &h->deadline, until_ms);
}

void
conn_tls_begin(struct conn *c)
{
	c->may_be_tls = false;
	c->tls = xcalloc(1, sizeof(*c->tls));
	conn_await_handshake(c, xcalloc(1, sizeof(struct conn_handshake)),
	    c->net->clock->mono_ms + CONN_TLS_HANDSHAKE_MS);
}

void
conn_tls_continue(struct conn *c)
{
	struct conn_handshake *h = c->tls->handshake;

	conn_await_handshake(c, h, h->deadline.at_ms);
	if (tls_handshake_next(c->tls->partial.data, c->tls->partial.len) > 0)
		handshake_move(h, HANDSHAKE_READY);
}

bool
conn_tls_look(struct conn *c)
{
	char byte;

	/* A reload may have taken the certificate away. */
	if (c->net->tls.context == NULL) {
		c->may_be_tls = false;
		return true;
	}
	if (recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 1)
		return true;
	c->may_be_tls = false;
	if (byte != CONN_TLS_FIRST_BYTE)
		return true;
	if (c->sent > 0) {
		c->handler->tls(c, CONN_TLS_IS_LATE, c->arg);
		return false;
	}
	conn_tls_begin(c);
	c->handler->tls(c, CONN_TLS_BEGINS, c->arg);
	return c->state == CONN_OPEN;
}

/* Makes h an SSL, if there is a place. */
static bool
handshake_take_slot(struct conn_handshake *h)
{
	struct net *net = h->c->net;
	struct net_tls *t = &net->tls;
	struct conn_handshake *oldest = TAILQ_FIRST(&t->slots);
	int64_t now_ms = net->clock->mono_ms;

	if (t->is_held) {
		handshake_move(h, HANDSHAKE_WAITING);
		return false;
	}
	if (t->slot_count == NET_TLS_SLOTS) {
		if (now_ms - oldest->began_ms < CONN_TLS_YIELD_MS) {
			handshake_move(h, HANDSHAKE_WAITING);
			deadline_set(net->deadlines, &t->retry,
			    oldest->began_ms + CONN_TLS_YIELD_MS);
			return false;
		}
		conn_handshake_failed(oldest->c, TLS_FAILURE_TIMEOUT);
	}
	h->tls = t->context == NULL ? NULL : tls_handshake_new(t->context);
	if (h->tls == NULL) {
		conn_handshake_failed(h->c, TLS_FAILURE_BROKEN);
		return false;
	}
	h->began_ms = now_ms;
	TAILQ_INSERT_TAIL(&t->slots, h, slot);
	t->slot_count++;
	return true;
}

size_t
net_tls_hold(struct net *net)
{
	net->tls.is_held = true;
	return net->tls.slot_count;
}

void
net_tls_release(struct net *net)
{
	net->tls.is_held = false;
	net_tls_retry(net);
}

static void conn_tls_take(struct conn *c, char *data, size_t len);

/* The handshake is over. What came behind it is opened at once. */
static void
conn_tls_secure(struct conn *c)
{
	struct conn_tls *tls = c->tls;
	struct buf rest;

	if (!tls_handshake_finish(tls->handshake->tls, &tls->record,
		&tls->peer)) {
		conn_handshake_failed(c, TLS_FAILURE_BROKEN);
		return;
	}
	c->net->tls.stats.handshakes++;
	conn_drop_handshake(c);
	rest = tls->partial;
	memset(&tls->partial, 0, sizeof(tls->partial));
	c->handler->tls(c, CONN_TLS_IS_SECURE, c->arg);
	if (rest.len > 0)
		conn_tls_take(c, rest.data, rest.len);
	buf_wipe(&rest);
	buf_fini(&rest);
	conn_update_reading(c);
}

static void
conn_handshake_garbage(struct conn *c)
{
	conn_write_sealed(c, TLS_GARBAGE_ALERT, sizeof(TLS_GARBAGE_ALERT) - 1);
	conn_handshake_failed(c, TLS_FAILURE_GARBAGE);
}

/* To be called when more has come: has h something to do? */
static void
handshake_look(struct conn_handshake *h)
{
	struct conn *c = h->c;
	ptrdiff_t len = tls_handshake_next(c->tls->partial.data,
	    c->tls->partial.len);

	if (len == -1)
		conn_handshake_garbage(c);
	else if (len > 0)
		handshake_move(h, HANDSHAKE_READY);
	conn_update_reading(c);
}

/* Takes one record, and does what follows. */
static void
handshake_step(struct conn_handshake *h)
{
	struct conn *c = h->c;
	struct buf *partial = &c->tls->partial, *out = &c->net->tls.sealed;
	ptrdiff_t len = tls_handshake_next(partial->data, partial->len);
	enum tls_step step;
	unsigned version;
	enum tls_failure failure;

	handshake_move(h, HANDSHAKE_ELSEWHERE);
	if (c->state != CONN_OPEN ||
	    (h->tls == NULL && !handshake_take_slot(h)))
		return;
	buf_reset(out);
	step = tls_handshake_step(h->tls, partial->data, (size_t)len, out);
	partial->len -= (size_t)len;
	memmove(partial->data, partial->data + len, partial->len);
	if (out->len > 0)
		conn_write_sealed(c, out->data, out->len);
	if (c->state != CONN_OPEN)
		return;
	switch (step) {
	case TLS_STEP_MORE:
		handshake_look(h);
		break;
	case TLS_STEP_DONE:
		conn_tls_secure(c);
		break;
	case TLS_STEP_FAILED:
		failure = tls_handshake_failure(h->tls, &version);
		if (failure == TLS_FAILURE_VERSION)
			c->net->tls.stats.old_versions[version]++;
		conn_handshake_failed(c, failure);
		break;
	}
}

static bool
net_tls_walk(struct walk_budget *budget, void *arg)
{
	struct net *net = arg;
	struct conn_handshake *h;

	while (walk_may_take(budget)) {
		h = TAILQ_FIRST(&net->tls.ready);
		if (h == NULL)
			return false;
		handshake_step(h);
		walk_took_long(budget);
	}
	return true;
}

bool
conn_tls_is_busy(const struct conn *c)
{
	return c->tls->handshake != NULL &&
	    c->tls->handshake->place != HANDSHAKE_ELSEWHERE;
}

/* Input */

/* Breaks off: the peer does not keep to the rules. */
static void
conn_tls_fail(struct conn *c, enum tls_alert alert)
{
	struct buf *out = &c->net->tls.sealed;

	log_debug("TLS is broken off: alert=%d fd=%d", (int)alert, c->fd);
	c->net->tls.stats.broken++;
	buf_reset(out);
	if (c->state == CONN_OPEN) {
		tls_seal_alert(&c->tls->record, out, alert);
		conn_write_sealed(c, out->data, out->len);
	}
	c->is_broken = true;
	c->tls->is_failed = true;
	conn_close(c, CONN_TLS_FAILED_MS);
}

static void
conn_tls_take_data(struct conn *c, const struct tls_opened *opened)
{
	c->net->bytes_in += opened->consumed - opened->len;
	if (c->state != CONN_OPEN || opened->len == 0)
		return;
	if (conn_need_bev(c) == NULL ||
	    evbuffer_add(bufferevent_get_input(c->bev), opened->data,
		opened->len) == -1)
		conn_set_end(c, CONN_END_ERROR);
}

static void
conn_tls_set_eof(struct conn *c)
{
	c->saw_eof = true;
	conn_update_reading(c);
}

/* To be called after a close_notify. */
static void
conn_tls_await_fin(struct conn *c)
{
	ssize_t n;
	char byte;

	n = recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	if (n == 0)
		c->tls->has_fin = true;
	else if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->is_broken = true; /* looking has taken the error away */
	if (c->tls->has_fin || c->is_broken || c->has_output)
		conn_tls_set_eof(c);
	else
		deadline_set(c->net->deadlines, &conn_need_timer(c)->deadline,
		    c->net->clock->mono_ms + CONN_TLS_FIN_MS);
}

void
conn_tls_no_fin(struct conn *c)
{
	if (!c->has_output)
		conn_drop_timer(c);
	conn_tls_set_eof(c);
	conn_take_input(c);
}

/* Opens the records in data, and keeps what is left. */
static void
conn_tls_take(struct conn *c, char *data, size_t len)
{
	struct conn_tls *tls = c->tls;
	struct tls_opened opened;
	enum tls_result result;
	bool is_over = false;

	do {
		result = tls_open(&tls->record, data, len, &opened);
		data += opened.consumed;
		len -= opened.consumed;
		switch (result) {
		case TLS_MORE:
			break;
		case TLS_DATA:
			conn_tls_take_data(c, &opened);
			break;
		case TLS_UPDATE:
			/* It costs as much as a line. */
			if (c->state == CONN_OPEN && c->handler->waste != NULL)
				c->handler->waste(c, c->arg);
			break;
		case TLS_CLOSED:
			tls->is_closed = is_over = true;
			break;
		case TLS_ENDED:
		case TLS_BAD:
			is_over = true;
			break;
		}
	} while (result != TLS_MORE && !is_over && c->state != CONN_ENDED);
	buf_fini(&tls->partial);
	if (!is_over && len > 0)
		buf_add(&tls->partial, data, len);
	if (tls->is_closed && c->state == CONN_OPEN)
		conn_tls_await_fin(c);
	if (c->state == CONN_OPEN)
		conn_take_input(c);
	if (result == TLS_BAD)
		conn_tls_fail(c, opened.alert);
	else if (result == TLS_ENDED)
		conn_set_end(c, CONN_END_ERROR);
}

/* The socket's end, which anybody on the way may have made up. */
static void
conn_tls_take_fin(struct conn *c)
{
	struct conn_tls *tls = c->tls;

	tls->has_fin = true;
	if (tls->handshake != NULL) {
		conn_handshake_failed(c, TLS_FAILURE_CLOSED);
		return;
	}
	if (!tls->is_closed)
		c->is_broken = true;
	conn_tls_set_eof(c);
	if (c->state == CONN_LINGERING)
		conn_set_end(c, CONN_END_CLOSED);
	else if (c->state == CONN_OPEN && !tls->is_closed)
		conn_set_end(c, CONN_END_ERROR);
	else if (c->state == CONN_OPEN) {
		if (!c->has_output)
			conn_drop_timer(c);
		conn_take_input(c);
	}
}

static void
conn_tls_begin_with_text(struct conn *c)
{
	conn_tls_free(c);
	c->handler->tls(c, CONN_TLS_IS_MISSING, c->arg);
}

void
conn_tls_readable(struct conn *c)
{
	static char scratch[TLS_SEALED_MAX + CONN_TLS_READ_MAX];
	struct conn_tls *tls = c->tls;
	size_t had = tls->partial.len;
	ssize_t n;

	assert(had <= TLS_SEALED_MAX);
	n = recv(c->fd, scratch + had, CONN_TLS_READ_MAX, MSG_DONTWAIT);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			conn_set_end(c, CONN_END_ERROR);
		return;
	}
	if (n == 0) {
		conn_tls_take_fin(c);
		return;
	}
	if (c->state != CONN_OPEN)
		conn_discard(c, (size_t)n);
	if (tls->handshake != NULL && c->state == CONN_OPEN) {
		buf_add(&tls->partial, scratch + had, (size_t)n);
		if (tls->handshake->tls == NULL &&
		    tls->partial.data[0] != CONN_TLS_FIRST_BYTE)
			conn_tls_begin_with_text(c);
		else
			handshake_look(tls->handshake);
		return;
	}
	if (tls->handshake != NULL || tls->is_failed || tls->is_closed ||
	    c->state == CONN_ENDED)
		return;
	if (had > 0)
		memcpy(scratch, tls->partial.data, had);
	conn_tls_take(c, scratch, had + (size_t)n);
	/* It was opened in place, and may be a password. */
	explicit_bzero(scratch, had + (size_t)n);
}

/* Output */

static size_t
conn_tls_spans(const struct conn_tls *tls)
{
	return tls->spans.len / sizeof(struct conn_span);
}

size_t
conn_tls_unsent(const struct conn_tls *tls, size_t sealed)
{
	const struct conn_span *spans = (const void *)tls->spans.data;
	size_t i, left = sealed + tls->lost, plain = 0;

	for (i = conn_tls_spans(tls); i > 0 && left > 0; i--) {
		plain += spans[i - 1].plain;
		left -= left < spans[i - 1].sealed ? left : spans[i - 1].sealed;
	}
	return plain;
}

/* Forgets what the peer's kernel has. */
static void
conn_tls_prune(struct conn *c)
{
	struct conn_tls *tls = c->tls;
	struct conn_span *spans = (void *)tls->spans.data;
	size_t i, first, count = conn_tls_spans(tls);
	size_t left = conn_sealed_unsent(c) + tls->lost;

	for (first = count; first > 0 && left > 0; first--)
		left -= left < spans[first - 1].sealed ?
		    left :
		    spans[first - 1].sealed;
	count -= first;
	if (count == 0) {
		buf_fini(&tls->spans);
		return;
	}
	memmove(spans, spans + first, count * sizeof(*spans));
	if (count >= CONN_SPANS_MAX) {
		for (i = 0; i < count / 2; i++) {
			spans[i].sealed = spans[2 * i].sealed +
			    spans[2 * i + 1].sealed;
			spans[i].plain = spans[2 * i].plain +
			    spans[2 * i + 1].plain;
		}
		if (count % 2 == 1)
			spans[i++] = spans[count - 1];
		count = i;
	}
	tls->spans.len = count * sizeof(*spans);
}

static void
conn_tls_add_span(struct conn *c, size_t sealed, size_t plain)
{
	struct conn_span span = { (uint32_t)sealed, (uint32_t)plain };

	buf_add(&c->tls->spans, &span, sizeof(span));
}

void
conn_tls_write(struct conn *c, const char *data, size_t len)
{
	struct conn_tls *tls = c->tls;
	struct buf *out = &c->net->tls.sealed;
	size_t count = conn_tls_spans(tls), part, before;

	if (tls->handshake != NULL || tls->is_failed) {
		c->dropped += len;
		return;
	}
	/* At 8, 16, 32 and so on. */
	if (count >= CONN_SPANS_MAX ||
	    (count >= CONN_SPANS_FEW && (count & (count - 1)) == 0))
		conn_tls_prune(c);
	buf_reset(out);
	for (; len > 0; data += part, len -= part) {
		part = len < TLS_PLAIN_MAX ? len : TLS_PLAIN_MAX;
		before = out->len;
		tls_seal(&tls->record, out, data, part);
		conn_tls_add_span(c, out->len - before, part);
	}
	conn_write_sealed(c, out->data, out->len);
}

void
conn_tls_say_goodbye(struct conn *c)
{
	struct buf *out = &c->net->tls.sealed;

	if (c->tls == NULL || c->tls->handshake != NULL || c->tls->is_failed)
		return;
	buf_reset(out);
	tls_seal_alert(&c->tls->record, out, TLS_ALERT_CLOSE_NOTIFY);
	conn_tls_add_span(c, out->len, 0);
	conn_write_sealed(c, out->data, out->len);
}

/* From start to end */

void
conn_tls_free(struct conn *c)
{
	struct conn_tls *tls = c->tls;

	if (tls == NULL)
		return;
	conn_drop_handshake(c);
	tls_record_wipe(&tls->record);
	buf_fini(&tls->partial);
	buf_fini(&tls->spans);
	free(tls);
	c->tls = NULL;
}

void
conn_set_tls(struct conn *c, enum conn_tls_use use)
{
	if (use == CONN_TLS_ONLY)
		conn_tls_begin(c);
	else
		c->may_be_tls = use == CONN_TLS_MAYBE &&
		    c->net->tls.context != NULL;
}

bool
conn_is_secure(const struct conn *c)
{
	return c->tls != NULL && c->tls->handshake == NULL &&
	    !c->tls->is_failed;
}

bool
conn_is_shaking_hands(const struct conn *c)
{
	return c->tls != NULL && c->tls->handshake != NULL;
}

bool
conn_can_be_saved(const struct conn *c)
{
	return !conn_is_shaking_hands(c) || c->tls->handshake->tls == NULL;
}

const uint8_t *
conn_tls_key(const struct conn *c)
{
	return conn_is_secure(c) && c->tls->peer.has_key ? c->tls->peer.key :
							   NULL;
}

const char *
conn_tls_alpn(const struct conn *c)
{
	return conn_is_secure(c) && c->tls->peer.is_web ? "http/1.1" : NULL;
}

void
net_set_tls(struct net *net, struct tls_context *context)
{
	tls_context_free(net->tls.context);
	net->tls.context = context;
}

void
net_tls_init(struct net *net)
{
	TAILQ_INIT(&net->tls.ready);
	TAILQ_INIT(&net->tls.waiting);
	TAILQ_INIT(&net->tls.slots);
	walk_init(&net->tls.walk, "tls handshakes", net_tls_walk, net);
	deadline_init(&net->tls.retry, net_tls_retry_cb, net);
}

void
net_tls_fini(struct net *net)
{
	walk_stop(&net->deadlines->walks, &net->tls.walk);
	deadline_clear(net->deadlines, &net->tls.retry);
	net_set_tls(net, NULL);
	buf_fini(&net->tls.sealed);
	tls_record_free_shared();
}
