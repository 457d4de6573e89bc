/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Passwords, hashes of each kind, and the processes that compute them: slow
 * ones, stuck ones, killed ones, none at all. What is slow here would take an
 * hour, so that nothing depends on how fast the machine is.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "net/conn.h"
#include "net/verify-impl.h"
#include "net/verify.h"
#include "unit.h"

#define FAST \
	"$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/" \
	"otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"
#define SLOW \
	"$6$rounds=999999999$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXN" \
	"KJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"

/* All of the password "secret". */
static const char *const hashes[] = {
	FAST,
	"$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2",
	"$y$j75$saltsaltsaltsalt$DsMjm5uqUiFBUYLB9CLnX8E/M0k0mOVJBUWdpCrUik9",
	"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
	"$7$5/..../....saltsalt$8ttch9ecjOR7SfwrRl8cDrA324zAhyVs2o6yzT.Ism5",
	"$gy$j75$saltsaltsaltsalt$YnQXHZ1QB0Wd3b/aAxvsPW8WESczsxMQRPOIhV47ri.",
};

/* One who asked. */
struct asker {
	struct verify *v;
	int calls;
	enum verify_result result;
	int order; /* among all answers */
	void (*on_answer)(struct asker *a);
	struct asker *other;
};

static struct event_base *base;
static struct clock clock_now;
static struct deadlines deadlines;
static struct verify_queue *q;
static int answers;

static int
count_fds(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void
setup(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	ck_assert_int_eq(event_base_priority_init(base, NET_PRIORITIES), 0);
	deadlines_init(&deadlines, NULL, NULL);
	clock_update(&clock_now);
	q = verify_queue_new(base, &clock_now, &deadlines);
	answers = 0;
}

static void
teardown(void)
{
	verify_queue_free(q);
	ck_assert_int_eq(deadlines_next(&deadlines), -1);
	/* No child is left. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	event_base_free(base);
}

static void
answered(enum verify_result result, void *arg)
{
	struct asker *a = arg;

	a->calls++;
	a->v = NULL;
	a->result = result;
	a->order = answers++;
	if (a->on_answer != NULL)
		a->on_answer(a);
}

static void
ask(struct asker *a, const char *hash, const char *password)
{
	memset(a, 0, sizeof(*a));
	a->v = verify_start(q, hash, password, answered, a);
	ck_assert_ptr_nonnull(a->v);
	ck_assert_int_eq(a->calls, 0);
}

/* A turn of the loop, of some milliseconds at most. */
static void
turn(void)
{
	struct timeval tick = { 0, 2000 };

	(void)event_base_loopexit(base, &tick);
	(void)event_base_loop(base, EVLOOP_ONCE);
	clock_update(&clock_now);
	deadlines_run(&deadlines, clock_now.mono_ms);
}

/* The test's own time limit ends what never comes. */
static void
wait_for(struct asker *a)
{
	while (a->calls == 0)
		turn();
	ck_assert_int_eq(a->calls, 1);
}

static enum verify_result
verify(const char *hash, const char *password)
{
	struct asker a;

	ask(&a, hash, password);
	wait_for(&a);
	return a.result;
}

START_TEST(test_answers)
{
	char too_long[VERIFY_PASSWORD_MAX + 2];

	ck_assert_int_eq(verify(hashes[_i], "secret"), VERIFY_YES);
	ck_assert_int_eq(verify(hashes[_i], "Secret"), VERIFY_NO);
	ck_assert_int_eq(verify(hashes[_i], "secre"), VERIFY_NO);
	ck_assert_int_eq(verify(hashes[_i], "secrets"), VERIFY_NO);
	ck_assert_int_eq(verify(hashes[_i], ""), VERIFY_NO);
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	ck_assert_int_eq(verify(hashes[_i], too_long), VERIFY_NO);
	too_long[sizeof(too_long) - 2] = '\0';
	ck_assert_int_eq(verify(hashes[_i], too_long), VERIFY_NO);
}
END_TEST

static char made[VERIFY_HASH_MAX + 1];
static char scram[SCRAM_TEXT_MAX + 1];

static void
keep_hash(struct asker *a)
{
	(void)a;
	memcpy(made, verify_hash(q), sizeof(made));
	memcpy(scram, verify_scram(q), sizeof(scram));
}

/* A new hash is good enough, another each time, and of the password. */
static enum verify_result
make(const char *password)
{
	struct asker a = { .on_answer = keep_hash };

	a.v = verify_start_new(q, password, answered, &a);
	ck_assert_ptr_nonnull(a.v);
	wait_for(&a);
	ck_assert_str_eq(verify_hash(q), "");
	return a.result;
}

START_TEST(test_new)
{
	char first[VERIFY_HASH_MAX + 1], too_long[VERIFY_PASSWORD_MAX + 2];

	ck_assert_int_eq(make("horse battery"), VERIFY_YES);
	ck_assert_ptr_null(verify_check_hash(made));
	memcpy(first, made, sizeof(first));
	ck_assert_int_eq(make("horse battery"), VERIFY_YES);
	ck_assert_ptr_null(verify_check_hash(made));
	ck_assert_str_ne(first, made);
	ck_assert_int_eq(verify(first, "horse battery"), VERIFY_YES);
	ck_assert_int_eq(verify(first, "horse"), VERIFY_NO);
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	ck_assert_int_eq(make(too_long), VERIFY_NO);
	ck_assert_str_eq(made, "");
}
END_TEST

/* A verifier is made of a password that is new, or right; of no other. */
START_TEST(test_scram)
{
	struct asker a = { .on_answer = keep_hash };
	struct scram_verifier v, again;

	if (!scram_is_available())
		return;
	ck_assert_int_eq(make("horse battery"), VERIFY_YES);
	ck_assert_str_eq(scram, "");
	verify_set_scram(q, 100);
	ck_assert_int_eq(make("horse battery"), VERIFY_YES);
	ck_assert(scram_verifier_parse(&v, scram));
	ck_assert_uint_eq(v.iterations, 100);
	again = v;
	ck_assert(scram_verifier_make(&again, "horse battery"));
	ck_assert_mem_eq(&v, &again, sizeof(v));
	ck_assert_str_eq(verify_scram(q), "");
	a.v = verify_start(q, hashes[0], "secret", answered, &a);
	wait_for(&a);
	ck_assert_int_eq(a.result, VERIFY_YES);
	ck_assert(scram_verifier_parse(&again, scram));
	ck_assert_mem_ne(again.salt, v.salt, SCRAM_SALT);
	a = (struct asker){ .on_answer = keep_hash };
	a.v = verify_start(q, hashes[0], "wrong", answered, &a);
	wait_for(&a);
	ck_assert_int_eq(a.result, VERIFY_NO);
	ck_assert_str_eq(scram, "");
}
END_TEST

/* What can stand in no settings does no harm here either. */
START_TEST(test_bad_hash)
{
	static const char *const bad[] = { "", "*", "$nope$a$b", ":",
		"$2b$99$abcdefghijklmnopqrstuu" };
	char too_long[VERIFY_HASH_MAX + 2];
	size_t i;

	for (i = 0; i < NITEMS(bad); i++)
		ck_assert_int_eq(verify(bad[i], "secret"), VERIFY_FAILED);
	memset(too_long, 'x', sizeof(too_long));
	memcpy(too_long, "$6$", 3);
	too_long[sizeof(too_long) - 1] = '\0';
	ck_assert_int_eq(verify(too_long, "secret"), VERIFY_FAILED);
	/* A password in its place is a salt to crypt(3), and nothing is equal
	 * to a salt. */
	ck_assert_int_eq(verify("secret", "secret"), VERIFY_NO);
	ck_assert_int_eq(verify("$6$rounds=1000$saltsalt", "secret"),
	    VERIFY_NO);
}
END_TEST

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	int *ticks = arg;

	(void)fd;
	(void)what;
	(*ticks)++;
}

/* Meanwhile the loop turns, and others are checked. */
START_TEST(test_slow)
{
	static const struct timeval often = { 0, 1000 };
	struct asker slow, a;
	struct event *event;
	int ticks = 0, i;

	event = event_new(base, -1, EV_PERSIST, tick_cb, &ticks);
	ck_assert_ptr_nonnull(event);
	ck_assert_int_eq(event_add(event, &often), 0);
	ask(&slow, SLOW, "secret");
	while (ticks < 100)
		turn();
	for (i = 0; i < 5; i++) {
		ask(&a, FAST, "secret");
		wait_for(&a);
		ck_assert_int_eq(a.result, VERIFY_YES);
	}
	ck_assert_int_eq(slow.calls, 0);
	/* Before an upgrade, for one. */
	verify_stop(q);
	ck_assert_int_eq(slow.calls, 0);
	ck_assert_int_eq(verify_worker_pid(q, 0), 0);
	ck_assert_int_eq(verify_worker_pid(q, 1), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	wait_for(&slow);
	ck_assert_int_eq(slow.result, VERIFY_FAILED);
	/* And it goes on. */
	ck_assert_int_eq(verify(FAST, "secret"), VERIFY_YES);
	event_free(event);
}
END_TEST

START_TEST(test_limit)
{
	int pid;

	verify_set_limit(q, 50);
	ck_assert_int_eq(verify(SLOW, "secret"), VERIFY_FAILED);
	/* By the process's own timer: the worker is still there. */
	pid = verify_worker_pid(q, 0);
	ck_assert_int_ne(pid, 0);
	verify_set_limit(q, VERIFY_LIMIT_MS);
	ck_assert_int_eq(verify(FAST, "secret"), VERIFY_YES);
	ck_assert_int_eq(verify_worker_pid(q, 0), pid);
}
END_TEST

START_TEST(test_cancel)
{
	struct asker slow[2], waiting[3], a;
	int i;

	verify_cancel(NULL);
	for (i = 0; i < 2; i++)
		ask(&slow[i], SLOW, "secret");
	for (i = 0; i < 3; i++)
		ask(&waiting[i], FAST, "secret");
	/* One that waits, and one that a worker has, which is busy still. */
	verify_cancel(waiting[1].v);
	verify_cancel(slow[0].v);
	verify_stop(q);
	/* One whose answer is on its way. */
	verify_cancel(waiting[2].v);
	wait_for(&waiting[0]);
	wait_for(&slow[1]);
	for (i = 0; i < 10; i++)
		turn();
	ck_assert_int_eq(answers, 2);
	ck_assert_int_eq(slow[0].calls + waiting[1].calls + waiting[2].calls,
	    0);
	/* The answer to one that was canceled is not taken for the next. */
	ask(&a, FAST, "wrong");
	verify_cancel(a.v);
	ask(&slow[0], FAST, "secret");
	ask(&slow[1], FAST, "wrong");
	ask(&waiting[0], FAST, "secret");
	wait_for(&slow[0]);
	wait_for(&slow[1]);
	wait_for(&waiting[0]);
	ck_assert_int_eq(slow[0].result, VERIFY_YES);
	ck_assert_int_eq(slow[1].result, VERIFY_NO);
	ck_assert_int_eq(waiting[0].result, VERIFY_YES);
	ck_assert_int_eq(a.calls, 0);
}
END_TEST

START_TEST(test_full)
{
	struct asker all[VERIFY_WORKERS + VERIFY_WAITING_MAX], a;
	size_t i;

	for (i = 0; i < NITEMS(all); i++)
		ask(&all[i], SLOW, "secret");
	ck_assert_ptr_null(verify_start(q, FAST, "secret", answered, &a));
	verify_cancel(all[NITEMS(all) - 1].v);
	ask(&all[NITEMS(all) - 1], FAST, "secret");
	ck_assert_ptr_null(verify_start(q, FAST, "secret", answered, &a));
	verify_stop(q);
	for (i = 0; i < NITEMS(all); i++) {
		wait_for(&all[i]);
		ck_assert_int_eq(all[i].result, VERIFY_FAILED);
	}
	/* First come, first told. */
	for (i = VERIFY_WORKERS + 1; i < NITEMS(all); i++)
		ck_assert_int_gt(all[i].order, all[i - 1].order);
}
END_TEST

/* By whoever cleans up. */
START_TEST(test_killed)
{
	struct asker a;
	unsigned i;
	int pid;

	ask(&a, SLOW, "secret");
	pid = verify_worker_pid(q, 0);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(kill(-pid, SIGKILL), 0);
	wait_for(&a);
	ck_assert_int_eq(a.result, VERIFY_FAILED);
	ck_assert_int_eq(verify(FAST, "secret"), VERIFY_YES);
	/* With nothing to do, all of them. */
	verify_stop(q);
	verify_prepare(q);
	for (i = 0; i < VERIFY_WORKERS; i++) {
		pid = verify_worker_pid(q, i);
		ck_assert_int_gt(pid, 0);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
	}
	for (i = 0; i < VERIFY_WORKERS; i++)
		while (verify_worker_pid(q, i) != 0)
			turn();
	ck_assert_int_eq(verify(FAST, "secret"), VERIFY_YES);
}
END_TEST

START_TEST(test_stuck)
{
	struct asker a, waiting;
	int pid, status;

	verify_prepare(q);
	pid = verify_worker_pid(q, 0);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	ask(&a, FAST, "secret");
	ask(&waiting, FAST, "wrong");
	wait_for(&waiting);
	ck_assert_int_eq(a.calls, 0);
	clock_now.mono_ms += 2 * VERIFY_LIMIT_MS;
	deadlines_run(&deadlines, clock_now.mono_ms);
	deadlines_run(&deadlines, clock_now.mono_ms);
	ck_assert_int_eq(a.calls, 1);
	ck_assert_int_eq(a.result, VERIFY_FAILED);
	clock_now.mono_ms += 2 * VERIFY_LIMIT_MS;
	ck_assert_int_eq(verify(FAST, "secret"), VERIFY_YES);
}
END_TEST

/* Neither descriptors nor processes add up. */
START_TEST(test_many)
{
	struct asker a[3];
	int i, fds;

	verify_prepare(q);
	verify_prepare(q);
	fds = count_fds();
	for (i = 0; i < 50; i++) {
		ask(&a[0], FAST, "secret");
		ask(&a[1], FAST, "wrong");
		ask(&a[2], FAST, "secret");
		wait_for(&a[0]);
		wait_for(&a[1]);
		wait_for(&a[2]);
		ck_assert_int_eq(a[0].result, VERIFY_YES);
		ck_assert_int_eq(a[1].result, VERIFY_NO);
		ck_assert_int_eq(a[2].result, VERIFY_YES);
	}
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

/* The worker has no descriptor of ours. */
START_TEST(test_closes)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int count = 0;

	ck_assert_int_eq(verify(FAST, "secret"), VERIFY_YES);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd",
	    verify_worker_pid(q, 0));
	if ((dir = opendir(path)) == NULL)
		return; /* no such thing here */
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	ck_assert_int_eq(count, 3);
}
END_TEST

/* At the limit on descriptors. */
START_TEST(test_no_worker)
{
	struct rlimit before, none;
	struct asker a, b;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	verify_prepare(q);
	ask(&a, FAST, "secret");
	ask(&b, FAST, "secret");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	wait_for(&a);
	wait_for(&b);
	ck_assert_int_eq(a.result, VERIFY_FAILED);
	ck_assert_int_eq(b.result, VERIFY_FAILED);
	ck_assert_int_eq(verify(FAST, "secret"), VERIFY_YES);
}
END_TEST

static void
ask_again(struct asker *a)
{
	verify_cancel(a->other->v);
	a->other->v = NULL;
	a->on_answer = NULL;
	a->v = verify_start(q, FAST, "wrong", answered, a);
	ck_assert_ptr_nonnull(a->v);
}

START_TEST(test_within)
{
	struct asker a, other;

	ask(&a, FAST, "secret");
	ask(&other, SLOW, "secret");
	a.on_answer = ask_again;
	a.other = &other;
	while (a.calls < 2)
		turn();
	ck_assert_int_eq(a.result, VERIFY_NO);
	ck_assert_int_eq(other.calls, 0);
}
END_TEST

START_TEST(test_check_hash)
{
	static const char *const bad[] = {
		"",
		"*",
		"!",
		"secret",
		"abNANd1rDfiNc",
		"_J9..rasmBYk8r9AiWNc",
		"$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
		"$6$",
		"$6$saltsalt",
		"$6$rounds=1000$saltsalt",
		"$y$j75$saltsaltsaltsalt$",
		FAST "/",
		FAST "$",
		FAST ":",
		"$6$otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/LAV5VE5Y7w1d73x"
		"1mFNspYWUpazfmwv2SoepNXNK",
		"$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQs TIKG0aYkZ5rGOoOQhiIv"
		"oSWX2",
	};
	size_t i;
	char *cut;

	for (i = 0; i < NITEMS(hashes); i++) {
		ck_assert_ptr_null(verify_check_hash(hashes[i]));
		cut = xstrndup(hashes[i], strlen(hashes[i]) - 1);
		ck_assert_ptr_nonnull(verify_check_hash(cut));
		free(cut);
	}
	ck_assert_ptr_null(verify_check_hash(SLOW));
	for (i = 0; i < NITEMS(bad); i++)
		ck_assert_msg(verify_check_hash(bad[i]) != NULL, "%s", bad[i]);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "verify", setup, teardown);

	tcase_add_loop_test(tc, test_answers, 0, (int)NITEMS(hashes));
	tcase_add_test(tc, test_new);
	tcase_add_test(tc, test_scram);
	tcase_add_test(tc, test_bad_hash);
	tcase_add_test(tc, test_slow);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_cancel);
	tcase_add_test(tc, test_full);
	tcase_add_test(tc, test_killed);
	tcase_add_test(tc, test_stuck);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_within);
	tcase_add_test(tc, test_check_hash);
	tc = unit_case(s, "no-valgrind", setup, teardown);
	tcase_set_tags(tc, "no-valgrind");
	tcase_add_test(tc, test_no_worker);
	tcase_add_test(tc, test_closes); /* valgrind's own are there */
}
