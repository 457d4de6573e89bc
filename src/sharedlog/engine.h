/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sharedlog/entry.h"

/*
 * An engine keeps the shared logs. It does one request after the other, each as
 * a whole or not at all, and knows nothing of who waits for what: that is
 * sharedlog.c, its user. Redis is one (redis.h); the tests have another, which
 * fails on demand.
 *
 *   sharedlog.c ── requests ──► engine ── answers, in their order ──► sharedlog.c
 *                                      └─ entries, as they are appended ──►
 */
struct engine;

#define ENGINE_EPOCH_MAX ((uint64_t)1 << 17) /* as of rings */
#define ENGINE_SETTLE_MS 2000 /* of an epoch: only what was lost is appended */
#define ENGINE_GRACE_MS 15000 /* of an epoch: only names held before */
#define ENGINE_LEASE_MS 15000 /* how long a server's names stay its own */
#define ENGINE_RANGE_MAX 256 /* entries in an answer */
#define ENGINE_NODES_MAX 256 /* servers that an answer tells of */

enum engine_verb {
	/*
	 * Tells the epoch and its era, and in wait_ms for how long it is
	 * settling. It begins a new epoch, above what engine and request know,
	 * if it has none, or may have lost something since, or the request
	 * knows a greater one or the same of another era. epoch: 0 if none is
	 * known.
	 */
	ENGINE_EPOCH, /* epoch, era, fresh_era */
	/* Is that entry, by number, node and counter, one of this log's, or was
	 * it? ENGINE_DIVERGED: not, and none above the answer's number. */
	ENGINE_CHECK, /* epoch, log, entry */
	/*
	 * Appends an entry, once for each (node, counter). With a msgid it
	 * repairs, whatever is settling (and if that msgid is another's number,
	 * which takes two engines of one epoch, it gets a new one). Else
	 * ENGINE_WAIT while the epoch settles. With a name: ENGINE_LAPSED if
	 * the node's lease has ended, ENGINE_STALE if the name is not held with
	 * that token. The low part of the new number is 1 more than the last
	 * one's, or entry.number's if the log is empty. With a key it is a
	 * record, and becomes its value, unless (when repairing) that is of a
	 * greater msgid; ENGINE_CONFLICT, with the number: it is not of the
	 * expected one.
	 */
	ENGINE_APPEND, /* epoch, log, entry, name, token, expected */
	/* Entries from entry.number (exclusive) to to (inclusive), max at
	 * most. */
	ENGINE_RANGE, /* log, entry.number, to, max */
	/* Records, some at a time; cursor 0: from the first on, and in the
	 * answer: that was all. number: of the last change before. */
	ENGINE_RECORDS, /* log, cursor */
	/*
	 * Holds a name. ENGINE_TAKEN: number is the server that does.
	 * ENGINE_WAIT: names held before come first. ENGINE_LAPSED: as above.
	 */
	ENGINE_CLAIM, /* epoch, node, name, token, is_again */
	ENGINE_RELEASE, /* epoch, node, name, token */
	/* Extends the node's lease; tells of who has one (nodes), and whether
	 * this one's had ended. */
	ENGINE_RENEW, /* epoch, node */
	/* Ends the node's lease, and so all its names. */
	ENGINE_RESIGN /* epoch, node */
};

struct engine_request {
	enum engine_verb verb;
	/* Every change is of an epoch; where two engines, or one that was
	 * emptied, have begun epochs of the same number, their eras differ. */
	uint64_t epoch;
	uint32_t era;
	uint32_t fresh_era; /* for a new epoch: by chance */
	const char *log;
	/* Its node is that of all verbs. */
	struct sharedlog_entry entry;
	const char *name; /* NULL: nobody's */
	uint64_t token;
	bool is_again; /* it was held before */
	bool has_expected;
	uint64_t expected; /* 0: there is no such record */
	uint64_t to;
	unsigned max;
	uint64_t cursor;
};

enum engine_status {
	ENGINE_OK,
	ENGINE_FENCED, /* the request is of another epoch */
	ENGINE_WAIT,
	ENGINE_LAPSED,
	ENGINE_STALE,
	ENGINE_TAKEN,
	ENGINE_CONFLICT,
	ENGINE_DIVERGED,
	ENGINE_EXHAUSTED, /* there are no more epochs */
	ENGINE_STATUSES
};

struct engine_answer {
	enum engine_status status;
	uint64_t number;
	uint64_t epoch;
	uint32_t era;
	int64_t wait_ms;
	uint64_t cursor;
	bool had_lapsed;
	const uint64_t *nodes;
	size_t node_count;
	const struct sharedlog_entry *entries;
	size_t entry_count;
};

/* Where the tail of a log is read from: what comes after that number. */
struct engine_position {
	const char *log;
	uint64_t number;
};

/* What the engine tells. Any of these may call disconnect(), after which the
 * engine calls none. */
struct engine_user {
	void (*connected)(void *arg);
	/* The connection has ended: requests without an answer may have been
	 * done or not. detail is for the log. */
	void (*lost)(enum sharedlog_fault fault, const char *detail, void *arg);
	/* To the request that was sent first of those without an answer. */
	void (*answered)(const struct engine_answer *answer, void *arg);
	/* An entry of log, one that positions() has named. node 0: it is
	 * damaged. */
	void (*entry)(const char *log, const struct sharedlog_entry *entry,
	    void *arg);
	/* The logs whose tails are read, an array that lives until the next
	 * call of any function. */
	size_t (*positions)(const struct engine_position **list, void *arg);
};

/* What an engine does. None of these calls back before it returns, but for
 * positions(). */
struct engine_ops {
	/* Connects; connected() or lost() follows. */
	void (*connect)(struct engine *engine);
	void (*disconnect)(struct engine *engine);
	/* Sends a request, which is copied. Only while it is connected. */
	void (*send)(struct engine *engine, const struct engine_request *r);
	/* To be called when positions() has changed otherwise than by entry(),
	 * and once after each ENGINE_EPOCH: begins or goes on with tails. */
	void (*tail)(struct engine *engine);
	void (*free)(struct engine *engine);
};

/* Embedded in an engine as its first member. user and arg are set by
 * sharedlog_new(). */
struct engine {
	const struct engine_ops *ops;
	const struct engine_user *user;
	void *arg;
};

#endif
