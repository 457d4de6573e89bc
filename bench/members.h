/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Members: their connections, and how they come to be live.
 */
#ifndef BENCH_MEMBERS_H
#define BENCH_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialect.h"

struct member {
	int fd;
	bool is_connected;
	bool is_synced; /* a line that looks for who is live came */
	bool is_sleeper;
	bool is_dropped; /* a sleeper whose connection the server closed */
	struct secure *secure; /* NULL: no TLS */
	struct dialect_self self;
	char *rest; /* of a thing that has not come whole */
	size_t rest_len;
	uint64_t missed; /* by a sleeper: so many lines never came */
	uint64_t told; /* and so many the server told of */
};

/*
 * In this order: those who are awake, among whom the senders are spread; those
 * in the other room; the sleepers.
 */
extern struct members {
	struct member *list;
	unsigned wakers;
	unsigned live;
	unsigned synced;
	bool have_slept; /* the sleepers */
	double connect_s; /* until all were connected */
} members;

/* What is done with what comes. */
struct members_listener {
	/* A line came, without its ending. */
	void (*heard)(struct member *m, const char *text, size_t len);
	/* A read(2) brought something. */
	void (*was_read)(const struct member *m);
};

void members_init(const struct members_listener *listener);

/* The member whose place is number of count among those awake. */
struct member *members_spread(unsigned number, unsigned count);

/* All join; until all have been told that they are live, or, where nobody is
 * told, are connected. */
void members_join(void);

/* Waits for events and handles them; whether there were any. */
bool members_poll(int timeout_ms);

/* Until nothing comes any more. */
void members_settle(void);

/* Returns how much was not taken. */
size_t members_write(const struct member *m, const char *data, size_t len);

/* From here on they read nothing, or again. */
void members_sleep(void);
void members_wake(void);

#endif
