/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * One conversation, again and again: each of its calls on the socket fails in
 * turn, with each error, or all of them are short; then each allocation of
 * libevent's. What can be tried again loses nothing; anything else ends that
 * connection at most, and what came through until then is whole. See wire.h.
 *
 * Our own allocations never fail (util.h), so only libevent's are looked at.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/util.h"
#include "faults.h"
#include "net/conn.h"
#include "unit.h"
#include "wire.h"

#define LONG_LINE 8000
#define TIMERS 7 /* with wire.c's, as many as libevent has room for at first */
#define FAULTS_MAX 2000

/* Libevent's memory */

static unsigned memory_before; /* calls that go well before those that fail */
static unsigned memory_times;
static unsigned memory_failed;

static bool
memory_fails(void)
{
	if (memory_times == 0)
		return false;
	if (memory_before > 0) {
		memory_before--;
		return false;
	}
	memory_times--;
	memory_failed++;
	return true;
}

static void *
memory_malloc(size_t size)
{
	return memory_fails() ? NULL : malloc(size);
}

static void *
memory_realloc(void *ptr, size_t size)
{
	return memory_fails() ? NULL : realloc(ptr, size);
}

/* The conversation */

struct side {
	struct pipe p;
	struct buf got;
	bool is_gone; /* to its peer */
};

/* What p's peer writes, in pieces, and what has to come of it. */
static struct {
	struct buf bytes;
	size_t pieces[64];
	size_t count;
	struct buf lines; /* as in struct pipe */
	struct buf echo;
} script;
static struct side p, q;
static struct event *timers[TIMERS];

/* Goes into one piece with what is before it. */
static void
script_line(size_t len, const char *end)
{
	char text[LONG_LINE];

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + (script.bytes.len + i) % 26);
	buf_add(&script.bytes, text, len);
	buf_addstr(&script.bytes, end);
	buf_add(&script.echo, text, len);
	buf_addch(&script.echo, '\n');
	buf_addch(&script.lines, '[');
	buf_add(&script.lines, text, len);
	buf_addstr(&script.lines, strcmp(end, "\n") == 0 ? "]" : "]r");
}

static void
script_cut(size_t before)
{
	script.pieces[script.count++] = script.bytes.len - before;
}

static void
script_init(void)
{
	memset(&script, 0, sizeof(script));
	script_line(11, "\n");
	script_cut(6);
	script_cut(0);
	/* More than a turn's. */
	for (int i = 0; i < CONN_LINES_PER_TURN * 5 / 2; i++)
		script_line(10, "\r\n");
	script_cut(0);
	/* Over several of an evbuffer's pieces. */
	script_line(LONG_LINE, "\n");
	script_cut(LONG_LINE - 100);
	script_cut(0);
	/* Too long, and all of it might be an end. */
	script_cut(0);
	for (int i = 0; i < LONG_LINE * 2; i++) {
		buf_addch(&script.bytes, '\r');
		if (i == 100)
			script_cut(0);
	}
	buf_addch(&script.bytes, '\n');
	buf_addch(&script.lines, 'T');
	script_line(5, "\n");
	script_cut(0);
	/* It becomes a telnet, one that asks for no answer. */
	script_line(20, "\r\n\377\361");
	script_line(LONG_LINE, "\r\n");
	script_cut(LONG_LINE - 100);
	script_line(3, "\n");
	script_cut(1);
	script_cut(0);
}

static void
script_fini(void)
{
	buf_fini(&script.bytes);
	buf_fini(&script.lines);
	buf_fini(&script.echo);
}

/* As in a room: to who said it, and to another. */
static void
line_is_said(struct pipe *from, const char *text, size_t len)
{
	conn_reply(from->c, text, len);
	conn_reply(from->c, "\n", 1);
	if (q.p.c != NULL) {
		conn_reply(q.p.c, text, len);
		conn_reply(q.p.c, "\n", 1);
	}
}

/* What is there for its peer. */
static void
side_hear(struct side *s)
{
	char data[4096];
	ssize_t n;

	if (s->is_gone)
		return;
	while ((n = recv(s->p.peer, data, sizeof(data), 0)) > 0)
		buf_add(&s->got, data, (size_t)n);
	QUICK_ASSERT(n == 0 || errno == EAGAIN || errno == ECONNRESET);
	if (n == 0 || errno == ECONNRESET)
		s->is_gone = true;
}

static void
turn(void)
{
	event_base_loop(w.base, EVLOOP_NONBLOCK);
	side_hear(&p);
	side_hear(&q);
}

#define TURN_UNTIL(condition) \
	do { \
		int64_t end_ms = now_ms() + PATIENCE_MS; \
\
		while (!(condition)) { \
			if (now_ms() >= end_ms) \
				ck_abort_msg("never: %s", #condition); \
			turn(); \
		} \
	} while (0)

static void
talk_in(void)
{
	int64_t patient_until_ms = now_ms() + PATIENCE_MS;
	size_t done = 0;
	ssize_t n;

	for (size_t i = 0; i < script.count; i++) {
		while (done < script.pieces[i]) {
			n = send(p.p.peer, script.bytes.data + done,
			    script.pieces[i] - done, MSG_NOSIGNAL);
			if (n > 0)
				done += (size_t)n;
			else if (errno != EAGAIN)
				return;
			QUICK_ASSERT(now_ms() < patient_until_ms);
			turn();
		}
		turn();
	}
	TURN_UNTIL(p.is_gone || p.p.c == NULL ||
	    (p.p.lines.len >= script.lines.len &&
		p.got.len >= script.echo.len));
}

/* More than fits at once. Adds what p's peer has to get to expected. */
static void
talk_out(struct buf *expected)
{
	size_t len, piece = 1000;
	bool is_last = false;

	while (!is_last && p.p.c != NULL) {
		is_last = conn_queued(p.p.c) > 0;
		len = expected->len;
		add_pattern(expected, is_last ? 6000 : piece);
		if (conn_send(p.p.c, expected->data + len,
			expected->len - len) == -1)
			break;
	}
	TURN_UNTIL(p.is_gone || p.p.c == NULL || p.got.len >= expected->len);
}

static bool
is_prefix(const struct buf *b, const struct buf *of)
{
	return b->len <= of->len &&
	    (b->len == 0 || memcmp(b->data, of->data, b->len) == 0);
}

/* All of it; or only a part came through, and of that nothing is torn. */
static void
check_talk(const struct buf *expected, bool is_whole)
{
	QUICK_ASSERT(is_prefix(&p.p.lines, &script.lines));
	QUICK_ASSERT(is_prefix(&p.got, expected));
	if (is_whole) {
		QUICK_ASSERT(p.p.lines.len == script.lines.len);
		QUICK_ASSERT(p.got.len == expected->len);
		QUICK_ASSERT(p.p.end == CONN_END_CLOSED);
	}
	QUICK_ASSERT(p.p.ended_count == 1);
}

/* All that p said is with q, who goes on. */
static void
check_bystander(void)
{
	size_t lines = 0;

	PEER_WRITE(&q.p, "still there\n");
	TURN_UNTIL(q.p.line_count == 1);
	TURN_UNTIL(q.got.len > 0 || p.p.line_count == 0);
	TURN_UNTIL(conn_queued(q.p.c) == 0);
	run_ready();
	side_hear(&q);
	QUICK_ASSERT(strcmp(buf_cstr(&q.p.lines), "[still there]") == 0);
	QUICK_ASSERT(is_prefix(&q.got, &script.echo));
	for (size_t i = 0; i < q.got.len; i++)
		lines += q.got.data[i] == '\n';
	QUICK_ASSERT(lines == p.p.line_count);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
talk_begin(int variant)
{
	static const struct timeval far_off = { 3600, 0 };

	world_init(variant);
	w.options.max_line = LONG_LINE;
	w.options.output_limit = 65536;
	for (int i = 0; i < TIMERS; i++) {
		timers[i] = event_new(w.base, -1, 0, timer_cb, NULL);
		event_add(timers[i], &far_off);
	}
	memset(&p, 0, sizeof(p));
	memset(&q, 0, sizeof(q));
	pipe_open(&q.p, variant);
	q.p.takes_telnet = true;
}

static void
talk_end(void)
{
	pipe_close(&p.p);
	pipe_close(&q.p);
	buf_fini(&p.got);
	buf_fini(&q.got);
	for (int i = 0; i < TIMERS; i++)
		event_free(timers[i]);
	world_fini();
}

/* What a fault may do: nothing, end one connection, end any. */
enum toll { NONE, ONE, ANY };

/* All goes well from now on. Was there a fault? */
static bool
mend(void)
{
	bool has_failed = memory_failed > 0 ||
	    (fault_count(FAULT_RECV) > 0 && fault_was_nth());

	fault_clear();
	memory_times = 0;
	memory_failed = 0;
	return has_failed;
}

/* All of it, p being there. Returns whether there was a fault. */
static bool
talk(enum toll toll)
{
	struct buf expected = BUF_INITIALIZER;
	bool has_failed, is_whole;

	p.p.on_line = line_is_said;
	talk_in();
	buf_add(&expected, script.echo.data, script.echo.len);
	if (p.p.c != NULL)
		talk_out(&expected);
	if (p.p.c != NULL)
		conn_close(p.p.c, 60000);
	TURN_UNTIL(p.is_gone || p.p.c == NULL);
	has_failed = mend();
	/* What it got may lie there still. */
	TURN_UNTIL(p.is_gone);
	pipe_hang_up(&p.p);
	TURN_UNTIL(p.p.c == NULL);
	is_whole = !has_failed || toll == NONE;
	check_talk(&expected, is_whole || (toll == ONE && q.p.c == NULL));
	if (q.p.c != NULL)
		check_bystander();
	else
		QUICK_ASSERT(!is_whole);
	buf_fini(&expected);
	return has_failed;
}

/* Calls on the socket */

/* With the nth call failing. False: there are not so many. */
static bool
talk_with_error(int variant, unsigned nth, int error, enum toll toll)
{
	bool has_failed;

	talk_begin(variant);
	pipe_open(&p.p, variant);
	p.p.takes_telnet = true;
	fault_watch(conn_fd(p.p.c));
	fault_set_nth(nth, error);
	has_failed = talk(toll);
	talk_end();
	return has_failed;
}

static void
talk_with_errors(int variant, int error, enum toll toll)
{
	unsigned nth = 1;

	script_init();
	while (talk_with_error(variant, nth, error, toll))
		ck_assert_uint_lt(++nth, FAULTS_MAX);
	(void)fprintf(stderr, "%u calls: %s\n", nth - 1, strerror(error));
	/* Some for each piece that came, and those that went out. */
	ck_assert_uint_gt(nth, script.count * 2);
	script_fini();
}

START_TEST(test_interrupted)
{
	talk_with_errors(_i, EINTR, NONE);
}
END_TEST

START_TEST(test_not_now)
{
	talk_with_errors(_i, EAGAIN, NONE);
}
END_TEST

START_TEST(test_reset)
{
	talk_with_errors(_i, ECONNRESET, ONE);
}
END_TEST

START_TEST(test_no_buffers)
{
	talk_with_errors(_i, ENOBUFS, ONE);
}
END_TEST

/* Most of them, and of one kind after the other. */
START_TEST(test_many_not_now)
{
	static const enum fault_call calls[] = { FAULT_RECV, FAULT_SEND,
		FAULT_WRITEV };
	static const int errors[] = { EINTR, EAGAIN };

	script_init();
	for (size_t i = 0; i < NITEMS(calls) * NITEMS(errors); i++) {
		talk_begin(_i);
		pipe_open(&p.p, _i);
		p.p.takes_telnet = true;
		fault_watch(conn_fd(p.p.c));
		fault_set(calls[i / 2], 0, 20, errors[i % 2]);
		(void)talk(NONE);
		talk_end();
	}
	script_fini();
}
END_TEST

START_TEST(test_short)
{
	static const size_t most[] = { 1, 2, 7, 1000 };

	script_init();
	for (size_t i = 0; i < NITEMS(most); i++) {
		talk_begin(_i);
		pipe_open(&p.p, _i);
		p.p.takes_telnet = true;
		fault_watch(conn_fd(p.p.c));
		fault_short(UINT_MAX, most[i]);
		(void)talk(NONE);
		talk_end();
	}
	script_fini();
}
END_TEST

/* Allocations */

/* The nth fails, and those after it up to times in all. */
static bool
talk_without_memory(int variant, unsigned nth, unsigned times)
{
	bool has_failed;

	talk_begin(variant);
	memory_before = nth - 1;
	memory_times = times;
	pipe_open(&p.p, variant);
	p.p.takes_telnet = true;
	has_failed = talk(times == 1 ? ONE : ANY);
	talk_end();
	return has_failed;
}

START_TEST(test_no_memory)
{
	static const unsigned times[] = { 1, 2, 10, UINT_MAX };
	unsigned nth;

	script_init();
	for (size_t i = 0; i < NITEMS(times); i++) {
		nth = 1;
		while (talk_without_memory(_i, nth, times[i]))
			ck_assert_uint_lt(++nth, FAULTS_MAX);
		(void)fprintf(stderr, "%u allocations\n", nth - 1);
		ck_assert_uint_gt(nth, 10);
	}
	script_fini();
}
END_TEST

static void
log_nothing(int severity, const char *text)
{
	(void)severity;
	(void)text;
}

void
unit_tests(Suite *s)
{
	TCase *tc;

	/* Before libevent allocates anything. */
	event_set_mem_functions(memory_malloc, memory_realloc, free);
	event_set_log_callback(log_nothing);
	/* Thousands of conversations: too many for valgrind. */
	tc = unit_case(s, "calls", NULL, NULL);
	tcase_set_tags(tc, "no-valgrind");
	add_test(tc, test_interrupted);
	add_test(tc, test_not_now);
	add_test(tc, test_reset);
	add_test(tc, test_no_buffers);
	add_test(tc, test_many_not_now);
	add_test(tc, test_short);
	tc = unit_case(s, "memory", NULL, NULL);
	tcase_set_tags(tc, "no-valgrind");
	add_test(tc, test_no_memory);
}
