/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What was appended survives the end of the process at any instant (hostile
 * 61). One test kills a process that appends at full speed; another stops it
 * after each single instruction and looks at what a next start would find.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/ptrace.h>
#endif

#include <check.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"
#include "ring.h"
#include "unit.h"

#define SIZE 4096
#define KILLS 300
#define CRASH_SECONDS 5

/* What the child has done, for the parent. */
struct progress {
	_Atomic uint64_t next; /* all numbers before have been appended */
	_Atomic uint64_t next_after; /* and so after what goes on now */
	_Atomic uint64_t first;
	_Atomic uint64_t first_after; /* the append that goes on drops these */
};

static struct progress *progress;
static struct ring_dir dir;
static struct timespec started;

static void
setup(void)
{
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(progress != MAP_FAILED);
	ring_dir_init(&dir);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &started), 0);
}

static void
teardown(void)
{
	ring_dir_fini(&dir);
	munmap(progress, sizeof(*progress));
}

static bool
is_time_over(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return now.tv_sec - started.tv_sec > CRASH_SECONDS;
}

START_TEST(test_killed)
{
	struct history h;
	uint64_t target;
	volatile unsigned spin;
	pid_t pid;
	int i, status;

	for (i = 0; i < KILLS && !is_time_over(); i++) {
		(void)ring_open(&h, &dir, SIZE);
		atomic_store(&progress->next, h.next_number);
		target = h.next_number + ring_random(2000);
		fflush(NULL);
		pid = fork();
		ck_assert_int_ne(pid, -1);
		if (pid == 0)
			for (;;) {
				(void)ring_append(&h);
				atomic_store(&progress->next, h.next_number);
			}
		while (atomic_load(&progress->next) < target)
			;
		for (spin = ring_random(5000); spin > 0; spin--)
			;
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		/* Ours too: the lock goes with the last of the two. */
		history_fini(&h);

		ck_assert_int_eq(ring_open(&h, &dir, SIZE), HISTORY_KILLED);
		ck_assert_uint_ge(h.next_number, atomic_load(&progress->next));
		ck_assert_uint_le(h.next_number,
		    atomic_load(&progress->next) + 1);
		/* A ring of 4 KiB is full of messages of 64 bytes at most. */
		ck_assert_uint_ge(ring_verify(&h, NULL), 20);
		history_fini(&h);
	}
	(void)fprintf(stderr, "killed %d times\n", i);
	ck_assert_int_gt(i, 10);
	ck_assert_int_eq(ring_dir_count(&dir, ""), 1);
}
END_TEST

#ifdef __linux__

/*
 * What a start would find in a ring whose process ends now. It works on a copy,
 * since the child goes on.
 */
static void
step_verify(const struct history *shared)
{
	uint64_t a = atomic_load(&progress->next);
	uint64_t b = atomic_load(&progress->next_after);
	size_t len = HISTORY_HEADER_SIZE + shared->size;
	char *copy = xmalloc(len);
	struct history h;

	memcpy(copy, shared->header, len);
	history_attach(&h, copy, shared->size, -1);
	QUICK_ASSERT(history_walk(&h));
	QUICK_ASSERT(ring_verify(&h, NULL) > 0 ||
	    h.first_number == h.next_number);
	QUICK_ASSERT(h.next_number >= (a < b ? a : b));
	QUICK_ASSERT(h.next_number <= (a < b ? b : a));
	QUICK_ASSERT(h.first_number >= atomic_load(&progress->first));
	QUICK_ASSERT(h.first_number <= atomic_load(&progress->first_after));
	history_fini(&h);
}

/* Appends, or sometimes cuts the newest off: by the count of what was done. */
static void
step_act(struct history *h, unsigned count)
{
	struct history_cursor c = history_back(h, count % 5);

	if (count % 4 != 3)
		(void)ring_append(h);
	else
		history_cut(h, &c);
}

/*
 * The child appends or cuts, and says before each what it will drop: a rehearsal in a
 * ring of its own tells.
 */
static void
step_child(struct history *h)
{
	struct history rehearsal;
	unsigned count;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
		_exit(77);
	for (count = 0;; count++) {
		history_init(&rehearsal, h->size);
		memcpy(rehearsal.header, h->header,
		    HISTORY_HEADER_SIZE + h->size);
		(void)history_walk(&rehearsal);
		step_act(&rehearsal, count);
		atomic_store(&progress->first_after, rehearsal.first_number);
		atomic_store(&progress->next_after, rehearsal.next_number);
		history_fini(&rehearsal);

		(void)raise(SIGSTOP);
		step_act(h, count);
		(void)raise(SIGSTOP);
		atomic_store(&progress->next, h->next_number);
		atomic_store(&progress->first, h->first_number);
	}
}

/*
 * Lets the child run up to its next stop: in single steps, verifying the ring
 * after each that has changed it, or at full speed. Returns the steps; 0: it
 * cannot be traced, or takes too long.
 */
static long
step_run(pid_t pid, const struct history *shared, bool is_single)
{
	static char last[HISTORY_HEADER_SIZE + SIZE];
	size_t len = HISTORY_HEADER_SIZE + shared->size;
	long steps = 0;
	int status;

	for (;;) {
		if (ptrace(is_single ? PTRACE_SINGLESTEP : PTRACE_CONT, pid,
			NULL, NULL) == -1)
			return 0;
		QUICK_ASSERT(waitpid(pid, &status, 0) == pid);
		QUICK_ASSERT(WIFSTOPPED(status));
		steps++;
		if (WSTOPSIG(status) == SIGSTOP)
			return steps;
		QUICK_ASSERT(WSTOPSIG(status) == SIGTRAP);
		if (steps % 1024 == 0 && is_time_over())
			return 0;
		if (memcmp(last, shared->header, len) != 0) {
			memcpy(last, shared->header, len);
			step_verify(shared);
		}
	}
}

START_TEST(test_every_instruction)
{
	struct history h;
	long steps = 0, n;
	pid_t pid;
	int status, appends;

	(void)ring_open(&h, &dir, 512);
	while (h.tail_pos < 600)
		(void)ring_append(&h);
	atomic_store(&progress->next, h.next_number);
	atomic_store(&progress->first, h.first_number);
	fflush(NULL);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		step_child(&h);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	for (appends = 0; WIFSTOPPED(status) && appends < 40; appends++) {
		n = step_run(pid, &h, true);
		if (n == 0 || is_time_over() || step_run(pid, &h, false) == 0)
			break;
		steps += n;
	}
	(void)fprintf(stderr, "%d appends in %ld steps\n", appends, steps);
	/* Where tracing is not allowed, the other test has to do. */
	if (!WIFEXITED(status)) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		ck_assert_int_ge(steps, appends * 50);
	}
	history_fini(&h);
}
END_TEST

#endif

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "history_crash", setup, teardown);

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_killed);
#ifdef __linux__
	/* It would step through valgrind. */
	tc = unit_case(s, "every_instruction", setup, teardown);
	tcase_set_tags(tc, "no-valgrind");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_every_instruction);
#endif
}
