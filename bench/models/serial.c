/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The serial server: one client after another. Whoever's turn it is sees what was
 * said before, and talks until they leave; all others wait in the kernel's
 * queue.
 *
 *   accept --> send the log --> (read, add to the log, send) ... EOF --> accept
 *
 * No room of two is live at once, so there is nothing to measure above one member:
 * it is here for completeness.
 */
#include "config.h"

#include <sys/socket.h>

#include <unistd.h>

#include "../serve.h"
#include "ring.h"

/* 0, or -1 if the client is gone. */
static int
serial_send_new(struct ring *log, int fd, uint64_t *place)
{
	static char buf[SERVE_READ_MAX];
	size_t len, sent;
	ssize_t n;

	while ((len = ring_take(log, place, buf, sizeof(buf))) > 0)
		for (sent = 0; sent < len; sent += (size_t)n) {
			n = send(fd, buf + sent, len - sent, 0);
			if (n == -1)
				return -1;
		}
	return 0;
}

static void
serial_serve(struct ring *log, int fd)
{
	static char buf[SERVE_READ_MAX];
	struct serve_input in = { NULL, 0 };
	uint64_t place = 0;
	ssize_t len;

	while (serial_send_new(log, fd, &place) == 0 &&
	    (len = serve_read(&in, fd, buf)) != -1)
		ring_add(log, buf, (size_t)len);
	serve_input_fini(&in);
	(void)close(fd);
}

int
main(void)
{
	struct ring *log = ring_new();
	int listen_fd = serve_listen(0), fd;

	for (;;)
		if ((fd = serve_accept(listen_fd, 0)) != -1)
			serial_serve(log, fd);
}
