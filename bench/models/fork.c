/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A process for each client. What is said goes into a ring in shared memory, and
 * one kill(2) of the process group tells all.
 *
 *   client --> process: ring_add(), kill(0, SIGUSR1)
 *                               |
 *                  all processes: ppoll() ends, ring_take() --> client
 *
 * SIGUSR1 is blocked but in ppoll(2), so none is missed; and as it is pending
 * once, however often it was sent, a process that comes late takes all that
 * is new in one write. Decided against: a pipe to each (a write each for the
 * speaker), and a parent that hands lines around (an event loop, with detours).
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../serve.h"
#include "ring.h"

static void
fork_signal(int signo)
{
	(void)signo; /* ppoll() ends, and that is all */
}

static int
fork_send_new(struct ring *ring, int fd, uint64_t *place)
{
	static char buf[SERVE_READ_MAX];
	size_t len, sent;
	ssize_t n;

	while ((len = ring_take(ring, place, buf, sizeof(buf))) > 0)
		for (sent = 0; sent < len; sent += (size_t)n) {
			n = send(fd, buf + sent, len - sent, 0);
			if (n == -1)
				return -1;
		}
	return 0;
}

static _Noreturn void
fork_serve(struct ring *ring, int fd, const sigset_t *none)
{
	static char buf[SERVE_READ_MAX];
	struct serve_input in = { NULL, 0 };
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t place = ring_end(ring);
	ssize_t len;

	for (;;) {
		if (ppoll(&pfd, 1, NULL, none) == 1) {
			len = serve_read(&in, fd, buf);
			if (len == -1)
				break;
			if (len > 0) {
				ring_add(ring, buf, (size_t)len);
				(void)kill(0, SIGUSR1);
			}
		}
		if (fork_send_new(ring, fd, &place) == -1)
			break;
	}
	_exit(EXIT_SUCCESS);
}

int
main(void)
{
	const struct sigaction action = { .sa_handler = fork_signal };
	struct ring *ring = ring_new();
	sigset_t usr1, none;
	int listen_fd, fd;
	pid_t pid, parent = getpid();

	(void)setpgid(0, 0); /* whom kill(0, ...) means */
	(void)signal(SIGCHLD, SIG_IGN);
	(void)sigaction(SIGUSR1, &action, NULL);
	(void)sigemptyset(&usr1);
	(void)sigaddset(&usr1, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &usr1, &none);
	(void)sigdelset(&none, SIGUSR1);
	listen_fd = serve_listen(0);
	for (;;) {
		fd = serve_accept(listen_fd, 0);
		if (fd == -1)
			continue;
		pid = fork();
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(EXIT_FAILURE);
			(void)close(listen_fd);
			fork_serve(ring, fd, &none);
		}
		if (pid == -1)
			perror("fork");
		(void)close(fd);
	}
}
