/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * An engine of shared logs in memory, which does what sharedlog/engine.h says,
 * in the test's time, and fails when it is told to.
 */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "fake-store.h"
#include "sharedlog/engine.h"

/* One node's connection, and how bad it is. Times are drawn from 0 to these. */
struct fake_link {
	struct engine engine;
	struct fake_world *world;
	struct fake_link *next;
	int64_t delay_ms; /* of requests, and of answers */
	int64_t tail_delay_ms;
	bool is_cut; /* cannot connect */
	/* Never cleared: how often that many requests of a lost connection are
	 * done later than those of the next one. */
	struct fake_connection *connection;
	struct fake_connection *late;
};

void fake_world_init(struct fake_world *world, uint64_t seed);
void fake_world_fini(struct fake_world *world); /* after all sharedlog_free() */

/* An engine for sharedlog_new(), which frees it. */
struct fake_link *fake_link_new(struct fake_world *world);

/* Lets that much time pass. */
void fake_world_run(struct fake_world *world, int64_t ms);

/* From 0 to below n. */
uint64_t fake_random(struct fake_world *world, uint64_t n);

/* The connection ends now. What was sent is done before, later, or never. */
void fake_link_cut(struct fake_link *link);

/* The primary is killed, and comes back with all it had, or none of it. */
void fake_world_restart(struct fake_world *world, bool is_empty);
/* As FLUSHALL: it forgets all, and stays the same. */
void fake_world_flush(struct fake_world *world);
/* The replica is from now on what the primary is now. */
void fake_world_replicate(struct fake_world *world);
/* It takes the primary's place; what was said since is lost with that. */
void fake_world_fail_over(struct fake_world *world);

#endif
