/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * From nothing to a connection: the addresses of a host one after the other, then
 * TLS, if that is wanted.
 */
#include "config.h"

#include <sys/types.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brb/link-impl.h"

#define LINK_OPEN_MS 20000

void
link_shake_hands(struct link *l)
{
	char *why = NULL, *news = NULL;
	bool is_final = false;
	enum link_io io = link_tls_handshake(l->tls, &why, &news, &is_final);

	if (news != NULL)
		l->handler->notice(l->arg, news);
	free(news);
	switch (io) {
	case LINK_IO_DONE:
		link_opened(l);
		break;
	case LINK_IO_READ:
		link_watch(l, true, false);
		break;
	case LINK_IO_WRITE:
		link_watch(l, false, true);
		break;
	case LINK_IO_END:
	case LINK_IO_FAILED:
		link_lost(l, why == NULL ? "TLS could not be begun" : why,
		    is_final);
		break;
	}
	free(why);
}

static void
link_connected(struct link *l)
{
	char *why = NULL, *news = NULL;
	int one = 1;

	if (l->address->path == NULL)
		(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	if (!l->address->is_tls) {
		link_opened(l);
		return;
	}
	l->tls = link_tls_new(l->fd, l->address, &why, &news);
	if (news != NULL)
		l->handler->notice(l->arg, news);
	free(news);
	if (l->tls == NULL) {
		link_lost(l, why, true);
		free(why);
		return;
	}
	l->state = LINK_HANDSHAKE;
	link_shake_hands(l);
}

static void link_try_next(struct link *l);

void
link_check_connect(struct link *l)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0) {
		link_watch(l, false, false);
		link_connected(l);
		return;
	}
	l->last_errno = error;
	link_drop_events(l);
	(void)close(l->fd);
	l->fd = -1;
	link_try_next(l);
}

void
link_take_found(struct link *l)
{
	struct link_address a;
	char *why;
	ssize_t n;

	while ((n = read(l->fd, &a, sizeof(a))) == (ssize_t)sizeof(a)) {
		if (a.error != 0)
			l->found[0].error = a.error;
		else if (l->found_count < LINK_ADDRESSES_MAX)
			l->found[l->found_count++] = a;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	link_drop_events(l);
	(void)close(l->fd);
	l->fd = -1;
	(void)waitpid(l->resolver, NULL, 0);
	l->resolver = 0;
	if (l->found_count > 0) {
		l->state = LINK_CONNECTING;
		link_try_next(l);
		return;
	}
	why = xasprintf("%s is not known: %s", l->address->host,
	    gai_strerror(l->found[0].error));
	link_lost(l, why, false);
	free(why);
}

/* -1: errno says why not. */
static int
link_connect_to(struct link *l, const struct sockaddr *sa, socklen_t len)
{
	l->fd = socket(sa->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd == -1)
		return -1;
	link_open_events(l);
	if (connect(l->fd, sa, len) == 0) {
		link_connected(l);
		return 0;
	}
	if (errno == EINPROGRESS || errno == EINTR) {
		link_watch(l, false, true);
		return 0;
	}
	l->last_errno = errno;
	link_drop_events(l);
	(void)close(l->fd);
	l->fd = -1;
	errno = l->last_errno;
	return -1;
}

static void
link_try_next(struct link *l)
{
	const struct link_address *a;
	char *why;

	while (l->found_next < l->found_count) {
		a = &l->found[l->found_next++];
		if (link_connect_to(l, (const struct sockaddr *)&a->address,
			a->len) == 0)
			return;
		l->last_errno = errno;
	}
	why = xasprintf("cannot connect to %s: %s", l->address->name,
	    strerror(l->last_errno));
	link_lost(l, why, false);
	free(why);
}

bool
link_try_another(struct link *l)
{
	if (l->found_next >= l->found_count)
		return false;
	link_drop_events(l);
	(void)close(l->fd);
	l->fd = -1;
	l->last_errno = ETIMEDOUT;
	link_arm(l, LINK_OPEN_MS);
	link_try_next(l);
	return true;
}

static void
link_connect_unix(struct link *l)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char *why;

	if (strlen(l->address->path) >= sizeof(sa.sun_path)) {
		link_lost(l, "the path of the socket is too long", true);
		return;
	}
	memcpy(sa.sun_path, l->address->path, strlen(l->address->path));
	if (link_connect_to(l, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return;
	why = xasprintf("cannot connect to '%s': %s", l->address->path,
	    strerror(errno));
	link_lost(l, why, false);
	free(why);
}

void
link_connect(struct link *l)
{
	link_arm(l, LINK_OPEN_MS);
	l->tried_ms = link_now_ms();
	l->found_count = l->found_next = 0;
	l->found[0].error = 0;
	l->state = LINK_CONNECTING;
	if (l->address->path != NULL) {
		link_connect_unix(l);
		return;
	}
	l->fd = link_resolve(l->address->host, l->address->port, &l->resolver);
	if (l->fd == -1) {
		link_lost(l, strerror(errno), false);
		return;
	}
	l->state = LINK_RESOLVING;
	link_open_events(l);
	link_watch(l, true, false);
}
