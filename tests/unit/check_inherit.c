/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Inherited sockets, hostile 77. Descriptors have fixed numbers here, so each
 * case is a process of its own that has none but the standard ones.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/inherit.h"
#include "unit.h"

#define CLOSE_BELOW 64

static int
open_listening(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd != -1 && listen(fd, 1) == 0 ? fd : -1;
}

static int
open_silent(void)
{
	return socket(AF_INET6, SOCK_STREAM, 0);
}

static int
open_datagram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

static int
open_file(void)
{
	return open("/dev/null", O_RDONLY);
}

static int
open_nothing(void)
{
	return STDIN_FILENO;
}

static const struct {
	const char *fds, *pid, *names; /* NULL: unset; pid "$": our own */
	int (*first)(void); /* descriptor 3; 4 listens */
	const char *error; /* NULL: it is fine; else what is in it */
	size_t count;
	const char *name; /* of the last */
} cases[] = {
	{ NULL, NULL, NULL, open_listening, NULL, 0, NULL },
	{ NULL, "1", "x", open_listening, NULL, 0, NULL },
	{ "0", "$", NULL, open_nothing, NULL, 0, NULL },
	{ "1", "$", NULL, open_listening, NULL, 1, "" },
	{ "2", "$", "a:b.socket", open_listening, NULL, 2, "b.socket" },
	{ "2", "$", ":", open_listening, NULL, 2, "" },
	{ "2", "$", "a", open_listening, "LISTEN_FDNAMES", 0, NULL },
	{ "1", "$", "a:b", open_listening, "LISTEN_FDNAMES", 0, NULL },
	{ "", "$", NULL, open_listening, "LISTEN_FDS", 0, NULL },
	{ "x", "$", NULL, open_listening, "LISTEN_FDS", 0, NULL },
	{ "-1", "$", NULL, open_listening, "LISTEN_FDS", 0, NULL },
	{ "33", "$", NULL, open_listening, "LISTEN_FDS", 0, NULL },
	{ "18446744073709551617", "$", NULL, open_listening, "LISTEN_FDS", 0,
	    NULL },
	{ "1", NULL, NULL, open_listening, "LISTEN_PID", 0, NULL },
	{ "1", "1", NULL, open_listening, "LISTEN_PID", 0, NULL },
	{ "1", "", NULL, open_listening, "LISTEN_PID", 0, NULL },
	{ "2", "$", NULL, open_silent, "3: it does not listen", 0, NULL },
	{ "2", "$", NULL, open_datagram, "3: it is no stream socket", 0, NULL },
	{ "2", "$", NULL, open_file, "3: Socket operation on non-socket", 0,
	    NULL },
	{ "32", "$", NULL, open_listening, "5: Bad file descriptor", 0, NULL },
};

static void
set(const char *name, const char *value)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if (value == NULL)
		unsetenv(name);
	else
		setenv(name, strcmp(value, "$") == 0 ? pid : value, 1);
}

static bool
is_ready(int fd)
{
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 &&
	    (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

/* In the child: NULL, or what is not as it should be. */
static const char *
try_case(int i)
{
	static struct inheritance in;
	char *error = NULL;
	int result;

	for (int fd = 3; fd < CLOSE_BELOW; fd++)
		close(fd);
	if (cases[i].first != open_nothing &&
	    (cases[i].first() != 3 || open_listening() != 4))
		return "cannot make the descriptors";
	set("LISTEN_FDS", cases[i].fds);
	set("LISTEN_PID", cases[i].pid);
	set("LISTEN_FDNAMES", cases[i].names);
	result = inheritance_take(&in, &error);
	if (getenv("LISTEN_FDS") != NULL || getenv("LISTEN_PID") != NULL ||
	    getenv("LISTEN_FDNAMES") != NULL)
		return "the variables are still there";
	if (cases[i].error != NULL) {
		if (result != -1)
			return "there should be an error";
		return strstr(error, cases[i].error) == NULL ? error : NULL;
	}
	if (result != 0)
		return error;
	if (in.count != cases[i].count)
		return "not as many as should be";
	for (size_t n = 0; n < in.count; n++)
		if (in.items[n].fd != 3 + (int)n || !is_ready(3 + (int)n))
			return "a descriptor is not ready for use";
	if (in.count > 0 &&
	    strcmp(in.items[in.count - 1].name, cases[i].name) != 0)
		return "the name is another";
	inheritance_fini(&in);
	return NULL;
}

START_TEST(test_case)
{
	const char *wrong;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		wrong = try_case(_i);
		if (wrong != NULL)
			fprintf(stderr, "case %d: %s\n", _i, wrong);
		_exit(wrong == NULL ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "inherit", NULL, NULL);

	tcase_add_loop_test(tc, test_case, 0, (int)NITEMS(cases));
}
