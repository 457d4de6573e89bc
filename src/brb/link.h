/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct address;
struct event_base;
struct link;

#define LINK_LINE_MAX (1024 * 1024) /* bytes from the server */

/* What the owner of a link is told. None of these may free the link. */
struct link_handler {
	/* There is a connection, over which nothing was sent yet. */
	void (*up)(void *arg);
	/* A line, without its end, and terminated; the handler may change it. */
	void (*line)(void *arg, char *line, size_t len);
	/* The connection has ended or could not be made: why, in words. It is
	 * tried again in wait_ms; -1: it is not, as only a person can help. */
	void (*down)(void *arg, const char *why, int64_t wait_ms);
	/* Something that a person should know, in words. */
	void (*notice)(void *arg, const char *text);
	/* Nothing has come for long: have the server answer something. */
	void (*probe)(void *arg);
};

/*
 * The connection to a server, made again for as long as there is the link: each
 * try waits longer than the one before, up to half a minute, by a random share,
 * so that a thousand clients do not come back in the same second. base, address
 * and handler are the caller's, and outlive it.
 */
struct link *link_new(struct event_base *base, const struct address *address,
    const struct link_handler *handler, void *arg);
/* Begins with a connection that is there already, fd, which it takes over. */
void link_adopt(struct link *l, int fd);
/* Closes it without a word. */
void link_free(struct link *l);
/* Begins. handler is called back from here already. */
void link_start(struct link *l);
/* Sends it, or as much of it as goes without waiting, and the rest later. Without
 * a connection it does nothing. */
void link_send(struct link *l, const char *data, size_t len);
bool link_is_up(const struct link *l);
/* The connection is of no use, for this reason; another is made. */
void link_fail(struct link *l, const char *why);
/* The server will not have us now: the next try is not soon. */
void link_refused(struct link *l);
/* Somebody waits: the next try is now. */
void link_hurry(struct link *l);
/* When fd, which it takes over, tells that the network has changed, the next try
 * is now, and a server that was reached is asked whether it is still there. -1
 * does nothing. link_start() does so with the system's, unless the server is on
 * this machine. */
void link_watch_network(struct link *l, int fd);

#endif
