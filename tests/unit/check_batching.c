/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * When a turn waits for others to talk.
 */
#include "config.h"

#include <check.h>

#include "server/batching.h"
#include "unit.h"

#define DEAR BATCHING_DEAR_US

START_TEST(test_lone_speaker_never_waits)
{
	struct batching p = { 0 };
	int64_t at;

	ck_assert(!batching_should_wait(&p, 1, 0));
	for (at = 0; at < 100 * DEAR; at += DEAR) {
		batching_turn_done(&p, 1, at, at + DEAR);
		ck_assert(!batching_should_wait(&p, 1, at + DEAR));
	}
}
END_TEST

START_TEST(test_waits_for_as_many_as_before)
{
	struct batching p = { 0 };

	batching_turn_done(&p, 3, 0, DEAR);
	ck_assert(batching_should_wait(&p, 1, DEAR + 1));
	ck_assert(batching_should_wait(&p, 2, DEAR + 1));
	ck_assert(!batching_is_ready(&p, 2));
	ck_assert(batching_is_ready(&p, 3));
	ck_assert(!batching_should_wait(&p, 3, DEAR + 1));
	ck_assert(!batching_should_wait(&p, 4, DEAR + 1));
	/* A turn that only has something to clear up. */
	ck_assert(!batching_should_wait(&p, 0, DEAR + 1));
}
END_TEST

START_TEST(test_short_turns_never_wait)
{
	struct batching p = { 0 };

	batching_turn_done(&p, 10, 0, DEAR - 1);
	ck_assert(!batching_should_wait(&p, 1, DEAR));
	batching_turn_done(&p, 10, DEAR, 2 * DEAR);
	ck_assert(batching_should_wait(&p, 1, 2 * DEAR));
}
END_TEST

START_TEST(test_not_after_a_pause)
{
	struct batching p = { 0 };

	batching_turn_done(&p, 10, 0, DEAR);
	ck_assert(batching_should_wait(&p, 1, 3 * DEAR - 1));
	ck_assert(!batching_should_wait(&p, 1, 3 * DEAR));
}
END_TEST

START_TEST(test_waits_longer_for_longer_turns)
{
	struct batching p = { 0 };

	batching_turn_done(&p, 3, 0, DEAR);
	ck_assert_int_eq(batching_limit_us(&p), DEAR / 2);
	batching_turn_done(&p, 3, 0, 2 * DEAR);
	ck_assert_int_eq(batching_limit_us(&p), DEAR);
	batching_turn_done(&p, 3, 0, 1000 * DEAR);
	ck_assert_int_eq(batching_limit_us(&p), BATCHING_LIMIT_US);
}
END_TEST

/* Ten talk, and a turn begins when as many have as are expected; the others are
 * in the next. */
START_TEST(test_finds_all_who_talk)
{
	struct batching p = { 0 };
	unsigned waiting = 0, spoken, turns;
	int64_t at = 0;

	batching_turn_done(&p, 6, at, at + DEAR);
	waiting = 4;
	for (turns = 0; turns < 20; turns++, at += DEAR) {
		/* Those who were not in the last turn have talked already. */
		spoken = p.speakers > waiting ? p.speakers : waiting;
		if (spoken > 10)
			spoken = 10;
		batching_turn_done(&p, spoken, at, at + DEAR);
		waiting = 10 - spoken;
	}
	ck_assert_uint_ge(p.speakers, 10);
}
END_TEST

/* And few turns wait for somebody whom there is not. */
START_TEST(test_tries_in_vain_rarely)
{
	struct batching p = { 0 };
	unsigned turns, vain = 0;
	int64_t at = 0;

	for (turns = 0; turns < 1000; turns++, at += DEAR) {
		vain += batching_should_wait(&p, 2, at);
		batching_turn_done(&p, 2, at, at + DEAR);
	}
	ck_assert_uint_ge(vain, 5);
	ck_assert_uint_le(vain, 25);
}
END_TEST

START_TEST(test_forgets_the_silent)
{
	struct batching p = { 0 };
	unsigned turns = 0;
	int64_t at = 0;

	batching_turn_done(&p, 10, at, at + DEAR);
	for (at = DEAR; batching_should_wait(&p, 1, at); at += DEAR) {
		batching_turn_done(&p, 1, at, at + DEAR);
		turns++;
	}
	ck_assert_uint_eq(turns, 9);
	/* Who comes back is counted at once. */
	batching_turn_done(&p, 5, at, at + DEAR);
	ck_assert(batching_should_wait(&p, 4, at + DEAR));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "batching", NULL, NULL);

	tcase_add_test(tc, test_lone_speaker_never_waits);
	tcase_add_test(tc, test_waits_for_as_many_as_before);
	tcase_add_test(tc, test_short_turns_never_wait);
	tcase_add_test(tc, test_not_after_a_pause);
	tcase_add_test(tc, test_waits_longer_for_longer_turns);
	tcase_add_test(tc, test_finds_all_who_talk);
	tcase_add_test(tc, test_tries_in_vain_rarely);
	tcase_add_test(tc, test_forgets_the_silent);
}
