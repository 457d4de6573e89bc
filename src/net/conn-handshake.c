/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Handshakes of TLS cost a fifth of a millisecond each, so they are a walk: one
 * step of one of them at a time, when nobody talks, for a quarter of a
 * millisecond. A connection that waits for its turn is not read.
 *
 *   hellos --> a slot --> the client --> answers --> secure
 *
 * Whoever has begun has a slot, of which there are so many. When all are taken,
 * and none becomes free by itself, who has had one for a second makes way for
 * somebody from elsewhere. (Not for one from the same place: a machine that is
 * slow with hundreds of connections would get on with none.) A client that has
 * sent no whole record yet has no slot. Answers and hellos take turns: if they
 * stood in one queue, who has begun would wait behind all who come, and of a
 * thousand who come at once on a slow machine hardly one would get to the end.
 *
 * An SSL cannot be handed to another program, but what has come before there is
 * one can. So before an upgrade none begins, and those that have begun are
 * waited for (net_tls_hold()).
 */
#include "config.h"

#include <sys/socket.h>

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/walk.h"
#include "net/conn-impl.h"
#include "net/tls-context.h"

#define CONN_TLS_HANDSHAKE_MS 10000
#define CONN_TLS_YIELD_MS 1000
#define CONN_TLS_FREE_MS 5 /* as accept-rate: 200 a second */
#define CONN_TLS_YIELD_AGAIN_MS 100
#define CONN_TLS_YIELD_LOOKS 64 /* hellos that are looked at for that */
#define CONN_TLS_SLICE_US 250
#define CONN_TLS_TIDY 500 /* handshakes between two net_tls_tidy() */

const char *const net_tls_old_versions[TLS_OLD_VERSIONS] = { "ssl", "1.0",
	"1.1", "1.2" };

static struct conn_handshakes *
handshake_queue(struct conn_handshake *h)
{
	struct net_tls *t = &h->c->net->tls;

	return h->place == HANDSHAKE_HELLO ? &t->hellos : &t->answers;
}

static void
handshake_move(struct conn_handshake *h, enum conn_handshake_place place)
{
	if (h->place != HANDSHAKE_ELSEWHERE)
		TAILQ_REMOVE(handshake_queue(h), h, entry);
	h->place = place;
	if (place == HANDSHAKE_ELSEWHERE)
		return;
	TAILQ_INSERT_TAIL(handshake_queue(h), h, entry);
	walk_start(&h->c->net->deadlines->walks, &h->c->net->tls.walk);
}

/* It has a whole record, and waits for its turn. */
static void
handshake_is_ready(struct conn_handshake *h)
{
	handshake_move(h, h->tls == NULL ? HANDSHAKE_HELLO : HANDSHAKE_ANSWER);
}

/* A slot may be free for who waits for one. */
static void
net_tls_retry(struct net *net)
{
	deadline_clear(net->deadlines, &net->tls.retry);
	if (!TAILQ_EMPTY(&net->tls.hellos))
		walk_start(&net->deadlines->walks, &net->tls.walk);
}

static void
net_tls_retry_cb(void *arg)
{
	net_tls_retry(arg);
}

void
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
		net->tls.freed_ms = net->clock->mono_ms;
		net->tls.since_tidy++;
		net_tls_retry(net);
	}
	tls_handshake_free(h->tls);
	free(h);
}

void
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
		handshake_is_ready(h);
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

static bool
handshakes_are_from_one(const struct conn_handshake *a,
    const struct conn_handshake *b)
{
	return credential_cmp(a->c->handler->from(a->c->arg),
		   b->c->handler->from(b->c->arg)) == 0;
}

/* All slots are taken: whom does the oldest make way for? If for nobody yet,
 * net_tls_retry() follows. */
static struct conn_handshake *
net_tls_next_in_place_of(struct net *net, const struct conn_handshake *oldest)
{
	int64_t again_ms = oldest->began_ms + CONN_TLS_YIELD_MS;
	struct conn_handshake *h;
	int looks = 0;

	if (again_ms < net->tls.freed_ms + CONN_TLS_FREE_MS)
		again_ms = net->tls.freed_ms + CONN_TLS_FREE_MS;
	if (net->clock->mono_ms >= again_ms) {
		TAILQ_FOREACH(h, &net->tls.hellos, entry) {
			if (!handshakes_are_from_one(h, oldest))
				return h;
			if (++looks == CONN_TLS_YIELD_LOOKS)
				break;
		}
		again_ms = net->clock->mono_ms + CONN_TLS_YIELD_AGAIN_MS;
	}
	deadline_set(net->deadlines, &net->tls.retry, again_ms);
	return NULL;
}

/* Who may begin, or NULL. */
static struct conn_handshake *
net_tls_next_hello(struct net *net)
{
	struct net_tls *t = &net->tls;

	if (t->is_held || TAILQ_EMPTY(&t->hellos))
		return NULL;
	if (t->slot_count < NET_TLS_SLOTS)
		return TAILQ_FIRST(&t->hellos);
	return net_tls_next_in_place_of(net, TAILQ_FIRST(&t->slots));
}

/* Makes h, which net_tls_next_hello() has found, an SSL. */
static bool
handshake_take_slot(struct conn_handshake *h)
{
	struct net *net = h->c->net;
	struct net_tls *t = &net->tls;

	if (t->slot_count == NET_TLS_SLOTS)
		conn_handshake_failed(TAILQ_FIRST(&t->slots)->c,
		    TLS_FAILURE_TIMEOUT);
	h->tls = t->context == NULL ? NULL : tls_handshake_new(t->context);
	if (h->tls == NULL) {
		conn_handshake_failed(h->c, TLS_FAILURE_BROKEN);
		return false;
	}
	h->began_ms = net->clock->mono_ms;
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

void
conn_handshake_look(struct conn_handshake *h)
{
	struct conn *c = h->c;
	ptrdiff_t len = tls_handshake_next(c->tls->partial.data,
	    c->tls->partial.len);

	if (len == -1)
		conn_handshake_garbage(c);
	else if (len > 0)
		handshake_is_ready(h);
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
		conn_handshake_look(h);
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

/*
 * Gives back, after a storm, what lies free between the members who came in it:
 * a handshake takes 46 KB while it lasts, and what outlives it is small and in
 * between. Once in many handshakes, as it may take a millisecond or two.
 */
static void
net_tls_tidy(struct net *net)
{
	if (net->tls.slot_count > 0 || net->tls.since_tidy < CONN_TLS_TIDY)
		return;
	net->tls.since_tidy = 0;
#ifdef HAVE_MALLOC_TRIM
	(void)malloc_trim(0);
#endif
}

/* Whose turn it is, or NULL. */
static struct conn_handshake *
net_tls_next(struct net *net)
{
	struct net_tls *t = &net->tls;
	struct conn_handshake *answer = TAILQ_FIRST(&t->answers);
	struct conn_handshake *hello = net_tls_next_hello(net);

	t->was_answer = answer != NULL && (hello == NULL || !t->was_answer);
	return t->was_answer ? answer : hello;
}

static bool
net_tls_walk(struct walk_budget *budget, void *arg)
{
	struct net *net = arg;
	struct conn_handshake *h;

	walk_budget_shorten(budget, CONN_TLS_SLICE_US);
	while (walk_may_take(budget)) {
		h = net_tls_next(net);
		if (h == NULL) {
			net_tls_tidy(net);
			return false;
		}
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

void
net_set_tls(struct net *net, struct tls_context *context)
{
	tls_context_free(net->tls.context);
	net->tls.context = context;
}

void
net_tls_init(struct net *net)
{
	TAILQ_INIT(&net->tls.hellos);
	TAILQ_INIT(&net->tls.answers);
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
