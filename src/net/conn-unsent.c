/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What of the output the peer may not have read. Whoever comes back is shown
 * that again, so the answer must never be too small: a line too many stands
 * under a notice that says so, a line too few is lost. What was measured, and
 * is relied on (check_conn_unsent.c fails where it is not so):
 *
 * TCP on Linux: SIOCOUTQ is exactly what the peer's kernel has not
 * acknowledged, and stays so after a reset, when the bytes themselves are gone:
 * it is a difference of two counters that survive. After our FIN it is one
 * more, until that is acknowledged.
 *
 * A kernel that acknowledges is no program that reads: one that is frozen (a
 * closed laptop, SIGSTOP) has its receive buffer filled, and if it dies, that
 * is lost. So what has been read for sure is known from the program alone:
 *
 * - It closes in order, after all was acknowledged. close(2) with anything
 *   unread sends a reset, so it has read all.
 * - It answers, asked by a protocol that can ask: conn_answered().
 * - It sends a line, and has never answered. That vouches for all that was
 *   written more than a round trip before the line came, and two seconds: so
 *   long a program may not have been run between reading and writing, where
 *   many others want to be. (200 ms were too few: readers on a busy machine
 *   lost lines. Two seconds cost some more that are shown again.)
 *
 *       confirmed          marks[0]     marks[1]        sent
 *           v                 v            v              v
 *     ------|-----------------|------------|--------------|
 *      read |  in doubt                     (a look every CONN_LOOK_MS)
 *
 * When a connection breaks, what was sent since is in doubt, but for what the
 * peer's receive buffer cannot have held. That is known from the windows that
 * it has offered, of which twice the largest is taken: a buffer of small
 * segments was seen to hold half as much again. (What it offers now tells
 * nothing: it stays at 64 KiB with 60 KB unread.)
 *
 * Unix sockets on Linux: SIOCOUTQ is what the peer itself has not read, but in
 * the kernel's memory (768 bytes for a line of 60), and 0 once the peer has
 * closed, read or not. So before a write, at each look, we see how much that is
 * while the peer is surely there; it has read all that came before. When it is
 * 0, as it mostly is, this is exact. A peer who closes with anything unread
 * leaves an error behind, else EOF.
 *
 * Behind a proxy nothing that the kernel tells is about the peer: what it has
 * not answered, or vouched for by a line, is in doubt.
 *
 * Elsewhere the windows are not known, and CONN_WINDOW stands for them.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#ifdef HAVE_LINUX_SOCKIOS_H
#include <linux/sockios.h>
#endif
#ifdef HAVE_STRUCT_TCP_INFO_TCPI_SND_WND
#include <linux/tcp.h>
#include <netinet/in.h>
#endif

#include <poll.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net/conn-impl.h"

/* A line vouches so often. */
#define CONN_VOUCH_MS 100
/* A peer's window is asked for once in 8 s. */
#define CONN_WINDOW_AT(ms) ((uint16_t)((ms) >> 13))

/* What a receive buffer holds at least, or where the kernel does not tell; and
 * the time of a round trip. */
#define CONN_WINDOW_MIN ((size_t)64 * 1024)
#define CONN_WINDOW ((uint32_t)128 * 1024)
#define CONN_ROUND_TRIP_MS 1000

#ifdef HAVE_SIOCOUTQ
#define CONN_KERNEL_MAX ((size_t)0)
#else
#define CONN_KERNEL_MAX ((size_t)CONN_SNDBUF_MIN) /* what nobody tells us */
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

size_t
conn_sealed_unsent(const struct conn *c)
{
	size_t len = conn_in_kernel(c) + CONN_KERNEL_MAX;

	if (c->has_output)
		len += evbuffer_get_length(bufferevent_get_output(c->bev));
	return len;
}

size_t
conn_waiting(const struct conn *c)
{
	if (c->tls != NULL)
		return conn_tls_unsent(c->tls, conn_sealed_unsent(c)) +
		    (c->net->corked == c ? c->net->cork.len : 0) + c->dropped;
	return conn_queued(c) + conn_in_kernel(c) + c->dropped +
	    CONN_KERNEL_MAX;
}

/* Does what the kernel says about c count unread bytes, not acknowledged? */
static bool
conn_tells_unread(const struct conn *c)
{
	return CONN_KERNEL_MAX == 0 && !c->is_tcp && !c->is_relayed;
}

/* Has the peer closed, not just shut down one side? */
static bool
conn_is_hung_up(const struct conn *c)
{
	struct pollfd pfd = { .fd = c->fd };

	return poll(&pfd, 1, 0) > 0;
}

/* Will the peer send no more, even if that was not read yet? */
static bool
conn_is_at_eof(const struct conn *c)
{
	/* Anybody on the way can end a TCP connection. */
	if (c->tls != NULL)
		return c->tls->is_closed && c->saw_eof;
#ifdef POLLRDHUP
	struct pollfd pfd = { .fd = c->fd, .events = POLLRDHUP };

	return c->saw_eof || poll(&pfd, 1, 0) > 0;
#else
	return c->saw_eof;
#endif
}

static uint32_t
conn_now_ms(const struct conn *c)
{
	return (uint32_t)c->net->clock->mono_ms;
}

/* The peer's receive window, and the time of a round trip; both above 0. */
static void
conn_ask_tcp(const struct conn *c, uint32_t *window, uint32_t *round_trip_ms)
{
	*window = CONN_WINDOW;
	*round_trip_ms = CONN_ROUND_TRIP_MS + c->net->between_ms;
	if (c->is_relayed)
		return;
#ifdef HAVE_STRUCT_TCP_INFO_TCPI_SND_WND
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return;
	*round_trip_ms = info.tcpi_rtt / 1000 + c->net->between_ms;
	/* An older kernel than we were built for has less to tell. */
	if (len == sizeof(info))
		*window = info.tcpi_snd_wnd;
#endif
}

/* The largest window that was seen, this one included. */
static uint32_t
conn_window(const struct conn *c)
{
	uint32_t window, round_trip_ms;

	conn_ask_tcp(c, &window, &round_trip_ms);
	return window > c->window ? window : c->window;
}

void
conn_confirm(struct conn *c, uint64_t offset)
{
	if (offset > c->confirmed)
		c->confirmed = offset < c->sent ? offset : c->sent;
}

void
conn_set_relayed(struct conn *c)
{
	c->is_relayed = true;
}

bool
conn_has_answered(const struct conn *c)
{
	return c->answers;
}

void
conn_answered(struct conn *c, uint64_t offset)
{
	c->answers = true;
	conn_confirm(c, offset);
}

uint64_t
conn_confirmed(const struct conn *c)
{
	return c->confirmed;
}

void
conn_look(struct conn *c)
{
	uint32_t now_ms = conn_now_ms(c);
	size_t unread;

	c->look_at_ms = now_ms + CONN_LOOK_MS;
	if (conn_tells_unread(c)) {
		unread = conn_queued(c) + conn_in_kernel(c) + c->dropped;
		if (unread < c->sent && !conn_is_hung_up(c))
			conn_confirm(c, c->sent - unread);
		return;
	}
	/* The first is always older than any round trip that we know. */
	if (now_ms - c->marks[1].at_ms >=
	    CONN_ROUND_TRIP_MS + c->net->between_ms) {
		c->marks[0] = c->marks[1];
		c->marks[1].sent = (uint32_t)c->sent;
		c->marks[1].at_ms = c->written_ms;
	}
	if (c->window == 0 || c->window_at != CONN_WINDOW_AT(now_ms)) {
		c->window = conn_window(c);
		c->window_at = CONN_WINDOW_AT(now_ms);
	}
}

/* The program has read all that was written more than a round trip ago. */
static void
conn_vouch_now(struct conn *c)
{
	uint32_t now_ms = conn_now_ms(c), window, round_trip_ms;
	size_t known = conn_waiting(c);
	uint64_t has = c->sent > known ? c->sent - known : 0, sent;
	int i;

	conn_ask_tcp(c, &window, &round_trip_ms);
	if (now_ms - c->written_ms > round_trip_ms) {
		conn_confirm(c, has);
		return;
	}
	for (i = 1; i >= 0; i--)
		if (now_ms - c->marks[i].at_ms > round_trip_ms) {
			sent = c->sent - ((uint32_t)c->sent - c->marks[i].sent);
			conn_confirm(c, sent < has ? sent : has);
			return;
		}
}

void
conn_vouch(struct conn *c)
{
	uint32_t now_ms = conn_now_ms(c);

	if (c->answers || c->confirmed == c->sent || conn_tells_unread(c) ||
	    now_ms - c->vouched_ms < CONN_VOUCH_MS)
		return;
	c->vouched_ms = now_ms;
	conn_vouch_now(c);
}

static size_t
conn_in_doubt(const struct conn *c)
{
	size_t doubt = (size_t)(c->sent - c->confirmed), known, window;

	if (conn_tells_unread(c) || c->is_relayed || doubt == 0)
		return doubt;
	known = conn_waiting(c);
	window = 2 * (size_t)conn_window(c);
	if (window < CONN_WINDOW_MIN)
		window = CONN_WINDOW_MIN;
	return doubt < known       ? known :
	    doubt - known < window ? doubt :
				     known + window;
}

static bool
conn_has_error(const struct conn *c)
{
	int error;
	socklen_t len = sizeof(error);

	return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1 ||
	    error != 0;
}

/* Has it ended, or will it, by the peer's own doing, who has read all? */
static bool
conn_ends_in_order(struct conn *c)
{
	if (c->is_broken || c->is_relayed || !conn_is_at_eof(c))
		return false;
	/* Asking takes the error away, so it is kept. After a FIN that was read,
	 * what we write ourselves provokes one. */
	if ((!c->is_tcp || !c->saw_eof) && conn_is_hung_up(c) &&
	    conn_has_error(c))
		c->is_broken = true;
	return !c->is_broken;
}

size_t
conn_unsent(struct conn *c)
{
	size_t known, doubt;

	if (conn_look_is_due(c) || conn_tells_unread(c))
		conn_look(c);
	doubt = conn_in_doubt(c);
	if (!conn_ends_in_order(c))
		return doubt;
	known = conn_waiting(c);
	return known < doubt ? known : doubt;
}

void
conn_vouch_all(struct conn *c)
{
	size_t known = conn_waiting(c);

	if (known < c->sent)
		conn_confirm(c, c->sent - known);
}
