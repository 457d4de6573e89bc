/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Connections, how they end: by us, by the peer, by an error; and that each is
 * told once, from conn_reap(). See wire.h.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <event2/event.h>
#include <string.h>

#include "base/buf.h"
#include "net/conn-impl.h"
#include "net/conn.h"
#include "unit.h"
#include "wire.h"

START_TEST(test_close)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	ck_assert_int_eq(conn_send(p.c, "bye\n", 4), 0);
	conn_close(p.c, 5000);
	conn_close(p.c, 5000);
	ck_assert(wire_is_ending(p.c));
	ck_assert_int_eq(conn_send(p.c, "late", 4), -1);
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

/* Many who end at once do not hold up the loop. */
START_TEST(test_reap_some)
{
	struct pipe p[4];
	size_t i, ended, before = 0;

	world_init(_i);
	for (i = 0; i < NITEMS(p); i++)
		pipe_open(&p[i], _i);
	for (i = 0; i < NITEMS(p); i++)
		conn_set_end(p[i].c, CONN_END_ERROR);
	w.deadlines.walks.now_us = slow_now_us;
	do {
		w.reap_depth++; /* see the handler in wire.c */
		conn_reap_some(&w.net);
		w.reap_depth--;
		for (ended = i = 0; i < NITEMS(p); i++)
			ended += p[i].ended_count > 0;
		ck_assert_uint_gt(ended, before);
		ck_assert_uint_le(ended, before + 2);
		before = ended;
	} while (ended < NITEMS(p));
	w.deadlines.walks.now_us = NULL;
	for (i = 0; i < NITEMS(p); i++)
		pipe_close(&p[i]);
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
	while (!wire_is_ending(p.c)) {
		ck_assert_int_eq(conn_send(p.c, "hello\n", 6), 0);
		ck_assert_int_eq(p.ended_count, 0);
		if (!wire_is_ending(p.c))
			run_ready();
	}
	ck_assert_int_eq(conn_send(p.c, "hello\n", 6), -1);
	conn_reply(p.c, "hello\n", 6);
	conn_close(p.c, 5000); /* no matter now */
	conn_pause_input(p.c);
	conn_resume_input(p.c);
	ck_assert_int_eq(p.ended_count, 0);
	ck_assert_int_eq(w.wakes, 1);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	/* The one that failed, and those after it. */
	ck_assert_uint_ge(p.unsent, 12);
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
			(void)!conn_send(crowd[i].c, "left\n", 5);
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
	ck_assert(wire_is_ending(ended.c));
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

START_TEST(test_end_names)
{
	for (int end = CONN_END_EOF; end <= CONN_END_CLOSED; end++)
		ck_assert_str_ne(conn_end_str((enum conn_end)end), "");
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc;

	tc = unit_case(s, "end", NULL, NULL);
	add_test(tc, test_close);
	add_test(tc, test_reap_some);
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

	tc = unit_case(s, "names", NULL, NULL);
	tcase_add_test(tc, test_end_names);
}
