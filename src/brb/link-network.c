/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Whether the network has changed: Linux tells of addresses and routes that come
 * (rtnetlink(7)), so that who opens a laptop does not wait for the next try.
 * Elsewhere there is no such word that all systems have, and the link tries again
 * by its timer alone.
 */
#include "config.h"

#include <sys/types.h>

#include <sys/socket.h>

#ifdef HAVE_LINUX_RTNETLINK_H
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "brb/link-impl.h"

#ifdef HAVE_LINUX_RTNETLINK_H

int
link_network_open(void)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
		    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_ROUTE);

	if (fd != -1 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* Is there something in these messages that may be a way to a server? */
static bool
network_has_come(const char *data, size_t len)
{
	struct nlmsghdr h;
	size_t step;

	for (; len >= sizeof(h); data += step, len -= step) {
		memcpy(&h, data, sizeof(h));
		if (h.nlmsg_type == RTM_NEWADDR || h.nlmsg_type == RTM_NEWROUTE)
			return true;
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len)
			break;
		step = NLMSG_ALIGN(h.nlmsg_len);
		if (step > len)
			break;
	}
	return false;
}

bool
link_network_read(int fd, bool *is_over)
{
	char data[8192];
	bool has_come = false;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		has_come |= network_has_come(data, (size_t)n);
	/* More has changed than it could keep for us. */
	if (n == -1 && errno == ENOBUFS)
		has_come = true;
	*is_over = n == 0 ||
	    (n == -1 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS);
	return has_come;
}

#else

int
link_network_open(void)
{
	return -1;
}

bool
link_network_read(int fd, bool *is_over)
{
	(void)fd;
	*is_over = true;
	return false;
}

#endif
