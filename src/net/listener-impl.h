/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LISTENER_IMPL_H
#define LISTENER_IMPL_H

#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>

#include <bsd/sys/queue.h>
#include <stdbool.h>

#include "base/bucket.h"
#include "base/deadline.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/listener-spec.h"
#include "net/listener.h"

/* What listener*.c share; nobody else's. */

TAILQ_HEAD(listener_queue, listener);

struct listener {
	TAILQ_ENTRY(listener) entry;
	struct listeners *all;
	int fd;
	struct event *event; /* NULL until it is in use */
	char *name; /* as bound */
	char *address; /* as in the spec */
	char *protocols;
	char *next_address; /* what a reload makes of the two; */
	char *next_protocols; /* NULL: the socket is not in it */
	bool is_unix;
	bool is_dual; /* [::] that takes IPv4 as well; only inherited ones */
	/* NULL: opened here; else what it spoke from the start. */
	char *inherited_protocols;
	char *path; /* and the file that is ours there */
	dev_t dev;
	ino_t ino;
	struct listener_access access; /* that it has */
	struct sockaddr_storage bound; /* TCP */
};

struct listeners {
	struct net *net;
	listener_accepted *accepted;
	void *arg;
	const char *purpose; /* NULL: they are for people */
	struct listener_access access;
	struct listener_queue open;
	struct listener_queue fresh; /* between prepare and commit */
	struct bucket bucket;
	struct deadline gate; /* set: accept nobody until then */
	bool is_paused; /* by listeners_pause() */
	int spare_fd; /* or -1 */
	struct log_limit limit;
};

/* One socket, which does not listen yet; listener_free() closes it, and
 * removes its file. */
struct listener *listener_new(struct listeners *all,
    const struct listener_spec *spec);
void listener_free(struct listener *l);

/* One that listens already, as inherit.h gives it. NULL, and then fd stays
 * open: errno says why. */
struct listener *listener_new_inherited(struct listeners *all, int fd,
    const char *protocols);

/* What bound, name and is_dual say, as the kernel has it. -1: errno. */
int listener_describe(struct listener *l) MUST_CHECK;

/* The event for it. NULL, or what is wrong. */
const char *listener_make_event(struct listener *l);

/* Waits for connections on all of them, or not, as the gate says. */
void listeners_update(struct listeners *all);

/* Has it listen at path. NULL, or what is wrong. */
const char *listener_bind_unix(struct listener *l, const char *path);

/* Gives its file, if it is a Unix socket, the group and mode that all->access
 * says by now. -1 with errno. */
int listener_update_access(struct listener *l) MUST_CHECK;

/*
 * Binds to sa, but to port (network order) unless that is 0. is_shared: beside
 * those of ours that listener_share() was called for. Returns 0 and *port as
 * bound; or -1 with errno, and l is good for nothing but listener_free().
 */
int listener_bind_tcp(struct listener *l, const struct sockaddr *sa,
    socklen_t len, in_port_t *port, bool is_shared) MUST_CHECK;

/* Lets another socket be bound to the same port, or no longer. */
void listener_share(const struct listener *l, bool is_shared);

/* Both TCP. Port 0 is no address: it equals none, and is in nobody's way. */
bool listener_is_same_address(const struct sockaddr *a,
    const struct sockaddr *b);
/* Can there be only one of the two? */
bool listener_is_in_the_way(const struct sockaddr *a, const struct sockaddr *b);
/* Is a connection to sa taken by l? */
bool listener_covers(const struct listener *l, const struct sockaddr *sa);

int listener_set_flags(int fd);

#endif
