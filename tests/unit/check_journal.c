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
#include "state/journal-impl.h"
#include "unit.h"

/*
 * An owner with keys 0 to KEYS-1 and a number as the value of each. What it
 * holds is written down as "0=3 7=1", in the order of the keys.
 */
#define KEYS 64

struct owner {
	bool has[KEYS];
	unsigned value[KEYS];
	size_t pad; /* bytes that each value is longer */
	bool has_lost; /* it was told that some may be missing */
	unsigned loads;
	unsigned next; /* of a snapshot */
	struct journal *journal;
};

static char *dir;
static int dir_fd;
static char *error;

static void
setup(void)
{
	dir = unit_dir_new();
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(dir_fd, -1);
	error = NULL;
	fault_clear();
}

static void
teardown(void)
{
	(void)close(dir_fd);
	unit_dir_free(dir);
	free(error);
}

static void
put(struct owner *o, unsigned key)
{
	char name[16], value[5000];

	(void)snprintf(name, sizeof(name), "%u", key);
	(void)snprintf(value, sizeof(value), "%u", o->value[key]);
	memset(value + strlen(value) + 1, 'x', o->pad);
	journal_put(o->journal, name, strlen(name), value,
	    strlen(value) + 1 + o->pad);
}

static void
set(struct owner *o, unsigned key, unsigned value)
{
	o->has[key] = true;
	o->value[key] = value;
	put(o, key);
}

static void
clear(struct owner *o, unsigned key)
{
	char name[16];

	o->has[key] = false;
	(void)snprintf(name, sizeof(name), "%u", key);
	journal_delete(o->journal, name, strlen(name));
}

static void
loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct owner *o = arg;
	char name[16];
	unsigned k;

	if (key_len == 0) {
		ck_assert_uint_eq(o->loads, 0);
		o->has_lost = true;
		return;
	}
	ck_assert_uint_lt(key_len, sizeof(name));
	memcpy(name, key, key_len);
	name[key_len] = '\0';
	k = (unsigned)atoi(name);
	ck_assert_uint_lt(k, KEYS);
	ck_assert(!o->has[k]);
	ck_assert_ptr_nonnull(memchr(value, '\0', len));
	o->has[k] = true;
	o->value[k] = (unsigned)atoi(value);
	o->loads++;
}

static bool
snapshot(struct journal *journal, bool is_first, struct walk_budget *budget,
    void *arg)
{
	struct owner *o = arg;

	ck_assert_ptr_eq(journal, o->journal);
	if (is_first)
		o->next = 0;
	for (; o->next < KEYS; o->next++) {
		if (!walk_may_take(budget))
			return true;
		if (o->has[o->next])
			put(o, o->next);
	}
	return false;
}

/* With a whole snapshot, if it is time for one. */
static bool
tick(struct owner *o, int64_t mono_ms)
{
	struct walk_budget all = { .now_us = NULL };

	return journal_tick(o->journal, mono_ms, &all);
}

static bool
try_open(struct owner *o)
{
	memset(o, 0, sizeof(*o));
	free(error);
	error = NULL;
	o->journal = journal_open(dir_fd, "test", loaded, snapshot, o, &error);
	ck_assert_int_eq(o->journal == NULL, error != NULL);
	return o->journal != NULL;
}

static void
load(struct owner *o)
{
	ck_assert_msg(try_open(o), "%s", error);
}

static const char *
text(const struct owner *o)
{
	static char s[KEYS * 16];
	size_t len = 0;
	unsigned k;

	s[0] = '\0';
	for (k = 0; k < KEYS; k++)
		if (o->has[k])
			len += (size_t)snprintf(s + len, sizeof(s) - len,
			    "%s%u=%u", len == 0 ? "" : " ", k, o->value[k]);
	return s;
}

/* What a new process finds, the old one having been dropped. */
static const char *
after_kill(void)
{
	struct owner o;
	const char *s;

	load(&o);
	s = text(&o);
	journal_close(o.journal);
	return s;
}

/* As if killed: nothing is flushed. */
static void
drop(struct owner *o)
{
	fault_clear();
	fault_set(FAULT_PWRITE, 0, 1000, EIO);
	fault_set(FAULT_FTRUNCATE, 0, 1000, EIO);
	journal_close(o->journal);
	fault_clear();
}

static size_t
size_of(const char *file)
{
	struct stat st;

	if (fstatat(dir_fd, file, &st, 0) == -1)
		return SIZE_MAX;
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	return (size_t)st.st_size;
}

static unsigned
count_corrupt(void)
{
	const char *names = unit_dir_names(dir);
	unsigned n = 0;

	while ((names = strstr(names, ".corrupt-")) != NULL) {
		names++;
		n++;
	}
	return n;
}

static size_t
slurp(const char *file, char *data, size_t max)
{
	int fd = openat(dir_fd, file, O_RDONLY);
	ssize_t n = read(fd, data, max);

	ck_assert_int_ge(n, 0);
	(void)close(fd);
	return (size_t)n;
}

static void
spill(const char *file, const char *data, size_t len)
{
	int fd = openat(dir_fd, file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	(void)close(fd);
}

START_TEST(test_put_and_load)
{
	struct owner o;

	load(&o);
	ck_assert_uint_eq(o.loads, 0);
	set(&o, 1, 10);
	set(&o, 2, 20);
	set(&o, 1, 11);
	set(&o, 12, 5);
	clear(&o, 2);
	drop(&o);
	ck_assert_str_eq(after_kill(), "1=11 12=5");
	load(&o);
	ck_assert_uint_eq(o.loads, 2);
	set(&o, 2, 21);
	journal_close(o.journal);
	ck_assert_str_eq(after_kill(), "1=11 2=21 12=5");
}
END_TEST

START_TEST(test_hold)
{
	struct owner o;
	unsigned k;

	load(&o);
	fault_clear();
	journal_hold(o.journal);
	for (k = 0; k < KEYS; k++)
		set(&o, k, 1);
	ck_assert_uint_eq(fault_count(FAULT_PWRITE), 0);
	journal_release(o.journal);
	ck_assert_uint_eq(fault_count(FAULT_PWRITE), 1);
	drop(&o);
	ck_assert_str_ne(after_kill(), "");
	load(&o);
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

	load(&o);
	o.pad = 1000;
	for (i = 0; i < 5000; i++) {
		set(&o, i % KEYS, i);
		if (i % 7 == 0)
			clear(&o, i % 5);
		if (_i == 0)
			tick(&o, now_ms += 1000);
		else
			tick_slice(&o, now_ms += 1000, 1 + i % 3);
		if (_i > 0 && journal_is_in_snapshot(o.journal) &&
		    ++in_snapshot % 37 == 0) {
			(void)strcpy(expected, text(&o));
			drop(&o);
			load(&o);
			o.pad = 1000;
			ck_assert_str_eq(text(&o), expected);
		}
		ck_assert_uint_lt(size_of("test.0"), _i == 0 ? 500000 : 700000);
		ck_assert_uint_lt(size_of("test.1"), _i == 0 ? 500000 : 700000);
	}
	ck_assert(_i == 0 || in_snapshot > 100);
	(void)strcpy(expected, text(&o));
	drop(&o);
	ck_assert_str_eq(after_kill(), expected);
}
END_TEST

/* hostile 61: cut anywhere, the records before are there. */
START_TEST(test_torn)
{
	static char data[4096];
	struct owner o;
	size_t len, empty, one, cut;
	const char *expected;

	load(&o);
	empty = size_of("test.0");
	set(&o, 1, 10);
	one = size_of("test.0");
	set(&o, 1, 11);
	drop(&o);
	len = slurp("test.0", data, sizeof(data));
	for (cut = empty; cut <= len; cut++) {
		spill("test.0", data, cut);
		load(&o);
		expected = cut < one ? "" : cut < len ? "1=10" : "1=11";
		ck_assert_str_eq(text(&o), expected);
		/* And it goes on from there. */
		set(&o, 2, 20);
		drop(&o);
		load(&o);
		ck_assert(o.has[2]);
		ck_assert_int_eq(o.has[1], cut >= one);
		drop(&o);
	}
	ck_assert_uint_eq(count_corrupt(), 0);
}
END_TEST

/* hostile 63: any byte of the newer file wrong, the older one is there. */
START_TEST(test_flipped)
{
	static char data[8192], other[8192];
	struct owner o;
	size_t len, other_len, i;

	load(&o);
	set(&o, 1, 10);
	fault_set(FAULT_PWRITE, 0, 1, EIO);
	set(&o, 2, 20);
	tick(&o, 60000); /* a snapshot to test.1 */
	set(&o, 3, 30);
	drop(&o);
	len = slurp("test.1", data, sizeof(data));
	other_len = slurp("test.0", other, sizeof(other));
	for (i = 0; i < len; i++) {
		data[i] = (char)(data[i] ^ 0x10);
		spill("test.1", data, len);
		spill("test.0", other, other_len);
		load(&o);
		ck_assert(o.has[1] && o.value[1] == 10);
		/* If it lacks something, it says so. */
		ck_assert(o.has_lost || (o.has[2] && o.has[3]) || i > len - 16);
		drop(&o);
		unit_dir_clear(dir, ".corrupt-");
		data[i] = (char)(data[i] ^ 0x10);
	}
	spill("test.1", data, len);
	spill("test.0", other, other_len);
	ck_assert_str_eq(after_kill(), "1=10 2=20 3=30");
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

	load(&o);
	set(&o, 1, 10);
	set(&o, 2, 20);
	journal_renew(o.journal, 0);
	set(&o, 3, 30);
	clear(&o, 2);
	set(&o, 1, 11);
	drop(&o);
	old_len = slurp("test.0", old_data, sizeof(old_data));
	new_len = slurp("test.1", new_data, sizeof(new_data));
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

	load(o);
	ck_assert(o->has_lost || strcmp(text(o), expected) == 0);
	ck_assert(!o->has[1] || o->value[1] == 10 || o->value[1] == 11);
	ck_assert(!o->has[2] || o->value[2] == 20);
	ck_assert(!o->has[3] || o->value[3] == 30);
	(void)strcpy(was, text(o));
	has_lost = o->has_lost;
	drop(o);
	names = xstrdup(unit_dir_names(dir));
	load(o);
	ck_assert_str_eq(text(o), was);
	ck_assert_int_eq(o->has_lost, has_lost);
	ck_assert_str_eq(unit_dir_names(dir), names);
	free((char *)(uintptr_t)names);
	drop(o);
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
			spill("test.0", old_data, old_len);
			spill("test.1", new_data, new_len);
			assert_recovers(&o,
			    _i == 1 && is_last_length(i) ? "1=10 3=30" :
							   "1=11 3=30");
			/* The older file has what the newer one has lost. */
			ck_assert(o.has[1]);
			if (_i == 0)
				ck_assert_str_eq(text(&o), "1=11 3=30");
			data[i] ^= flips[n];
			unit_dir_clear(dir, ".corrupt-");
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
		spill("test.0", old_data, i);
		spill("test.1", new_data, new_len);
		load(&o);
		ck_assert_str_eq(text(&o), "1=11 3=30");
		ck_assert(!o.has_lost);
		drop(&o);
	}
	for (i = 0; i <= new_len; i++) {
		spill("test.0", old_data, old_len);
		spill("test.1", new_data, i);
		if (i == 0 && _i == 1)
			ck_assert_int_eq(unlinkat(dir_fd, "test.1", 0), 0);
		load(&o);
		for (state = 0; strcmp(text(&o), states[state]) != 0; state++)
			ck_assert_uint_lt(state, NITEMS(states));
		/* The whole snapshot begins a file that can be killed. */
		len = JOURNAL_HEADER + 2 * (JOURNAL_RECORD + 1 + 3) +
		    JOURNAL_RECORD;
		ck_assert_int_eq(o.has_lost, i < len);
		drop(&o);
	}
	ck_assert_uint_eq(count_corrupt(), 0);
	/* Nothing is left of either. */
	spill("test.0", "", 0);
	spill("test.1", "", 0);
	load(&o);
	ck_assert(o.has_lost);
	/* Until there is a snapshot of what there is. */
	(void)tick(&o, 60000);
	drop(&o);
	load(&o);
	ck_assert(!o.has_lost);
	drop(&o);
}
END_TEST

/* A snapshot that was never finished is no damage. */
START_TEST(test_unfinished_snapshot)
{
	static char data[8192];
	struct owner o;
	size_t len, cut;

	load(&o);
	set(&o, 1, 10);
	fault_set(FAULT_PWRITE, 0, 1, EIO);
	set(&o, 2, 20);
	ck_assert(tick(&o, 1000));
	ck_assert(!tick(&o, 60000));
	drop(&o);
	len = slurp("test.1", data, sizeof(data));
	for (cut = JOURNAL_HEADER; cut < len; cut++) {
		spill("test.1", data, cut);
		ck_assert_str_eq(after_kill(), "1=10");
	}
	ck_assert_uint_eq(count_corrupt(), 0);
}
END_TEST

/* hostile 63 */
START_TEST(test_both_damaged)
{
	struct owner o;

	spill("test.0", "not ours, whatever it may be", 28);
	spill("test.1", "", 0);
	ck_assert_str_eq(after_kill(), "");
	ck_assert_uint_eq(count_corrupt(), 1);
	spill("test.0", "brbdkv\r\n", 8);
	spill("test.1", "also not", 8);
	load(&o);
	set(&o, 1, 10);
	drop(&o);
	ck_assert_str_eq(after_kill(), "1=10");
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
		journal_write_header(&other, 1);
		other.data[8] = (char)version;
		buf_add(&other, "whatever", 8);
		/* One bit makes it so, too. */
		spill("test.1", other.data, other.len);
		load(&o);
		drop(&o);
		le_put32(other.data + 24, checksum(0, other.data, 24));
		spill("test.1", other.data, other.len);
		ck_assert(!try_open(&o));
		ck_assert_ptr_nonnull(strstr(error, "'test.1' is of another "));
		ck_assert_ptr_nonnull(strstr(error,
		    version == 1 ? "(1, this program reads 2)" :
				   "(3, this program reads 2)"));
		ck_assert_uint_eq(slurp("test.1", data, sizeof(data)),
		    other.len);
		ck_assert_mem_eq(data, other.data, other.len);
	}
	buf_fini(&other);
}
END_TEST

/* hostile 65 */
START_TEST(test_in_use)
{
	struct owner o, second;

	load(&o);
	ck_assert(!try_open(&second));
	ck_assert_ptr_nonnull(strstr(error, "in use"));
	set(&o, 1, 10);
	journal_close(o.journal);
	ck_assert_str_eq(after_kill(), "1=10");
}
END_TEST

START_TEST(test_no_files_of_ours)
{
	struct owner o;

	ck_assert_int_eq(symlinkat("elsewhere", dir_fd, "test.0"), 0);
	ck_assert(!try_open(&o));
	ck_assert_int_eq(unlinkat(dir_fd, "test.0", 0), 0);
	ck_assert_int_eq(mkfifoat(dir_fd, "test.0", 0600), 0);
	ck_assert(!try_open(&o));
	ck_assert_ptr_nonnull(strstr(error, "regular"));
	ck_assert_int_eq(unlinkat(dir_fd, "test.0", 0), 0);
	spill("test.0", "", 0);
	ck_assert_int_eq(fchmodat(dir_fd, "test.0", 0666, 0), 0);
	load(&o);
	ck_assert_uint_ne(size_of("test.0"), SIZE_MAX); /* and is 0600 */
	journal_close(o.journal);
}
END_TEST

/* hostile 67: short writes and EINTR are nothing special. */
START_TEST(test_short_and_interrupted)
{
	struct owner o;

	load(&o);
	fault_short(1000, 3);
	fault_set(FAULT_PWRITE, 2, 1, EINTR);
	set(&o, 1, 10);
	fault_clear();
	drop(&o);
	fault_short(1000, 5);
	fault_set(FAULT_PREAD, 1, 1, EINTR);
	ck_assert_str_eq(after_kill(), "1=10");
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

	load(&o);
	for (calls = 0; calls < 40; calls++) {
		/* Half a record, then the error. */
		fault_short(1, calls % 20);
		fault_set(FAULT_PWRITE, calls % 3, 1 + calls % 5,
		    errors[calls % 4]);
		fault_set(FAULT_FTRUNCATE, calls % 2, calls % 3, EIO);
		for (i = 0; i < 5; i++) {
			set(&o, (calls * 5 + i) % KEYS, calls * i);
			clear(&o, (calls * 3 + i) % KEYS);
			if (_i == 0)
				tick(&o, now_ms += 5000);
			else
				tick_slice(&o, now_ms += 5000, 1 + i);
		}
		fault_clear();
		/* Not at once, and not at every tick. */
		tick(&o, now_ms += 60000);
		(void)strcpy(expected, text(&o));
		drop(&o);
		ck_assert_str_eq(after_kill(), expected);
		load(&o);
	}
	journal_close(o.journal);
}
END_TEST

/* For as long as the disk is full, that is known. */
START_TEST(test_error)
{
	struct owner o;

	load(&o);
	ck_assert_int_eq(journal_error(o.journal), 0);
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	set(&o, 1, 1);
	ck_assert_int_eq(journal_error(o.journal), ENOSPC);
	ck_assert(tick(&o, 60000));
	ck_assert_int_eq(journal_error(o.journal), ENOSPC);
	fault_clear();
	(void)tick(&o, 120000);
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

	load(&o);
	o.pad = 4000;
	for (i = 0; i < KEYS; i++)
		set(&o, i % 4, i);
	fault_clear();
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	ck_assert(tick(&o, now_ms));
	ck_assert_int_eq(journal_error(o.journal), ENOSPC);
	for (i = 0; i < 50; i++)
		ck_assert(tick(&o, now_ms += 1000));
	ck_assert_uint_le(fault_count(FAULT_PWRITE), 8);
	fault_clear();
	for (i = 0; i < 20 && journal_error(o.journal) != 0; i++) {
		ck_assert(!journal_is_in_snapshot(o.journal));
		(void)tick(&o, now_ms += 1000);
	}
	ck_assert_int_eq(journal_error(o.journal), 0);
	ck_assert(!tick(&o, now_ms += 1000));
	ck_assert_uint_lt(size_of("test.1"), 5 * 4096);
	drop(&o);
	ck_assert_str_eq(after_kill(), "0=60 1=61 2=62 3=63");
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

	load(&o);
	for (i = 0; i < 100; i++)
		set(&o, i % KEYS, i);
	(void)strcpy(expected, text(&o));
	do {
		copy = xreallocarray(copy, offset + 100, 1);
		n = journal_read(o.journal, &generation, &size, offset,
		    copy + offset, 100);
		ck_assert_int_gt(n, 0);
		offset += (size_t)n;
		set(&o, offset % KEYS, 1000);
	} while (offset < size);
	/* All moves to the other file: a copy is begun again. */
	journal_renew(o.journal, 0);
	(void)tick(&o, 60000);
	ck_assert_int_eq(journal_read(o.journal, &generation, &size, 0, copy,
			     100),
	    -1);
	ck_assert_int_eq(errno, EAGAIN);
	journal_close(o.journal);

	(void)unlinkat(dir_fd, "test.1", 0);
	fd = openat(dir_fd, "test.0", O_WRONLY | O_TRUNC);
	ck_assert_int_eq(pwrite(fd, copy, size, 0), (ssize_t)size);
	(void)close(fd);
	free(copy);
	ck_assert_str_eq(after_kill(), expected);
}
END_TEST

/* The files lack what its owner has: all of it gets there again. */
START_TEST(test_renew)
{
	struct owner o, again;

	load(&o);
	set(&o, 1, 1);
	/* The next is dropped, as on a full disk. */
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	set(&o, 2, 2);
	drop(&o);
	load(&again);
	ck_assert_str_eq(text(&again), "1=1");
	again.has[2] = true;
	again.value[2] = 2;
	/* Not yet, but at a later tick. */
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	journal_renew(again.journal, 1000);
	fault_clear();
	ck_assert(tick(&again, 1001));
	(void)tick(&again, 1000 + 60000);
	ck_assert(!tick(&again, 1000 + 120000));
	drop(&again);
	ck_assert_str_eq(after_kill(), "1=1 2=2");
	load(&again);
	again.has[3] = true;
	again.value[3] = 3;
	journal_renew(again.journal, 1000);
	drop(&again);
	ck_assert_str_eq(after_kill(), "1=1 2=2 3=3");
}
END_TEST

START_TEST(test_retries_are_rare)
{
	struct owner o;
	unsigned i;

	load(&o);
	fault_set(FAULT_PWRITE, 0, 1000, ENOSPC);
	for (i = 0; i < 600; i++) {
		set(&o, i % KEYS, i);
		tick(&o, i * 100);
	}
	ck_assert_uint_le(fault_count(FAULT_PWRITE), 8);
	fault_clear();
	journal_close(o.journal); /* tries once more */
	load(&o);
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

	load(&o);
	set(&o, 1, 10);
	journal_close(o.journal);
	for (call = 0; call < FAULT_CALLS; call++)
		for (after = 0; after < 6; after++) {
			fault_clear();
			fault_set((enum fault_call)call, after, 1, EIO);
			if (try_open(&o)) {
				ck_assert_str_eq(text(&o), "1=10");
				journal_close(o.journal);
			}
		}
	fault_clear();
	ck_assert_str_eq(after_kill(), "1=10");
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "journal", setup, teardown);

	tcase_add_test(tc, test_put_and_load);
	tcase_add_test(tc, test_hold);
	tcase_add_loop_test(tc, test_snapshots, 0, 2);
	tcase_add_test(tc, test_torn);
	tcase_add_test(tc, test_flipped);
	tcase_add_loop_test(tc, test_each_byte, 0, 2);
	tcase_add_loop_test(tc, test_each_length, 0, 2);
	tcase_add_test(tc, test_unfinished_snapshot);
	tcase_add_test(tc, test_both_damaged);
	tcase_add_test(tc, test_other_version);
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
