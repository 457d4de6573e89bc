/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The guard stands between the server and a new program that it has a look at,
 * which has all listeners and rings: left over after a crash of the server, it
 * would keep the next one from starting. The guard ends the program, and all
 * that this has started, when nobody listens to it any more, as the server has
 * ended or given it up; and when the program has ended, what it leaves behind.
 *
 * Until all of them have ended, the guard has the lock of the state's directory,
 * for which a new server waits.
 *
 * Decided against: the signal that the kernel sends to the children of a process
 * that ends. Their children get none, and a shell's script has some.
 */
#include "config.h"

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "handoff/upgrade-impl.h"

/* A program that has made itself independent is not waited for longer. */
#define GUARD_ORPHANS_MS 1000
#define GUARD_PAUSE_MS 5

static void
guard_signal_cb(int number)
{
	(void)number; /* it ends ppoll() */
}

/* SIGCHLD is handled, and comes in ppoll() alone, with that mask. */
static void
guard_prepare(sigset_t *mask)
{
	struct sigaction sa = { .sa_handler = guard_signal_cb };
	sigset_t child;

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGCHLD, &sa, NULL);
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, mask);
	(void)sigdelset(mask, SIGCHLD);
#ifdef PR_SET_CHILD_SUBREAPER
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

/* Waits for the program, and ends it if nobody listens to out. Returns its
 * status. */
static int
guard_wait(pid_t program, int out, const sigset_t *mask)
{
	struct pollfd pfd = { .fd = out };
	pid_t pid;
	int status = 0;

	while ((pid = waitpid(program, &status, WNOHANG)) == 0)
		if (ppoll(&pfd, 1, NULL, mask) == 1) {
			(void)kill(-program, SIGKILL);
			pfd.fd = -1;
		}
	return pid == program ? status : 0;
}

/* Ends what the program has left behind, and waits for that. */
static void
guard_end_rest(pid_t program)
{
	const struct timespec pause = { .tv_nsec = GUARD_PAUSE_MS * 1000000 };
	int waited_ms;

	(void)kill(-program, SIGKILL);
	for (waited_ms = 0; waited_ms < GUARD_ORPHANS_MS;
	     waited_ms += GUARD_PAUSE_MS) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (waitpid(-1, NULL, WNOHANG) == -1)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

/* Ends as the program did. */
static _Noreturn void
guard_end(int status)
{
	const struct rlimit no_core = { 0, 0 };

	if (WIFSIGNALED(status)) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

void
upgrade_guard(const int *fds, size_t count, int out)
{
	sigset_t mask;
	pid_t program;
	int status;

	guard_prepare(&mask);
	program = fork();
	(void)setpgid(program == -1 ? 0 : program, 0);
	if (program == 0) {
		(void)signal(SIGCHLD, SIG_DFL);
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
		return;
	}
	if (program == -1) {
		(void)dprintf(out, "cannot fork: %s\n", strerror(errno));
		_exit(127);
	}
	while (count > 0)
		(void)close(fds[--count]);
	status = guard_wait(program, out, &mask);
	guard_end_rest(program);
	guard_end(status);
}
