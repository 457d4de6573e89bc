/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * TLS 1.3 for the load generator and the floor, by libssl as its manual has it:
 * what a program gets that does no more than it must. Built without OpenSSL,
 * secure_init() says so and exits.
 */
#ifndef BENCH_SECURE_H
#define BENCH_SECURE_H

#include <sys/types.h>

#include <stdbool.h>

struct secure;

enum secure_state { SECURE_DONE, SECURE_READS, SECURE_WRITES, SECURE_FAILED };

/* For clients, who believe any certificate, or with one (PEM) for servers. Exits
 * with a message if it cannot. */
void secure_init(const char *certificate, const char *key);

/* A connection on fd, whose handshake has not begun. NULL: no memory. */
struct secure *secure_new(int fd);
void secure_free(struct secure *s);

/* Goes on with the handshake, and says what it waits for. */
enum secure_state secure_shake(struct secure *s);

/* As recv(2) and send(2) do, with EAGAIN; all of data is taken or nothing. There
 * may be more to read than the socket tells: read until EAGAIN. */
ssize_t secure_read(struct secure *s, void *data, size_t size);
ssize_t secure_write(struct secure *s, const void *data, size_t len);

#endif
