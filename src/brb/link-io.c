/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Reads lines from a connection, and writes what is queued. Little at a time, so
 * that keys are seen meanwhile.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "brb/link-impl.h"

#define LINK_READ 65536 /* bytes at once */
#define LINK_READS 8 /* in a turn of the loop, so that keys are seen */

static enum link_io
link_read_some(struct link *l, char *out, size_t len, size_t *n)
{
	ssize_t got;

	if (l->tls != NULL)
		return link_tls_read(l->tls, out, len, n);
	do
		got = read(l->fd, out, len);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return errno == EAGAIN ? LINK_IO_READ : LINK_IO_FAILED;
	*n = (size_t)got;
	return got == 0 ? LINK_IO_END : LINK_IO_DONE;
}

/* Hands on all whole lines. False: the connection is gone, or there is nothing
 * to be done with it. */
static bool
link_take_lines(struct link *l, size_t looked)
{
	size_t start = 0;
	char *end;

	while ((end = memchr(l->in.data + looked, '\n', l->in.len - looked)) !=
	    NULL) {
		*end = '\0';
		looked = (size_t)(end - l->in.data) + 1;
		l->handler->line(l->arg, l->in.data + start,
		    looked - start - 1);
		if (l->state != LINK_UP)
			return false;
		start = looked;
	}
	memmove(l->in.data, l->in.data + start, l->in.len - start);
	l->in.len -= start;
	if (l->in.len > LINK_LINE_MAX) {
		link_lost(l, "the server sends lines that are too long", false);
		return false;
	}
	return true;
}

void
link_read(struct link *l)
{
	size_t n, before;
	int i;

	for (i = 0; i < LINK_READS && link_may_read(l); i++) {
		switch (link_read_some(l, buf_reserve(&l->in, LINK_READ),
		    LINK_READ, &n)) {
		case LINK_IO_DONE:
			break;
		case LINK_IO_READ:
		case LINK_IO_WRITE:
			return;
		case LINK_IO_END:
			link_lost(l, "the server has closed the connection",
			    false);
			return;
		case LINK_IO_FAILED:
			link_lost(l, "the connection was lost", false);
			return;
		}
		before = l->in.len;
		l->in.len += n;
		l->heard_ms = link_now_ms();
		l->is_probed = false;
		if (!link_take_lines(l, before))
			return;
		if (n < LINK_READ && l->tls == NULL)
			return;
	}
	/* What TLS holds is told by no socket. */
	if (l->tls != NULL && link_may_read(l))
		event_active(l->readable, EV_READ, 0);
}

static enum link_io
link_write_some(struct link *l, const char *data, size_t len, size_t *n)
{
	ssize_t put;

	if (l->tls != NULL)
		return link_tls_write(l->tls, data, len, n);
	do
		put = send(l->fd, data, len, MSG_NOSIGNAL);
	while (put == -1 && errno == EINTR);
	if (put == -1)
		return errno == EAGAIN ? LINK_IO_WRITE : LINK_IO_FAILED;
	*n = (size_t)put;
	return LINK_IO_DONE;
}

void
link_write(struct link *l)
{
	size_t n;

	while (l->out_done < l->out.len) {
		switch (link_write_some(l, l->out.data + l->out_done,
		    l->out.len - l->out_done, &n)) {
		case LINK_IO_DONE:
			l->out_done += n;
			break;
		case LINK_IO_READ:
		case LINK_IO_WRITE:
			link_watch(l, true, true);
			return;
		case LINK_IO_END:
		case LINK_IO_FAILED:
			/* What the server has sent is read first: it may say
			 * why. The end is told by that. */
			buf_reset(&l->out);
			l->out_done = 0;
			link_watch(l, true, false);
			return;
		}
	}
	buf_reset(&l->out);
	l->out_done = 0;
	link_watch(l, true, false);
	/* It may have stopped reading: what TLS holds is told by no socket. */
	if (l->tls != NULL)
		event_active(l->readable, EV_READ, 0);
}
