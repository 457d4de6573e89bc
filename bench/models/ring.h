/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The message queue that threads, or processes, share: what was said last, under a
 * readers-writer lock. Each reader has its place, a count of bytes from the
 * beginning.
 */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_SIZE = 1024 * 1024 };

struct ring {
	pthread_rwlock_t lock;
	uint64_t end; /* so many bytes were said */
	char data[RING_SIZE];
};

/* In memory that is shared among processes. Exits if there is none. */
struct ring *ring_new(void);

/* At most RING_SIZE. */
void ring_add(struct ring *ring, const char *data, size_t len);

/*
 * Copies what was said from *place on, at most size bytes, and moves *place.
 * Where the ring holds it no more, it goes on with the oldest that is there.
 */
size_t ring_take(struct ring *ring, uint64_t *place, char *buf, size_t size);

uint64_t ring_end(struct ring *ring);

#endif
