/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Connections over real sockets and a real event base. Each test runs four
 * times: over a socket pair and over loopback TCP, with epoll and with poll.
 * Time that matters is set by the test, which runs the deadlines itself.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "conn.h"
#include "util.h"

#define VARIANTS 4
#define IS_POLL(variant) ((variant)&1)
#define IS_TCP(variant) ((variant)&2)

#define MAX_LINE 2048
#define OUTPUT_LIMIT 8192
#define SMALL_BUFFER 4096
#define STALL_MS 1000
#define PATIENCE_MS 10000

/* ck_assert() writes a note each time, even if all is well: too slow where
 * there are a million. */
#define QUICK_ASSERT(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* One end is a conn, the other a descriptor of the test. */
struct pipe {
	struct conn *c; /* NULL once freed */
	int peer;
	struct buf lines; /* as in check_framer.c: [text], [text]r, T */
	size_t line_count;
	int drained_count;
	size_t queued_at_drained;
	int eof_count;
	int ended_count;
	enum conn_end end;
	size_t unsent; /* in ended() */
	void (*on_line)(struct pipe *p, const char *text, size_t len);
	void (*on_drained)(struct pipe *p);
	void (*on_ended)(struct pipe *p);
	struct pipe *other;
};

/* One for each test: they may share a process (CK_FORK=no). */
static struct {
	struct event_base *base;
	struct clock clock;
	struct deadlines deadlines;
	struct options options;
	struct net net;
	struct event *reap;
	struct event *tick;
	int wakes;
	int reap_depth;
} w;

static int64_t
now_ms(void)
{
	struct clock c;

	clock_update(&c);
	return c.mono_ms;
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

static void
world_init(int variant)
{
	static const struct timeval tick = { 0, 20000 };
	struct event_config *config = event_config_new();

	memset(&w, 0, sizeof(w));
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

static void
world_fini(void)
{
	ck_assert_uint_eq(w.net.count, 0);
	ck_assert_int_eq(deadlines_next(&w.deadlines), -1);
	net_fini(&w.net);
	event_free(w.reap);
	event_free(w.tick);
	event_base_free(w.base);
}

#define UNTIL(condition) \
	do { \
		int64_t until_ms = now_ms() + PATIENCE_MS; \
\
		while (!(condition)) { \
			if (now_ms() >= until_ms) \
				ck_abort_msg("never: %s", #condition); \
			event_base_loop(w.base, EVLOOP_ONCE); \
		} \
	} while (0)

/* All that can be done now. */
static void
run_ready(void)
{
	struct pollfd none;

	/* Loopback TCP may deliver a moment later. */
	for (int i = 0; i < 3; i++) {
		event_base_loop(w.base, EVLOOP_NONBLOCK);
		poll(&none, 0, 1);
	}
}

static void
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
	ck_assert(!conn_is_ending(c));
	p->eof_count++;
}

static void
pipe_ended(struct conn *c, enum conn_end end, void *arg)
{
	struct pipe *p = arg;
	int fd = conn_fd(c);

	ck_assert_ptr_eq(p->c, c);
	ck_assert(conn_is_ending(c));
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

static const struct conn_handler handler = { .line = pipe_line,
	.too_long = pipe_too_long,
	.drained = pipe_drained,
	.ended = pipe_ended };

static const struct conn_handler handler_with_eof = { .line = pipe_line,
	.too_long = pipe_too_long,
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

static void
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

static void
pipe_open(struct pipe *p, int variant)
{
	pipe_open_with(p, variant, &handler);
}

static void
pipe_hang_up(struct pipe *p)
{
	if (p->peer != -1)
		close(p->peer);
	p->peer = -1;
}

static void
pipe_close(struct pipe *p)
{
	conn_free(p->c);
	pipe_hang_up(p);
	buf_fini(&p->lines);
}

/* The peer's side */

static void
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

#define PEER_WRITE(p, literal) peer_write(p, literal, sizeof(literal) - 1)

/* Adds what is there to read. Returns false when that is the end. */
static bool
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

/* As many bytes, each telling its place, as if from the start. */
static void
add_pattern(struct buf *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_addch(b, (char)('!' + b->len % 89));
}

static void
check_pattern(const struct buf *b, size_t len)
{
	ck_assert_uint_eq(b->len, len);
	for (size_t i = 0; i < len; i++)
		QUICK_ASSERT(b->data[i] == (char)('!' + i % 89));
}

/* Sends pieces of the pattern until the kernel takes no more, and then some. */
static void
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

#define CHECK_GOT(p, expected) ck_assert_str_eq(buf_cstr(&(p)->lines), expected)

/* Lines in */

START_TEST(test_lines)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	PEER_WRITE(&p, "one\ntwo\r\n\nthree");
	UNTIL(p.line_count == 3);
	CHECK_GOT(&p, "[one][two]r[]");
	PEER_WRITE(&p, "\n");
	UNTIL(p.line_count == 4);
	CHECK_GOT(&p, "[one][two]r[][three]");
	ck_assert_uint_eq(w.net.bytes_in, 16);
	ck_assert_uint_eq(w.net.count, 1);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_byte_by_byte) /* hostile 2 */
{
	char line[1025];
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	memset(line, 'x', 1024);
	line[1024] = '\n';
	for (size_t i = 0; i < sizeof(line); i++) {
		peer_write(&p, line + i, 1);
		event_base_loop(w.base, EVLOOP_NONBLOCK);
	}
	UNTIL(p.line_count == 1);
	ck_assert_uint_eq(p.lines.len, 1026);
	ck_assert_mem_eq(p.lines.data + 1, line, 1024);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_split_endings) /* hostile 4, 5 */
{
	static const char *const packets[] = { "a\r", "\n", "b\r", "", "c\r",
		"d\n", "\r", "\n" };
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	for (size_t i = 0; i < NITEMS(packets); i++) {
		/* The empty one stands for a NUL. */
		peer_write(&p, packets[i],
		    packets[i][0] == '\0' ? 1 : strlen(packets[i]));
		run_ready();
	}
	PEER_WRITE(&p, "x\0y\n");
	UNTIL(p.line_count == 5);
	ck_assert_uint_eq(p.lines.len, 21);
	ck_assert_mem_eq(p.lines.data, "[a]r[b]r[c\rd][]r[x\0y]", 21);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_no_newline) /* hostile 1 */
{
	char junk[4096];
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	memset(junk, 'x', sizeof(junk));
	for (size_t i = 0; i < 256; i++)
		peer_write(&p, junk, sizeof(junk));
	PEER_WRITE(&p, "\nok\n");
	UNTIL(p.line_count == 1);
	CHECK_GOT(&p, "T[ok]");
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_limit) /* hostile 6 */
{
	char line[MAX_LINE + 4];
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	memset(line, 'x', sizeof(line));
	memcpy(line + MAX_LINE, "\r\n", 2);
	peer_write(&p, line, MAX_LINE + 2);
	UNTIL(p.line_count == 1);
	memcpy(line + MAX_LINE, "x\r\n", 3);
	peer_write(&p, line, MAX_LINE + 3);
	PEER_WRITE(&p, "ok\n");
	UNTIL(p.line_count == 2);
	ck_assert_uint_eq(p.lines.len, 1 + MAX_LINE + 2 + 1 + 4);
	ck_assert_str_eq(buf_cstr(&p.lines) + MAX_LINE + 1, "]rT[ok]");
	pipe_close(&p);
	world_fini();
}
END_TEST

static void
line_makes_other_write(struct pipe *p, const char *text, size_t len)
{
	(void)text;
	(void)len;
	if (p->line_count == 1)
		PEER_WRITE(p->other, "me too\n");
}

static void
line_notes_others_count(struct pipe *p, const char *text, size_t len)
{
	(void)text;
	(void)len;
	p->unsent = p->other->line_count;
}

/* hostile 3: one who sends ten thousand lines at once delays nobody. */
START_TEST(test_turns)
{
	struct pipe greedy, modest;
	struct buf lines = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&greedy, _i);
	pipe_open(&modest, _i);
	greedy.other = &modest;
	modest.other = &greedy;
	greedy.on_line = line_makes_other_write;
	modest.on_line = line_notes_others_count;
	for (int i = 0; i < 10000; i++)
		buf_addf(&lines, "%d\n", i);
	peer_write(&greedy, lines.data, lines.len);
	UNTIL(modest.line_count == 1);
	ck_assert_uint_ge(modest.unsent, 1);
	ck_assert_uint_le(modest.unsent, 3 * CONN_LINES_PER_TURN);
	UNTIL(greedy.line_count == 10000);

	buf_reset(&lines);
	for (int i = 0; i < 10000; i++)
		buf_addf(&lines, "[%d]", i);
	CHECK_GOT(&greedy, buf_cstr(&lines));
	buf_fini(&lines);
	pipe_close(&greedy);
	pipe_close(&modest);
	world_fini();
}
END_TEST

/* Writes 2-byte lines until no more fits. Returns the bytes written. */
static size_t
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

/* hostile 3, 40: lines that have to wait do so in the kernel, not here. */
START_TEST(test_input_is_bounded)
{
	struct pipe p;
	size_t in_kernel, written;

	world_init(_i);
	pipe_open(&p, _i);
	conn_pause_input(p.c);
	written = in_kernel = peer_flood(&p);
	conn_resume_input(p.c);
	for (int turn = 0; turn < 500; turn++) {
		event_base_loop(w.base, EVLOOP_ONCE);
		written += peer_flood(&p);
		QUICK_ASSERT(written <=
		    w.net.bytes_in + 2 * in_kernel + 4096 + MAX_LINE);
	}
	/* If it had been read: 4096 bytes a turn, and 32 of them handled. */
	ck_assert_uint_lt(2 * in_kernel, 250 * 4096);
	ck_assert_uint_gt(p.line_count, 0);
	pipe_close(&p);
	world_fini();
}
END_TEST

static void
line_pauses(struct pipe *p, const char *text, size_t len)
{
	(void)text;
	(void)len;
	conn_pause_input(p->c);
}

/* hostile 41: no line is lost, nothing grows, nothing spins. */
START_TEST(test_pause)
{
	char junk[1024];
	struct pipe p;
	size_t written = 0;
	ssize_t n;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_line = line_pauses;
	PEER_WRITE(&p, "one\ntwo\nthree\nfour\n");
	UNTIL(p.line_count == 1);
	run_ready();
	ck_assert_uint_eq(p.line_count, 1);

	/* What the peer sends now waits in the kernel, to the brim. */
	memset(junk, '.', sizeof(junk));
	junk[sizeof(junk) - 1] = '\n';
	while ((n = send(p.peer, junk, sizeof(junk), MSG_NOSIGNAL)) > 0)
		written += (size_t)n;
	w.clock.mono_ms = -1;
	run_ready();
	ck_assert_int_eq(w.clock.mono_ms, -1); /* nobody called back */
	clock_update(&w.clock);

	conn_resume_input(p.c);
	conn_pause_input(p.c);
	run_ready();
	ck_assert_uint_eq(p.line_count, 1);
	for (size_t i = 2; i <= 4; i++) {
		conn_resume_input(p.c);
		conn_resume_input(p.c);
		ck_assert_uint_eq(p.line_count, i - 1); /* not from within */
		UNTIL(p.line_count == i);
		run_ready();
		ck_assert_uint_eq(p.line_count, i);
	}
	CHECK_GOT(&p, "[one][two][three][four]");
	p.on_line = NULL;
	conn_resume_input(p.c);
	UNTIL(p.line_count == 4 + written / sizeof(junk));
	pipe_close(&p);
	world_fini();
}
END_TEST

static void
line_pauses_and_resumes(struct pipe *p, const char *text, size_t len)
{
	(void)text;
	(void)len;
	conn_pause_input(p->c);
	if (p->line_count % 2 == 1)
		conn_resume_input(p->c);
}

START_TEST(test_pause_within_line)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_line = line_pauses_and_resumes;
	PEER_WRITE(&p, "1\n2\n3\n4\n5\n");
	UNTIL(p.line_count == 2);
	run_ready();
	ck_assert_uint_eq(p.line_count, 2);
	conn_resume_input(p.c);
	UNTIL(p.line_count == 4);
	conn_resume_input(p.c);
	UNTIL(p.line_count == 5);
	PEER_WRITE(&p, "6\n");
	UNTIL(p.line_count == 6);
	CHECK_GOT(&p, "[1][2][3][4][5][6]");
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_eof) /* hostile 10 */
{
	struct pipe p;
	struct buf input = BUF_INITIALIZER, expected = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	for (int i = 0; i < 100; i++) {
		buf_addf(&expected, "[%d]", i);
		buf_addf(&input, "%d\n", i);
	}
	buf_addstr(&input, "half a line");
	peer_write(&p, input.data, input.len);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_EOF);
	CHECK_GOT(&p, buf_cstr(&expected));
	ck_assert_uint_eq(w.net.count, 0);
	run_ready();
	ck_assert_int_eq(p.ended_count, 1);
	buf_fini(&input);
	buf_fini(&expected);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_eof_while_paused)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_line = line_pauses;
	PEER_WRITE(&p, "one\ntwo\nhalf");
	pipe_hang_up(&p);
	UNTIL(p.line_count == 1);
	run_ready();
	ck_assert_int_eq(p.ended_count, 0);
	conn_resume_input(p.c);
	UNTIL(p.line_count == 2);
	run_ready();
	ck_assert_int_eq(p.ended_count, 0);
	conn_resume_input(p.c);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_EOF);
	CHECK_GOT(&p, "[one][two]");
	pipe_close(&p);
	world_fini();
}
END_TEST

/* Who half-closes, as nc -N does, still gets all answers. */
START_TEST(test_half_close)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER, got = BUF_INITIALIZER;
	bool is_open = true;

	world_init(_i);
	pipe_open_with(&p, _i, &handler_with_eof);
	p.on_line = line_pauses;
	PEER_WRITE(&p, "one\ntwo\nhalf");
	shutdown(p.peer, SHUT_WR);
	UNTIL(p.line_count == 1);
	run_ready();
	ck_assert_int_eq(p.eof_count, 0); /* first the lines */
	conn_resume_input(p.c);
	UNTIL(p.line_count == 2);
	conn_resume_input(p.c);
	UNTIL(p.eof_count == 1);
	CHECK_GOT(&p, "[one][two]");

	add_pattern(&sent, 100000);
	ck_assert_int_eq(conn_send(p.c, sent.data, sent.len), 0);
	conn_pause_input(p.c);
	conn_resume_input(p.c);
	UNTIL(peer_read(&p, &got) && got.len >= 50000);
	conn_close(p.c, 5000);
	UNTIL(!(is_open = is_open && peer_read(&p, &got)));
	check_pattern(&got, sent.len);
	UNTIL(p.ended_count == 1); /* at once: their end is here already */
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	ck_assert_int_eq(p.eof_count, 1);
	buf_fini(&sent);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* And who closed altogether is noticed by the next write. */
START_TEST(test_write_after_eof)
{
	struct pipe p;

	world_init(_i);
	pipe_open_with(&p, _i, &handler_with_eof);
	pipe_hang_up(&p);
	UNTIL(p.eof_count == 1);
	ck_assert_int_eq(p.ended_count, 0);
	while (!conn_is_ending(p.c)) {
		QUICK_ASSERT(conn_send(p.c, "hello\n", 6) == 0);
		run_ready();
		if (p.c == NULL)
			break;
	}
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* Bytes out */

START_TEST(test_direct_write)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	ck_assert_int_eq(conn_send(p.c, "hello ", 6), 0);
	conn_reply(p.c, "world\n", 6);
	ck_assert_uint_eq(w.net.writes, 2);
	ck_assert_uint_eq(w.net.bytes_out, 12);
	ck_assert_uint_eq(conn_queued(p.c), 0);
	ck_assert_int_eq(deadlines_next(&w.deadlines), -1);
	UNTIL(peer_read(&p, &got) && got.len == 12); /* no loop was needed */
	ck_assert_str_eq(buf_cstr(&got), "hello world\n");
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* What one gets is whole and in order, however little fits at a time. */
START_TEST(test_refused_and_drained)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER, got = BUF_INITIALIZER;
	size_t len, taken;
	uint64_t writes;

	world_init(_i);
	pipe_open(&p, _i);
	fill(&p, &sent);
	writes = w.net.writes;
	do {
		len = sent.len;
		add_pattern(&sent, 700);
		taken = conn_queued(p.c);
	} while (conn_send(p.c, sent.data + len, 700) == 0);
	sent.len = len; /* the last was refused */
	ck_assert_uint_eq(w.net.writes, writes); /* queued, not tried */
	ck_assert_uint_eq(conn_queued(p.c), taken);
	ck_assert_uint_gt(taken + 700, OUTPUT_LIMIT);
	ck_assert_uint_le(taken, OUTPUT_LIMIT);
	ck_assert_uint_ge(conn_unsent(p.c), taken);
	ck_assert(!conn_is_ending(p.c));
	run_ready();
	ck_assert_int_eq(p.drained_count, 0);

	UNTIL(peer_read(&p, &got) && p.drained_count == 1);
	UNTIL(peer_read(&p, &got) && got.len == sent.len);
	check_pattern(&got, sent.len);
	ck_assert_uint_eq(conn_queued(p.c), 0);
	ck_assert_int_eq(p.drained_count, 1);
	ck_assert_int_eq(deadlines_next(&w.deadlines), -1);

	/* And back on the short way. */
	ck_assert_int_eq(conn_send(p.c, "x", 1), 0);
	ck_assert_uint_eq(w.net.writes, writes + 1);
	buf_fini(&sent);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* One does not have to be empty to get more. */
START_TEST(test_low_water)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER, got = BUF_INITIALIZER;

	world_init(_i);
	w.options.output_limit = 256 * 1024;
	pipe_open(&p, _i);
	/* More than the kernel takes. */
	add_pattern(&sent, 8 * 1024 * 1024);
	ck_assert_int_eq(conn_send(p.c, sent.data, sent.len), 0);
	ck_assert_int_eq(conn_send(p.c, "x", 1), -1);
	UNTIL(peer_read(&p, &got) && p.drained_count == 1);
	/* A bufferevent writes 16 KiB at most at a time. */
	ck_assert_uint_ge(p.queued_at_drained, (64 - 16) * 1024);
	UNTIL(peer_read(&p, &got) && got.len == sent.len);
	check_pattern(&got, sent.len);
	ck_assert_int_eq(p.drained_count, 1);
	buf_fini(&sent);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* One piece may pass the limit, if nothing is before it. */
START_TEST(test_large_piece)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER, got = BUF_INITIALIZER;
	size_t large = 4 * 1024 * 1024;

	world_init(_i);
	pipe_open(&p, _i);
	add_pattern(&sent, large);
	ck_assert_int_eq(conn_send(p.c, sent.data, large), 0);
	ck_assert_uint_gt(conn_queued(p.c), OUTPUT_LIMIT);
	ck_assert_int_eq(conn_send(p.c, "x", 1), -1);
	UNTIL(peer_read(&p, &got) && got.len == large);
	check_pattern(&got, large);
	UNTIL(p.drained_count == 1);
	buf_fini(&sent);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

static void
drained_sends_more(struct pipe *p)
{
	if (p->drained_count < 5) {
		char data[OUTPUT_LIMIT];

		memset(data, 'x', sizeof(data));
		/* Queued behind what is left, or refused: then asked again. */
		while (conn_send(p->c, data, 2000) == 0)
			continue;
	}
}

/* As a replay does: more from within drained(), again and again. */
START_TEST(test_send_within_drained)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_drained = drained_sends_more;
	drained_sends_more(&p);
	UNTIL(peer_read(&p, &got) && p.drained_count == 5);
	UNTIL(peer_read(&p, &got) && conn_queued(p.c) == 0);
	ck_assert_uint_eq(got.len % 2000, 0);
	ck_assert_uint_gt(got.len, 5 * OUTPUT_LIMIT / 2);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

static void
line_is_echoed(struct pipe *p, const char *text, size_t len)
{
	conn_reply(p->c, text, len);
	conn_reply(p->c, "\n", 1);
}

START_TEST(test_lines_are_corked)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_line = line_is_echoed;
	PEER_WRITE(&p, "a\nb\nc\n");
	UNTIL(peer_read(&p, &got) && got.len == 6);
	ck_assert_str_eq(buf_cstr(&got), "a\nb\nc\n");
	ck_assert_uint_eq(w.net.writes, 1);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_cork)
{
	struct pipe p, q;
	struct buf sent = BUF_INITIALIZER, got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	pipe_open(&q, _i);
	add_pattern(&sent, 100);
	conn_cork(p.c);
	for (size_t i = 0; i < 100; i++) {
		if (i % 2 == 0)
			conn_reply(p.c, sent.data + i, 1);
		else
			ck_assert_int_eq(conn_send(p.c, sent.data + i, 1), 0);
	}
	ck_assert_uint_eq(w.net.writes, 0);
	ck_assert_uint_eq(conn_queued(p.c), 100);
	ck_assert_uint_eq(conn_queued(q.c), 0);
	/* Another is not corked. */
	ck_assert_int_eq(conn_send(q.c, "x", 1), 0);
	ck_assert_uint_eq(w.net.writes, 1);
	conn_uncork(p.c);
	ck_assert_uint_eq(w.net.writes, 2);
	ck_assert_uint_eq(conn_queued(p.c), 0);

	/* Over the limit: written meanwhile, refused only when queued. */
	conn_cork(p.c);
	while (conn_send(p.c, "0123456789", 10) == 0)
		QUICK_ASSERT(conn_queued(p.c) <= OUTPUT_LIMIT);
	ck_assert_uint_gt(w.net.writes, 2);
	conn_uncork(p.c);
	ck_assert_uint_gt(conn_queued(p.c), OUTPUT_LIMIT - 10);
	UNTIL(peer_read(&p, &got) && p.drained_count == 1);
	UNTIL(peer_read(&p, &got) && conn_queued(p.c) == 0);
	UNTIL(peer_read(&p, &got) && got.len % 10 == 0);
	ck_assert_mem_eq(got.data, sent.data, 100);

	/* Corked and never written: freed all the same. */
	conn_cork(p.c);
	conn_reply(p.c, "x", 1);
	pipe_close(&p);
	ck_assert_ptr_null(w.net.corked);
	conn_cork(q.c);
	conn_uncork(q.c);
	ck_assert_int_eq(conn_send(q.c, "x", 1), 0);
	buf_fini(&sent);
	buf_fini(&got);
	pipe_close(&q);
	world_fini();
}
END_TEST

static void
line_gets_long_answer(struct pipe *p, const char *text, size_t len)
{
	char answer[1000];

	(void)text;
	(void)len;
	memset(answer, '.', sizeof(answer));
	answer[sizeof(answer) - 1] = '\n';
	/* Bounded: the limit, corked as much again, and the last answer. */
	QUICK_ASSERT(conn_queued(p->c) <= 2 * OUTPUT_LIMIT);
	conn_reply(p->c, answer, sizeof(answer));
}

/* Who asks and reads no answer is not listened to, and nothing is lost. */
START_TEST(test_reply_holds_up_input)
{
	struct pipe p;
	struct buf questions = BUF_INITIALIZER, got = BUF_INITIALIZER;
	size_t handled;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_line = line_gets_long_answer;
	for (int i = 0; i < 1000; i++)
		buf_addstr(&questions, "?\n");
	peer_write(&p, questions.data, questions.len);
	buf_fini(&questions);
	UNTIL(conn_queued(p.c) > OUTPUT_LIMIT);
	run_ready();
	handled = p.line_count;
	ck_assert_uint_lt(handled, 1000);
	ck_assert_uint_le(conn_queued(p.c), 2 * OUTPUT_LIMIT + 1000);
	/* Neither resuming nor waiting changes that. */
	conn_pause_input(p.c);
	conn_resume_input(p.c);
	run_ready();
	ck_assert_uint_eq(p.line_count, handled);
	ck_assert_int_eq(p.drained_count, 0);

	UNTIL(peer_read(&p, &got) && got.len == 1000 * 1000);
	ck_assert_uint_eq(p.line_count, 1000);
	ck_assert_int_ge(p.drained_count, 1);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* Stalls */

START_TEST(test_stalled)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER;
	int64_t start_ms, past_ms = 0;

	world_init(_i);
	pipe_open(&p, _i);
	fill(&p, &sent);
	run_ready();
	start_ms = w.clock.mono_ms;
	while (!conn_is_ending(p.c)) {
		advance(10);
		past_ms = w.clock.mono_ms - start_ms;
		QUICK_ASSERT(past_ms <= STALL_MS * 5 / 4);
		/* More of it to send makes no difference. */
		if (past_ms == STALL_MS / 2)
			ck_assert_int_eq(conn_send(p.c, "x", 1), 0);
	}
	ck_assert_int_ge(past_ms, STALL_MS - 100);
	ck_assert_int_eq(p.ended_count, 0); /* not from within */
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_STALLED);
	ck_assert_uint_gt(p.unsent, 0);
	buf_fini(&sent);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* It counts from the last byte that moved. */
START_TEST(test_stalled_after_a_while)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER, got = BUF_INITIALIZER;
	int64_t start_ms, past_ms = 0;
	size_t unsent;

	world_init(_i);
	pipe_open(&p, _i);
	start_ms = w.clock.mono_ms;
	add_pattern(&sent, 100000);
	ck_assert_int_eq(conn_send(p.c, sent.data, sent.len), 0);
	run_ready();
	w.clock.mono_ms = start_ms;
	advance(STALL_MS / 2);
	unsent = conn_unsent(p.c);
	UNTIL(peer_read(&p, &got) && conn_unsent(p.c) != unsent);
	run_ready();

	/* Now they have stopped for good. */
	start_ms += STALL_MS / 2;
	w.clock.mono_ms = start_ms;
	while (!conn_is_ending(p.c)) {
		advance(10);
		past_ms = w.clock.mono_ms - start_ms;
		QUICK_ASSERT(past_ms <= STALL_MS * 5 / 4);
	}
	ck_assert_int_ge(past_ms, STALL_MS);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_STALLED);
	buf_fini(&sent);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* However slow, one who reads is not stalled. */
START_TEST(test_slow_is_not_stalled)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER;
	char data[3000];
	int64_t start_ms;
	size_t total = 0;
	ssize_t n;

	world_init(_i);
	pipe_open(&p, _i);
	start_ms = w.clock.mono_ms;
	add_pattern(&sent, 200000);
	ck_assert_int_eq(conn_send(p.c, sent.data, sent.len), 0);
	for (int i = 0; i < 10; i++) {
		run_ready(); /* this may set the clock back to real time */
		w.clock.mono_ms = start_ms + (i + 1) * (STALL_MS * 3 / 4);
		deadlines_run(&w.deadlines, w.clock.mono_ms);
		ck_assert(!conn_is_ending(p.c));
		/* Until a byte moves: a small one need not open the window. */
		while ((n = recv(p.peer, data, sizeof(data), 0)) > 0) {
			total += (size_t)n;
			if (total % 50000 < (size_t)n)
				break;
		}
	}
	ck_assert_uint_gt(conn_queued(p.c), 0);
	buf_fini(&sent);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* Ends */

START_TEST(test_close)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	ck_assert_int_eq(conn_send(p.c, "bye\n", 4), 0);
	conn_close(p.c, 5000);
	conn_close(p.c, 5000);
	ck_assert(conn_is_ending(p.c));
	ck_assert_int_eq(conn_send(p.c, "late", 4), 0);
	conn_reply(p.c, "late", 4);
	UNTIL(!peer_read(&p, &got));
	ck_assert_str_eq(buf_cstr(&got), "bye\n");
	/* Their side is open yet: we wait, and read no more lines. */
	PEER_WRITE(&p, "more\n");
	run_ready();
	ck_assert_int_eq(p.ended_count, 0);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	CHECK_GOT(&p, "");
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_close_flushes)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER, got = BUF_INITIALIZER;
	bool is_open = true;

	world_init(_i);
	pipe_open(&p, _i);
	add_pattern(&sent, 300000);
	ck_assert_int_eq(conn_send(p.c, sent.data, sent.len), 0);
	conn_close(p.c, 5000);
	ck_assert_uint_gt(conn_queued(p.c), 0);
	/* A peer that talks instead of reading is read from, in vain. */
	PEER_WRITE(&p, "one\ntwo\n");
	UNTIL(!(is_open = is_open && peer_read(&p, &got)));
	check_pattern(&got, sent.len);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	CHECK_GOT(&p, "");
	buf_fini(&sent);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* Who does not read gets flush_ms, who does not close two seconds of it. */
START_TEST(test_close_deadlines)
{
	struct pipe deaf, clinging, hurried;
	struct buf sent = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&deaf, _i);
	pipe_open(&clinging, _i);
	pipe_open(&hurried, _i);
	fill(&deaf, &sent);
	run_ready();
	conn_close(deaf.c, 5000);
	conn_close(clinging.c, 5000);
	conn_close(hurried.c, 5000);
	conn_close(hurried.c, 500); /* the earlier counts */
	conn_close(hurried.c, 9000);

	advance(499);
	ck_assert_ptr_eq(TAILQ_FIRST(&w.net.ended), NULL);
	advance(1);
	ck_assert_ptr_eq(TAILQ_FIRST(&w.net.ended), hurried.c);
	advance(1499);
	ck_assert_ptr_eq(TAILQ_LAST(&w.net.ended, conn_queue), hurried.c);
	advance(1);
	ck_assert_ptr_eq(TAILQ_LAST(&w.net.ended, conn_queue), clinging.c);
	advance(2999);
	ck_assert_ptr_eq(TAILQ_LAST(&w.net.ended, conn_queue), clinging.c);
	advance(1);
	ck_assert_ptr_eq(TAILQ_LAST(&w.net.ended, conn_queue), deaf.c);
	UNTIL(deaf.ended_count == 1);
	ck_assert_int_eq(deaf.end, CONN_END_CLOSED);
	ck_assert_int_eq(clinging.ended_count, 1);
	ck_assert_int_eq(hurried.ended_count, 1);
	ck_assert_int_eq(w.wakes, 1);
	buf_fini(&sent);
	pipe_close(&deaf);
	pipe_close(&clinging);
	pipe_close(&hurried);
	world_fini();
}
END_TEST

static void
line_closes(struct pipe *p, const char *text, size_t len)
{
	conn_reply(p->c, text, len);
	conn_close(p->c, 5000);
	conn_reply(p->c, "late", 4);
}

/* What they still send must not reset the connection under our last words. */
START_TEST(test_close_within_line)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_line = line_closes;
	PEER_WRITE(&p, "/quit\nmore\n");
	UNTIL(p.line_count == 1);
	for (int i = 0; i < 2000; i++)
		peer_write(&p, "and more\n", 9);
	UNTIL(!peer_read(&p, &got));
	ck_assert_str_eq(buf_cstr(&got), "/quit");
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	CHECK_GOT(&p, "[/quit]");
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* But not for ever: a megabyte. */
START_TEST(test_close_on_flooder)
{
	char junk[4096];
	struct pipe p;
	size_t written = 0;
	ssize_t n;

	world_init(_i);
	pipe_open(&p, _i);
	conn_close(p.c, 5000);
	memset(junk, '\n', sizeof(junk));
	while (p.ended_count == 0) {
		n = send(p.peer, junk, sizeof(junk), MSG_NOSIGNAL);
		if (n > 0)
			written += (size_t)n;
		QUICK_ASSERT(written < 32 * 1024 * 1024);
		event_base_loop(w.base, EVLOOP_NONBLOCK);
	}
	ck_assert_uint_ge(written, 1024 * 1024);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	ck_assert_uint_eq(p.line_count, 0);
	ck_assert_uint_le(w.net.bytes_in, 1024 * 1024 + 4096);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* Nor while they do not read what is flushed. */
START_TEST(test_close_on_deaf_flooder)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	fill(&p, &sent);
	conn_close(p.c, 5000);
	UNTIL((peer_flood(&p), w.net.bytes_in >= 1024 * 1024));
	for (int i = 0; i < 50; i++) {
		peer_flood(&p);
		event_base_loop(w.base, EVLOOP_ONCE);
	}
	ck_assert_uint_le(w.net.bytes_in, 1024 * 1024 + 4096);
	ck_assert_int_eq(p.ended_count, 0);
	advance(5000);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	buf_fini(&sent);
	pipe_close(&p);
	world_fini();
}
END_TEST

static void
line_waits(struct pipe *p, const char *text, size_t len)
{
	(void)text;
	(void)len;
	conn_pause_input(p->c);
	shutdown(p->peer, SHUT_WR);
}

/* The peer's end is there already: no wait. */
START_TEST(test_close_after_half_close)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	p.on_line = line_waits;
	PEER_WRITE(&p, "one\ntwo\n");
	UNTIL(p.line_count == 1);
	conn_close(p.c, 5000);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	UNTIL(!peer_read(&p, &got));
	ck_assert_uint_eq(got.len, 0);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* hostile 51 */
START_TEST(test_write_error)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	conn_pause_input(p.c);
	pipe_hang_up(&p);
	/* TCP learns of it with the answer to the first write. */
	while (!conn_is_ending(p.c)) {
		ck_assert_int_eq(conn_send(p.c, "hello\n", 6), 0);
		ck_assert_int_eq(p.ended_count, 0);
		if (!conn_is_ending(p.c))
			run_ready();
	}
	ck_assert_int_eq(conn_send(p.c, "hello\n", 6), 0);
	conn_reply(p.c, "hello\n", 6);
	conn_close(p.c, 5000); /* no matter now */
	conn_pause_input(p.c);
	conn_resume_input(p.c);
	ck_assert_int_eq(p.ended_count, 0);
	ck_assert_int_eq(w.wakes, 1);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	/* The one that failed, and those after it. */
	ck_assert_uint_ge(p.unsent, 18);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_write_error_with_queue)
{
	struct pipe p;
	struct buf sent = BUF_INITIALIZER;
	size_t queued;

	world_init(_i);
	pipe_open(&p, _i);
	conn_pause_input(p.c);
	fill(&p, &sent);
	queued = conn_queued(p.c);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	ck_assert_uint_ge(p.unsent, queued);
	if (IS_TCP(_i)) /* and what the kernel had and got no answer to */
		ck_assert_uint_gt(p.unsent, queued);
	buf_fini(&sent);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_reset)
{
	static const struct linger at_once = { 1, 0 };
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	PEER_WRITE(&p, "one\nhalf");
	UNTIL(p.line_count == 1);
	setsockopt(p.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, IS_TCP(_i) ? CONN_END_ERROR : CONN_END_EOF);
	CHECK_GOT(&p, "[one]");
	pipe_close(&p);
	world_fini();
}
END_TEST

#define CROWD 200
static struct pipe crowd[CROWD];

static void
ended_tells_all(struct pipe *p)
{
	for (size_t i = 0; i < CROWD; i++) {
		if (&crowd[i] != p && crowd[i].c != NULL)
			QUICK_ASSERT(conn_send(crowd[i].c, "left\n", 5) == 0);
	}
}

/* hostile 51, 52: all are gone at once, and each end is told to the others. */
START_TEST(test_all_reset_at_once)
{
	static const struct linger at_once = { 1, 0 };
	size_t ended = 0;

	world_init(_i);
	for (size_t i = 0; i < CROWD; i++) {
		pipe_open(&crowd[i], _i);
		conn_pause_input(crowd[i].c); /* so that only writes notice */
		crowd[i].on_ended = ended_tells_all;
		setsockopt(crowd[i].peer, SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof(at_once));
		pipe_hang_up(&crowd[i]);
	}
	run_ready();
	ck_assert_uint_eq(w.net.count, CROWD);
	ck_assert_int_eq(conn_send(crowd[0].c, "x", 1), 0);
	UNTIL(w.net.count == 0); /* reap_cb() and pipe_ended() check depth */
	for (size_t i = 0; i < CROWD; i++) {
		ended += (size_t)crowd[i].ended_count;
		pipe_close(&crowd[i]);
	}
	ck_assert_uint_eq(ended, CROWD);
	world_fini();
}
END_TEST

START_TEST(test_free_in_any_state)
{
	struct pipe waiting, queued, closing, ended;
	struct buf sent = BUF_INITIALIZER;

	world_init(_i);
	conn_free(NULL);
	pipe_open(&waiting, _i);
	pipe_open(&queued, _i);
	pipe_open(&closing, _i);
	pipe_open(&ended, _i);
	waiting.on_line = line_pauses;
	PEER_WRITE(&waiting, "one\n\377\375\001two\n");
	UNTIL(waiting.line_count == 1);
	conn_resume_input(waiting.c); /* on more_input */
	fill(&queued, &sent);
	fill(&closing, &sent);
	conn_close(closing.c, 5000);
	fill(&ended, &sent);
	advance(STALL_MS * 2);
	ck_assert(conn_is_ending(ended.c));
	pipe_close(&waiting);
	pipe_close(&queued);
	pipe_close(&closing);
	pipe_close(&ended);
	ck_assert_ptr_null(TAILQ_FIRST(&w.net.ended));
	ck_assert_ptr_null(TAILQ_FIRST(&w.net.more_input));
	run_ready();
	buf_fini(&sent);
	world_fini();
}
END_TEST

/* Telnet */

START_TEST(test_telnet)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	PEER_WRITE(&p, "plain\nbefore \377");
	UNTIL(p.line_count == 1);
	run_ready();
	PEER_WRITE(&p, "\375");
	run_ready();
	PEER_WRITE(&p, "\006after\r");
	run_ready();
	peer_write(&p, "\0", 1);
	UNTIL(p.line_count == 2);
	CHECK_GOT(&p, "[plain][before after]r");
	UNTIL(peer_read(&p, &got) && got.len == 3);
	ck_assert_mem_eq(got.data, "\377\374\006", 3);
	PEER_WRITE(&p, "\377\377\377\366a\nhalf");
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_EOF);
	CHECK_GOT(&p, "[plain][before after]r[\377a]");
	ck_assert_uint_eq(w.net.writes, 1);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* The same bounds hold for them: turns, line length, pauses. */
START_TEST(test_telnet_flood)
{
	struct pipe p, other;
	struct buf lines = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	pipe_open(&other, _i);
	p.other = &other;
	other.other = &p;
	p.on_line = line_makes_other_write;
	other.on_line = line_notes_others_count;
	buf_addstr(&lines, "\377\375\001");
	for (int i = 0; i < 2000; i++)
		buf_addf(&lines, "%d\n", i);
	peer_write(&p, lines.data, lines.len);
	UNTIL(other.line_count == 1);
	ck_assert_uint_le(other.unsent, 3 * CONN_LINES_PER_TURN);
	UNTIL(p.line_count == 2000);
	ck_assert_uint_eq(w.net.bytes_in, lines.len + 7);
	buf_reset(&lines);
	buf_reset(&p.lines);
	for (int i = 0; i < 100000; i++)
		buf_addch(&lines, 'x');
	buf_addstr(&lines, "\nok\n");
	peer_write(&p, lines.data, lines.len);
	UNTIL(p.line_count == 2001);
	CHECK_GOT(&p, "T[ok]");
	buf_fini(&lines);
	pipe_close(&p);
	pipe_close(&other);
	world_fini();
}
END_TEST

START_TEST(test_end_names)
{
	for (int end = CONN_END_EOF; end <= CONN_END_CLOSED; end++)
		ck_assert_str_ne(conn_end_str((enum conn_end)end), "");
}
END_TEST

#define add_test(tc, test) tcase_add_loop_test(tc, test, 0, VARIANTS)

static TCase *
add_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *
conn_suite(void)
{
	Suite *s = suite_create("conn");
	TCase *tc;

	tc = add_case(s, "input");
	add_test(tc, test_lines);
	add_test(tc, test_byte_by_byte);
	add_test(tc, test_split_endings);
	add_test(tc, test_no_newline);
	add_test(tc, test_limit);
	add_test(tc, test_turns);
	add_test(tc, test_input_is_bounded);
	add_test(tc, test_pause);
	add_test(tc, test_pause_within_line);
	add_test(tc, test_eof);
	add_test(tc, test_eof_while_paused);
	add_test(tc, test_half_close);
	add_test(tc, test_write_after_eof);

	tc = add_case(s, "output");
	add_test(tc, test_direct_write);
	add_test(tc, test_refused_and_drained);
	add_test(tc, test_low_water);
	add_test(tc, test_large_piece);
	add_test(tc, test_send_within_drained);
	add_test(tc, test_lines_are_corked);
	add_test(tc, test_cork);
	add_test(tc, test_reply_holds_up_input);
	add_test(tc, test_stalled);
	add_test(tc, test_stalled_after_a_while);
	add_test(tc, test_slow_is_not_stalled);

	tc = add_case(s, "end");
	add_test(tc, test_close);
	add_test(tc, test_close_flushes);
	add_test(tc, test_close_deadlines);
	add_test(tc, test_close_within_line);
	add_test(tc, test_close_on_flooder);
	add_test(tc, test_close_on_deaf_flooder);
	add_test(tc, test_close_after_half_close);
	add_test(tc, test_write_error);
	add_test(tc, test_write_error_with_queue);
	add_test(tc, test_reset);
	add_test(tc, test_all_reset_at_once);
	add_test(tc, test_free_in_any_state);

	tc = add_case(s, "telnet");
	add_test(tc, test_telnet);
	add_test(tc, test_telnet_flood);

	tc = add_case(s, "names");
	tcase_add_test(tc, test_end_names);
	return s;
}

int
main(void)
{
	SRunner *runner = srunner_create(conn_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
