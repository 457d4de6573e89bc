/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PROXY_H
#define PROXY_H

#include <stddef.h>

#include "net/conn.h"
#include "net/listener.h"

/*
 * The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): a proxy
 * begins each connection with a header that tells where it comes from.
 */

#define PROXY_HEADER_MAX 1024 /* bytes; the specification's own is 536 */

enum proxy_header {
	PROXY_MORE, /* so far it is the start of one */
	PROXY_BAD,
	PROXY_TELLS, /* *from says where the connection comes from */
	PROXY_ITSELF /* it comes from the proxy, or the proxy does not know */
};
/*
 * Parses data, the first bytes of a connection, of which none lies behind the
 * header. PROXY_MORE: so many further bytes, at least 1, can be read without
 * going beyond its end; if it is *is_text, only up to a LF.
 */
enum proxy_header proxy_parse(const void *data, size_t len, size_t *more,
    bool *is_text, struct credential *from);

/* Connections from proxies whose headers are not there yet. */
struct proxies;

/* accepted() is called for each that comes from a proxy, with who stands behind
 * it; only from the loop. */
struct proxies *proxies_new(struct net *net, listener_accepted *accepted,
    void *arg);
/* Closes those that wait. NULL is allowed. */
void proxies_free(struct proxies *all);

/* Is it a proxy that options->trusted_proxy names? */
bool proxy_is_trusted(const struct options *o,
    const struct credential *credential);

/*
 * Takes over the accepted fd of a trusted proxy. Without a header within
 * PROXY_WAIT_MS, or with a bad one, it is closed, with a debug line; but one that
 * begins with a request of HTTP is let in, as one that tells in each request who
 * it is for (web/web-forwarded.c).
 */
#define PROXY_WAIT_MS 5000
void proxies_take(struct proxies *all, int fd,
    const struct listener_peer *peer);

#endif
