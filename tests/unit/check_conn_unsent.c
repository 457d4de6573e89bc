/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What may be unread when a connection ends, on real sockets: this is also
 * where it shows if a kernel does not count as conn-unsent.c relies on.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <check.h>
#include <string.h>

#include "unit.h"
#include "wire.h"

#define DOUBT_MIN 1024
#define DOUBT_MAX 16384

static struct pipe p;

static void
begin(int variant, const struct conn_handler *h)
{
	world_init(variant);
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

/* The same lines, one after another, in what the test says is an instant. */
static void
send_and_read(int count)
{
	int64_t at_ms = w.clock.mono_ms;

	while (count-- > 0) {
		send_lines(1);
		read_bytes(50);
		w.clock.mono_ms = at_ms;
	}
	UNTIL(conn_unsent(p.c) == 0);
	w.clock.mono_ms = at_ms;
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
		ck_assert_uint_le(p.unsent, DOUBT_MAX);
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
	ck_assert_uint_ge(p.unsent, taken < DOUBT_MAX ? taken : DOUBT_MAX);
	ck_assert_uint_ge(p.unsent, taken - (size_t)arrived);
	ck_assert_uint_le(p.unsent, taken + DOUBT_MIN);
	buf_fini(&sent);
	finish();
}
END_TEST

/* What was acknowledged lately is in doubt when the connection breaks. */
START_TEST(test_margin)
{
	int64_t start_ms;

	begin(_i, &handler);
	start_ms = w.clock.mono_ms;
	send_and_read(1000);
	ck_assert_uint_eq(conn_unsent(p.c), 0);
	if (!IS_TCP(_i)) {
		/* No look at it was due. */
		ck_assert_uint_eq(conn_unsent_if_broken(p.c), 1000 * 50);
		w.clock.mono_ms += 1000;
		send_lines(1);
		ck_assert_uint_eq(conn_unsent_if_broken(p.c), 50);
		finish();
		return;
	}
	ck_assert_uint_eq(conn_unsent_if_broken(p.c), DOUBT_MAX);
	w.clock.mono_ms = start_ms + 12000;
	send_and_read(100);
	/* Ten seconds at least, thirty at most. */
	ck_assert_uint_eq(conn_unsent_if_broken(p.c), DOUBT_MAX);
	w.clock.mono_ms = start_ms + 21999;
	ck_assert_uint_eq(conn_unsent_if_broken(p.c), DOUBT_MAX);
	w.clock.mono_ms = start_ms + 22000;
	ck_assert_uint_eq(conn_unsent_if_broken(p.c), 100 * 50);
	w.clock.mono_ms = start_ms + 32000;
	ck_assert_uint_eq(conn_unsent_if_broken(p.c), DOUBT_MIN);
	send_and_read(1);
	ck_assert_uint_eq(conn_unsent_if_broken(p.c), DOUBT_MIN);
	reset();
	ck_assert_uint_ge(p.unsent, DOUBT_MIN);
	ck_assert_uint_le(p.unsent, DOUBT_MAX);
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
	UNTIL(conn_unsent(p.c) == 0);
	ck_assert_uint_ge(conn_unsent_if_broken(p.c), 507);
	finish();
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "unsent", NULL, NULL);

	add_test(tc, test_orderly_end);
	add_test(tc, test_orderly_close);
	add_test(tc, test_close_with_lines_unread);
	add_test(tc, test_reset_with_a_full_buffer);
	add_test(tc, test_margin);
	add_test(tc, test_reset_after_eof);
	add_test(tc, test_alive);
}
