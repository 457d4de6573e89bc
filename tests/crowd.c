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

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "client.h"
#include "daemon.h"
#include "unit/unit.h"

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

/* "-- … N earlier messages are no longer held" */
static bool
crowd_parse_gap(const char *line, unsigned *count)
{
	return sscanf(line, "-- \xe2\x80\xa6 %u earlier message", count) == 1;
}

static void
crowd_line(void *arg, char *line)
{
	struct person *p = arg;
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
	ck_assert_msg(client_receive(p->fd, &p->in), "a connection ended");
	client_take_lines(&p->in, crowd_line, p);
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
	int64_t end_ms = client_now_ms() + patience_ms;
	size_t i, left;

	for (;;) {
		for (i = from, left = 0; i < to; i++) {
			pfds[i].fd = people[i].fd;
			pfds[i].events = POLLIN;
			left += !done(&people[i]);
		}
		if (left == 0)
			return;
		ck_assert_msg(client_now_ms() < end_ms,
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
	char *dir = unit_dir_new();
	size_t i, before, after;
	unsigned number;

	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0,line -o line-rate=0 -o accept-rate=0 "
	    "-o max-per-address=0 -o history-size=%d -o output-limit=%d "
	    "-o max-members=1100 -o stall-timeout=1h",
	    RING, OUTPUT_LIMIT);
	client_await_daemon(&d, patience_ms);
	memset(line_end, 'x', sizeof(line_end) - 1);

	for (i = 0; i < PEOPLE; i++) {
		memset(&people[i], 0, sizeof(people[i]));
		people[i].next = 1;
		people[i].fd = client_connect(&d, false,
		    i == SLEEPER ? 2048 : 0);
		ck_assert_int_ne(people[i].fd, -1);
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
	client_stop_daemon(&d, patience_ms);
	unit_dir_free(dir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crowd");
	TCase *tc = unit_case(suite, "crowd", NULL, NULL);

	if (client_raise_nofile() < PEOPLE + 100) {
		(void)puts("skipped: the limit on open files is too low");
		return 77;
	}
	patience_ms = client_patience_ms(6);
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, test_crowd);
	return unit_run(suite);
}
