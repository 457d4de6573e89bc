/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/util.h"

struct clock;
struct event_base;
struct verify;
struct verify_queue;

/*
 * Passwords are checked against crypt(3) hashes in processes of their own, so
 * that a hash that takes a second, as a good one does, delays nobody.
 */
enum verify_result {
	VERIFY_YES,
	VERIFY_NO,
	/* Nobody knows: no process, it was ended, it took VERIFY_LIMIT_MS, or
	 * the C library cannot compute such a hash. It is logged. */
	VERIFY_FAILED
};
const char *verify_result_str(enum verify_result result);

/* That many are checked at once, and wait; more are refused. */
#define VERIFY_WORKERS 2
#define VERIFY_WAITING_MAX 16
#define VERIFY_LIMIT_MS 10000 /* of real time, for one */
#define VERIFY_HASH_MAX 383 /* bytes; no hash of crypt(5) is longer */
/* Bytes. A longer one is never right; crypt(3) has the same limit. */
#define VERIFY_PASSWORD_MAX 511

/* The pointers are the caller's. base has NET_PRIORITIES. Cannot fail; starts
 * no process yet. */
struct verify_queue *verify_queue_new(struct event_base *base,
    struct clock *clock, struct deadlines *deadlines);

/* As verify_stop(), but no callback is called. NULL is fine. */
void verify_queue_free(struct verify_queue *q);

/*
 * Starts the processes, unless they run. Without it they are started when they
 * are needed: do it early, while this one is small, since they keep the memory
 * that it has then. What fails is logged, and tried again when needed.
 */
void verify_prepare(struct verify_queue *q);

/*
 * Ends the processes and waits for that; whatever is under way is
 * VERIFY_FAILED, from the loop. Before another program is executed in this
 * one's place. It is fine to go on: they are started again when needed.
 */
void verify_stop(struct verify_queue *q);

/*
 * Is password that of hash? Both are copied; wiping the caller's password is
 * the caller's. done is called once from the loop, never before this returns,
 * and the handle ends with that. It may start and cancel others. NULL: too many
 * wait already, try later.
 */
struct verify *verify_start(struct verify_queue *q, const char *hash,
    const char *password, void (*done)(enum verify_result, void *arg),
    void *arg) MUST_CHECK;

/* Whoever asked is gone: done is not called any more. NULL is fine. */
void verify_cancel(struct verify *v);

/*
 * May hash stand in the settings? NULL, or what is wrong with it: a static
 * phrase. Only its form is looked at, which takes no time. What is weaker than
 * sha256crypt is refused.
 */
const char *verify_check_hash(const char *hash) MUST_CHECK;

/* A lower time limit than the above, for tests. */
void verify_set_limit(struct verify_queue *q, int64_t limit_ms);

#endif
