/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What a service manager gets: the pings come while deadlines are run, at a
 * third of the time that is allowed, and only if it watches us. hostile 76
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/sdnotify.h"
#include "net/service-manager.h"
#include "unit.h"

static char *dir;
static struct sockaddr_un sun;
static int listening = -1;
static struct clock now;
static struct deadlines deadlines;
static struct service_manager m;

static void
status(struct buf *out, void *arg)
{
	buf_addstr(out, arg);
}

static void
setup(void)
{
	dir = unit_dir_new();
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", dir);
	listening = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&sun, sizeof(sun)),
	    0);
	setenv("NOTIFY_SOCKET", sun.sun_path, 1);
	deadlines_init(&deadlines, NULL, NULL);
	now.mono_ms = 5000;
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
}

static void
teardown(void)
{
	close(listening);
	unit_dir_free(dir);
	unsetenv("NOTIFY_SOCKET");
	sdnotify_take();
}

static void
start(const char *usec, const char *pid)
{
	static char all_is_well[] = "all is well";

	if (usec != NULL)
		setenv("WATCHDOG_USEC", usec, 1);
	if (pid != NULL)
		setenv("WATCHDOG_PID", pid, 1);
	service_manager_init(&m, &now, &deadlines, status, all_is_well);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
}

/* The next message begins so. NULL: there is none. */
static void
heard(const char *expected)
{
	char data[256];
	ssize_t n = recv(listening, data, sizeof(data) - 1, 0);

	if (expected == NULL) {
		ck_assert_int_eq(n, -1);
		ck_assert_int_eq(errno, EAGAIN);
		return;
	}
	ck_assert_int_ge(n, 0);
	data[n] = '\0';
	ck_assert_msg(strncmp(data, expected, strlen(expected)) == 0, "%s",
	    data);
	ck_assert_ptr_nonnull(strstr(data, "\nSTATUS=all is well"));
}

static void
run_at(int64_t ms)
{
	now.mono_ms = ms;
	deadlines_run(&deadlines, ms);
}

START_TEST(test_pings)
{
	start("30000000", NULL);
	heard(NULL);
	service_manager_ready(&m);
	heard("READY=1");
	heard("WATCHDOG=1");
	run_at(14999);
	heard(NULL);
	run_at(15000);
	heard("WATCHDOG=1");
	heard(NULL);
	/* After a stall one, not all that are due. */
	run_at(60000);
	heard("WATCHDOG=1");
	heard(NULL);
	service_manager_reloading(&m);
	heard("RELOADING=1\nMONOTONIC_USEC=");
	service_manager_ready(&m);
	heard("READY=1");
	heard(NULL);
	service_manager_stopping(&m);
	heard("STOPPING=1");
	run_at(70000);
	heard("WATCHDOG=1");
	service_manager_fini(&m);
	ck_assert_int_eq(deadlines_next(&deadlines), -1);
}
END_TEST

static const struct {
	const char *usec, *pid;
} unwatched[] = { { NULL, NULL }, { "30000000", "1" }, { "30000000", "" },
	{ "0", NULL }, { "", NULL }, { "-1", NULL }, { "30s", NULL },
	{ "99999999999999999999", NULL } };

START_TEST(test_unwatched)
{
	start(unwatched[_i].usec, unwatched[_i].pid);
	service_manager_ready(&m);
	heard("READY=1");
	heard(NULL);
	ck_assert_int_eq(deadlines_next(&deadlines), -1);
	service_manager_fini(&m);
}
END_TEST

/* So short that a third is no millisecond: not in a tight loop. */
START_TEST(test_shortest)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	start("1", pid);
	service_manager_ready(&m);
	heard("READY=1");
	heard("WATCHDOG=1");
	ck_assert_int_eq(deadlines_next(&deadlines), 5001);
	service_manager_fini(&m);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "service_manager", setup, teardown);

	tcase_add_test(tc, test_pings);
	tcase_add_loop_test(tc, test_unwatched, 0, (int)NITEMS(unwatched));
	tcase_add_test(tc, test_shortest);
}
