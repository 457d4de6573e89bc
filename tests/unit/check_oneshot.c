/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * One request, one answer: in pieces both ways, with peers that are slow, stuck
 * or gone, and with too many of them.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "admin/oneshot.h"
#include "unit.h"
#include "wire.h"

#define PIECE 4096
#define TIMEOUT_MS 5000
#define REQUEST_MAX 100

/* A request is a line; the answer is as many pieces as there are told here. */
struct asked {
	struct buf request;
	int pieces; /* that are left */
	int empty; /* of no bytes, before them */
	bool is_full;
	bool is_held;
	int fd;
	int answers; /* calls */
	bool has_ended;
};

static struct oneshots all;

static bool
request(const char *data, size_t len, bool is_full, void *arg)
{
	struct asked *a = arg;

	ck_assert(!a->has_ended);
	ck_assert_uint_le(len, REQUEST_MAX);
	buf_reset(&a->request);
	buf_add(&a->request, data, len);
	a->is_full = is_full;
	return is_full || memchr(data, '\n', len) != NULL;
}

static enum oneshot_answer
answer(struct buf *out, struct walk_budget *budget, void *arg)
{
	struct asked *a = arg;

	ck_assert(!a->has_ended);
	ck_assert(walk_may_take(budget));
	a->answers++;
	if (a->empty > 0) {
		a->empty--;
		return ONESHOT_MORE;
	}
	memset(buf_reserve(out, PIECE), 'x', PIECE);
	out->len += PIECE;
	if (--a->pieces > 0)
		return ONESHOT_MORE;
	return a->is_held ? ONESHOT_HOLD : ONESHOT_DONE;
}

static void
ended(void *arg)
{
	struct asked *a = arg;

	ck_assert(!a->has_ended);
	a->has_ended = true;
	buf_fini(&a->request);
}

static const struct oneshot_kind kind = {
	.max_clients = 3,
	.max_request = REQUEST_MAX,
	.timeout_ms = TIMEOUT_MS,
	.hold_ms = 10 * TIMEOUT_MS,
	.busy = "busy\n",
	.request = request,
	.answer = answer,
	.ended = ended,
};

/* A connection; returns the peer's end. */
static int
ask(struct asked *a, int pieces)
{
	int fds[2];

	memset(a, 0, sizeof(*a));
	a->pieces = pieces;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     fds),
	    0);
	a->fd = fds[0];
	oneshot_accept(&all, fds[0], a);
	return fds[1];
}

static void
type(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void
walk_wake(void *arg)
{
	ck_assert_ptr_eq(arg, &w);
}

/* All that can be done at this moment; deadlines that are due and
 * walks, too. */
static void
work(void)
{
	int i;

	for (i = 0; i < 50; i++) {
		run_ready();
		deadlines_run(&w.deadlines, w.clock.mono_ms);
		(void)walks_run(&w.deadlines.walks);
	}
}

/* Bytes until nothing more is there; *is_end when that is the end. */
static size_t
take(int fd, bool *is_end)
{
	static char chunk[65536];
	size_t total = 0;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		total += (size_t)n;
	*is_end = n == 0;
	ck_assert(n == 0 || errno == EAGAIN);
	return total;
}

static void
begin(int variant)
{
	world_init(variant);
	walks_init(&w.deadlines.walks, clock_now_us, walk_wake, &w);
	oneshots_init(&all, &w.net, &kind);
}

static void
end(void)
{
	oneshots_fini(&all);
	world_fini();
}

START_TEST(test_answer)
{
	struct asked a;
	bool is_end;
	int fd;

	begin(_i);
	fd = ask(&a, 3);
	type(fd, "wh");
	work();
	ck_assert_int_eq(a.answers, 0);
	ck_assert(oneshots_are_flushed(&all));
	type(fd, "o\nand more");
	work();
	ck_assert_str_eq(buf_cstr(&a.request), "who\nand more");
	ck_assert_int_eq(a.answers, 3);
	ck_assert_uint_eq(take(fd, &is_end), 3 * PIECE);
	ck_assert(is_end);
	/* What we still send does no harm, and it waits for our end. */
	type(fd, "and yet more");
	work();
	ck_assert(!a.has_ended);
	close(fd);
	work();
	ck_assert(a.has_ended);
	ck_assert_uint_eq(all.count, 0);
	end();
}
END_TEST

/* Work without output goes on in other turns. */
START_TEST(test_empty_pieces)
{
	struct asked a;
	bool is_end;
	int fd;

	begin(_i);
	fd = ask(&a, 1);
	a.empty = 5;
	type(fd, "x\n");
	run_ready();
	ck_assert_int_eq(a.answers, 0);
	ck_assert_ptr_nonnull(walks_run(&w.deadlines.walks));
	ck_assert_int_eq(a.answers, 1);
	ck_assert(!oneshots_are_flushed(&all));
	work();
	ck_assert_int_eq(a.answers, 6);
	ck_assert_uint_eq(take(fd, &is_end), PIECE);
	ck_assert(is_end);
	close(fd);
	end();
	ck_assert(a.has_ended);
}
END_TEST

/* Nothing more is made than the kernel and a little buffer take. */
START_TEST(test_never_reads)
{
	struct asked a;
	bool is_end;
	int fd, answers;
	size_t got;

	begin(_i);
	fd = ask(&a, 100000);
	type(fd, "x\n");
	work();
	work();
	answers = a.answers;
	ck_assert_int_gt(answers, 1);
	ck_assert_int_lt(answers, 1000);
	work();
	ck_assert_int_eq(a.answers, answers);
	ck_assert(!oneshots_are_flushed(&all));
	/* It goes on when some is read. */
	got = take(fd, &is_end);
	ck_assert(!is_end);
	work();
	ck_assert_int_gt(a.answers, answers);
	ck_assert_uint_gt(got, 0);
	/* And ends when the time is up, however it reads. */
	w.clock.mono_ms += TIMEOUT_MS;
	deadlines_run(&w.deadlines, w.clock.mono_ms);
	ck_assert(a.has_ended);
	work();
	(void)take(fd, &is_end);
	ck_assert(is_end);
	close(fd);
	end();
}
END_TEST

START_TEST(test_silent)
{
	struct asked a;
	bool is_end;
	int fd;

	begin(_i);
	fd = ask(&a, 1);
	type(fd, "half");
	work();
	w.clock.mono_ms += TIMEOUT_MS - 100;
	deadlines_run(&w.deadlines, w.clock.mono_ms);
	ck_assert(!a.has_ended);
	w.clock.mono_ms += 100;
	deadlines_run(&w.deadlines, w.clock.mono_ms);
	ck_assert(a.has_ended);
	work();
	ck_assert_uint_eq(take(fd, &is_end), 0);
	ck_assert(is_end);
	close(fd);
	end();
}
END_TEST

START_TEST(test_too_much)
{
	char text[3 * REQUEST_MAX + 1];
	struct asked a;
	bool is_end;
	int fd;

	begin(_i);
	fd = ask(&a, 1);
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	type(fd, text);
	work();
	ck_assert(a.is_full);
	ck_assert_uint_eq(a.request.len, REQUEST_MAX);
	/* All that they have sent is taken, so that the answer arrives. */
	ck_assert_uint_eq(take(fd, &is_end), PIECE);
	ck_assert(is_end);
	close(fd);
	work();
	ck_assert(a.has_ended);
	end();
}
END_TEST

START_TEST(test_endless_input)
{
	static char text[8192];
	struct asked a;
	bool is_end;
	int fd, i;

	begin(_i);
	fd = ask(&a, 1);
	type(fd, "x\n");
	work();
	(void)take(fd, &is_end);
	ck_assert(is_end);
	for (i = 0; i < 100 && !a.has_ended; i++) {
		(void)!send(fd, text, sizeof(text), MSG_NOSIGNAL);
		work();
	}
	ck_assert(a.has_ended);
	close(fd);
	end();
}
END_TEST

START_TEST(test_gone)
{
	struct asked a, b;
	int fd;

	begin(_i);
	fd = ask(&a, 1);
	close(fd);
	work();
	ck_assert(a.has_ended);
	fd = ask(&b, 100000);
	type(fd, "x\n");
	work();
	close(fd);
	work();
	ck_assert(b.has_ended);
	end();
}
END_TEST

START_TEST(test_many)
{
	struct asked a[4];
	char line[16];
	int fds[4], i;

	begin(_i);
	for (i = 0; i < 4; i++)
		fds[i] = ask(&a[i], 1);
	ck_assert(a[3].has_ended);
	ck_assert(!a[2].has_ended);
	ck_assert_int_eq(read(fds[3], line, sizeof(line)), 5);
	ck_assert_mem_eq(line, "busy\n", 5);
	ck_assert_int_eq(read(fds[3], line, sizeof(line)), 0);
	close(fds[0]);
	work();
	close(fds[3]);
	fds[3] = ask(&a[3], 1);
	ck_assert(!a[3].has_ended);
	for (i = 1; i < 4; i++)
		close(fds[i]);
	end();
	for (i = 0; i < 4; i++)
		ck_assert(a[i].has_ended);
}
END_TEST

START_TEST(test_hold)
{
	struct asked a;
	bool is_end;
	int fd;

	begin(_i);
	fd = ask(&a, 2);
	a.is_held = true;
	type(fd, "x\n");
	work();
	ck_assert_uint_eq(take(fd, &is_end), 2 * PIECE);
	ck_assert(!is_end);
	ck_assert(oneshots_are_flushed(&all));
	ck_assert(!a.has_ended);
	/* The server is gone, but not yet the process. */
	end();
	ck_assert(a.has_ended);
	(void)take(fd, &is_end);
	ck_assert(!is_end);
	close(a.fd);
	(void)take(fd, &is_end);
	ck_assert(is_end);
	close(fd);
}
END_TEST

/* What was told ahead turns out to be wrong. */
START_TEST(test_take_back)
{
	struct asked a, other;
	bool is_end;
	int fd;

	begin(_i);
	fd = ask(&a, 1);
	a.is_held = true;
	type(fd, "x\n");
	work();
	ck_assert_uint_eq(take(fd, &is_end), PIECE);
	oneshots_take_back(&all, &other, "nobody's");
	work();
	ck_assert_uint_eq(take(fd, &is_end), 0);
	ck_assert(!is_end);
	oneshots_take_back(&all, &a, "no\n");
	ck_assert(!oneshots_are_flushed(&all));
	work();
	ck_assert_uint_eq(take(fd, &is_end), 3);
	ck_assert(is_end);
	close(fd);
	work();
	ck_assert(a.has_ended);
	end();
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "oneshot", NULL, NULL);

	/* Over socket pairs; with epoll and with poll. */
	tcase_add_loop_test(tc, test_answer, 0, 2);
	tcase_add_loop_test(tc, test_empty_pieces, 0, 2);
	tcase_add_loop_test(tc, test_never_reads, 0, 2);
	tcase_add_loop_test(tc, test_silent, 0, 2);
	tcase_add_loop_test(tc, test_too_much, 0, 2);
	tcase_add_loop_test(tc, test_endless_input, 0, 2);
	tcase_add_loop_test(tc, test_gone, 0, 2);
	tcase_add_loop_test(tc, test_many, 0, 2);
	tcase_add_loop_test(tc, test_hold, 0, 2);
	tcase_add_loop_test(tc, test_take_back, 0, 2);
}
