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
#include "net/conn-impl.h"

#define CONN_TLS_READ_MAX 4096
#define CONN_TLS_FIN_MS 250
#define CONN_TLS_FORGIVE_MS 10000 /* between two tls_record_forgive() */

/* Spans are few mostly; a client that does not read gets so many. */
#define CONN_SPANS_FEW 8
#define CONN_SPANS_MAX 256

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

/* A peer that changes its keys now and then, and says nothing for days, is none
 * that floods. */
static void
conn_tls_forgive(struct conn *c)
{
	uint32_t now_ms = (uint32_t)c->net->clock->mono_ms;

	if (now_ms - c->tls->forgiven_ms < CONN_TLS_FORGIVE_MS)
		return;
	c->tls->forgiven_ms = now_ms;
	tls_record_forgive(&c->tls->record);
}

void
conn_tls_take(struct conn *c, char *data, size_t len)
{
	struct conn_tls *tls = c->tls;
	struct tls_opened opened;
	enum tls_result result;
	bool is_over = false;

	conn_tls_forgive(c);
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
			conn_handshake_look(tls->handshake);
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

	if (c->tls->spans.cap == 0)
		buf_begin(&c->tls->spans, CONN_SPANS_FEW * sizeof(span));
	buf_add(&c->tls->spans, &span, sizeof(span));
}

void
conn_tls_write(struct conn *c, const char *data, size_t len)
{
	struct conn_tls *tls = c->tls;
	struct buf *out = &c->net->tls.sealed;
	size_t count = conn_tls_spans(tls), part, before;

	if (tls->handshake != NULL || tls->is_failed) {
		conn_drop_output(c, len);
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
