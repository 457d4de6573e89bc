/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef REDIS_H
#define REDIS_H

#include <stdint.h>

struct clock;
struct engine;
struct event_base;

/* Where a Redis (6.2 or later) is, and as who to speak to it. */
struct redis_place {
	const char *path; /* of its Unix socket; or NULL */
	const char *host; /* an address in figures; or NULL */
	uint16_t port;
	const char *user; /* of its ACL; NULL: the default one */
	const char *password; /* NULL: none is asked for */
	unsigned database;
	const char *prefix; /* of all keys: "brbd" */
	/* About how many entries of a log are kept (XADD MAXLEN ~). */
	uint64_t log_entries;
};

/*
 * An engine for sharedlog_new(), which frees it: Redis by two connections, one
 * for requests, each a script (redis-scripts.c), and one that waits for entries
 * (XREAD BLOCK). place is copied; base and clock stay the caller's. NULL, with
 * errno: the host is no address. Redis' protocol: redis.io/docs/reference/
 * protocol-spec, RESP2.
 */
struct engine *redis_new(struct event_base *base, struct clock *clock,
    const struct redis_place *place);

#endif
