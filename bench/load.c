/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The load: members join a server, some of them talk, and what came to whom, when,
 * and what it cost the server is printed as one line of NAME=VALUE. It shares
 * no code with the daemon, nor libevent, so that neither's faults hide in it.
 *
 *   join     all connect, and are live (-l: told so by the server; otherwise a
 *            line of ours is said again and again until it comes to all)
 *   settle   until nothing comes any more; memory is looked at
 *   warm up  talk, not counted
 *   talk     between two looks at the server's CPU time
 *
 * A line is in flight until everybody has it: each sender has at most so many
 * (-w), so no server's queues or flood control is what we measure, and a slow
 * server is slow, not lossy. Whatever part of its window is free, a sender
 * writes at once. All senders are members too, and are spread among the
 * others.
 *
 * Each member has to get each line, once and in each sender's order. A line's
 * last 63 characters tell who sent it and its number, whatever a server puts
 * before them; lines that are not ours are skipped.
 *
 * Exit status: 0; 1 if the server gave up (status=gave-up and why=); 2 if we
 * did.
 */

#include "config.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <assert.h>
#include <bsd/stdlib.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "latency.h"
#include "usage.h"

enum {
	LOAD_LINE = 64, /* with its LF */
	LOAD_STAMP = 15, /* "@SSSS NNNNNNNN " */
	LOAD_SYNC = 0xffff, /* the sender in lines that look who is live */
	LOAD_SENDERS_MAX = LOAD_SYNC,
	LOAD_WINDOW_MAX = 1024,
	LOAD_EVENTS = 512,
	LOAD_READ = 256 * 1024,
	LOAD_ADDRESSES = 20, /* 127.0.0.2 and up */
	LOAD_RETRY_MS = 50,
	LOAD_QUIET_MS = 60,
	LOAD_STUCK_S = 5, /* so long without anything to read */
	LOAD_SLEEPER_BYTES = 4096,
	EXIT_GAVE_UP = 1,
	EXIT_OWN_FAULT = 2
};

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

enum member_state { MEMBER_CONNECTING, MEMBER_CONNECTED, MEMBER_LIVE };

struct member {
	int fd;
	enum member_state state;
	bool is_synced; /* a line of LOAD_SYNC came */
	char *rest; /* of a line that has not come whole */
	size_t rest_len;
};

/* A line that not everybody has. */
struct flight {
	int64_t sent_ns;
	unsigned left;
};

struct sender {
	struct member *member;
	uint32_t next; /* the number of the next line */
	struct flight *flights; /* a ring of window */
	char *out; /* what the socket did not take */
	size_t out_len;
};

struct settings {
	const char *label;
	const char *live_text;
	unsigned port;
	pid_t pid;
	unsigned members;
	unsigned senders;
	unsigned window;
	unsigned sleepers;
	unsigned joining; /* so many at a time */
	uint64_t lines; /* 0: as many as go */
	double talk_s;
	double warm_s;
	double limit_s;
	int cpu;
	bool is_echo; /* senders get their own lines back */
	bool is_in_turns; /* one line at a time, from one after another */
};

static struct settings set = {
	.label = "server",
	.members = 100,
	.senders = 1,
	.window = 1,
	.joining = 256,
	.talk_s = 1,
	.warm_s = 0.2,
	.limit_s = 30,
	.cpu = -1,
};

static struct load {
	int epoll_fd;
	int64_t start_ns;
	struct member *members;
	struct sender *senders;
	uint32_t *expected; /* a line's number, for each member and sender */
	unsigned started;
	unsigned joining;
	unsigned live;
	unsigned synced;
	unsigned in_flight;
	unsigned turn; /* whose it is, with is_in_turns */
	unsigned receivers; /* of one line */
	int64_t now_ns; /* when something came or was sent last */
	uint64_t wrong; /* lost, twice, or out of order */
	/* Since the talk that counts began: */
	uint64_t lines;
	uint64_t deliveries;
	uint64_t reads;
	struct latency latency;
} load;

static struct report {
	double connect_s;
	double join_s;
	double join_cpu_s;
	double talk_s;
	double cpu_s;
	int64_t idle_bytes; /* each */
	int64_t peak_bytes;
} report;

static int64_t
load_clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static double
load_since_s(int64_t ns)
{
	return (double)(load_clock_ns() - ns) / (double)NS_PER_S;
}

static _Noreturn void
load_fail(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(EXIT_OWN_FAULT);
}

static void *
load_alloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		load_fail("calloc");
	return p;
}

/* The report */

static void
load_print(const char *status)
{
	const struct latency *l = &load.latency;
	double million = (double)load.deliveries / 1e6;

	(void)printf("label=%s status=%s members=%u senders=%u window=%u "
		     "sleepers=%u live=%u lines=%llu deliveries=%llu "
		     "wrong=%llu",
	    set.label, status, set.members, set.senders, set.window,
	    set.sleepers, set.live_text == NULL ? load.synced : load.live,
	    (unsigned long long)load.lines, (unsigned long long)load.deliveries,
	    (unsigned long long)load.wrong);
	(void)printf(" connect_s=%.3f join_s=%.3f joins_per_s=%.0f "
		     "join_cpu_s=%.3f idle_bytes=%lld peak_kb=%lld",
	    report.connect_s, report.join_s,
	    report.join_s > 0 ? set.members / report.join_s : 0,
	    report.join_cpu_s, (long long)report.idle_bytes,
	    (long long)report.peak_bytes / 1024);
	if (load.deliveries > 0 && report.talk_s > 0)
		(void)printf(" talk_s=%.3f per_s=%.0f cpu_s=%.3f "
			     "cpu_per_million=%.3f p50_us=%.0f p99_us=%.0f "
			     "max_us=%.0f lines_per_read=%.2f",
		    report.talk_s, (double)load.deliveries / report.talk_s,
		    report.cpu_s, report.cpu_s / million,
		    (double)latency_quantile_ns(l, 0.5) / 1e3,
		    (double)latency_quantile_ns(l, 0.99) / 1e3,
		    (double)l->max_ns / 1e3,
		    (double)load.deliveries / (double)load.reads);
	(void)putchar('\n');
}

/* why has no blanks. */
static _Noreturn void
load_gave_up(const char *why)
{
	char status[100];

	(void)snprintf(status, sizeof(status), "gave-up why=%s", why);
	load_print(status);
	exit(EXIT_GAVE_UP);
}

static void
load_check_limit(const char *why)
{
	if (load_since_s(load.start_ns) > set.limit_s ||
	    load_since_s(load.now_ns) > LOAD_STUCK_S)
		load_gave_up(why);
}

/* Lines in */

/* So many hexadecimal digits, or -1. */
static int64_t
load_parse_hex(const char *s, int digits)
{
	int64_t n = 0;
	int digit;

	for (; digits > 0; digits--, s++) {
		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if (*s >= 'a' && *s <= 'f')
			digit = *s - 'a' + 10;
		else
			return -1;
		n = n * 16 + digit;
	}
	return n;
}

static void
load_set_live(struct member *m)
{
	m->state = MEMBER_LIVE;
	load.live++;
	load.joining--;
}

static bool
load_ends_in(const char *line, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len >= end_len &&
	    memcmp(line + len - end_len, end, end_len) == 0;
}

static void
load_delivered(const struct member *m, int64_t who, uint32_t number)
{
	struct sender *s;
	struct flight *f;
	uint32_t *expected;

	if (who >= set.senders) {
		load.wrong++;
		return;
	}
	s = &load.senders[who];
	f = &s->flights[number % set.window];
	expected = &load.expected[(size_t)(m - load.members) * set.senders +
	    (size_t)who];
	if (number != *expected || number >= s->next || f->left == 0) {
		load.wrong++;
		return;
	}
	(*expected)++;
	load.deliveries++;
	latency_add(&load.latency, load.now_ns - f->sent_ns);
	if (--f->left == 0)
		load.in_flight--;
}

/* Without its LF. */
static void
load_line(struct member *m, const char *line, size_t len)
{
	const char *stamp;
	int64_t who, number;

	if (m->state == MEMBER_CONNECTED && set.live_text != NULL &&
	    load_ends_in(line, len, set.live_text)) {
		load_set_live(m);
		return;
	}
	if (len < LOAD_LINE - 1)
		return;
	stamp = line + len - (LOAD_LINE - 1);
	if (stamp[0] != '@')
		return;
	who = load_parse_hex(stamp + 1, 4);
	number = load_parse_hex(stamp + 6, 8);
	if (who == -1 || number == -1)
		return;
	if (who != LOAD_SYNC)
		load_delivered(m, who, (uint32_t)number);
	else if (!m->is_synced) {
		m->is_synced = true;
		load.synced++;
	}
}

static void
load_keep_rest(struct member *m, const char *rest, size_t len)
{
	free(m->rest);
	m->rest = NULL;
	m->rest_len = len;
	if (len == 0)
		return;
	m->rest = load_alloc(len, 1);
	memcpy(m->rest, rest, len);
}

static void
load_read(struct member *m)
{
	static char buf[LOAD_READ];
	char *line = buf, *end, *lf;
	ssize_t n;

	if (m->rest_len > 0)
		memcpy(buf, m->rest, m->rest_len);
	end = buf + m->rest_len;
	n = recv(m->fd, end, (size_t)(buf + sizeof(buf) - end), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		load_gave_up(n == 0 ? "closed" : "reset");
	load.reads++;
	load.now_ns = load_clock_ns();
	for (end += n; (lf = memchr(line, '\n', (size_t)(end - line))) != NULL;
	     line = lf + 1)
		load_line(m, line, (size_t)(lf - line));
	if (line == buf && end == buf + sizeof(buf))
		load_gave_up("endless-line");
	if (m->rest_len > 0 || line < end)
		load_keep_rest(m, line, (size_t)(end - line));
}

/* Connections */

static void
load_watch(struct member *m, int op, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = m };

	if (epoll_ctl(load.epoll_fd, op, m->fd, &event) == -1)
		load_fail("epoll_ctl");
}

/*
 * From several addresses: one has but some 28,000 ports, and whoever counts
 * connections by address should see some. The kernel is to choose the port
 * when it knows the destination too.
 */
static void
load_bind(int fd, unsigned number)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 +
	    number % LOAD_ADDRESSES);
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == -1)
		load_fail("bind");
}

static void
load_connect(struct member *m, bool is_sleeper)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	const int on = 1, small = LOAD_SLEEPER_BYTES;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((in_port_t)set.port);
	m->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (m->fd == -1)
		load_fail("socket");
	load_bind(m->fd, (unsigned)(m - load.members));
	/* No TIME_WAIT of ours takes a port from the next run. */
	(void)setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (is_sleeper)
		(void)setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof(small));
	if (connect(m->fd, (struct sockaddr *)&to, sizeof(to)) == -1 &&
	    errno != EINPROGRESS)
		load_gave_up("refused");
	load.joining++;
	load_watch(m, EPOLL_CTL_ADD, EPOLLOUT);
}

static void
load_connected(struct member *m)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0)
		load_gave_up("refused");
	m->state = MEMBER_CONNECTED;
	load.now_ns = load_clock_ns();
	load_watch(m, EPOLL_CTL_MOD, EPOLLIN);
	report.connect_s = load_since_s(load.start_ns);
	if (set.live_text == NULL)
		load_set_live(m);
}

/* Waits for events and handles them; whether there were any. */
static bool
load_poll(int timeout_ms)
{
	struct epoll_event events[LOAD_EVENTS];
	struct member *m;
	int count, i;

	count = epoll_wait(load.epoll_fd, events, LOAD_EVENTS, timeout_ms);
	if (count == -1 && errno != EINTR)
		load_fail("epoll_wait");
	for (i = 0; i < count; i++) {
		m = events[i].data.ptr;
		if (m->state == MEMBER_CONNECTING)
			load_connected(m);
		else
			load_read(m);
	}
	return count > 0;
}

/* Lines out */

static void
load_make_line(char line[LOAD_LINE], unsigned who, uint32_t number)
{
	static const char text[] =
	    "the quick brown fox jumps over the lazy dog, oh.";
	char stamp[LOAD_STAMP + 1];

	static_assert(sizeof(text) == LOAD_LINE - LOAD_STAMP,
	    "a line is not of its length");
	(void)snprintf(stamp, sizeof(stamp), "@%04x %08lx ", who & 0xffff,
	    (unsigned long)number);
	memcpy(line, stamp, LOAD_STAMP);
	memcpy(line + LOAD_STAMP, text, sizeof(text) - 1);
	line[LOAD_LINE - 1] = '\n';
}

/* Returns how much was not taken. */
static size_t
load_write(const struct member *m, const char *data, size_t len)
{
	ssize_t n = send(m->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN && errno != EINTR)
		load_gave_up("reset");
	return n == -1 ? len : len - (size_t)n;
}

static void
load_flush(struct sender *s)
{
	size_t left = load_write(s->member, s->out, s->out_len);

	memmove(s->out, s->out + s->out_len - left, left);
	s->out_len = left;
}

static bool
load_has_lines_left(void)
{
	return set.lines == 0 || load.lines < set.lines;
}

/* All that the window has room for, at once. */
static void
load_send(struct sender *s)
{
	unsigned who = (unsigned)(s - load.senders), i;
	size_t before = s->out_len, at;
	struct flight *f;

	for (i = 0; i < set.window && load_has_lines_left(); i++) {
		f = &s->flights[s->next % set.window];
		at = s->out_len;
		/* What was not taken belongs to lines in flight, so that all
		 * have room. */
		if (f->left > 0 || at > (set.window - 1) * (size_t)LOAD_LINE)
			break;
		load_make_line(s->out + at, who, s->next++);
		s->out_len += LOAD_LINE;
		f->left = load.receivers;
		load.in_flight++;
		load.lines++;
	}
	if (s->out_len > before) {
		load.now_ns = load_clock_ns();
		for (; i > 0; i--)
			s->flights[(s->next - i) % set.window].sent_ns =
			    load.now_ns;
	}
	if (s->out_len > 0)
		load_flush(s);
}

/* Everybody talks for so long; then until all have all. */
static void
load_talk(double talk_s)
{
	int64_t start_ns = load_clock_ns();
	bool is_over = false;
	unsigned i;

	load.now_ns = start_ns;
	do {
		if (!is_over && load_since_s(start_ns) >= talk_s)
			is_over = true;
		if (!load_has_lines_left())
			is_over = true;
		if (is_over) {
			for (i = 0; i < set.senders; i++)
				if (load.senders[i].out_len > 0)
					load_flush(&load.senders[i]);
		} else if (set.is_in_turns) {
			if (load.in_flight == 0)
				load_send(&load.senders[load.turn++ %
				    set.senders]);
		} else {
			for (i = 0; i < set.senders; i++)
				load_send(&load.senders[i]);
		}
		if (load.in_flight > 0)
			(void)load_poll(LOAD_QUIET_MS);
		load_check_limit("lost-or-late");
	} while (!is_over || load.in_flight > 0);
	report.talk_s = load_since_s(start_ns);
}

/* Phases */

/*
 * A line of ours that comes to all: then everybody is live. Again and again, since
 * it may have been said before a server had accepted everybody, and less and
 * less often, since it may be slow; load_settle() waits for all of them.
 */
static void
load_synchronize(void)
{
	struct member *m = load.senders[0].member;
	int64_t retry_ns, wait_ns = LOAD_RETRY_MS * NS_PER_MS;
	char line[LOAD_LINE];
	uint32_t number;

	if (!set.is_echo) {
		m->is_synced = true;
		load.synced++;
	}
	for (number = 0; load.synced < set.members; number++) {
		load_make_line(line, LOAD_SYNC, number);
		if (load_write(m, line, sizeof(line)) > 0)
			load_gave_up("does-not-read");
		retry_ns = load_clock_ns() + wait_ns;
		wait_ns *= 2;
		while (load.synced < set.members &&
		    load_clock_ns() < retry_ns) {
			(void)load_poll(LOAD_RETRY_MS / 10);
			load_check_limit("not-all-are-live");
		}
	}
}

static void
load_settle(void)
{
	int64_t quiet_ns = load_clock_ns() + LOAD_QUIET_MS * NS_PER_MS;

	while (load_clock_ns() < quiet_ns)
		if (load_poll(LOAD_QUIET_MS / 4)) {
			quiet_ns = load_clock_ns() + LOAD_QUIET_MS * NS_PER_MS;
			load_check_limit("never-quiet");
		}
}

static void
load_join(void)
{
	unsigned i, wakers = set.members - set.sleepers;

	while (load.live < set.members) {
		while (load.started < set.members &&
		    load.joining < set.joining) {
			load_connect(&load.members[load.started],
			    load.started >= wakers);
			load.started++;
			/* Not to come late to those who are greeted already. */
			if (load.started % 64 == 0)
				break;
		}
		(void)load_poll(load.started < set.members &&
			    load.joining < set.joining ?
			0 :
			LOAD_QUIET_MS);
		load_check_limit("not-all-are-live");
	}
	if (set.live_text == NULL)
		load_synchronize();
	report.join_s = load_since_s(load.start_ns);
	for (i = wakers; i < set.members; i++)
		load_watch(&load.members[i], EPOLL_CTL_DEL, 0);
}

static void
load_measure_join(void)
{
	struct usage_memory before, after;
	double cpu_s = 0;

	if (set.pid > 0) {
		if (!usage_memory(&before, set.pid))
			load_fail("no such process");
		cpu_s = usage_cpu_s(set.pid);
	}
	load.start_ns = load.now_ns = load_clock_ns();
	load_join();
	load_settle();
	if (set.pid == 0 || !usage_memory(&after, set.pid))
		return;
	report.join_cpu_s = usage_cpu_s(set.pid) - cpu_s;
	report.idle_bytes = (after.resident_bytes - before.resident_bytes) /
	    set.members;
	report.peak_bytes = after.peak_bytes;
}

static void
load_measure_talk(void)
{
	struct usage_memory after;
	double cpu_s;

	load.receivers = set.members - set.sleepers - (set.is_echo ? 0 : 1);
	load_talk(set.warm_s);
	load_settle();
	load.lines = load.deliveries = load.reads = 0;
	latency_reset(&load.latency);

	cpu_s = set.pid > 0 ? usage_cpu_s(set.pid) : 0;
	load_talk(set.talk_s);
	if (set.pid > 0)
		report.cpu_s = usage_cpu_s(set.pid) - cpu_s;
	load_settle(); /* lines that come twice show here */
	if (set.pid > 0 && usage_memory(&after, set.pid))
		report.peak_bytes = after.peak_bytes;
}

static void
load_init(void)
{
	unsigned i, wakers = set.members - set.sleepers;
	struct sender *s;

	load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll_fd == -1)
		load_fail("epoll_create1");
	load.members = load_alloc(set.members, sizeof(*load.members));
	load.senders = load_alloc(set.senders, sizeof(*load.senders));
	load.expected = load_alloc((size_t)set.members * set.senders,
	    sizeof(*load.expected));
	for (i = 0; i < set.senders; i++) {
		s = &load.senders[i];
		s->member = &load.members[(size_t)i * wakers / set.senders];
		s->flights = load_alloc(set.window, sizeof(*s->flights));
		s->out = load_alloc(set.window, LOAD_LINE);
	}
}

/* The command line */

static _Noreturn void
load_usage(void)
{
	(void)fputs(
	    "usage: load [-er] [-c CPU] [-j JOINING] [-L LABEL] [-l LIVE]\n"
	    "            [-m MEMBERS] [-n LINES] [-p PORT] [-P PID]\n"
	    "            [-s SENDERS] [-T LIMIT] [-t SECONDS] [-W SECONDS]\n"
	    "            [-w WINDOW] [-z SLEEPERS]\n"
	    "  -c  run on this CPU alone\n"
	    "  -e  senders get their own lines back\n"
	    "  -j  so many join at a time (256)\n"
	    "  -L  what to call the server in the report\n"
	    "  -l  who is live is told so by a line that ends in this\n"
	    "  -m  how many join (100)\n"
	    "  -n  how many lines are said at most (0: any number)\n"
	    "  -p  the server's port on 127.0.0.1\n"
	    "  -P  the server's process, to look at what it costs\n"
	    "  -r  the senders talk in turns, a line at a time\n"
	    "  -s  how many of them talk (1)\n"
	    "  -T  after so many seconds the server has given up (30), or after\n"
	    "      five without anything from it\n"
	    "  -t  for so long they talk (1; 0: they do not)\n"
	    "  -W  for so long they do before it counts (0.2)\n"
	    "  -w  how many lines of a sender may be in flight (1)\n"
	    "  -z  so many of the members never read\n",
	    stderr);
	exit(EXIT_OWN_FAULT);
}

static long long
load_number(char opt, const char *text, long long min, long long max)
{
	const char *error;
	long long n = strtonum(text, min, max, &error);

	if (error == NULL)
		return n;
	(void)fprintf(stderr, "load: -%c %s is %s\n", opt, text, error);
	exit(EXIT_OWN_FAULT);
}

static double
load_seconds(char opt, const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end != text && *end == '\0' && s >= 0 && s <= 3600)
		return s;
	(void)fprintf(stderr, "load: -%c %s is no number of seconds\n", opt,
	    text);
	exit(EXIT_OWN_FAULT);
}

static void
load_set(int opt, const char *arg)
{
	char c = (char)opt;

	switch (opt) {
	case 'c':
		set.cpu = (int)load_number(c, arg, 0, CPU_SETSIZE - 1);
		break;
	case 'e':
		set.is_echo = true;
		break;
	case 'j':
		set.joining = (unsigned)load_number(c, arg, 1, 1000000);
		break;
	case 'L':
		set.label = arg;
		break;
	case 'l':
		set.live_text = arg;
		break;
	case 'm':
		set.members = (unsigned)load_number(c, arg, 1, 1000000);
		break;
	case 'n':
		set.lines = (uint64_t)load_number(c, arg, 0, INT32_MAX);
		break;
	case 'p':
		set.port = (unsigned)load_number(c, arg, 1, 65535);
		break;
	case 'P':
		set.pid = (pid_t)load_number(c, arg, 1, INT32_MAX);
		break;
	case 'r':
		set.is_in_turns = true;
		break;
	case 's':
		set.senders = (unsigned)load_number(c, arg, 1,
		    LOAD_SENDERS_MAX);
		break;
	case 'T':
		set.limit_s = load_seconds(c, arg);
		break;
	case 't':
		set.talk_s = load_seconds(c, arg);
		break;
	case 'W':
		set.warm_s = load_seconds(c, arg);
		break;
	case 'w':
		set.window = (unsigned)load_number(c, arg, 1, LOAD_WINDOW_MAX);
		break;
	case 'z':
		set.sleepers = (unsigned)load_number(c, arg, 0, 1000000);
		break;
	default:
		load_usage();
	}
}

static void
load_parse(int argc, char *argv[])
{
	int opt;

	while ((opt = getopt(argc, argv, "c:ej:L:l:m:n:p:P:rs:T:t:W:w:z:")) !=
	    -1)
		load_set(opt, optarg);
	if (optind < argc || set.port == 0)
		load_usage();
	if (set.senders + set.sleepers > set.members ||
	    (!set.is_echo && set.members - set.sleepers < 2)) {
		(void)fputs("load: there are too few members\n", stderr);
		exit(EXIT_OWN_FAULT);
	}
	if (set.is_in_turns)
		set.window = 1;
}

static void
load_set_limits(void)
{
	struct rlimit limit;
	cpu_set_t cpus;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		if (set.members + 16 > limit.rlim_cur) {
			(void)fprintf(stderr,
			    "load: %u members need more than the %llu open "
			    "files that there may be\n",
			    set.members, (unsigned long long)limit.rlim_cur);
			exit(EXIT_OWN_FAULT);
		}
	}
	if (set.cpu == -1)
		return;
	CPU_ZERO(&cpus);
	CPU_SET(set.cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) == -1)
		load_fail("sched_setaffinity");
}

int
main(int argc, char *argv[])
{
	(void)signal(SIGPIPE, SIG_IGN);
	load_parse(argc, argv);
	load_set_limits();
	load_init();
	load_measure_join();
	if (set.talk_s > 0)
		load_measure_talk();
	load_print(load.wrong == 0 ? "ok" : "wrong");
	return load.wrong == 0 ? EXIT_SUCCESS : EXIT_GAVE_UP;
}
