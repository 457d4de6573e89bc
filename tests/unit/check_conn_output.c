/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Connections, what goes out: sending, corks, limits and stalls. See wire.h.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <string.h>

#include "base/buf.h"
#include "net/conn.h"
#include "unit.h"
#include "wire.h"

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
	ck_assert(!wire_is_ending(p.c));
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
	while (!wire_is_ending(p.c)) {
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
	while (!wire_is_ending(p.c)) {
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
		ck_assert(!wire_is_ending(p.c));
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

void
unit_tests(Suite *s)
{
	TCase *tc;

	tc = unit_case(s, "output", NULL, NULL);
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
}
