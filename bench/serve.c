/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A partial line is allocated only while there is one, so that it does not count
 * as what an idle member needs.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"

void
serve_fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

void *
serve_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		serve_fail("calloc");
	return p;
}

static void
serve_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int
serve_listen(int flags)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	serve_raise_files();
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd == -1)
		serve_fail("socket");
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		serve_fail("bind");
	if (listen(fd, SOMAXCONN) == -1)
		serve_fail("listen");
	if (getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		serve_fail("getsockname");
	(void)printf("listening on 127.0.0.1:%d\n", ntohs(sin.sin_port));
	(void)fflush(stdout);
	return fd;
}

int
serve_accept(int listen_fd, int flags)
{
	const int on = 1;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | flags);

	if (fd == -1) {
		if (errno != EAGAIN && errno != EINTR)
			perror("accept4");
		return -1;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

void
serve_input_fini(struct serve_input *in)
{
	free(in->data);
	in->data = NULL;
	in->len = 0;
}

/* n bytes have been read into buf, behind what is in in. */
static ssize_t
serve_whole(struct serve_input *in, char *buf, size_t n)
{
	size_t len = in->len, whole;
	const char *end;

	if (len > 0)
		memcpy(buf, in->data, len);
	serve_input_fini(in);

	len += n;
	end = memrchr(buf, '\n', len);
	whole = end == NULL ? 0 : (size_t)(end - buf) + 1;
	if (whole < len) {
		in->len = len - whole;
		if (in->len == SERVE_READ_MAX)
			return -1;
		in->data = serve_alloc(in->len);
		memcpy(in->data, buf + whole, in->len);
	}
	return (ssize_t)whole;
}

ssize_t
serve_lines(struct serve_input *in, const char *data, size_t len, char *buf)
{
	memcpy(buf + in->len, data, len);
	return serve_whole(in, buf, len);
}

ssize_t
serve_read(struct serve_input *in, int fd, char *buf)
{
	ssize_t n = recv(fd, buf + in->len, SERVE_READ_MAX - in->len, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	return serve_whole(in, buf, (size_t)n);
}
