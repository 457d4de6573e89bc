/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ONESHOT_H
#define ONESHOT_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/walk.h"
#include "net/conn.h"

/*
 * Connections of programs rather than people: one request, one answer, then the
 * end, within a time limit. Everything is bounded: how many there are, how much
 * of a request is read, and what waits to be written, since an answer is made
 * in pieces as the peer reads.
 */
struct oneshot;
TAILQ_HEAD(oneshot_list, oneshot);

enum oneshot_answer {
	ONESHOT_MORE, /* call again once it has read, or in a later turn */
	ONESHOT_LONG, /* the same, and the time limit starts anew */
	ONESHOT_DONE, /* that was all */
	/*
	 * That was all, but the connection stays until oneshots_take_back(),
	 * the time limit or the process's end: its end tells the peer that what
	 * it was told has happened.
	 */
	ONESHOT_HOLD
};

struct oneshot_kind {
	size_t max_clients;
	size_t max_request; /* bytes */
	int64_t timeout_ms; /* from the first to the last byte */
	int64_t hold_ms; /* further time with ONESHOT_HOLD */
	const char *busy; /* answer to one connection too many */
	/*
	 * Looks at the len bytes that have come so far, at most max_request.
	 * True: the request is whole or wrong, and answer() will say what. With
	 * is_full no more is read, so it must return true.
	 */
	bool (*request)(const char *data, size_t len, bool is_full, void *arg);
	/* Adds a piece of some KiB, or nothing, to out, within the budget. */
	enum oneshot_answer (*answer)(struct buf *out,
	    struct walk_budget *budget, void *arg);
	void (*ended)(void *arg); /* releases arg; the last call */
};

struct oneshots {
	struct net *net;
	const struct oneshot_kind *kind;
	struct oneshot_list list;
	size_t count;
	struct buf scratch;
};

/* The pointers are the caller's and outlive all. */
void oneshots_init(struct oneshots *all, struct net *net,
    const struct oneshot_kind *kind);
/* Ends those that are left, but for the descriptors of ONESHOT_HOLD, which stay
 * open: all of the server's end is still to come. */
void oneshots_fini(struct oneshots *all);

/* Takes over fd. ended(arg) is called in any case, perhaps at once. */
void oneshot_accept(struct oneshots *all, int fd, void *arg);

/* Has every connection been answered in full? */
bool oneshots_are_flushed(const struct oneshots *all);

/* Tells arg, if it is held, that what it was told has not happened: text says
 * why. Then it ends. */
void oneshots_take_back(struct oneshots *all, const void *arg,
    const char *text);

/* Sends a line to a peer that gets nothing else, and closes fd. */
void oneshot_refuse(int fd, const char *text);

#endif
