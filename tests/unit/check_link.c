/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The client's connection: how long it waits between two tries, and what has it
 * try at once.
 */
#include "config.h"

#include <sys/socket.h>

#ifdef HAVE_LINUX_RTNETLINK_H
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

#include <check.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "brb/address.h"
#include "brb/link.h"
#include "unit.h"

static struct event_base *base;
static struct link *link_;
static int64_t wait_ms; /* that was told last */
static unsigned downs, probes;
static int network[2];
static struct address address;

static void
on_up(void *arg)
{
	(void)arg;
}

static void
on_line(void *arg, char *line, size_t len)
{
	(void)arg;
	(void)line;
	(void)len;
}

static void
on_down(void *arg, const char *why, int64_t ms)
{
	(void)arg;
	ck_assert_str_ne(why, "");
	wait_ms = ms;
	downs++;
	(void)event_base_loopbreak(base);
}

static void
on_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void
on_probe(void *arg)
{
	(void)arg;
	probes++;
	(void)event_base_loopbreak(base);
}

static const struct link_handler handler = {
	.up = on_up,
	.line = on_line,
	.down = on_down,
	.notice = on_notice,
	.probe = on_probe,
};

static void
setup(void)
{
	wait_ms = downs = probes = 0;
	ck_assert_int_eq(address_parse("unix:/nonexistent/socket", &address),
	    0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
			     network),
	    0);
	base = event_base_new();
	link_ = link_new(base, &address, &handler, NULL);
	link_watch_network(link_, network[1]);
}

static void
teardown(void)
{
	link_free(link_);
	event_base_free(base);
	address_fini(&address);
	(void)close(network[0]);
}

/* There is no server: each try fails at once, and is followed by the next after
 * the time that was told. */
static void
fail_until(int64_t ms)
{
	link_start(link_);
	while (wait_ms < ms) {
		ck_assert_uint_lt(downs, 100);
		link_hurry(link_);
		(void)event_base_dispatch(base);
	}
}

START_TEST(test_backoff)
{
	int64_t longest_ms = 0;

	link_start(link_);
	ck_assert_int_le(wait_ms, 700);
	while (downs < 40) {
		ck_assert_int_ge(wait_ms, 200);
		ck_assert_int_le(wait_ms, 30000);
		if (wait_ms > longest_ms)
			longest_ms = wait_ms;
		link_hurry(link_);
		(void)event_base_dispatch(base);
	}
	ck_assert_int_ge(longest_ms, 20000);
	/* Whom the server refuses comes no sooner than that. */
	link_refused(link_);
	link_hurry(link_);
	(void)event_base_dispatch(base);
	ck_assert_int_ge(wait_ms, 15000);
}
END_TEST

#ifdef HAVE_LINUX_RTNETLINK_H

static void
network_tells(int type)
{
	struct nlmsghdr messages[2];

	memset(messages, 0, sizeof(messages));
	messages[0].nlmsg_len = messages[1].nlmsg_len = sizeof(messages[0]);
	messages[0].nlmsg_type = RTM_DELADDR;
	messages[1].nlmsg_type = (unsigned short)type;
	ck_assert_int_eq(send(network[0], messages, sizeof(messages), 0),
	    (ssize_t)sizeof(messages));
}

START_TEST(test_network)
{
	static const int types[] = { RTM_NEWADDR, RTM_NEWROUTE };
	int64_t start_us;
	unsigned before, i;

	for (i = 0; i < 2; i++) {
		fail_until(20000);
		before = downs;
		start_us = clock_now_us();
		network_tells(types[i]);
		while (downs == before)
			(void)event_base_loop(base, EVLOOP_ONCE);
		/* Far below what it would have waited. */
		ck_assert_int_lt(clock_now_us() - start_us, 10000000);
		wait_ms = 0;
	}
}
END_TEST

/* What goes away is no reason; nor is what is no message at all. */
START_TEST(test_network_gone)
{
	char junk[64];
	unsigned before;

	fail_until(20000);
	before = downs;
	network_tells(RTM_DELROUTE);
	memset(junk, 0, sizeof(junk));
	ck_assert_int_eq(send(network[0], junk, sizeof(junk), 0),
	    (ssize_t)sizeof(junk));
	memset(junk, 0xff, sizeof(junk));
	ck_assert_int_eq(send(network[0], junk, sizeof(junk), 0),
	    (ssize_t)sizeof(junk));
	ck_assert_int_eq(send(network[0], junk, 3, 0), 3);
	(void)event_base_loop(base, EVLOOP_ONCE);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(downs, before);
	/* It will tell nothing more. */
	(void)shutdown(network[0], SHUT_RDWR);
	(void)event_base_loop(base, EVLOOP_ONCE);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(downs, before);
}
END_TEST

/* A server that was reached is asked whether it is still there. */
START_TEST(test_network_up)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     fds),
	    0);
	link_adopt(link_, fds[1]);
	network_tells(RTM_NEWADDR);
	(void)event_base_dispatch(base);
	ck_assert_uint_eq(probes, 1);
	/* Once is enough, before it has answered. */
	network_tells(RTM_NEWADDR);
	(void)event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(probes, 1);
	ck_assert_uint_eq(downs, 0);
	(void)close(fds[0]);
}
END_TEST

#endif

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "link", setup, teardown);

	tcase_add_test(tc, test_backoff);
#ifdef HAVE_LINUX_RTNETLINK_H
	tcase_add_test(tc, test_network);
	tcase_add_test(tc, test_network_gone);
	tcase_add_test(tc, test_network_up);
#endif
}
