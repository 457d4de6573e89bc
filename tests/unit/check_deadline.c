/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Deadlines: their order, and callbacks that do what callbacks do.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/util.h"
#include "unit.h"

/* Callbacks leave their letters here. */
static char check_log[64];
static struct deadlines check_all;
static int check_changes;

struct check_item {
	struct deadline deadline;
	struct deadline_kind kind;
	char letter;
	struct check_item *other; /* what a callback works on */
	int64_t other_ms;
};

static void
check_log_letter(const struct check_item *item)
{
	size_t len = strlen(check_log);

	ck_assert_uint_lt(len, sizeof(check_log) - 1);
	check_log[len] = item->letter;
	check_log[len + 1] = '\0';
}

static void
check_letter_cb(void *arg)
{
	struct check_item *item = arg;

	ck_assert(!item->deadline.is_set);
	check_log_letter(item);
}

static void
check_set_other_cb(void *arg)
{
	struct check_item *item = arg;

	check_log_letter(item);
	deadline_set(&check_all, &item->other->deadline, item->other_ms);
}

static void
check_clear_other_cb(void *arg)
{
	struct check_item *item = arg;

	check_log_letter(item);
	deadline_clear(&check_all, &item->other->deadline);
}

static void
check_free_cb(void *arg)
{
	struct check_item *item = arg;

	check_log_letter(item);
	free(item);
}

static void
check_changed_cb(void *arg)
{
	ck_assert_ptr_eq(arg, &check_changes);
	check_changes++;
}

static void
check_setup(void)
{
	check_log[0] = '\0';
	check_changes = 0;
	deadlines_init(&check_all, NULL, NULL);
}

static void
check_init(struct check_item *item, char letter, void (*cb)(void *))
{
	*item = (struct check_item){ .letter = letter, .kind = { "item", cb } };
	deadline_init_kind(&item->deadline, &item->kind, item);
}

START_TEST(test_order)
{
	struct check_item items[6];
	size_t i;

	for (i = 0; i < NITEMS(items); i++)
		check_init(&items[i], (char)('a' + i), check_letter_cb);
	ck_assert_int_eq(deadlines_next(&check_all), -1);
	deadline_set(&check_all, &items[0].deadline, 300);
	deadline_set(&check_all, &items[1].deadline, 100);
	deadline_set(&check_all, &items[2].deadline, 200);
	deadline_set(&check_all, &items[3].deadline, 100);
	deadline_set(&check_all, &items[4].deadline, 201);
	deadline_set(&check_all, &items[5].deadline, 100);
	ck_assert_int_eq(deadlines_next(&check_all), 100);
	deadlines_run(&check_all, 99);
	ck_assert_str_eq(check_log, "");
	deadlines_run(&check_all, 200);
	ck_assert_str_eq(check_log, "bdfc");
	ck_assert_int_eq(deadlines_next(&check_all), 201);
	deadlines_run(&check_all, 1000);
	ck_assert_str_eq(check_log, "bdfcea");
	ck_assert_int_eq(deadlines_next(&check_all), -1);
	deadlines_run(&check_all, 2000);
	ck_assert_str_eq(check_log, "bdfcea");
}
END_TEST

START_TEST(test_move_and_clear)
{
	struct check_item a, b;

	check_init(&a, 'a', check_letter_cb);
	check_init(&b, 'b', check_letter_cb);
	deadline_clear(&check_all, &a.deadline); /* fine if unset */
	deadline_set(&check_all, &a.deadline, 100);
	deadline_set(&check_all, &b.deadline, 200);
	ck_assert(a.deadline.is_set);
	deadline_set(&check_all, &a.deadline, 300);
	ck_assert_int_eq(deadlines_next(&check_all), 200);
	deadline_set(&check_all, &a.deadline, 200); /* now after b */
	deadlines_run(&check_all, 200);
	ck_assert_str_eq(check_log, "ba");
	ck_assert(!a.deadline.is_set);

	deadline_set(&check_all, &a.deadline, 300);
	deadline_clear(&check_all, &a.deadline);
	deadline_clear(&check_all, &a.deadline);
	ck_assert(!a.deadline.is_set);
	ck_assert_int_eq(deadlines_next(&check_all), -1);
	deadlines_run(&check_all, 300);
	ck_assert_str_eq(check_log, "ba");
}
END_TEST

START_TEST(test_past_and_negative)
{
	struct check_item a, b;

	check_init(&a, 'a', check_letter_cb);
	check_init(&b, 'b', check_letter_cb);
	deadline_set(&check_all, &b.deadline, 5);
	deadline_set(&check_all, &a.deadline, INT64_MIN);
	ck_assert_int_ge(deadlines_next(&check_all), 0); /* -1 is none */
	deadlines_run(&check_all, 1000);
	ck_assert_str_eq(check_log, "ab");
}
END_TEST

/* One that sets itself again at once does not keep the run from ending. */
START_TEST(test_set_itself)
{
	struct check_item a, b;

	check_init(&a, 'a', check_set_other_cb);
	a.other = &a;
	a.other_ms = 0;
	check_init(&b, 'b', check_letter_cb);
	deadline_set(&check_all, &a.deadline, 10);
	deadline_set(&check_all, &b.deadline, 20);
	deadlines_run(&check_all, 20);
	ck_assert_str_eq(check_log, "ab");
	ck_assert(a.deadline.is_set);
	ck_assert_int_le(deadlines_next(&check_all), 20);
	deadlines_run(&check_all, 20); /* even at the same time */
	ck_assert_str_eq(check_log, "aba");
}
END_TEST

/* What is set to the past must not hide those that are due behind it. */
START_TEST(test_set_others)
{
	struct check_item a, b, c, d;

	check_init(&a, 'a', check_set_other_cb);
	check_init(&b, 'b', check_set_other_cb);
	check_init(&c, 'c', check_letter_cb);
	check_init(&d, 'd', check_letter_cb);
	a.other = &d;
	a.other_ms = 1;
	b.other = &c; /* due itself: moved within the run, it waits */
	b.other_ms = 50;
	deadline_set(&check_all, &a.deadline, 10);
	deadline_set(&check_all, &b.deadline, 50);
	deadline_set(&check_all, &c.deadline, 50);
	deadlines_run(&check_all, 50);
	ck_assert_str_eq(check_log, "ab");
	deadlines_run(&check_all, 50);
	ck_assert_str_eq(check_log, "abdc");
}
END_TEST

START_TEST(test_clear_others)
{
	struct check_item a, b, c;

	check_init(&a, 'a', check_clear_other_cb);
	check_init(&b, 'b', check_letter_cb);
	check_init(&c, 'c', check_clear_other_cb);
	a.other = &b;
	c.other = &c; /* unset already */
	deadline_set(&check_all, &a.deadline, 10);
	deadline_set(&check_all, &b.deadline, 10);
	deadline_set(&check_all, &c.deadline, 10);
	deadlines_run(&check_all, 10);
	ck_assert_str_eq(check_log, "ac");
	ck_assert_int_eq(deadlines_next(&check_all), -1);
}
END_TEST

START_TEST(test_free_owner)
{
	struct check_item *item;
	int i;

	for (i = 0; i < 3; i++) {
		item = xmalloc(sizeof(*item));
		check_init(item, (char)('x' + i), check_free_cb);
		deadline_set(&check_all, &item->deadline, 10 + i);
	}
	deadlines_run(&check_all, 12);
	ck_assert_str_eq(check_log, "xyz");
}
END_TEST

START_TEST(test_changed)
{
	struct check_item a, b;

	deadlines_init(&check_all, check_changed_cb, &check_changes);
	check_init(&a, 'a', check_letter_cb);
	check_init(&b, 'b', check_set_other_cb);
	b.other = &a;
	b.other_ms = 500;
	deadline_clear(&check_all, &a.deadline);
	ck_assert_int_eq(check_changes, 0);
	deadline_set(&check_all, &a.deadline, 100);
	ck_assert_int_eq(check_changes, 1);
	deadline_set(&check_all, &b.deadline, 200); /* later than a */
	deadline_set(&check_all, &a.deadline, 100); /* the same */
	ck_assert_int_eq(check_changes, 1);
	deadline_set(&check_all, &a.deadline, 150);
	ck_assert_int_eq(check_changes, 2);
	deadline_set(&check_all, &a.deadline, 300); /* b is the earliest */
	ck_assert_int_eq(check_changes, 3);
	deadline_clear(&check_all, &a.deadline);
	ck_assert_int_eq(check_changes, 3);

	/* Each run tells once, whatever was due. */
	deadlines_run(&check_all, 100);
	ck_assert_int_eq(check_changes, 4);
	deadlines_run(&check_all, 200);
	ck_assert_str_eq(check_log, "b");
	ck_assert_int_eq(check_changes, 5);
	ck_assert_int_eq(deadlines_next(&check_all), 500);
	deadline_clear(&check_all, &a.deadline);
	ck_assert_int_eq(check_changes, 6);
	ck_assert_int_eq(deadlines_next(&check_all), -1);
}
END_TEST

/* Random sets and clears against the plain rule: by time, then by order. */
#define CHECK_MODEL_ITEMS 50
static struct check_model_item {
	struct deadline deadline;
	int64_t at_ms; /* -1: unset */
	int order, ran_at;
} check_model[CHECK_MODEL_ITEMS];
static int check_model_ran;

static void
check_model_cb(void *arg)
{
	struct check_model_item *item = arg;

	item->ran_at = check_model_ran++;
}

START_TEST(test_model)
{
	struct check_model_item *m = check_model;
	int64_t now = 0;
	int i, k, step, order = 0;

	srand(4272);
	for (i = 0; i < CHECK_MODEL_ITEMS; i++) {
		deadline_init(&m[i].deadline, check_model_cb, &m[i]);
		m[i].at_ms = -1;
	}
	for (step = 0; step < 300; step++) {
		for (k = 0; k < 30; k++) {
			i = rand() % CHECK_MODEL_ITEMS;
			if (rand() % 4 == 0) {
				deadline_clear(&check_all, &m[i].deadline);
				m[i].at_ms = -1;
				continue;
			}
			m[i].at_ms = now + rand() % 20;
			m[i].order = order++;
			deadline_set(&check_all, &m[i].deadline, m[i].at_ms);
		}
		now += rand() % 10;
		check_model_ran = 0;
		for (i = 0; i < CHECK_MODEL_ITEMS; i++)
			m[i].ran_at = -1;
		deadlines_run(&check_all, now);
		for (i = 0; i < CHECK_MODEL_ITEMS; i++) {
			ck_assert_int_eq(m[i].ran_at >= 0,
			    m[i].at_ms >= 0 && m[i].at_ms <= now);
			for (k = 0; k < CHECK_MODEL_ITEMS; k++) {
				if (m[i].ran_at < 0 || m[k].ran_at < 0)
					continue;
				if (m[i].at_ms < m[k].at_ms ||
				    (m[i].at_ms == m[k].at_ms &&
					m[i].order < m[k].order))
					ck_assert_int_lt(m[i].ran_at,
					    m[k].ran_at);
			}
		}
		for (i = 0; i < CHECK_MODEL_ITEMS; i++) {
			if (m[i].ran_at >= 0)
				m[i].at_ms = -1;
			ck_assert(m[i].deadline.is_set == (m[i].at_ms >= 0));
		}
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "deadline", check_setup, NULL);

	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_move_and_clear);
	tcase_add_test(tc, test_past_and_negative);
	tcase_add_test(tc, test_set_itself);
	tcase_add_test(tc, test_set_others);
	tcase_add_test(tc, test_clear_others);
	tcase_add_test(tc, test_free_owner);
	tcase_add_test(tc, test_changed);
	tcase_add_test(tc, test_model);
}
