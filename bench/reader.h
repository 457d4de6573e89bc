/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A connection of the generators that reads on and on, until what it waits for
 * has come. All faults of the server's are those of the trial.
 */
#ifndef BENCH_READER_H
#define BENCH_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

enum { READER_TAIL = 64 }; /* what is waited for is shorter than half of it */

struct reader {
	int fd;
	char tail[READER_TAIL]; /* the last bytes of what came */
	size_t tail_len;
};

/* Connects to that port of 127.0.0.1; epoll_fd tells by owner that something
 * can be read. */
void reader_open(struct reader *r, unsigned port, int epoll_fd, void *owner);
void reader_say(struct reader *r, const char *fmt, ...) PRINTFLIKE(2, 3);
/* Reads what there is, without waiting; 0: nothing. */
size_t reader_read(struct reader *r, char *data, size_t size);

/* What comes from now on does not belong to what came before. */
void reader_begin(struct reader *r);
/* Is mark in data, which was read just now, or across its beginning? */
bool reader_has(struct reader *r, const char *data, size_t len,
    const char *mark);

#endif
