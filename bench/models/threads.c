/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A thread for each client, over one message queue with a readers-writer lock.
 * A thread waits for its client in recv(2), where it hears of nothing else:
 * so it wakes every few milliseconds (SO_RCVTIMEO) to look for what is new.
 *
 *   recv: a line    --> ring_add()
 *         either    --> ring_take() --> send
 *         time-out  -->
 *
 *   threads [MILLISECONDS]
 *
 * The time-out is this design's dilemma: a long one is how late lines come, a
 * short one is what idle members cost (members / time-out wake-ups in a
 * second). Ours, 20 ms, is one that people would not notice.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../serve.h"
#include "ring.h"

enum { THREADS_TIMEOUT_MS = 20, THREADS_STACK = 256 * 1024 };

static struct ring *ring;
static long timeout_ms = THREADS_TIMEOUT_MS;

/* 0, or -1 if the client is gone. */
static int
threads_send_new(int fd, uint64_t *place, char buf[SERVE_READ_MAX])
{
	size_t len, sent;
	ssize_t n;

	while ((len = ring_take(ring, place, buf, SERVE_READ_MAX)) > 0)
		for (sent = 0; sent < len; sent += (size_t)n) {
			n = send(fd, buf + sent, len - sent, 0);
			if (n == -1)
				return -1;
		}
	return 0;
}

static void *
threads_serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct serve_input in = { NULL, 0 };
	uint64_t place = ring_end(ring);
	char buf[SERVE_READ_MAX];
	ssize_t len;

	while ((len = serve_read(&in, fd, buf)) != -1) {
		if (len > 0)
			ring_add(ring, buf, (size_t)len);
		if (threads_send_new(fd, &place, buf) == -1)
			break;
	}
	serve_input_fini(&in);
	(void)close(fd);
	return NULL;
}

static void
threads_start(const pthread_attr_t *attr, int fd)
{
	const struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};
	pthread_t thread;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
	    sizeof(timeout));
	errno = pthread_create(&thread, attr, threads_serve,
	    (void *)(intptr_t)fd);
	if (errno == 0)
		return;
	perror("pthread_create");
	(void)close(fd);
}

int
main(int argc, char *argv[])
{
	pthread_attr_t attr;
	int listen_fd, fd;

	if (argc > 1)
		timeout_ms = strtol(argv[1], NULL, 10);
	if (argc > 2 || timeout_ms < 1) {
		(void)fputs("usage: threads [MILLISECONDS]\n", stderr);
		return 2;
	}
	ring = ring_new();
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, THREADS_STACK);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	listen_fd = serve_listen(0);
	for (;;)
		if ((fd = serve_accept(listen_fd, 0)) != -1)
			threads_start(&attr, fd);
}
