/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What each origin uses, and what it may. hostile 148
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/origins.h"
#include "base/util.h"
#include "unit.h"

static struct clock now;
static struct origins all;

static void
setup(void)
{
	now.mono_ms = 1000000;
	origins_init(&all, &now);
}

static void
teardown(void)
{
	origins_fini(&all);
}

static struct credential
ipv4(uint32_t number)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(0x0a000000 + number);
	return credential_from_address((struct sockaddr *)&sin);
}

static struct credential
ipv6(const char *text)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	ck_assert_int_eq(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
	return credential_from_address((struct sockaddr *)&sin6);
}

static struct origin *
get(struct credential c)
{
	return origins_get(&all, &c);
}

static struct origin *
hold(struct credential c)
{
	struct origin *o = get(c);

	origin_hold(o, ORIGIN_PEOPLE, 1);
	return o;
}

static void
drop(struct credential c)
{
	origin_release(get(c), ORIGIN_PEOPLE, 1);
}

static const struct rate twenty = { 20, 1000 };

START_TEST(test_amounts_fade)
{
	struct spent s = { 0, 0 };

	spent_add(&s, 1000, 5000, 800);
	ck_assert_uint_eq(spent_now(&s, 1000, 5000), 800);
	ck_assert_uint_eq(spent_now(&s, 1000, 5500), 600);
	ck_assert_uint_eq(spent_now(&s, 1000, 6000), 400);
	ck_assert_uint_eq(spent_now(&s, 1000, 8000), 100);
	ck_assert_uint_eq(spent_now(&s, 1000, 4000), 800); /* back in time */
	ck_assert_uint_eq(spent_now(&s, 1000, INT64_MAX), 0);
	ck_assert_int_eq(spent_fade_ms(800, 800, 1000), 0);
	ck_assert_int_eq(spent_fade_ms(800, 400, 1000), 1000);
	ck_assert_int_eq(spent_fade_ms(800, 600, 1000), 500);
	ck_assert_int_le(spent_fade_ms(UINT64_MAX, 0, 1000), 66000);
	/* It fades however often something is added. */
	for (int64_t ms = 5000; ms < 105000; ms++)
		spent_add(&s, 1000, ms, ms % 10 == 0);
	ck_assert_uint_lt(spent_now(&s, 1000, 105000), 300);
	ck_assert_uint_gt(spent_now(&s, 1000, 105000), 150);
}
END_TEST

/* Says a line whenever it may; returns how many in that time. */
static unsigned
flood(struct origin *o, int64_t ms, size_t len)
{
	int64_t end_ms = now.mono_ms + ms;
	unsigned lines = 0;

	while (now.mono_ms < end_ms) {
		if (origin_line_wait_ms(o, twenty, 80) == 0) {
			origin_charge_line(o, twenty, 80, len);
			lines++;
		} else
			now.mono_ms++;
	}
	return lines;
}

START_TEST(test_lines)
{
	struct origin *o = get(ipv4(1));
	unsigned lines;

	lines = flood(o, 10000, 100);
	ck_assert_int_ge(lines, 279);
	ck_assert_int_le(lines, 280);
	/* Coming again forgets nothing. */
	for (int i = 0; i < 1000; i++) {
		origin_hold(o, ORIGIN_CONNECTIONS, 1);
		origin_release(o, ORIGIN_CONNECTIONS, 1);
		o = get(ipv4(1));
	}
	lines = flood(o, 1000, 100);
	ck_assert_int_ge(lines, 19);
	ck_assert_int_le(lines, 21);
	/* Long lines count more, and rate 0 is no limit. */
	lines = flood(o, 10000, 4 * ORIGIN_LINE_BYTES);
	ck_assert_int_ge(lines, 39);
	ck_assert_int_le(lines, 41);
	ck_assert_int_eq(origin_line_wait_ms(o, (struct rate){ 0, 1000 }, 0),
	    0);
	ck_assert_int_eq(origin_line_wait_ms(get(ipv4(2)), twenty, 80), 0);
}
END_TEST

/* Whoever has many /64 of one /48 has four times as much, not more. */
START_TEST(test_networks)
{
	char text[64];
	unsigned lines = 0;

	for (int i = 0; i < 10; i++) {
		(void)snprintf(text, sizeof(text), "2001:db8:7:%x::1", i);
		while (origin_line_wait_ms(get(ipv6(text)), twenty, 80) == 0) {
			origin_charge_line(get(ipv6(text)), twenty, 80, 1);
			lines++;
		}
	}
	ck_assert_uint_eq(lines, 4 * 80);
	ck_assert_int_gt(origin_line_wait_ms(get(ipv6("2001:db8:7:99::1")),
			     twenty, 80),
	    0);
	ck_assert_int_eq(origin_line_wait_ms(get(ipv6("2001:db8:8::1")), twenty,
			     80),
	    0);

	for (int i = 0; i < 10; i++) {
		(void)snprintf(text, sizeof(text), "2001:db8:7:%x::1", i);
		origin_hold(get(ipv6(text)), ORIGIN_KEPT, 100);
	}
	ck_assert_uint_eq(origin_holds(get(ipv6("2001:db8:7:3::9")),
			      ORIGIN_KEPT),
	    250);
	ck_assert_uint_eq(origin_holds(get(ipv6("2001:db8:8::1")), ORIGIN_KEPT),
	    0);
	for (int i = 0; i < 10; i++) {
		(void)snprintf(text, sizeof(text), "2001:db8:7:%x::1", i);
		origin_release(get(ipv6(text)), ORIGIN_KEPT, 100);
	}
}
END_TEST

/* The table is bounded, and who has used most is forgotten last. */
START_TEST(test_forgetting)
{
	struct origin *heavy;

	(void)flood(get(ipv4(1)), 10, 100);
	origin_spend(get(ipv4(1)), 7, 1000000);
	origin_hold(get(ipv4(2)), ORIGIN_ROOMS, 1);
	for (uint32_t i = 0; i < 100000; i++) {
		(void)get(ipv4(1000 + i));
		origin_charge_line(get(ipv4(1000 + i)), twenty, 80, 1);
	}
	ck_assert_uint_le(all.idle_count, ORIGINS_IDLE_MAX + 2);
	ck_assert_uint_le(all.count, ORIGINS_IDLE_MAX + 3);
	heavy = get(ipv4(1));
	ck_assert_uint_eq(origin_spent(heavy, 7), 1000000);
	ck_assert_uint_eq(origin_holds(get(ipv4(2)), ORIGIN_ROOMS), 1);
	origin_release(get(ipv4(2)), ORIGIN_ROOMS, 1);

	/* An hour and a half later nothing counts any more. */
	now.mono_ms += 90 * 60 * 1000;
	for (uint32_t i = 0; i < ORIGINS_IDLE_MAX + 10; i++)
		(void)get(ipv4(3));
	ck_assert_uint_le(all.count, 2);
	ck_assert_uint_eq(origin_said(get(ipv4(1))), 0);
}
END_TEST

START_TEST(test_said_by_key)
{
	struct origin *o = get(ipv4(1));

	origin_spend(o, 1, 5000);
	for (uint64_t key = 2; key < 100; key++)
		origin_spend(o, key, 1000);
	/* The first is the greatest, and still known. */
	ck_assert_uint_eq(origin_spent(o, 1), 5000);
	ck_assert_uint_eq(origin_spent(o, 99), 1000);
	ck_assert_uint_eq(origin_spent(o, 50), 0);
	ck_assert_uint_eq(origin_said(o), 5000 + 98 * 1000);
	now.mono_ms += ORIGIN_SAID_MS;
	ck_assert_uint_eq(origin_spent(o, 1), 2500);
}
END_TEST

START_TEST(test_heaviest)
{
	struct origin *a = hold(ipv4(1)), *b = hold(ipv4(2));
	struct origin *c = hold(ipv6("2001:db8::1")),
		      *d = hold(ipv6("2001:db8:0:1::1"));

	ck_assert_ptr_null(origins_heaviest(&all, ORIGIN_PLACES));
	origin_hold(a, ORIGIN_PLACES, 1);
	for (int i = 0; i < 3; i++)
		origin_hold(b, ORIGIN_PLACES, 1);
	ck_assert_ptr_eq(origins_heaviest(&all, ORIGIN_PLACES), b);
	ck_assert_ptr_null(origins_heaviest(&all, ORIGIN_PASSERS));
	/* Two of one network together have more, and of these the greater. */
	for (int i = 0; i < 2; i++) {
		origin_hold(c, ORIGIN_PLACES, 1);
		origin_hold(d, ORIGIN_PLACES, 1);
	}
	origin_hold(d, ORIGIN_PLACES, 1);
	ck_assert_ptr_eq(origins_heaviest(&all, ORIGIN_PLACES), d);
	for (int i = 0; i < 3; i++)
		origin_release(d, ORIGIN_PLACES, 1);
	ck_assert_ptr_eq(origins_heaviest(&all, ORIGIN_PLACES), b);
	for (int i = 0; i < 3; i++)
		origin_release(b, ORIGIN_PLACES, 1);
	ck_assert_ptr_eq(origins_heaviest(&all, ORIGIN_PLACES), c);
	for (int i = 0; i < 2; i++)
		origin_release(c, ORIGIN_PLACES, 1);
	ck_assert_ptr_eq(origins_heaviest(&all, ORIGIN_PLACES), a);
	origin_release(a, ORIGIN_PLACES, 1);
	ck_assert_ptr_null(origins_heaviest(&all, ORIGIN_PLACES));
	origin_release(a, ORIGIN_PEOPLE, 1);
	origin_release(b, ORIGIN_PEOPLE, 1);
	origin_release(c, ORIGIN_PEOPLE, 1);
	origin_release(d, ORIGIN_PEOPLE, 1);
}
END_TEST

/* One address connects without an end, another now and then. hostile 148 */
START_TEST(test_connects)
{
	const struct rate rate = { 200, 1000 };
	struct origin *many, *one;
	unsigned let_in = 0, second = 0;
	int64_t wait_ms, longest_ms = 0;

	for (int ms = 0; ms < 10000; ms++, now.mono_ms++) {
		many = get(ipv4(1));
		let_in += origin_may_connect(many, rate, &wait_ms);
		if (ms % 1000 == 999) {
			one = get(ipv4(2));
			second += origin_may_connect(one, rate, &wait_ms);
			if (wait_ms > longest_ms)
				longest_ms = wait_ms;
		}
	}
	ck_assert_uint_eq(second, 10);
	ck_assert_uint_ge(let_in, 1500);
	ck_assert_uint_le(let_in, 2000);
	/* The wait that they are told is neither none nor long. */
	many = get(ipv4(1));
	while (origin_may_connect(many, rate, &wait_ms))
		;
	ck_assert_int_gt(wait_ms, 0);
	ck_assert_int_le(wait_ms, 20);
	now.mono_ms += wait_ms;
	ck_assert(origin_may_connect(many, rate, &wait_ms));
	ck_assert(origin_may_connect(many, (struct rate){ 0, 1000 }, &wait_ms));
	/* The slowest rate lets somebody in, and then waits. */
	now.mono_ms += 3600000;
	ck_assert(origin_may_connect(many, (struct rate){ 1, 60000 },
	    &wait_ms));
	ck_assert(!origin_may_connect(many, (struct rate){ 1, 60000 },
	    &wait_ms));
	ck_assert_int_gt(wait_ms, 30000);
}
END_TEST

/* However many use as much as they may, what all have together stays below the
 * limit, and who is new gets something. */
START_TEST(test_shares)
{
	uint64_t limit = 1000000, used[299] = { 0 }, total = 0, before;

	do {
		before = total;
		for (size_t i = 0; i < NITEMS(used); i++)
			if (origin_is_fair(0, used[i] + 100, total + 100,
				limit)) {
				used[i] += 100;
				total += 100;
			}
	} while (total > before);
	ck_assert_uint_le(total, limit);
	for (int i = 1; i <= 5; i++)
		ck_assert(origin_is_fair(0, 100 * i, total + 100 * i, limit));
	/* One alone. */
	ck_assert(origin_is_fair(0, 800000, 800000, limit));
	ck_assert(!origin_is_fair(0, 800001, 800001, limit));
}
END_TEST

START_TEST(test_listing)
{
	struct credential last;
	struct origin *o;
	size_t count = 0;

	for (uint32_t i = 0; i < 50; i++)
		(void)hold(ipv4(i));
	(void)hold(ipv6("2001:db8::1"));
	(void)hold(credential_from_uid(1000));
	for (o = origins_after(&all, NULL); o != NULL;
	     o = origins_after(&all, &last)) {
		ck_assert(!o->is_network);
		last = o->credential;
		count++;
	}
	ck_assert_uint_eq(count, 52);
	for (uint32_t i = 0; i < 50; i++)
		drop(ipv4(i));
	drop(ipv6("2001:db8::1"));
	drop(credential_from_uid(1000));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "origins", setup, teardown);

	tcase_add_test(tc, test_amounts_fade);
	tcase_add_test(tc, test_lines);
	tcase_add_test(tc, test_networks);
	tcase_add_test(tc, test_forgetting);
	tcase_add_test(tc, test_said_by_key);
	tcase_add_test(tc, test_heaviest);
	tcase_add_test(tc, test_connects);
	tcase_add_test(tc, test_shares);
	tcase_add_test(tc, test_listing);
}
