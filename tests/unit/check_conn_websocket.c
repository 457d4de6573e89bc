/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A connection whose lines are the messages of a WebSocket. hostile 41, 93, 145
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "net/conn-impl.h"
#include "unit.h"
#include "wire.h"

#define MASK "\0\0\0\0" /* leaves the payload as it is */

static struct pipe p;

/* The first line is a request, and all that comes behind it are frames. */
static void
line_begins(struct pipe *on, const char *text, size_t len)
{
	(void)text;
	(void)len;
	if (conn_is_websocket(on->c))
		return;
	conn_set_framing(on->c, MAX_LINE);
	conn_reply(on->c, "ok\n", 3);
	conn_begin_websocket(on->c, false);
}

/* Gets c, a peer's connection, to speak WebSocket. */
static void
begin(int variant)
{
	world_init(variant);
	pipe_open_with(&p, variant, &handler_with_eof);
	p.on_line = line_begins;
	PEER_WRITE(&p, "hello\n");
	UNTIL(p.line_count == 1);
	run_ready();
	buf_reset(&p.lines);
}

static void
finish(void)
{
	pipe_close(&p);
	world_fini();
}

/* All that the peer can read is this. */
static void
check_peer_got(const char *expected, size_t len)
{
	struct buf got = BUF_INITIALIZER;
	int64_t until_ms = now_ms() + PATIENCE_MS;

	while (got.len < len && now_ms() < until_ms) {
		run_ready();
		if (!peer_read(&p, &got))
			break;
	}
	ck_assert_uint_eq(got.len, len);
	ck_assert_mem_eq(got.data, expected, len);
	buf_fini(&got);
}

#define PEER_GOT(literal) check_peer_got(literal, sizeof(literal) - 1)

/* What comes in the same packet as the request is frames already. */
START_TEST(test_lines)
{
	uint64_t sent;

	world_init(_i);
	pipe_open_with(&p, _i, &handler_with_eof);
	p.on_line = line_begins;
	PEER_WRITE(&p, "hello\n\x81\x83" MASK "one\x01\x81" MASK "t");
	UNTIL(p.line_count == 2);
	PEER_WRITE(&p, "\x80\x83" MASK "w\no\x81\x85" MASK "end\r\n");
	UNTIL(p.line_count == 4);
	CHECK_GOT(&p, "[hello][one][tw\no][end]");
	PEER_GOT("ok\n");
	/* Frames count as output. */
	sent = conn_sent(p.c);
	ck_assert_uint_eq(conn_sent_after(p.c, "a\nbc\r\n", 6), sent + 7);
	ck_assert_int_eq(conn_send(p.c, "a\nbc\r\n", 6), 0);
	ck_assert_uint_eq(conn_sent(p.c), sent + 7);
	PEER_GOT("\x81\x01"
		 "a\x81\x02"
		 "bc");
	/* At rest it needs no more than any other. */
	ck_assert_ptr_null(p.c->bev);
	ck_assert_ptr_null(p.c->websocket->reader.message.data);
	finish();
}
END_TEST

/* Pings are answered, and floods of them are held up where nobody reads. */
START_TEST(test_pings)
{
	static const char ping[] = "\x89\xfd" MASK;
	struct buf flood = BUF_INITIALIZER, got = BUF_INITIALIZER;
	size_t i, count = 0;

	begin(_i);
	PEER_GOT("ok\n");
	PEER_WRITE(&p, "\x89\x82" MASK "hi\x8a\x80" MASK);
	PEER_GOT("\x8a\x02hi");
	CHECK_GOT(&p, "");
	buf_add(&flood, "\x89\xfd" MASK, sizeof(ping) - 1);
	for (i = 0; i < 125; i++)
		buf_addch(&flood, 'x');
	for (i = 0; i < 100000; i++) {
		if (send(p.peer, flood.data, flood.len,
			MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)flood.len)
			break;
		count++;
		run_ready();
		ck_assert_uint_le(conn_queued(p.c), 2 * OUTPUT_LIMIT + 65536);
	}
	ck_assert_uint_lt(count, 100000);
	ck_assert(!wire_is_ending(p.c));
	ck_assert(!p.c->is_reading);
	/* All that were whole are answered when there is room. */
	for (i = 0; got.len < count * 127; i++) {
		ck_assert_uint_lt(i, 1000000);
		ck_assert(peer_read(&p, &got));
		run_ready();
	}
	for (i = 0; i < count; i++)
		ck_assert_mem_eq(got.data + i * 127, "\x8a\x7dxxx", 5);
	buf_fini(&flood);
	buf_fini(&got);
	finish();
}
END_TEST

/* Who breaks the rules is told by the code, and is a connection that broke. */
START_TEST(test_bad)
{
	begin(_i);
	PEER_WRITE(&p, "\x81\x82" MASK "hi\x81\x02hi\x81\x82" MASK "no");
	PEER_GOT("ok\n\x88\x02\x03\xea");
	CHECK_GOT(&p, "[hi]");
	ck_assert_int_eq(conn_send(p.c, "late\n", 5), -1);
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	ck_assert_int_eq(p.eof_count, 0);
	finish();
}
END_TEST

/* A close frame is answered, and nothing behind it is read. */
START_TEST(test_close)
{
	begin(_i);
	PEER_WRITE(&p,
	    "\x81\x82" MASK "hi\x88\x82" MASK "\x0f\xa0\x81\x82" MASK "no");
	PEER_GOT("ok\n\x88\x02\x0f\xa0");
	CHECK_GOT(&p, "[hi]");
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.eof_count, 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	/* That a browser closes says nothing of what its page has read. */
	ck_assert_uint_eq(p.unsent, 7);
	finish();
}
END_TEST

/* Our own end: a close frame, behind all that was said. */
START_TEST(test_goodbye)
{
	begin(_i);
	conn_reply(p.c, "bye\n", 4);
	conn_close(p.c, 1000);
	PEER_GOT("ok\n\x81\x03"
		 "bye\x88\x02\x03\xe8");
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_CLOSED);
	finish();
}
END_TEST

/* An end without a close frame is a connection that broke; whole messages come
 * first. */
START_TEST(test_broken)
{
	begin(_i);
	PEER_WRITE(&p, "\x81\x82" MASK "hi\x81\x85" MASK "half");
	pipe_hang_up(&p);
	UNTIL(p.ended_count == 1);
	CHECK_GOT(&p, "[hi]");
	ck_assert_int_eq(p.eof_count, 0);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	finish();
}
END_TEST

/* What the program has said is all that counts. */
START_TEST(test_read)
{
	begin(_i);
	PEER_GOT("ok\n");
	ck_assert_int_eq(conn_send(p.c, "a\nb\n", 4), 0);
	PEER_GOT("\x81\x01"
		 "a\x81\x01"
		 "b");
	ck_assert_uint_eq(conn_unsent(p.c), 9);
	conn_answered(p.c, 6);
	ck_assert_uint_eq(conn_unsent(p.c), 3);
	finish();
}
END_TEST

/* Those who are sent a batch share its frames, if they are of one kind; what one
 * alone is sent in between changes nothing. */
START_TEST(test_batches)
{
	begin(_i);
	PEER_GOT("ok\n");
	ck_assert_int_eq(conn_send_batch(p.c, "a\nb\n", 4, 1), 0);
	PEER_GOT("\x81\x01"
		 "a\x81\x01"
		 "b");
	ck_assert_int_eq(conn_send(p.c, "own\n", 4), 0);
	PEER_GOT("\x81\x03own");
	p.c->is_binary = true;
	ck_assert_int_eq(conn_send_batch(p.c, "a\nb\n", 4, 1), 0);
	PEER_GOT("\x82\x01"
		 "a\x82\x01"
		 "b");
	p.c->is_binary = false;
	ck_assert_int_eq(conn_send_batch(p.c, "a\nb\n", 4, 1), 0);
	PEER_GOT("\x81\x01"
		 "a\x81\x01"
		 "b");
	ck_assert_ptr_ne(w.net.batches[false].frames.data,
	    w.net.batches[true].frames.data);
	ck_assert_uint_eq(w.net.batches[false].batch, 1);
	ck_assert_int_eq(conn_send_batch(p.c, "c\nd\n", 4, 2), 0);
	PEER_GOT("\x81\x01"
		 "c\x81\x01"
		 "d");
	finish();
}
END_TEST

/* Silence: a ping, and then the end. Any sign of life will do. */
START_TEST(test_silence)
{
	begin(_i);
	PEER_GOT("ok\n");
	advance(44000);
	conn_keep_alive(p.c);
	advance(1000);
	conn_keep_alive(p.c);
	conn_keep_alive(p.c);
	PEER_GOT("\x89\x00");
	advance(29000);
	conn_keep_alive(p.c);
	PEER_WRITE(&p, "\x8a\x80" MASK);
	run_ready();
	UNTIL(!p.c->websocket->is_pinged);
	advance(44000);
	conn_keep_alive(p.c);
	advance(1000);
	conn_keep_alive(p.c);
	PEER_GOT("\x89\x00");
	/* While it is not read, it cannot be heard. */
	conn_pause_input(p.c);
	advance(60000);
	conn_keep_alive(p.c);
	conn_resume_input(p.c);
	run_ready();
	ck_assert(!wire_is_ending(p.c));
	advance(45000);
	conn_keep_alive(p.c);
	PEER_GOT("\x89\x00");
	advance(30000);
	conn_keep_alive(p.c);
	UNTIL(p.ended_count == 1);
	ck_assert_int_eq(p.end, CONN_END_ERROR);
	finish();
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "conn_websocket", NULL, NULL);

	add_test(tc, test_lines);
	add_test(tc, test_pings);
	add_test(tc, test_bad);
	add_test(tc, test_close);
	add_test(tc, test_goodbye);
	add_test(tc, test_broken);
	add_test(tc, test_read);
	add_test(tc, test_batches);
	add_test(tc, test_silence);
}
