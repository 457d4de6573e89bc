/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/credential.h"
#include "base/util.h"
#include "net/conn.h"
#include "options/options.h"

struct fields_in;
struct fields_out;
struct tlv;

/* All the sockets that brbd listens on, behind one accept gate. */
struct listeners;

/* A peer that was let in. */
struct listener_peer {
	struct credential credential;
	bool is_tcp;
	bool is_relayed; /* by a proxy, which told the credential (proxy.h) */
	const char *protocols; /* after the comma in -l; "" if not given */
};

/* Called for each accepted connection; fd is non-blocking, close-on-exec and
 * the handler's to close. */
typedef void listener_accepted(int fd, const struct listener_peer *peer,
    void *arg);

/*
 * Makes an empty set, which accepts at most LISTENER_ACCEPTS_PER_TURN for each
 * wake-up (accept-rate is the gate's: gate.h). Without descriptors
 * (EMFILE, ENFILE), the spare one is used to accept and close a connection, so
 * that the peer knows, and accepting pauses for 100 ms, with one log line a
 * minute. ECONNABORTED and the like are ignored.
 */
#define LISTENER_ACCEPTS_PER_TURN 64
struct listeners *listeners_new(struct net *net, listener_accepted *accepted,
    void *arg);

/* Closes all and removes the Unix sockets' files. */
void listeners_free(struct listeners *all);

/*
 * Also listens on fd, an inherited socket (inherit.h), for good; to be called
 * before listeners_prepare(). It replaces what that is told to open at the same
 * address or, if it is bound to all addresses, on the same port. Its file is
 * not removed. Takes over fd; or returns -1 with errno, and does not.
 */
int listeners_adopt(struct listeners *all, int fd,
    const char *protocols) MUST_CHECK;

/*
 * Makes the open sockets those of specs, each ADDR:PORT[,PROTOCOL...] or
 * unix:PATH[,PROTOCOL...]; those already open stay as they are. ADDR is *, a
 * name, an IPv4 address or a bracketed IPv6 address. A name opens a socket for
 * each of its addresses, except those that the system does not support if
 * another works. Port 0 takes the same free port for all addresses of the name.
 * A Unix socket's stale file is replaced; one on which a server answers is an
 * error, as is any other file. Each new socket is logged with its address and
 * port as bound.
 *
 * All or nothing: -1 with *error ("cannot listen on 'x': why"; the caller frees
 * it) leaves everything as it was. There are two steps, so that several sets
 * change together or not at all: after a prepare that returned 0 comes either
 * commit, which cannot fail, or revert.
 */
int listeners_prepare(struct listeners *all, const struct option_list *specs,
    char **error) MUST_CHECK;
void listeners_commit(struct listeners *all);
void listeners_revert(struct listeners *all);

/* Marks the set as not for people: purpose, a static string, stands in the log
 * ("listening for control on"). */
void listeners_set_purpose(struct listeners *all, const char *purpose);

/*
 * Sets who may connect to Unix sockets' files: those opened from now on and,
 * with the next commit, those that stay. At first that is 0666 and group -1
 * (unchanged). Returns what it was.
 */
struct listener_access {
	mode_t mode;
	gid_t group;
};
struct listener_access listeners_set_access(struct listeners *all,
    struct listener_access access);

/* Was one of them adopted? */
bool listeners_have_inherited(const struct listeners *all);

/*
 * For the next program in this process (handoff.h): an item for each socket,
 * with this tag (enum handoff_part). listeners_load() opens one such again, as
 * it was; listeners_commit() then keeps those that it is told to open. knows(): is
 * there such a protocol?
 */
void listeners_save(const struct listeners *all, uint16_t part,
    struct fields_out *out);
bool listeners_load(struct listeners *all, struct fields_in *in,
    const struct tlv *item, bool (*knows)(const char *protocols)) MUST_CHECK;

#endif
