/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How long browsers may take, and how much they may ask for. hostile 92
 */
#include "config.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "mini-server.h"
#include "unit.h"

static struct mini_server minis[2];
static struct mini_server *t;
static struct buf got;
static int fd;

static void
begin(void)
{
	t = &minis[0];
	mini_init(t);
	fd = mini_connect_to(t, 1, "web");
	mini_run(t);
}

static void
finish(void)
{
	mini_fini(t);
	(void)close(fd);
	buf_fini(&got);
}

static void
pass(int64_t ms)
{
	t->clock.mono_ms += ms;
	deadlines_run(&t->deadlines, t->clock.mono_ms);
	mini_run(t);
}

static void
type(const char *text)
{
	mini_type(fd, text);
	mini_run(t);
}

/* What has come begins so. */
static void
check_got(const char *beginning)
{
	buf_reset(&got);
	mini_read(fd, &got);
	ck_assert_msg(strncmp(buf_cstr(&got), beginning, strlen(beginning)) ==
		0,
	    "'%s' does not begin with '%s'", buf_cstr(&got), beginning);
}

static void
check_is_open(void)
{
	buf_reset(&got);
	mini_read(fd, &got);
	ck_assert_uint_eq(got.len, 0);
	ck_assert(!TAILQ_EMPTY(&t->sessions.list));
}

static void
check_is_closed(void)
{
	char byte;

	ck_assert_int_eq(read(fd, &byte, 1), 0);
}

/* A byte a second does not keep it open. */
START_TEST(test_slow_request)
{
	int i;

	begin();
	type("GET / HTTP/1.1\r\n");
	for (i = 0; i < 9; i++) {
		type("X");
		pass(1000);
		check_is_open();
	}
	pass(1000);
	check_got("HTTP/1.1 408 Request Timeout\r\n");
	check_is_closed();
	finish();
}
END_TEST

START_TEST(test_silence)
{
	begin();
	pass(9999);
	check_is_open();
	pass(1);
	check_is_closed();
	finish();
}
END_TEST

/* Another request may come for a while. */
START_TEST(test_kept)
{
	begin();
	type("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	check_got("HTTP/1.1 404 Not Found\r\n");
	pass(14000);
	type("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	check_got("HTTP/1.1 404 Not Found\r\n");
	pass(14999);
	check_is_open();
	pass(1);
	check_is_closed();
	finish();
}
END_TEST

START_TEST(test_many)
{
	int i;

	begin();
	for (i = 1; i <= 100; i++) {
		type("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
		check_got("HTTP/1.1 404 Not Found\r\n");
		ck_assert((strstr(buf_cstr(&got), "Connection: close\r\n") !=
			      NULL) == (i == 100));
	}
	check_is_closed();
	finish();
}
END_TEST

static void
come_from(int host)
{
	(void)close(fd);
	fd = mini_connect(t, host);
	mini_run(t);
}

/* Where all protocols are spoken, a browser's spare connections are not greeted
 * as people: it asks by them later. */
START_TEST(test_spare)
{
	begin();
	t->options.greeting_delay = 300;
	type("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	check_got("HTTP/1.1 404 Not Found\r\n");
	come_from(1);
	pass(300);
	pass(9999);
	check_is_open();
	type("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	check_got("HTTP/1.1 404 Not Found\r\n");
	/* It may be somebody in nc after all; and others are. */
	come_from(1);
	pass(300);
	pass(11999);
	check_is_open();
	pass(1);
	check_got("-- ");
	come_from(1);
	pass(300);
	check_got("-- ");
	come_from(1);
	type("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	come_from(2);
	pass(300);
	check_got("-- ");
	finish();
}
END_TEST

/* The next program goes on with half a request, and with its time. */
START_TEST(test_upgrade)
{
	struct fields_out out = HANDOFF_OUT_INITIALIZER;
	struct buf blob = BUF_INITIALIZER;
	struct fields_in in;

	begin();
	type("GET /x HTTP/1.1\r\nHos");
	pass(6000);
	mini_save(t, &out);
	handoff_seal(&out, &blob);
	t = &minis[1];
	mini_init(t);
	t->clock = minis[0].clock;
	ck_assert(handoff_open(&in, blob.data, blob.len, HANDOFF_TAKE));
	ck_assert_msg(mini_load(t, &in, true), "%s", in.error);
	fields_in_fini(&in);
	fields_out_fini(&out);
	buf_fini(&blob);
	mini_fini(&minis[0]);
	mini_run(t);
	if (_i == 0) {
		type("t: localhost\r\n\r\n");
		check_got("HTTP/1.1 404 Not Found\r\n");
	} else {
		pass(3999);
		check_is_open();
		pass(1);
		check_got("HTTP/1.1 408 Request Timeout\r\n");
		check_is_closed();
	}
	finish();
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "web", NULL, NULL);

	tcase_add_test(tc, test_slow_request);
	tcase_add_test(tc, test_silence);
	tcase_add_test(tc, test_kept);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_spare);
	tcase_add_loop_test(tc, test_upgrade, 0, 2);
}
