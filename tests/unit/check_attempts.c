/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How often passwords may be tried (hostile 81): by account, by origin and by
 * both; and that nobody locks out an owner.
 */
#include "config.h"

#include <netinet/in.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/credential.h"
#include "base/fields.h"
#include "base/nick.h"
#include "base/tlv.h"
#include "room/attempts.h"
#include "unit.h"

static struct attempts attempts;
static int64_t now_ms;
static bool may_wait;

static void
setup(void)
{
	attempts_init(&attempts);
	now_ms = 1000;
}

static void
teardown(void)
{
	attempts_fini(&attempts);
}

/* Tries once: 0, or how long to wait. */
static int64_t
begin(uint64_t account, const char *name, unsigned from, bool is_known)
{
	struct credential c = credential_from_uid(from);
	struct attempt_subject s = { account, name, &c, is_known };

	return attempts_begin(&attempts, &s, now_ms, &may_wait);
}

static void
end(uint64_t account, const char *name, unsigned from, bool is_known,
    enum attempt_end how)
{
	struct credential c = credential_from_uid(from);
	struct attempt_subject s = { account, name, &c, is_known };

	attempts_end(&attempts, &s, how);
}

/* Tries and is wrong. False: it was not even tried. */
static bool
guess(uint64_t account, const char *name, unsigned from, bool is_known)
{
	if (begin(account, name, from, is_known) > 0)
		return false;
	end(account, name, from, is_known, ATTEMPT_WRONG);
	return true;
}

START_TEST(test_pair)
{
	int i, done = 0;

	for (i = 0; i < 1000; i++)
		done += guess(7, i % 2 ? "bob" : "robert", 1, false);
	ck_assert_int_eq(done, ATTEMPT_TRIES);
	ck_assert_int_eq(begin(7, "bob", 1, false), ATTEMPT_MS);
	ck_assert(!may_wait);
	/* Neither another's, nor the owner elsewhere. */
	ck_assert(guess(8, "ana", 1, false));
	ck_assert(guess(7, "bob", 2, false));
	now_ms += ATTEMPT_MS;
	ck_assert(guess(7, "bob", 1, false));
	ck_assert(!guess(7, "bob", 1, false));
}
END_TEST

/* From one origin, for many names, whether there are such accounts or not. */
START_TEST(test_origin)
{
	char nick[NICK_SIZE];
	int i, done = 0;
	size_t count;

	for (i = 0; i < 1000; i++) {
		(void)snprintf(nick, sizeof(nick), "nick%d", i);
		done += guess(i % 2 ? (uint64_t)i : 0, nick, 1, false);
	}
	ck_assert_int_eq(done, ATTEMPT_ORIGIN_TRIES);
	/* Names that are held up leave nothing behind. */
	count = attempts.count;
	ck_assert_uint_le(count, 2 * ATTEMPT_ORIGIN_TRIES + 1);
	ck_assert(!guess(0, "another", 1, false));
	ck_assert_uint_eq(attempts.count, count);
}
END_TEST

/* From many origins, for one account; but not where its owner has been. */
START_TEST(test_account)
{
	unsigned i, done = 0;

	for (i = 0; i < 1000; i++)
		done += guess(7, "bob", 100 + i, false);
	ck_assert_int_eq(done, ATTEMPT_ACCOUNT_TRIES);
	ck_assert(!guess(7, "bob", 5000, false));
	ck_assert(guess(7, "bob", 1, true));
	/* Names that nobody has are slowed in the same way. */
	for (done = i = 0; i < 1000; i++)
		done += guess(0, i % 2 ? "zed" : "ZED", 10000 + i, false);
	ck_assert_int_eq(done, ATTEMPT_ACCOUNT_TRIES);
}
END_TEST

START_TEST(test_right)
{
	int i;

	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(begin(7, "bob", 1, false), 0);
		end(7, "bob", 1, false,
		    i % 2 ? ATTEMPT_RIGHT : ATTEMPT_UNKNOWN);
	}
	/* So many are tried at once; who comes then may wait for those. */
	for (i = 0; i < ATTEMPT_TRIES; i++)
		ck_assert_int_eq(begin(7, "bob", 1, false), 0);
	ck_assert_int_gt(begin(7, "bob", 1, false), 0);
	ck_assert(may_wait);
	end(7, "bob", 1, false, ATTEMPT_RIGHT);
	ck_assert_int_eq(begin(7, "bob", 1, false), 0);
	for (i = 0; i < ATTEMPT_TRIES; i++)
		end(7, "bob", 1, false, ATTEMPT_WRONG);
	ck_assert_int_gt(begin(7, "bob", 1, false), 0);
	ck_assert(!may_wait);
	/* More than is given back is not to be had. */
	now_ms += 100 * ATTEMPT_MS;
	for (i = 0; i < 50; i++)
		end(7, "bob", 1, false, ATTEMPT_RIGHT);
	for (i = 0; i < ATTEMPT_TRIES; i++)
		ck_assert(guess(7, "bob", 1, false));
	ck_assert(!guess(7, "bob", 1, false));
}
END_TEST

START_TEST(test_others)
{
	struct credential c = credential_from_uid(1);
	int i;

	for (i = 0; i < ATTEMPT_TRIES; i++) {
		ck_assert_int_eq(attempts_register(&attempts, &c, 7, now_ms),
		    0);
		ck_assert_int_eq(attempts_change(&attempts, 7, now_ms), 0);
	}
	ck_assert_int_gt(attempts_register(&attempts, &c, 7, now_ms), 0);
	ck_assert_int_gt(attempts_change(&attempts, 7, now_ms), 0);
	ck_assert_int_eq(attempts_change(&attempts, 8, now_ms), 0);
	ck_assert(guess(7, "bob", 1, false));
}
END_TEST

/* However slowly: so many accounts a day, and of all of an IPv6 network. */
START_TEST(test_register_day)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct credential c;
	int i, done = 0;

	for (i = 0; i < 1440; i++) {
		sin6.sin6_addr.s6_addr[7] = (uint8_t)i;
		c = credential_from_address((const struct sockaddr *)&sin6);
		done += attempts_register(&attempts, &c, 7, now_ms) == 0;
		now_ms += 60000;
	}
	ck_assert_int_ge(done, 13);
	ck_assert_int_le(done, 14);
	sin6.sin6_addr.s6_addr[5] = 1;
	c = credential_from_address((const struct sockaddr *)&sin6);
	ck_assert_int_eq(attempts_register(&attempts, &c, 7, now_ms), 0);
}
END_TEST

/* So many accounts an hour of one origin; each of them as often as it likes. */
START_TEST(test_lend)
{
	struct credential c = credential_from_uid(1);
	struct credential other = credential_from_uid(2);
	uint64_t i;

	for (i = 0; i < 3 * ATTEMPT_LEND; i++)
		ck_assert(attempts_lend(&attempts, 1 + i % ATTEMPT_LEND, &c,
		    now_ms));
	ck_assert(!attempts_lend(&attempts, 100, &c, now_ms));
	ck_assert(attempts_lend(&attempts, 1, &c, now_ms));
	ck_assert(attempts_lend(&attempts, 100, &other, now_ms));
	now_ms += 3600000;
	ck_assert(attempts_lend(&attempts, 100, &c, now_ms));
}
END_TEST

/* To the next program goes what still counts, the slow as well as the quick. */
START_TEST(test_handed_over)
{
	struct credential c = credential_from_uid(1);
	struct fields_out out = { .use = FIELDS_HANDOFF };
	struct fields_in in = { .use = FIELDS_HANDOFF };
	struct tlv_reader reader;
	struct attempts next;
	struct tlv item;

	while (attempts_register(&attempts, &c, 3, now_ms) == 0)
		;
	ck_assert(attempts_lend(&attempts, 1, &c, now_ms));
	ck_assert(guess(7, "bob", 1, false));
	now_ms += 10 * ATTEMPT_MS;
	attempts_save(&attempts, now_ms, &out);
	attempts_init(&next);
	tlv_init(&reader, out.data.data, out.data.len);
	while (tlv_next(&reader, &item))
		ck_assert(attempts_load(&next, &in, &item));
	/* The day's, the lender and what it has lent. */
	ck_assert_uint_eq(next.count, 3);
	ck_assert_int_gt(attempts_register(&next, &c, 3, now_ms), 0);
	attempts_fini(&next);
	fields_in_fini(&in);
	fields_out_fini(&out);
}
END_TEST

START_TEST(test_bounded)
{
	unsigned i;

	for (i = 0; i < ATTEMPTS_MAX; i++)
		(void)guess(i, "x", i, false);
	ck_assert_uint_eq(attempts.count, ATTEMPTS_MAX);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "all", setup, teardown);

	tcase_add_test(tc, test_pair);
	tcase_add_test(tc, test_origin);
	tcase_add_test(tc, test_account);
	tcase_add_test(tc, test_right);
	tcase_add_test(tc, test_others);
	tcase_add_test(tc, test_register_day);
	tcase_add_test(tc, test_lend);
	tcase_add_test(tc, test_handed_over);
	tcase_add_test(tc, test_bounded);
}
