/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Walks over a small row of letters that changes while they are under way. The
 * clock is the test's: each item takes as long as it says.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/walk.h"
#include "unit.h"

static int64_t fake_us;
static int wakes;

struct row {
	struct walks *walks;
	struct walk walk;
	char items[64]; /* in order */
	char last; /* the position: done up to here */
	char seen[256];
	int64_t item_us; /* what one takes */
	int slices;
	void (*at)(struct row *row, char item);
};

static int64_t
fake_now_us(void)
{
	return fake_us;
}

static void
wake(void *arg)
{
	ck_assert_ptr_eq(arg, &wakes);
	wakes++;
}

static void
row_add(struct row *row, char item)
{
	size_t len = strlen(row->items), i;

	for (i = len; i > 0 && row->items[i - 1] > item; i--)
		row->items[i] = row->items[i - 1];
	row->items[i] = item;
	row->items[len + 1] = '\0';
}

static void
row_remove(struct row *row, char item)
{
	char *at = strchr(row->items, item);

	ck_assert_ptr_nonnull(at);
	memmove(at, at + 1, strlen(at));
}

/* The first after the position; or '\0'. */
static char
row_after(const struct row *row)
{
	const char *at = row->items;

	while (*at != '\0' && *at <= row->last)
		at++;
	return *at;
}

static bool
row_step(struct walk_budget *budget, void *arg)
{
	struct row *row = arg;
	size_t len;
	char item;

	row->slices++;
	while ((item = row_after(row)) != '\0') {
		if (!walk_may_take(budget))
			return true;
		row->last = item;
		len = strlen(row->seen);
		row->seen[len] = item;
		row->seen[len + 1] = '\0';
		fake_us += row->item_us;
		if (row->at != NULL)
			row->at(row, item);
	}
	return false;
}

static void
row_init(struct row *row, struct walks *walks, const char *items)
{
	memset(row, 0, sizeof(*row));
	row->walks = walks;
	memcpy(row->items, items, strlen(items) + 1);
	walk_init(&row->walk, items, row_step, row);
}

static void
setup(struct walks *walks)
{
	fake_us = 1000;
	wakes = 0;
	walks_init(walks, fake_now_us, wake, &wakes);
}

START_TEST(test_resumes)
{
	struct walks walks;
	struct row row;

	setup(&walks);
	row_init(&row, &walks, "abcdefghijklmnopqrstuvwxyz");
	row.item_us = WALK_SLICE_US / WALK_ITEMS;
	ck_assert_ptr_null(walks_run(&walks));
	walk_start(&walks, &row.walk);
	walk_start(&walks, &row.walk); /* runs already */
	ck_assert_int_eq(wakes, 1);
	ck_assert_str_eq(walks_run(&walks), row.walk.name);
	ck_assert_str_eq(row.seen, "abcdefgh");
	ck_assert(walks_are_running(&walks));
	ck_assert_ptr_nonnull(walks_run(&walks));
	ck_assert_str_eq(row.seen, "abcdefghijklmnop");
	ck_assert_ptr_nonnull(walks_run(&walks));
	ck_assert_ptr_nonnull(walks_run(&walks));
	ck_assert_str_eq(row.seen, row.items);
	ck_assert(!walks_are_running(&walks));
	ck_assert(!row.walk.is_running);
	ck_assert_int_eq(row.slices, 4);
	ck_assert_ptr_null(walks_run(&walks));
	ck_assert_int_eq(wakes, 1);
}
END_TEST

/* Cheap items: as many as fit, with few looks at the clock. Dear ones: no more
 * than WALK_ITEMS beyond the slice, and one at a time if the step says so. */
START_TEST(test_budget)
{
	struct walk_budget budget = { .now_us = fake_now_us,
		.end_us = 1000 + WALK_SLICE_US };
	int taken;

	fake_us = 1000;
	for (taken = 0; walk_may_take(&budget); taken++)
		fake_us += 10;
	ck_assert_int_ge(taken, WALK_SLICE_US / 10);
	ck_assert_int_lt(taken, WALK_SLICE_US / 10 + WALK_ITEMS);

	fake_us = 1000;
	budget.items = WALK_ITEMS;
	for (taken = 0; walk_may_take(&budget); taken++) {
		fake_us += WALK_SLICE_US * 2 / 3;
		walk_took_long(&budget);
	}
	ck_assert_int_eq(taken, 2);

	/* No limit. */
	budget.now_us = NULL;
	for (taken = 0; walk_may_take(&budget) && taken < 1000; taken++)
		fake_us += WALK_SLICE_US;
	ck_assert_int_eq(taken, 1000);
}
END_TEST

/* However dear, each slice gets on. */
START_TEST(test_always_gets_on)
{
	struct walks walks;
	struct row row;
	int slices;

	setup(&walks);
	row_init(&row, &walks, "abcdefghijklmnopqrstuvwxyz");
	row.item_us = 100 * WALK_SLICE_US;
	walk_start(&walks, &row.walk);
	for (slices = 0; walks_are_running(&walks); slices++) {
		ck_assert_int_lt(slices, 26);
		(void)walks_run(&walks);
	}
	ck_assert_str_eq(row.seen, row.items);
}
END_TEST

static void
remove_current(struct row *row, char item)
{
	if (item % 2 == 0)
		row_remove(row, item);
}

static void
remove_next(struct row *row, char item)
{
	if (item == 'c' || item == 'h')
		row_remove(row, (char)(item + 1));
}

static void
add_around(struct row *row, char item)
{
	if (item == 'c') {
		row_add(row, 'A'); /* before the position: missed */
		row_add(row, 'z');
	}
}

START_TEST(test_changes_under_way)
{
	static const struct {
		void (*at)(struct row *row, char item);
		const char *seen, *left;
	} cases[] = {
		{ remove_current, "abcdefghijk", "acegik" },
		{ remove_next, "abcefghjk", "abcefghjk" },
		{ add_around, "abcdefghijkz", "Aabcdefghijkz" },
	};
	struct walks walks;
	struct row row;
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		setup(&walks);
		row_init(&row, &walks, "abcdefghijk");
		row.item_us = WALK_SLICE_US / WALK_ITEMS;
		row.at = cases[i].at;
		walk_start(&walks, &row.walk);
		while (walks_are_running(&walks))
			(void)walks_run(&walks);
		ck_assert_str_eq(row.seen, cases[i].seen);
		ck_assert_str_eq(row.items, cases[i].left);
		ck_assert_int_eq(row.slices, 2);
	}
}
END_TEST

/* And between two slices, too. */
START_TEST(test_changes_between)
{
	struct walks walks;
	struct row row;

	setup(&walks);
	row_init(&row, &walks, "abcdefghijk");
	row.item_us = WALK_SLICE_US / WALK_ITEMS;
	walk_start(&walks, &row.walk);
	(void)walks_run(&walks);
	row_remove(&row, 'h'); /* the position itself */
	row_remove(&row, 'i');
	row_add(&row, 'x');
	(void)walks_run(&walks);
	ck_assert_str_eq(row.seen, "abcdefghjkx");
	ck_assert(!walks_are_running(&walks));
}
END_TEST

START_TEST(test_turns)
{
	struct walks walks;
	struct row rows[3];

	setup(&walks);
	row_init(&rows[0], &walks, "abcdefghijklmnopqrstuvwxyz");
	row_init(&rows[1], &walks, "abc");
	row_init(&rows[2], &walks, "abcdefghi");
	rows[0].item_us = rows[2].item_us = WALK_SLICE_US;
	for (int i = 0; i < 3; i++)
		walk_start(&walks, &rows[i].walk);
	ck_assert_int_eq(wakes, 1);
	for (int i = 0; i < 3; i++)
		(void)walks_run(&walks);
	/* The short one does not wait for the long one. */
	ck_assert_str_eq(rows[0].seen, "abcdefgh");
	ck_assert(!rows[1].walk.is_running);
	ck_assert_str_eq(rows[2].seen, "abcdefgh");
	walk_stop(&walks, &rows[0].walk);
	walk_stop(&walks, &rows[0].walk); /* it does not run */
	(void)walks_run(&walks);
	ck_assert_str_eq(rows[2].seen, "abcdefghi");
	ck_assert(!walks_are_running(&walks));
	ck_assert_str_eq(rows[0].seen, "abcdefgh");
	/* It goes on where it was; and none has to be woken for all at once. */
	walk_start(&walks, &rows[0].walk);
	ck_assert_int_eq(wakes, 2);
	walks_finish(&walks);
	ck_assert_str_eq(rows[0].seen, rows[0].items);
}
END_TEST

static void
start_anew(struct row *row, char item)
{
	if (item == 'c' && row->slices == 1)
		walk_start(row->walks, &row->walk);
}

static bool
free_step(struct walk_budget *budget, void *arg)
{
	struct row *row = arg;

	(void)budget;
	walk_stop(row->walks, &row->walk);
	free(row);
	return false;
}

START_TEST(test_from_within)
{
	struct walks walks;
	struct row row, *gone = xcalloc(1, sizeof(*gone));

	setup(&walks);
	row_init(&row, &walks, "abc");
	row.at = start_anew;
	walk_start(&walks, &row.walk);
	(void)walks_run(&walks);
	ck_assert(row.walk.is_running); /* once more, to look for others */
	(void)walks_run(&walks);
	ck_assert(!row.walk.is_running);
	ck_assert_int_eq(row.slices, 2);

	row_init(gone, &walks, "abc");
	walk_init(&gone->walk, "gone", free_step, gone);
	walk_start(&walks, &gone->walk);
	ck_assert_str_eq(walks_run(&walks), "gone");
	ck_assert(!walks_are_running(&walks));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "walk", NULL, NULL);

	tcase_add_test(tc, test_resumes);
	tcase_add_test(tc, test_budget);
	tcase_add_test(tc, test_always_gets_on);
	tcase_add_test(tc, test_changes_under_way);
	tcase_add_test(tc, test_changes_between);
	tcase_add_test(tc, test_turns);
	tcase_add_test(tc, test_from_within);
}
