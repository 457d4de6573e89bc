/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "faults.h"
#include "state/state-dir.h"
#include "unit.h"

static char *dir, path[128];
static char *error;

static void
setup(void)
{
	fault_clear();
	error = NULL;
	dir = unit_dir_new();
	(void)snprintf(path, sizeof(path), "%s/state", dir);
}

static void
remove_file(const char *name)
{
	char file[160];

	(void)snprintf(file, sizeof(file), "%s/%s", path, name);
	(void)unlink(file);
}

static void
teardown(void)
{
	unit_dir_free(dir);
	free(error);
}

static void
assert_refused(const char *why)
{
	struct state_dir state;

	ck_assert_int_eq(state_dir_open(&state, path, &error), -1);
	ck_assert_msg(strstr(error, why) != NULL, "%s", error);
	ck_assert_ptr_nonnull(strstr(error, path));
	free(error);
	error = NULL;
}

START_TEST(test_made_and_locked)
{
	struct state_dir state, again;
	struct stat st;

	ck_assert_int_eq(state_dir_open(&state, path, &error), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(fstat(state.lock_fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(fcntl(state.dir_fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(state.lock_fd, F_GETFD), FD_CLOEXEC);
	assert_refused("in use by another process");
	state_dir_close(&state);
	ck_assert_int_eq(state_dir_open(&again, path, &error), 0);
	state_dir_close(&again);
}
END_TEST

/* What a killed server had forked ends a moment after it. */
START_TEST(test_waits_for_an_end)
{
	struct state_dir state;
	pid_t pid;

	ck_assert_int_eq(state_dir_open(&state, path, &error), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)poll(NULL, 0, 50);
		_exit(0);
	}
	state_dir_close(&state);
	ck_assert_int_eq(state_dir_open(&state, path, &error), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	state_dir_close(&state);
}
END_TEST

START_TEST(test_refused)
{
	int fd;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, 0770), 0);
	assert_refused("others may write to it");
	ck_assert_int_eq(chmod(path, 0707), 0);
	assert_refused("others may write to it");
	ck_assert_int_eq(chmod(path, 0700), 0);
	fault_set(FAULT_OPENAT, 0, 1, EROFS);
	assert_refused(strerror(EROFS));
	fault_set(FAULT_FLOCK, 0, 1, ENOLCK);
	assert_refused(strerror(ENOLCK));
	remove_file("lock");
	ck_assert_int_eq(rmdir(path), 0);

	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ne(fd, -1);
	(void)close(fd);
	assert_refused(strerror(ENOTDIR));
	(void)unlink(path);
	(void)strcat(path, "/none");
	assert_refused(strerror(ENOENT));
}
END_TEST

static void
found(const char *stem, void *arg)
{
	buf_addf(arg, "%s;", stem);
}

START_TEST(test_list)
{
	static const char *const names[] = { "a.ring", "b.ring.corrupt-1",
		".ring", "ring", "c.ring.new", NULL };
	struct state_dir state;
	struct buf stems = BUF_INITIALIZER;
	size_t i;

	ck_assert_int_eq(state_dir_open(&state, path, &error), 0);
	for (i = 0; names[i] != NULL; i++)
		(void)close(openat(state.dir_fd, names[i], O_CREAT, 0600));
	ck_assert_int_eq(state_dir_list(&state, ".ring", found, &stems), 0);
	ck_assert_str_eq(buf_cstr(&stems), "a;");
	/* And once more, since it is a directory that is read through. */
	ck_assert_int_eq(state_dir_list(&state, ".ring", found, &stems), 0);
	ck_assert_str_eq(buf_cstr(&stems), "a;a;");
	fault_set(FAULT_OPENAT, 0, 1, EMFILE);
	ck_assert_int_eq(state_dir_list(&state, ".ring", found, &stems), -1);
	ck_assert_str_eq(buf_cstr(&stems), "a;a;");
	for (i = 0; names[i] != NULL; i++)
		remove_file(names[i]);
	state_dir_close(&state);
	buf_fini(&stems);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "state", setup, teardown);

	tcase_add_test(tc, test_made_and_locked);
	tcase_add_test(tc, test_waits_for_an_end);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_list);
}
