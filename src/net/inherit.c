/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Socket activation, the receiving end: descriptors from 3 on. sd_listen_fds(3)
 * silently ignores variables that are garbage or meant for another process. A
 * server that then listens elsewhere, or nowhere, is hard to understand, so
 * here that is an error.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/inherit.h"

#define INHERIT_FIRST_FD 3

/* Returns what is wrong, or NULL. */
static const char *
inherit_check_socket(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int value;

	len = sizeof(value);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == -1)
		return strerror(errno);
	if (value != SOCK_STREAM)
		return "it is no stream socket";
	len = sizeof(value);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == -1)
		return strerror(errno);
	if (value == 0)
		return "it does not listen (Accept=no is needed)";
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return strerror(errno);
	if (ss.ss_family != AF_INET && ss.ss_family != AF_INET6 &&
	    ss.ss_family != AF_UNIX)
		return "it is neither of IPv4, IPv6 nor Unix";
	return NULL;
}

static const char *
inherit_take_fd(int fd)
{
	const char *why = inherit_check_socket(fd);
	int flags;

	if (why != NULL)
		return why;
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return strerror(errno);
	return NULL;
}

/* Takes the names, separated by colons. Returns NULL, or what is wrong. */
static const char *
inherit_take_names(struct inheritance *in, const char *names)
{
	size_t i, len;

	for (i = 0; i < in->count; i++) {
		if (names == NULL) {
			in->items[i].name = xstrdup("");
			continue;
		}
		len = strcspn(names, ":");
		in->items[i].name = xstrndup(names, len);
		if ((names[len] == ':') != (i + 1 < in->count))
			return "it does not have a name for each descriptor";
		names += len + 1;
	}
	return NULL;
}

static int
inherit_take_all(struct inheritance *in, const char *fds, const char *pid,
    const char *names, char **error)
{
	uint64_t count, value;
	const char *why;
	size_t i;

	if (parse_number(fds, INHERIT_MAX, &count) == -1) {
		*error = xasprintf("LISTEN_FDS must be a number from 0 to %d, "
				   "not '%.80s'",
		    INHERIT_MAX, fds);
		return -1;
	}
	if (pid == NULL || parse_number(pid, INT32_MAX, &value) == -1 ||
	    (pid_t)value != getpid()) {
		*error = xasprintf("LISTEN_PID is '%.80s', and this is process "
				   "%ld: the sockets are meant for another",
		    pid == NULL ? "" : pid, (long)getpid());
		return -1;
	}
	in->count = (size_t)count;
	if ((why = inherit_take_names(in, names)) != NULL) {
		*error = xasprintf("LISTEN_FDNAMES is '%.80s': %s", names, why);
		return -1;
	}
	for (i = 0; i < in->count; i++) {
		in->items[i].fd = INHERIT_FIRST_FD + (int)i;
		why = inherit_take_fd(in->items[i].fd);
		if (why == NULL)
			continue;
		*error = xasprintf("cannot listen on the inherited descriptor "
				   "%d: %s",
		    in->items[i].fd, why);
		return -1;
	}
	return 0;
}

int
inheritance_take(struct inheritance *in, char **error)
{
	const char *fds = getenv("LISTEN_FDS");
	int result = 0;

	memset(in, 0, sizeof(*in));
	if (fds != NULL)
		result = inherit_take_all(in, fds, getenv("LISTEN_PID"),
		    getenv("LISTEN_FDNAMES"), error);
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDNAMES");
	return result;
}

void
inheritance_fini(struct inheritance *in)
{
	size_t i;

	for (i = 0; i < in->count; i++)
		free(in->items[i].name);
	in->count = 0;
}
