/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SHAREDLOG_H
#define SHAREDLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "sharedlog/entry.h"

struct clock;
struct deadlines;
struct engine;
struct sharedlog;
struct sharedlog_log;

/*
 * One log of a room for several servers. Each is a node, which lives as long as
 * its process; an engine keeps the logs and puts all into one order:
 *
 *     append ──► engine ──► tail ──► every node's ring, its own included
 *
 * Nobody is shown what has not come back by the tail. So all nodes have the same
 * entries in the same order under the same numbers, and the ring is a cache.
 *
 * An append that was sent and not answered is pending: it is sent again after
 * the next connect, under the same (node, counter), so that the engine does it
 * once. It ends as said or as not said, and is never refused while it may be
 * done.
 *
 * Numbers carry an epoch (history.h). An engine that may have lost what it had
 * (restarted, replaced by its replica, emptied) begins a new one. Then each log
 * is compared: where this node has read more than the engine has, it is
 * diverged(), cuts its ring back and gives what it cut with sharedlog_repair(),
 * under the msgid that it had. The first ENGINE_SETTLE_MS of an epoch are for
 * that alone; what was pending or is appended meanwhile comes after it.
 *
 * A name belongs to one node at a time, by a lease which the node renews; what
 * a node appends for a name that it has lost is refused by the engine. Without
 * the engine nobody claims any; after an epoch's begin names that were held come
 * first, for ENGINE_GRACE_MS.
 *
 * Nothing here blocks. Callbacks come from the engine's and the deadlines'
 * callbacks, never before the call that asked for them has returned, but for
 * sharedlog_free(); they may call anything but that.
 */

/* How an append ended. */
enum sharedlog_end {
	SHAREDLOG_SAID, /* it has a number; all nodes will read it */
	/* Not said, and never will be: */
	SHAREDLOG_NAME_LOST, /* its author's name is another node's now */
	SHAREDLOG_CONFLICT, /* the record has changed; number is its new one */
	/* It was pending for too long, or at sharedlog_free(), or refused by an
	 * engine that may have lost it: it may have been said or not. */
	SHAREDLOG_UNKNOWN
};

enum sharedlog_claim_end {
	SHAREDLOG_HELD,
	SHAREDLOG_TAKEN, /* by another node */
	SHAREDLOG_WAIT, /* names held before come first: later */
	SHAREDLOG_AWAY /* there is no engine now */
};

struct sharedlog_user {
	/* The engine is there (SHAREDLOG_FINE), or away, and why. While it is
	 * away, appends and claims are refused and pending ones wait. */
	void (*state)(enum sharedlog_fault fault, void *arg);
	/* The next entry of a log that is followed. Numbers grow; what is
	 * missing before it, by the low parts, the engine no longer holds. */
	void (*entry)(struct sharedlog_log *log,
	    const struct sharedlog_entry *entry, void *arg);
	/*
	 * The engine lacks entries that were read, all of those above bound,
	 * and perhaps more. sharedlog_seek() to a number up to it, when the
	 * ring is cut back; nothing is read until then.
	 */
	void (*diverged)(struct sharedlog_log *log, uint64_t bound, void *arg);
	/* The engine has, or had, all that was read of the log. What was cut
	 * off since the last time is to be repaired now. */
	void (*joined)(struct sharedlog_log *log, void *arg);
	/* The name has been lost to another node. It is not held any more. */
	void (*name_lost)(const char *name, void *arg);
	/* The nodes that live, this one included; every few seconds. */
	void (*nodes)(const uint64_t *nodes, size_t count, void *arg);
};

typedef void sharedlog_done(enum sharedlog_end end, uint64_t number, void *arg);
typedef void sharedlog_claimed(enum sharedlog_claim_end end, void *arg);
/* Some entries, or none at the end; is_more: others follow in a call of its
 * own. A fault: no more come. */
typedef void sharedlog_read(enum sharedlog_fault fault,
    const struct sharedlog_entry *entries, size_t count, bool is_more,
    uint64_t last_change, void *arg);

/* More are refused. Milliseconds: after that a pending append is given up. */
#define SHAREDLOG_PENDING_MAX 1024
#define SHAREDLOG_PENDING_MS (60 * 60 * 1000)
#define SHAREDLOG_RENEW_MS 5000
#define SHAREDLOG_SILENCE_MS 5000 /* without an answer: SHAREDLOG_SILENT */
#define SHAREDLOG_BACKOFF_MS 100 /* before the next connect; it doubles */
#define SHAREDLOG_BACKOFF_MAX_MS 5000

/*
 * Begins to connect. engine becomes sharedlog's; clock, deadlines, user and arg
 * stay the caller's and outlive it. epoch and era are what an earlier start has
 * known (sharedlog_epoch()), 0 if nothing. node is a number that no
 * other start of a server has; 0: one is made by chance.
 */
struct sharedlog *sharedlog_new(struct engine *engine,
    const struct clock *clock, struct deadlines *deadlines,
    const struct sharedlog_user *user, void *arg, uint64_t node, uint64_t epoch,
    uint32_t era);
/* Resigns, if the engine is there; pending appends end as unknown. sl may be
 * NULL. Not from a callback. */
void sharedlog_free(struct sharedlog *sl);

enum sharedlog_fault sharedlog_state(const struct sharedlog *sl);
/* For people: "the engine is out of memory". */
const char *sharedlog_fault_str(enum sharedlog_fault fault);
uint64_t sharedlog_node(const struct sharedlog *sl);
/* The newest epoch that is known, and its era: to be kept with the rings. */
uint64_t sharedlog_epoch(const struct sharedlog *sl, uint32_t *era);

/* Numbers for metrics. */
struct sharedlog_counts {
	uint64_t appended; /* ended as said */
	uint64_t repaired;
	uint64_t connects;
	uint64_t epochs; /* new ones since the start */
	uint64_t damaged; /* entries that made no sense, and were left out */
	unsigned pending;
};
void sharedlog_count(const struct sharedlog *sl,
    struct sharedlog_counts *counts);

/*
 * Follows a log from after the entry that was read last (NULL: all that the
 * engine holds), of which number, node and counter count. joined() or
 * diverged() tells first whether that is an entry of this log's. owner is what
 * sharedlog_owner() gives. name is copied. One log is followed once.
 */
struct sharedlog_log *sharedlog_follow(struct sharedlog *sl, const char *name,
    const struct sharedlog_entry *last, void *owner);
/* Ends that; pending appends stay. */
void sharedlog_unfollow(struct sharedlog_log *log);
void *sharedlog_owner(const struct sharedlog_log *log);
/* After diverged(): what was read ends with that entry now (NULL: with none),
 * which is up to the bound. joined() or diverged() follows. */
void sharedlog_seek(struct sharedlog_log *log,
    const struct sharedlog_entry *last);

/*
 * Appends. name is its author's, which has to be held; NULL: no person's. data
 * is copied, at most SHAREDLOG_DATA_MAX bytes. When done is called, all entries
 * up to it have been given to entry(). Returns -1 if the engine is away, the
 * name is not held, or too many are pending: it is not said, and done is not
 * called.
 */
int sharedlog_append(struct sharedlog_log *log, const char *name,
    const void *data, size_t len, sharedlog_done *done, void *arg) MUST_CHECK;

/* Appends again what the log has lost, once whoever does so. entry->number is
 * what it was last; an empty log goes on there. -1: too many are pending; go on
 * when one is done. */
int sharedlog_repair(struct sharedlog_log *log,
    const struct sharedlog_entry *entry, sharedlog_done *done,
    void *arg) MUST_CHECK;

/*
 * Sets a record, or removes it (data NULL), and appends that to log, which has
 * the changes of all records. expected, unless NULL, is the msgid of the change
 * that it has to be of now; 0: there has to be no record. As sharedlog_append()
 * for the rest.
 */
int sharedlog_put(struct sharedlog_log *log, const void *key, size_t key_len,
    const void *data, size_t len, const uint64_t *expected,
    sharedlog_done *done, void *arg) MUST_CHECK;

/* Reads what the engine holds of a log, after a number to another (inclusive),
 * max entries at most (ENGINE_RANGE_MAX). -1: the engine is away. */
int sharedlog_range(struct sharedlog_log *log, uint64_t after, uint64_t to,
    unsigned max, sharedlog_read *read, void *arg) MUST_CHECK;

/*
 * Reads all records, removed ones too, those that change meanwhile perhaps as
 * they were; what changed after last_change is in log. An entry has key, data,
 * and the msgid of its change. -1: the engine is away.
 */
int sharedlog_records(struct sharedlog_log *log, sharedlog_read *read,
    void *arg) MUST_CHECK;

/* Claims a name, which is copied; claimed is called once. -1: the engine is
 * away, or it is held or being claimed already. */
int sharedlog_claim(struct sharedlog *sl, const char *name,
    sharedlog_claimed *claimed, void *arg) MUST_CHECK;
bool sharedlog_holds(const struct sharedlog *sl, const char *name);
/* Gives up a name that is held; at once here, and in the engine as soon as it
 * is there. Does nothing if it is not held. */
void sharedlog_release(struct sharedlog *sl, const char *name);

#endif
