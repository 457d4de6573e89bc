/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * For link*.c alone.
 */
#ifndef LINK_IMPL_H
#define LINK_IMPL_H

#include <sys/types.h>

#include <sys/socket.h>

#include "brb/address.h"

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

#endif
