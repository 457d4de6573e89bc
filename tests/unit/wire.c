/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See wire.h. Sockets are made small, so that little fills them; what is true
 * of every conn is checked in the handler, whatever the test is about.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "net/conn-impl.h"
#include "wire.h"

#define SMALL_BUFFER 4096

struct world w;

int64_t
now_ms(void)
{
	struct clock c = { 0 };

	clock_update(&c);
	return c.mono_ms;
}

bool
wire_is_ending(const struct conn *c)
{
	return c->state != CONN_OPEN;
}

static void
reap_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ck_assert_int_eq(w.reap_depth, 0);
	w.reap_depth++;
	conn_reap(&w.net);
	w.reap_depth--;
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
wake(void *arg)
{
	ck_assert_ptr_eq(arg, &w);
	w.wakes++;
	event_active(w.reap, EV_TIMEOUT, 0);
}

int64_t
slow_now_us(void)
{
	static int64_t slow_us;

	return slow_us += WALK_SLICE_US * 2 / 3;
}

void
world_init(int variant)
{
	static const struct timeval tick = { 0, 20000 };
	struct event_config *config = event_config_new();

	memset(&w, 0, sizeof(w));
	w.is_tcp = IS_TCP(variant);
	ck_assert_ptr_nonnull(config);
	if (IS_POLL(variant))
		event_config_avoid_method(config, "epoll");
	w.base = event_base_new_with_config(config);
	event_config_free(config);
	ck_assert_ptr_nonnull(w.base);
	ck_assert_int_eq(event_base_priority_init(w.base, NET_PRIORITIES), 0);

	clock_update(&w.clock);
	deadlines_init(&w.deadlines, NULL, NULL);
	w.options.max_line = MAX_LINE;
	w.options.output_limit = OUTPUT_LIMIT;
	w.options.stall_timeout = STALL_MS;
	ck_assert_int_eq(net_init(&w.net, w.base, &w.clock, &w.deadlines,
			     &w.options, wake, &w),
	    0);

	w.reap = event_new(w.base, -1, 0, reap_cb, NULL);
	event_priority_set(w.reap, NET_PRIORITY_TURN);
	/* So that a loop that waits for nothing comes back to UNTIL. */
	w.tick = event_new(w.base, -1, EV_PERSIST, tick_cb, NULL);
	event_priority_set(w.tick, NET_PRIORITY_INPUT);
	event_add(w.tick, &tick);
}

void
world_fini(void)
{
	ck_assert_uint_eq(w.net.count, 0);
	ck_assert_int_eq(deadlines_next(&w.deadlines), -1);
	net_fini(&w.net);
	event_free(w.reap);
	event_free(w.tick);
	event_base_free(w.base);
}

void
run_ready(void)
{
	/* Loopback TCP may deliver a moment later; a socket pair does not. */
	for (int i = 0; i < 3; i++) {
		event_base_loop(w.base, EVLOOP_NONBLOCK);
		if (w.is_tcp)
			poll(NULL, 0, 1);
	}
}

void
advance(int64_t ms)
{
	w.clock.mono_ms += ms;
	deadlines_run(&w.deadlines, w.clock.mono_ms);
}

/* The handler */

static void
pipe_line(struct conn *c, char *text, size_t len, bool has_cr, void *arg)
{
	struct pipe *p = arg;

	QUICK_ASSERT(p->c == c);
	QUICK_ASSERT(p->ended_count == 0);
	if (p->takes_telnet)
		len = conn_take_telnet(c, text, len);
	p->line_count++;
	buf_addch(&p->lines, '[');
	buf_add(&p->lines, text, len);
	buf_addstr(&p->lines, has_cr ? "]r" : "]");
	if (p->on_line != NULL)
		p->on_line(p, text, len);
	memset(text, 'w', len);
}

static void
pipe_too_long(struct conn *c, void *arg)
{
	struct pipe *p = arg;

	QUICK_ASSERT(p->c == c);
	buf_addch(&p->lines, 'T');
}

static void
pipe_drained(struct conn *c, void *arg)
{
	struct pipe *p = arg;

	ck_assert_ptr_eq(p->c, c);
	p->queued_at_drained = conn_queued(c);
	ck_assert_uint_le(p->queued_at_drained, w.options.output_limit / 4);
	p->drained_count++;
	if (p->on_drained != NULL)
		p->on_drained(p);
}

static void
pipe_eof(struct conn *c, void *arg)
{
	struct pipe *p = arg;

	ck_assert_ptr_eq(p->c, c);
	ck_assert(!wire_is_ending(c));
	p->eof_count++;
}

static void
pipe_ended(struct conn *c, enum conn_end end, void *arg)
{
	struct pipe *p = arg;
	int fd = conn_fd(c);

	ck_assert_ptr_eq(p->c, c);
	ck_assert(wire_is_ending(c));
	ck_assert_int_eq(w.reap_depth, 1);
	p->ended_count++;
	p->end = end;
	p->unsent = conn_unsent(c);
	if (p->on_ended != NULL)
		p->on_ended(p);
	conn_free(c);
	p->c = NULL;
	/* Closed at once, not when libevent comes round to it. */
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

static void
pipe_waste(struct conn *c, void *arg)
{
	struct pipe *p = arg;

	ck_assert_ptr_eq(p->c, c);
	p->waste_count++;
}

const struct conn_handler handler = { .line = pipe_line,
	.too_long = pipe_too_long,
	.waste = pipe_waste,
	.drained = pipe_drained,
	.ended = pipe_ended };

const struct conn_handler handler_with_eof = { .line = pipe_line,
	.too_long = pipe_too_long,
	.waste = pipe_waste,
	.drained = pipe_drained,
	.eof = pipe_eof,
	.ended = pipe_ended };

static void
make_pair(bool is_tcp, int fds[2])
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd, small = SMALL_BUFFER, large = 65536;

	if (!is_tcp) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	} else {
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		fds[1] = socket(AF_INET, SOCK_STREAM, 0);
		/* Small, so that little fills them. */
		setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof(small));
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
		ck_assert_int_eq(listen(fd, 1), 0);
		ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len),
		    0);
		ck_assert_int_eq(connect(fds[1], (struct sockaddr *)&sin, len),
		    0);
		fds[0] = accept(fd, NULL, NULL);
		close(fd);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_int_ge(fds[i], 0);
		ck_assert_int_eq(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	}
	/* This one only so that the kernel does not let it grow. */
	setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
}

void
pipe_open_with(struct pipe *p, int variant, const struct conn_handler *h)
{
	int fds[2], small = SMALL_BUFFER;

	memset(p, 0, sizeof(*p));
	make_pair(IS_TCP(variant), fds);
	p->peer = fds[1];
	p->c = conn_new(&w.net, fds[0], IS_TCP(variant), h, p);
	ck_assert_ptr_nonnull(p->c);
	/* Smaller than conn_new() makes it. */
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	ck_assert_int_eq(conn_fd(p->c), fds[0]);
}

void
pipe_open(struct pipe *p, int variant)
{
	pipe_open_with(p, variant, &handler);
}

void
pipe_hang_up(struct pipe *p)
{
	if (p->peer != -1)
		close(p->peer);
	p->peer = -1;
}

void
pipe_close(struct pipe *p)
{
	conn_free(p->c);
	pipe_hang_up(p);
	buf_fini(&p->lines);
}

void
line_pauses(struct pipe *p, const char *text, size_t len)
{
	(void)text;
	(void)len;
	conn_pause_input(p->c);
}

/* The peer's side */

void
peer_write(struct pipe *p, const void *data, size_t len)
{
	const char *bytes = data;
	int64_t until_ms = now_ms() + PATIENCE_MS;
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		QUICK_ASSERT(now_ms() < until_ms);
		n = send(p->peer, bytes + done, len - done, MSG_NOSIGNAL);
		if (n > 0)
			done += (size_t)n;
		else
			QUICK_ASSERT(errno == EAGAIN);
		if (done < len)
			event_base_loop(w.base, EVLOOP_ONCE);
	}
}

size_t
peer_flood(struct pipe *p)
{
	char lines[1024];
	size_t written = 0;
	ssize_t n;

	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 2 == 0 ? '.' : '\n';
	while ((n = send(p->peer, lines, sizeof(lines), MSG_NOSIGNAL)) > 0)
		written += (size_t)n;
	return written;
}

bool
peer_read(struct pipe *p, struct buf *got)
{
	char data[4096];
	ssize_t n;

	while ((n = recv(p->peer, data, sizeof(data), 0)) > 0)
		buf_add(got, data, (size_t)n);
	if (n == -1)
		QUICK_ASSERT(errno == EAGAIN);
	return n != 0;
}

void
add_pattern(struct buf *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_addch(b, (char)('!' + b->len % 89));
}

void
check_pattern(const struct buf *b, size_t len)
{
	ck_assert_uint_eq(b->len, len);
	for (size_t i = 0; i < len; i++)
		QUICK_ASSERT(b->data[i] == (char)('!' + i % 89));
}

void
fill(struct pipe *p, struct buf *sent)
{
	size_t len, piece = 1000;

	do {
		if (conn_queued(p->c) > 0)
			piece = 6000;
		len = sent->len;
		add_pattern(sent, piece);
		QUICK_ASSERT(conn_send(p->c, sent->data + len, piece) == 0);
	} while (piece != 6000);
}
