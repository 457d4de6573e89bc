/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Names of hosts: getaddrinfo() may wait for the network for seconds, in which
 * nobody could type. So a child asks, and writes what it was told to a pipe. It
 * does nothing else, and ends by _exit().
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "brb/link-impl.h"

static void
resolve_put(int fd, const struct link_address *a)
{
	/* Less than PIPE_BUF: whole, or not at all. */
	if (write(fd, a, sizeof(*a)) != (ssize_t)sizeof(*a))
		_exit(1);
}

static void
resolve_ask(int fd, const char *host, const char *port)
{
	struct addrinfo hints, *list = NULL, *ai;
	struct link_address a;
	int n = 0;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	memset(&a, 0, sizeof(a));
	a.error = getaddrinfo(host, port, &hints, &list);
	if (a.error != 0)
		resolve_put(fd, &a);
	else
		for (ai = list; ai != NULL && n < LINK_ADDRESSES_MAX;
		     ai = ai->ai_next, n++) {
			memset(&a, 0, sizeof(a));
			a.len = ai->ai_addrlen;
			memcpy(&a.address, ai->ai_addr, ai->ai_addrlen);
			resolve_put(fd, &a);
		}
	_exit(0);
}

int
link_resolve(const char *host, const char *port, pid_t *pid)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	*pid = fork();
	if (*pid == -1) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return -1;
	}
	if (*pid == 0) {
		(void)signal(SIGTERM, SIG_DFL);
		(void)signal(SIGHUP, SIG_DFL);
		resolve_ask(fds[1], host, port);
	}
	(void)close(fds[1]);
	return fds[0];
}
