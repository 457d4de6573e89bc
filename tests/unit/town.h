/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TOWN_H
#define TOWN_H

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
 * Sessions with their rooms and their connections, as in the daemon, but time
 * stands still and the loop runs when it is told to. For tests of what is
 * carried from one program to the next; fuzz_upgrade uses it as well, so there
 * is nothing of check in it.
 */
struct town {
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
void town_init(struct town *t);
/* Whoever is there leaves without a word, and all descriptors are closed. */
void town_fini(struct town *t);

/* Somebody from 192.0.2.HOST; returns their end, which does not block. */
int town_connect(struct town *t, int host);
/* The same at a listener for that protocol ("line", "irc"). */
int town_connect_to(struct town *t, int host, const char *protocol);
/* Runs the loop until nothing happens any more. */
void town_run(struct town *t);
void town_type(int fd, const char *text); /* writes all of it */
void town_read(int fd, struct buf *out); /* adds what is there */

/* All that is carried; the town has run. */
void town_save(struct town *t, struct handoff_out *out);

/*
 * Loads it into a new town. If is_copied, descriptors are not those of the blob
 * but copies, so that the other town keeps its own. False: in->error.
 */
bool town_load(struct town *t, struct handoff_in *in, bool is_copied);

#endif
