/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What the floor and the models share: a listening socket, and lines. Nothing
 * of how they carry a line from one to all is here.
 */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include <sys/types.h>

#include <stddef.h>

/* The most that is read at once, and the longest line. */
enum { SERVE_READ_MAX = 64 * 1024 };

/* The beginning of a line, the rest of which has not come yet. */
struct serve_input {
	char *data;
	size_t len;
};

/*
 * Ignores SIGPIPE, raises the limit on descriptors, listens on a free port of
 * 127.0.0.1, which is printed on standard output as "listening on
 * 127.0.0.1:PORT". flags as for socket(2). Exits if it cannot.
 */
int serve_listen(int flags);

/* The next connection, without Nagle's delay; flags as for accept4(2). Returns
 * -1 with errno if there is none; complains of all but EAGAIN and EINTR. */
int serve_accept(int listen_fd, int flags);

/*
 * Reads once, into buf, which has SERVE_READ_MAX bytes. Returns how many bytes of
 * whole lines are there now; what follows them is kept in in. 0: no whole line
 * yet, or nothing to read. -1: the end, an error, or too long a line.
 */
ssize_t serve_read(struct serve_input *in, int fd, char *buf);
/* The same for what has been read already, len bytes of data; with what is in in
 * no more than SERVE_READ_MAX. */
ssize_t serve_lines(struct serve_input *in, const char *data, size_t len,
    char *buf);
void serve_input_fini(struct serve_input *in);

/* Exits with a message about errno. */
_Noreturn void serve_fail(const char *what);

void *serve_alloc(size_t size); /* zeroed, never NULL */

#endif
