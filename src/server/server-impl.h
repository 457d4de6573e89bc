/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by server*.c only.
 */
#ifndef SERVER_IMPL_H
#define SERVER_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/admin.h"
#include "admin/control.h"
#include "admin/exporter.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/handoff.h"
#include "base/histogram.h"
#include "handoff/upgrade.h"
#include "net/conn.h"
#include "net/gate.h"
#include "net/listener.h"
#include "net/proxy.h"
#include "net/service-manager.h"
#include "net/verify.h"
#include "options/options.h"
#include "room/chat.h"
#include "server/batching.h"
#include "server/server.h"
#include "session/session.h"
#include "state/state.h"

struct event;
struct event_base;

/* The protocols that may be named. */
#ifdef HAVE_JANSSON
#define PROTOCOL_NAMES "irc, json, line, web, and tls or plain"
#else
#define PROTOCOL_NAMES "irc, line, web, and tls or plain"
#endif

enum { SIGNAL_TERM, SIGNAL_INT, SIGNAL_HUP, SIGNAL_USR1, SIGNAL_USR2, SIGNALS };

struct server {
	const struct server_source *source;
	struct options options;
	struct clock clock;
	struct age age;
	struct deadline age_due; /* the next look at the clocks */
	struct deadlines deadlines;
	struct net net;
	struct chat chat;
	struct state state;
	struct sessions sessions;
	struct service_manager service_manager;
	struct verify_queue *verify; /* see verify_prepare() */
	struct listeners *listeners;
	struct gate *gate; /* for those who are accepted */
	struct proxies *proxies;
	struct control *control;
	struct exporter *exporter;
	struct admin admin;
	struct timing timing; /* of the callbacks of the loop */
	bool is_reload_failed; /* the last one */
	bool has_inherited;
	struct event_base *base;
	struct event *turn;
	struct event *turn_limit;
	struct event *timer;
	struct event *walk;
	struct event *walk_limit;
	int64_t timer_began_ns; /* monotonic: when deadlines began to be run */
	struct event *signals[SIGNALS];
	struct deadline stop;
	struct upgrade *upgrade;
	struct upgrade_program program;
	uint64_t upgrades; /* how many led to this program */
	int64_t upgrade_us; /* monotonic: the last one's start */
	int pid_fd; /* of the pid file, or -1 */
	int64_t flushed_ms; /* monotonic: all was, while stopping; or 0 */
	int64_t stop_ms; /* when to stop at the latest */
	struct batching batching;
	bool is_woken; /* the turn is scheduled */
	bool is_waiting; /* the turn waits for more speakers */
	bool is_in_turn;
	bool is_stopping;
	bool has_rooms; /* initialized so far; for server_free() */
};

/* Has the turn end soon. */
void server_wake(void *server);
void server_signal(struct server *server, int signo);
/* The base and its events; not real: nothing is listened to. -1 with errno. */
int server_init_loop(struct server *server, bool is_real) MUST_CHECK;
void server_fini_loop(struct server *server);

/* Makes server->upgrade. -1: libevent has no memory. */
int server_init_upgrade(struct server *server) MUST_CHECK;

/* Loads the state that another program left into a new server. On false,
 * in->error says why. */
bool server_load(struct server *server, struct fields_in *in) MUST_CHECK;

#endif
