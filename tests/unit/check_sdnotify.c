/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Notification: what the manager's end of the socket gets, and what happens
 * when there is none.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/sdnotify.h"
#include "unit.h"

static char *dir, path[128];
static int service_manager = -1;

/* As at the start: the variable is taken, and gone. NULL: there is none. */
static void
start_with(const char *name)
{
	if (name == NULL)
		unsetenv("NOTIFY_SOCKET");
	else
		ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	sdnotify_take();
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
}

/* A manager that listens at name: a path, or an abstract one with '@'. */
static void
listen_at(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const size_t len = strlen(name);

	memcpy(sun.sun_path, name, len + 1);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	service_manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(service_manager, 0);
	ck_assert_int_eq(bind(service_manager, (const struct sockaddr *)&sun,
			     (socklen_t)(offsetof(struct sockaddr_un,
					     sun_path) +
				 len + (name[0] != '@'))),
	    0);
	start_with(name);
}

static void
assert_received(const char *expected)
{
	char data[64];
	ssize_t n = recv(service_manager, data, sizeof(data) - 1, 0);

	ck_assert_int_ge(n, 0);
	data[n] = '\0';
	ck_assert_str_eq(data, expected);
}

static void
assert_nothing_received(void)
{
	char data[64];

	ck_assert_int_eq(recv(service_manager, data, sizeof(data), 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

static void
setup(void)
{
	dir = unit_dir_new();
	snprintf(path, sizeof(path), "%s/s", dir);
}

static void
teardown(void)
{
	if (service_manager != -1)
		close(service_manager);
	service_manager = -1;
	unit_dir_free(dir);
	start_with(NULL);
}

START_TEST(to_path)
{
	listen_at(path);
	ck_assert_int_eq(sdnotify("READY=1"), 0);
	ck_assert_int_eq(sdnotify("STOPPING=1"), 0);
	assert_received("READY=1");
	assert_received("STOPPING=1");
	assert_nothing_received();
}
END_TEST

START_TEST(to_abstract_name)
{
	char name[64];

	snprintf(name, sizeof(name), "@check_sdnotify.%ld", (long)getpid());
	listen_at(name);
	ck_assert_int_eq(sdnotify("READY=1"), 0);
	assert_received("READY=1");
}
END_TEST

START_TEST(to_nobody)
{
	start_with(NULL);
	ck_assert_int_eq(sdnotify("READY=1"), 0);
	start_with("");
	ck_assert_int_eq(sdnotify("READY=1"), 0);
}
END_TEST

START_TEST(to_bad_names)
{
	char name[200];

	start_with(path);
	ck_assert_int_eq(sdnotify("READY=1"), -1);
	ck_assert_int_eq(errno, ENOENT);
	start_with("vsock:2:1234");
	ck_assert_int_eq(sdnotify("READY=1"), -1);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	start_with(name);
	ck_assert_int_eq(sdnotify("READY=1"), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

/* A manager that reads nothing must not hold us up. */
START_TEST(to_full_queue)
{
	int i;

	listen_at(path);
	for (i = 0; i < 100000; i++)
		if (sdnotify("READY=1") == -1)
			break;
	ck_assert_int_lt(i, 100000);
	ck_assert_int_eq(errno, EAGAIN);
	assert_received("READY=1");
	ck_assert_int_eq(sdnotify("READY=1"), 0);
}
END_TEST

/* No descriptor stays open, whatever comes of it. */
START_TEST(leaks_nothing)
{
	int i, before = dup(STDERR_FILENO), after;

	ck_assert_int_ge(before, 0);
	close(before);
	start_with(path);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(sdnotify("READY=1"), -1);
	after = dup(STDERR_FILENO);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "sdnotify", setup, teardown);

	tcase_add_test(tc, to_path);
	tcase_add_test(tc, to_abstract_name);
	tcase_add_test(tc, to_nobody);
	tcase_add_test(tc, to_bad_names);
	tcase_add_test(tc, to_full_queue);
	tcase_add_test(tc, leaks_nothing);
}
