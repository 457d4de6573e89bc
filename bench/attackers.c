/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * See attackers.h. All that is said comes from a table; what comes back is read
 * and thrown away.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attackers.h"
#include "secure.h"
#include "trial.h"

enum { ATTACKERS_NICE = 10 };

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
	{ "passers", "the same, without a word", "/nick p%\n/quit\n", "", 20, 1,
	    true, false, TARGET_PEOPLE },
	{ "quit", "who has said /quit talks on, for ever", "/nick q%\n/quit\n",
	    "rubbish %\n", 20, 1, true, false, TARGET_PEOPLE },
	{ "places50", "the same from 50 addresses", "/nick p%\nhello\n/quit\n",
	    "", 50, 50, true, false, TARGET_PEOPLE },
	{ "rooms", "new rooms as fast as they are made", "/nick r%\n",
	    "/join den%\nhello\n", 16, 1, false, false, TARGET_PEOPLE },
	{ "mail", "private messages for somebody on break", "/nick m%\n",
	    "/msg mel rubbish %\n", 16, 4, false, false, TARGET_PEOPLE },
	{ "mail72", "the same from 72 addresses", "/nick m%\n",
	    "/msg mel rubbish %\n", 72, 72, false, false, TARGET_PEOPLE },
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
	{ "markread", "MARKREAD for another name each time",
	    "CAP REQ :draft/read-marker\r\nNICK k%\r\nUSER k 0 * :k\r\n"
	    "CAP END\r\nJOIN #lobby\r\n",
	    "MARKREAD x% timestamp=2026-01-01T00:00:00.000Z\r\n", 40, 4, false,
	    false, TARGET_PEOPLE },
	{ "bans", "bans in rooms of one's own, and without them",
	    "/nick b%\n/join own&\n", "/ban x%!*@*\n/unban x%!*@*\n", 16, 4,
	    false, false, TARGET_PEOPLE },
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

struct attacker {
	int fd; /* -1: not connected */
	unsigned number;
	char *out;
	size_t out_len;
	size_t out_done;
	bool has_entered;
	struct secure *secure; /* of TLS's handshake, or NULL */
};

static struct attacker *attackers;
static const struct attack *attack;
static struct attackers_count *counts; /* shared with the parent */
static pid_t attackers_pid;
static char *bulk;
static int epoll_fd;
static unsigned long numbers;

static void
attacker_close(struct attacker *c)
{
	if (c->secure != NULL)
		secure_free(c->secure);
	c->secure = NULL;
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	c->out_len = 0;
	c->out_done = 0;
	c->has_entered = false;
}

static void
attacker_open(struct attacker *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	attacker_close(c);
	c->fd = visit_connect(FROM_ATTACKERS, c->number % attack->addresses,
	    attack->target);
	counts->connects++;
	if (c->fd != -1 &&
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == -1)
		trial_fail("epoll_ctl");
}

/* What of its output the kernel takes. */
static void
attacker_flush(struct attacker *c)
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
		counts->written += (size_t)n;
	} else if (errno != EAGAIN && errno != ENOTCONN) {
		attacker_close(c);
	}
}

/* Its next output is text, with the numbers in it. */
static void
attacker_say(struct attacker *c, const char *text)
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
attacker_shake(struct attacker *c)
{
	if (c->secure == NULL)
		c->secure = secure_new(c->fd);
	if (c->secure == NULL)
		trial_fail("secure_new");
	switch (secure_shake(c->secure)) {
	case SECURE_DONE:
		counts->handshakes++;
		attacker_close(c);
		break;
	case SECURE_FAILED:
		if (errno != ENOTCONN)
			attacker_close(c);
		break;
	case SECURE_READS:
	case SECURE_WRITES:
		break;
	}
}

static void
attacker_step(struct attacker *c)
{
	if (c->fd == -1)
		attacker_open(c);
	if (c->fd == -1)
		return;
	if (attack->target == TARGET_TLS) {
		attacker_shake(c);
		return;
	}
	if (!c->has_entered && c->out_len == 0) {
		attacker_say(c, attack->enter);
	} else if (c->out_done == c->out_len) {
		c->has_entered = true;
		attacker_say(c, bulk != NULL ? bulk : attack->line);
	}
	attacker_flush(c);
}

/* An attacker reads what it gets and does not look at it. */
static void
attacker_readable(struct attacker *c)
{
	static char data[256 * 1024];
	ssize_t n;

	if (attack->target == TARGET_TLS)
		return;
	n = recv(c->fd, data, sizeof(data), 0);
	if (n == 0 || (n == -1 && errno != EAGAIN) ||
	    (n > 0 && attack->is_ending && attack->line[0] == '\0' &&
		strstr(attack->enter, "/quit") == NULL))
		attacker_close(c);
}

static void
attackers_make(void)
{
	unsigned i;

	attackers = trial_alloc(attack->connections, sizeof(*attackers));
	for (i = 0; i < attack->connections; i++) {
		attackers[i].fd = -1;
		attackers[i].number = i;
	}
	if (attack->line == NULL) {
		bulk = trial_alloc(2002, 1);
		memset(bulk, 'x', 2000);
		bulk[2000] = '\n';
	}
}

/* They go on until they are killed. */
static _Noreturn void
attackers_run(void)
{
	static const struct sched_param none = { 0 };
	struct epoll_event events[256];
	struct attacker *c;
	int i, n;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Real ones take no processor from the server, which may have a
	 * real-time priority. */
	(void)sched_setscheduler(0, SCHED_OTHER, &none);
	(void)setpriority(PRIO_PROCESS, 0, ATTACKERS_NICE);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1)
		trial_fail("epoll_create1");
	attackers_make();
	for (;;) {
		for (i = 0; i < (int)attack->connections; i++)
			attacker_step(&attackers[i]);
		n = epoll_wait(epoll_fd, events, 256, 0);
		for (i = 0; i < n; i++) {
			c = events[i].data.ptr;
			if (c->fd != -1)
				attacker_readable(c);
		}
	}
}

void
attackers_start(const struct attack *which)
{
	attack = which;
	if (attack->target == TARGET_TLS)
		secure_init(NULL, NULL);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		trial_fail("mmap");
	attackers_pid = fork();
	if (attackers_pid == -1)
		trial_fail("fork");
	if (attackers_pid == 0)
		attackers_run();
}

void
attackers_stop(struct attackers_count *count)
{
	(void)kill(attackers_pid, SIGKILL);
	(void)waitpid(attackers_pid, NULL, 0);
	*count = *counts;
	(void)munmap(counts, sizeof(*counts));
}

void
attackers_list(void)
{
	size_t i;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		printf("%-10s %s\n", attacks[i].name, attacks[i].what);
}

const struct attack *
attackers_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (strcmp(attacks[i].name, name) == 0)
			return &attacks[i];
	(void)fprintf(stderr, "attack: no attack is called \"%s\"; -l lists\n",
	    name);
	exit(EXIT_OWN_FAULT);
}

enum target
attack_target(const struct attack *which)
{
	return which->target;
}
