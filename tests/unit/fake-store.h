/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What the fake engine keeps: logs, names, leases and records, and what is done to
 * them at a request. The functions are for fake-engine.c alone.
 */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "sharedlog/engine.h"

#define FAKE_NODES_MAX 64

/* What all nodes share: the time, the primary, and its replica if it has one. */
struct fake_world {
	struct clock clock;
	struct deadlines deadlines;
	uint64_t random; /* never 0 */
	struct fake_store *primary;
	struct fake_store *replica; /* what it was a while ago; or NULL */
	struct fake_link *links;
	struct fake_bytes *bytes;
	bool is_stopped; /* does nothing, as by SIGSTOP */
	bool is_down; /* refuses connections */
	enum sharedlog_fault fault; /* refuses each change for that */
	uint64_t replids; /* given so far */
	uint64_t done; /* requests */
	uint64_t twice; /* appends that had been done before */
};

/* What is on its way back. */
struct fake_answer {
	struct fake_answer *next;
	int64_t at_ms;
	enum sharedlog_fault fault; /* it ends the connection */
	struct engine_answer a;
	uint64_t nodes[FAKE_NODES_MAX];
	struct sharedlog_entry entries[ENGINE_RANGE_MAX];
};

struct fake_store *fake_store_new(struct fake_world *w);
struct fake_store *fake_store_copy(const struct fake_store *s);
void fake_store_clear(struct fake_store *s); /* it forgets all but who it is */
void fake_store_free(struct fake_store *s); /* or NULL */
/* From now on it is another, to which epochs are new. */
void fake_store_rename(struct fake_world *w, struct fake_store *s);

/* The next entry of that log after number, or NULL. */
const struct sharedlog_entry *fake_store_next(struct fake_store *s,
    const char *log, uint64_t number);

/* The primary does that; the caller frees what comes back. */
struct fake_answer *fake_store_do(struct fake_world *w,
    const struct engine_request *r);

/* A copy of data, or NULL, for as long as the world lasts: stores share it. */
const void *fake_store_keep(struct fake_world *w, const void *data, size_t len);
void fake_store_free_bytes(struct fake_world *w);

#endif
