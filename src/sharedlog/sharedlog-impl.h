/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SHAREDLOG_IMPL_H
#define SHAREDLOG_IMPL_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "base/deadline.h"
#include "sharedlog/engine.h"
#include "sharedlog/sharedlog.h"

/* For the files of this module alone. */

struct pending;
struct held_name;

/* What was sent to the engine and has no answer; they come in this order. */
struct request {
	TAILQ_ENTRY(request) entry;
	enum engine_verb verb;
	int64_t sent_ms;
	/* Whose it is, by the verb; NULL: nobody waits for it any more. */
	struct pending *pending; /* ENGINE_APPEND */
	struct held_name *name; /* ENGINE_CLAIM */
	struct sharedlog_log *log; /* ENGINE_CHECK */
	/* ENGINE_RELEASE: the name, with its token; ENGINE_RECORDS: the log. */
	char *what;
	uint64_t token;
	sharedlog_read *read; /* ENGINE_RANGE, ENGINE_RECORDS */
	void *arg;
	uint64_t last_change; /* ENGINE_RECORDS: as of the first answer */
	bool is_next; /* and it is not the first */
};
TAILQ_HEAD(request_queue, request);

/* An append, a repair or a record to put, until it has ended. */
struct pending {
	TAILQ_ENTRY(pending) entry;
	struct sharedlog *sl;
	struct sharedlog_log *log; /* NULL: not followed any more */
	struct request *request; /* NULL: to be sent */
	uint64_t number; /* as answered; not 0: only the tail is waited for */
	int64_t made_ms;
	/* Of the epoch in which it was sent first; 0: it was not. */
	uint64_t sent_epoch;
	uint32_t sent_era;
	struct sharedlog_entry what; /* its own copies of key and data */
	char *log_name;
	char *name; /* or NULL */
	bool has_expected;
	uint64_t expected;
	sharedlog_done *done;
	void *arg;
};
TAILQ_HEAD(pending_queue, pending);

enum held_state { HELD_CLAIMING, HELD_OURS, HELD_RELEASING };

struct held_name {
	RB_ENTRY(held_name) entry;
	enum held_state state;
	uint64_t token;
	struct request *request; /* a claim without an answer, or NULL */
	bool needs_claim; /* ours, but the engine may not know */
	sharedlog_claimed *claimed;
	void *arg;
	char name[];
};
RB_HEAD(held_tree, held_name);

struct sharedlog_log {
	LIST_ENTRY(sharedlog_log) entry;
	struct sharedlog *sl;
	void *owner;
	uint64_t at; /* the number of what was read last, and whose it is */
	uint64_t at_node, at_counter;
	bool is_joined; /* checked in this epoch: the tail is read */
	bool is_diverged; /* waits for sharedlog_seek() */
	struct request *check; /* without an answer, or NULL */
	char name[];
};
LIST_HEAD(log_list, sharedlog_log);

struct sharedlog {
	struct engine *engine;
	const struct clock *clock;
	struct deadlines *deadlines;
	const struct sharedlog_user *user;
	void *arg;
	enum sharedlog_fault fault; /* SHAREDLOG_FINE: appends are taken */
	bool is_connected;
	uint64_t node;
	uint64_t epoch;
	uint32_t era;
	uint64_t counter; /* of the last append */
	uint64_t token; /* of the last claim */
	int64_t settled_ms; /* appends are sent from then on */
	int64_t backoff_ms;
	struct request_queue sent;
	struct pending_queue repairs; /* they go first */
	struct pending_queue appends; /* in the order of their counters */
	struct held_tree names;
	struct log_list logs;
	struct engine_position *positions;
	size_t position_room;
	struct sharedlog_counts counts;
	struct deadline connect_due;
	struct deadline renew_due;
	struct deadline settle_due;
	struct deadline watch_due;
};

/* sharedlog.c */

/* Sends a request, to which the engine's node and epoch are added; r becomes
 * the queue's. Only while it is connected. */
struct request *sharedlog_send(struct sharedlog *sl, struct request *r,
    struct engine_request *what);
/* Ends the connection, and begins anew; nothing of sl's is freed. */
void sharedlog_fail(struct sharedlog *sl, enum sharedlog_fault fault,
    const char *detail);

/* sharedlog-append.c */

void pending_answered(struct pending *p, const struct engine_answer *answer);
/* Sends what was not sent since the connect. */
void pending_send_all(struct sharedlog *sl);
/* An entry of that log was read: ends what it shows to be said. */
void pending_read(struct sharedlog *sl, const char *log,
    const struct sharedlog_entry *entry);
/* The connection ended: what was answered and not read may be lost, too. */
void pending_forget_answers(struct sharedlog *sl);
/* Ends what has waited for too long. */
void pending_give_up(struct sharedlog *sl);
void pending_fini(struct sharedlog *sl);

/* sharedlog-name.c */

/* Looks up a name that is held; false: it is not. */
bool held_token(const struct sharedlog *sl, const char *name, uint64_t *token);
void held_answered(struct held_name *n, const struct engine_answer *answer);
/* The connection ended before a claim or release was answered. */
void held_lost(struct sharedlog *sl, struct request *r);
/* Has all names claimed again: a new epoch, or the lease had ended. */
void held_claim_all(struct sharedlog *sl);
/* Sends the claims and releases that are due. */
void held_send_all(struct sharedlog *sl);
void held_fini(struct sharedlog *sl);

/* sharedlog-tail.c */

void log_answered(struct sharedlog *sl, struct request *r,
    const struct engine_answer *answer);
/* Has all logs checked: there is a new epoch. */
void log_check_all(struct sharedlog *sl);
/* Sends the checks that are due, and has the engine read what is joined. */
void log_send_all(struct sharedlog *sl);
void log_entry(struct sharedlog *sl, const char *name,
    const struct sharedlog_entry *entry);
size_t log_positions(struct sharedlog *sl, const struct engine_position **list);

#endif
