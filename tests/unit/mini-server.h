/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MINI_SERVER_H
#define MINI_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/handoff.h"
#include "net/conn.h"
#include "net/listener.h"
#include "options/options.h"
#include "room/chat.h"
#include "session/session.h"

/*
 * Sessions with their rooms and connections, as in the daemon, but time stands
 * still and the loop runs when told to. For tests of protocols and of what is
 * handed over to the next program; fuzz_upgrade uses it as well, so it does not
 * depend on check.
 */
struct mini_server {
	struct event_base *base;
	struct clock clock;
	struct deadlines deadlines;
	struct options options;
	struct net net;
	struct chat chat;
	struct sessions sessions;
	struct listeners *listeners;
	bool is_woken;
};

/* A small history, no limit on rates. */
void mini_init(struct mini_server *t);
/* Whoever is there leaves without a word, and all descriptors are closed. */
void mini_fini(struct mini_server *t);

/* Connects somebody from 192.0.2.HOST; returns their end, which does
 * not block. */
int mini_connect(struct mini_server *t, int host);
/* As mini_connect(), at a listener for that protocol ("line", "irc"). */
int mini_connect_to(struct mini_server *t, int host, const char *protocol);
/* Runs the loop until nothing happens any more. */
void mini_run(struct mini_server *t);
void mini_type(int fd, const char *text); /* writes all of it */
void mini_read(int fd, struct buf *out); /* adds what is there */

/* Saves all that is handed over; the server has run. */
void mini_save(struct mini_server *t, struct fields_out *out);

/*
 * Loads it into a new mini. If is_copied, descriptors are not those of the blob
 * but copies, so that the other keeps its own. False: in->error.
 */
bool mini_load(struct mini_server *t, struct fields_in *in, bool is_copied);

#endif
