/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Plain libevent: a bufferevent for each client, and what was read from one is
 * written to all of them with bufferevent_write(). They do the rest: write in
 * the next turn of the loop, all that has come together until then.
 */
#include "config.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "../serve.h"

struct client {
	LIST_ENTRY(client) entry;
	struct bufferevent *bev;
};

static LIST_HEAD(, client) clients = LIST_HEAD_INITIALIZER(clients);

static void
client_read_cb(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(in);
	const char *data, *end;
	struct client *c;

	(void)arg;
	data = (const char *)evbuffer_pullup(in, -1);
	if (data == NULL || (end = memrchr(data, '\n', len)) == NULL)
		return;
	len = (size_t)(end - data) + 1;
	LIST_FOREACH(c, &clients, entry)
		(void)bufferevent_write(c->bev, data, len);
	(void)evbuffer_drain(in, len);
}

static void
client_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	LIST_REMOVE(c, entry);
	bufferevent_free(bev);
	free(c);
}

static void
accept_cb(evutil_socket_t listen_fd, short what, void *arg)
{
	struct client *c;
	int fd;

	(void)what;
	while ((fd = serve_accept(listen_fd, SOCK_NONBLOCK)) != -1) {
		c = serve_alloc(sizeof(*c));
		c->bev = bufferevent_socket_new(arg, fd, BEV_OPT_CLOSE_ON_FREE);
		if (c->bev == NULL)
			serve_fail("bufferevent_socket_new");
		bufferevent_setcb(c->bev, client_read_cb, NULL, client_event_cb,
		    c);
		(void)bufferevent_enable(c->bev, EV_READ);
		LIST_INSERT_HEAD(&clients, c, entry);
	}
}

int
main(void)
{
	struct event_base *base = event_base_new();
	struct event *accepting;
	int listen_fd = serve_listen(SOCK_NONBLOCK);

	if (base == NULL)
		serve_fail("event_base_new");
	accepting = event_new(base, listen_fd, EV_READ | EV_PERSIST, accept_cb,
	    base);
	if (accepting == NULL || event_add(accepting, NULL) == -1)
		serve_fail("event_new");
	return event_base_dispatch(base) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
