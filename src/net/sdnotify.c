/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * sd_notify(3) is one datagram, so we send it ourselves: libsystemd brings five
 * libraries along. Addresses of vsock:, for virtual machines without a manager
 * of their own, are not supported.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "net/sdnotify.h"

static char *sdnotify_path; /* NULL: there is no NOTIFY_SOCKET */

void
sdnotify_take(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	free(sdnotify_path);
	sdnotify_path = path == NULL ? NULL : xstrdup(path);
	(void)unsetenv("NOTIFY_SOCKET");
}

const char *
sdnotify_socket(void)
{
	return sdnotify_path;
}

int
sdnotify(const char *state)
{
	const char *path = sdnotify_path;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len;
	ssize_t n;
	int fd, saved_errno;

	if (path == NULL || path[0] == '\0')
		return 0;
	if (path[0] != '/' && path[0] != '@') {
		errno = EAFNOSUPPORT;
		return -1;
	}
	len = strlen(path);
	if (len >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* An abstract name begins with a NUL, and its length is given; a path
	 * ends with a NUL. */
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	else
		len++;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	n = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return n == -1 ? -1 : 0;
}
