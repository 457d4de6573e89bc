/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/util.h"
#include "daemon.h"
#include "tls-client.h"

/*
 * What the tests with many people share (crash.c, crowd.c, flipped.c, frozen.c,
 * guesses.c, losses.c, once.c, storm.c, talkers.c, upgrade.c): a daemon in a
 * directory of its own, and connections to it.
 * Whatever goes wrong in here fails the test.
 */

int64_t client_now_us(void);
int64_t client_now_ms(void);

/* The number that an environment variable has; fallback where it is not set. */
unsigned client_setting(const char *name, unsigned fallback);

/*
 * How long a wait may last, in milliseconds: DIALOG_TIMEOUT seconds, or 10, and
 * so many times as long.
 */
int64_t client_patience_ms(unsigned factor);

/* As many open files as the machine allows; returns how many. */
size_t client_raise_nofile(void);

/*
 * Starts program, or the one that BRBD names, with arguments that stand apart
 * by blanks, and with the files {dir}/brbd.conf, which is made if it is not
 * there, and {dir}/notify.
 */
void client_start_daemon(struct daemon *d, const char *dir, const char *program,
    const char *fmt, ...) PRINTFLIKE(4, 5);

/* Reads what d says; once it is ready, it is known where it listens. */
void client_hear_daemon(struct daemon *d);
void client_await_daemon(struct daemon *d, int64_t patience_ms);

/* SIGTERM; it ends in order, and no checker has found anything. */
void client_stop_daemon(struct daemon *d, int64_t patience_ms);

/*
 * A connection that does not block, over TCP or the Unix socket; rcvbuf, unless
 * 0, is its receive buffer. -1 when d does not take it.
 */
int client_connect(const struct daemon *d, bool is_unix, int rcvbuf);

/* What brbctl would be told by the socket {dir}/control: the words of a verb
 * stand apart by newlines. It must be "ok". */
void client_ask(const char *dir, struct buf *answer, const char *words);
/* The value of a counter in the metrics, by its name with labels. */
unsigned client_counted(const char *dir, const char *name);

/* Adds all that has arrived; false when the connection has ended, in
 * any way. */
bool client_receive(int fd, struct buf *in);

/* The same, and send(2), by TLS; or without, if tls is NULL. */
bool client_receive_by(struct tls_client *tls, int fd, struct buf *in);
ssize_t client_send_by(struct tls_client *tls, int fd, const void *data,
    size_t len);

/* Calls take for each whole line of in, which ends in a NUL then, without its
 * LF or CR LF; what is left is the start of another. */
void client_take_lines(struct buf *in, void (*take)(void *arg, char *line),
    void *arg);

#endif
