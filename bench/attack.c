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
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "latency.h"
#include "secure.h"
#include "trial.h"
#include "usage.h"

enum {
	ATTACK_PAIRS = 8, /* the first of them talks in the lobby */
	ATTACK_PLACES = 50,
	ATTACK_LETTERS = 5,
	ATTACK_LINE = 8192,
	ATTACK_ANSWER = 4 * 1024 * 1024,
	ATTACK_TURN_MS = 250, /* less than line-rate's default for each */
	ATTACK_STRANGER_MS = 100
};

/* The second byte of addresses in 127.0.0.0/8, by what they are for. */
enum {
	FROM_PAIRS = 1,
	FROM_STRANGERS,
	FROM_ATTACKERS,
	FROM_KEEPERS,
	FROM_WITNESSES
};

/* What of the server is attacked. */
enum target {
	TARGET_PEOPLE,
	TARGET_TLS, /* handshakes, one after the other */
	TARGET_METRICS,
	TARGET_CONTROL,
	TARGETS
};

/* In texts, % is a number that never comes twice, & the connection's. */
struct attack {
	const char *name;
	const char *what;
	const char *enter; /* said first in each connection */
	const char *line; /* said as often as goes, or once */
	unsigned connections;
	unsigned addresses;
	bool is_ending; /* and the connection is closed, and made again */
	bool is_bytewise;
	enum target target;
};

/* As many as people from an address may make, and the rest of them not. */
#define ATTACK_ROOMS \
	"#lobby,#a1,#a2,#a3,#a4,#a5,#a6,#a7,#a8,#a9,#b1,#b2,#b3,#b4,#b5,#b6," \
	"#b7,#b8,#b9,#c1,#c2,#c3,#c4,#c5,#c6,#c7,#c8,#c9,#d1,#d2,#d3,#d4,#d5," \
	"#d6,#d7,#d8,#d9,#e1,#e2,#e3"

static const struct attack attacks[] = {
	{ "flush", "60 connections of one address talk as fast as they can",
	    "/nick f%\n", "rubbish %\n", 60, 1, false, false, TARGET_PEOPLE },
	{ "flush50", "the same, 64 connections from 50 addresses", "/nick f%\n",
	    "rubbish %\n", 64, 50, false, false, TARGET_PEOPLE },
	{ "bulk", "lines of 2,000 bytes from 64 connections of 50 addresses",
	    "/nick f%\n", NULL, 64, 50, false, false, TARGET_PEOPLE },
	{ "reconnect", "a burst of lines, and the next connection, for ever",
	    "/nick f%\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\n/quit\n",
	    "", 20, 1, true, false, TARGET_PEOPLE },
	{ "connect", "connections that are closed at once", "/who\n", "", 50, 1,
	    true, false, TARGET_PEOPLE },
	{ "places", "one address becomes somebody, says a word and leaves",
	    "/nick p%\nhello\n/quit\n", "", 20, 1, true, false, TARGET_PEOPLE },
	{ "quit", "who has said /quit talks on, for ever", "/nick q%\n/quit\n",
	    "rubbish %\n", 20, 1, true, false, TARGET_PEOPLE },
	{ "places50", "the same from 50 addresses", "/nick p%\nhello\n/quit\n",
	    "", 50, 50, true, false, TARGET_PEOPLE },
	{ "rooms", "new rooms as fast as they are made", "/nick r%\n",
	    "/join den%\nhello\n", 16, 1, false, false, TARGET_PEOPLE },
	{ "mail", "private messages for somebody on break", "/nick m%\n",
	    "/msg mel rubbish %\n", 16, 4, false, false, TARGET_PEOPLE },
	{ "nicks", "40 people rename themselves for ever", "/nick n%\n",
	    "/nick n%\n", 40, 4, false, false, TARGET_PEOPLE },
	{ "breaks", "40 people go and return for ever", "/nick b%\n",
	    "/brb lunch %\n/back\n", 40, 4, false, false, TARGET_PEOPLE },
	{ "who", "lists of who is there and of rooms, for ever", "/nick w%\n",
	    "/who\n/rooms\n/help\n", 40, 4, false, false, TARGET_PEOPLE },
	{ "history", "all of the history, for ever", "/nick h%\n",
	    "/history 100000\n", 40, 4, false, false, TARGET_PEOPLE },
	{ "join", "in and out of two rooms for ever", "/nick j%\n",
	    "/join den\n/join lobby\n", 60, 4, false, false, TARGET_PEOPLE },
	{ "irc-who", "WHO, NAMES and LIST of IRC, for ever",
	    "NICK i%\r\nUSER i 0 * :i\r\nJOIN #lobby\r\n",
	    "WHO #lobby\r\nNAMES #lobby\r\nLIST\r\n", 40, 4, false, false,
	    TARGET_PEOPLE },
	{ "irc-masks", "lists of modes full of masks",
	    "NICK i%\r\nUSER i 0 * :i\r\nJOIN #masks&\r\n",
	    "MODE #masks& +bbb x%!*@* y%!*@* z%!*@*\r\nMODE #masks& b\r\n", 16,
	    1, false, false, TARGET_PEOPLE },
	{ "irc-join", "900 join the lobby and part, for ever",
	    "NICK i%\r\nUSER i 0 * :i\r\n", "JOIN #lobby\r\nPART #lobby\r\n",
	    900, 50, false, false, TARGET_PEOPLE },
	{ "irc-nicks", "40 people in 40 rooms rename themselves for ever",
	    "NICK i%\r\nUSER i 0 * :i\r\nJOIN " ATTACK_ROOMS "\r\n",
	    "NICK i%\r\n", 40, 4, false, false, TARGET_PEOPLE },
	{ "irc-past", "CHATHISTORY at its maximum, for ever",
	    "CAP REQ :batch server-time message-tags draft/chathistory\r\n"
	    "NICK i%\r\nUSER i 0 * :i\r\nCAP END\r\nJOIN #lobby\r\n",
	    "CHATHISTORY LATEST #lobby * 1000\r\n", 40, 4, false, false,
	    TARGET_PEOPLE },
	{ "search", "searches that find all and nothing, for ever",
	    "/nick s%\na line to be found\n", "/search t\n/search zzz%\n", 40,
	    4, false, false, TARGET_PEOPLE },
	{ "return", "900 go on break and return at once, for ever",
	    "/nick r%\nhello everybody\n", "/brb\n/back\n", 900, 50, false,
	    false, TARGET_PEOPLE },
	{ "tls", "TLS handshakes, for ever", "", "", 64, 8, false, false,
	    TARGET_TLS },
	{ "metrics", "metrics, for ever", "GET /metrics HTTP/1.0\r\n\r\n", "",
	    16, 1, false, false, TARGET_METRICS },
	{ "control", "brbctl status and who, for ever",
	    "brbctl 1 text\nwho\n\n", "", 16, 1, false, false, TARGET_CONTROL },
	{ "bytes", "one byte at a time from 400 connections", "/nick y%\n",
	    "slow line %\n", 400, 8, false, true, TARGET_PEOPLE },
};

struct client {
	int fd;
	unsigned number;
	char address[20];
	char in[ATTACK_LINE];
	size_t in_len;
	char *out;
	size_t out_len;
	size_t out_done;
	int64_t began_ns;
	bool has_entered;
	struct secure *secure; /* of TLS's handshake, or NULL */
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
};

static struct pair pairs[ATTACK_PAIRS];
static struct client *attackers;
static struct phase calm, attacked, *phase;
static const struct attack *attack;
static char *bulk;
static unsigned ports[TARGETS];
static const char *control_path;
static pid_t server_pid; /* 0: nobody to look at */
static double seconds = 5;
static int epoll_fd;
static unsigned long numbers, written, connects, refused, handshakes;
static unsigned said_in_lobby, strangers;

static void
client_close(struct client *c)
{
	if (c->secure != NULL)
		secure_free(c->secure);
	c->secure = NULL;
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	c->in_len = 0;
	c->out_len = 0;
	c->out_done = 0;
	c->has_entered = false;
}

/* A socket that is connected to the control socket, or being so. */
static int
connect_to_control(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		trial_fail("socket");
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", control_path);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* A socket that is bound to host of that kind of address; connected to target if
 * it can be at once. */
static int
connect_from(unsigned kind, unsigned host, enum target target)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd, on = 1;

	if (target == TARGET_CONTROL)
		return connect_to_control();
	to.sin_port = htons((uint16_t)ports[target]);
	/* Where 0 is to choose the port, an address can have but one. */
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK +
	    (target == TARGET_TLS ? 1 : 0));

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		trial_fail("socket");
	from.sin_addr.s_addr = htonl(0x7f000001U + (kind << 16) + (host << 8) +
	    1);
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) == -1 ||
	    (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1 &&
		errno != EINPROGRESS)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
client_open(struct client *c, unsigned kind, unsigned host, enum target target)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	client_close(c);
	c->began_ns = trial_clock_ns();
	c->fd = connect_from(kind, host, target);
	connects++;
	if (c->fd == -1)
		refused++;
	else if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == -1)
		trial_fail("epoll_ctl");
}

/* What of its output the kernel takes. */
static void
client_flush(struct client *c)
{
	size_t len = c->out_len - c->out_done;
	ssize_t n;

	if (c->fd == -1 || len == 0)
		return;
	if (attack != NULL && attack->is_bytewise && c->has_entered)
		len = 1;
	n = send(c->fd, c->out + c->out_done, len, MSG_NOSIGNAL);
	if (n > 0) {
		c->out_done += (size_t)n;
		written += (size_t)n;
	} else if (errno != EAGAIN && errno != ENOTCONN) {
		client_close(c);
	}
}

/* Its next output is text, with the numbers in it. */
static void
client_say(struct client *c, const char *text)
{
	size_t size = strlen(text) * 8 + 32, len = 0;
	unsigned long number = ++numbers;

	c->out = realloc(c->out, size);
	if (c->out == NULL)
		trial_fail("realloc");
	for (; *text != '\0'; text++) {
		if (*text == '%')
			len += (size_t)snprintf(c->out + len, size - len, "%lu",
			    number);
		else if (*text == '&')
			len += (size_t)snprintf(c->out + len, size - len, "%u",
			    c->number);
		else
			c->out[len++] = *text;
	}
	c->out_len = len;
	c->out_done = 0;
}

/* Goes on with a handshake; what has come to its end is begun anew. */
static void
attacker_shake(struct client *c)
{
	if (c->secure == NULL)
		c->secure = secure_new(c->fd);
	if (c->secure == NULL)
		trial_fail("secure_new");
	switch (secure_shake(c->secure)) {
	case SECURE_DONE:
		handshakes++;
		client_close(c);
		break;
	case SECURE_FAILED:
		if (errno != ENOTCONN)
			client_close(c);
		break;
	case SECURE_READS:
	case SECURE_WRITES:
		break;
	}
}

static void
attacker_step(struct client *c)
{
	if (c->fd == -1)
		client_open(c, FROM_ATTACKERS, c->number % attack->addresses,
		    attack->target);
	if (c->fd == -1)
		return;
	if (attack->target == TARGET_TLS) {
		attacker_shake(c);
		return;
	}
	if (!c->has_entered && c->out_len == 0) {
		client_say(c, attack->enter);
	} else if (c->out_done == c->out_len) {
		c->has_entered = true;
		client_say(c, bulk != NULL ? bulk : attack->line);
	}
	client_flush(c);
}

/* An attacker reads what it gets and does not look at it. */
static void
attacker_readable(struct client *c)
{
	static char data[256 * 1024];
	ssize_t n;

	if (attack->target == TARGET_TLS)
		return;
	n = recv(c->fd, data, sizeof(data), 0);
	if (n == 0 || (n == -1 && errno != EAGAIN) ||
	    (n > 0 && attack->is_ending && attack->line[0] == '\0' &&
		strstr(attack->enter, "/quit") == NULL))
		client_close(c);
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
	client_close(c);
	free(c);
}

static void
stranger_come(void)
{
	struct client *c = trial_alloc(1, sizeof(*c));

	c->fd = -1;
	c->readable = stranger_readable;
	client_open(c, FROM_STRANGERS, strangers++ % 200, TARGET_PEOPLE);
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

/* Runs for so long; with attackers or without. */
static void
phase_run(struct phase *which, bool is_attack)
{
	int64_t end_ns = trial_clock_ns() + (int64_t)(seconds * NS_PER_S);
	int64_t stranger_ns = 0, now_ns;
	struct epoll_event events[256];
	struct client *c;
	int i, n;

	phase = which;
	phase->cpu_s = -cpu_s();
	while ((now_ns = trial_clock_ns()) < end_ns) {
		for (i = 0; i < ATTACK_PAIRS; i++)
			if (!pairs[i].is_waiting && pairs[i].next_ns <= now_ns)
				pair_say(&pairs[i]);
		if (stranger_ns <= now_ns) {
			stranger_come();
			stranger_ns = now_ns + ATTACK_STRANGER_MS * NS_PER_MS;
		}
		for (i = 0; is_attack && i < (int)attack->connections; i++)
			attacker_step(&attackers[i]);
		n = epoll_wait(epoll_fd, events, 256, is_attack ? 0 : 1);
		for (i = 0; i < n; i++) {
			c = events[i].data.ptr;
			if (c->fd != -1)
				c->readable(c);
		}
	}
	phase->cpu_s += cpu_s();
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
	int fd = connect_from(kind, host, TARGET_PEOPLE);
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
		client_open(c, FROM_PAIRS, i, TARGET_PEOPLE);
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
	printf(" %s_n=%llu %s_p50_us=%.0f %s_p99_us=%.0f %s_max_us=%.0f"
	       " %s_greeted=%llu %s_greeting_p50_us=%.0f"
	       " %s_greeting_max_us=%.0f %s_cpu_percent=%.1f",
	    name, (unsigned long long)p->talk.total, name, us(&p->talk, 0.5),
	    name, us(&p->talk, 0.99), name, us(&p->talk, 1), name,
	    (unsigned long long)p->stranger.total, name, us(&p->stranger, 0.5),
	    name, us(&p->stranger, 1), name, p->cpu_s / seconds * 100);
}

static void
gave_up(const char *status)
{
	printf("attack=%s status=%s\n", attack->name, status);
}

static void
attackers_make(void)
{
	unsigned i;

	attackers = trial_alloc(attack->connections, sizeof(*attackers));
	for (i = 0; i < attack->connections; i++) {
		attackers[i].fd = -1;
		attackers[i].number = i;
		attackers[i].readable = attacker_readable;
	}
	if (attack->line == NULL) {
		bulk = trial_alloc(2002, 1);
		memset(bulk, 'x', 2000);
		bulk[2000] = '\n';
	}
}

static void
run(void)
{
	unsigned in_lobby, i;
	const char *history;
	int letters_fd;

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1)
		trial_fail("epoll_create1");
	attackers_make();
	pairs_come();
	letters_fd = keepers_come();
	phase_run(&calm, false);
	in_lobby = said_in_lobby;
	written = 0;
	connects = 0;
	phase_run(&attacked, true);
	for (i = 0; i < attack->connections; i++)
		client_close(&attackers[i]);
	printf("attack=%s status=ok", attack->name);
	phase_print("calm", &calm);
	phase_print("attacked", &attacked);
	printf(" attack_bytes_s=%.0f attack_connects_s=%.0f"
	       " attack_handshakes_s=%.0f",
	    (double)written / seconds, (double)connects / seconds,
	    (double)handshakes / seconds);
	history = witness(FROM_WITNESSES, 3, "/history 1000000\n",
	    "-- end of history", NULL);
	i = count(history, "> t 0 ");
	printf(" lines_kept=%u/%u", i < in_lobby ? i : in_lobby, in_lobby);
	printf(" places_kept=%u/%d", places_left(), ATTACK_PLACES);
	printf(" letters_kept=%u/%d\n", letters_left(letters_fd),
	    ATTACK_LETTERS);
}

static void
list(void)
{
	size_t i;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		printf("%-10s %s\n", attacks[i].name, attacks[i].what);
}

static const struct attack *
find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (strcmp(attacks[i].name, name) == 0)
			return &attacks[i];
	(void)fprintf(stderr, "attack: no attack is called \"%s\"; -l lists\n",
	    name);
	exit(EXIT_OWN_FAULT);
}

static unsigned
port_parse(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int
main(int argc, char *argv[])
{
	int opt;

	while ((opt = getopt(argc, argv, "C:lM:P:p:S:t:")) != -1)
		switch (opt) {
		case 'C':
			control_path = optarg;
			break;
		case 'M':
			ports[TARGET_METRICS] = port_parse(optarg);
			break;
		case 'S':
			ports[TARGET_TLS] = port_parse(optarg);
			break;
		case 'l':
			list();
			return 0;
		case 'P':
			server_pid = (pid_t)strtol(optarg, NULL, 10);
			break;
		case 'p':
			ports[TARGET_PEOPLE] = port_parse(optarg);
			break;
		case 't':
			seconds = strtod(optarg, NULL);
			break;
		default:
			return EXIT_OWN_FAULT;
		}
	if (ports[TARGET_PEOPLE] == 0 || optind != argc - 1) {
		(void)fprintf(stderr,
		    "usage: attack [-P PID] [-t SECONDS] -p PORT [-S PORT] "
		    "[-M PORT] [-C PATH]\n"
		    "              ATTACK\n"
		    "       attack -l\n");
		return EXIT_OWN_FAULT;
	}
	attack = find(argv[optind]);
	if (attack->target == TARGET_CONTROL ? control_path == NULL :
					       ports[attack->target] == 0) {
		printf("attack=%s status=skipped why=no-such-target\n",
		    attack->name);
		return 0;
	}
	if (attack->target == TARGET_TLS)
		secure_init(NULL, NULL);
	trial.report = gave_up;
	run();
	return 0;
}
