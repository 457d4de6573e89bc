/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Decided against: accepting no faster than accept-rate. The kernel's queue is
 * in the order of arrival, so that who comes from elsewhere stands behind all
 * of a flood, for half a minute (hostile 148). To accept is cheap; what costs
 * is a session, a greeting, and the history in it.
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "base/deadline.h"
#include "base/util.h"
#include "net/gate.h"

/* Somebody who waits. */
struct gate_peer {
	TAILQ_ENTRY(gate_peer) entry;
	int fd;
	struct listener_peer peer;
	char *protocols; /* peer's */
	struct origin *origin; /* it holds the connection */
};
TAILQ_HEAD(gate_queue, gate_peer);

struct gate {
	struct net *net;
	struct origins *origins;
	listener_accepted *accepted, *refused;
	void *arg;
	struct gate_queue waiting; /* in the order of arrival */
	size_t count;
	struct deadline due;
};

static void
gate_take_out(struct gate *gate, struct gate_peer *p)
{
	TAILQ_REMOVE(&gate->waiting, p, entry);
	gate->count--;
	origin_release(p->origin, ORIGIN_WAITING, 1);
}

static void
gate_let_in(struct gate *gate, struct gate_peer *p)
{
	gate_take_out(gate, p);
	gate->accepted(p->fd, &p->peer, gate->arg);
	free(p->protocols);
	free(p);
}

/* Lets in those whose turn it is; *wait_ms is when to ask again. */
static void
gate_look(void *arg)
{
	struct gate *gate = arg;
	struct gate_peer *p, *next;
	int64_t now_ms = gate->net->clock->mono_ms, wait_ms, least_ms = -1;

	TAILQ_FOREACH_SAFE(p, &gate->waiting, entry, next) {
		if (origin_may_connect(p->origin,
			gate->net->options->accept_rate, &wait_ms))
			gate_let_in(gate, p);
		else if (least_ms == -1 || wait_ms < least_ms)
			least_ms = wait_ms;
	}
	if (least_ms != -1)
		deadline_set(gate->net->deadlines, &gate->due,
		    now_ms + least_ms);
}

struct gate *
gate_new(struct net *net, struct origins *origins, listener_accepted *accepted,
    listener_accepted *refused, void *arg)
{
	struct gate *gate = xcalloc(1, sizeof(*gate));

	gate->net = net;
	gate->origins = origins;
	gate->accepted = accepted;
	gate->refused = refused;
	gate->arg = arg;
	TAILQ_INIT(&gate->waiting);
	deadline_init(&gate->due, gate_look, gate);
	return gate;
}

void
gate_free(struct gate *gate)
{
	struct gate_peer *p;

	if (gate == NULL)
		return;
	while ((p = TAILQ_FIRST(&gate->waiting)) != NULL) {
		gate_take_out(gate, p);
		(void)close(p->fd);
		free(p->protocols);
		free(p);
	}
	deadline_clear(gate->net->deadlines, &gate->due);
	free(gate);
}

static void
gate_wait(struct gate *gate, int fd, const struct listener_peer *peer,
    struct origin *origin, int64_t wait_ms)
{
	struct gate_peer *p = xcalloc(1, sizeof(*p));

	p->fd = fd;
	p->peer = *peer;
	p->peer.protocols = p->protocols = xstrdup(peer->protocols);
	p->origin = origin;
	origin_hold(origin, ORIGIN_WAITING, 1);
	TAILQ_INSERT_TAIL(&gate->waiting, p, entry);
	gate->count++;
	gate->net->accept_pauses_rate++;
	if (!gate->due.is_set)
		deadline_set(gate->net->deadlines, &gate->due,
		    gate->net->clock->mono_ms + wait_ms);
}

void
gate_enter(struct gate *gate, int fd, const struct listener_peer *peer)
{
	const struct options *o = gate->net->options;
	struct origin *origin = origins_get(gate->origins, &peer->credential);
	uint64_t waiting = origin_holds(origin, ORIGIN_WAITING);
	int64_t wait_ms = 0;

	/* Not before those who came earlier. */
	if (waiting == 0 &&
	    origin_may_connect(origin, o->accept_rate, &wait_ms))
		gate->accepted(fd, peer, gate->arg);
	else if (waiting < GATE_WAITING &&
	    gate->net->count + gate->count < o->max_members)
		gate_wait(gate, fd, peer, origin, wait_ms);
	else
		gate->refused(fd, peer, gate->arg);
}

void
gate_open(struct gate *gate)
{
	struct gate_peer *p;

	while ((p = TAILQ_FIRST(&gate->waiting)) != NULL)
		gate_let_in(gate, p);
}
