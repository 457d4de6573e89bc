/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"
#include "trial.h"

void
reader_open(struct reader *r, unsigned port, int epoll_fd, void *owner)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = owner };
	int on = 1;

	to.sin_port = htons((uint16_t)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->fd == -1 ||
	    connect(r->fd, (const struct sockaddr *)&to, sizeof(to)) == -1)
		trial_fail("connect");
	(void)setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, r->fd, &event) == -1)
		trial_fail("epoll_ctl");
	reader_begin(r);
}

void
reader_say(struct reader *r, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (send(r->fd, line, (size_t)len, MSG_NOSIGNAL) != len)
		trial_gave_up("closed");
}

size_t
reader_read(struct reader *r, char *data, size_t size)
{
	ssize_t n = recv(r->fd, data, size, MSG_DONTWAIT);

	if (n == 0 || (n == -1 && errno != EAGAIN))
		trial_gave_up("closed");
	if (n <= 0)
		return 0;
	trial.now_ns = trial_clock_ns();
	return (size_t)n;
}

void
reader_begin(struct reader *r)
{
	r->tail_len = 0;
}

bool
reader_has(struct reader *r, const char *data, size_t len, const char *mark)
{
	size_t head = len < READER_TAIL ? len : READER_TAIL;
	size_t keep = len < READER_TAIL / 2 ? len : READER_TAIL / 2;
	char both[2 * READER_TAIL];

	memcpy(both, r->tail, r->tail_len);
	memcpy(both + r->tail_len, data, head);
	if (memmem(both, r->tail_len + head, mark, strlen(mark)) != NULL ||
	    memmem(data, len, mark, strlen(mark)) != NULL)
		return true;
	memcpy(r->tail, data + len - keep, keep);
	r->tail_len = keep;
	return false;
}
