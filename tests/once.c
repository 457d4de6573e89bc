/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Programs say numbered lines under ids of their own, and say again whatever
 * was not answered, while their connections break and the daemon is killed,
 * stopped and upgraded. At the end the history has each line once, those of each
 * program in order, and under the number that was the answer; none is missing.
 *
 * It lasts as long as ONCE_SECONDS in the environment says (4), and prints the
 * seed of its random numbers, which ONCE_SEED sets. BRBD names the daemon,
 * DIALOG_TIMEOUT the patience, as for the dialogs.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "client.h"
#include "daemon.h"
#include "unit/unit.h"

#define PROGRAMS 4
#define LINES_MAX 50000 /* of a program */
#define OPEN_MAX 64 /* lines without an answer */
#define BREAKS_MIN 12
#define BREAKS_MAX 100 /* until something was said again */

struct program {
	int fd; /* -1: not connected */
	struct buf in, out;
	bool is_in_room;
	unsigned said; /* lines that were sent at least once */
	unsigned answered; /* all lines up to here */
	unsigned sent; /* over this connection */
	unsigned seen; /* in the history, at the end */
	/* By line: the number in the answer, which may come several times. */
	uint64_t number[LINES_MAX + 1];
};

static struct daemon d;
static struct program programs[PROGRAMS];
static int64_t patience_ms;
static char *dir;
static unsigned long agains, kills, stops, upgrades, resets;
static bool is_ending; /* nothing new is said */

static void
once_start(void)
{
	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0,json -o line-rate=0 -o accept-rate=0 "
	    "-o announce-rate=0 -o history-size=32M -o max-members=100 "
	    "-o greeting-history=0 -o state-dir=%s/state",
	    dir);
	client_await_daemon(&d, patience_ms);
}

/* The number behind "KEY":" in an object; 0: there is none. */
static uint64_t
find_number(const char *object, const char *key)
{
	const char *at = strstr(object, key);

	return at == NULL ? 0 : strtoull(at + strlen(key), NULL, 10);
}

/* Each comes by another nick, or as a guest: that is not what they are known
 * by. */
static void
program_connect(struct program *p)
{
	int i = (int)(p - programs);

	p->fd = client_connect(&d, false, 0);
	if (p->fd == -1)
		return;
	buf_reset(&p->in);
	buf_reset(&p->out);
	p->is_in_room = false;
	p->sent = p->answered;
	buf_addf(&p->out, "{\"client\":\"the-secret-of-%d-at-random\"}\n", i);
	if (rand() % 2 == 0)
		buf_addf(&p->out, "{\"nick\":\"program%d-%d\"}\n", i,
		    rand() % 1000);
	buf_addstr(&p->out, "{\"join\":\"lobby\"}\n");
}

static void
program_answer(struct program *p, const char *line)
{
	uint64_t id = find_number(line, "\"id\":\"");
	uint64_t number = find_number(line, "\"number\":\"");

	ck_assert_msg(number > 0, "%s", line);
	ck_assert_uint_eq(id, p->answered + 1);
	ck_assert_uint_le(id, p->sent);
	p->number[id] = number;
	p->answered++;
	agains += strstr(line, "\"again\":true") != NULL;
}

static void
program_line(void *arg, char *line)
{
	struct program *p = arg;

	ck_assert_msg(strncmp(line, "{\"failed\":", 10) != 0 ||
		strstr(line, "\"nick\",") != NULL,
	    "program %d: %s", (int)(p - programs), line);
	if (strncmp(line, "{\"done\":\"say\"", 13) == 0)
		program_answer(p, line);
	else if (strncmp(line, "{\"done\":\"join\"", 14) == 0)
		p->is_in_room = true;
}

/* Sends what has no answer yet, and then something new. */
static void
program_talk(struct program *p)
{
	while (p->is_in_room && p->sent < LINES_MAX &&
	    p->sent < p->answered + OPEN_MAX) {
		if (p->sent == p->said) {
			if (is_ending)
				break;
			p->said++;
		}
		p->sent++;
		buf_addf(&p->out, "{\"say\":\"%d says %u\",\"id\":\"%u\"}\n",
		    (int)(p - programs), p->sent, p->sent);
	}
}

static void
program_close(struct program *p)
{
	(void)close(p->fd);
	p->fd = -1;
}

/* With all that it has sent and was sent: whatever was not read is lost. */
static void
program_reset(struct program *p)
{
	static const struct linger now = { .l_onoff = 1 };

	if (p->fd == -1)
		return;
	(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	program_close(p);
	resets++;
}

static void
program_read(struct program *p)
{
	bool is_open = client_receive(p->fd, &p->in);

	client_take_lines(&p->in, program_line, p);
	if (!is_open)
		program_close(p);
}

static void
program_write(struct program *p)
{
	ssize_t n = send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL);

	if (n <= 0)
		return;
	p->out.len -= (size_t)n;
	memmove(p->out.data, p->out.data + n, p->out.len);
}

/* One round of the loop: whatever happens within wait_ms. */
static void
once_turn(int wait_ms)
{
	struct pollfd pfds[PROGRAMS + 2];
	struct program *p;
	size_t i;

	pfds[PROGRAMS] = (struct pollfd){ d.log_fd, POLLIN, 0 };
	pfds[PROGRAMS + 1] = (struct pollfd){ d.notify_fd, POLLIN, 0 };
	for (i = 0; i < PROGRAMS; i++) {
		p = &programs[i];
		if (p->fd == -1)
			program_connect(p);
		program_talk(p);
		pfds[i] = (struct pollfd){ p->fd,
			p->out.len > 0 ? POLLIN | POLLOUT : POLLIN, 0 };
	}
	(void)poll(pfds, PROGRAMS + 2, wait_ms);
	if (pfds[PROGRAMS].revents != 0 || pfds[PROGRAMS + 1].revents != 0)
		client_hear_daemon(&d);
	for (i = 0; i < PROGRAMS; i++) {
		p = &programs[i];
		if ((pfds[i].revents & POLLOUT) != 0)
			program_write(p);
		if ((pfds[i].revents & ~POLLOUT) != 0)
			program_read(p);
	}
}

static void
once_talk(int64_t ms)
{
	int64_t end_ms = client_now_ms() + ms, left_ms;

	while ((left_ms = end_ms - client_now_ms()) > 0) {
		once_turn((int)left_ms);
		ck_assert_msg(d.log_fd != -1, "the daemon has ended: %s",
		    buf_cstr(&d.log));
	}
}

/* It ends by a signal, and is started again. */
static void
once_end(int signal)
{
	const char *fault = daemon_end(&d, signal, patience_ms);
	size_t i;

	ck_assert_msg(fault == NULL, "the daemon: %s", fault);
	/* Some have read what came before the end, and some have not. */
	for (i = 0; i < PROGRAMS; i++) {
		if (programs[i].fd != -1 && rand() % 2 == 0)
			program_read(&programs[i]);
		program_reset(&programs[i]);
	}
	daemon_fini(&d);
	once_start();
}

static void
once_upgrade(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	unsigned before = daemon_count_logged(&d, "upgraded: ");

	ck_assert_int_eq(kill(d.pid, SIGUSR2), 0);
	while (daemon_count_logged(&d, "upgraded: ") == before) {
		ck_assert_msg(client_now_ms() < end_ms,
		    "it was not upgraded: %s", buf_cstr(&d.log));
		once_turn(10);
	}
	upgrades++;
}

static void
once_break(void)
{
	switch (rand() % 6) {
	case 0:
	case 1:
		once_end(SIGKILL);
		kills++;
		break;
	case 2:
		once_end(SIGTERM);
		stops++;
		break;
	case 3:
		once_upgrade();
		break;
	default:
		program_reset(&programs[rand() % PROGRAMS]);
		break;
	}
}

/* Until all that was said is answered. */
static void
once_finish(void)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	size_t i;

	is_ending = true;
	for (i = 0; i < PROGRAMS;) {
		ck_assert_int_lt(client_now_ms(), end_ms);
		once_turn(100);
		while (i < PROGRAMS && programs[i].answered == programs[i].said)
			i++;
	}
	for (i = 0; i < PROGRAMS; i++)
		program_reset(&programs[i]);
}

/* The history */

struct reader {
	int fd;
	struct buf in;
	uint64_t last; /* the number of the last message read */
	uint64_t count;
	bool has_more;
	bool is_answered;
};

static void
reader_message(struct reader *r, const char *message)
{
	const char *text = strstr(message, "\"text\":\"");
	unsigned i, line;
	struct program *p;

	r->last = find_number(message, "\"number\":\"");
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(sscanf(text, "\"text\":\"%u says %u\"", &i, &line), 2);
	ck_assert_uint_lt(i, PROGRAMS);
	p = &programs[i];
	ck_assert_msg(line == p->seen + 1,
	    "the history has line %u of program %u after %u", line, i, p->seen);
	ck_assert_uint_eq(p->number[line], r->last);
	p->seen = line;
	r->count++;
}

static void
reader_line(void *arg, char *line)
{
	struct reader *r = arg;
	char *message;

	if (strncmp(line, "{\"done\":\"history\"", 17) != 0)
		return;
	ck_assert_ptr_null(strstr(line, "\"event\":\"gap\""));
	for (message = strstr(line, "{\"event\":"); message != NULL;
	     message = strstr(message + 1, "{\"event\":"))
		reader_message(r, message);
	r->has_more = strstr(line, "\"more\":true") != NULL;
	r->is_answered = true;
}

static void
reader_send(struct reader *r, const char *text)
{
	ck_assert_int_eq(send(r->fd, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

static void
reader_page(struct reader *r)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	char request[80];

	(void)snprintf(request, sizeof(request),
	    "{\"history\":\"lobby\",\"after\":\"%llu\"}\n",
	    (unsigned long long)r->last);
	reader_send(r, request);
	for (r->is_answered = false; !r->is_answered;) {
		struct pollfd pfd = { r->fd, POLLIN, 0 };

		ck_assert_int_lt(client_now_ms(), end_ms);
		(void)poll(&pfd, 1, 100);
		ck_assert(client_receive(r->fd, &r->in));
		client_take_lines(&r->in, reader_line, r);
	}
}

static void
once_check(void)
{
	struct reader r = { .in = BUF_INITIALIZER };
	size_t i;

	r.fd = client_connect(&d, false, 0);
	ck_assert_int_ne(r.fd, -1);
	reader_send(&r, "{\"join\":\"lobby\"}\n");
	r.has_more = true;
	while (r.has_more)
		reader_page(&r);
	for (i = 0; i < PROGRAMS; i++)
		ck_assert_msg(programs[i].seen == programs[i].said,
		    "the history has %u lines of program %zu, and it said %u",
		    programs[i].seen, i, programs[i].said);
	(void)printf("%llu lines, %lu said again; %lu kills, %lu stops, "
		     "%lu upgrades, %lu resets\n",
	    (unsigned long long)r.count, agains, kills, stops, upgrades,
	    resets);
	(void)close(r.fd);
	buf_fini(&r.in);
}

START_TEST(test_once)
{
	unsigned seed = client_setting("ONCE_SEED", (unsigned)time(NULL));
	int64_t end_ms, late_ms;
	unsigned breaks;
	size_t i;

	patience_ms = client_patience_ms(2);
	(void)printf("ONCE_SEED=%u\n", seed);
	(void)fflush(stdout);
	srand(seed);
	for (i = 0; i < PROGRAMS; i++)
		programs[i].fd = -1;
	once_start();
	end_ms = client_now_ms() +
	    (int64_t)client_setting("ONCE_SECONDS", 4) * 1000;
	late_ms = end_ms + 10 * patience_ms;
	/* However slow the machine is. */
	for (breaks = 0; client_now_ms() < end_ms || breaks < BREAKS_MIN ||
	     ((agains == 0 || kills == 0) && breaks < BREAKS_MAX);
	     breaks++) {
		ck_assert_int_lt(client_now_ms(), late_ms);
		once_talk(rand() % (rand() % 3 == 0 ? 200 : 30));
		once_break();
	}
	once_finish();
	once_check();
	ck_assert_uint_gt(agains, 0);
	client_stop_daemon(&d, patience_ms);
	for (i = 0; i < PROGRAMS; i++) {
		buf_fini(&programs[i].in);
		buf_fini(&programs[i].out);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("once");
	TCase *tc = unit_case(suite, "once", NULL, NULL);
	int status;

	dir = unit_dir_new();
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, test_once);
	status = unit_run(suite);
	unit_dir_free(dir);
	return status;
}
