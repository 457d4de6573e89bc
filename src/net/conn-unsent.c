/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How much of the output the peer may not have read. Whoever comes back is
 * shown that much again, so the answer must never be too small: a line too many
 * stands under a notice that says so, a line too few is lost. The following was
 * measured and is relied on (check_conn_unsent.c fails where it does not hold):
 *
 * TCP on Linux: SIOCOUTQ is exactly what the peer's kernel has not
 * acknowledged. It is a difference of two counters that survive a reset, when
 * the bytes themselves are gone. After our FIN it is one more, until that is
 * acknowledged.
 *
 * Acknowledged is not read. A peer that closes in order has read all: close(2)
 * with anything unread sends a reset. When a connection breaks, nobody knows
 * what had been read. Then a margin is added: what was handed over in the last
 * ten seconds (or up to thirty, for want of a finer count) and has been
 * acknowledged, but at most CONN_DOUBT_MAX and at least CONN_DOUBT_MIN. Whoever
 * was reading is not further behind. If the peer had long stopped reading, its
 * receive buffer (some 100 KB) may hold more, but we do not repeat that much
 * for everybody whose connection breaks. The peer's window does not help
 * (tcpi_snd_wnd stays at 64 KiB with 60 KB unread).
 *
 * Unix sockets on Linux: SIOCOUTQ is what the peer itself has not read, but in
 * the kernel's memory (768 bytes for a line of 60), and 0 once the peer has
 * closed, read or not. So once a second, before a write, we measure how much
 * that is while the peer is known to be there; all that came before has been
 * read. Where it is 0, as it mostly is, this is exact. A peer that closes with
 * anything unread leaves an error behind, else EOF.
 *
 * Elsewhere only the margin is known, and the size of a send buffer is added.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef HAVE_LINUX_SOCKIOS_H
#include <linux/sockios.h>
#endif

#include <poll.h>

#include "net/conn-impl.h"

#define CONN_RECENT_MS 10000
#define CONN_LOOK_MS 1000
#define CONN_DOUBT_MIN ((size_t)1024)
#define CONN_DOUBT_MAX ((size_t)16384)

#ifdef HAVE_SIOCOUTQ
#define CONN_KERNEL_MAX ((size_t)0)
#else
#define CONN_KERNEL_MAX ((size_t)CONN_SNDBUF_MIN) /* assumed */
#endif

size_t
conn_in_kernel(const struct conn *c)
{
#ifdef HAVE_SIOCOUTQ
	int len;

	if (ioctl(c->fd, SIOCOUTQ, &len) == 0 && len > 0)
		return (size_t)len - (c->is_tcp && c->is_shut);
#else
	(void)c;
#endif
	return 0;
}

/* Does the kernel's figure for c count unread bytes, rather than unacknowledged
 * ones? */
static bool
conn_tells_unread(const struct conn *c)
{
	return CONN_KERNEL_MAX == 0 && !c->is_tcp;
}

/* Has the peer closed, not just shut down one side? */
static bool
conn_is_hung_up(const struct conn *c)
{
	struct pollfd pfd = { .fd = c->fd };

	return poll(&pfd, 1, 0) > 0;
}

void
conn_look(struct conn *c)
{
	uint32_t now_ms = (uint32_t)c->net->clock->mono_ms, late_ms;
	size_t unread;

	if (conn_tells_unread(c)) {
		unread = conn_queued(c) + conn_in_kernel(c);
		if (unread < c->recent && !conn_is_hung_up(c))
			c->recent = (uint32_t)unread;
		c->look_at_ms = now_ms + CONN_LOOK_MS;
		return;
	}
	late_ms = now_ms - c->look_at_ms;
	c->older = late_ms < CONN_RECENT_MS ? c->recent : 0;
	c->recent = 0;
	c->look_at_ms = now_ms + CONN_RECENT_MS;
}

/* Adds to known, the unacknowledged bytes, those before that are in doubt. */
static size_t
conn_with_doubt(const struct conn *c, size_t known)
{
	int32_t late_ms = (int32_t)((uint32_t)c->net->clock->mono_ms -
	    c->look_at_ms);
	size_t doubt = 0;

	known += CONN_KERNEL_MAX;
	if (late_ms < CONN_RECENT_MS)
		doubt += c->recent;
	if (late_ms < 0)
		doubt += c->older;
	doubt = doubt > known ? doubt - known : 0;
	if (doubt < CONN_DOUBT_MIN)
		doubt = CONN_DOUBT_MIN;
	if (doubt > CONN_DOUBT_MAX)
		doubt = CONN_DOUBT_MAX;
	return known + doubt;
}

size_t
conn_unsent_if_broken(const struct conn *c)
{
	if (!conn_tells_unread(c))
		return conn_with_doubt(c, conn_queued(c) + conn_in_kernel(c)) +
		    c->dropped;
	/* Corked output is not counted yet. */
	if (c->net->corked == c)
		return c->recent + c->net->cork.len + c->dropped;
	return c->recent + c->dropped;
}

static bool
conn_has_error(const struct conn *c)
{
	int error;
	socklen_t len = sizeof(error);

	return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 ||
	    error != 0;
}

static bool
conn_has_broken(const struct conn *c)
{
	if (c->is_broken || c->is_tcp || !conn_is_hung_up(c))
		return c->is_broken;
	/* conn_has_error() clears the error, so it is asked only if needed. */
	return !c->saw_eof || conn_has_error(c);
}

size_t
conn_unsent(const struct conn *c)
{
	size_t known, broken = conn_unsent_if_broken(c);

	if (conn_has_broken(c))
		return broken;
	known = conn_queued(c) + conn_in_kernel(c) + c->dropped;
	return known < broken ? known : broken;
}
