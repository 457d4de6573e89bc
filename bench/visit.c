/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See visit.h.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "trial.h"
#include "visit.h"

unsigned visit_ports[TARGETS];
const char *visit_control_path;

/* A socket that is connected to the control socket, or being so. */
static int
connect_to_control(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		trial_fail("socket");
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s",
	    visit_control_path);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

int
visit_connect(unsigned kind, unsigned host, enum target target)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd, on = 1;

	if (target == TARGET_CONTROL)
		return connect_to_control();
	to.sin_port = htons((uint16_t)visit_ports[target]);
	/* Where 0 is to choose the port, an address can have but one. */
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK +
	    (target == TARGET_TLS ? 1 : 0));

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		trial_fail("socket");
	from.sin_addr.s_addr = htonl(0x7f000001U + (kind << 16) + (host << 8) +
	    1);
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) == -1 ||
	    (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1 &&
		errno != EINPROGRESS)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}
