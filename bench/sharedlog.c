/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a shared log costs: two nodes in this process, over a redis-server of
 * their own on a Unix socket. How long a line takes from one node's append to
 * the other node's tail; how many a second go that way when some are under way
 * at any time; and the engine's CPU time for each.
 *
 * usage: sharedlog [-n LINES] [-w WINDOW] [-l BYTES]
 */
#include "config.h"

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/wait.h>

#include <err.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"
#include "latency.h"
#include "sharedlog/redis.h"
#include "sharedlog/sharedlog.h"
#include "usage.h"

#define WAIT_S 20 /* for the engine to come up, and for each run */

struct bench {
	struct event_base *base;
	struct clock clock;
	struct deadlines deadlines;
	struct sharedlog *author, *reader;
	struct sharedlog_log *log;
	uint64_t window; /* appended and not read, at most */
	uint64_t lines; /* of this run */
	uint64_t sent, seen;
	size_t len;
	struct latency latency;
};

static int64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
told_done(enum sharedlog_end end, uint64_t number, void *arg)
{
	(void)number;
	(void)arg;
	if (end == SHAREDLOG_NAME_LOST || end == SHAREDLOG_CONFLICT)
		errx(1, "a line was not said");
}

/* Keeps as many under way as may be. */
static void
bench_send(struct bench *b)
{
	char line[SHAREDLOG_DATA_MAX];
	int64_t now;

	memset(line, 'x', b->len);
	while (b->sent < b->lines && b->sent - b->seen < b->window) {
		now = now_ns();
		memcpy(line, &now, sizeof(now));
		if (sharedlog_append(b->log, NULL, line, b->len, told_done,
			b) == -1)
			errx(1, "a line was refused");
		b->sent++;
	}
}

static void
told_state(enum sharedlog_fault fault, void *arg)
{
	(void)fault;
	(void)arg;
}

/* The author's own come by its own tail; those of the reader count. */
static void
told_entry(struct sharedlog_log *log, const struct sharedlog_entry *e,
    void *arg)
{
	struct bench *b = arg;
	int64_t then;

	if (sharedlog_owner(log) == NULL)
		return;
	memcpy(&then, e->data, sizeof(then));
	latency_add(&b->latency, now_ns() - then);
	b->seen++;
	bench_send(b);
}

static void
told_diverged(struct sharedlog_log *log, uint64_t bound, void *arg)
{
	(void)log;
	(void)bound;
	(void)arg;
	errx(1, "the engine has lost something");
}

static void
told_joined(struct sharedlog_log *log, void *arg)
{
	(void)log;
	(void)arg;
}

static void
told_name_lost(const char *name, void *arg)
{
	(void)name;
	(void)arg;
}

static void
told_nodes(const uint64_t *nodes, size_t count, void *arg)
{
	(void)nodes;
	(void)count;
	(void)arg;
}

static const struct sharedlog_user user = {
	.state = told_state,
	.entry = told_entry,
	.diverged = told_diverged,
	.joined = told_joined,
	.name_lost = told_name_lost,
	.nodes = told_nodes,
};

static void
bench_turn(struct bench *b, int64_t until_ns)
{
	if (now_ns() > until_ns)
		errx(1, "no end after %d s", WAIT_S);
	(void)event_base_loop(b->base, EVLOOP_ONCE);
	clock_update(&b->clock);
	deadlines_run(&b->deadlines, b->clock.mono_ms);
}

static void
bench_run(struct bench *b, pid_t engine, uint64_t lines, uint64_t window)
{
	int64_t began = now_ns();
	double cpu = usage_cpu_s(engine), seconds;

	latency_reset(&b->latency);
	b->lines = lines;
	b->window = window;
	b->sent = b->seen = 0;
	bench_send(b);
	while (b->seen < lines)
		bench_turn(b, began + WAIT_S * INT64_C(1000000000));
	seconds = (double)(now_ns() - began) / 1e9;
	cpu = usage_cpu_s(engine) - cpu;
	printf("%" PRIu64 " lines of %zu bytes, %" PRIu64
	       " at a time: append to tail p50 %.0f us, p99 %.0f us; "
	       "%.0f lines/s; engine's CPU %.1f us a line\n",
	    lines, b->len, window,
	    (double)latency_quantile_ns(&b->latency, 0.5) / 1e3,
	    (double)latency_quantile_ns(&b->latency, 0.99) / 1e3,
	    (double)lines / seconds, cpu * 1e6 / (double)lines);
}

static struct sharedlog *
node_new(struct bench *b, const struct redis_place *place)
{
	struct engine *engine = redis_new(b->base, &b->clock, place);

	if (engine == NULL)
		err(1, "cannot use '%s'", place->path);
	return sharedlog_new(engine, &b->clock, &b->deadlines, &user, b, 0, 0,
	    0);
}

static pid_t
engine_start(const char *dir, const char *path)
{
	pid_t pid = fork();

	if (pid == -1)
		err(1, "cannot fork");
	if (pid > 0)
		return pid;
#ifdef HAVE_SYS_PRCTL_H
	/* However this one ends. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	if (chdir(dir) == -1 || freopen("redis.log", "w", stdout) == NULL)
		err(1, "cannot write in '%s'", dir);
	(void)execlp("redis-server", "redis-server", "--port", "0",
	    "--unixsocket", path, "--save", "", "--appendonly", "no",
	    (char *)NULL);
	err(127, "cannot run redis-server (Debian: redis-server)");
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
bench_all(const char *path, pid_t engine, uint64_t lines, uint64_t window,
    size_t len)
{
	static const struct timeval ms = { 0, 10000 };
	struct redis_place place = {
		.path = path, .prefix = "bench", .log_entries = 100000
	};
	struct bench b = { .len = len };
	struct event *tick;
	int64_t began = now_ns();

	b.base = event_base_new();
	tick = event_new(b.base, -1, EV_PERSIST, tick_cb, NULL);
	(void)event_add(tick, &ms);
	clock_update(&b.clock);
	deadlines_init(&b.deadlines, NULL, NULL);
	b.author = node_new(&b, &place);
	b.reader = node_new(&b, &place);
	b.log = sharedlog_follow(b.author, "lobby", NULL, NULL);
	(void)sharedlog_follow(b.reader, "lobby", NULL, &b);
	while (sharedlog_state(b.author) != SHAREDLOG_FINE ||
	    sharedlog_state(b.reader) != SHAREDLOG_FINE)
		bench_turn(&b, began + WAIT_S * INT64_C(1000000000));
	/* The epoch settles, and memory is touched. */
	b.lines = b.window = 100;
	bench_send(&b);
	while (b.seen < b.lines)
		bench_turn(&b, began + WAIT_S * INT64_C(1000000000));

	bench_run(&b, engine, lines, 1);
	bench_run(&b, engine, lines, window);
	sharedlog_free(b.author);
	sharedlog_free(b.reader);
	event_free(tick);
	event_base_free(b.base);
}

static uint64_t
number_of(const char *text, uint64_t max)
{
	uint64_t n;

	if (parse_number(text, max, &n) == -1 || n == 0)
		errx(2, "'%s' is not a number from 1 to %" PRIu64, text, max);
	return n;
}

int
main(int argc, char *argv[])
{
	char dir[] = "/tmp/sharedlog.XXXXXX", *path, *log;
	uint64_t lines = 20000, window = 16;
	size_t len = 100;
	pid_t engine;
	int c;

	while ((c = getopt(argc, argv, "l:n:w:")) != -1) {
		switch (c) {
		case 'l':
			len = (size_t)number_of(optarg, SHAREDLOG_DATA_MAX);
			break;
		case 'n':
			lines = number_of(optarg, 10000000);
			break;
		case 'w':
			window = number_of(optarg, SHAREDLOG_PENDING_MAX);
			break;
		default:
			fprintf(stderr,
			    "usage: %s [-n LINES] [-w WINDOW] "
			    "[-l BYTES]\n",
			    argv[0]);
			return 2;
		}
	}
	if (len < sizeof(int64_t))
		len = sizeof(int64_t); /* the time is in it */
	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	if (mkdtemp(dir) == NULL)
		err(1, "cannot make a directory in /tmp");
	path = xasprintf("%s/redis", dir);
	log = xasprintf("%s/redis.log", dir);
	engine = engine_start(dir, path);
	bench_all(path, engine, lines, window, len);
	(void)kill(engine, SIGTERM);
	(void)waitpid(engine, NULL, 0);
	(void)unlink(path);
	(void)unlink(log);
	(void)rmdir(dir);
	free(path);
	free(log);
	return 0;
}
