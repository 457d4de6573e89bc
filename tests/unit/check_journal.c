/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/tlv.h"
#include "faults.h"
#include "journal-owner.h"
#include "state/journal-impl.h"
#include "unit.h"

START_TEST(test_put_and_load)
{
	struct owner o;

	owner_load(&o);
	ck_assert_uint_eq(o.loads, 0);
	owner_set(&o, 1, 10);
	owner_set(&o, 2, 20);
	owner_set(&o, 1, 11);
	owner_set(&o, 12, 5);
	owner_clear(&o, 2);
	owner_drop(&o);
	ck_assert_str_eq(owner_after_kill(), "1=11 12=5");
	owner_load(&o);
	ck_assert_uint_eq(o.loads, 2);
	owner_set(&o, 2, 21);
	journal_close(o.journal);
	ck_assert_str_eq(owner_after_kill(), "1=11 2=21 12=5");
}
END_TEST

START_TEST(test_hold)
{
	struct owner o;
	unsigned k;

	owner_load(&o);
	fault_clear();
	journal_hold(o.journal);
	for (k = 0; k < KEYS; k++)
		owner_set(&o, k, 1);
	ck_assert_uint_eq(fault_count(FAULT_PWRITE), 0);
	journal_release(o.journal);
	ck_assert_uint_eq(fault_count(FAULT_PWRITE), 1);
	owner_drop(&o);
	ck_assert_str_ne(owner_after_kill(), "");
	owner_load(&o);
	ck_assert_uint_eq(o.loads, KEYS);
	journal_close(o.journal);
}
END_TEST

static int64_t
slow_now_us(void)
{
	static int64_t now_us;

	return now_us += WALK_SLICE_US;
}

/* With a slice of a snapshot. */
static bool
tick_slice(struct owner *o, int64_t mono_ms, unsigned items)
{
	struct walk_budget budget = { .now_us = slow_now_us, .items = items };

	return journal_tick(o->journal, mono_ms, &budget);
}

/* It does not grow for ever, and what is in it stays; also when snapshots go on
 * while it changes, and it is killed in the midst of one. */
START_TEST(test_snapshots)
{
	struct owner o;
	char expected[KEYS * 16];
	unsigned i, in_snapshot = 0;
	int64_t now_ms = 0;

	owner_load(&o);
	o.pad = 1000;
	for (i = 0; i < 5000; i++) {
		owner_set(&o, i % KEYS, i);
		if (i % 7 == 0)
			owner_clear(&o, i % 5);
		if (_i == 0)
			owner_tick(&o, now_ms += 1000);
		else
			tick_slice(&o, now_ms += 1000, 1 + i % 3);
		if (_i > 0 && journal_is_in_snapshot(o.journal) &&
		    ++in_snapshot % 37 == 0) {
			(void)strcpy(expected, owner_text(&o));
			owner_drop(&o);
			owner_load(&o);
			o.pad = 1000;
			ck_assert_str_eq(owner_text(&o), expected);
		}
		ck_assert_uint_lt(journal_dir_size("test.0"),
		    _i == 0 ? 500000 : 700000);
		ck_assert_uint_lt(journal_dir_size("test.1"),
		    _i == 0 ? 500000 : 700000);
	}
	ck_assert(_i == 0 || in_snapshot > 100);
	(void)strcpy(expected, owner_text(&o));
	owner_drop(&o);
	ck_assert_str_eq(owner_after_kill(), expected);
}
END_TEST

/* hostile 65 */
START_TEST(test_in_use)
{
	struct owner o, second;

	owner_load(&o);
	ck_assert(!owner_try_open(&second));
	ck_assert_ptr_nonnull(strstr(journal_dir.error, "in use"));
	owner_set(&o, 1, 10);
	journal_close(o.journal);
	ck_assert_str_eq(owner_after_kill(), "1=10");
}
END_TEST

START_TEST(test_no_files_of_ours)
{
	struct owner o;

	ck_assert_int_eq(symlinkat("elsewhere", journal_dir.fd, "test.0"), 0);
	ck_assert(!owner_try_open(&o));
	ck_assert_int_eq(unlinkat(journal_dir.fd, "test.0", 0), 0);
	ck_assert_int_eq(mkfifoat(journal_dir.fd, "test.0", 0600), 0);
	ck_assert(!owner_try_open(&o));
	ck_assert_ptr_nonnull(strstr(journal_dir.error, "regular"));
	ck_assert_int_eq(unlinkat(journal_dir.fd, "test.0", 0), 0);
	journal_dir_store("test.0", "", 0);
	ck_assert_int_eq(fchmodat(journal_dir.fd, "test.0", 0666, 0), 0);
	owner_load(&o);
	ck_assert_uint_ne(journal_dir_size("test.0"),
	    SIZE_MAX); /* and is 0600 */
	journal_close(o.journal);
}
END_TEST

/* hostile 67: short writes and EINTR are nothing special. */
START_TEST(test_short_and_interrupted)
{
	struct owner o;

	owner_load(&o);
	fault_short(1000, 3);
	fault_set(FAULT_PWRITE, 2, 1, EINTR);
	owner_set(&o, 1, 10);
	fault_clear();
	owner_drop(&o);
	fault_short(1000, 5);
	fault_set(FAULT_PREAD, 1, 1, EINTR);
	ck_assert_str_eq(owner_after_kill(), "1=10");
}
END_TEST

/* hostile 67: whatever is wrong with the disk, all is written once it is
 * not any more. */
START_TEST(test_full_disk)
{
	static const int errors[] = { ENOSPC, EIO, EROFS, EDQUOT };
	struct owner o;
	char expected[KEYS * 16];
	unsigned calls, i;
	int64_t now_ms = 0;

	owner_load(&o);
	for (calls = 0; calls < 40; calls++) {
		/* Half a record, then the error. */
		fault_short(1, calls % 20);
		fault_set(FAULT_PWRITE, calls % 3, 1 + calls % 5,
		    errors[calls % 4]);
		fault_set(FAULT_FTRUNCATE, calls % 2, calls % 3, EIO);
		for (i = 0; i < 5; i++) {
			owner_set(&o, (calls * 5 + i) % KEYS, calls * i);
			owner_clear(&o, (calls * 3 + i) % KEYS);
			if (_i == 0)
				owner_tick(&o, now_ms += 5000);
			else
				tick_slice(&o, now_ms += 5000, 1 + i);
		}
		fault_clear();
		/* Not at once, and not at every tick. */
		owner_tick(&o, now_ms += 60000);
		(void)strcpy(expected, owner_text(&o));
		owner_drop(&o);
		ck_assert_str_eq(owner_after_kill(), expected);
		owner_load(&o);
	}
	journal_close(o.journal);
}
END_TEST

/* For as long as the disk is full, that is known. */
START_TEST(test_error)
{
	struct owner o;

	owner_load(&o);
	ck_assert_int_eq(journal_error(o.journal), 0);
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	owner_set(&o, 1, 1);
	ck_assert_int_eq(journal_error(o.journal), ENOSPC);
	ck_assert(owner_tick(&o, 60000));
	ck_assert_int_eq(journal_error(o.journal), ENOSPC);
	fault_clear();
	(void)owner_tick(&o, 120000);
	ck_assert_int_eq(journal_error(o.journal), 0);
	journal_close(o.journal);
}
END_TEST

/* A snapshot that only was to make the file smaller has failed: it is told of,
 * and tried again by itself, though nothing changes any more. */
START_TEST(test_error_of_growth)
{
	struct owner o;
	unsigned i;
	int64_t now_ms = 0;

	owner_load(&o);
	o.pad = 4000;
	for (i = 0; i < KEYS; i++)
		owner_set(&o, i % 4, i);
	fault_clear();
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	ck_assert(owner_tick(&o, now_ms));
	ck_assert_int_eq(journal_error(o.journal), ENOSPC);
	for (i = 0; i < 50; i++)
		ck_assert(owner_tick(&o, now_ms += 1000));
	ck_assert_uint_le(fault_count(FAULT_PWRITE), 8);
	fault_clear();
	for (i = 0; i < 20 && journal_error(o.journal) != 0; i++) {
		ck_assert(!journal_is_in_snapshot(o.journal));
		(void)owner_tick(&o, now_ms += 1000);
	}
	ck_assert_int_eq(journal_error(o.journal), 0);
	ck_assert(!owner_tick(&o, now_ms += 1000));
	ck_assert_uint_lt(journal_dir_size("test.1"), 5 * 4096);
	owner_drop(&o);
	ck_assert_str_eq(owner_after_kill(), "0=60 1=61 2=62 3=63");
}
END_TEST

/* A copy that is read while changes go on is what there was at its start. */
START_TEST(test_read)
{
	char expected[KEYS * 16], *copy = NULL;
	struct owner o;
	uint64_t generation = 0;
	size_t size, offset = 0;
	ssize_t n;
	unsigned i;
	int fd;

	owner_load(&o);
	for (i = 0; i < 100; i++)
		owner_set(&o, i % KEYS, i);
	(void)strcpy(expected, owner_text(&o));
	do {
		copy = xreallocarray(copy, offset + 100, 1);
		n = journal_read(o.journal, &generation, &size, offset,
		    copy + offset, 100);
		ck_assert_int_gt(n, 0);
		offset += (size_t)n;
		owner_set(&o, offset % KEYS, 1000);
	} while (offset < size);
	/* All moves to the other file: a copy is begun again. */
	journal_renew(o.journal, 0);
	(void)owner_tick(&o, 60000);
	ck_assert_int_eq(journal_read(o.journal, &generation, &size, 0, copy,
			     100),
	    -1);
	ck_assert_int_eq(errno, EAGAIN);
	journal_close(o.journal);

	(void)unlinkat(journal_dir.fd, "test.1", 0);
	fd = openat(journal_dir.fd, "test.0", O_WRONLY | O_TRUNC);
	ck_assert_int_eq(pwrite(fd, copy, size, 0), (ssize_t)size);
	(void)close(fd);
	free(copy);
	ck_assert_str_eq(owner_after_kill(), expected);
}
END_TEST

/* The files lack what its owner has: all of it gets there again. */
START_TEST(test_renew)
{
	struct owner o, again;

	owner_load(&o);
	owner_set(&o, 1, 1);
	/* The next is dropped, as on a full disk. */
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	owner_set(&o, 2, 2);
	owner_drop(&o);
	owner_load(&again);
	ck_assert_str_eq(owner_text(&again), "1=1");
	again.has[2] = true;
	again.value[2] = 2;
	/* Not yet, but at a later tick. */
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	journal_renew(again.journal, 1000);
	fault_clear();
	ck_assert(owner_tick(&again, 1001));
	(void)owner_tick(&again, 1000 + 60000);
	ck_assert(!owner_tick(&again, 1000 + 120000));
	owner_drop(&again);
	ck_assert_str_eq(owner_after_kill(), "1=1 2=2");
	owner_load(&again);
	again.has[3] = true;
	again.value[3] = 3;
	journal_renew(again.journal, 1000);
	owner_drop(&again);
	ck_assert_str_eq(owner_after_kill(), "1=1 2=2 3=3");
}
END_TEST

START_TEST(test_retries_are_rare)
{
	struct owner o;
	unsigned i;

	owner_load(&o);
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	for (i = 0; i < 600; i++) {
		owner_set(&o, i % KEYS, i);
		owner_tick(&o, i * 100);
	}
	ck_assert_uint_le(fault_count(FAULT_PWRITE), 8);
	fault_clear();
	journal_close(o.journal); /* tries once more */
	owner_load(&o);
	ck_assert_uint_eq(o.loads, KEYS);
	journal_close(o.journal);
}
END_TEST

/* Every call that opening makes may fail: then it says so, or it works. */
START_TEST(test_faults_while_opening)
{
	struct owner o;
	int call;
	unsigned after;

	owner_load(&o);
	owner_set(&o, 1, 10);
	journal_close(o.journal);
	for (call = 0; call < FAULT_CALLS; call++)
		for (after = 0; after < 6; after++) {
			fault_clear();
			fault_set((enum fault_call)call, after, 1, EIO);
			if (owner_try_open(&o)) {
				ck_assert_str_eq(owner_text(&o), "1=10");
				journal_close(o.journal);
			}
		}
	fault_clear();
	ck_assert_str_eq(owner_after_kill(), "1=10");
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "journal", journal_dir_setup,
	    journal_dir_teardown);

	tcase_add_test(tc, test_put_and_load);
	tcase_add_test(tc, test_hold);
	tcase_add_loop_test(tc, test_snapshots, 0, 2);
	tcase_add_test(tc, test_in_use);
	tcase_add_test(tc, test_no_files_of_ours);
	tcase_add_test(tc, test_short_and_interrupted);
	tcase_add_loop_test(tc, test_full_disk, 0, 2);
	tcase_add_test(tc, test_error);
	tcase_add_test(tc, test_error_of_growth);
	tcase_add_test(tc, test_read);
	tcase_add_test(tc, test_renew);
	tcase_add_test(tc, test_retries_are_rare);
	tcase_add_test(tc, test_faults_while_opening);
}
