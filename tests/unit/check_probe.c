/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Somebody asks for the nick of another connection from the same address, which
 * may be dead without that anybody knows: it is asked, and given up if it is
 * silent.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mini-server.h"
#include "session/protocol.h"
#include "unit.h"

static struct mini_server mini;
static int old_fd, new_fd;
static struct buf seen = BUF_INITIALIZER;

/* What came since the last call. */
static const char *
saw(int fd)
{
	buf_reset(&seen);
	mini_run(&mini);
	mini_read(fd, &seen);
	return buf_cstr(&seen);
}

static void
setup(void)
{
	mini_init(&mini);
	old_fd = mini_connect_to(&mini, 1, "irc");
	mini_type(old_fd, "NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #lobby\r\n");
	ck_assert_ptr_nonnull(strstr(saw(old_fd), " 366 bob "));
}

static void
teardown(void)
{
	(void)close(old_fd);
	(void)close(new_fd);
	mini_fini(&mini);
	buf_fini(&seen);
}

/* So much time passes, in steps. */
static void
pass(int64_t ms)
{
	for (; ms > 0; ms -= 250) {
		mini.clock.mono_ms += 250;
		deadlines_run(&mini.deadlines, mini.clock.mono_ms);
		mini_run(&mini);
	}
}

/* bob's client answers the PING that it was sent last. */
static void
answer(const char *text)
{
	unsigned long long token;
	char pong[64];

	text = strstr(text, "PING :");
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(sscanf(text, "PING :%llu", &token), 1);
	(void)snprintf(pong, sizeof(pong), "PONG :%llu\r\n", token);
	mini_type(old_fd, pong);
	mini_run(&mini);
}

/* It has answered once, as clients do. */
static void
answer_once(void)
{
	struct session *s = TAILQ_FIRST(&mini.sessions.list);

	s->protocol->ask(s);
	s->is_asked = true;
	s->asked = conn_sent(s->conn);
	answer(saw(old_fd));
}

static void
ask_for_bob(int host)
{
	new_fd = mini_connect_to(&mini, host, "irc");
	mini_type(new_fd, "NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #lobby\r\n");
}

START_TEST(test_silent)
{
	answer_once();
	ask_for_bob(1);
	ck_assert_str_eq(saw(new_fd), "");
	ck_assert_ptr_nonnull(strstr(saw(old_fd), "PING :"));
	pass(4500);
	ck_assert_str_eq(saw(new_fd), "");
	pass(1000);
	/* All that the client has said waited, and is done. */
	(void)saw(new_fd);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), " 001 bob "));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), " 366 bob #lobby "));
	ck_assert_uint_eq(mini.chat.lobby->people_count, 1);
}
END_TEST

/* It has only said that it will answer. */
START_TEST(test_silent_unasked)
{
	session_will_answer(TAILQ_FIRST(&mini.sessions.list));
	ask_for_bob(1);
	ck_assert_str_eq(saw(new_fd), "");
	pass(4500);
	ck_assert_str_eq(saw(new_fd), "");
	pass(1000);
	ck_assert_ptr_nonnull(strstr(saw(new_fd), " 001 bob "));
}
END_TEST

START_TEST(test_answers)
{
	answer_once();
	ask_for_bob(1);
	ck_assert_str_eq(saw(new_fd), "");
	answer(saw(old_fd));
	ck_assert_ptr_nonnull(strstr(saw(new_fd), " 433 * bob "));
	/* Nor is it asked again at once. */
	mini_type(new_fd, "NICK bob\r\n");
	ck_assert_ptr_nonnull(strstr(saw(new_fd), " 433 * bob "));
	ck_assert_str_eq(saw(old_fd), "");
}
END_TEST

/* Any line is a sign of life. */
START_TEST(test_talks)
{
	answer_once();
	ask_for_bob(1);
	ck_assert_str_eq(saw(new_fd), "");
	mini_type(old_fd, "PRIVMSG #lobby :hi\r\n");
	ck_assert_ptr_nonnull(strstr(saw(new_fd), " 433 * bob "));
}
END_TEST

/* One that has never answered anything may be alive all the same, as long as
 * its kernel does not say otherwise. */
START_TEST(test_never_answers)
{
	ask_for_bob(1);
	ck_assert_str_eq(saw(new_fd), "");
	pass(500);
	ck_assert_ptr_nonnull(strstr(saw(new_fd), " 433 * bob "));
}
END_TEST

/* A telnet is asked by a TIMING-MARK, one at a time: it has one before it, from
 * when it should say what it has read, or has none. */
START_TEST(test_telnet)
{
	struct session *s;

	(void)close(old_fd);
	mini_run(&mini);
	pass(30000);
	old_fd = mini_connect_to(&mini, 1, "line");
	mini_type(old_fd, "\xff\xfb\x1f/nick dee\r\n");
	ck_assert_ptr_nonnull(strstr(saw(old_fd), "you are now dee"));
	s = TAILQ_FIRST(&mini.sessions.list);
	s->protocol->ask(s);
	ck_assert_ptr_nonnull(strstr(saw(old_fd), "\xff\xfd\x06"));
	mini_type(old_fd, "\xff\xfc\x06");
	mini_run(&mini);
	ck_assert(conn_has_answered(s->conn));
	if (_i == 1) {
		s->protocol->ask(s);
		s->is_asked = true;
		s->asked = conn_sent(s->conn);
	}
	new_fd = mini_connect_to(&mini, 1, "line");
	(void)saw(new_fd);
	mini_type(new_fd, "/nick dee\n");
	ck_assert_str_eq(saw(new_fd), "");
	pass(4500);
	ck_assert_str_eq(saw(new_fd), "");
	pass(1000);
	ck_assert_ptr_nonnull(strstr(saw(new_fd), "you are now dee"));
}
END_TEST

/* From elsewhere nobody is asked. */
START_TEST(test_elsewhere)
{
	answer_once();
	ask_for_bob(2);
	ck_assert_ptr_nonnull(strstr(saw(new_fd), " 433 * bob "));
	ck_assert_str_eq(saw(old_fd), "");
}
END_TEST

/* The old one ends meanwhile; or the new one does. */
START_TEST(test_ends)
{
	answer_once();
	ask_for_bob(1);
	ck_assert_str_eq(saw(new_fd), "");
	(void)close(_i == 0 ? old_fd : new_fd);
	if (_i == 0) {
		ck_assert_ptr_nonnull(strstr(saw(new_fd), " 001 bob "));
		old_fd = mini_connect_to(&mini, 3, "irc");
	} else {
		pass(6000);
		new_fd = mini_connect_to(&mini, 3, "irc");
	}
	mini_run(&mini);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "probes", setup, teardown);

	tcase_add_test(tc, test_answers);
	tcase_add_test(tc, test_talks);
	tcase_add_test(tc, test_never_answers);
	tcase_add_loop_test(tc, test_telnet, 0, 2);
	tcase_add_test(tc, test_elsewhere);
	tcase_add_loop_test(tc, test_ends, 0, 2);
	/* By the real clock, as the kernel's acknowledgements are. */
	tc = unit_case(s, "silent", setup, teardown);
	tcase_set_tags(tc, "no-valgrind");
	tcase_add_test(tc, test_silent);
	tcase_add_test(tc, test_silent_unasked);
}
