/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who comes in when many connect. hostile 43, 148
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "net/gate.h"
#include "unit.h"

static struct {
	struct clock clock;
	struct deadlines deadlines;
	struct options options;
	struct net net;
	struct origins origins;
	struct gate *gate;
	unsigned accepted[3], refused; /* by host */
	int64_t since_ms, last_ms;
} w;

static unsigned
host_of(const struct listener_peer *peer)
{
	ck_assert_str_eq(peer->protocols, "irc");
	return peer->credential.bytes[3];
}

static void
accepted(int fd, const struct listener_peer *peer, void *arg)
{
	ck_assert_ptr_eq(arg, &w);
	w.accepted[host_of(peer)]++;
	w.last_ms = w.clock.mono_ms;
	(void)close(fd);
}

static void
refused(int fd, const struct listener_peer *peer, void *arg)
{
	ck_assert_ptr_eq(arg, &w);
	ck_assert_uint_eq(host_of(peer), 1);
	w.refused++;
	(void)close(fd);
}

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	w.clock.mono_ms = 1000000;
	options_init(&w.options);
	deadlines_init(&w.deadlines, NULL, NULL);
	w.net.clock = &w.clock;
	w.net.deadlines = &w.deadlines;
	w.net.options = &w.options;
	origins_init(&w.origins, &w.clock);
	w.gate = gate_new(&w.net, &w.origins, accepted, refused, &w);
}

static void
teardown(void)
{
	gate_free(w.gate);
	origins_fini(&w.origins);
	ck_assert_int_eq(deadlines_next(&w.deadlines), -1);
	options_fini(&w.options);
}

static void
connect_from(unsigned host)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct listener_peer peer = { .protocols = "irc" };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	sin.sin_addr.s_addr = htonl(0xc0000200 + host);
	peer.credential = credential_from_address((struct sockaddr *)&sin);
	gate_enter(w.gate, fd, &peer);
}

static void
pass(void)
{
	w.clock.mono_ms++;
	deadlines_run(&w.deadlines, w.clock.mono_ms);
}

/* One address connects 950 times a second; another now and then. */
START_TEST(test_flood)
{
	unsigned before;

	for (int ms = 0; ms < 20000; ms++) {
		if (ms % 20 != 0)
			connect_from(1);
		if (ms % 1000 == 500) {
			before = w.accepted[2];
			connect_from(2);
			ck_assert_uint_eq(w.accepted[2], before + 1);
		}
		pass();
	}
	ck_assert_uint_eq(w.accepted[2], 20);
	ck_assert_uint_ge(w.accepted[1], 2000);
	ck_assert_uint_le(w.accepted[1], 4000);
	ck_assert_uint_gt(w.refused, 0);
	/* Those who wait get in in time. */
	before = w.accepted[1];
	for (int ms = 0; ms < 1000; ms++)
		pass();
	ck_assert_uint_eq(w.accepted[1], before + GATE_WAITING);
}
END_TEST

/* An office comes back at once. */
START_TEST(test_burst)
{
	for (int i = 0; i < 200; i++)
		connect_from(1);
	for (int ms = 0; ms < 1000; ms++)
		pass();
	ck_assert_uint_eq(w.accepted[1], 200);
	ck_assert_uint_eq(w.refused, 0);
	ck_assert_int_le(w.last_ms, 1000000 + 500);
}
END_TEST

START_TEST(test_limits)
{
	/* Who waits has an open file, as those have who are here. */
	w.options.accept_rate = (struct rate){ 5, 3600 * 1000 };
	w.options.max_members = 10;
	w.net.count = 7;
	for (int i = 0; i < 20; i++)
		connect_from(1);
	ck_assert_uint_eq(w.accepted[1], 4);
	ck_assert_uint_eq(w.refused, 13);
	gate_open(w.gate);
	ck_assert_uint_eq(w.accepted[1], 7);
	connect_from(1); /* and is closed at the end */
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "gate", setup, teardown);

	tcase_add_test(tc, test_flood);
	tcase_add_test(tc, test_burst);
	tcase_add_test(tc, test_limits);
}
