/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "journal-owner.h"
#include "unit.h"

struct journal_dir journal_dir;

void
journal_dir_setup(void)
{
	journal_dir.path = unit_dir_new();
	journal_dir.fd = open(journal_dir.path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(journal_dir.fd, -1);
	journal_dir.error = NULL;
	fault_clear();
}

void
journal_dir_teardown(void)
{
	(void)close(journal_dir.fd);
	unit_dir_free(journal_dir.path);
	free(journal_dir.error);
}

static void
owner_put(struct owner *o, unsigned key)
{
	char name[16], value[5000];

	(void)snprintf(name, sizeof(name), "%u", key);
	(void)snprintf(value, sizeof(value), "%u", o->value[key]);
	memset(value + strlen(value) + 1, 'x', o->pad);
	journal_put(o->journal, name, strlen(name), value,
	    strlen(value) + 1 + o->pad);
}

void
owner_set(struct owner *o, unsigned key, unsigned value)
{
	o->has[key] = true;
	o->value[key] = value;
	owner_put(o, key);
}

void
owner_clear(struct owner *o, unsigned key)
{
	char name[16];

	o->has[key] = false;
	(void)snprintf(name, sizeof(name), "%u", key);
	journal_delete(o->journal, name, strlen(name));
}

static void
owner_loaded(const void *key, size_t key_len, const void *value, size_t len,
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
owner_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg)
{
	struct owner *o = arg;

	ck_assert_ptr_eq(journal, o->journal);
	if (is_first)
		o->next = 0;
	for (; o->next < KEYS; o->next++) {
		if (!walk_may_take(budget))
			return true;
		if (o->has[o->next])
			owner_put(o, o->next);
	}
	return false;
}

/* With a whole snapshot, if it is time for one. */
bool
owner_tick(struct owner *o, int64_t mono_ms)
{
	struct walk_budget all = { .now_us = NULL };

	return journal_tick(o->journal, mono_ms, &all);
}

bool
owner_try_open(struct owner *o)
{
	memset(o, 0, sizeof(*o));
	free(journal_dir.error);
	journal_dir.error = NULL;
	o->journal = journal_open(journal_dir.fd, "test", owner_loaded,
	    owner_snapshot, o, &journal_dir.error);
	ck_assert_int_eq(o->journal == NULL, journal_dir.error != NULL);
	return o->journal != NULL;
}

void
owner_load(struct owner *o)
{
	ck_assert_msg(owner_try_open(o), "%s", journal_dir.error);
}

const char *
owner_text(const struct owner *o)
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
const char *
owner_after_kill(void)
{
	struct owner o;
	const char *s;

	owner_load(&o);
	s = owner_text(&o);
	journal_close(o.journal);
	return s;
}

/* As if killed: nothing is flushed. */
void
owner_drop(struct owner *o)
{
	fault_clear();
	fault_set(FAULT_PWRITE, 0, 1000, EIO);
	fault_set(FAULT_FTRUNCATE, 0, 1000, EIO);
	journal_close(o->journal);
	fault_clear();
}

size_t
journal_dir_size(const char *file)
{
	struct stat st;

	if (fstatat(journal_dir.fd, file, &st, 0) == -1)
		return SIZE_MAX;
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	return (size_t)st.st_size;
}

unsigned
journal_dir_count_corrupt(void)
{
	const char *names = unit_dir_names(journal_dir.path);
	unsigned n = 0;

	while ((names = strstr(names, ".corrupt-")) != NULL) {
		names++;
		n++;
	}
	return n;
}

size_t
journal_dir_load(const char *file, char *data, size_t max)
{
	int fd = openat(journal_dir.fd, file, O_RDONLY);
	ssize_t n = read(fd, data, max);

	ck_assert_int_ge(n, 0);
	(void)close(fd);
	return (size_t)n;
}

void
journal_dir_store(const char *file, const char *data, size_t len)
{
	int fd = openat(journal_dir.fd, file, O_WRONLY | O_CREAT | O_TRUNC,
	    0600);

	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	(void)close(fd);
}
