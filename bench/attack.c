/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What people feel while somebody misbehaves: pairs of victims talk in turn,
 * each from an address of their own, and strangers come in, first in peace and
 * then under one attack. Before it, some leave their places, a private message
 * waits for somebody, and there is talk in the lobby; afterwards it is
 * counted how much of that is still there.
 *
 * usage: attack [-P PID] [-t SECONDS] -p PORT [-S PORT] [-M PORT] [-C PATH]
 *               ATTACK
 *        attack -l
 *   -S, -M, -C  where the server speaks TLS, shows metrics, and listens to
 *               brbctl, for the attacks on these
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attackers.h"
#include "latency.h"
#include "trial.h"
#include "usage.h"
#include "visit.h"

enum {
	ATTACK_PAIRS = 8, /* the first of them talks in the lobby */
	ATTACK_PLACES = 50,
	ATTACK_LETTERS = 5,
	ATTACK_KEPT_ROOMS = 5,
	ATTACK_LINE = 8192,
	ATTACK_ANSWER = 4 * 1024 * 1024,
	ATTACK_TURN_MS = 250, /* less than line-rate's default for each */
	ATTACK_STRANGER_MS = 100
};

struct client {
	int fd;
	unsigned number;
	char in[ATTACK_LINE];
	size_t in_len;
	int64_t began_ns;
	void (*readable)(struct client *c);
};

struct pair {
	struct client ends[2];
	unsigned turn; /* whose line is on its way, or is next */
	unsigned sequence;
	bool is_waiting; /* for that line to arrive */
	int64_t said_ns;
	int64_t next_ns;
};

/* Of what was said and who came in one of the two phases. */
struct phase {
	struct latency talk;
	struct latency stranger;
	unsigned lost; /* neither came within the phase */
	double cpu_s; /* of the server */
	unsigned long long disk_bytes;
};

static struct pair pairs[ATTACK_PAIRS];
static struct phase calm, attacked, *phase;
static const char *attack_name;
static pid_t server_pid; /* 0: nobody to look at */
static double seconds = 5;
static int epoll_fd;
static unsigned said_in_lobby, strangers;

static void
client_open(struct client *c, unsigned kind, unsigned host)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	c->began_ns = trial_clock_ns();
	c->fd = visit_connect(kind, host, TARGET_PEOPLE);
	if (c->fd != -1 &&
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == -1)
		trial_fail("epoll_ctl");
}

static void
pair_say(struct pair *p)
{
	struct client *c = &p->ends[p->turn];
	char line[64];
	int len;

	len = snprintf(line, sizeof(line), "t %u %u\n", (unsigned)(p - pairs),
	    p->sequence);
	p->said_ns = trial_clock_ns();
	p->next_ns = p->said_ns + ATTACK_TURN_MS * NS_PER_MS;
	p->is_waiting = true;
	if (p == pairs)
		said_in_lobby++;
	if (send(c->fd, line, (size_t)len, MSG_NOSIGNAL) != len)
		trial_gave_up("a-victim-was-closed");
}

/* One end has read a line. */
static void
pair_line(struct pair *p, unsigned end, const char *line)
{
	const char *text = strstr(line, "> t ");
	unsigned number, sequence;

	if (text == NULL || end == p->turn || !p->is_waiting ||
	    sscanf(text, "> t %u %u", &number, &sequence) != 2 ||
	    number != (unsigned)(p - pairs) || sequence != p->sequence)
		return;
	latency_add(&phase->talk, trial_clock_ns() - p->said_ns);
	p->is_waiting = false;
	p->sequence++;
	p->turn = 1 - p->turn;
}

static void
victim_readable(struct client *c)
{
	struct pair *p = &pairs[c->number / 2];
	char *start, *end;
	ssize_t n;

	n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - 1 - c->in_len, 0);
	if (n == 0 || (n == -1 && errno != EAGAIN))
		trial_gave_up("a-victim-was-closed");
	if (n == -1)
		return;
	c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	for (start = c->in; (end = strchr(start, '\n')) != NULL;
	     start = end + 1) {
		*end = '\0';
		pair_line(p, c->number % 2, start);
	}
	c->in_len = strlen(start);
	if (c->in_len == sizeof(c->in) - 1)
		c->in_len = 0;
	memmove(c->in, start, c->in_len + 1);
}

/* A stranger has been greeted when anything comes. */
static void
stranger_readable(struct client *c)
{
	ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n > 0)
		latency_add(&phase->stranger, trial_clock_ns() - c->began_ns);
	else
		phase->lost++;
	(void)close(c->fd);
	free(c);
}

static void
stranger_come(void)
{
	struct client *c = trial_alloc(1, sizeof(*c));

	c->fd = -1;
	c->readable = stranger_readable;
	client_open(c, FROM_STRANGERS, strangers++ % 200);
	/* A line, so that nobody waits for whether it is IRC. */
	if (c->fd == -1 ||
	    (send(c->fd, "/who\n", 5, MSG_NOSIGNAL) != 5 && errno != EAGAIN))
		trial_gave_up("a-stranger-cannot-connect");
}

static double
cpu_s(void)
{
	return server_pid == 0 ? 0 : usage_cpu_s(server_pid);
}

static unsigned long long
disk_bytes(void)
{
	return server_pid == 0 ? 0 : usage_disk_bytes(server_pid);
}

static void
phase_run(struct phase *which)
{
	int64_t end_ns = trial_clock_ns() + (int64_t)(seconds * NS_PER_S);
	int64_t stranger_ns = 0, now_ns;
	struct epoll_event events[256];
	struct client *c;
	int i, n;

	phase = which;
	phase->cpu_s = -cpu_s();
	phase->disk_bytes = disk_bytes();
	while ((now_ns = trial_clock_ns()) < end_ns) {
		for (i = 0; i < ATTACK_PAIRS; i++)
			if (!pairs[i].is_waiting && pairs[i].next_ns <= now_ns)
				pair_say(&pairs[i]);
		if (stranger_ns <= now_ns) {
			stranger_come();
			stranger_ns = now_ns + ATTACK_STRANGER_MS * NS_PER_MS;
		}
		n = epoll_wait(epoll_fd, events, 256, 1);
		for (i = 0; i < n; i++) {
			c = events[i].data.ptr;
			c->readable(c);
		}
	}
	phase->cpu_s += cpu_s();
	phase->disk_bytes = disk_bytes() - phase->disk_bytes;
	/* Who has waited since then waits at least so long. */
	for (i = 0; i < ATTACK_PAIRS; i++)
		if (pairs[i].is_waiting)
			latency_add(&phase->talk, now_ns - pairs[i].said_ns);
}

/*
 * Somebody comes from there, says text, and is heard until they have read until
 * (NULL: the end) or nothing comes for half a second. If fd is not NULL, they stay.
 */
static const char *
witness(unsigned kind, unsigned host, const char *text, const char *until,
    int *stay_fd)
{
	static char answer[ATTACK_ANSWER];
	int fd = visit_connect(kind, host, TARGET_PEOPLE);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	size_t len = 0;
	ssize_t n;

	if (fd == -1 || poll(&pfd, 1, 5000) != 1 ||
	    send(fd, text, strlen(text), MSG_NOSIGNAL) == -1)
		trial_gave_up("nobody-can-connect");
	pfd.events = POLLIN;
	answer[0] = '\0';
	while (len < sizeof(answer) - 1 && poll(&pfd, 1, 500) == 1) {
		n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		answer[len] = '\0';
		if (until != NULL && strstr(answer, until) != NULL)
			break;
	}
	if (stay_fd != NULL)
		*stay_fd = fd;
	else
		(void)close(fd);
	return answer;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

static void
pairs_come(void)
{
	struct client *c;
	char text[64];
	unsigned i;

	for (i = 0; i < 2 * ATTACK_PAIRS; i++) {
		c = &pairs[i / 2].ends[i % 2];
		c->fd = -1;
		c->number = i;
		c->readable = victim_readable;
		client_open(c, FROM_PAIRS, i);
		(void)snprintf(text, sizeof(text),
		    i < 2 ? "/nick v%u\n" : "/nick v%u\n/join pair%u\n", i,
		    i / 2);
		(void)poll(&(struct pollfd){ .fd = c->fd, .events = POLLOUT },
		    1, 5000);
		if (send(c->fd, text, strlen(text), MSG_NOSIGNAL) == -1)
			trial_gave_up("a-victim-cannot-come");
		/* Their turns are spread over the time between two. */
		pairs[i / 2].next_ns = trial_clock_ns() + NS_PER_S +
		    i / 2 * ATTACK_TURN_MS * NS_PER_MS / ATTACK_PAIRS;
	}
}

/* Rooms with a word in them, in which nobody is. */
static void
rooms_made(void)
{
	char text[128];
	unsigned i;

	for (i = 0; i < ATTACK_KEPT_ROOMS; i++) {
		(void)snprintf(text, sizeof(text),
		    "/nick room%u\n/join kept%u\na word to keep\n/quit\n", i,
		    i);
		(void)witness(FROM_KEEPERS, i, text, "-- bye", NULL);
	}
}

static unsigned
rooms_left(void)
{
	char text[64];
	unsigned i, left = 0;

	for (i = 0; i < ATTACK_KEPT_ROOMS; i++) {
		(void)snprintf(text, sizeof(text),
		    "/nick seer%u\n/join kept%u\n", i, i);
		if (strstr(witness(FROM_WITNESSES, 4 + i, text,
			       "> a word to keep", NULL),
			"> a word to keep") != NULL)
			left++;
	}
	return left;
}

/* The places of some, and letters for mel, who is on break. */
static int
keepers_come(void)
{
	char text[256];
	int fd;
	unsigned i;

	for (i = 0; i < ATTACK_PLACES; i++) {
		(void)snprintf(text, sizeof(text), "/nick keep%u\n/quit\n", i);
		(void)witness(FROM_KEEPERS, i, text, "-- bye", NULL);
	}
	(void)witness(FROM_WITNESSES, 1, "/nick mel\n/brb\n", "on break", &fd);
	(void)witness(FROM_WITNESSES, 2,
	    "/nick fay\n/msg mel letter\n/msg mel letter\n/msg mel letter\n"
	    "/msg mel letter\n/msg mel letter\n/quit\n",
	    "-- bye", NULL);
	return fd;
}

static unsigned
places_left(void)
{
	char text[64];
	unsigned i, left = 0;

	for (i = 0; i < ATTACK_PLACES; i++) {
		(void)snprintf(text, sizeof(text), "/nick keep%u\n", i);
		if (strstr(witness(FROM_KEEPERS, i, text, "-- welcome back",
			       NULL),
			"-- welcome back") != NULL)
			left++;
	}
	return left;
}

static unsigned
letters_left(int fd)
{
	static char answer[ATTACK_ANSWER];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	if (send(fd, "/back\n", 6, MSG_NOSIGNAL) != 6)
		return 0;
	while (len < sizeof(answer) - 1 && poll(&pfd, 1, 2000) == 1 &&
	    (n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0) {
		len += (size_t)n;
		answer[len] = '\0';
		if (strstr(answer, "-- you are live") != NULL)
			break;
	}
	return count(answer, "letter");
}

static double
us(const struct latency *l, double q)
{
	return (double)latency_quantile_ns(l, q) / 1000;
}

static void
phase_print(const char *name, const struct phase *p)
{
	printf(
	    " %s_n=%llu %s_p50_us=%.0f %s_p99_us=%.0f %s_max_us=%.0f"
	    " %s_greeted=%llu %s_greeting_p50_us=%.0f"
	    " %s_greeting_max_us=%.0f %s_cpu_percent=%.1f %s_disk_bytes_s=%.0f",
	    name, (unsigned long long)p->talk.total, name, us(&p->talk, 0.5),
	    name, us(&p->talk, 0.99), name, us(&p->talk, 1), name,
	    (unsigned long long)p->stranger.total, name, us(&p->stranger, 0.5),
	    name, us(&p->stranger, 1), name, p->cpu_s / seconds * 100, name,
	    (double)p->disk_bytes / seconds);
}

static void
gave_up(const char *status)
{
	printf("attack=%s status=%s\n", attack_name, status);
}

static void
run(const struct attack *attack)
{
	struct attackers_count done;
	unsigned in_lobby, i;
	const char *history;
	int letters_fd;

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1)
		trial_fail("epoll_create1");
	pairs_come();
	letters_fd = keepers_come();
	rooms_made();
	phase_run(&calm);
	in_lobby = said_in_lobby;
	attackers_start(attack);
	phase_run(&attacked);
	attackers_stop(&done);
	printf("attack=%s status=ok", attack_name);
	phase_print("calm", &calm);
	phase_print("attacked", &attacked);
	printf(" attack_bytes_s=%.0f attack_connects_s=%.0f"
	       " attack_handshakes_s=%.0f",
	    (double)done.written / seconds, (double)done.connects / seconds,
	    (double)done.handshakes / seconds);
	history = witness(FROM_WITNESSES, 3, "/history 1000000\n",
	    "-- end of history", NULL);
	i = count(history, "> t 0 ");
	printf(" lines_kept=%u/%u", i < in_lobby ? i : in_lobby, in_lobby);
	printf(" places_kept=%u/%d", places_left(), ATTACK_PLACES);
	printf(" letters_kept=%u/%d", letters_left(letters_fd), ATTACK_LETTERS);
	printf(" rooms_kept=%u/%d\n", rooms_left(), ATTACK_KEPT_ROOMS);
}

static unsigned
port_parse(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int
main(int argc, char *argv[])
{
	const struct attack *attack;
	enum target target;
	int opt;

	while ((opt = getopt(argc, argv, "C:lM:P:p:S:t:")) != -1)
		switch (opt) {
		case 'C':
			visit_control_path = optarg;
			break;
		case 'M':
			visit_ports[TARGET_METRICS] = port_parse(optarg);
			break;
		case 'S':
			visit_ports[TARGET_TLS] = port_parse(optarg);
			break;
		case 'l':
			attackers_list();
			return 0;
		case 'P':
			server_pid = (pid_t)strtol(optarg, NULL, 10);
			break;
		case 'p':
			visit_ports[TARGET_PEOPLE] = port_parse(optarg);
			break;
		case 't':
			seconds = strtod(optarg, NULL);
			break;
		default:
			return EXIT_OWN_FAULT;
		}
	if (visit_ports[TARGET_PEOPLE] == 0 || optind != argc - 1) {
		(void)fprintf(stderr,
		    "usage: attack [-P PID] [-t SECONDS] -p PORT [-S PORT] "
		    "[-M PORT] [-C PATH]\n"
		    "              ATTACK\n"
		    "       attack -l\n");
		return EXIT_OWN_FAULT;
	}
	attack_name = argv[optind];
	attack = attackers_find(attack_name);
	target = attack_target(attack);
	if (target == TARGET_CONTROL ? visit_control_path == NULL :
				       visit_ports[target] == 0) {
		printf("attack=%s status=skipped why=no-such-target\n",
		    attack_name);
		return 0;
	}
	trial.report = gave_up;
	run(attack);
	return 0;
}
