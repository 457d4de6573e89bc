/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Redis as the engine of a shared log: a redis-server of the test's own, on a
 * Unix socket in a directory of the test's, that is killed, stopped, emptied,
 * and taken over from. The nodes and what must hold are those of the fake.
 */
#include "config.h"

#include <stdio.h>

#include "unit.h"

#ifndef HAVE_HIREDIS

void
unit_tests(Suite *s)
{
	(void)s;
	printf("skipped: built without hiredis\n");
}

#else

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "history/history.h"
#include "sharedlog-model.h"
#include "sharedlog/engine.h"
#include "sharedlog/redis.h"

#define DEADLINE_MS 100000 /* of whatever has to come */
#define TIMEOUT_S 300 /* of a test, on a slow machine */

struct server {
	pid_t pid; /* 0: it does not run */
	char *path;
	char *dir;
	bool is_kept; /* writes an append-only file */
};

static char *dir;
static struct server first, second, *primary;
static struct event_base *base;
static struct event *tick;
static struct clock the_clock;
static struct deadlines deadlines;
static struct redis_place place;

/* ----------------------------------------------------------- redis-server */

static bool
has_redis(void)
{
	return system("redis-server --version >/dev/null 2>&1") == 0;
}

static void
server_start(struct server *server)
{
	char log[] = "redis.log";

	server->pid = fork();
	ck_assert_int_ne(server->pid, -1);
	if (server->pid > 0)
		return;
	if (chdir(server->dir) == -1 || freopen(log, "a", stdout) == NULL ||
	    freopen(log, "a", stderr) == NULL)
		_exit(1);
#ifdef HAVE_SYS_PRCTL_H
	/* Whatever becomes of the test. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	(void)execlp("redis-server", "redis-server", "--port", "0",
	    "--unixsocket", server->path, "--save", "", "--appendonly",
	    server->is_kept ? "yes" : "no", (char *)NULL);
	_exit(127);
}

static void
server_kill(struct server *server)
{
	if (server->pid == 0)
		return;
	(void)kill(server->pid, SIGKILL);
	ck_assert_int_eq(waitpid(server->pid, NULL, 0), server->pid);
	server->pid = 0;
}

/* Does a command, as an administrator would; it may fail. The server may be
 * starting yet. */
static void command(struct server *server, const char *fmt, ...);
static void
command(struct server *server, const char *fmt, ...)
{
	int64_t until_ms = clock_now_us() / 1000 + DEADLINE_MS;
	struct timeval patience = { 30, 0 };
	redisContext *c;
	redisReply *reply;
	va_list ap;

	for (;;) {
		c = redisConnectUnixWithTimeout(server->path, patience);
		ck_assert_ptr_nonnull(c);
		if (c->err == 0)
			break;
		redisFree(c);
		ck_assert_int_lt(clock_now_us() / 1000, until_ms);
		(void)poll(NULL, 0, 10);
	}
	(void)redisSetTimeout(c, patience);
	va_start(ap, fmt);
	reply = redisvCommand(c, fmt, ap);
	va_end(ap);
	if (reply != NULL)
		freeReplyObject(reply);
	redisFree(c);
}

/* ------------------------------------------------------------------- time */

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
turn(void)
{
	(void)event_base_loop(base, EVLOOP_ONCE);
	clock_update(&the_clock);
	deadlines_run(&deadlines, the_clock.mono_ms);
}

static void
run(int64_t ms)
{
	int64_t until_ms = the_clock.mono_ms + ms;

	while (the_clock.mono_ms < until_ms)
		turn();
}

#define WAIT_FOR(condition) \
	do { \
		int64_t until_ms_ = the_clock.mono_ms + DEADLINE_MS; \
\
		while (!(condition)) { \
			ck_assert_msg(the_clock.mono_ms < until_ms_, \
			    "in vain: %s", #condition); \
			turn(); \
		} \
	} while (0)

static void
setup(void)
{
	static const struct timeval ms = { 0, 1000 };

	(void)signal(SIGPIPE, SIG_IGN);
	dir = unit_dir_new();
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	first.dir = xasprintf("%s/first", dir);
	second.dir = xasprintf("%s/second", dir);
	first.path = xasprintf("%s/1", dir);
	second.path = xasprintf("%s/2", dir);
	ck_assert_int_eq(mkdir(first.dir, 0700), 0);
	ck_assert_int_eq(mkdir(second.dir, 0700), 0);
	primary = &first;
	base = event_base_new();
	tick = event_new(base, -1, EV_PERSIST, tick_cb, NULL);
	ck_assert_int_eq(event_add(tick, &ms), 0);
	memset(&the_clock, 0, sizeof(the_clock));
	clock_update(&the_clock);
	deadlines_init(&deadlines, NULL, NULL);
	memset(&place, 0, sizeof(place));
	place.path = first.path;
	place.prefix = "brbd";
	place.log_entries = 100000;
	server_start(&first);
}

static void
teardown(void)
{
	server_kill(&first);
	server_kill(&second);
	event_free(tick);
	event_base_free(base);
	free(first.dir);
	free(first.path);
	free(second.dir);
	free(second.path);
	unit_dir_free(dir);
}

/* ------------------------------------------------------------------ a node */

struct node {
	struct sharedlog *sl;
	struct sharedlog_log *log;
	enum sharedlog_fault fault, worst;
	char said[32]; /* what was read last, if it is short */
	unsigned entries, done, read;
	enum sharedlog_end end;
	enum sharedlog_claim_end claim;
	uint64_t last;
	size_t nodes;
	bool is_read, is_claimed;
};

static void
told_state(enum sharedlog_fault fault, void *arg)
{
	struct node *node = arg;

	node->fault = fault;
	if (fault != SHAREDLOG_FINE)
		node->worst = fault;
}

static void
told_entry(struct sharedlog_log *log, const struct sharedlog_entry *e,
    void *arg)
{
	struct node *node = arg;

	(void)log;
	node->entries++;
	node->last = e->number;
	node->said[0] = '\0';
	if (e->data != NULL && e->len < sizeof(node->said))
		(void)strncat(node->said, e->data, e->len);
}

static void
told_diverged(struct sharedlog_log *log, uint64_t bound, void *arg)
{
	(void)bound;
	(void)arg;
	sharedlog_seek(log, NULL);
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
	(void)arg;
	ck_abort_msg("%s is lost", name);
}

static void
told_nodes(const uint64_t *nodes, size_t count, void *arg)
{
	struct node *node = arg;

	(void)nodes;
	node->nodes = count;
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
told_done(enum sharedlog_end end, uint64_t number, void *arg)
{
	struct node *node = arg;

	(void)number;
	node->done++;
	node->end = end;
}

static void
told_claimed(enum sharedlog_claim_end end, void *arg)
{
	struct node *node = arg;

	node->is_claimed = true;
	node->claim = end;
}

static void
told_read(enum sharedlog_fault fault, const struct sharedlog_entry *entries,
    size_t count, bool is_more, uint64_t last_change, void *arg)
{
	struct node *node = arg;

	(void)entries;
	(void)last_change;
	ck_assert_int_eq(fault, SHAREDLOG_FINE);
	node->read += (unsigned)count;
	node->is_read = !is_more;
}

static void
node_start(struct node *node)
{
	struct engine *engine = redis_new(base, &the_clock, &place);

	ck_assert_ptr_nonnull(engine);
	memset(node, 0, sizeof(*node));
	node->fault = SHAREDLOG_CONNECTING;
	node->sl = sharedlog_new(engine, &the_clock, &deadlines, &user, node, 0,
	    0, 0);
	node->log = sharedlog_follow(node->sl, "lobby", NULL, node);
}

static void
say(struct node *node, const char *name, const char *text)
{
	ck_assert_int_eq(sharedlog_append(node->log, name, text, strlen(text),
			     told_done, node),
	    0);
}

START_TEST(all_is_done_as_engine_h_says)
{
	static char longest[SHAREDLOG_DATA_MAX];
	struct node a, b;
	uint64_t none = 0;
	unsigned i;

	node_start(&a);
	node_start(&b);
	WAIT_FOR(a.fault == SHAREDLOG_FINE && b.fault == SHAREDLOG_FINE);
	say(&a, NULL, "hi");
	WAIT_FOR(a.done == 1 && b.entries == 1);
	ck_assert_str_eq(b.said, "hi");
	ck_assert_uint_eq(a.last, HISTORY_EPOCH + 1);
	for (i = 0; i < 500; i++)
		say(&a, NULL, "more");
	WAIT_FOR(a.done == 501 && b.entries == 501);
	ck_assert_uint_eq(b.last, HISTORY_EPOCH + 501);
	memset(longest, '\n', sizeof(longest));
	ck_assert_int_eq(sharedlog_append(a.log, NULL, longest, sizeof(longest),
			     told_done, &a),
	    0);
	WAIT_FOR(a.done == 502 && b.entries == 502);

	/* Older ones; a log that is followed later; and one that has nothing. */
	ck_assert_int_eq(sharedlog_range(b.log, HISTORY_EPOCH + 1,
			     HISTORY_EPOCH + 11, 100, told_read, &b),
	    0);
	WAIT_FOR(b.is_read);
	ck_assert_uint_eq(b.read, 10);
	sharedlog_unfollow(b.log);
	b.entries = 0;
	b.log = sharedlog_follow(b.sl, "kitchen", NULL, &b);
	sharedlog_unfollow(a.log);
	a.log = sharedlog_follow(a.sl, "kitchen", NULL, &a);
	say(&a, NULL, "there");
	WAIT_FOR(a.done == 503 && b.entries == 1);

	/* Names: nobody's yet, as the epoch is new. */
	ck_assert_int_eq(sharedlog_claim(a.sl, "ana", told_claimed, &a), 0);
	WAIT_FOR(a.is_claimed);
	ck_assert_int_eq(a.claim, SHAREDLOG_WAIT);
	command(&first, "HSET brbd:meta grace 0");
	a.is_claimed = false;
	ck_assert_int_eq(sharedlog_claim(a.sl, "ana", told_claimed, &a), 0);
	WAIT_FOR(a.is_claimed);
	ck_assert_int_eq(a.claim, SHAREDLOG_HELD);
	ck_assert_int_eq(sharedlog_claim(b.sl, "ana", told_claimed, &b), 0);
	WAIT_FOR(b.is_claimed);
	ck_assert_int_eq(b.claim, SHAREDLOG_TAKEN);
	say(&a, "ana", "mine");
	WAIT_FOR(a.done == 504 && b.entries == 2);
	/* Somebody has taken it out of the engine. */
	command(&first, "HSET brbd:names ana 7:7");
	say(&a, "ana", "lost");
	WAIT_FOR(a.done == 505);
	ck_assert_int_eq(a.end, SHAREDLOG_NAME_LOST);

	/* Records. */
	ck_assert_int_eq(sharedlog_put(a.log, "k\r\n", 3, "v", 1, &none,
			     told_done, &a),
	    0);
	WAIT_FOR(a.done == 506);
	ck_assert_int_eq(sharedlog_put(a.log, "k\r\n", 3, "w", 1, &none,
			     told_done, &a),
	    0);
	WAIT_FOR(a.done == 507);
	ck_assert_int_eq(a.end, SHAREDLOG_CONFLICT);
	for (i = 0; i < 300; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "key%u", i);
		ck_assert_int_eq(sharedlog_put(a.log, key, strlen(key),
				     i % 2 == 0 ? NULL : "x", i % 2, NULL,
				     told_done, &a),
		    0);
	}
	WAIT_FOR(a.done == 807);
	a.read = 0;
	a.is_read = false;
	ck_assert_int_eq(sharedlog_records(a.log, told_read, &a), 0);
	WAIT_FOR(a.is_read);
	ck_assert_uint_eq(a.read, 301);
	WAIT_FOR(a.nodes == 2);
	sharedlog_free(b.sl);
	WAIT_FOR(a.nodes == 1);
	sharedlog_free(a.sl);
}
END_TEST

/* An entry that somebody else wrote there is passed over, and not waited for. */
START_TEST(what_makes_no_sense_is_left_out)
{
	struct sharedlog_counts counts;
	struct node a;

	node_start(&a);
	WAIT_FOR(a.fault == SHAREDLOG_FINE);
	command(&first, "XADD brbd:log:lobby 1-1 x y");
	command(&first, "HSET brbd:last lobby 1-1");
	say(&a, NULL, "hi");
	WAIT_FOR(a.done == 1 && a.entries == 1);
	ck_assert_str_eq(a.said, "hi");
	sharedlog_count(a.sl, &counts);
	ck_assert_uint_eq(counts.damaged, 1);
	sharedlog_free(a.sl);
}
END_TEST

/* What Redis refuses is told, and all is well again by itself. */
START_TEST(faults_are_told)
{
	static const struct {
		const char *begin, *end;
		enum sharedlog_fault fault;
	} faults[] = {
		{ "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0",
		    SHAREDLOG_FULL },
		{ "CONFIG SET min-replicas-to-write 1",
		    "CONFIG SET min-replicas-to-write 0", SHAREDLOG_ALONE },
		{ "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE",
		    SHAREDLOG_REPLICA },
		{ "SCRIPT FLUSH", "PING", SHAREDLOG_FORGOTTEN },
	};
	struct node a;
	size_t i;

	for (i = 0; i < NITEMS(faults); i++) {
		node_start(&a);
		WAIT_FOR(a.fault == SHAREDLOG_FINE);
		command(&first, faults[i].begin);
		if (faults[i].fault == SHAREDLOG_FORGOTTEN)
			say(&a, NULL, "hi");
		else
			command(&first, "CLIENT KILL TYPE normal");
		WAIT_FOR(a.worst == faults[i].fault);
		command(&first, faults[i].end);
		WAIT_FOR(a.fault == SHAREDLOG_FINE);
		sharedlog_free(a.sl);
	}
	command(&first, "CONFIG SET requirepass secret");
	node_start(&a);
	WAIT_FOR(a.worst == SHAREDLOG_DENIED);
	sharedlog_free(a.sl);

	/* With the password, and in another database. */
	place.password = "secret";
	place.database = 3;
	node_start(&a);
	WAIT_FOR(a.fault == SHAREDLOG_FINE);
	say(&a, NULL, "hi");
	WAIT_FOR(a.done == 1);
	sharedlog_free(a.sl);
}
END_TEST

static struct engine *
model_engine(size_t node, void *arg)
{
	(void)node;
	(void)arg;
	return redis_new(base, &the_clock, &place);
}

/* The nodes reach the primary by the same path, as by a proxy: a link. */
static void
become_primary(struct server *server)
{
	(void)unlink(place.path);
	ck_assert_int_eq(symlink(server->path, place.path), 0);
	primary = server;
}

/* The second has a copy of what the first has now. */
static void
replicate(void)
{
	char *from = xasprintf("%s/dump.rdb", first.dir);
	char *to = xasprintf("%s/dump.rdb", second.dir);

	command(&first, "SAVE");
	ck_assert_int_eq(rename(from, to), 0);
	free(from);
	free(to);
}

/* It takes the first's place, and what was said since is gone with that. */
static void
fail_over(void)
{
	server_kill(&first);
	server_start(&second);
	become_primary(&second);
}

static void
something_happens(struct model *m, size_t what)
{
	switch (what) {
	case 0:
		command(primary, "CLIENT KILL TYPE normal");
		break;
	case 1:
		server_kill(primary);
		server_start(primary);
		break;
	case 2:
		command(primary, "FLUSHALL");
		break;
	case 3:
		ck_assert_int_eq(kill(primary->pid, SIGSTOP), 0);
		run(500);
		ck_assert_int_eq(kill(primary->pid, SIGCONT), 0);
		break;
	case 4:
		model_kill(m, 0);
		model_start(m, 0);
		break;
	case 5:
		fail_over();
		break;
	case 7:
		replicate();
		break;
	case 6:
		command(primary, "SCRIPT FLUSH");
		break;
	}
}

static void
whatever_fails(bool is_kept)
{
	static const size_t order[] = { 6, 0, 1, 4, 3, 2, 7, 5 };
	struct model m;
	size_t i, step;

	first.is_kept = is_kept;
	server_kill(&first);
	place.path = xasprintf("%s/0", dir);
	server_start(&first);
	become_primary(&first);
	model_init(&m, &the_clock, &deadlines, model_engine, NULL, 3, 1);
	WAIT_FOR(model_is_settled(&m));
	command(&first, "HSET brbd:meta grace 0 settle 0");
	for (i = 0; i < NITEMS(order); i++) {
		for (step = 0; step < 60; step++) {
			model_act(&m);
			if (step % 8 == 0)
				run(5);
		}
		something_happens(&m, order[i]);
		run(700);
		for (step = 0; step < 20; step++)
			model_act(&m);
	}
	WAIT_FOR(model_is_settled(&m));
	model_check(&m);
	printf("%llu said, %llu refused, %llu repaired\n",
	    (unsigned long long)m.said, (unsigned long long)m.refused,
	    (unsigned long long)m.repaired);
	ck_assert_uint_gt(m.said, 50);
	ck_assert_uint_gt(m.repaired, 50);
	model_fini(&m);
	free((char *)(uintptr_t)place.path);
}

START_TEST(whatever_fails_the_log_is_one_with_a_file)
{
	whatever_fails(true);
}
END_TEST

START_TEST(whatever_fails_the_log_is_one_without)
{
	whatever_fails(false);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *c;

	if (!has_redis()) {
		printf("skipped: there is no redis-server "
		       "(Debian: redis-server, or redis-tools)\n");
		return;
	}
	c = unit_case(s, "redis", setup, teardown);
	tcase_set_tags(c, "no-valgrind");
	tcase_set_timeout(c, TIMEOUT_S);
	tcase_add_test(c, all_is_done_as_engine_h_says);
	tcase_add_test(c, what_makes_no_sense_is_left_out);
	tcase_add_test(c, faults_are_told);
	c = unit_case(s, "model", setup, teardown);
	tcase_set_tags(c, "no-valgrind");
	tcase_set_timeout(c, TIMEOUT_S);
	tcase_add_test(c, whatever_fails_the_log_is_one_with_a_file);
	tcase_add_test(c, whatever_fails_the_log_is_one_without);
}

#endif
