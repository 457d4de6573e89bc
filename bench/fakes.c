/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What the room layer's work costs with more people than there can be
 * connections here: fakes without sockets, in rooms of 100, so that whatever
 * grows is what should not. Prints the time of each kind of work in
 * microseconds, and the exponent that fits its growth best.
 *
 * usage: fakes [PEOPLE]...
 */
#include "config.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "history/event.h"
#include "room/client.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/rename.h"
#include "room/room.h"
#include "tests/unit/chat-fixture.h"
#include "trial.h"

enum {
	FAKES_ROOM = 100, /* people in each */
	FAKES_SAMPLE = 2000, /* how often each kind of work is done, at most */
	FAKES_COUNTS = 8
};

enum work {
	WORK_COME,
	WORK_SAY,
	WORK_FIND,
	WORK_NAMES,
	WORK_RENAME,
	WORK_BREAK,
	WORK_HOUR, /* that passes: what is looked after now and then */
	WORK_LEAVE,
	WORKS
};

static const char *const work_names[WORKS] = { "come", "say", "find", "names",
	"rename", "break", "hour", "leave" };

static double taken_us[WORKS][FAKES_COUNTS];
static double counts[FAKES_COUNTS];
static unsigned ncounts;

/* What is handed over is of no interest. */
static void
drop(struct fake *f, const char *data, size_t len)
{
	(void)f;
	(void)data;
	(void)len;
}

/* The processor's time, which others on the machine do not change. */
static int64_t
cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void
took(enum work work, int64_t since_ns, unsigned times)
{
	taken_us[work][ncounts] = (double)(cpu_ns() - since_ns) / 1000 / times;
}

static struct membership *
come(struct chat_fixture *fixture, struct fake *f, unsigned i)
{
	struct membership *ms;
	char nick[32], room[32];

	fake_init_with(fixture, f, (int)(i % 50000), &fake_dialect);
	f->on_deliver = drop;
	(void)snprintf(nick, sizeof(nick), "g%u", i);
	(void)snprintf(room, sizeof(room), "r%u", i / FAKES_ROOM);
	if (fake_nick(f, nick) == RENAME_REFUSED)
		trial_fail(nick);
	ms = fake_join(fixture, f, room);
	return ms;
}

static void
measure(unsigned people)
{
	static const char text[] = "what one says at lunch, more or less";
	static struct chat_fixture fixture;
	struct fake *fakes = trial_alloc(people, sizeof(*fakes));
	unsigned times = people < FAKES_SAMPLE ? people : FAKES_SAMPLE;
	const struct member *names[FAKES_ROOM];
	struct membership *ms;
	char nick[32];
	int64_t ns;
	unsigned i, n, found = 0;

	fixture_init_options(&fixture);
	fixture.options.max_rooms = people / FAKES_ROOM + 10;
	fixture.options.max_bookmarks = people;
	fixture.options.history_size = 96 * 1024;
	fixture_init(&fixture);

	ns = cpu_ns();
	for (i = 0; i < people; i++) {
		(void)come(&fixture, &fakes[i], i);
		if (i % FAKES_ROOM == FAKES_ROOM - 1)
			fixture_settle(&fixture);
	}
	took(WORK_COME, ns, people);

	/* Everybody in turn is too much; so all over the place. */
#define FAKE(n) (&fakes[(n) * (people / times)])
	ns = cpu_ns();
	for (n = 0; n < times; n++) {
		fake_say_in(fake_here(FAKE(n)), text);
		fixture_settle(&fixture);
	}
	took(WORK_SAY, ns, times);

	ns = cpu_ns();
	for (n = 0; n < times; n++) {
		(void)snprintf(nick, sizeof(nick), "g%u", n * (people / times));
		found += directory_find(&fixture.chat.directory, nick) != NULL;
	}
	took(WORK_FIND, ns, times);
	if (found != times)
		trial_fail("somebody is missing");

	ns = cpu_ns();
	for (n = 0; n < times; n++) {
		ms = fake_here(FAKE(n));
		found += (unsigned)room_names(ms->room, names, NITEMS(names));
	}
	took(WORK_NAMES, ns, times);

	ns = cpu_ns();
	for (n = 0; n < times; n++) {
		(void)snprintf(nick, sizeof(nick), "other%u", n);
		(void)fake_nick(FAKE(n), nick);
		fixture_settle(&fixture);
	}
	took(WORK_RENAME, ns, times);

	ns = cpu_ns();
	for (n = 0; n < times; n++) {
		member_break(FAKE(n)->m, "lunch");
		fixture_settle(&fixture);
		client_acts(FAKE(n)->client);
		member_back(FAKE(n)->m, NULL);
		fixture_settle(&fixture);
	}
	took(WORK_BREAK, ns, times);

	ns = cpu_ns();
	fixture_pass(&fixture, 3600000);
	took(WORK_HOUR, ns, 1);

	ns = cpu_ns();
	for (i = 0; i < people; i++)
		fake_fini(&fakes[i]);
	fixture_settle(&fixture);
	took(WORK_LEAVE, ns, people);
#undef FAKE
	free(fakes);
	fixture_fini(&fixture);
	counts[ncounts++] = people;
}

/* Least squares of the logarithms. */
static double
exponent(const double *us)
{
	double x, y, sx = 0, sy = 0, sxx = 0, sxy = 0, d;
	unsigned i;

	for (i = 0; i < ncounts; i++) {
		x = log(counts[i]);
		y = log(us[i] > 0.01 ? us[i] : 0.01);
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	d = ncounts * sxx - sx * sx;
	return d > 0 ? (ncounts * sxy - sx * sy) / d : 0;
}

static int args_count;
static char **args;

/* A test, since the fakes use check's assertions. */
START_TEST(growth)
{
	static const char *const usual[] = { "100", "1000", "10000", "100000" };
	unsigned i, w, n = NITEMS(usual);

	if (args_count > 1)
		n = (unsigned)args_count - 1;
	for (i = 0; i < n && i < FAKES_COUNTS; i++)
		measure((unsigned)strtoul(args_count > 1 ? args[i + 1] :
							   usual[i],
		    NULL, 10));
	printf("%-10s", "us");
	for (i = 0; i < ncounts; i++)
		printf(" %12.0f", counts[i]);
	printf(" %9s\n", "exponent");
	for (w = 0; w < WORKS; w++) {
		printf("%-10s", work_names[w]);
		for (i = 0; i < ncounts; i++)
			printf(" %12.2f", taken_us[w][i]);
		printf(" %9.2f\n", exponent(taken_us[w]));
	}
}
END_TEST

int
main(int argc, char *argv[])
{
	Suite *suite = suite_create("fakes");
	TCase *tc = tcase_create("fakes");
	SRunner *runner = srunner_create(suite);
	int failed;

	args_count = argc;
	args = argv;
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, growth);
	suite_add_tcase(suite, tc);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
