/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The loop: one event base, one timer for all deadlines, the turn and the
 * walks.
 *
 *   input (priority 0): sockets, timers, signals
 *   turn  (priority 1): when no input is left, or TURN_LIMIT after the call:
 *     flush what was said, let those behind read on, then free what has ended
 *   walks (priority 2): a slice when there is neither, or WALK_LIMIT after the
 *     last one
 *
 * libevent runs a lower priority only when a poll finds nothing of a higher
 * one. So reads that are ready join the turn, and steady input would put it off
 * for ever, hence the limits, timers of priority 0.
 *
 * Where turns are expensive, they may wait for more lines, and then for longer
 * (batching.c).
 */
#include "config.h"

#include <signal.h>

#include <event2/event.h>

#include "net/callback.h"
#include "room/publish.h"
#include "server/batching.h"
#include "server/server-impl.h"

#define SERVER_TURN_LIMIT_US 1000
#define SERVER_WALK_LIMIT_US 10000
#define SERVER_DEADLINES_NS INT64_C(2000000) /* in one run of them */

/* The turn */

void
server_wake(void *arg)
{
	struct server *server = arg;
	const struct timeval now = { 0, 0 };
	struct timeval limit = { 0, SERVER_TURN_LIMIT_US };

	if (server->is_woken) {
		if (server->is_waiting &&
		    batching_is_ready(&server->batching, server->chat.actors)) {
			server->is_waiting = false;
			event_active(server->turn, EV_TIMEOUT, 0);
		}
		return;
	}
	server->is_woken = true;
	server->is_waiting = server->chat.actors > 0 &&
	    batching_should_wait(&server->batching, server->chat.actors,
		clock_now_us());
	if (server->is_waiting)
		limit.tv_usec = (suseconds_t)
		    batching_limit_us(&server->batching);
	event_add(server->turn_limit, &limit);
	if (server->is_waiting)
		return;
	/*
	 * Within the turn, event_active() would run it again before any input.
	 */
	if (server->is_in_turn)
		event_add(server->turn, &now);
	else
		event_active(server->turn, EV_TIMEOUT, 0);
}

static void
server_turn(struct server *server)
{
	unsigned actors = server->chat.actors;
	int64_t start_us = server->clock.began_ns / 1000;

	event_del(server->turn);
	event_del(server->turn_limit);
	server->is_woken = false;
	server->is_waiting = false;
	server->is_in_turn = true;
	if (publish_turn(&server->chat))
		server_wake(server);
	state_turn(&server->state);
	if (actors > 0)
		batching_turn_done(&server->batching, actors, start_us,
		    clock_now_us());
	conn_reap_some(&server->net);
	server->is_in_turn = false;
	if (server->is_stopping && server->sessions.admission.count == 0 &&
	    control_is_flushed(server->control))
		event_base_loopbreak(server->base);
}

CALLBACK(server_turn, struct server, &owner->clock)

/* Deadlines */

static void
server_timer_set_cb(void *arg)
{
	struct server *server = arg;
	struct timeval tv = { 0, 0 };
	int64_t next_ms, wait_ms;

	next_ms = deadlines_next(&server->deadlines);
	if (next_ms == -1) {
		event_del(server->timer);
		return;
	}
	wait_ms = next_ms - server->clock.mono_ms;
	if (wait_ms > 0) {
		tv.tv_sec = wait_ms / 1000;
		tv.tv_usec = (suseconds_t)(wait_ms % 1000 * 1000);
	}
	event_add(server->timer, &tv);
}

/* Called after each deadline's callback. False if the others should wait, as
 * many at once must not hold up the loop. */
static bool
server_deadline_ran_cb(const char *name, void *arg)
{
	struct server *server = arg;

	clock_ended(&server->clock, name);
	return server->clock.began_ns - server->timer_began_ns <
	    SERVER_DEADLINES_NS;
}

static void
server_timer(struct server *server)
{
	server->timer_began_ns = server->clock.began_ns;
	/* When done, it sets the timer again. */
	deadlines_run(&server->deadlines, server->clock.mono_ms);
}

CALLBACK(server_timer, struct server, &owner->clock)

/* Walks */

static void
server_walk_soon_cb(void *arg)
{
	static const struct timeval now = { 0, 0 };
	static const struct timeval limit = { 0, SERVER_WALK_LIMIT_US };
	struct server *server = arg;

	event_add(server->walk, &now);
	event_add(server->walk_limit, &limit);
}

static void
server_walk_now(struct server *server, bool is_late)
{
	struct walks *walks = &server->deadlines.walks;
	const char *name;

	event_del(server->walk);
	event_del(server->walk_limit);
	walks->is_late = is_late;
	name = walks_run(walks);
	if (walks_are_running(walks))
		server_walk_soon_cb(server);
	if (name != NULL)
		clock_ended(&server->clock, name);
}

static void
server_walk(struct server *server)
{
	server_walk_now(server, false);
}

static void
server_late_walk(struct server *server)
{
	server_walk_now(server, true);
}

CALLBACK(server_walk, struct server, &owner->clock)
CALLBACK(server_late_walk, struct server, &owner->clock)

/* From start to end */

SIGNAL_CALLBACK(server_signal, struct server, &owner->clock)

/*
 * A new event base. One that never runs (is_real false) needs no kernel object.
 */
static struct event_base *
server_new_base(bool is_real)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (config == NULL)
		return NULL;
	if (!is_real) {
		(void)event_config_avoid_method(config, "epoll");
		(void)event_config_avoid_method(config, "kqueue");
	}
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

int
server_init_loop(struct server *server, bool is_real)
{
	static const int signals[SIGNALS] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
		SIGUSR2 };
	const struct {
		struct event **event;
		event_callback_fn cb;
		int priority;
	} events[] = {
		{ &server->turn, server_turn_cb, NET_PRIORITY_TURN },
		{ &server->turn_limit, server_turn_cb, NET_PRIORITY_INPUT },
		{ &server->timer, server_timer_cb, NET_PRIORITY_INPUT },
		{ &server->walk, server_walk_cb, NET_PRIORITY_WALK },
		{ &server->walk_limit, server_late_walk_cb,
		    NET_PRIORITY_INPUT },
	};
	int i;

	deadlines_init(&server->deadlines, server_timer_set_cb, server);
	server->deadlines.ran = server_deadline_ran_cb;
	server->deadlines.ran_arg = server;
	walks_init(&server->deadlines.walks, clock_now_us, server_walk_soon_cb,
	    server);
	server->clock.timing = &server->timing;
	server->base = server_new_base(is_real);
	if (server->base == NULL)
		return -1;
	if (event_base_priority_init(server->base, NET_PRIORITIES) == -1)
		return -1;
	for (i = 0; i < (int)NITEMS(events); i++) {
		*events[i].event = event_new(server->base, -1, 0, events[i].cb,
		    server);
		if (*events[i].event == NULL)
			return -1;
		event_priority_set(*events[i].event, events[i].priority);
	}
	for (i = 0; i < SIGNALS; i++) {
		server->signals[i] = evsignal_new(server->base, signals[i],
		    server_signal_cb, server);
		if (server->signals[i] == NULL)
			return -1;
		event_priority_set(server->signals[i], NET_PRIORITY_INPUT);
		if (event_add(server->signals[i], NULL) == -1)
			return -1;
	}
	return 0;
}

void
server_fini_loop(struct server *server)
{
	struct event *events[] = { server->turn, server->turn_limit,
		server->timer, server->walk, server->walk_limit };
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		if (server->signals[i] != NULL)
			event_free(server->signals[i]);
	for (i = 0; i < NITEMS(events); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	if (server->base != NULL)
		event_base_free(server->base);
}
