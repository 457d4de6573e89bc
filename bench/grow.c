/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What each kind of work costs a server on which so many people are: they come,
 * somebody talks, asks who is here, changes the name, the program is upgraded,
 * each opens a room, all leave. The processor's time for each, of the server
 * alone, hardly depends on what else the machine does.
 *
 * usage: grow [-T SECONDS] -m PEOPLE -P PID -p PORT
 */
#include "config.h"

#include <sys/epoll.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "reader.h"
#include "trial.h"
#include "usage.h"

enum {
	GROW_AT_ONCE = 64, /* how many come at a time, so that all can */
	GROW_LINES = 40, /* that are said, one in flight */
	GROW_QUESTIONS = 5, /* WHO, NAMES, LIST: each once more */
	GROW_RENAMES = 10,
	GROW_IDLE_MS = 4000,
	GROW_PAUSE_MS = 3000, /* so long after an upgrade was asked for */
	GROW_BEHIND_MS = 300
};

/* A person: reads on and on until what was waited for has come. */
struct client {
	struct reader reader;
	const char *mark; /* what it waits for, or NULL */
};

static struct client *people, asker, sayer, hearer;
static unsigned npeople, port, waiting;
static pid_t server_pid;
static int epoll_fd;

static void
gave_up(const char *status)
{
	printf("status=%s waiting=%u\n", status, waiting);
}

static void
client_wait_for(struct client *c, const char *mark)
{
	c->mark = mark;
	reader_begin(&c->reader);
	waiting++;
}

static void
client_open(struct client *c)
{
	reader_open(&c->reader, port, epoll_fd, c);
}

static void
client_readable(struct client *c)
{
	static char data[256 * 1024];
	size_t len = reader_read(&c->reader, data, sizeof(data));

	if (len > 0 && c->mark != NULL &&
	    reader_has(&c->reader, data, len, c->mark)) {
		c->mark = NULL;
		waiting--;
	}
}

static void
look_around(int wait_ms)
{
	struct epoll_event events[256];
	int i, n = epoll_wait(epoll_fd, events, 256, wait_ms);

	for (i = 0; i < n; i++)
		client_readable(events[i].data.ptr);
}

static void
wait_for_all(void)
{
	while (waiting > 0) {
		look_around(50);
		trial_check_limit("no-answer");
	}
}

static void
pass(int64_t ms)
{
	int64_t end_ns = trial_clock_ns() + ms * NS_PER_MS;

	while (trial_clock_ns() < end_ns)
		look_around(5);
}

/* Waits until all have what was begun, so that it counts for none that follow;
 * returns the server's time so far. */
static double
settled_s(void)
{
	do
		look_around(50);
	while (trial_since_s(trial.now_ns) < GROW_BEHIND_MS / 1000.0);
	trial.now_ns = trial_clock_ns();
	return usage_cpu_s(server_pid);
}

static void
report(const char *what, double cpu_s, double times)
{
	printf(" %s_us=%.3f", what, cpu_s * 1e6 / times);
}

/* All come, into the lobby. A newcomer is told of by a count where many come. */
static void
grow_come(void)
{
	double before_s = settled_s();
	unsigned i;

	for (i = 0; i < npeople; i++) {
		client_open(&people[i]);
		reader_say(&people[i].reader, "/nick g%u\n", i);
		client_wait_for(&people[i], "-- you are now ");
		if (i % GROW_AT_ONCE == GROW_AT_ONCE - 1 || i + 1 == npeople)
			wait_for_all();
	}
	report("come", settled_s() - before_s, npeople);
}

/* One says lines, another has to have heard one before the next. */
static void
grow_say(void)
{
	double before_s = settled_s();
	char mark[32];
	int i;

	for (i = 0; i < GROW_LINES; i++) {
		(void)snprintf(mark, sizeof(mark), "line ~%d~", i);
		client_wait_for(&hearer, mark);
		reader_say(&sayer.reader,
		    "the next line of those who talk: %s\n", mark);
		wait_for_all();
	}
	report("say", settled_s() - before_s, GROW_LINES);
}

static void
grow_ask(const char *what, const char *question)
{
	double before_s = settled_s();
	char mark[32];
	int i;

	for (i = 0; i < GROW_QUESTIONS; i++) {
		(void)snprintf(mark, sizeof(mark), "asked-%s-%d", what, i);
		client_wait_for(&asker, mark);
		reader_say(&asker.reader, "%s\r\nPING %s\r\n", question, mark);
		wait_for_all();
	}
	report(what, settled_s() - before_s, GROW_QUESTIONS);
}

static void
grow_rename(void)
{
	double before_s = settled_s();
	int i;

	for (i = 0; i < GROW_RENAMES; i++) {
		client_wait_for(&asker, " NICK ");
		reader_say(&asker.reader, "NICK asker%d\r\n", i);
		wait_for_all();
	}
	report("rename", settled_s() - before_s, GROW_RENAMES);
}

/* What it costs a second that they are there. */
static void
grow_idle(void)
{
	double before_s = settled_s();

	pass(GROW_IDLE_MS);
	report("idle", usage_cpu_s(server_pid) - before_s,
	    GROW_IDLE_MS / 1000.0);
}

/* The longest that a line waits while another program takes over. */
static void
grow_upgrade(void)
{
	int64_t start_ns, said_ns, longest_ns = 0;
	char mark[32];
	unsigned n = 0;

	(void)settled_s();
	if (kill(server_pid, SIGUSR2) == -1)
		trial_fail("kill");
	start_ns = trial_clock_ns();
	while (trial_clock_ns() - start_ns < GROW_PAUSE_MS * NS_PER_MS) {
		(void)snprintf(mark, sizeof(mark), "pause ~%u~", n++);
		client_wait_for(&hearer, mark);
		said_ns = trial_clock_ns();
		reader_say(&sayer.reader, "%s\n", mark);
		wait_for_all();
		if (trial_clock_ns() - said_ns > longest_ns)
			longest_ns = trial_clock_ns() - said_ns;
	}
	printf(" upgrade_us=%.0f", (double)longest_ns / 1000);
}

/* Each goes to a room of their own. */
static void
grow_rooms(void)
{
	double before_s = settled_s();
	unsigned i;

	for (i = 0; i < npeople; i++) {
		client_wait_for(&people[i], "nobody else is here");
		reader_say(&people[i].reader, "/join r%u\n", i);
		if (i % GROW_AT_ONCE == GROW_AT_ONCE - 1 || i + 1 == npeople)
			wait_for_all();
	}
	report("room", settled_s() - before_s, npeople);
}

/* All are gone at once; those who stay are told. */
static void
grow_leave(void)
{
	double before_s = settled_s();
	unsigned i;

	for (i = 0; i < npeople; i++)
		(void)close(people[i].reader.fd);
	report("leave", settled_s() - before_s, npeople);
}

static void
run(void)
{
	people = trial_alloc(npeople, sizeof(*people));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1)
		trial_fail("epoll_create1");
	client_open(&sayer);
	client_open(&hearer);
	reader_say(&sayer.reader, "/nick sayer\n");
	reader_say(&hearer.reader, "/nick hearer\n");
	client_wait_for(&sayer, "-- you are now ");
	client_wait_for(&hearer, "-- you are now ");
	client_open(&asker);
	reader_say(&asker.reader,
	    "NICK asker\r\nUSER a 0 * :a\r\nJOIN #lobby\r\nPING here\r\n");
	client_wait_for(&asker, "PONG ");
	wait_for_all();

	printf("status=ok people=%u", npeople);
	grow_come();
	grow_say();
	grow_ask("who", "WHO #lobby");
	grow_ask("names", "NAMES #lobby");
	grow_rename();
	grow_idle();
	grow_upgrade();
	grow_rooms();
	grow_ask("list", "LIST");
	grow_leave();
	printf("\n");
}

int
main(int argc, char *argv[])
{
	int opt;

	trial.limit_s = 300;
	while ((opt = getopt(argc, argv, "m:P:p:T:")) != -1)
		switch (opt) {
		case 'm':
			npeople = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'P':
			server_pid = (pid_t)strtol(optarg, NULL, 10);
			break;
		case 'p':
			port = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'T':
			trial.limit_s = strtod(optarg, NULL);
			break;
		default:
			return EXIT_OWN_FAULT;
		}
	if (npeople == 0 || server_pid == 0 || port == 0 || optind != argc) {
		(void)fprintf(stderr,
		    "usage: grow [-T SECONDS] -m PEOPLE -P PID -p PORT\n");
		return EXIT_OWN_FAULT;
	}
	trial.report = gave_up;
	trial.start_ns = trial.now_ns = trial_clock_ns();
	run();
	return 0;
}
