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

#include "base/deadline.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/listener-spec.h"
#include "net/listener.h"

/* Shared by listener*.c only. */

TAILQ_HEAD(listener_queue, listener);

struct listener {
	TAILQ_ENTRY(listener) entry;
	struct listeners *all;
	int fd;
	struct event *event; /* NULL until it is in use */
	char *name; /* the address as bound */
	char *address; /* as in the spec */
	char *protocols;
	char *next_address; /* what a reload makes of the two; */
	char *next_protocols; /* NULL: the reload closes it */
	bool is_unix;
	bool is_absent; /* bound before any interface had the address */
	bool is_dual; /* [::] that takes IPv4 too; inherited ones only */
	/*
	 * NULL: opened here; else the protocols that it was given at the start.
	 */
	char *inherited_protocols;
	char *path; /* its socket file, if it is ours */
	dev_t dev;
	ino_t ino;
	struct listener_access access; /* of that file */
	struct sockaddr_storage bound; /* TCP */
};

struct listeners {
	struct net *net;
	listener_accepted *accepted;
	void *arg;
	const char *purpose; /* NULL: for people */
	struct listener_access access;
	struct listener_queue open;
	struct listener_queue fresh; /* between prepare and commit */
	struct deadline gate; /* while set, nobody is accepted */
	int spare_fd; /* or -1 */
	struct log_limit limit;
};

/* Makes a socket that does not listen yet; listener_free() closes it and
 * removes its file. */
struct listener *listener_new(struct listeners *all,
    const struct listener_spec *spec);
void listener_free(struct listener *l);

/* Makes one of a socket that listens already (inherit.h). Returns NULL with
 * errno, and then fd stays open. */
struct listener *listener_new_inherited(struct listeners *all, int fd,
    const char *protocols);

/*
 * Sets bound, name and is_dual as the kernel has them. Returns -1 with errno.
 */
int listener_describe(struct listener *l) MUST_CHECK;

/* Makes its event. Returns NULL, or what is wrong. */
const char *listener_make_event(struct listener *l);

/* Starts or stops waiting for connections, as the gate says. */
void listeners_update(struct listeners *all);

/* Makes it listen at path. Returns NULL, or what is wrong. */
const char *listener_bind_unix(struct listener *l, const char *path);

/* Gives a Unix socket's file the group and mode of all->access. Returns -1 with
 * errno. */
int listener_update_access(struct listener *l) MUST_CHECK;

enum listener_bind {
	LISTENER_BIND_ALONE,
	LISTENER_BIND_SHARED, /* with those that listener_share() was for */
	LISTENER_BIND_ABSENT /* though no interface has the address yet */
};

/*
 * Binds to sa, but to port (network order) unless that is 0, and listens.
 * Returns 0 with *port as bound; or -1 with errno, and then l can only be
 * freed.
 */
int listener_bind_tcp(struct listener *l, const struct sockaddr *sa,
    socklen_t len, in_port_t *port, enum listener_bind how) MUST_CHECK;

/* Allows or forbids that another socket is bound to the same port. */
void listener_share(const struct listener *l, bool is_shared);

/* Is it impossible to listen on both, which are of TCP? One with port 0 is in
 * nobody's way. */
bool listener_is_in_the_way(const struct sockaddr *a, const struct sockaddr *b);
/* Does l take connections to sa? */
bool listener_covers(const struct listener *l, const struct sockaddr *sa);

int listener_set_flags(int fd);

#endif
