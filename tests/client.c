/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See client.h.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define ARGS_MAX 40

int64_t
client_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
client_now_ms(void)
{
	return client_now_us() / 1000;
}

unsigned
client_setting(const char *name, unsigned fallback)
{
	const char *text = getenv(name);
	uint64_t value = fallback;

	if (text != NULL && parse_number(text, UINT32_MAX, &value) == -1)
		ck_abort_msg("%s is no number", name);
	return (unsigned)value;
}

int64_t
client_patience_ms(unsigned factor)
{
	return (int64_t)client_setting("DIALOG_TIMEOUT", 10) * 1000 * factor;
}

size_t
client_raise_nofile(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 0;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	return (size_t)rl.rlim_cur;
}

/* The daemon */

void
client_start_daemon(struct daemon *d, const char *dir, const char *program,
    const char *fmt, ...)
{
	char *notify = xasprintf("%s/notify", dir);
	char *settings = xasprintf("%s/brbd.conf", dir);
	const struct daemon_setup setup = { .notify_path = notify };
	struct buf args = BUF_INITIALIZER;
	char *argv[ARGS_MAX], *next;
	size_t argc = 0;
	va_list ap;
	int fd = open(settings, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ne(fd, -1);
	(void)close(fd);
	(void)unlink(notify);
	if (program == NULL && (program = getenv("BRBD")) == NULL)
		program = "src/brbd";
	buf_addf(&args, "%s -f %s ", program, settings);
	va_start(ap, fmt);
	buf_vaddf(&args, fmt, ap);
	va_end(ap);
	(void)buf_cstr(&args);
	for (next = args.data; (argv[argc] = strsep(&next, " ")) != NULL;)
		if (argv[argc][0] != '\0')
			ck_assert_uint_lt(++argc, ARGS_MAX);
	daemon_init(d);
	ck_assert_int_eq(daemon_start(d, argv, &setup), 0);
	buf_fini(&args);
	free(notify);
	free(settings);
}

void
client_hear_daemon(struct daemon *d)
{
	/* In this order: what it logs comes before its READY=1. */
	daemon_read_notify(d);
	daemon_read_log(d);
}

void
client_await_daemon(struct daemon *d, int64_t patience_ms)
{
	int64_t end_ms = client_now_ms() + patience_ms;

	while (!d->is_ready) {
		struct pollfd pfds[2] = { { d->log_fd, POLLIN, 0 },
			{ d->notify_fd, POLLIN, 0 } };

		ck_assert_msg(client_now_ms() < end_ms && d->log_fd != -1,
		    "the daemon does not get ready: %s", buf_cstr(&d->log));
		(void)poll(pfds, 2, 100);
		client_hear_daemon(d);
	}
}

void
client_stop_daemon(struct daemon *d, int64_t patience_ms)
{
	const char *fault = daemon_end(d, SIGTERM, patience_ms);

	ck_assert_msg(fault == NULL && WIFEXITED(d->status) &&
		WEXITSTATUS(d->status) == 0,
	    "it did not end well: %s", buf_cstr(&d->log));
	daemon_fini(d);
}

/* Connections */

int
client_connect(const struct daemon *d, bool is_unix, int rcvbuf)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC,
	    0);
	int result;

	ck_assert_int_ne(fd, -1);
	if (rcvbuf > 0)
		ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf,
				     sizeof(rcvbuf)),
		    0);
	if (is_unix) {
		ck_assert_uint_lt(strlen(d->unix_path), sizeof(sun.sun_path));
		memcpy(sun.sun_path, d->unix_path, strlen(d->unix_path) + 1);
		result = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	} else {
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sin.sin_port = htons((uint16_t)d->port_ipv4);
		result = connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	}
	if (result == -1) {
		(void)close(fd);
		return -1;
	}
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

bool
client_receive_by(struct tls_client *tls, int fd, struct buf *in)
{
	char *data;
	ssize_t n;

	do {
		data = buf_reserve(in, 65536);
		n = tls != NULL ? tls_client_receive(tls, data, 65536) :
				  read(fd, data, 65536);
		if (n > 0)
			in->len += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == -1 && errno == EAGAIN;
}

bool
client_receive(int fd, struct buf *in)
{
	return client_receive_by(NULL, fd, in);
}

ssize_t
client_send_by(struct tls_client *tls, int fd, const void *data, size_t len)
{
	return tls != NULL ? tls_client_send(tls, data, len) :
			     send(fd, data, len, MSG_NOSIGNAL);
}

void
client_take_lines(struct buf *in, void (*take)(void *arg, char *line),
    void *arg)
{
	size_t start = 0;
	char *line, *lf;

	while (start < in->len &&
	    (lf = memchr(in->data + start, '\n', in->len - start)) != NULL) {
		line = in->data + start;
		start = (size_t)(lf + 1 - in->data);
		*lf = '\0';
		if (lf > line && lf[-1] == '\r')
			lf[-1] = '\0';
		take(arg, line);
	}
	if (start == 0)
		return;
	in->len -= start;
	memmove(in->data, in->data + start, in->len);
}

void
client_ask(const char *dir, struct buf *answer, const char *words)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char data[65536], *request = xasprintf("brbctl 1 text\n%s\n\n", words);
	ssize_t n;

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/control", dir);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(write(fd, request, strlen(request)),
	    (ssize_t)strlen(request));
	buf_reset(answer);
	while ((n = read(fd, data, sizeof(data))) > 0)
		buf_add(answer, data, (size_t)n);
	ck_assert_int_eq(n, 0);
	(void)close(fd);
	free(request);
	ck_assert_msg(strncmp(buf_cstr(answer), "ok\n", 3) == 0, "%s",
	    buf_cstr(answer));
}

unsigned
client_counted(const char *dir, const char *name)
{
	struct buf answer = BUF_INITIALIZER;
	char *wanted = xasprintf("\n%s ", name);
	const char *line;
	unsigned value;

	client_ask(dir, &answer, "metrics");
	line = strstr(buf_cstr(&answer), wanted);
	ck_assert_msg(line != NULL, "there is no %s", name);
	ck_assert_int_eq(sscanf(line + strlen(wanted), "%u", &value), 1);
	buf_fini(&answer);
	free(wanted);
	return value;
}
