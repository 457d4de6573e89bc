/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/credential.h"
#include "base/util.h"

struct fields_in;
struct fields_out;
struct tlv;

/*
 * Passwords are tried so many times at once, and then once in ATTEMPT_MS: for
 * one account from one origin; from one origin, whatever the account; and for
 * one account, wherever from. The last does not hold up who comes from where
 * its owner has logged in before, so nobody can lock an owner out. A name
 * without an account counts like one that has. What was right does not count.
 */
#define ATTEMPT_TRIES 5
#define ATTEMPT_ORIGIN_TRIES 20
#define ATTEMPT_ACCOUNT_TRIES 50
#define ATTEMPT_MS 20000
#define ATTEMPTS_MAX 20000 /* records; who was not heard of for longest goes */

/* Whose password is tried, and where from. */
struct attempt_subject {
	uint64_t account; /* 0: there is none of that name */
	const char *name; /* as given */
	const struct credential *origin;
	bool is_known; /* the owner has logged in from there */
};

struct attempt {
	RB_ENTRY(attempt) entry;
	TAILQ_ENTRY(attempt) by_age;
	struct credential key;
	struct bucket bucket;
	unsigned pending; /* of those that were counted: not ended yet */
};
RB_HEAD(attempt_tree, attempt);
TAILQ_HEAD(attempt_queue, attempt);

struct attempts {
	struct attempt_tree tree;
	struct attempt_queue by_age; /* the longest unused first */
	size_t count;
};

void attempts_init(struct attempts *all);
void attempts_fini(struct attempts *all);

/* For the next program (handoff.h): those that still count; and again, an item
 * after the other. What is being tried counts until it ends there. */
void attempts_save(const struct attempts *all, int64_t mono_ms,
    struct fields_out *out);
bool attempts_load(struct attempts *all, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/*
 * Begins to try: returns 0, and it counts until attempts_end(); or how long to
 * wait, and nothing was changed. *may_wait: some are still being tried, and if
 * those are right, one may go on at once. mono_ms is the monotonic clock.
 */
int64_t attempts_begin(struct attempts *all, const struct attempt_subject *s,
    int64_t mono_ms, bool *may_wait) MUST_CHECK;

enum attempt_end {
	ATTEMPT_WRONG, /* or nobody waits for the answer any more */
	ATTEMPT_RIGHT,
	ATTEMPT_UNKNOWN /* it could not be found out */
};
/* Ends one that has begun; only what was wrong goes on to count. */
void attempts_end(struct attempts *all, const struct attempt_subject *s,
    enum attempt_end how);

/* Making accounts is bounded in the same way, and by so many a day; of IPv6
 * counts the /48, as whoever has one of those has 65536 origins. Returns 0 and
 * counts it, or how long to wait. */
int64_t attempts_register(struct attempts *all, const struct credential *origin,
    uint32_t per_day, int64_t mono_ms) MUST_CHECK;
/* May a connection from there count as the account's? So many accounts of one
 * origin may have theirs in an hour. */
#define ATTEMPT_LEND 16
bool attempts_lend(struct attempts *all, uint64_t account,
    const struct credential *origin, int64_t mono_ms) MUST_CHECK;
/* And changing the password of one account. */
int64_t attempts_change(struct attempts *all, uint64_t account,
    int64_t mono_ms) MUST_CHECK;

#endif
