/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The least that a server on epoll can do: hand all lines to all sockets, and
 * nothing else. What brbd and the models cost is given as a ratio to it.
 *
 *   floor raw        each line is written to each socket as it is read
 *   floor batched    all lines of one wake-up are written to each socket at once
 *
 * With -a, each arrival is a line to all, too.
 *
 * With -S CERTIFICATE -K KEY, by TLS: one SSL_write() for each member.
 *
 * There is no queue: who does not take a whole write is cut off. Its descriptor
 * stays until epoll tells of the end, so nobody goes while all are written to.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secure.h"
#include "serve.h"

enum { FLOOR_EVENTS = 512 };

struct client {
	int fd;
	size_t slot; /* in floor.clients */
	struct secure *secure; /* NULL: no TLS */
	bool is_shaking;
	struct serve_input in;
};

struct floor {
	int listen_fd;
	int epoll_fd;
	bool is_batched;
	bool is_announcing;
	bool is_secure;
	struct client **clients;
	size_t count;
	size_t cap;
	char *batch;
	size_t batch_len;
	size_t batch_cap;
};

static void
floor_write_all(const struct floor *floor, const char *data, size_t len)
{
	const struct client *c;
	ssize_t n;
	size_t i;

	for (i = 0; i < floor->count; i++) {
		c = floor->clients[i];
		if (c->is_shaking)
			continue;
		n = c->secure != NULL ?
		    secure_write(c->secure, data, len) :
		    send(c->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n != (ssize_t)len)
			(void)shutdown(c->fd, SHUT_RDWR);
	}
}

static void
floor_add_to_batch(struct floor *floor, const char *data, size_t len)
{
	size_t cap = floor->batch_cap;

	while (len > cap - floor->batch_len)
		cap = cap == 0 ? SERVE_READ_MAX : 2 * cap;
	if (cap > floor->batch_cap) {
		floor->batch = realloc(floor->batch, cap);
		if (floor->batch == NULL)
			serve_fail("realloc");
		floor->batch_cap = cap;
	}
	memcpy(floor->batch + floor->batch_len, data, len);
	floor->batch_len += len;
}

/* data is whole lines. */
static void
floor_say(struct floor *floor, const char *data, size_t len)
{
	const char *end;

	if (floor->is_batched) {
		floor_add_to_batch(floor, data, len);
		return;
	}
	while (len > 0) {
		end = (const char *)memchr(data, '\n', len) + 1;
		floor_write_all(floor, data, (size_t)(end - data));
		len -= (size_t)(end - data);
		data = end;
	}
}

static void
floor_announce(struct floor *floor)
{
	char line[64];
	int len;

	if (floor->is_announcing) {
		len = snprintf(line, sizeof(line), "-- guest%zu came\n",
		    floor->count);
		floor_say(floor, line, (size_t)len);
	}
}

static void
floor_add(struct floor *floor, int fd)
{
	struct client *c = serve_alloc(sizeof(*c));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (floor->count == floor->cap) {
		floor->cap = floor->cap == 0 ? 64 : 2 * floor->cap;
		floor->clients = reallocarray(floor->clients, floor->cap,
		    sizeof(*floor->clients));
		if (floor->clients == NULL)
			serve_fail("reallocarray");
	}
	c->fd = fd;
	c->slot = floor->count;
	floor->clients[floor->count++] = c;
	if (epoll_ctl(floor->epoll_fd, EPOLL_CTL_ADD, fd, &event) == -1)
		serve_fail("epoll_ctl");
	if (floor->is_secure) {
		c->secure = secure_new(fd);
		if (c->secure == NULL)
			serve_fail("secure_new");
		c->is_shaking = true;
	} else {
		floor_announce(floor);
	}
}

static void
floor_remove(struct floor *floor, struct client *c)
{
	struct client *last = floor->clients[--floor->count];

	floor->clients[c->slot] = last;
	last->slot = c->slot;
	secure_free(c->secure);
	(void)close(c->fd);
	serve_input_fini(&c->in);
	free(c);
}

/* Its answers are small, so that it never waits for room. */
static void
floor_shake(struct floor *floor, struct client *c)
{
	switch (secure_shake(c->secure)) {
	case SECURE_DONE:
		c->is_shaking = false;
		floor_announce(floor);
		break;
	case SECURE_READS:
		break;
	default:
		floor_remove(floor, c);
	}
}

/* As much as there is: epoll does not know of what libssl holds. */
static void
floor_secure_input(struct floor *floor, struct client *c)
{
	static char data[SERVE_READ_MAX], buf[SERVE_READ_MAX];
	ssize_t n, len;

	if (c->is_shaking) {
		floor_shake(floor, c);
		return;
	}
	while ((n = secure_read(c->secure, data, sizeof(data) - c->in.len)) >
	    0) {
		len = serve_lines(&c->in, data, (size_t)n, buf);
		if (len > 0)
			floor_say(floor, buf, (size_t)len);
		if (len == -1)
			break;
	}
	if (n >= 0 || errno != EAGAIN)
		floor_remove(floor, c);
}

static void
floor_input(struct floor *floor, struct client *c)
{
	static char buf[SERVE_READ_MAX];
	ssize_t len;

	if (c->secure != NULL) {
		floor_secure_input(floor, c);
		return;
	}
	len = serve_read(&c->in, c->fd, buf);
	if (len == -1)
		floor_remove(floor, c);
	else
		floor_say(floor, buf, (size_t)len);
}

static void
floor_run(struct floor *floor)
{
	struct epoll_event events[FLOOR_EVENTS];
	int count, i, fd;

	count = epoll_wait(floor->epoll_fd, events, FLOOR_EVENTS, -1);
	if (count == -1 && errno != EINTR)
		serve_fail("epoll_wait");
	for (i = 0; i < count; i++)
		if (events[i].data.ptr != NULL)
			floor_input(floor, events[i].data.ptr);
		else
			while ((fd = serve_accept(floor->listen_fd,
				    SOCK_NONBLOCK)) != -1)
				floor_add(floor, fd);
	if (floor->batch_len > 0)
		floor_write_all(floor, floor->batch, floor->batch_len);
	floor->batch_len = 0;
}

int
main(int argc, char *argv[])
{
	struct floor floor = { .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	const char *certificate = NULL, *key = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "aS:K:")) != -1)
		switch (opt) {
		case 'a':
			floor.is_announcing = true;
			break;
		case 'S':
			certificate = optarg;
			break;
		case 'K':
			key = optarg;
			break;
		default:
			argc = 0;
		}
	if (certificate != NULL && key != NULL) {
		floor.is_secure = true;
		secure_init(certificate, key);
	}
	if (argc == optind + 1 && strcmp(argv[optind], "batched") == 0)
		floor.is_batched = true;
	else if (argc != optind + 1 || strcmp(argv[optind], "raw") != 0) {
		(void)fputs("usage: floor [-a] [-S CERTIFICATE -K KEY] "
			    "raw | batched\n",
		    stderr);
		return 2;
	}
	floor.listen_fd = serve_listen(SOCK_NONBLOCK);
	if (epoll_ctl(floor.epoll_fd, EPOLL_CTL_ADD, floor.listen_fd, &event) ==
	    -1)
		serve_fail("epoll_ctl");
	for (;;)
		floor_run(&floor);
}
