/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Writers post numbered lines, others listen, are on break or away, and the
 * daemon is killed at random moments and started again (hostile 61). Everybody
 * comes back each time. At the end
 *
 *   - the history has no line twice, and those of each writer in order;
 *   - everybody who only listens has seen what the history has, in that order,
 *     each line once but for those below "that you may have seen already". So
 *     every line that somebody saw is there, and nobody missed one.
 *
 * It lasts as long as CRASH_SECONDS in the environment says (8), and prints the
 * seed of its random numbers, which CRASH_SEED sets. BRBD names the daemon,
 * DIALOG_TIMEOUT the patience, as for the dialogs.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

#define WRITERS 3
#define LINES_MAX 200000
#define POSTS 100 /* of a writer, between two crashes */
#define WINDOW 10 /* lines posted that the first listener has not seen yet */

enum role { WRITER, LISTENER, ON_BREAK, AWAY, READER };
static const struct {
	const char *nick;
	enum role role;
} cast[] = {
	{ "wanda", WRITER }, { "will", WRITER }, { "wolf", WRITER },
	{ "lisa", LISTENER }, { "bert", ON_BREAK }, { "andy", AWAY },
	{ "fin", READER }, /* of the history, at the end */
};
#define PEOPLE (NITEMS(cast) - 1)
#define FIN PEOPLE
#define FIRST_LISTENER 3

/* writer * LINES_MAX + number: a line. */
struct lines {
	unsigned *items;
	size_t count;
	size_t cap;
};

struct person {
	int fd; /* -1: not connected */
	struct buf in, out;
	struct lines seen;
	struct lines as_guest; /* seen in this connection before the catch-up */
	bool *has; /* of all lines: is in seen */
	bool is_named;
	bool is_live; /* and had their catch-up, if one was due */
	bool in_repeats;
	unsigned posted; /* the number of their last line */
	unsigned post_max; /* so far in this run of the daemon */
};

static struct daemon d;
static struct person people[PEOPLE + 1];
static unsigned seen_of[WRITERS]; /* by the first listener */
static bool is_first_run = true;
static int64_t patience_ms = 20000;
static char dir[64];
static unsigned long repeats, crashes;

static int64_t
crash_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
lines_add(struct lines *l, unsigned line)
{
	if (l->count == l->cap) {
		l->cap = l->cap == 0 ? 1024 : l->cap * 2;
		l->items = xreallocarray(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->count++] = line;
}

/* The daemon */

static void
crash_start(void)
{
	char *notify = xasprintf("%s/notify", dir);
	const struct daemon_setup setup = { .notify_path = notify };
	char *settings = xasprintf("%s/brbd.conf", dir);
	char *state = xasprintf("state-dir=%s/state", dir);
	const char *brbd = getenv("BRBD");
	char args[] = "-l 127.0.0.1:0,line -o line-rate=0 -o accept-rate=0 "
		      "-o announce-rate=0 -o presence-window=1h "
		      "-o history-size=16M -o max-members=100 "
		      "-o greeting-history=0 -f";
	char *argv[40], *word;
	size_t argc = 0;
	int fd = open(settings, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ne(fd, -1);
	(void)close(fd);
	argv[argc++] = xstrdup(brbd == NULL ? "src/brbd" : brbd);
	for (word = strtok(args, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc++] = settings;
	argv[argc++] = xstrdup("-o");
	argv[argc++] = state;
	argv[argc] = NULL;
	(void)unlink(notify);
	daemon_init(&d);
	ck_assert_int_eq(daemon_start(&d, argv, &setup), 0);
	free(argv[argc - 2]);
	free(argv[0]);
	free(notify);
	free(settings);
	free(state);
}

static bool
crash_is_up(void)
{
	return d.is_ready && d.port_ipv4 != 0;
}

static void
crash_check_daemon(void)
{
	const char *report = daemon_find_report(&d);

	ck_assert_msg(report == NULL, "a checker reports: %s", report);
}

/* People */

static void
person_type(struct person *p, const char *text)
{
	buf_addstr(&p->out, text);
}

static void
person_connect(struct person *p, const char *nick)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)d.port_ipv4);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(p->fd, -1);
	if (connect(p->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1) {
		(void)close(p->fd);
		p->fd = -1;
		return;
	}
	ck_assert_int_eq(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
	buf_reset(&p->in);
	buf_reset(&p->out);
	p->as_guest.count = 0;
	p->is_named = p->is_live = p->in_repeats = false;
	p->post_max = p->posted + POSTS;
	person_type(p, "/nick ");
	person_type(p, nick);
	person_type(p, "\n");
}

static void
person_saw(struct person *p, unsigned line)
{
	unsigned writer = line / LINES_MAX, number = line % LINES_MAX;

	if (p->has[line]) {
		ck_assert_msg(p->in_repeats,
		    "%s sees a line of %s twice: number %u",
		    cast[p - people].nick, cast[writer].nick, number);
		repeats++;
		return;
	}
	p->has[line] = true;
	lines_add(&p->seen, line);
	if (p == &people[FIRST_LISTENER] && seen_of[writer] < number)
		seen_of[writer] = number;
}

static void
person_is_back(struct person *p)
{
	enum role role = cast[p - people].role;
	size_t i;

	p->is_live = true;
	p->in_repeats = false;
	/* Said before they had their nick again: after what they missed. */
	for (i = 0; i < p->as_guest.count; i++)
		person_saw(p, p->as_guest.items[i]);
	p->as_guest.count = 0;
	if (role == ON_BREAK)
		person_type(p, "/brb\n");
	else if (role == AWAY)
		person_type(p, "/quit\n");
}

static void
person_line(struct person *p, const char *line)
{
	unsigned writer, number;
	char nick[32];
	size_t len = strlen(line);

	if (sscanf(line, "[%*u:%*u] <%31[^>]> %u", nick, &number) == 2) {
		for (writer = 0; strcmp(cast[writer].nick, nick) != 0;)
			ck_assert_uint_lt(++writer, WRITERS);
		ck_assert_uint_lt(number, LINES_MAX);
		if (cast[p - people].role == WRITER)
			return;
		if (p->is_named)
			person_saw(p, writer * LINES_MAX + number);
		else
			lines_add(&p->as_guest, writer * LINES_MAX + number);
	} else if (strncmp(line, "-- you are now ", 15) == 0) {
		p->is_named = true;
		if (is_first_run)
			person_is_back(p);
	} else if (strstr(line, "that you may have seen already:") != NULL)
		p->in_repeats = true;
	else if (strcmp(line, "-- new since then:") == 0)
		p->in_repeats = false;
	else if (strcmp(line, "-- end of history") == 0)
		person_type(p, "/quit\n");
	else if (p->is_named && len >= 12 &&
	    strcmp(line + len - 12, "you are live") == 0)
		person_is_back(p);
	else
		ck_assert_msg(strncmp(line, "!!", 2) != 0 &&
			strstr(line, "no longer held") == NULL,
		    "%s sees: %s", cast[p - people].nick, line);
}

static void
person_read(struct person *p)
{
	ssize_t n;
	char *line, *end, *data;

	do {
		n = read(p->fd, buf_reserve(&p->in, 65536), 65536);
		if (n > 0)
			p->in.len += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	data = p->in.data;
	for (line = data; (end = memchr(line, '\n',
			       p->in.len - (size_t)(line - data))) != NULL;
	     line = end + 1) {
		*end = '\0';
		person_line(p, line);
	}
	p->in.len -= (size_t)(line - data);
	memmove(data, line, p->in.len);
	if (n == 0 || errno != EAGAIN) {
		(void)close(p->fd);
		p->fd = -1;
	}
}

static void
person_write(struct person *p)
{
	ssize_t n;

	n = send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL);
	if (n <= 0)
		return;
	p->out.len -= (size_t)n;
	memmove(p->out.data, p->out.data + n, p->out.len);
}

static void
person_post(struct person *p)
{
	char line[32];

	while (p->is_live && p->posted < p->post_max &&
	    p->posted < LINES_MAX - 1 &&
	    p->posted - seen_of[p - people] < WINDOW) {
		(void)snprintf(line, sizeof(line), "%u\n", ++p->posted);
		person_type(p, line);
	}
}

/* One round of the loop: whatever happens within wait_ms. */
static void
crash_turn(int wait_ms)
{
	struct pollfd pfds[PEOPLE + 2];
	size_t i;

	pfds[0] = (struct pollfd){ d.log_fd, POLLIN, 0 };
	pfds[1] = (struct pollfd){ d.notify_fd, POLLIN, 0 };
	for (i = 0; i < PEOPLE; i++)
		pfds[i + 2] = (struct pollfd){ people[i].fd,
			people[i].out.len > 0 ? POLLIN | POLLOUT : POLLIN, 0 };
	(void)poll(pfds, PEOPLE + 2, wait_ms);
	if (pfds[0].revents != 0)
		daemon_read_log(&d);
	if (pfds[1].revents != 0)
		daemon_read_notify(&d);
	for (i = 0; i < PEOPLE; i++) {
		if ((pfds[i + 2].revents & POLLOUT) != 0)
			person_write(&people[i]);
		if ((pfds[i + 2].revents & ~POLLOUT) != 0)
			person_read(&people[i]);
	}
}

static void
crash_wait_up(void)
{
	int64_t end_ms = crash_now_ms() + patience_ms;

	while (!crash_is_up()) {
		ck_assert_msg(crash_now_ms() < end_ms && d.log_fd != -1,
		    "the daemon does not get ready: %s", buf_cstr(&d.log));
		crash_turn(100);
	}
}

static void
crash_connect_all(void)
{
	size_t i;

	for (i = 0; i < PEOPLE; i++)
		person_connect(&people[i], cast[i].nick);
}

static bool
crash_all_are_back(void)
{
	size_t i;

	for (i = 0; i < PEOPLE; i++)
		if (!people[i].is_live || people[i].out.len > 0)
			return false;
	return true;
}

/* Everybody is there, and nothing is killed until then. */
static void
crash_gather(void)
{
	int64_t end_ms = crash_now_ms() + patience_ms;

	crash_wait_up();
	crash_connect_all();
	while (!crash_all_are_back()) {
		ck_assert_msg(crash_now_ms() < end_ms, "not all get back: %s",
		    buf_cstr(&d.log));
		crash_turn(100);
	}
}

static void
crash_talk(int64_t ms)
{
	int64_t end_ms = crash_now_ms() + ms, left_ms;
	bool was_connected = crash_is_up();
	unsigned i;

	while ((left_ms = end_ms - crash_now_ms()) > 0) {
		if (!was_connected && crash_is_up()) {
			was_connected = true;
			crash_connect_all();
		}
		for (i = 0; i < WRITERS; i++)
			if (people[i].fd != -1)
				person_post(&people[i]);
		crash_turn((int)left_ms);
		ck_assert_msg(d.log_fd != -1, "the daemon has ended: %s",
		    buf_cstr(&d.log));
	}
}

/* Then everybody reads what had been sent to them. */
static void
crash_end(int signal)
{
	int64_t end_ms = crash_now_ms() + patience_ms;
	size_t i;

	ck_assert_int_eq(kill(d.pid, signal), 0);
	ck_assert_int_eq(daemon_reap(&d, patience_ms), 0);
	for (i = 0; i < PEOPLE; i++) {
		buf_reset(&people[i].out);
		while (people[i].fd != -1) {
			ck_assert_int_lt(crash_now_ms(), end_ms);
			crash_turn(100);
		}
	}
	daemon_read_log(&d);
	crash_check_daemon();
	daemon_fini(&d);
}

/* The history as somebody new is shown it. */
static void
crash_read_history(struct person *p)
{
	int64_t end_ms = crash_now_ms() + patience_ms;

	person_connect(p, cast[FIN].nick);
	ck_assert_int_ne(p->fd, -1);
	person_type(p, "/history 1000000\n");
	while (p->fd != -1) {
		struct pollfd pfd = { p->fd,
			p->out.len > 0 ? POLLIN | POLLOUT : POLLIN, 0 };

		ck_assert_int_lt(crash_now_ms(), end_ms);
		(void)poll(&pfd, 1, 100);
		if ((pfd.revents & POLLOUT) != 0)
			person_write(p);
		if ((pfd.revents & ~POLLOUT) != 0)
			person_read(p);
		daemon_read_log(&d);
	}
}

static void
person_fini(struct person *p)
{
	buf_fini(&p->in);
	buf_fini(&p->out);
	free(p->seen.items);
	free(p->as_guest.items);
	free(p->has);
}

static void
crash_check(const struct lines *history)
{
	unsigned last[WRITERS] = { 0 }, writer, number;
	const struct lines *seen;
	size_t i, j;

	for (i = 0; i < history->count; i++) {
		writer = history->items[i] / LINES_MAX;
		number = history->items[i] % LINES_MAX;
		ck_assert_msg(number > last[writer],
		    "the history has %u of %s after %u", number,
		    cast[writer].nick, last[writer]);
		last[writer] = number;
	}
	for (j = FIRST_LISTENER; j < PEOPLE; j++) {
		seen = &people[j].seen;
		for (i = 0; i < history->count && i < seen->count; i++)
			ck_assert_msg(seen->items[i] == history->items[i],
			    "%s lacks %u of %s, line %zu of %zu", cast[j].nick,
			    history->items[i] % LINES_MAX,
			    cast[history->items[i] / LINES_MAX].nick, i,
			    history->count);
		ck_assert_msg(seen->count == history->count,
		    "%s saw %zu lines, the history has %zu", cast[j].nick,
		    seen->count, history->count);
	}
}

static int64_t
crash_setting(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);
	uint64_t value = fallback;

	if (text != NULL && parse_number(text, UINT32_MAX, &value) == -1)
		ck_abort_msg("%s is no number", name);
	return (int64_t)value;
}

START_TEST(test_crash)
{
	int64_t end_ms;
	unsigned seed = (unsigned)crash_setting("CRASH_SEED",
	    (uint64_t)time(NULL));
	struct person *fin = &people[FIN];
	size_t i;

	patience_ms = crash_setting("DIALOG_TIMEOUT", 20) * 1000;
	end_ms = crash_now_ms() + crash_setting("CRASH_SECONDS", 8) * 1000;
	(void)printf("CRASH_SEED=%u\n", seed);
	(void)fflush(stdout);
	srand(seed);
	for (i = 0; i <= PEOPLE; i++) {
		people[i].fd = -1;
		people[i].has = xcalloc(WRITERS,
		    LINES_MAX * sizeof(*people[i].has));
	}
	crash_start();
	crash_gather();
	is_first_run = false;
	/* However slow the machine is. */
	while (crash_now_ms() < end_ms || crashes < 10) {
		crash_talk(rand() % (rand() % 3 == 0 ? 600 : 100));
		crash_end(SIGKILL);
		crashes++;
		crash_start();
		/* Some are killed while they start, or catch up. */
		if (rand() % 4 != 0)
			crash_gather();
	}
	if (people[FIRST_LISTENER].fd == -1)
		crash_gather();
	crash_end(SIGTERM);
	crash_start();
	crash_gather();
	crash_read_history(fin);
	crash_end(SIGTERM);
	(void)printf("%lu crashes, %zu lines, %lu repeated\n", crashes,
	    fin->seen.count, repeats);
	crash_check(&fin->seen);
	ck_assert_uint_gt(fin->seen.count, 100);
	ck_assert_uint_gt(crashes, 3);
	for (i = 0; i <= PEOPLE; i++)
		person_fini(&people[i]);
}
END_TEST

static int
crash_remove(const char *path, const struct stat *st, int type,
    struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int
main(void)
{
	Suite *suite = suite_create("crash");
	TCase *tc = tcase_create("crash");
	SRunner *runner;
	int failed;

	(void)strcpy(dir, "/tmp/crash-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, test_crash);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	(void)nftw(dir, crash_remove, 16, FTW_DEPTH | FTW_PHYS);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
