/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The log: what a line looks like, that nobody can forge one, and that no
 * reader can hold us up. stderr is a socket of datagrams in most of these
 * tests, so that each system call shows as one.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "unit.h"

static int saved_stderr = -1;
static int reader = -1; /* the other end of stderr */
static char line[16384];

static void
set_stderr(int fd)
{
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
}

static void
setup(void)
{
	int fds[2];

	saved_stderr = dup(STDERR_FILENO);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	reader = fds[0];
	ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	set_stderr(fds[1]);
	log_init(LOG_TARGET_JOURNAL, LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
}

static void
teardown(void)
{
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	set_stderr(saved_stderr);
	saved_stderr = -1;
	if (reader != -1)
		close(reader);
	reader = -1;
}

/* What one system call wrote; "" when there is nothing. */
static const char *
next_line(void)
{
	ssize_t n = read(reader, line, sizeof(line) - 1);

	if (n == -1) {
		ck_assert_int_eq(errno, EAGAIN);
		n = 0;
	}
	line[n] = '\0';
	return line;
}

/* A pipe as stderr, with nothing in it. */
static void
use_pipe(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	close(reader);
	reader = fds[0];
	ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	set_stderr(fds[1]);
}

START_TEST(levels)
{
	log_error("a %d", 1);
	log_warning("b %s", "x");
	log_info("c");
	log_debug("d");
	ck_assert_str_eq(next_line(), "<3>a 1\n");
	ck_assert_str_eq(next_line(), "<4>b x\n");
	ck_assert_str_eq(next_line(), "<6>c\n");
	ck_assert_str_eq(next_line(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d");
	ck_assert_str_eq(next_line(), "<7>d\n");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("b");
	log_info("c");
	ck_assert_str_eq(next_line(), "");
	log_error("a");
	ck_assert_str_eq(next_line(), "<3>a\n");
}
END_TEST

/* "2026-06-02 14:02:11 error: text", for people. */
static const char *
after_time(const char *text)
{
	int y, mo, d, h, mi, s, n = 0;

	ck_assert_int_eq(sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d %n", &y, &mo, &d,
			     &h, &mi, &s, &n),
	    6);
	ck_assert_int_eq(n, 20);
	return text + n;
}

START_TEST(for_people)
{
	log_init(LOG_TARGET_STDERR, LOG_LEVEL_DEBUG);
	log_error("a");
	ck_assert_str_eq(after_time(next_line()), "error: a\n");
	log_warning("a");
	ck_assert_str_eq(after_time(next_line()), "warning: a\n");
	log_info("a");
	ck_assert_str_eq(after_time(next_line()), "a\n");
	log_debug("a");
	ck_assert_str_eq(after_time(next_line()), "debug: a\n");
}
END_TEST

/* Hostile 75: also through the format's arguments, and with hostile 11. */
START_TEST(no_line_is_forged)
{
	log_info("nick %s", "a\n<3>forged\r\x1b[2J\x7f\xc3\xa9\t%n%s\\");
	ck_assert_str_eq(next_line(),
	    "<6>nick a\\x0a<3>forged\\x0d\\x1b[2J\\x7f\\xc3\\xa9\\x09%n%s\\"
	    "\n");
	ck_assert_str_eq(next_line(), "");
}
END_TEST

/* Whatever comes in, a line is one write that fits into a pipe's page. */
START_TEST(long_lines)
{
	char text[9000];
	size_t len;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	len = strlen(next_line());
	ck_assert_uint_lt(len, 4096);
	ck_assert_str_eq(line + len - 5, "a...\n");
	memset(text, '\n', sizeof(text) - 1);
	log_info("%s", text);
	len = strlen(next_line());
	ck_assert_uint_le(len, 4096);
	ck_assert_uint_gt(len, 4000);
	ck_assert_str_eq(line + len - 8, "\\x0a...\n");
	ck_assert_str_eq(next_line(), "");
}
END_TEST

START_TEST(errno_is_kept)
{
	errno = ENOSPC;
	log_info("a");
	ck_assert_int_eq(errno, ENOSPC);
	close(reader);
	reader = -1;
	errno = ENOSPC;
	log_info("a");
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

/* A reader that does not read loses lines and is told; it holds up nobody. */
static void
check_full(void)
{
	char text[100];
	size_t i, seen = 0;
	unsigned long missing;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 20000; i++)
		log_info("%s", text);
	while (next_line()[0] != '\0')
		for (i = 0; line[i] != '\0'; i++)
			seen += line[i] == '\n';
	ck_assert_uint_gt(seen, 0);
	ck_assert_uint_lt(seen, 20000);
	log_info("b");
	next_line();
	ck_assert_int_eq(sscanf(line, "<4>the log had no room for %lu lines\n",
			     &missing),
	    1);
	ck_assert_uint_eq(seen + missing, 20000);
	/* A pipe gives both at once. */
	ck_assert(strstr(line, "\n<6>b\n") != NULL ||
	    strcmp(next_line(), "<6>b\n") == 0);
	log_info("c");
	ck_assert_str_eq(next_line(), "<6>c\n");
}

START_TEST(full_pipe)
{
	use_pipe();
	check_full();
}
END_TEST

START_TEST(full_socket)
{
	int fds[2];

	check_full();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(reader);
	reader = fds[0];
	ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	set_stderr(fds[1]);
	check_full();
}
END_TEST

START_TEST(closed_stderr)
{
	const unsigned long lost = log_lost();

	/* EPIPE */
	use_pipe();
	close(reader);
	reader = -1;
	log_info("a");
	log_info("b");
	/* EBADF */
	close(STDERR_FILENO);
	log_info("c");
	/* And back: three are missing. Something else takes the number before
	 * pipe() does. */
	ck_assert_int_eq(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
	use_pipe();
	log_info("d");
	ck_assert_str_eq(next_line(),
	    "<4>the log had no room for 3 lines\n<6>d\n");
	ck_assert_uint_eq(log_lost() - lost, 3);
}
END_TEST

START_TEST(to_a_file)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	set_stderr(dup(fileno(file)));
	log_info("a");
	log_info("b");
	rewind(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_str_eq(line, "<6>a\n");
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_str_eq(line, "<6>b\n");
	fclose(file);
}
END_TEST

START_TEST(limits)
{
	struct log_limit limit = { 0, 0 }, other = { 0, 0 };

	log_limited(&limit, 5, LOG_LEVEL_INFO, "a %d", 1);
	ck_assert_str_eq(next_line(), "<6>a 1\n");
	log_limited(&limit, 6, LOG_LEVEL_INFO, "a %d", 2);
	log_limited(&limit, 60004, LOG_LEVEL_INFO, "a %d", 3);
	ck_assert_str_eq(next_line(), "");
	log_limited(&other, 60004, LOG_LEVEL_ERROR, "b");
	ck_assert_str_eq(next_line(), "<3>b\n");
	log_limited(&limit, 60005, LOG_LEVEL_INFO, "a %d", 4);
	ck_assert_str_eq(next_line(), "<6>a 4 (2 more like it)\n");
	log_limited(&limit, 60006, LOG_LEVEL_INFO, "a");
	log_limited(&limit, 120005, LOG_LEVEL_INFO, "a");
	ck_assert_str_eq(next_line(), "<6>a (1 more like it)\n");
	log_limited(&limit, 180005, LOG_LEVEL_INFO, "a");
	ck_assert_str_eq(next_line(), "<6>a\n");
	/* What the level hides takes nobody's turn. */
	log_limited(&other, 200000, LOG_LEVEL_DEBUG, "c");
	log_limited(&other, 200001, LOG_LEVEL_INFO, "d");
	ck_assert_str_eq(next_line(), "<6>d\n");
}
END_TEST

START_TEST(guesses)
{
	struct stat st;
	char stream[64];

	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(log_guess_target(), LOG_TARGET_STDERR);
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	ck_assert_int_eq(log_guess_target(), LOG_TARGET_JOURNAL);
	/* Redirected since. */
	use_pipe();
	ck_assert_int_eq(log_guess_target(), LOG_TARGET_STDERR);
	setenv("JOURNAL_STREAM", "x", 1);
	ck_assert_int_eq(log_guess_target(), LOG_TARGET_STDERR);
	unsetenv("JOURNAL_STREAM");
}
END_TEST

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(sun.sun_path, path);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)),
	    0);
	return fd;
}

START_TEST(to_syslog)
{
	char *dir = unit_dir_new(), path[128], tag[64];
	const char *expected;
	unsigned long missing;
	int i;

	snprintf(path, sizeof(path), "%s/log", dir);
	log_set_syslog_path(path);
	log_init(LOG_TARGET_SYSLOG, LOG_LEVEL_INFO);
	snprintf(tag, sizeof(tag), " brbd[%ld]: ", (long)getpid());

	log_info("nobody there");
	close(reader);
	reader = listen_at(path);
	log_warning("a\nb");
	ck_assert_ptr_nonnull(strstr(next_line(), "had no room for 1 lines"));
	/* "<28>Jun  2 14:02:11 brbd[123]: a\x0ab" */
	ck_assert_int_eq(strncmp(next_line(), "<28>", 4), 0);
	ck_assert_int_eq(line[7], ' ');
	ck_assert_int_eq(line[13], ':');
	ck_assert_int_eq(strncmp(line + 19, tag, strlen(tag)), 0);
	ck_assert_str_eq(line + 19 + strlen(tag), "a\\x0ab");

	/* syslogd starts again: nothing is lost. */
	close(reader);
	ck_assert_int_eq(unlink(path), 0);
	reader = listen_at(path);
	log_info("c");
	expected = next_line() + 19 + strlen(tag);
	ck_assert_str_eq(expected, "c");

	/* It hangs: we do not. */
	for (i = 0; i < 1000; i++)
		log_info("d");
	for (i = 0; next_line()[0] != '\0'; i++)
		ck_assert_str_eq(line + 19 + strlen(tag), "d");
	ck_assert_int_lt(i, 1000);
	log_info("e");
	ck_assert_int_eq(sscanf(next_line() + 19 + strlen(tag),
			     "the log had no room for %lu", &missing),
	    1);
	ck_assert_uint_eq((unsigned long)i + missing, 1000);
	ck_assert_str_eq(next_line() + 19 + strlen(tag), "e");

	unit_dir_free(dir);
	log_set_syslog_path("/dev/log");
}
END_TEST

static void
never_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ck_abort();
}

/* libevent complains of an event for a signal and for reading at once. */
START_TEST(libevent)
{
	log_libevent();
	ck_assert_ptr_null(event_new(NULL, 0, EV_SIGNAL | EV_READ, never_cb,
	    NULL));
	ck_assert_int_eq(strncmp(next_line(), "<4>libevent: event_assign", 25),
	    0);
	event_set_log_callback(NULL);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "log", setup, teardown);

	tcase_add_test(tc, levels);
	tcase_add_test(tc, for_people);
	tcase_add_test(tc, no_line_is_forged);
	tcase_add_test(tc, long_lines);
	tcase_add_test(tc, errno_is_kept);
	tcase_add_test(tc, full_pipe);
	tcase_add_test(tc, full_socket);
	tcase_add_test(tc, closed_stderr);
	tcase_add_test(tc, to_a_file);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, guesses);
	tcase_add_test(tc, to_syslog);
	tcase_add_test(tc, libevent);
}
