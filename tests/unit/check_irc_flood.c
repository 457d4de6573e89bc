/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What commands cost, in lines: whoever asks is answered soon, and whoever
 * speaks is not heard more often than the settings say.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "mini-server.h"
#include "net/conn.h"
#include "room/directory.h"
#include "room/member.h"
#include "unit.h"

/* Nobody has to wait, and nothing comes back. */
#define BURST 10000

static struct mini_server mini;
static int fd;
static struct buf seen = BUF_INITIALIZER;

static void
setup(void)
{
	mini_init(&mini);
	mini.options.max_rooms = 100;
	mini.options.line_rate.count = 1;
	mini.options.line_rate.per_ms = 3600 * 1000;
	mini.options.line_burst = BURST;
	fd = mini_connect_to(&mini, 1, "irc");
	mini_type(fd,
	    "CAP LS 302\r\nCAP REQ :batch draft/chathistory\r\n"
	    "NICK bob\r\nUSER bob 0 * :Bob\r\nCAP END\r\n");
	mini_run(&mini);
	mini_read(fd, &seen);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), " 422 bob "));
	buf_reset(&seen);
}

static void
teardown(void)
{
	(void)close(fd);
	mini_fini(&mini);
	buf_fini(&seen);
}

/* Types what lines are with 1 to count for each '?'; returns what that cost, in
 * thousandths of a line. */
static int64_t
cost(const char *lines, int count)
{
	const struct session *s = TAILQ_FIRST(&mini.sessions.list);
	struct buf text = BUF_INITIALIZER;
	int64_t before = s->lines.level;
	char number[16];
	const char *p;
	int i;

	for (i = 1; i <= count; i++) {
		(void)snprintf(number, sizeof(number), "%d", i);
		for (p = lines; *p != '\0'; p++)
			if (*p == '?')
				buf_addstr(&text, number);
			else
				buf_addch(&text, *p);
	}
	buf_addstr(&text, "PING end\r\n");
	mini_type(fd, buf_cstr(&text));
	buf_fini(&text);
	while (strstr(buf_cstr(&seen), " PONG brbd.local :end") == NULL) {
		mini_run(&mini);
		mini_read(fd, &seen);
	}
	buf_reset(&seen);
	return (before - s->lines.level) / 1000;
}

static const struct {
	const char *lines;
	int count;
	int64_t min;
	int64_t max;
} floods[] = {
	/* What clients ask when they come into their channels: 20 lines at
	 * once, then 5 a second, are 45 within 5 seconds. */
	{ "JOIN #r?\r\nMODE #r?\r\nWHO #r?\r\n", 50, 0, 40000 },
	{ "JOIN #r?\r\nMODE #r?\r\nMODE #r? b\r\nWHO #r?\r\n", 50, 0, 42000 },
	{ "JOIN #r?\r\nCHATHISTORY LATEST #r? * 100\r\n", 50, 0, 45000 },
	{ "PING ?\r\n", 50, 0, 6000 },
	/* What others hear. */
	{ "PRIVMSG bob :?\r\n", 50, 49900, 51000 },
	{ "PRIVMSG bob,bob?,#r? :?\r\n", 50, 149900, 151000 },
	{ "JOIN #r\r\nPART #r\r\n", 50, 99900, 130000 },
	{ "JOIN #r?\r\nJOIN 0\r\n", 50, 99900, 130000 },
	{ "TOPIC #lobby :?\r\n", 50, 99900, 101000 },
	{ "MODE #r +m\r\nMODE #r -m\r\n", 50, 99900, 101000 },
	{ "MODE #r +o bob\r\n", 50, 0, 6000 },
};

START_TEST(test_floods)
{
	int64_t in;

	(void)cost("JOIN #lobby,#r\r\n", 1);
	in = cost(floods[_i].lines, floods[_i].count);
	ck_assert_msg(in >= floods[_i].min && in <= floods[_i].max, "%d: %lld",
	    _i, (long long)in);
}
END_TEST

/* What is not an answer is not kept for who does not read. */
START_TEST(test_wallops_unread)
{
	char line[320] = "WALLOPS :";
	const struct session *other;
	struct member *bob;
	int i, deaf = mini_connect_to(&mini, 2, "irc");

	mini_type(deaf, "NICK cy\r\nUSER cy 0 * :Cy\r\nMODE cy +w\r\n");
	mini_run(&mini);
	other = TAILQ_NEXT(TAILQ_FIRST(&mini.sessions.list), entry);
	bob = directory_find(&mini.chat.directory, "bob");
	member_set_flags(bob, bob->flags | MEMBER_OPER);
	memset(line + strlen(line), 'x', sizeof(line) - strlen(line) - 3);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	for (i = 0; i < 2000; i++)
		(void)cost(line, 1);
	ck_assert_uint_gt(conn_queued(other->conn), 0);
	ck_assert_uint_le(conn_queued(other->conn), mini.options.output_limit);
	(void)close(deaf);
	mini_run(&mini);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "floods", setup, teardown);

	tcase_add_loop_test(tc, test_floods, 0, (int)NITEMS(floods));
	tcase_add_test(tc, test_wallops_unread);
}
