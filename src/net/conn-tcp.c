/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The options of a TCP socket, and whether its peer is still there.
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <limits.h>
#include <string.h>

#include "net/conn-impl.h"

/* A silent peer is probed after a while, and given up after three minutes. */
#define CONN_KEEPALIVE_IDLE_S 120
#define CONN_KEEPALIVE_INTERVAL_S 20
#define CONN_KEEPALIVE_PROBES 3
#define CONN_USER_TIMEOUT_MS (180 * 1000)

static void
conn_set_option(int fd, int level, int name, int value)
{
	/* Nice to have: a socket without it works nonetheless. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

void
conn_probe(struct conn *c, bool is_on)
{
#ifdef TCP_KEEPIDLE
	if (!c->is_tcp || c->state != CONN_OPEN)
		return;
	conn_set_option(c->fd, IPPROTO_TCP, TCP_KEEPIDLE,
	    is_on ? 1 : CONN_KEEPALIVE_IDLE_S);
	conn_set_option(c->fd, IPPROTO_TCP, TCP_KEEPINTVL,
	    is_on ? 1 : CONN_KEEPALIVE_INTERVAL_S);
#else
	(void)c;
	(void)is_on;
#endif
}

bool
conn_has_acked(const struct conn *c, int64_t ms)
{
#ifdef TCP_KEEPIDLE
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	return !c->is_tcp || c->is_relayed ||
	    getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1 ||
	    (int64_t)info.tcpi_last_ack_recv < ms;
#else
	(void)c;
	(void)ms;
	return true;
#endif
}

void
conn_set_tcp_options(const struct net *net, int fd)
{
	conn_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	conn_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	/* Or else the urgent byte of telnet's Synch (RFC 854), a command, is
	 * not read, and the IAC before it eats what comes behind. */
	conn_set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	/* Else the kernel grows the buffer of a peer that does not read to some
	 * megabytes, outside of all our limits. */
	conn_set_option(fd, SOL_SOCKET, SO_SNDBUF,
	    net->options->output_limit > CONN_SNDBUF_MIN ?
		(int)net->options->output_limit :
		CONN_SNDBUF_MIN);
#ifdef TCP_KEEPIDLE
	conn_set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, CONN_KEEPALIVE_IDLE_S);
	conn_set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL,
	    CONN_KEEPALIVE_INTERVAL_S);
	conn_set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, CONN_KEEPALIVE_PROBES);
#endif
#ifdef TCP_USER_TIMEOUT
	/* It counts a window that stays shut, too, which our stall check is to
	 * judge: so it must not be sooner. */
	int64_t timeout_ms = 2 * net->options->stall_timeout;

	if (timeout_ms < CONN_USER_TIMEOUT_MS)
		timeout_ms = CONN_USER_TIMEOUT_MS;
	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	conn_set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)timeout_ms);
#else
	(void)net;
#endif
}
