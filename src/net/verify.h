/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdint.h>

#include "base/deadline.h"
#include "base/util.h"

struct clock;
struct event_base;
struct verify;
struct verify_queue;

/* Passwords are checked against crypt(3) hashes in processes of their own, so
 * that a good hash, which takes a second, delays nobody. */
enum verify_result {
	VERIFY_YES,
	VERIFY_NO,
	/* Unknown: there was no process, it was ended, it took VERIFY_LIMIT_MS,
	 * or the C library cannot compute such a hash. It is logged. */
	VERIFY_FAILED
};

/* How many are checked at once, and may wait; more are refused. */
#define VERIFY_WORKERS 2
#define VERIFY_WAITING_MAX 64
#define VERIFY_LIMIT_MS 10000 /* in real time, for one check */
#define VERIFY_HASH_MAX 383 /* bytes; no hash of crypt(5) is longer */
/* In bytes. A longer one is never right; crypt(3) has the same limit. */
#define VERIFY_PASSWORD_MAX 511

/* Makes a queue that has started no process yet. The pointers are the caller's.
 * base has NET_PRIORITIES. Cannot fail. */
struct verify_queue *verify_queue_new(struct event_base *base,
    struct clock *clock, struct deadlines *deadlines);

/* As verify_stop(), but no callback is called. q may be NULL. */
void verify_queue_free(struct verify_queue *q);

/*
 * Starts the processes, unless they run. Without it they are started when
 * needed. Call it early, while this process is small, since they keep a copy of
 * its memory. A failure is logged; they are tried again when needed.
 */
void verify_prepare(struct verify_queue *q);

/*
 * Ends the processes and waits for them; requests under way become
 * VERIFY_FAILED, told from the loop. For before another program is executed in
 * this one's place; if that fails, processes are started again when needed.
 */
void verify_stop(struct verify_queue *q);

/*
 * Checks password against hash. Both are copied; wiping the caller's password
 * is the caller's task. done is called once from the loop, never before this
 * returns; the handle ends with it. done may start and cancel others. Returns
 * NULL if too many wait.
 */
struct verify *verify_start(struct verify_queue *q, const char *hash,
    const char *password, void (*done)(enum verify_result, void *arg),
    void *arg) MUST_CHECK;

/*
 * Makes a hash of a new password, of the best kind that there is, in the same
 * way: done is called with VERIFY_YES or VERIFY_FAILED, and may ask
 * verify_hash() for it meanwhile. A password too long is VERIFY_NO.
 */
struct verify *verify_start_new(struct verify_queue *q, const char *password,
    void (*done)(enum verify_result, void *arg), void *arg) MUST_CHECK;
const char *verify_hash(const struct verify_queue *q);
/*
 * From now on, whenever a password was right or a hash of a new one is made, a
 * verifier for SCRAM is made of it as well, with so many iterations (0: none).
 * done may ask for it as text; "": there is none.
 */
void verify_set_scram(struct verify_queue *q, uint32_t iterations);
const char *verify_scram(const struct verify_queue *q);

/* How many requests a process was given to compute. */
uint64_t verify_count(const struct verify_queue *q);

/* Cancels a request: done is not called. v may be NULL. */
void verify_cancel(struct verify *v);

/*
 * May hash stand in the settings? Returns NULL, or what is wrong with it as a
 * static phrase. Only its form is checked, which takes no time. What is weaker
 * than sha256crypt is refused.
 */
const char *verify_check_hash(const char *hash) MUST_CHECK;

/* Sets a lower time limit than the above, for tests. */
void verify_set_limit(struct verify_queue *q, int64_t limit_ms);

#endif
