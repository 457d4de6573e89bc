/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A thousand people in one room, one of whom never reads: everybody else gets
 * every line, in order; the daemon's memory stays where it was but for the ring
 * and that one's output-limit; and when the sleeper reads at last, they get
 * what was sent before, one gap line with the exact number, and all the rest
 * (hostile 40, 47). BRBD names the daemon, DIALOG_TIMEOUT the patience, as for
 * the dialogs.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "dialog-daemon.h"

#define PEOPLE 1000
#define SLEEPER 0
#define SPEAKER 1
#define LINES 600
#define WINDOW 20
/* As the daemon is told. */
#define RING (128 * 1024)
#define OUTPUT_LIMIT (64 * 1024)

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CROWD_IS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CROWD_IS_SANITIZED
#endif

struct person {
	int fd;
	struct buf in;
	unsigned next; /* the number of the line that they should see next */
	bool is_live;
	bool is_gap; /* a gap has been told */
};

static struct daemon d;
static struct person people[PEOPLE];
static char line_end[900];
static int64_t patience_ms = 60000;

static int64_t
crowd_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
crowd_start(const char *dir)
{
	char *notify = xasprintf("%s/notify", dir);
	char *settings = xasprintf("%s/brbd.conf", dir);
	const char *brbd = getenv("BRBD");
	char args[] = "-l 127.0.0.1:0,line -o line-rate=0 -o accept-rate=0 "
		      "-o max-per-address=0 -o history-size=128K "
		      "-o output-limit=64K -o max-members=1100 "
		      "-o stall-timeout=1h -f";
	char *argv[32], *word;
	const struct daemon_setup setup = { .notify_path = notify };
	size_t argc = 0;
	int fd = open(settings, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int64_t end_ms = crowd_now_ms() + patience_ms;

	argv[argc++] = xstrdup(brbd == NULL ? "src/brbd" : brbd);
	for (word = strtok(args, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc++] = settings;
	argv[argc] = NULL;
	ck_assert_int_ne(fd, -1);
	(void)close(fd);
	daemon_init(&d);
	ck_assert_int_eq(daemon_start(&d, argv, &setup), 0);
	while (!d.is_ready || d.port_ipv4 == 0) {
		struct pollfd pfds[2] = { { d.log_fd, POLLIN, 0 },
			{ d.notify_fd, POLLIN, 0 } };

		ck_assert_msg(crowd_now_ms() < end_ms && d.log_fd != -1,
		    "the daemon is not ready: %s", buf_cstr(&d.log));
		(void)poll(pfds, 2, 100);
		daemon_read_log(&d);
		daemon_read_notify(&d);
	}
	(void)unlink(notify);
	(void)unlink(settings);
	free(notify);
	free(settings);
	free(argv[0]);
}

static void
crowd_connect(struct person *p, int rcvbuf)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)d.port_ipv4);
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ne(p->fd, -1);
	if (rcvbuf > 0)
		ck_assert_int_eq(setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF,
				     &rcvbuf, sizeof(rcvbuf)),
		    0);
	ck_assert_int_eq(connect(p->fd, (struct sockaddr *)&sin, sizeof(sin)),
	    0);
	ck_assert_int_eq(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
	p->next = 1;
}

/* "-- … N earlier messages are no longer held" */
static bool
crowd_parse_gap(const char *line, unsigned *count)
{
	return sscanf(line, "-- \xe2\x80\xa6 %u earlier message", count) == 1;
}

static void
crowd_line(struct person *p, const char *line)
{
	const char *said = strstr(line, "> ");
	unsigned number, gap;

	if (strcmp(line, "-- you are live") == 0)
		p->is_live = true;
	else if (crowd_parse_gap(line, &gap)) {
		ck_assert_msg(p == &people[SLEEPER], "a gap for a reader");
		p->next += gap;
		p->is_gap = true;
	} else if (line[0] == '[') {
		ck_assert_ptr_nonnull(said);
		ck_assert_int_eq(sscanf(said + 2, "%u ", &number), 1);
		ck_assert_uint_eq(number, p->next);
		ck_assert_ptr_nonnull(strstr(said, line_end));
		p->next++;
	}
}

static void
crowd_read(struct person *p)
{
	char *lf, *start;
	ssize_t n;

	for (;;) {
		n = read(p->fd, buf_reserve(&p->in, 65536), 65536);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		ck_assert_msg(n > 0, "a connection ended");
		p->in.len += (size_t)n;
	}
	if (p->in.len == 0)
		return;
	for (start = p->in.data;
	     (lf = memchr(start, '\n',
		  (size_t)(p->in.data + p->in.len - start))) != NULL;
	     start = lf + 1) {
		*lf = '\0';
		crowd_line(p, start);
	}
	p->in.len -= (size_t)(start - p->in.data);
	memmove(p->in.data, start, p->in.len);
}

static bool
crowd_is_live(const struct person *p)
{
	return p->is_live;
}

static unsigned wanted;

static bool
crowd_is_told(const struct person *p)
{
	return p == &people[SPEAKER] || p->next >= wanted;
}

/* Reads for people[from..to) until done() is true of each. */
static void
crowd_wait(size_t from, size_t to, bool (*done)(const struct person *))
{
	static struct pollfd pfds[PEOPLE];
	int64_t end_ms = crowd_now_ms() + patience_ms;
	size_t i, left;

	for (;;) {
		for (i = from, left = 0; i < to; i++) {
			pfds[i].fd = people[i].fd;
			pfds[i].events = POLLIN;
			left += !done(&people[i]);
		}
		if (left == 0)
			return;
		ck_assert_msg(crowd_now_ms() < end_ms,
		    "%zu people are still waiting", left);
		(void)poll(pfds + from, to - from, 100);
		for (i = from; i < to; i++)
			if (pfds[i].revents != 0)
				crowd_read(&people[i]);
		daemon_read_log(&d);
	}
}

static void
crowd_say(unsigned number)
{
	char line[1024];
	const char *p = line;
	size_t left;
	ssize_t n;

	left = (size_t)snprintf(line, sizeof(line), "%u %s\n", number,
	    line_end);
	while (left > 0) {
		n = write(people[SPEAKER].fd, p, left);
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		} else
			crowd_read(&people[SPEAKER]);
	}
}

/*
 * Resident bytes of the daemon, or 0 where that cannot be seen or means
 * nothing.
 */
static size_t
crowd_memory(void)
{
	size_t pages = 0;
#if defined(__linux__) && !defined(CROWD_IS_SANITIZED)
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/statm", (long)d.pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%*u %zu", &pages) != 1)
		pages = 0;
	(void)fclose(f);
#endif
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(test_crowd)
{
	char dir[] = "/tmp/crowd-XXXXXX";
	size_t i, before, after;
	unsigned number;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	crowd_start(dir);
	(void)rmdir(dir);
	memset(line_end, 'x', sizeof(line_end) - 1);

	for (i = 0; i < PEOPLE; i++) {
		memset(&people[i], 0, sizeof(people[i]));
		crowd_connect(&people[i], i == SLEEPER ? 2048 : 0);
	}
	crowd_wait(0, PEOPLE, crowd_is_live);

	/* The first window warms up what is kept: scratch space, the ring. */
	for (number = 1; number <= WINDOW; number++)
		crowd_say(number);
	wanted = number;
	crowd_wait(1, PEOPLE, crowd_is_told);
	before = crowd_memory();
	for (; number <= LINES; number++) {
		crowd_say(number);
		if (number % WINDOW == 0) {
			wanted = number + 1;
			crowd_wait(1, PEOPLE, crowd_is_told);
		}
	}
	wanted = LINES + 1;
	crowd_wait(1, PEOPLE, crowd_is_told);
	after = crowd_memory();
	if (before > 0)
		ck_assert_msg(after <=
			before + RING + OUTPUT_LIMIT + 1024 * 1024,
		    "the daemon has grown from %zu to %zu bytes", before,
		    after);

	/* The sleeper wakes up. */
	ck_assert_uint_eq(people[SLEEPER].next, 1);
	crowd_wait(SLEEPER, SLEEPER + 1, crowd_is_told);
	ck_assert(people[SLEEPER].is_gap);
	ck_assert_uint_eq(people[SLEEPER].next, LINES + 1);

	for (i = 0; i < PEOPLE; i++) {
		(void)close(people[i].fd);
		buf_fini(&people[i].in);
	}
	ck_assert_int_eq(kill(d.pid, SIGTERM), 0);
	ck_assert_int_eq(daemon_reap(&d, patience_ms), 0);
	daemon_read_log(&d);
	ck_assert_msg(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 0 &&
		daemon_find_report(&d) == NULL,
	    "%s", buf_cstr(&d.log));
	daemon_fini(&d);
}
END_TEST

int
main(void)
{
	const char *patience = getenv("DIALOG_TIMEOUT");
	struct rlimit rl;
	Suite *suite = suite_create("crowd");
	TCase *tc = tcase_create("crowd");
	SRunner *runner;
	int failed;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
		if (rl.rlim_cur < PEOPLE + 100) {
			(void)
			    puts("skipped: the limit on open files is too low");
			return 77;
		}
	}
	if (patience != NULL)
		patience_ms = 6000 * (int64_t)atoi(patience);
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, test_crowd);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
