/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What it costs to tell people what they missed: many go on break, a history is
 * said, and all come back at once; or a few read it again and again. Between
 * them, others may go on talking.
 *
 * usage: catchup [-b] [-d plain|irc] [-m READERS] [-n LINES] [-r REQUESTS]
 *                [-T SECONDS] -P PID -p PORT
 *
 *   -r 0 (the default): READERS say /brb, LINES lines are said, all say /back.
 *   -r N: READERS ask N times each for the last 1,000 lines.
 *   -b: five people talk meanwhile, ten lines a second each.
 */
#include "config.h"

#include <sys/epoll.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "latency.h"
#include "reader.h"
#include "trial.h"
#include "usage.h"

enum {
	CATCHUP_TALKERS = 10,
	CATCHUP_SAYERS = CATCHUP_TALKERS - 1, /* the first only listens */
	CATCHUP_BUSY = 5, /* of these go on talking */
	CATCHUP_PERIOD_MS = 100,
	CATCHUP_WINDOW = 256, /* lines in flight while the history is said */
	CATCHUP_LIMIT = 1000 /* messages of a request */
};

enum state { STATE_COMING, STATE_HERE, STATE_WAITING };

struct client {
	struct reader reader;
	unsigned number;
	enum state state;
	unsigned requests; /* still to make */
	uint64_t lines; /* of the history */
	unsigned said; /* the last number */
	unsigned expected[CATCHUP_SAYERS]; /* each one's next; 0: any */
	bool is_in_number;
	double live_s; /* after the start */
};

static const char *const words[] = { "the", "lunch", "is", "at", "twelve",
	"and", "ana", "has", "a", "table", "for", "six", "near", "window",
	"who", "comes", "bring", "umbrella", "it", "rains", "rarely", "here",
	"build", "passed", "again" };

static struct client *clients; /* talkers first */
static unsigned readers = 1000, history_lines = 9000, requests, port;
static unsigned pending; /* readers that are not done */
static uint64_t heard; /* lines that talker 0 got */
static uint64_t said;
static bool is_busy, is_irc, is_filling;
static pid_t server_pid;
static int epoll_fd;
static struct latency others;
static int64_t start_ns;

static void
gave_up(const char *status)
{
	printf("status=%s pending=%u\n", status, pending);
}

static void
client_open(struct client *c)
{
	reader_open(&c->reader, port, epoll_fd, c);
	c->state = STATE_COMING;
	if (is_irc && c >= clients + CATCHUP_TALKERS)
		reader_say(&c->reader,
		    "CAP REQ :batch server-time message-tags "
		    "draft/chathistory\r\nNICK r%u\r\nUSER r 0 * :r\r\n"
		    "CAP END\r\nJOIN #lobby\r\nPING here\r\n",
		    c->number);
	else
		reader_say(&c->reader, "/nick %c%u\n",
		    c < clients + CATCHUP_TALKERS ? 't' : 'r', c->number);
}

/* What shows that c has all that it waits for. */
static const char *
client_mark(const struct client *c)
{
	if (is_irc && c >= clients + CATCHUP_TALKERS)
		return c->state == STATE_COMING ? "PONG " : " BATCH -";
	if (c->state == STATE_COMING)
		return "-- you are now ";
	return requests > 0 ? "-- end of history" : "; you are live";
}

static void
client_ask(struct client *c)
{
	c->state = STATE_WAITING;
	reader_begin(&c->reader);
	c->is_in_number = false;
	memset(c->expected, 0, sizeof(c->expected));
	if (requests == 0)
		reader_say(&c->reader, "/back\n");
	else if (is_irc)
		reader_say(&c->reader, "CHATHISTORY LATEST #lobby * %d\r\n",
		    CATCHUP_LIMIT);
	else
		reader_say(&c->reader, "/history %d\n", CATCHUP_LIMIT);
}

static void
client_done(struct client *c)
{
	reader_begin(&c->reader);
	if (c->state == STATE_WAITING && c->requests > 1) {
		c->requests--;
		client_ask(c);
		return;
	}
	c->live_s = trial_since_s(start_ns);
	c->state = STATE_HERE;
	pending--;
}

/* Somebody among the talkers has heard a line. */
static void
talker_line(const char *line)
{
	const char *at = strstr(line, "sent ");
	long long ns;

	heard += strstr(line, "> ") != NULL;
	if (is_busy && at != NULL && sscanf(at, "sent %lld", &ns) == 1)
		latency_add(&others, trial_clock_ns() - ns);
}

/* Counts the lines of the history, "~NUMBER~ text", and sees to it that those of
 * each talker come one after the other. */
static void
client_count(struct client *c, const char *data, size_t len)
{
	const char *p = data, *end = data + len;
	unsigned *expected;

	while (p < end) {
		if (!c->is_in_number) {
			p = memchr(p, '~', (size_t)(end - p));
			if (p == NULL)
				return;
			c->is_in_number = true;
			c->said = 0;
		} else if (*p != '~') {
			c->said = c->said * 10 + (unsigned)(*p - '0');
		} else {
			c->is_in_number = false;
			expected = &c->expected[c->said % CATCHUP_SAYERS];
			if (*expected > 0 && c->said != *expected)
				trial.wrong++;
			*expected = c->said + CATCHUP_SAYERS;
			c->lines++;
		}
		p++;
	}
}

static void
client_readable(struct client *c)
{
	static char data[256 * 1024 + 1];
	char *line, *end;
	size_t len = reader_read(&c->reader, data, sizeof(data) - 1);

	if (len == 0)
		return;
	data[len] = '\0';
	if (c->state != STATE_HERE) {
		if (c->state == STATE_WAITING)
			client_count(c, data, len);
		if (reader_has(&c->reader, data, len, client_mark(c)))
			client_done(c);
	}
	/* Parts of lines do not matter: each is far less than a segment. */
	if (c < clients + CATCHUP_TALKERS && c->state == STATE_HERE &&
	    (c == clients || is_busy))
		for (line = data; (end = strchr(line, '\n')) != NULL;
		     line = end + 1) {
			*end = '\0';
			if (c == clients || is_busy)
				talker_line(line);
		}
}

static void
look_around(int wait_ms)
{
	struct epoll_event events[256];
	int i, n = epoll_wait(epoll_fd, events, 256, wait_ms);

	for (i = 0; i < n; i++)
		client_readable(events[i].data.ptr);
	trial_check_limit("not-all-are-done");
}

static void
wait_for_all(void)
{
	int64_t next_ns = trial_clock_ns();
	unsigned talker = 0;

	while (pending > 0) {
		look_around(is_busy ? 1 : 50);
		if (!is_busy || trial_clock_ns() < next_ns || is_filling)
			continue;
		reader_say(&clients[talker].reader,
		    "still talking while the others return; sent %lld\n",
		    (long long)trial_clock_ns());
		talker = (talker + 1) % CATCHUP_BUSY;
		next_ns += CATCHUP_PERIOD_MS * NS_PER_MS / CATCHUP_BUSY;
	}
}

/* Lines like people's, of 60 characters; one of ten names one of the readers. */
static void
say_one(void)
{
	char line[100];
	size_t len;
	unsigned i = (unsigned)said * 7;

	len = (size_t)snprintf(line, sizeof(line), "~%u~ ", (unsigned)said);
	if (said % 10 == 0)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    "r%u: ", (unsigned)(said / 10 * 17) % readers);
	while (len < 56)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s ",
		    words[i++ % (sizeof(words) / sizeof(words[0]))]);
	reader_say(&clients[1 + said % CATCHUP_SAYERS].reader, "%s\n", line);
	said++;
}

static void
fill(void)
{
	is_filling = true;
	heard = 0;
	while (heard < history_lines) {
		while (said < history_lines && said < heard + CATCHUP_WINDOW)
			say_one();
		look_around(50);
	}
	is_filling = false;
}

/* Until nothing comes any more. */
static void
quiet(void)
{
	do
		look_around(50);
	while (trial_since_s(trial.now_ns) < 0.5);
}

/* Clients come, so many at a time that all can be accepted. */
static void
come(unsigned from, unsigned to)
{
	unsigned i;

	for (i = from; i < to; i++) {
		clients[i].number = i;
		client_open(&clients[i]);
		pending++;
		if (i % 64 == 63 || i + 1 == to)
			wait_for_all();
	}
}

static int
compare(const void *a, const void *b)
{
	const struct client *x = a, *y = b;

	return x->live_s < y->live_s ? -1 : x->live_s > y->live_s;
}

static void
run(void)
{
	unsigned i, all = CATCHUP_TALKERS + readers;
	struct client *first;
	uint64_t lines = 0;
	double cpu_s;
	bool was_busy = is_busy;

	clients = trial_alloc(all, sizeof(*clients));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1)
		trial_fail("epoll_create1");
	is_busy = false;
	come(0, CATCHUP_TALKERS);
	if (requests > 0)
		fill();
	come(CATCHUP_TALKERS, all);
	first = clients + CATCHUP_TALKERS;
	for (i = 0; i < readers && requests == 0; i++)
		reader_say(&first[i].reader, "/brb\n");
	quiet();
	if (requests == 0)
		fill();
	quiet();

	is_busy = was_busy;
	cpu_s = usage_cpu_s(server_pid);
	start_ns = trial_clock_ns();
	pending = readers;
	for (i = 0; i < readers; i++) {
		first[i].lines = 0;
		first[i].requests = requests;
		client_ask(first + i);
	}
	wait_for_all();
	cpu_s = usage_cpu_s(server_pid) - cpu_s;
	for (i = 0; i < readers; i++)
		lines += first[i].lines;
	qsort(first, readers, sizeof(*first), compare);
	if (trial.wrong > 0) {
		printf("status=wrong wrong=%llu\n",
		    (unsigned long long)trial.wrong);
		exit(EXIT_GAVE_UP);
	}
	printf("status=ok readers=%u lines=%llu cpu_s=%.3f"
	       " million_lines_per_cpu_s=%.3f half_s=%.3f all_s=%.3f"
	       " others_n=%llu others_p50_us=%.0f others_p99_us=%.0f"
	       " others_max_us=%.0f\n",
	    readers, (unsigned long long)lines, cpu_s,
	    (double)lines / cpu_s / 1e6, first[readers / 2].live_s,
	    first[readers - 1].live_s, (unsigned long long)others.total,
	    (double)latency_quantile_ns(&others, 0.5) / 1000,
	    (double)latency_quantile_ns(&others, 0.99) / 1000,
	    (double)others.max_ns / 1000);
}

int
main(int argc, char *argv[])
{
	int opt;

	trial.limit_s = 120;
	while ((opt = getopt(argc, argv, "bd:m:n:P:p:r:T:")) != -1)
		switch (opt) {
		case 'b':
			is_busy = true;
			break;
		case 'd':
			is_irc = strcmp(optarg, "irc") == 0;
			break;
		case 'm':
			readers = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			history_lines = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'P':
			server_pid = (pid_t)strtol(optarg, NULL, 10);
			break;
		case 'p':
			port = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			requests = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'T':
			trial.limit_s = strtod(optarg, NULL);
			break;
		default:
			return EXIT_OWN_FAULT;
		}
	if (port == 0 || server_pid == 0 || readers == 0 || optind != argc ||
	    (is_irc && requests == 0)) {
		(void)fprintf(stderr,
		    "usage: catchup [-b] [-d plain|irc] [-m READERS] "
		    "[-n LINES] [-r REQUESTS]\n"
		    "               [-T SECONDS] -P PID -p PORT\n");
		return EXIT_OWN_FAULT;
	}
	trial.report = gave_up;
	trial.start_ns = trial.now_ns = trial_clock_ns();
	run();
	return 0;
}
