/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The steps are ordered so that nothing is given up before success is certain:
 *
 *   a moment later   save, start a child      (nothing is on the stack)
 *   child has ended  wait for what cannot be handed over, block signals
 *   two turns later  save, verify, exec
 *
 * Signals stay blocked over execve(2): they wait in the kernel until the new
 * program has its handlers. One that came just before waits in libevent's pipe;
 * two turns of the loop handle it.
 *
 * The child is a process group of its own, so that all of it can be ended; the
 * first one, which may be any program, has a guard (upgrade-guard.c). Its output is
 * logged as the reason of a failure: the dynamic linker names a missing library
 * there, and a shell what it did not find.
 *
 * Decided against: sending the descriptors to a new process over a Unix socket.
 * Its process id would be another, of which systemd, a pid file and whoever
 * started us in the foreground would have to be told.
 */
#include "config.h"

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/stat.h>
#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memfile.h"
#include "handoff/upgrade-impl.h"
#include "handoff/upgrade.h"
#include "net/callback.h"
#include "net/conn.h"

#define UPGRADE_SAID_MAX 4096
#define UPGRADE_REASON_MAX 300
#define UPGRADE_READS_MAX 64

/* A child that nobody is left to end is ended by this alarm. */
#define UPGRADE_ALARM_S ((UPGRADE_LOOK_MS + 999) / 1000 + 1)

/* How often to check whether a child that closed its output has ended, or what
 * is under way. */
#define UPGRADE_REAP_MS 5

enum upgrade_step {
	UPGRADE_IDLE,
	UPGRADE_ASKED, /* phase 1 begins in a moment */
	UPGRADE_LOOKING, /* a child is at work */
	UPGRADE_WAITING, /* something has to end that is under way */
	UPGRADE_FIRST_TURN, /* signals are blocked, the loop goes on */
	UPGRADE_SECOND_TURN
};

struct upgrade {
	struct event_base *base;
	struct clock *clock;
	struct deadlines *deadlines;
	const struct upgrade_program *program;
	struct upgrade_owner owner;
	int64_t look_ms, verify_ms;

	enum upgrade_step step;
	struct event *soon;
	struct event *readable; /* NULL: nothing is read from the child */
	struct deadline deadline; /* when to check it, or give it up */
	int64_t end_ms;

	/* The state and the child that verifies it. */
	struct fields_out out;
	struct buf blob;
	int blob_fd; /* or -1 */
	pid_t child; /* or 0 */
	bool is_guarded; /* it is the guard of the program */
	int said_fd; /* or -1 */
	struct buf said;
};

static const int upgrade_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
	SIGUSR2 };

static void
upgrade_mask(int how)
{
	sigset_t set;
	size_t i;

	(void)sigemptyset(&set);
	for (i = 0; i < NITEMS(upgrade_signals); i++)
		(void)sigaddset(&set, upgrade_signals[i]);
	(void)sigprocmask(how, &set, NULL);
}

void
upgrade_unblock_signals(void)
{
	upgrade_mask(SIG_UNBLOCK);
}

/* The program */

static bool
upgrade_is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    access(path, X_OK) == 0;
}

/* An absolute path. Links are not followed, as they may be changed before an
 * upgrade. */
static char *
upgrade_absolute(const char *path)
{
	char dir[PATH_MAX];

	if (path[0] == '/')
		return xstrdup(path);
	if (getcwd(dir, sizeof(dir)) == NULL)
		return NULL;
	return xasprintf("%s/%s", dir, path);
}

char *
upgrade_resolve(const char *argv0)
{
	const char *path, *end;
	char *candidate, *found = NULL;

	if (strchr(argv0, '/') != NULL)
		return upgrade_absolute(argv0);
	path = getenv("PATH");
	for (; path != NULL && found == NULL; path = end + 1) {
		end = path + strcspn(path, ":");
		candidate = xasprintf("%.*s/%s",
		    end == path ? 1 : (int)(end - path),
		    end == path ? "." : path, argv0);
		if (upgrade_is_program(candidate))
			found = upgrade_absolute(candidate);
		free(candidate);
		if (*end == '\0')
			break;
	}
	if (found == NULL)
		errno = ENOENT;
	return found;
}

/* The state */

static void
upgrade_drop_state(struct upgrade *u)
{
	if (u->blob_fd != -1) {
		memfile_wipe(u->blob_fd);
		(void)close(u->blob_fd);
	}
	buf_wipe(&u->out.data);
	buf_wipe(&u->blob);
	fields_out_fini(&u->out);
	buf_fini(&u->blob);
	u->blob_fd = -1;
}

/* Saves the state. Returns -1 with *error. */
static int
upgrade_save(struct upgrade *u, char **error)
{
	upgrade_drop_state(u);
	if (u->owner.save(&u->out, error, u->owner.arg) == -1)
		return -1;
	handoff_seal(&u->out, &u->blob);
	u->blob_fd = memfile_open("brbd-state");
	if (u->blob_fd == -1 ||
	    write_at(u->blob_fd, u->blob.data, u->blob.len, 0) == -1) {
		*error = xasprintf("cannot write the state: %s",
		    strerror(errno));
		return -1;
	}
	return 0;
}

/*
 * flag 0 leaves the state and its descriptors open when a program is executed.
 */
static void
upgrade_set_close_on_exec(const struct upgrade *u, int flag)
{
	size_t i;

	for (i = 0; i < u->out.fd_count; i++)
		(void)fcntl(u->out.fds[i], F_SETFD, flag);
	(void)fcntl(u->blob_fd, F_SETFD, flag);
}

/* Executes the program. Returns only on failure, with errno. */
static void
upgrade_exec(const struct upgrade *u, enum handoff_purpose purpose)
{
	const struct upgrade_program *p = u->program;
	char *order;

	order = xasprintf("%d,%s%s%s", u->blob_fd, upgrade_purposes[purpose],
	    p->file == NULL ? "" : ",", p->file == NULL ? "" : p->file);
	if (setenv(UPGRADE_VARIABLE, order, 1) == 0)
		(void)execv(p->path, p->argv);
	free(order);
}

/* The child */

static _Noreturn void
upgrade_run_child(const struct upgrade *u, enum handoff_purpose purpose,
    int out, pid_t parent)
{
	int in = open("/dev/null", O_RDONLY);

	(void)setpgid(0, 0);
	if (u->is_guarded) {
		upgrade_guard(u->out.fds, u->out.fd_count, out);
		parent = getppid();
	}
	upgrade_unblock_signals();
#ifdef PR_SET_PDEATHSIG
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
#endif
	(void)alarm(UPGRADE_ALARM_S);
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(out, STDERR_FILENO);
	/* For the last step this was done before. */
	if (purpose == HANDOFF_LOOK)
		upgrade_set_close_on_exec(u, 0);
	upgrade_exec(u, purpose);
	(void)dprintf(STDERR_FILENO, "cannot execute it: %s\n",
	    strerror(errno));
	_exit(127);
}

/* Returns -1 with *error. */
static int
upgrade_start_child(struct upgrade *u, enum handoff_purpose purpose,
    char **error)
{
	pid_t parent = getpid();
	int fds[2];

	assert(u->child == 0 && u->said_fd == -1);
	buf_reset(&u->said);
	if (pipe(fds) == -1) {
		*error = xasprintf("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	u->is_guarded = purpose == HANDOFF_LOOK;
	u->child = fork();
	if (u->child == 0) {
		(void)close(fds[0]);
		upgrade_run_child(u, purpose, fds[1], parent);
	}
	(void)close(fds[1]);
	if (u->child == -1) {
		*error = xasprintf("cannot fork: %s", strerror(errno));
		u->child = 0;
		(void)close(fds[0]);
		return -1;
	}
	/* Parent and child both do this, whichever comes first. */
	(void)setpgid(u->child, u->child);
	u->said_fd = fds[0];
	return 0;
}

static void
upgrade_close_said(struct upgrade *u)
{
	if (u->readable != NULL)
		event_free(u->readable);
	u->readable = NULL;
	if (u->said_fd != -1)
		(void)close(u->said_fd);
	u->said_fd = -1;
}

static void
upgrade_kill_child(struct upgrade *u)
{
	if (u->child != 0) {
		/* A guard ends as nobody listens to it. */
		if (u->is_guarded)
			upgrade_close_said(u);
		else {
			(void)kill(-u->child, SIGKILL);
			(void)kill(u->child, SIGKILL);
		}
		while (waitpid(u->child, NULL, 0) == -1 && errno == EINTR)
			continue;
		u->child = 0;
	}
	upgrade_close_said(u);
}

/* Reads the child's output, a bounded amount in one go. False at its end. */
static bool
upgrade_listen(struct upgrade *u)
{
	char chunk[1024];
	size_t keep;
	ssize_t n;
	int i;

	for (i = 0; i < UPGRADE_READS_MAX; i++) {
		n = read(u->said_fd, chunk, sizeof(chunk));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		keep = UPGRADE_SAID_MAX - u->said.len;
		buf_add(&u->said, chunk, (size_t)n < keep ? (size_t)n : keep);
	}
	return true;
}

/* The first line of the child's output that is more than decoration. */
static char *
upgrade_reason(struct upgrade *u)
{
	const char *line = buf_cstr(&u->said);
	size_t len, i;

	for (; *line != '\0'; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		for (i = 0; i < len; i++)
			if ((line[i] >= 'a' && line[i] <= 'z') ||
			    (line[i] >= 'A' && line[i] <= 'Z'))
				return xstrndup(line,
				    len < UPGRADE_REASON_MAX ?
					len :
					UPGRADE_REASON_MAX);
	}
	return NULL;
}

/* NULL if the child ended well and verified the state; else why not. The caller
 * frees it. */
static char *
upgrade_judge(struct upgrade *u, int status)
{
	char confirmation[UPGRADE_CONFIRM_SIZE];
	char *reason, *error;

	upgrade_confirmation(confirmation, u->blob.data);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    strstr(buf_cstr(&u->said), confirmation) != NULL)
		return NULL;
	reason = upgrade_reason(u);
	if (WIFSIGNALED(status))
		error = xasprintf("the new program was ended by signal %d%s%s",
		    WTERMSIG(status), reason == NULL ? "" : ": ",
		    reason == NULL ? "" : reason);
	else if (WEXITSTATUS(status) == 0)
		error = xstrdup("the new program knows nothing of upgrades");
	else
		error = xasprintf("the new program ended with status %d%s%s",
		    WEXITSTATUS(status), reason == NULL ? "" : ": ",
		    reason == NULL ? "" : reason);
	free(reason);
	return error;
}

static char *
upgrade_late(int64_t after_ms)
{
	return xasprintf("the new program has not verified it in %lld ms",
	    (long long)after_ms);
}

/* Has the child ended? If so, *status is how. */
static bool
upgrade_reap(struct upgrade *u, int *status)
{
	pid_t pid;

	do {
		pid = waitpid(u->child, status, WNOHANG);
	} while (pid == -1 && errno == EINTR);
	if (pid == 0)
		return false;
	if (pid == -1)
		*status = 0xff00; /* somebody else waited for it */
	/* Ends what it may have left behind, too. */
	(void)kill(-u->child, SIGKILL);
	u->child = 0;
	return true;
}

static int64_t
upgrade_now_ms(void)
{
	struct clock now = { 0 };

	clock_update(&now);
	return now.mono_ms;
}

/* Starts a child and waits for it. Returns NULL, or what is wrong. */
static char *
upgrade_verify(struct upgrade *u)
{
	int64_t end_ms = upgrade_now_ms() + u->verify_ms, left_ms;
	struct pollfd pfd;
	char *error = NULL;
	bool is_talking = true;
	int status;

	if (upgrade_start_child(u, HANDOFF_VERIFY, &error) == -1)
		return error;
	for (;;) {
		left_ms = end_ms - upgrade_now_ms();
		if (left_ms <= 0) {
			upgrade_kill_child(u);
			return upgrade_late(u->verify_ms);
		}
		pfd.fd = is_talking ? u->said_fd : -1;
		pfd.events = POLLIN;
		(void)poll(&pfd, 1, is_talking ? (int)left_ms : 1);
		if (is_talking)
			is_talking = upgrade_listen(u);
		if (!is_talking && upgrade_reap(u, &status))
			break;
	}
	upgrade_close_said(u);
	return upgrade_judge(u, status);
}

/* Steps */

static void
upgrade_rest(struct upgrade *u)
{
	if (u->step >= UPGRADE_FIRST_TURN)
		upgrade_mask(SIG_UNBLOCK);
	u->step = UPGRADE_IDLE;
	(void)event_del(u->soon);
	deadline_clear(u->deadlines, &u->deadline);
	upgrade_kill_child(u);
	upgrade_drop_state(u);
	buf_fini(&u->said);
}

/* Ends the upgrade as failed. Frees error. */
static void
upgrade_fail(struct upgrade *u, const char *step, char *error)
{
	log_error("the upgrade failed, and nothing has changed: step=%s "
		  "program=\"%s\" why=\"%s\"",
	    step, u->program->path == NULL ? "" : u->program->path, error);
	upgrade_rest(u);
	u->owner.done(error, u->owner.arg);
	free(error);
}

static void
upgrade_soon(struct upgrade *u, enum upgrade_step step)
{
	static const struct timeval at_once = { 0, 0 };

	u->step = step;
	(void)event_add(u->soon, &at_once);
}

/* The child has found nothing. */
static void
upgrade_wait(struct upgrade *u)
{
	int64_t now_ms = u->clock->mono_ms;

	if (u->step != UPGRADE_WAITING)
		u->end_ms = now_ms + UPGRADE_WAIT_MS;
	u->step = UPGRADE_WAITING;
	if (u->owner.is_ready != NULL && !u->owner.is_ready(u->owner.arg) &&
	    now_ms < u->end_ms) {
		deadline_set(u->deadlines, &u->deadline,
		    now_ms + UPGRADE_REAP_MS);
		return;
	}
	deadline_clear(u->deadlines, &u->deadline);
	upgrade_mask(SIG_BLOCK);
	upgrade_soon(u, UPGRADE_FIRST_TURN);
}

/*
 * Called when the child closed its output, or when it is time to check again.
 */
static void
upgrade_look_on(struct upgrade *u)
{
	int64_t now_ms = u->clock->mono_ms;
	int status;
	char *error;

	if (u->readable == NULL && upgrade_reap(u, &status)) {
		deadline_clear(u->deadlines, &u->deadline);
		upgrade_close_said(u);
		error = upgrade_judge(u, status);
		if (error != NULL) {
			upgrade_fail(u, "look", error);
			return;
		}
		upgrade_drop_state(u);
		upgrade_wait(u);
	} else if (now_ms >= u->end_ms) {
		upgrade_fail(u, "look", upgrade_late(u->look_ms));
	} else {
		deadline_set(u->deadlines, &u->deadline,
		    u->readable != NULL ? u->end_ms : now_ms + UPGRADE_REAP_MS);
	}
}

static void
upgrade_deadline_cb(void *arg)
{
	struct upgrade *u = arg;

	if (u->step == UPGRADE_WAITING)
		upgrade_wait(u);
	else
		upgrade_look_on(u);
}

static void
upgrade_readable(struct upgrade *u)
{
	if (upgrade_listen(u))
		return;
	event_free(u->readable);
	u->readable = NULL;
	upgrade_look_on(u);
}

CALLBACK(upgrade_readable, struct upgrade, owner->clock)

static void
upgrade_look(struct upgrade *u)
{
	char *error = NULL;

	if (u->program->path == NULL) {
		upgrade_fail(u, "look",
		    xstrdup("where the program is, is not known"));
		return;
	}
	if (upgrade_save(u, &error) == -1) {
		upgrade_fail(u, "save", error);
		return;
	}
	if (upgrade_start_child(u, HANDOFF_LOOK, &error) == -1) {
		upgrade_fail(u, "look", error);
		return;
	}
	u->step = UPGRADE_LOOKING;
	u->readable = event_new(u->base, u->said_fd, EV_READ | EV_PERSIST,
	    upgrade_readable_cb, u);
	if (u->readable == NULL ||
	    event_priority_set(u->readable, NET_PRIORITY_INPUT) == -1 ||
	    event_add(u->readable, NULL) == -1) {
		upgrade_fail(u, "look", xstrdup("libevent has no memory"));
		return;
	}
	u->end_ms = u->clock->mono_ms + u->look_ms;
	deadline_set(u->deadlines, &u->deadline, u->end_ms);
}

static void
upgrade_take(struct upgrade *u)
{
	char *error = NULL;

	if (upgrade_save(u, &error) == -1) {
		upgrade_fail(u, "save", error);
		return;
	}
	upgrade_set_close_on_exec(u, 0);
	error = upgrade_verify(u);
	if (error != NULL) {
		upgrade_set_close_on_exec(u, FD_CLOEXEC);
		upgrade_fail(u, "verify", error);
		return;
	}
	u->owner.done(NULL, u->owner.arg);
	u->owner.begin(u->owner.arg);
	upgrade_exec(u, HANDOFF_TAKE);
	error = xasprintf("cannot execute it: %s", strerror(errno));
	(void)unsetenv(UPGRADE_VARIABLE);
	upgrade_set_close_on_exec(u, FD_CLOEXEC);
	u->owner.cancel(u->owner.arg);
	upgrade_fail(u, "take", error);
}

static void
upgrade_go_on(struct upgrade *u)
{
	switch (u->step) {
	case UPGRADE_ASKED:
		upgrade_look(u);
		break;
	case UPGRADE_FIRST_TURN:
		upgrade_soon(u, UPGRADE_SECOND_TURN);
		break;
	case UPGRADE_SECOND_TURN:
		upgrade_take(u);
		break;
	case UPGRADE_IDLE:
	case UPGRADE_LOOKING:
	case UPGRADE_WAITING:
		break;
	}
}

CALLBACK(upgrade_go_on, struct upgrade, owner->clock)

struct upgrade *
upgrade_new(struct event_base *base, struct clock *clock,
    struct deadlines *deadlines, const struct upgrade_program *program,
    const struct upgrade_owner *owner)
{
	struct upgrade *u = xcalloc(1, sizeof(*u));

	u->base = base;
	u->clock = clock;
	u->out.use = FIELDS_HANDOFF;
	u->deadlines = deadlines;
	u->program = program;
	u->owner = *owner;
	u->look_ms = UPGRADE_LOOK_MS;
	u->verify_ms = UPGRADE_VERIFY_MS;
	u->blob_fd = u->said_fd = -1;
	deadline_init(&u->deadline, upgrade_deadline_cb, u);
	u->soon = event_new(base, -1, 0, upgrade_go_on_cb, u);
	if (u->soon == NULL) {
		free(u);
		return NULL;
	}
	(void)event_priority_set(u->soon, NET_PRIORITY_INPUT);
	return u;
}

void
upgrade_set_timeouts(struct upgrade *u, int64_t look_ms, int64_t verify_ms)
{
	u->look_ms = look_ms;
	u->verify_ms = verify_ms;
}

void
upgrade_cancel(struct upgrade *u)
{
	if (u->step != UPGRADE_IDLE)
		upgrade_rest(u);
}

void
upgrade_free(struct upgrade *u)
{
	if (u == NULL)
		return;
	upgrade_cancel(u);
	event_free(u->soon);
	buf_fini(&u->said);
	free(u);
}

bool
upgrade_start(struct upgrade *u)
{
	if (u->step != UPGRADE_IDLE)
		return false;
	upgrade_soon(u, UPGRADE_ASKED);
	return true;
}
