/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The load: members join a server, some of them talk, and what came to whom, when,
 * and what it cost the server is printed as one line of NAME=VALUE. It shares
 * no code with the daemon, nor libevent, so that neither's faults hide in it.
 *
 *   join     all connect, and are live (told so by the server; otherwise a
 *            line of ours is said again and again until it comes to all)
 *   settle   until nothing comes any more; memory is looked at
 *   warm up  talk, not counted
 *   talk     between two looks at the server's CPU time
 *
 * With sleepers, there is talk while all are awake, while they sleep, and
 * again when they have read what was said meanwhile: so both are measured in
 * one run, and a machine that grows slower in the meantime does it to both.
 *
 *   members.c  their connections        talk.c      what is said and comes
 *   dialect.c  what the server speaks   settings.c  the command line
 *   usage.c    what the server costs    report.c    the line that is printed
 *
 * Exit status: 0; 1 if the server gave up (status=gave-up and why=) or lines were
 * wrong; 2 if we did.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load.h"
#include "members.h"
#include "report.h"
#include "settings.h"
#include "talk.h"
#include "usage.h"

struct load load;

int64_t
load_clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

double
load_since_s(int64_t ns)
{
	return (double)(load_clock_ns() - ns) / (double)NS_PER_S;
}

void
load_fail(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(EXIT_OWN_FAULT);
}

void *
load_alloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		load_fail("calloc");
	return p;
}

void
load_gave_up(const char *why)
{
	char status[100];

	(void)snprintf(status, sizeof(status), "gave-up why=%s", why);
	report_print(status);
	exit(EXIT_GAVE_UP);
}

void
load_check_limit(const char *why)
{
	if (load_since_s(load.start_ns) > settings.limit_s ||
	    load_since_s(load.now_ns) > LOAD_STUCK_S)
		load_gave_up(why);
}

static void
load_measure_join(void)
{
	struct usage_memory before, after;
	double cpu_s = 0;

	if (settings.pid > 0) {
		if (!usage_memory(&before, settings.pid))
			load_fail("no such process");
		cpu_s = usage_cpu_s(settings.pid);
	}
	load.start_ns = load.now_ns = load_clock_ns();
	members_join();
	if (!dialect_tells_live())
		talk_synchronize();
	report.join_s = load_since_s(load.start_ns);
	members_settle();
	if (settings.pid == 0 || !usage_memory(&after, settings.pid))
		return;
	report.join_cpu_s = usage_cpu_s(settings.pid) - cpu_s;
	report.idle_bytes = (after.resident_bytes - before.resident_bytes) /
	    settings.members;
	report.peak_bytes = after.peak_bytes;
}

/* All are awake, some sleep, all are awake again. */
static void
load_measure_sleepers(void)
{
	struct usage_memory before = { 0 }, after = { 0 };

	talk(&report.awake, settings.talk_s / 2);
	members_settle();
	(void)usage_memory(&before, settings.pid);

	talk_fall_asleep();
	talk(&report.talk, settings.talk_s);
	members_settle();
	(void)usage_memory(&after, settings.pid);
	report.grown_bytes = after.resident_bytes - before.resident_bytes;

	talk_wake_up();
	talk(&report.awake, settings.talk_s / 2);
}

static void
load_measure_talk(void)
{
	struct usage_memory after;

	talk(NULL, settings.warm_s);
	members_settle();
	if (settings.sleepers > 0)
		load_measure_sleepers();
	else
		talk(&report.talk, settings.talk_s);
	members_settle(); /* lines that come twice show here */
	if (settings.pid > 0 && usage_memory(&after, settings.pid))
		report.peak_bytes = after.peak_bytes;
}

int
main(int argc, char *argv[])
{
	(void)signal(SIGPIPE, SIG_IGN);
	settings_parse(argc, argv);
	settings_apply_limits();
	members_init();
	talk_init();
	load_measure_join();
	if (settings.talk_s > 0)
		load_measure_talk();
	report_print(load.wrong == 0 ? "ok" : "wrong");
	return load.wrong == 0 ? EXIT_SUCCESS : EXIT_GAVE_UP;
}
