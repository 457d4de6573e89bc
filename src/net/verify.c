/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A worker is forked early, while the server is small, and forks a child for
 * each request (verify-worker.c):
 *
 *   server --- socket --- worker ------ child: crypt(3), and gone
 *          --- socket --- worker
 *
 * Decided against, for what it costs the loop, measured with 100 MB of small
 * pieces in memory and 20,000 descriptors:
 *
 * - fork() for each request: 3 to 5 ms, whenever a stranger likes, and then 3
 *   to 4 microseconds for each page that the server writes to while the child
 *   lives, 90 ms for all of them. A worker forked then would keep a second copy
 *   of that memory; one forked early keeps that of an empty server.
 * - posix_spawn(3) of a helper takes no such time, but an upgrade replaces the
 *   helper's file while the old program runs on, or it is missing.
 * - A thread cannot be ended, and whatever breaks in crypt(3), or with an
 *   administrator's hash of some gigabytes, would break the server.
 *
 * There are two workers, so that one slow check does not hold up the next; more
 * would only let strangers keep more cores and memory busy.
 *
 * A worker's status is asked for by its process id, never for any child: others
 * are upgrade.c's. A worker that was told to end may take a moment, for which
 * the loop does not wait.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/callback.h"
#include "net/conn.h"
#include "net/verify-impl.h"
#include "net/verify.h"

/* A worker that has not answered so long after the limit is stuck. */
#define VERIFY_GRACE_MS 2000

/* The interval of checks whether a worker has ended. */
#define VERIFY_REAP_MS 5

TAILQ_HEAD(verify_list, verify);

struct verify_worker {
	struct verify_queue *q;
	pid_t pid; /* 0: none */
	int fd; /* -1: none, or told to end */
	struct event *readable;
	struct deadline
	    deadline; /* when it is stuck; or the next check for its end */
	struct verify *current; /* NULL: none, or canceled */
	bool is_busy;
};

struct verify {
	TAILQ_ENTRY(verify) entry;
	struct verify_queue *q;
	struct verify_list *list; /* the list it is in; NULL: a worker has it */
	struct verify_worker *worker;
	struct verify_request request; /* wiped once a worker has it */
	char hash[VERIFY_HASH_MAX + 1]; /* that was made */
	char scram[SCRAM_TEXT_MAX + 1]; /* the same */
	bool is_too_long; /* the password, so it is wrong in any case */
	enum verify_result result;
	void (*done)(enum verify_result result, void *arg);
	void *arg;
};

struct verify_queue {
	struct event_base *base;
	struct clock *clock;
	struct deadlines *deadlines;
	int64_t limit_ms;
	struct verify_worker workers[VERIFY_WORKERS];
	struct verify_list waiting;
	size_t waiting_count;
	uint64_t count; /* see verify_count() */
	struct verify_list ended; /* done() is due */
	struct deadline tell;
	char hash[VERIFY_HASH_MAX + 1]; /* see verify_hash() */
	char scram[SCRAM_TEXT_MAX + 1]; /* see verify_scram() */
	uint32_t scram_iterations;
	struct log_limit failed_log;
};

static void verify_pump(struct verify_queue *q);

/* One request */

static void
verify_free(struct verify *v)
{
	explicit_bzero(v, sizeof(*v));
	free(v);
}

static void
verify_leave(struct verify *v)
{
	if (v->list == &v->q->waiting)
		v->q->waiting_count--;
	if (v->list != NULL)
		TAILQ_REMOVE(v->list, v, entry);
	else
		v->worker->current = NULL;
}

/* Ends a request; its owner is told in a moment. */
static void
verify_end(struct verify *v, enum verify_result result)
{
	struct verify_queue *q = v->q;

	verify_leave(v);
	explicit_bzero(&v->request, sizeof(v->request));
	v->result = v->is_too_long && result == VERIFY_YES ? VERIFY_NO : result;
	v->hash[0] = v->scram[0] = '\0';
	v->list = &q->ended;
	TAILQ_INSERT_TAIL(&q->ended, v, entry);
	deadline_set(q->deadlines, &q->tell, q->clock->mono_ms);
}

static void
verify_tell_cb(void *arg)
{
	struct verify_queue *q = arg;
	struct verify *v = TAILQ_FIRST(&q->ended);

	if (v == NULL)
		return; /* canceled meanwhile */
	TAILQ_REMOVE(&q->ended, v, entry);
	if (!TAILQ_EMPTY(&q->ended))
		deadline_set(q->deadlines, &q->tell, q->clock->mono_ms);
	memcpy(q->hash, v->hash, sizeof(q->hash));
	memcpy(q->scram, v->scram, sizeof(q->scram));
	v->done(v->result, v->arg);
	explicit_bzero(q->hash, sizeof(q->hash));
	explicit_bzero(q->scram, sizeof(q->scram));
	verify_free(v);
}

static void
verify_log_failed(struct verify_queue *q, const char *why)
{
	log_limited(&q->failed_log, q->clock->mono_ms, LOG_LEVEL_ERROR,
	    "a password could not be checked: %s", why);
}

/* Workers */

/* Has it ended? False: it takes another moment. */
static bool
worker_reap(struct verify_worker *w, int flags)
{
	pid_t pid;

	do {
		pid = waitpid(w->pid, NULL, flags);
	} while (pid == -1 && errno == EINTR);
	if (pid == 0)
		return false;
	w->pid = 0;
	return true;
}

/* Ends a worker; what it was working on has failed. */
static void
worker_kill(struct verify_worker *w)
{
	deadline_clear(w->q->deadlines, &w->deadline);
	if (w->fd != -1) {
		/* Its child, too. */
		(void)kill(-w->pid, SIGKILL);
		(void)kill(w->pid, SIGKILL);
		if (w->readable != NULL)
			event_free(w->readable);
		(void)close(w->fd);
	}
	w->readable = NULL;
	w->fd = -1;
	w->is_busy = false;
	if (w->current != NULL)
		verify_end(w->current, VERIFY_FAILED);
}

static void
worker_give_up(struct verify_worker *w, const char *why)
{
	struct verify_queue *q = w->q;

	verify_log_failed(q, why);
	worker_kill(w);
	if (!worker_reap(w, WNOHANG))
		deadline_set(q->deadlines, &w->deadline,
		    q->clock->mono_ms + VERIFY_REAP_MS);
}

static void
worker_deadline_cb(void *arg)
{
	struct verify_worker *w = arg;
	struct verify_queue *q = w->q;

	if (w->fd != -1)
		worker_give_up(w, "a process is stuck");
	else if (!worker_reap(w, WNOHANG))
		deadline_set(q->deadlines, &w->deadline,
		    q->clock->mono_ms + VERIFY_REAP_MS);
	verify_pump(q);
}

static void
worker_answered(struct verify_worker *w, const struct verify_reply *reply)
{
	struct verify *v = w->current;
	struct verify_queue *q = w->q;
	enum verify_result result = VERIFY_FAILED;
	const char *why = NULL;

	switch ((enum verify_answer)reply->answer) {
	case VERIFY_ANSWER_YES:
		result = VERIFY_YES;
		break;
	case VERIFY_ANSWER_NO:
		result = VERIFY_NO;
		break;
	case VERIFY_ANSWER_UNKNOWN:
		why = "crypt(3) cannot compute such a hash";
		break;
	case VERIFY_ANSWER_LATE:
		why = "its hash takes too long to compute";
		break;
	case VERIFY_ANSWER_KILLED:
		why = "the process was ended";
		break;
	case VERIFY_ANSWER_NO_PROCESS:
		why = "no process could be made";
		break;
	}
	if (why != NULL)
		verify_log_failed(q, why);
	w->is_busy = false;
	deadline_clear(q->deadlines, &w->deadline);
	if (v == NULL)
		return;
	verify_end(v, result);
	if (v->result != VERIFY_YES)
		return;
	memcpy(v->hash, reply->hash, sizeof(v->hash) - 1);
	memcpy(v->scram, reply->scram, sizeof(v->scram) - 1);
}

static void
worker_readable(struct verify_worker *w)
{
	struct verify_queue *q = w->q;
	struct verify_reply reply;
	ssize_t n;

	/* It is written in one go, and small. */
	n = read(w->fd, &reply, sizeof(reply));
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n == (ssize_t)sizeof(reply) && w->is_busy)
		worker_answered(w, &reply);
	else
		worker_give_up(w, "a process has ended");
	explicit_bzero(&reply, sizeof(reply));
	verify_pump(q);
}

CALLBACK(worker_readable, struct verify_worker, owner->q->clock)

/* Returns -1 with errno. */
static int
worker_fork(struct verify_worker *w)
{
	sigset_t all, before;
	int fds[2], saved;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return -1;
	(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	/*
	 * Blocked, since libevent's handlers would report to the server's loop.
	 */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	w->pid = fork();
	if (w->pid == 0)
		verify_worker_run(fds[1]);
	saved = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)close(fds[1]);
	if (w->pid == -1) {
		w->pid = 0;
		(void)close(fds[0]);
		errno = saved;
		return -1;
	}
	/* Parent and child both do this, whichever comes first. */
	(void)setpgid(w->pid, w->pid);
	w->fd = fds[0];
	return 0;
}

static bool
worker_start(struct verify_worker *w)
{
	struct verify_queue *q = w->q;

	if (worker_fork(w) == -1) {
		log_limited(&q->failed_log, q->clock->mono_ms, LOG_LEVEL_ERROR,
		    "cannot make a process that checks passwords: %s",
		    strerror(errno));
		return false;
	}
	w->readable = event_new(q->base, w->fd, EV_READ | EV_PERSIST,
	    worker_readable_cb, w);
	if (w->readable != NULL &&
	    event_priority_set(w->readable, NET_PRIORITY_INPUT) == 0 &&
	    event_add(w->readable, NULL) == 0)
		return true;
	worker_give_up(w, "libevent cannot watch a process");
	return false;
}

/*
 * A worker that can take a request now, or NULL. *is_hopeless: none ever will.
 */
static struct verify_worker *
worker_find(struct verify_queue *q, bool *is_hopeless)
{
	struct verify_worker *w;
	unsigned i;

	*is_hopeless = true;
	for (i = 0; i < VERIFY_WORKERS; i++) {
		w = &q->workers[i];
		if (w->fd != -1 && !w->is_busy)
			return w;
		if (w->pid != 0)
			*is_hopeless = false;
	}
	for (i = 0; i < VERIFY_WORKERS; i++)
		if (q->workers[i].pid == 0 && worker_start(&q->workers[i]))
			return &q->workers[i];
	return NULL;
}

static void
worker_send(struct verify_worker *w, struct verify *v)
{
	struct verify_queue *q = w->q;
	ssize_t n;

	verify_leave(v);
	v->list = NULL;
	v->worker = w;
	w->current = v;
	w->is_busy = true;
	q->count++;
	v->request.limit_ms = q->limit_ms;
	/* It has read all earlier requests, so there is room. */
	do {
		n = send(w->fd, &v->request, sizeof(v->request), MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	explicit_bzero(&v->request, sizeof(v->request));
	if (n == (ssize_t)sizeof(v->request))
		deadline_set(q->deadlines, &w->deadline,
		    q->clock->mono_ms + q->limit_ms + VERIFY_GRACE_MS);
	else
		worker_give_up(w, "a process has ended");
}

/* Hands waiting requests to workers. */
static void
verify_pump(struct verify_queue *q)
{
	struct verify_worker *w;
	struct verify *v;
	bool is_hopeless;

	while ((v = TAILQ_FIRST(&q->waiting)) != NULL) {
		w = worker_find(q, &is_hopeless);
		if (w != NULL)
			worker_send(w, v);
		else if (is_hopeless)
			verify_end(v, VERIFY_FAILED);
		else
			break;
	}
}

/* The queue */

struct verify_queue *
verify_queue_new(struct event_base *base, struct clock *clock,
    struct deadlines *deadlines)
{
	struct verify_queue *q = xcalloc(1, sizeof(*q));
	unsigned i;

	q->base = base;
	q->clock = clock;
	q->deadlines = deadlines;
	q->limit_ms = VERIFY_LIMIT_MS;
	TAILQ_INIT(&q->waiting);
	TAILQ_INIT(&q->ended);
	deadline_init(&q->tell, verify_tell_cb, q);
	for (i = 0; i < VERIFY_WORKERS; i++) {
		q->workers[i].q = q;
		q->workers[i].fd = -1;
		deadline_init(&q->workers[i].deadline, worker_deadline_cb,
		    &q->workers[i]);
	}
	return q;
}

void
verify_prepare(struct verify_queue *q)
{
	unsigned i;

	for (i = 0; i < VERIFY_WORKERS; i++)
		if (q->workers[i].pid == 0 && !worker_start(&q->workers[i]))
			return;
}

void
verify_stop(struct verify_queue *q)
{
	struct verify *v;
	unsigned i;

	while ((v = TAILQ_FIRST(&q->waiting)) != NULL)
		verify_end(v, VERIFY_FAILED);
	for (i = 0; i < VERIFY_WORKERS; i++)
		worker_kill(&q->workers[i]);
	/* They hold nothing that takes time to release. */
	for (i = 0; i < VERIFY_WORKERS; i++)
		if (q->workers[i].pid != 0)
			(void)worker_reap(&q->workers[i], 0);
}

void
verify_queue_free(struct verify_queue *q)
{
	struct verify *v;

	if (q == NULL)
		return;
	verify_stop(q);
	while ((v = TAILQ_FIRST(&q->ended)) != NULL)
		verify_cancel(v);
	deadline_clear(q->deadlines, &q->tell);
	free(q);
}

/* hash NULL: one is to be made. */
static struct verify *
verify_add(struct verify_queue *q, const char *hash, const char *password,
    void (*done)(enum verify_result, void *), void *arg)
{
	struct verify *v;

	if (q->waiting_count >= VERIFY_WAITING_MAX)
		return NULL;
	v = xcalloc(1, sizeof(*v));
	v->q = q;
	v->done = done;
	v->arg = arg;
	/* A password too long is cut and checked nevertheless: answering at
	 * once would reveal something. */
	v->is_too_long = strlcpy(v->request.password, password,
			     sizeof(v->request.password)) >=
	    sizeof(v->request.password);
	v->request.is_new = hash == NULL;
	v->request.scram_iterations = q->scram_iterations;
	if (hash != NULL &&
	    strlcpy(v->request.hash, hash, sizeof(v->request.hash)) >=
		sizeof(v->request.hash))
		v->request.hash[0] = '\0'; /* unknown to crypt(3) */
	v->list = &q->waiting;
	TAILQ_INSERT_TAIL(&q->waiting, v, entry);
	q->waiting_count++;
	verify_pump(q);
	return v;
}

struct verify *
verify_start(struct verify_queue *q, const char *hash, const char *password,
    void (*done)(enum verify_result, void *), void *arg)
{
	return verify_add(q, hash, password, done, arg);
}

struct verify *
verify_start_new(struct verify_queue *q, const char *password,
    void (*done)(enum verify_result, void *), void *arg)
{
	return verify_add(q, NULL, password, done, arg);
}

const char *
verify_hash(const struct verify_queue *q)
{
	return q->hash;
}

void
verify_set_scram(struct verify_queue *q, uint32_t iterations)
{
	q->scram_iterations = iterations;
}

const char *
verify_scram(const struct verify_queue *q)
{
	return q->scram;
}

uint64_t
verify_count(const struct verify_queue *q)
{
	return q->count;
}

void
verify_cancel(struct verify *v)
{
	if (v == NULL)
		return;
	/*
	 * A worker that has it goes on: ending it would mean forking another.
	 */
	verify_leave(v);
	verify_free(v);
}

void
verify_set_limit(struct verify_queue *q, int64_t limit_ms)
{
	q->limit_ms = limit_ms;
}

int
verify_worker_pid(const struct verify_queue *q, unsigned worker)
{
	return (int)q->workers[worker].pid;
}
