/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Connections, what comes in: lines, turns, pauses, the end of input, Telnet.
 * See wire.h for how, and check_conn_output.c and check_conn_end.c for the
 * rest.
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <check.h>
#include <event2/event.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "net/conn.h"
#include "unit.h"
#include "wire.h"

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
	/* It does not come free, however it was cut up. */
	ck_assert_int_ge(p.waste_count, 256 * 4096 / 65536 - 1);
	ck_assert_int_le(p.waste_count, 256 * 4096 / MAX_LINE);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_lines_are_no_waste)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	for (int i = 0; i < 1000; i++)
		PEER_WRITE(&p, "a line\n");
	UNTIL(p.line_count == 1000);
	ck_assert_int_eq(p.waste_count, 0);
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

/* Nor do many together, who have lines left to say. */
START_TEST(test_resume_some)
{
	struct pipe p[6];
	size_t i, said, before = NITEMS(p);

	world_init(_i);
	for (i = 0; i < NITEMS(p); i++) {
		pipe_open(&p[i], _i);
		p[i].on_line = line_pauses;
		PEER_WRITE(&p[i], "one\ntwo\n");
		UNTIL(p[i].line_count == 1);
	}
	w.deadlines.walks.now_us = slow_now_us;
	for (i = 0; i < NITEMS(p); i++)
		conn_resume_input(p[i].c);
	do {
		event_base_loop(w.base, EVLOOP_ONCE);
		for (said = i = 0; i < NITEMS(p); i++)
			said += p[i].line_count;
		ck_assert_uint_le(said, before + 2);
		before = said;
	} while (said < 2 * NITEMS(p));
	w.deadlines.walks.now_us = NULL;
	for (i = 0; i < NITEMS(p); i++) {
		CHECK_GOT(&p[i], "[one][two]");
		pipe_close(&p[i]);
	}
	world_fini();
}
END_TEST

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
line_is_put_back(struct pipe *p, const char *text, size_t len)
{
	(void)text;
	(void)len;
	if (p->line_count % 2 == 0)
		return;
	conn_pause_input(p->c);
	conn_put_back(p->c);
}

/* What is put back comes again, before the next, as it was left: the handler
 * writes over it. */
static void
check_put_back(struct pipe *p)
{
	p->on_line = line_is_put_back;
	UNTIL(p->line_count == 1);
	run_ready();
	CHECK_GOT(p, "[one]");
	conn_resume_input(p->c);
	UNTIL(p->line_count == 3);
	run_ready();
	CHECK_GOT(p, "[one][www][two]");
	conn_resume_input(p->c);
	UNTIL(p->line_count == 4);
	CHECK_GOT(p, "[one][www][two][www]");
}

START_TEST(test_put_back)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	PEER_WRITE(&p, "one\ntwo\n");
	check_put_back(&p);
	pipe_close(&p);
	world_fini();
}
END_TEST

START_TEST(test_put_back_in_a_frame)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	conn_set_framing(p.c, MAX_LINE);
	conn_begin_websocket(p.c, false);
	/* Masked with zeros. */
	PEER_WRITE(&p, "\x81\x83\0\0\0\0one\x81\x83\0\0\0\0two");
	check_put_back(&p);
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
	while (!wire_is_ending(p.c)) {
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

/* Telnet */

START_TEST(test_telnet)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	p.takes_telnet = true;
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
	PEER_WRITE(&p, "\377\377\377\361a\nhalf");
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

/* Until somebody says that it is telnet's, an IAC is a byte. */
START_TEST(test_telnet_untaken)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	PEER_WRITE(&p, "a\377\375\001b\n\377\375\001c\n");
	UNTIL(p.line_count == 2);
	CHECK_GOT(&p, "[a\377\375\001b][\377\375\001c]");
	ck_assert(!conn_has_telnet(p.c));
	p.takes_telnet = true;
	PEER_WRITE(&p, "d\377\375\001e\nf\377\371\nhal\377");
	UNTIL(p.line_count == 4);
	CHECK_GOT(&p, "[a\377\375\001b][\377\375\001c][de][f]");
	ck_assert(conn_has_telnet(p.c));
	PEER_WRITE(&p, "\367f\n");
	UNTIL(p.line_count == 5);
	CHECK_GOT(&p, "[a\377\375\001b][\377\375\001c][de][f][hal\bf]");
	UNTIL(peer_read(&p, &got) && got.len == 3);
	ck_assert_mem_eq(got.data, "\377\374\001", 3);
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* The very first byte tells, and is answered before there is a line. */
START_TEST(test_telnet_first)
{
	struct pipe p;
	struct buf got = BUF_INITIALIZER;

	world_init(_i);
	pipe_open(&p, _i);
	PEER_WRITE(&p, "\377\375\001");
	UNTIL(peer_read(&p, &got) && got.len == 3);
	ck_assert_mem_eq(got.data, "\377\374\001", 3);
	ck_assert(conn_has_telnet(p.c));
	buf_fini(&got);
	pipe_close(&p);
	world_fini();
}
END_TEST

/* Telnet's Synch: the last byte is urgent, and must not go past the others. */
START_TEST(test_telnet_synch)
{
	struct pipe p;

	world_init(_i);
	pipe_open(&p, _i);
	PEER_WRITE(&p, "\377\364\377");
	ck_assert_int_eq(send(p.peer, "\362", 1, IS_TCP(_i) ? MSG_OOB : 0), 1);
	PEER_WRITE(&p, "hello there\r\n");
	UNTIL(p.line_count == 1);
	CHECK_GOT(&p, "[hello there]r");
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

/* A peer whose cable was pulled is found by the kernel; silence alone ends nobody
 * (hostile 50). */
START_TEST(test_vanished)
{
	struct pipe p;
	int value;
	socklen_t len = sizeof(value);

	world_init(_i);
	pipe_open(&p, _i);
	if (IS_TCP(_i)) {
		ck_assert_int_eq(getsockopt(conn_fd(p.c), SOL_SOCKET,
				     SO_KEEPALIVE, &value, &len),
		    0);
		ck_assert_int_ne(value, 0);
#ifdef TCP_USER_TIMEOUT
		len = sizeof(value);
		ck_assert_int_eq(getsockopt(conn_fd(p.c), IPPROTO_TCP,
				     TCP_USER_TIMEOUT, &value, &len),
		    0);
		ck_assert_int_gt(value, 0);
		ck_assert_int_le(value, 300000);
#endif
	}
	ck_assert_int_eq(conn_send(p.c, "hello\n", 6), 0);
	run_ready();
	w.clock.mono_ms += INT64_C(7) * 24 * 3600 * 1000;
	deadlines_run(&w.deadlines, w.clock.mono_ms);
	run_ready();
	ck_assert_int_eq(p.ended_count, 0);
	pipe_close(&p);
	world_fini();
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc;

	tc = unit_case(s, "input", NULL, NULL);
	add_test(tc, test_lines);
	add_test(tc, test_byte_by_byte);
	add_test(tc, test_split_endings);
	add_test(tc, test_no_newline);
	add_test(tc, test_lines_are_no_waste);
	add_test(tc, test_limit);
	add_test(tc, test_turns);
	add_test(tc, test_resume_some);
	add_test(tc, test_input_is_bounded);
	add_test(tc, test_pause);
	add_test(tc, test_pause_within_line);
	add_test(tc, test_put_back);
	add_test(tc, test_put_back_in_a_frame);
	add_test(tc, test_eof);
	add_test(tc, test_eof_while_paused);
	add_test(tc, test_half_close);
	add_test(tc, test_write_after_eof);
	add_test(tc, test_vanished);

	tc = unit_case(s, "telnet", NULL, NULL);
	add_test(tc, test_telnet);
	add_test(tc, test_telnet_untaken);
	add_test(tc, test_telnet_first);
	add_test(tc, test_telnet_synch);
	add_test(tc, test_telnet_flood);
}
