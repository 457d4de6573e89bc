/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What may be unread when a connection ends, on real sockets: this is also
 * where it shows if a kernel does not count as conn-unsent.c relies on.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#ifdef HAVE_LINUX_SOCKIOS_H
#include <linux/sockios.h>
#endif

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "wire.h"

/* No window of the kernels that we know is larger with so little sent. */
#define WINDOW_MAX (1024 * 1024)

static struct pipe p;

/* A program on a busy machine takes longer; a test would, too. */
#define BETWEEN_MS 200

static void
begin(int variant, const struct conn_handler *h)
{
	world_init(variant);
	w.net.between_ms = BETWEEN_MS;
	pipe_open_with(&p, variant, h);
}

static void
finish(void)
{
	pipe_close(&p);
	world_fini();
}

/* Sends so many lines of 50 bytes, a write each. */
static void
send_lines(int count)
{
	char line[50];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	while (count-- > 0)
		ck_assert_int_eq(conn_send(p.c, line, sizeof(line)), 0);
}

/* The peer reads so many bytes. */
static void
read_bytes(size_t len)
{
	char data[4096];
	ssize_t n;

	while (len > 0) {
		n = recv(p.peer, data, len < sizeof(data) ? len : sizeof(data),
		    0);
		if (n > 0)
			len -= (size_t)n;
		else
			event_base_loop(w.base, EVLOOP_ONCE);
	}
}

static int
in_kernel(void)
{
	int len = 0;

#ifdef HAVE_SIOCOUTQ
	ck_assert_int_eq(ioctl(conn_fd(p.c), SIOCOUTQ, &len), 0);
#endif
	return len;
}

/* That much real time passes, since each callback reads the clock. */
static void
wait_ms(int64_t ms)
{
	int64_t until_ms;

	clock_update(&w.clock);
	until_ms = w.clock.mono_ms + ms;
	while (w.clock.mono_ms < until_ms) {
		event_base_loop(w.base, EVLOOP_NONBLOCK);
		clock_update(&w.clock);
	}
}

static void
type_line(void)
{
	size_t lines = p.line_count;

	ck_assert_int_eq(write(p.peer, "hello\n", 6), 6);
	UNTIL(p.line_count > lines);
}

static void
reset(void)
{
	struct linger linger = { 1, 0 };

	ck_assert_int_eq(setsockopt(p.peer, SOL_SOCKET, SO_LINGER, &linger,
			     sizeof(linger)),
	    0);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
}

/* Whoever has read all and closes in order is owed nothing. */
START_TEST(test_orderly_end)
{
	begin(_i, &handler);
	send_lines(40);
	read_bytes(40 * 50);
	run_ready();
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_EOF);
	ck_assert_uint_eq(p.unsent, 0);
	finish();
}
END_TEST

/* Nor does our own FIN count as unsent, nor the peer's half-closing. */
START_TEST(test_orderly_close)
{
	struct buf got = BUF_INITIALIZER;

	begin(_i, &handler_with_eof);
	send_lines(10);
	read_bytes(10 * 50);
	ck_assert_int_eq(shutdown(p.peer, SHUT_WR), 0);
	UNTIL(p.eof_count == 1);
	send_lines(1);
	run_ready();
	read_bytes(50);
	conn_close(p.c, 5000);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	ck_assert_uint_eq(p.unsent, 0);
	UNTIL(!peer_read(&p, &got));
	ck_assert_uint_eq(got.len, 0);
	buf_fini(&got);
	finish();
}
END_TEST

/* On Unix sockets this is exact, but for what the last second brought. */
START_TEST(test_close_with_lines_unread)
{
	begin(_i, &handler);
	send_lines(20);
	read_bytes(20 * 50);
	w.clock.mono_ms += 1000;
	send_lines(1);
	w.clock.mono_ms += 1000;
	send_lines(9);
#ifdef HAVE_SIOCOUTQ
	if (!IS_TCP(_i))
		ck_assert_uint_eq(conn_unsent(p.c), 10 * 50);
#endif
	run_ready();
	read_bytes(20);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	ck_assert_uint_ge(p.unsent, 10 * 50 - 20);
#ifdef HAVE_SIOCOUTQ
	if (!IS_TCP(_i))
		ck_assert_uint_eq(p.unsent, 10 * 50);
	else
		/* Nobody has vouched for any of it. */
		ck_assert_uint_eq(p.unsent, 30 * 50);
#endif
	finish();
}
END_TEST

/* A reset takes the kernel's buffer away, but not the count of it. */
START_TEST(test_reset_with_a_full_buffer)
{
	struct buf sent = BUF_INITIALIZER;
	int arrived;
	size_t taken;

	begin(_i, &handler);
	fill(&p, &sent);
	run_ready();
	taken = sent.len;
	ck_assert_int_eq(ioctl(p.peer, FIONREAD, &arrived), 0);
	ck_assert_int_gt(arrived, 0);
	ck_assert_uint_gt(taken, (size_t)arrived);
	reset();
	/* Of what had arrived, nothing has been read. */
	ck_assert_uint_eq(p.unsent, taken);
	buf_fini(&sent);
	finish();
}
END_TEST

/*
 * A program that is frozen while its kernel acknowledges has read nothing since
 * it was heard of last (hostile 145).
 */
START_TEST(test_frozen)
{
	if (!IS_TCP(_i))
		return; /* there the kernel tells */
	begin(_i, &handler);
	send_lines(50);
	read_bytes(50 * 50);
	UNTIL(in_kernel() == 0);
	wait_ms(50);
	type_line();
	/* It may have stood still since before that came. */
	ck_assert_uint_eq(conn_unsent(p.c), 50 * 50);
	wait_ms(250);
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), 0);
	send_lines(60);
	UNTIL(in_kernel() == 0);
	ck_assert_uint_eq(conn_unsent(p.c), 60 * 50);
	reset();
	ck_assert_uint_eq(p.unsent, 60 * 50);
	finish();
}
END_TEST

/* A line vouches for what was sent more than a round trip before it. */
START_TEST(test_line_vouches)
{
	if (!IS_TCP(_i))
		return;
	begin(_i, &handler);
	wait_ms(300);
	send_lines(10);
	wait_ms(300);
	/* A look is made before it. */
	send_lines(1);
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), 50);
	/* Not at once: that would cost too much for who types fast. */
	wait_ms(10);
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), 50);
	wait_ms(200);
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), 0);
	finish();
}
END_TEST

/* Not for what was written just before it came, be it an answer or collected;
 * which counts from when it is written. */
START_TEST(test_line_vouches_for_no_answer)
{
	bool is_corked = IS_POLL(_i);

	if (!IS_TCP(_i))
		return;
	begin(_i, &handler);
	send_lines(10);
	wait_ms(300);
	if (is_corked) {
		conn_cork(p.c);
		send_lines(1);
		conn_reply(p.c, "answer\n", 7);
		conn_uncork(p.c);
	} else {
		conn_reply(p.c, "answer\n", 7);
	}
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), is_corked ? 57 : 7);
	finish();
}
END_TEST

/* What the program has said that it has read is read. */
START_TEST(test_confirmed)
{
	uint64_t offset;

	if (!IS_TCP(_i))
		return;
	begin(_i, &handler);
	send_lines(10);
	offset = conn_sent(p.c);
	send_lines(5);
	UNTIL(in_kernel() == 0);
	ck_assert_uint_eq(conn_unsent(p.c), 15 * 50);
	conn_confirm(p.c, offset);
	ck_assert_uint_eq(conn_unsent(p.c), 5 * 50);
	conn_confirm(p.c, 0);
	ck_assert_uint_eq(conn_unsent(p.c), 5 * 50);
	conn_confirm(p.c, UINT64_MAX);
	ck_assert_uint_eq(conn_unsent(p.c), 0);
	finish();
}
END_TEST

/* Whose program answers, is not taken for having read because of a line. */
START_TEST(test_answered)
{
	uint64_t offset;

	if (!IS_TCP(_i))
		return;
	begin(_i, &handler);
	send_lines(10);
	offset = conn_sent(p.c);
	send_lines(5);
	UNTIL(in_kernel() == 0);
	conn_answered(p.c, offset);
	wait_ms(1000);
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), 5 * 50);
	finish();
}
END_TEST

/* What a proxy has read, somebody behind it may not have: neither its end nor
 * its kernel tells anything. */
START_TEST(test_relayed)
{
	begin(_i, &handler);
	conn_set_relayed(p.c);
	send_lines(10);
	read_bytes(10 * 50);
	wait_ms(1000 + BETWEEN_MS + 100);
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), 0);
	send_lines(3);
	read_bytes(3 * 50);
	wait_ms(300);
	type_line();
	ck_assert_uint_eq(conn_unsent(p.c), 3 * 50);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_uint_eq(p.unsent, 3 * 50);
	finish();
}
END_TEST

/* Nobody vouches, but no buffer holds more than the largest window. */
START_TEST(test_window)
{
	int i;

	if (!IS_TCP(_i))
		return;
	begin(_i, &handler);
	for (i = 0; i < 1000; i++) {
		send_lines(100);
		read_bytes(100 * 50);
	}
	UNTIL(in_kernel() == 0);
	ck_assert_uint_ge(conn_unsent(p.c), 100 * 50);
	ck_assert_uint_le(conn_unsent(p.c), WINDOW_MAX);
	finish();
}
END_TEST

/* We close, and the peer does not: nobody knows what it has read. */
START_TEST(test_no_end)
{
	begin(_i, &handler);
	send_lines(10);
	wait_ms(10);
	conn_close(p.c, 100);
	UNTIL(conn_queued(p.c) == 0);
	run_ready();
#ifdef HAVE_SIOCOUTQ
	ck_assert_uint_eq(conn_unsent(p.c), 10 * 50);
#endif
	finish();
}
END_TEST

/* Half of it closed in order, and then given up with something unread. */
START_TEST(test_reset_after_eof)
{
	if (IS_TCP(_i))
		return; /* nothing is read any more, so it shows in no way */
	begin(_i, &handler_with_eof);
	send_lines(10);
	ck_assert_int_eq(shutdown(p.peer, SHUT_WR), 0);
	UNTIL(p.eof_count == 1);
	read_bytes(100);
	pipe_hang_up(&p);
	conn_close(p.c, 5000);
	UNTIL(p.ended_count == 1);
	ck_assert_uint_ge(p.unsent, 400);
	finish();
}
END_TEST

/* A reader who is behind, but alive: what waits, and no more. */
START_TEST(test_alive)
{
	begin(_i, &handler);
	send_lines(10);
	conn_reply(p.c, "answer\n", 7);
	if (IS_TCP(_i))
		ck_assert_uint_le(conn_unsent(p.c), 507);
#ifdef HAVE_SIOCOUTQ
	else
		ck_assert_uint_eq(conn_unsent(p.c), 507);
#endif
	read_bytes(507);
	UNTIL(in_kernel() == 0);
	/* What it has read, it alone knows, and the kernel of a Unix socket. */
#ifdef HAVE_SIOCOUTQ
	ck_assert_uint_eq(conn_unsent(p.c), IS_TCP(_i) ? 507 : 0);
#endif
	finish();
}
END_TEST

/* What its kernel has does not wait, whatever its program has read. */
START_TEST(test_waiting)
{
	begin(_i, &handler);
	ck_assert_uint_eq(conn_waiting(p.c), 0);
	send_lines(4);
	read_bytes(200);
	UNTIL(conn_waiting(p.c) == 0);
	if (IS_TCP(_i))
		ck_assert_uint_eq(conn_unsent(p.c), 200);
	conn_cork(p.c);
	send_lines(1);
	ck_assert_uint_eq(conn_waiting(p.c), 50);
	conn_uncork(p.c);
	finish();
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "unsent", NULL, NULL);

	add_test(tc, test_waiting);
	add_test(tc, test_orderly_end);
	add_test(tc, test_orderly_close);
	add_test(tc, test_close_with_lines_unread);
	add_test(tc, test_reset_with_a_full_buffer);
	add_test(tc, test_frozen);
	add_test(tc, test_line_vouches);
	add_test(tc, test_line_vouches_for_no_answer);
	add_test(tc, test_confirmed);
	add_test(tc, test_answered);
	add_test(tc, test_relayed);
	add_test(tc, test_window);
	add_test(tc, test_no_end);
	add_test(tc, test_reset_after_eof);
	add_test(tc, test_alive);
}
