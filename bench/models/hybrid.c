/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The hybrid: one thread selects and reads; each client has a queue, and a thread
 * that writes what is in it, blocking if need be.
 *
 *   clients --> selecting thread --+--> queue --> thread --> client
 *                                  +--> queue --> thread --> client
 *
 * What was read in one wake-up is one chunk, of which each queue gets a reference;
 * a thread writes all chunks of its queue at once. The selecting thread uses
 * poll(2), or else it would end at FD_SETSIZE.
 *
 * A queue is full at HYBRID_QUEUE chunks: whoever is so far behind is cut off.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../serve.h"

enum { HYBRID_QUEUE = 64, HYBRID_STACK = 64 * 1024 };

struct chunk {
	atomic_uint refs;
	size_t len;
	char data[];
};

/*
 * The selecting thread's but for what the lock covers. It is the one that says
 * that a client is over; the client's thread then frees it.
 */
struct client {
	int fd;
	struct serve_input in;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct chunk *queue[HYBRID_QUEUE];
	unsigned first;
	unsigned count;
	bool is_over;
};

static struct client **clients; /* clients[i] is that of pfds[i + 1] */
static struct pollfd *pfds;
static size_t client_count;
static size_t client_cap;
static pthread_attr_t thread_attr;

static void
hybrid_unref(struct chunk *chunk)
{
	if (atomic_fetch_sub(&chunk->refs, 1) == 1)
		free(chunk);
}

/* A client's thread */

static int
hybrid_write(int fd, struct chunk *const chunks[], unsigned count)
{
	struct iovec iov[HYBRID_QUEUE], *next = iov;
	struct msghdr msg = { .msg_iovlen = count };
	unsigned i;
	ssize_t n;

	for (i = 0; i < count; i++) {
		iov[i].iov_base = chunks[i]->data;
		iov[i].iov_len = chunks[i]->len;
	}
	while (msg.msg_iovlen > 0) {
		msg.msg_iov = next;
		n = sendmsg(fd, &msg, 0);
		if (n == -1)
			return -1;
		for (; msg.msg_iovlen > 0 && (size_t)n >= next->iov_len;
		     next++, msg.msg_iovlen--)
			n -= (ssize_t)next->iov_len;
		if (n > 0) {
			next->iov_base = (char *)next->iov_base + n;
			next->iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* Takes all that is queued; 0 at the client's end. */
static unsigned
hybrid_take(struct client *c, struct chunk *chunks[HYBRID_QUEUE])
{
	unsigned count = 0;

	(void)pthread_mutex_lock(&c->lock);
	while (c->count == 0 && !c->is_over)
		(void)pthread_cond_wait(&c->wake, &c->lock);
	if (!c->is_over)
		for (; c->count > 0; c->count--) {
			chunks[count++] = c->queue[c->first];
			c->first = (c->first + 1) % HYBRID_QUEUE;
		}
	(void)pthread_mutex_unlock(&c->lock);
	return count;
}

static void *
hybrid_run(void *arg)
{
	struct client *c = arg;
	struct chunk *chunks[HYBRID_QUEUE];
	unsigned count, i;

	while ((count = hybrid_take(c, chunks)) > 0) {
		/* The selecting thread sees the end of it. */
		if (hybrid_write(c->fd, chunks, count) == -1)
			(void)shutdown(c->fd, SHUT_RDWR);
		for (i = 0; i < count; i++)
			hybrid_unref(chunks[i]);
	}
	for (; c->count > 0; c->count--) {
		hybrid_unref(c->queue[c->first]);
		c->first = (c->first + 1) % HYBRID_QUEUE;
	}
	(void)close(c->fd);
	serve_input_fini(&c->in);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->wake);
	free(c);
	return NULL;
}

/* The selecting thread */

static void
hybrid_reserve(size_t count)
{
	if (count <= client_cap)
		return;
	client_cap = client_cap == 0 ? 64 : 2 * client_cap;
	clients = reallocarray(clients, client_cap, sizeof(struct client *));
	pfds = reallocarray(pfds, client_cap + 1, sizeof(*pfds));
	if (clients == NULL || pfds == NULL)
		serve_fail("reallocarray");
}

static void
hybrid_add(int fd)
{
	struct client *c;
	pthread_t thread;

	hybrid_reserve(client_count + 1);
	c = serve_alloc(sizeof(*c));
	c->fd = fd;
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->wake, NULL);
	errno = pthread_create(&thread, &thread_attr, hybrid_run, c);
	if (errno != 0) {
		perror("pthread_create");
		(void)close(fd);
		free(c);
		return;
	}
	clients[client_count++] = c;
	pfds[client_count].fd = fd;
	pfds[client_count].events = POLLIN;
	pfds[client_count].revents = 0;
}

static void
hybrid_remove(size_t i)
{
	struct client *c = clients[i];

	client_count--;
	clients[i] = clients[client_count];
	pfds[i + 1] = pfds[client_count + 1];
	(void)shutdown(c->fd, SHUT_RDWR); /* its thread may be in a write */
	(void)pthread_mutex_lock(&c->lock);
	c->is_over = true;
	(void)pthread_cond_signal(&c->wake);
	(void)pthread_mutex_unlock(&c->lock);
}

static void
hybrid_queue(struct client *c, struct chunk *chunk)
{
	(void)pthread_mutex_lock(&c->lock);
	if (c->count < HYBRID_QUEUE) {
		atomic_fetch_add(&chunk->refs, 1);
		c->queue[(c->first + c->count++) % HYBRID_QUEUE] = chunk;
		if (c->count == 1)
			(void)pthread_cond_signal(&c->wake);
	} else {
		(void)shutdown(c->fd, SHUT_RDWR);
	}
	(void)pthread_mutex_unlock(&c->lock);
}

/* Returns chunk, grown. */
static struct chunk *
hybrid_append(struct chunk *chunk, const char *data, size_t len)
{
	size_t before = chunk == NULL ? 0 : chunk->len;

	chunk = realloc(chunk, sizeof(*chunk) + before + len);
	if (chunk == NULL)
		serve_fail("realloc");
	memcpy(chunk->data + before, data, len);
	chunk->len = before + len;
	return chunk;
}

static void
hybrid_turn(int listen_fd)
{
	static char buf[SERVE_READ_MAX];
	struct chunk *chunk = NULL;
	ssize_t len;
	size_t i;
	int fd;

	/* Backwards: who is removed is replaced by the last. */
	for (i = client_count; i-- > 0;) {
		if (pfds[i + 1].revents == 0)
			continue;
		len = serve_read(&clients[i]->in, pfds[i + 1].fd, buf);
		if (len == -1)
			hybrid_remove(i);
		else if (len > 0)
			chunk = hybrid_append(chunk, buf, (size_t)len);
	}
	if (chunk != NULL) {
		atomic_init(&chunk->refs, 1);
		for (i = 0; i < client_count; i++)
			hybrid_queue(clients[i], chunk);
		hybrid_unref(chunk);
	}
	if (pfds[0].revents != 0)
		while ((fd = serve_accept(listen_fd, 0)) != -1)
			hybrid_add(fd);
}

int
main(void)
{
	int listen_fd = serve_listen(SOCK_NONBLOCK);

	(void)pthread_attr_init(&thread_attr);
	(void)pthread_attr_setstacksize(&thread_attr, HYBRID_STACK);
	(void)pthread_attr_setdetachstate(&thread_attr,
	    PTHREAD_CREATE_DETACHED);
	hybrid_reserve(1);
	pfds[0].fd = listen_fd;
	pfds[0].events = POLLIN;
	for (;;)
		if (poll(pfds, client_count + 1, -1) != -1)
			hybrid_turn(listen_fd);
		else if (errno != EINTR)
			serve_fail("poll");
}
