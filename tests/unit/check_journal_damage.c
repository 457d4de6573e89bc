/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Journals whose files are cut off, changed or missing (hostile 61 to 63).
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

/* hostile 61: cut anywhere, the records before are there. */
START_TEST(test_torn)
{
	static char data[4096];
	struct owner o;
	size_t len, empty, one, cut;
	const char *expected;

	owner_load(&o);
	empty = journal_dir_size("test.0");
	owner_set(&o, 1, 10);
	one = journal_dir_size("test.0");
	owner_set(&o, 1, 11);
	owner_drop(&o);
	len = journal_dir_load("test.0", data, sizeof(data));
	for (cut = empty; cut <= len; cut++) {
		journal_dir_store("test.0", data, cut);
		owner_load(&o);
		expected = cut < one ? "" : cut < len ? "1=10" : "1=11";
		ck_assert_str_eq(owner_text(&o), expected);
		/* And it goes on from there. */
		owner_set(&o, 2, 20);
		owner_drop(&o);
		owner_load(&o);
		ck_assert(o.has[2]);
		ck_assert_int_eq(o.has[1], cut >= one);
		owner_drop(&o);
	}
	ck_assert_uint_eq(journal_dir_count_corrupt(), 0);
}
END_TEST

/* hostile 63: any byte of the newer file wrong, the older one is there. */
START_TEST(test_flipped)
{
	static char data[8192], other[8192];
	struct owner o;
	size_t len, other_len, i;

	owner_load(&o);
	owner_set(&o, 1, 10);
	fault_set(FAULT_PWRITE, 0, 1, EIO);
	owner_set(&o, 2, 20);
	owner_tick(&o, 60000); /* a snapshot to test.1 */
	owner_set(&o, 3, 30);
	owner_drop(&o);
	len = journal_dir_load("test.1", data, sizeof(data));
	other_len = journal_dir_load("test.0", other, sizeof(other));
	for (i = 0; i < len; i++) {
		data[i] = (char)(data[i] ^ 0x10);
		journal_dir_store("test.1", data, len);
		journal_dir_store("test.0", other, other_len);
		owner_load(&o);
		ck_assert(o.has[1] && o.value[1] == 10);
		/* If it lacks something, it says so. */
		ck_assert(o.has_lost || (o.has[2] && o.has[3]) || i > len - 16);
		owner_drop(&o);
		unit_dir_clear(journal_dir.path, ".corrupt-");
		data[i] = (char)(data[i] ^ 0x10);
	}
	journal_dir_store("test.1", data, len);
	journal_dir_store("test.0", other, other_len);
	ck_assert_str_eq(owner_after_kill(), "1=10 2=20 3=30");
}
END_TEST

/*
 * Two files of which the newer has all, with 1=11 and 3=30, and a start of it
 * says less and less; the older has 1=10 and 2=20, and that it has moved.
 */
static char old_data[512], new_data[512];
static size_t old_len, new_len;

static void
make_files(void)
{
	struct owner o;

	owner_load(&o);
	owner_set(&o, 1, 10);
	owner_set(&o, 2, 20);
	journal_renew(o.journal, 0);
	owner_set(&o, 3, 30);
	owner_clear(&o, 2);
	owner_set(&o, 1, 11);
	owner_drop(&o);
	old_len = journal_dir_load("test.0", old_data, sizeof(old_data));
	new_len = journal_dir_load("test.1", new_data, sizeof(new_data));
	ck_assert_uint_lt(old_len, sizeof(old_data));
	ck_assert_uint_lt(new_len, sizeof(new_data));
}

/* Opens what is there: it has what there was, or says that it may not; and what
 * it has is there at the next start as well. */
static void
assert_recovers(struct owner *o, const char *expected)
{
	static char was[KEYS * 16];
	const char *names;
	bool has_lost;

	owner_load(o);
	ck_assert(o->has_lost || strcmp(owner_text(o), expected) == 0);
	ck_assert(!o->has[1] || o->value[1] == 10 || o->value[1] == 11);
	ck_assert(!o->has[2] || o->value[2] == 20);
	ck_assert(!o->has[3] || o->value[3] == 30);
	(void)strcpy(was, owner_text(o));
	has_lost = o->has_lost;
	owner_drop(o);
	names = xstrdup(unit_dir_names(journal_dir.path));
	owner_load(o);
	ck_assert_str_eq(owner_text(o), was);
	ck_assert_int_eq(o->has_lost, has_lost);
	ck_assert_str_eq(unit_dir_names(journal_dir.path), names);
	free((char *)(uintptr_t)names);
	owner_drop(o);
}

/* A length that goes beyond the end is what a write that was cut short leaves,
 * too. */
static bool
is_last_length(size_t i)
{
	size_t last = new_len - (JOURNAL_RECORD + 1 + 3);

	return i == last + 1 || (i >= last + 4 && i < last + 8);
}

/* hostile 63: any byte of either file is another one. */
START_TEST(test_each_byte)
{
	static const char flips[] = { 0x01, 0x10, (char)0x80, (char)0xff };
	struct owner o;
	size_t i, n;
	char *data = _i == 0 ? old_data : new_data;

	make_files();
	for (i = 0; i < (_i == 0 ? old_len : new_len); i++)
		for (n = 0; n < sizeof(flips); n++) {
			data[i] ^= flips[n];
			journal_dir_store("test.0", old_data, old_len);
			journal_dir_store("test.1", new_data, new_len);
			assert_recovers(&o,
			    _i == 1 && is_last_length(i) ? "1=10 3=30" :
							   "1=11 3=30");
			/* The older file has what the newer one has lost. */
			ck_assert(o.has[1]);
			if (_i == 0)
				ck_assert_str_eq(owner_text(&o), "1=11 3=30");
			data[i] ^= flips[n];
			unit_dir_clear(journal_dir.path, ".corrupt-");
		}
}
END_TEST

/* Either file is cut off anywhere, or gone. */
START_TEST(test_each_length)
{
	static const char *const states[] = { "1=10 2=20", "1=10 2=20 3=30",
		"1=10 3=30", "1=11 3=30" };
	struct owner o;
	size_t i, len;
	unsigned state;

	make_files();
	for (i = 0; i <= old_len; i++) {
		journal_dir_store("test.0", old_data, i);
		journal_dir_store("test.1", new_data, new_len);
		owner_load(&o);
		ck_assert_str_eq(owner_text(&o), "1=11 3=30");
		ck_assert(!o.has_lost);
		owner_drop(&o);
	}
	for (i = 0; i <= new_len; i++) {
		journal_dir_store("test.0", old_data, old_len);
		journal_dir_store("test.1", new_data, i);
		if (i == 0 && _i == 1)
			ck_assert_int_eq(unlinkat(journal_dir.fd, "test.1", 0),
			    0);
		owner_load(&o);
		for (state = 0; strcmp(owner_text(&o), states[state]) != 0;
		     state++)
			ck_assert_uint_lt(state, NITEMS(states));
		/* The whole snapshot begins a file that can be killed. */
		len = JOURNAL_HEADER + 2 * (JOURNAL_RECORD + 1 + 3) +
		    JOURNAL_RECORD;
		ck_assert_int_eq(o.has_lost, i < len);
		owner_drop(&o);
	}
	ck_assert_uint_eq(journal_dir_count_corrupt(), 0);
	/* Nothing is left of either. */
	journal_dir_store("test.0", "", 0);
	journal_dir_store("test.1", "", 0);
	owner_load(&o);
	ck_assert(o.has_lost);
	/* Until there is a snapshot of what there is. */
	(void)owner_tick(&o, 60000);
	owner_drop(&o);
	owner_load(&o);
	ck_assert(!o.has_lost);
	owner_drop(&o);
}
END_TEST

/* A snapshot that was never finished is no damage. */
START_TEST(test_unfinished_snapshot)
{
	static char data[8192];
	struct owner o;
	size_t len, cut;

	owner_load(&o);
	owner_set(&o, 1, 10);
	fault_set(FAULT_PWRITE, 0, 1, EIO);
	owner_set(&o, 2, 20);
	ck_assert(owner_tick(&o, 1000));
	ck_assert(!owner_tick(&o, 60000));
	owner_drop(&o);
	len = journal_dir_load("test.1", data, sizeof(data));
	for (cut = JOURNAL_HEADER; cut < len; cut++) {
		journal_dir_store("test.1", data, cut);
		ck_assert_str_eq(owner_after_kill(), "1=10");
	}
	ck_assert_uint_eq(journal_dir_count_corrupt(), 0);
}
END_TEST

/* hostile 63 */
START_TEST(test_both_damaged)
{
	struct owner o;

	journal_dir_store("test.0", "not ours, whatever it may be", 28);
	journal_dir_store("test.1", "", 0);
	ck_assert_str_eq(owner_after_kill(), "");
	ck_assert_uint_eq(journal_dir_count_corrupt(), 1);
	journal_dir_store("test.0", "brbdkv\r\n", 8);
	journal_dir_store("test.1", "also not", 8);
	owner_load(&o);
	owner_set(&o, 1, 10);
	owner_drop(&o);
	ck_assert_str_eq(owner_after_kill(), "1=10");
}
END_TEST

/* A file under the name of another journal's is refused. */
START_TEST(test_other_kind)
{
	struct buf other = BUF_INITIALIZER;
	struct owner o;

	journal_write_header(&other, journal_kind("others"), 1);
	journal_write_record(&other, 1, other.len, JOURNAL_END, NULL, 0, NULL,
	    0);
	journal_dir_store("test.1", other.data, other.len);
	ck_assert(!owner_try_open(&o));
	ck_assert_ptr_nonnull(strstr(journal_dir.error, "'test.1'"));
	ck_assert_ptr_nonnull(strstr(journal_dir.error, "another kind"));
	buf_reset(&other);
	journal_write_header(&other, journal_kind("test"), 1);
	journal_write_record(&other, 1, other.len, JOURNAL_END, NULL, 0, NULL,
	    0);
	journal_dir_store("test.1", other.data, other.len);
	owner_load(&o);
	owner_drop(&o);
	buf_fini(&other);
}
END_TEST

START_TEST(test_other_version)
{
	char data[64];
	struct buf other = BUF_INITIALIZER;
	struct owner o;
	int version;

	for (version = 1; version <= 3; version += 2) {
		buf_reset(&other);
		journal_write_header(&other, 0, 1);
		other.data[8] = (char)version;
		buf_add(&other, "whatever", 8);
		/* One bit makes it so, too. */
		journal_dir_store("test.1", other.data, other.len);
		owner_load(&o);
		owner_drop(&o);
		le_put32(other.data + 24, checksum(0, other.data, 24));
		journal_dir_store("test.1", other.data, other.len);
		ck_assert(!owner_try_open(&o));
		ck_assert_ptr_nonnull(strstr(journal_dir.error,
		    "'test.1' is of another "));
		ck_assert_ptr_nonnull(strstr(journal_dir.error,
		    version == 1 ? "(1, this program reads 2)" :
				   "(3, this program reads 2)"));
		ck_assert_uint_eq(journal_dir_load("test.1", data,
				      sizeof(data)),
		    other.len);
		ck_assert_mem_eq(data, other.data, other.len);
	}
	buf_fini(&other);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "journal_damage", journal_dir_setup,
	    journal_dir_teardown);

	tcase_add_test(tc, test_torn);
	tcase_add_test(tc, test_flipped);
	tcase_add_loop_test(tc, test_each_byte, 0, 2);
	tcase_add_loop_test(tc, test_each_length, 0, 2);
	tcase_add_test(tc, test_unfinished_snapshot);
	tcase_add_test(tc, test_both_damaged);
	tcase_add_test(tc, test_other_version);
	tcase_add_test(tc, test_other_kind);
}
