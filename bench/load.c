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
 * The parts, each knowing only those below it:
 *
 *   report.c   the line that is printed
 *   talk.c     what is said and comes   members.c  their connections
 *   settings.c the command line         dialect.c  what the server speaks
 *   trial.c    clock, limits, the end   usage.c    what the server costs
 *
 * Exit status: 0; 1 if the server gave up (status=gave-up and why=) or lines were
 * wrong; 2 if we did.
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>

#include "members.h"
#include "report.h"
#include "secure.h"
#include "settings.h"
#include "talk.h"
#include "trial.h"
#include "usage.h"

static void
load_measure_join(void)
{
	struct usage_memory before, after;
	double cpu_s = 0;

	if (settings.pid > 0) {
		if (!usage_memory(&before, settings.pid))
			trial_fail("no such process");
		cpu_s = usage_cpu_s(settings.pid);
	}
	trial.start_ns = trial.now_ns = trial_clock_ns();
	members_join();
	if (!dialect_tells_live(settings.dialect))
		talk_synchronize();
	report.join_s = trial_since_s(trial.start_ns);
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
	trial.limit_s = settings.limit_s;
	trial.report = report_print;
	if (settings.is_secure)
		secure_init(NULL, NULL);
	members_init(&talk_listener);
	talk_init();
	load_measure_join();
	if (settings.talk_s > 0)
		load_measure_talk();
	report_print(trial.wrong == 0 ? "ok" : "wrong");
	return trial.wrong == 0 ? EXIT_SUCCESS : EXIT_GAVE_UP;
}
