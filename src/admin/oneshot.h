/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ONESHOT_H
#define ONESHOT_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/util.h"
#include "net/conn.h"

/*
 * Connections of programs rather than people: one request, one answer, then the
 * end, all of it within a time. Everything is bounded: how many there are at
 * once, how much of a request is read, and what waits to be written, since an
 * answer is made in pieces as the peer reads.
 */
struct oneshot;
TAILQ_HEAD(oneshot_list, oneshot);

enum oneshot_answer {
	ONESHOT_MORE, /* call again, when the peer has read or in a later turn */
	ONESHOT_DONE, /* that was all */
	/* That was all, but the connection stays until oneshots_take_back(),
	 * the time is up or the process ends: its end tells the peer that what
	 * it was told has happened. */
	ONESHOT_HOLD
};

struct oneshot_kind {
	size_t max_clients;
	size_t max_request; /* bytes */
	int64_t timeout_ms; /* from the first to the last byte */
	int64_t hold_ms; /* then, with ONESHOT_HOLD */
	const char *busy; /* for one too many */
	/*
	 * What has come so far, len bytes, at most max_request. True: it is
	 * whole, or wrong, and answer() will say what. is_full: no more will be
	 * read, so true has to come back.
	 */
	bool (*request)(const char *data, size_t len, bool is_full, void *arg);
	/* Adds a piece of some KiB, or nothing, to out. */
	enum oneshot_answer (*answer)(struct buf *out, void *arg);
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
void oneshots_fini(struct oneshots *all); /* ends those that are left */

/* Takes over fd, and arg, which is told ended() in any case, perhaps at
 * once. */
void oneshot_accept(struct oneshots *all, int fd, void *arg);

/* Does nobody wait for an answer or the rest of it? */
bool oneshots_are_flushed(const struct oneshots *all);

/* What arg, if it is held, was told has not happened: text says so, and then it
 * ends. */
void oneshots_take_back(struct oneshots *all, const void *arg,
    const char *text);

/* One line to somebody who gets nothing else, and the end of fd. */
void oneshot_refuse(int fd, const char *text);

#endif
