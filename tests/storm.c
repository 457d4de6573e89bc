/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Everybody comes back at once after a restart, by TLS and into their
 * accounts, half of them by a token and half by the key of their certificate:
 * all get in, and no password is hashed. Meanwhile two people without TLS talk,
 * from a process of their own; each line arrives, and how long it took is
 * printed, as are what the daemon used of the processor and how long all took
 * (hostile 87).
 *
 * BRBD names the daemon, DIALOG_TIMEOUT the patience, as for the dialogs;
 * STORM_PEOPLE is how many there are (300).
 */
#include "config.h"

#include <sys/wait.h>

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "client.h"
#include "daemon.h"
#include "tls-client.h"
#include "unit/unit.h"

/* Who are at it at once. They all run in this process, and what is slow there
 * looks to the server like a client that holds up others. */
#define COMING_MAX 200
#define TALK_MS 5 /* between two lines of those who talk */
#define TALK_MAX 100000 /* lines */

struct person {
	struct tls_identity *identity;
	int fd;
	struct tls_client *tls;
	struct buf in, out;
	char token[80]; /* "": not told yet */
	bool wants_token, is_in;
};

static struct daemon d;
static struct person *people;
static size_t people_count, again;
static int64_t patience_ms;
static char *dir;

static unsigned
counted(const char *name)
{
	return client_counted(dir, name);
}

static void
start(void)
{
	client_start_daemon(&d, dir, NULL,
	    "-l 127.0.0.1:0 -o control=%s/control -o state-dir=%s/state "
	    "-o line-rate=0 -o announce-rate=0 -o accept-rate=0 "
	    "-o max-per-address=0 -o max-members=%zu -o max-accounts=%zu "
	    "-o departure-delay=0 %s",
	    dir, dir, people_count + 100, people_count,
	    tls_client_options(dir));
	client_await_daemon(&d, patience_ms);
}

/* People */

static void
person_connect(struct person *p)
{
	p->fd = client_connect(&d, false, 0);
	ck_assert_int_ne(p->fd, -1);
	p->tls = tls_client_new_as(p->fd, p->identity);
	p->is_in = false;
	buf_reset(&p->in);
	buf_reset(&p->out);
}

static void
person_close(struct person *p)
{
	if (p->fd == -1)
		return;
	tls_client_shutdown(p->tls);
	tls_client_free(p->tls);
	(void)close(p->fd);
	p->tls = NULL;
	p->fd = -1;
}

static void
person_line(void *arg, char *line)
{
	struct person *p = arg;

	if (strcmp(line, "-- you are live") == 0 && !p->is_in)
		buf_addf(&p->out, "/login u%zu%s%s\n", (size_t)(p - people),
		    p->token[0] == '\0' ? "" : " ", p->token);
	else if (strncmp(line, "-- you are logged in", 20) == 0) {
		p->is_in = true;
		if (p->wants_token)
			buf_addstr(&p->out, "/account token\n");
	} else if (sscanf(line, "-- token %79[^:]:", p->token) == 1)
		p->wants_token = false;
	else
		ck_assert_msg(strncmp(line, "!!", 2) != 0, "u%zu: %s",
		    (size_t)(p - people), line);
}

/* A server that has much to do may end what takes too long; then they come
 * again, as people do. */
static void
person_run(struct person *p)
{
	bool is_there = client_receive_by(p->tls, p->fd, &p->in);
	ssize_t n = 1;

	client_take_lines(&p->in, person_line, p);
	while (is_there && p->out.len > 0 &&
	    (n = tls_client_send(p->tls, p->out.data, p->out.len)) > 0) {
		p->out.len -= (size_t)n;
		memmove(p->out.data, p->out.data + n, p->out.len);
	}
	if (is_there)
		return;
	ck_assert_msg(!p->is_in, "somebody is put out");
	person_close(p);
	person_connect(p);
	again++;
}

static bool
person_is_done(const struct person *p)
{
	return p->is_in && !p->wants_token;
}

/* Until all are in. Those who are do not read: what they are told fits into the
 * kernel. stays: else each goes once they are. */
static void
people_come(bool stays)
{
	struct person *coming[COMING_MAX];
	struct pollfd pfds[COMING_MAX];
	int64_t end_ms = client_now_ms() + patience_ms;
	size_t i, next = 0, count = 0;

	do {
		ck_assert_msg(client_now_ms() < end_ms,
		    "%zu people are still waiting",
		    people_count - next + count);
		for (; count < COMING_MAX && next < people_count; count++) {
			coming[count] = &people[next++];
			person_connect(coming[count]);
		}
		for (i = 0; i < count; i++)
			pfds[i] = (struct pollfd){ coming[i]->fd, POLLIN, 0 };
		(void)poll(pfds, count, 100);
		for (i = count; i-- > 0;) {
			if (pfds[i].revents != 0)
				person_run(coming[i]);
			if (!person_is_done(coming[i]))
				continue;
			if (!stays)
				person_close(coming[i]);
			coming[i] = coming[--count];
			pfds[i] = pfds[count];
		}
		daemon_read_log(&d);
	} while (count > 0 || next < people_count);
}

/* An account for each, and a token for half of them. */
static void
people_make(void)
{
	struct buf answer = BUF_INITIALIZER;
	char key[TLS_KEY_SIZE], request[200];
	size_t i;

	for (i = 0; i < people_count; i++) {
		people[i].fd = -1;
		people[i].identity = tls_identity_new(key);
		people[i].wants_token = i % 2 == 0;
		(void)snprintf(request, sizeof(request), "account\nadd\nu%zu",
		    i);
		client_ask(dir, &answer, request);
		(void)snprintf(request, sizeof(request),
		    "account\nkey\nu%zu\n%s", i, key);
		client_ask(dir, &answer, request);
	}
	buf_fini(&answer);
	people_come(false);
}

/* The two who talk, in a process of their own. */

struct talk {
	unsigned count;
	int64_t p50_us, p99_us, max_us;
};

static int
talk_cmp(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct talker {
	int fd;
	struct buf in;
	bool is_live;
	unsigned heard; /* the number of the last line */
};

static void
talker_line(void *arg, char *line)
{
	struct talker *t = arg;
	const char *said = strstr(line, "> line ");

	if (strcmp(line, "-- you are live") == 0)
		t->is_live = true;
	else if (said != NULL)
		t->heard = (unsigned)strtoul(said + 7, NULL, 10);
}

/* Reads for t until it is live, if number is 0, or has heard that line. */
static void
talker_await(struct talker *t, unsigned number)
{
	int64_t end_ms = client_now_ms() + patience_ms;
	struct pollfd pfd = { t->fd, POLLIN, 0 };

	while (number == 0 ? !t->is_live : t->heard < number) {
		if (client_now_ms() > end_ms)
			_exit(2);
		(void)poll(&pfd, 1, 100);
		if (!client_receive(t->fd, &t->in))
			_exit(3);
		client_take_lines(&t->in, talker_line, t);
	}
}

static void
talker_enter(struct talker *t)
{
	static const char join[] = "/join two\n";

	t->fd = client_connect(&d, false, 0);
	talker_await(t, 0);
	t->is_live = false;
	if (write(t->fd, join, sizeof(join) - 1) != sizeof(join) - 1)
		_exit(4);
	talker_await(t, 0);
}

/* Until stop_fd ends; the result goes to result_fd. "x" there: it has begun. */
static _Noreturn void
talk(int stop_fd, int result_fd)
{
	static int64_t took_us[TALK_MAX];
	struct talker talkers[2] = { { .fd = -1 }, { .fd = -1 } };
	struct pollfd stop = { stop_fd, POLLIN, 0 };
	struct talk result = { 0 };
	int64_t began_us;
	char line[64];
	int len;

	talker_enter(&talkers[0]);
	talker_enter(&talkers[1]);
	if (write(result_fd, "x", 1) != 1)
		_exit(5);
	while (result.count < TALK_MAX && poll(&stop, 1, TALK_MS) == 0) {
		len = snprintf(line, sizeof(line), "line %u\n",
		    result.count + 1);
		began_us = client_now_us();
		if (write(talkers[result.count % 2].fd, line, (size_t)len) !=
		    len)
			_exit(6);
		talker_await(&talkers[1 - result.count % 2], result.count + 1);
		took_us[result.count++] = client_now_us() - began_us;
	}
	qsort(took_us, result.count, sizeof(took_us[0]), talk_cmp);
	if (result.count > 0) {
		result.p50_us = took_us[result.count / 2];
		result.p99_us = took_us[result.count * 99 / 100];
		result.max_us = took_us[result.count - 1];
	}
	if (write(result_fd, &result, sizeof(result)) != sizeof(result))
		_exit(7);
	_exit(0);
}

/* Milliseconds of the processor that the daemon has used; -1: nobody tells. */
static long
used_ms(void)
{
	char path[64];
	unsigned long user = 0, system = 0;
	FILE *f;
	int n;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)d.pid);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	n = fscanf(f,
	    "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	    &user, &system);
	(void)fclose(f);
	return n == 2 ? (long)((user + system) * 1000 /
			    (unsigned long)sysconf(_SC_CLK_TCK)) :
			-1;
}

START_TEST(test_storm)
{
	int stop[2], result_pipe[2], status;
	int64_t began_ms, took_ms;
	struct talk talked;
	long used;
	char byte;
	size_t i;
	pid_t pid;

	dir = unit_dir_new();
	start();
	people_make();
	client_stop_daemon(&d, patience_ms);

	start();
	ck_assert_int_eq(pipe(stop), 0);
	ck_assert_int_eq(pipe(result_pipe), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)close(stop[1]);
		talk(stop[0], result_pipe[1]);
	}
	(void)close(stop[0]);
	(void)close(result_pipe[1]);
	ck_assert_int_eq(read(result_pipe[0], &byte, 1), 1);
	again = 0;
	used = used_ms();
	began_ms = client_now_ms();
	people_come(true);
	took_ms = client_now_ms() - began_ms;
	used = used_ms() - used;
	(void)close(stop[1]);
	ck_assert_int_eq(read(result_pipe[0], &talked, sizeof(talked)),
	    sizeof(talked));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	(void)close(result_pipe[0]);
	ck_assert_uint_gt(talked.count, 0);

	ck_assert_uint_eq(counted("brbd_password_hashes_total"), 0);
	ck_assert_uint_eq(counted("brbd_logins_total{by=\"token\"}"),
	    (people_count + 1) / 2);
	ck_assert_uint_eq(counted("brbd_logins_total{by=\"key\"}"),
	    people_count / 2);
	ck_assert_uint_ge(counted("brbd_tls_handshakes_total"), people_count);
	printf("%zu logged in by TLS in %lld ms, with %ld ms of the processor "
	       "and no hash; %zu came twice\n",
	    people_count, (long long)took_ms, used, again);
	printf("two who talked meanwhile: %u lines, p50 %lld us, p99 %lld us, "
	       "max %lld us\n",
	    talked.count, (long long)talked.p50_us, (long long)talked.p99_us,
	    (long long)talked.max_us);
	for (i = 0; i < people_count; i++) {
		person_close(&people[i]);
		tls_identity_free(people[i].identity);
		buf_fini(&people[i].in);
		buf_fini(&people[i].out);
	}
	client_stop_daemon(&d, patience_ms);
	unit_dir_free(dir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("storm");
	TCase *tc = unit_case(suite, "storm", NULL, NULL);
	char key[TLS_KEY_SIZE];
	struct tls_identity *probe = tls_identity_new(key);
	int status;

	if (probe == NULL) {
		(void)puts("skipped: built without OpenSSL");
		return 77;
	}
	tls_identity_free(probe);
	people_count = client_setting("STORM_PEOPLE", 300);
	if (client_raise_nofile() < people_count + 100) {
		(void)puts("skipped: the limit on open files is too low");
		return 77;
	}
	people = calloc(people_count, sizeof(*people));
	patience_ms = client_patience_ms(12);
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, test_storm);
	status = unit_run(suite);
	free(people);
	return status;
}
