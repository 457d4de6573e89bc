/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For link*.c alone.
 */
#ifndef LINK_IMPL_H
#define LINK_IMPL_H

#include <sys/types.h>

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "brb/address.h"
#include "brb/link.h"

/* TLS over a socket that does not block. */

struct link_tls;

enum link_io {
	LINK_IO_DONE,
	LINK_IO_READ, /* it has to wait until it can read */
	LINK_IO_WRITE,
	LINK_IO_END, /* of the connection */
	LINK_IO_FAILED /* why says why */
};

/* NULL: *why, which the caller frees, says what is wrong. *news may be set to
 * what a person should know, likewise. */
struct link_tls *link_tls_new(int fd, const struct address *a, char **why,
    char **news);
void link_tls_free(struct link_tls *t);
/* Done: the server is the right one. *is_final: a person has to look. */
enum link_io link_tls_handshake(struct link_tls *t, char **why, char **news,
    bool *is_final);
/* As read() and write(): *n is how much. */
enum link_io link_tls_read(struct link_tls *t, char *out, size_t len,
    size_t *n);
enum link_io link_tls_write(struct link_tls *t, const char *data, size_t len,
    size_t *n);

/* Addresses of a host, found by a process of its own, since getaddrinfo() may
 * take long. */

#define LINK_ADDRESSES_MAX 16

struct link_address {
	socklen_t len;
	int error; /* of getaddrinfo(); then there is no address */
	struct sockaddr_storage address;
};

/* Starts it; what can be read from the pipe are structs link_address. Returns
 * its end, and the process in *pid; or -1. */
int link_resolve(const char *host, const char *port, pid_t *pid);

/* A descriptor that becomes readable when addresses or routes change; -1: the
 * system has none. The caller closes it. */
int link_network_open(void);
/* Takes what there is to read; true: an address or route has come. *is_over: fd
 * will tell nothing more. */
bool link_network_read(int fd, bool *is_over);

/* The link itself. */

#define LINK_UNSENT_MAX (1024 * 1024) /* bytes; beyond, nothing is read */

enum link_state {
	LINK_CLOSED,
	LINK_WAITING,
	LINK_RESOLVING,
	LINK_CONNECTING,
	LINK_HANDSHAKE,
	LINK_UP
};

struct link {
	struct event_base *base;
	const struct address *address;
	const struct link_handler *handler;
	void *arg;
	enum link_state state;
	int fd; /* of the connection, or the resolver's pipe; -1 */
	struct event *readable, *writable, *timer;
	int network; /* or -1 */
	struct event *network_readable;
	int64_t network_ms; /* when that gave rise to something */
	pid_t resolver;
	struct link_address found[LINK_ADDRESSES_MAX];
	size_t found_count, found_next;
	struct link_tls *tls;
	struct buf in, out;
	size_t out_done;
	unsigned failures;
	bool was_refused;
	bool is_probed;
	int64_t up_ms, heard_ms, tried_ms;
	int last_errno; /* of the addresses tried so far */
};

int64_t link_now_ms(void); /* monotonic */
/* Has the timer end in so long. */
void link_arm(struct link *l, int64_t ms);
/* Waits for what can be read or written from now on, or for neither. */
void link_watch(struct link *l, bool reads, bool writes);
/* A server that asks and does not read gets no more asked: what waits for it
 * would grow without end. When it stays so, the timer finds it silent. */
bool link_may_read(const struct link *l);
/* Events for l->fd; and none. */
void link_open_events(struct link *l);
void link_drop_events(struct link *l);
/* Lines can be sent and come; and: the connection has ended, or could not be
 * made. is_final: it is not tried again. */
void link_opened(struct link *l);
void link_lost(struct link *l, const char *why, bool is_final);

/* link-connect.c: begins to connect; and goes on when the resolver has something
 * to say, the socket is connected or not, and TLS can do its next step. */
void link_connect(struct link *l);
/* The address that is tried does not answer: tries the next one, if there is. */
bool link_try_another(struct link *l);
void link_take_found(struct link *l);
void link_check_connect(struct link *l);
void link_shake_hands(struct link *l);

/* link-io.c: reads what has come, and writes what is queued. */
void link_read(struct link *l);
void link_write(struct link *l);

#endif
