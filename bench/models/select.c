/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * One process, select(2) over a list of clients. What was read in one wake-up is
 * written to all at its end, in one write each.
 *
 * select(2) knows no descriptor from FD_SETSIZE on, 1024: so it ends at some
 * 1,020 members, however fast it is. (Larger sets can be had by going round
 * the C library; then each wake-up walks all of them.)
 */
#include "config.h"

#include <sys/select.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../serve.h"

struct client {
	struct client *next;
	struct serve_input in;
	int fd;
	bool is_gone;
};

static struct client *clients;
static char *batch; /* what all get at the end of this wake-up */
static size_t batch_len;

static void
select_accept(int listen_fd)
{
	struct client *c;
	int fd;

	while ((fd = serve_accept(listen_fd, SOCK_NONBLOCK)) != -1) {
		if (fd >= FD_SETSIZE) {
			(void)fputs("select: no room for so many\n", stderr);
			(void)close(fd);
			return;
		}
		c = serve_alloc(sizeof(*c));
		c->fd = fd;
		c->next = clients;
		clients = c;
	}
}

static void
select_read(struct client *c)
{
	static char buf[SERVE_READ_MAX];
	ssize_t len = serve_read(&c->in, c->fd, buf);

	if (len == -1) {
		c->is_gone = true;
		return;
	}
	if (len == 0)
		return;
	batch = realloc(batch, batch_len + (size_t)len);
	if (batch == NULL)
		serve_fail("realloc");
	memcpy(batch + batch_len, buf, (size_t)len);
	batch_len += (size_t)len;
}

/* There is no queue: who does not take all of it is cut off. */
static void
select_write_all(void)
{
	struct client *c;

	for (c = clients; c != NULL && batch_len > 0; c = c->next)
		if (!c->is_gone &&
		    send(c->fd, batch, batch_len, MSG_DONTWAIT) !=
			(ssize_t)batch_len)
			c->is_gone = true;
	batch_len = 0;
}

static void
select_sweep(void)
{
	struct client **link = &clients, *c;

	while ((c = *link) != NULL) {
		if (!c->is_gone) {
			link = &c->next;
			continue;
		}
		*link = c->next;
		(void)close(c->fd);
		serve_input_fini(&c->in);
		free(c);
	}
}

int
main(void)
{
	int listen_fd = serve_listen(SOCK_NONBLOCK), max;
	struct client *c;
	fd_set readable;

	for (;;) {
		FD_ZERO(&readable);
		FD_SET(listen_fd, &readable);
		max = listen_fd;
		for (c = clients; c != NULL; c = c->next) {
			FD_SET(c->fd, &readable);
			if (c->fd > max)
				max = c->fd;
		}
		if (select(max + 1, &readable, NULL, NULL, NULL) == -1) {
			if (errno == EINTR)
				continue;
			serve_fail("select");
		}
		for (c = clients; c != NULL; c = c->next)
			if (FD_ISSET(c->fd, &readable))
				select_read(c);
		select_write_all();
		select_sweep();
		if (FD_ISSET(listen_fd, &readable))
			select_accept(listen_fd);
	}
}
