/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * When clients are asked what they have read (hostile 145): once 16 KiB or 30
 * seconds of output are unconfirmed, one question at a time, and never in an
 * idle room.
 */
#include "config.h"

#include <sys/socket.h>

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "mini-server.h"
#include "unit.h"

#define QUESTION "PING :"
#define BYTES 16384
#define SECONDS 30
/* Everybody is looked at so often: while somebody has something unconfirmed,
 * and else. */
#define LOOK_SECONDS 1
#define IDLE_SECONDS 5

static struct mini_server mini;
static int ana_fd, bob_fd;
static struct session *bob;

/* So much time passes, in steps. */
static void
pass(int seconds)
{
	int i;

	for (i = 0; i < 4 * seconds; i++) {
		mini.clock.mono_ms += 250;
		deadlines_run(&mini.deadlines, mini.clock.mono_ms);
		mini_run(&mini);
	}
}

/* How many questions lie unread in bob's socket? All of it stays unread. */
static unsigned
questions(void)
{
	static char data[262144];
	const char *at = data;
	unsigned count = 0;
	ssize_t n = recv(bob_fd, data, sizeof(data) - 1, MSG_PEEK);

	data[n > 0 ? n : 0] = '\0';
	while ((at = strstr(at, QUESTION)) != NULL) {
		count++;
		at += strlen(QUESTION);
	}
	return count;
}

static uint64_t
unconfirmed(void)
{
	return conn_sent(bob->conn) - conn_confirmed(bob->conn);
}

/* So many lines at once. */
static void
say(int count, int len)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "%0*d\n", len, 0);
	while (count-- > 0)
		mini_type(ana_fd, line);
	mini_run(&mini);
}

/* bob's client reads all, and answers the last question, if there is one. */
static void
read_and_answer(void)
{
	struct buf in = BUF_INITIALIZER;
	unsigned long long token;
	const char *at, *last = NULL;
	char pong[64];

	mini_read(bob_fd, &in);
	for (at = buf_cstr(&in); (at = strstr(at, QUESTION)) != NULL; at++)
		last = at;
	if (last != NULL) {
		ck_assert_int_eq(sscanf(last, QUESTION "%llu", &token), 1);
		(void)snprintf(pong, sizeof(pong), "PONG :%llu\r\n", token);
		mini_type(bob_fd, pong);
		mini_run(&mini);
	}
	buf_fini(&in);
}

/* Both are in the lobby, and bob's client has confirmed all. */
static void
setup(void)
{
	mini_init(&mini);
	bob_fd = mini_connect_to(&mini, 1, "irc");
	bob = TAILQ_FIRST(&mini.sessions.list);
	mini_type(bob_fd, "NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #lobby\r\n");
	mini_run(&mini);
	ana_fd = mini_connect_to(&mini, 2, "line");
	mini_type(ana_fd, "/nick ana\n");
	mini_run(&mini);
	pass(SECONDS + IDLE_SECONDS + LOOK_SECONDS);
	ck_assert_uint_eq(questions(), 1);
	read_and_answer();
	pass(IDLE_SECONDS);
	ck_assert_uint_eq(unconfirmed(), 0);
}

static void
teardown(void)
{
	(void)close(ana_fd);
	(void)close(bob_fd);
	mini_fini(&mini);
}

START_TEST(test_idle)
{
	pass(600);
	ck_assert_uint_eq(questions(), 0);
}
END_TEST

START_TEST(test_seconds)
{
	say(1, 10);
	ck_assert_uint_eq(questions(), 0);
	pass(SECONDS - LOOK_SECONDS);
	ck_assert_uint_eq(questions(), 0);
	pass(IDLE_SECONDS + 2 * LOOK_SECONDS);
	ck_assert_uint_eq(questions(), 1);
}
END_TEST

/* As much as may be unconfirmed, but for a line; and that line. */
START_TEST(test_bytes)
{
	uint64_t before, line;

	do {
		before = unconfirmed();
		say(1, 100);
		line = unconfirmed() - before;
		ck_assert_uint_gt(line, 100);
	} while (unconfirmed() + line < BYTES);
	pass(IDLE_SECONDS + LOOK_SECONDS);
	ck_assert_uint_eq(questions(), 0);
	say(1, 100);
	ck_assert_uint_ge(unconfirmed(), BYTES);
	pass(LOOK_SECONDS);
	ck_assert_uint_eq(questions(), 1);
}
END_TEST

/* However much there is, and however long it takes. */
START_TEST(test_one_outstanding)
{
	int i;

	for (i = 0; i < 5; i++) {
		say(20, 400);
		pass(60);
	}
	ck_assert_uint_gt(unconfirmed(), 2 * BYTES);
	ck_assert_uint_eq(questions(), 1);
	read_and_answer();
	say(1, 10);
	pass(SECONDS - LOOK_SECONDS);
	ck_assert_uint_eq(questions(), 0);
	pass(IDLE_SECONDS + 2 * LOOK_SECONDS);
	ck_assert_uint_eq(questions(), 1);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "confirm", setup, teardown);

	tcase_add_test(tc, test_idle);
	tcase_add_test(tc, test_seconds);
	tcase_add_test(tc, test_bytes);
	tcase_add_test(tc, test_one_outstanding);
}
