/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Starting, watching and ending the program under test. Its stderr is a pipe to
 * us rather than a file: a line in it, and its end, are events to wait for.
 * Nobody sleeps and looks again: the end of a process is waited for by
 * SIGCHLD, which stays blocked and is taken with sigtimedwait(2).
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon.h"

void
daemon_init(struct daemon *d)
{
	*d = (struct daemon){ .log_fd = -1, .notify_fd = -1 };
}

void
daemon_fini(struct daemon *d)
{
	if (d->pid > 0) {
		kill(d->pid, SIGKILL);
		while (waitpid(d->pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	}
	if (d->log_fd != -1)
		close(d->log_fd);
	if (d->notify_fd != -1)
		close(d->notify_fd);
	buf_fini(&d->log);
	buf_fini(&d->notified);
	free(d->unix_path);
	daemon_init(d);
}

static int
daemon_open_notify(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * The time zone in which it is now noon or a little later: no test runs across
 * midnight, where a replay would show the date.
 */
static void
daemon_set_noon(void)
{
	time_t now = time(NULL);
	struct tm utc;
	char zone[16];

	gmtime_r(&now, &utc);
	snprintf(zone, sizeof(zone), "NOON%d", utc.tm_hour - 12);
	setenv("TZ", zone, 1);
}

static void
daemon_setenv(const char *assignment)
{
	char *name = xstrndup(assignment, strcspn(assignment, "="));
	const char *value = strchr(assignment, '=');
	char pid[16];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	value = value == NULL ? "" : value + 1;
	setenv(name, strcmp(value, "$$") == 0 ? pid : value, 1);
	free(name);
}

/* As systemd does it; dup2() leaves out close-on-exec. */
static void
daemon_hand_down(const struct daemon_setup *setup)
{
	char count[16];

	if (setup->fd_count == 0)
		return;
	for (size_t i = 0; i < setup->fd_count; i++)
		dup2(setup->fds[i], STDERR_FILENO + 1 + (int)i);
	snprintf(count, sizeof(count), "%zu", setup->fd_count);
	setenv("LISTEN_FDS", count, 1);
	daemon_setenv("LISTEN_PID=$$");
	if (setup->fd_names != NULL)
		setenv("LISTEN_FDNAMES", setup->fd_names, 1);
}

/* In the new process: everything up to the program itself. */
static _Noreturn void
daemon_exec(char *const argv[], const struct daemon_setup *setup, pid_t parent,
    int out)
{
	static const char *const unwanted[] = { "JOURNAL_STREAM", "LISTEN_FDS",
		"LISTEN_FDNAMES", "LISTEN_PID", "WATCHDOG_PID", "WATCHDOG_USEC",
		NULL };
	struct rlimit limit = { setup->nofile, setup->nofile };
	sigset_t none;
	int in;

#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	for (size_t i = 0; unwanted[i] != NULL; i++)
		unsetenv(unwanted[i]);
	setenv("LC_ALL", "C", 1);
	daemon_set_noon();
	if (setup->notify_path != NULL)
		setenv("NOTIFY_SOCKET", setup->notify_path, 1);
	else
		unsetenv("NOTIFY_SOCKET");
	daemon_hand_down(setup);
	for (size_t i = 0;
	     setup->environment != NULL && setup->environment[i] != NULL; i++)
		daemon_setenv(setup->environment[i]);
	if (setup->nofile == 0 || setrlimit(RLIMIT_NOFILE, &limit) == 0)
		execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "cannot run '%s': %s\n", argv[0],
	    strerror(errno));
	_exit(127);
}

int
daemon_start(struct daemon *d, char *const argv[],
    const struct daemon_setup *setup)
{
	pid_t self = getpid();
	sigset_t child;
	int pipe_fds[2];

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if (setup->notify_path != NULL) {
		d->notify_fd = daemon_open_notify(setup->notify_path);
		if (d->notify_fd == -1)
			return -1;
	}
	if (pipe2(pipe_fds, O_CLOEXEC) == -1)
		return -1;
	d->log_fd = pipe_fds[0];
	fcntl(d->log_fd, F_SETFL, O_NONBLOCK);
	d->pid = fork();
	if (d->pid == 0)
		daemon_exec(argv, setup, self, pipe_fds[1]);
	close(pipe_fds[1]);
	if (d->pid == -1) {
		d->pid = 0;
		return -1;
	}
	return 0;
}

static void
daemon_parse_line(struct daemon *d, const char *line)
{
	static const char mark[] = "listening on ";
	const char *where = strstr(line, mark), *colon;
	char *name;

	if (where == NULL || strstr(line, "no longer listening") != NULL)
		return;
	where += strlen(mark);
	name = xstrndup(where, strcspn(where, " \t"));
	colon = strrchr(name, ':');
	if (strncmp(name, "unix:", 5) == 0) {
		free(d->unix_path);
		d->unix_path = xstrdup(name + 5);
	} else if (colon != NULL && name[0] == '[') {
		d->port_ipv6 = (unsigned)strtoul(colon + 1, NULL, 10);
	} else if (colon != NULL && d->has_second && d->port_ipv4 != 0) {
		d->port_second = (unsigned)strtoul(colon + 1, NULL, 10);
	} else if (colon != NULL) {
		d->port_ipv4 = (unsigned)strtoul(colon + 1, NULL, 10);
	}
	free(name);
}

static void
daemon_parse_log(struct daemon *d)
{
	const char *log = buf_cstr(&d->log);

	for (;;) {
		const char *line = log + d->log_parsed;
		const char *end = strchr(line, '\n');
		char *copy;

		if (end == NULL)
			break;
		copy = xstrndup(line, (size_t)(end - line));
		daemon_parse_line(d, copy);
		free(copy);
		d->log_parsed = (size_t)(end + 1 - log);
	}
}

void
daemon_read_log(struct daemon *d)
{
	ssize_t n;

	if (d->log_fd == -1)
		return;
	do {
		char chunk[4096];

		n = read(d->log_fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(&d->log, chunk, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == 0 || errno != EAGAIN) {
		close(d->log_fd);
		d->log_fd = -1;
	}
	daemon_parse_log(d);
}

void
daemon_read_notify(struct daemon *d)
{
	char state[1024];
	ssize_t n;

	while ((n = recv(d->notify_fd, state, sizeof(state) - 1, 0)) > 0) {
		state[n] = '\0';
		if (strncmp(state, "READY=1", 7) == 0 ||
		    strstr(state, "\nREADY=1") != NULL)
			d->is_ready = true;
		buf_add(&d->notified, state, (size_t)n);
		buf_addch(&d->notified, '\n');
	}
}

void
daemon_adopt_detached(void)
{
#ifdef PR_SET_CHILD_SUBREAPER
	prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

int
daemon_reap(struct daemon *d, int64_t timeout_ms)
{
	struct timespec limit = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000 };
	sigset_t child;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	/* A SIGCHLD may be an old one, of another process: then look again. */
	while ((pid = waitpid(d->pid, &d->status, WNOHANG)) != d->pid) {
		if (pid == -1 && errno != EINTR)
			return -1;
		if (sigtimedwait(&child, NULL, &limit) == -1 && errno != EINTR)
			return -1;
	}
	d->pid = 0;
	d->has_ended = true;
	return 0;
}

void
daemon_add_status(const struct daemon *d, struct buf *out)
{
	if (!d->has_ended)
		buf_addstr(out, "still running");
	else if (WIFSIGNALED(d->status))
		buf_addf(out, "signal %d (%s)", WTERMSIG(d->status),
		    strsignal(WTERMSIG(d->status)));
	else
		buf_addf(out, "exit status %d", WEXITSTATUS(d->status));
}

const char *
daemon_find_report(struct daemon *d)
{
	static const char *const marks[] = {
		"Sanitizer:", "runtime error:", "Assertion `", "definitely lost"
	};
	const char *log = buf_cstr(&d->log);

	for (size_t i = 0; i < NITEMS(marks); i++) {
		const char *found = strstr(log, marks[i]);

		if (found != NULL)
			return found;
	}
	return NULL;
}

const char *
daemon_end(struct daemon *d, int signal, int64_t timeout_ms)
{
	if (kill(d->pid, signal) == -1)
		return "it is not there";
	if (daemon_reap(d, timeout_ms) == -1)
		return "it does not end";
	daemon_read_log(d);
	return daemon_find_report(d);
}

unsigned
daemon_count_logged(struct daemon *d, const char *text)
{
	const char *at = buf_cstr(&d->log);
	unsigned count = 0;

	for (; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}
