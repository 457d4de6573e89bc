/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stddef.h>

/*
 * Every check_*.c defines this, and has no main(): it adds its tests to s,
 * whose name is the program's. It is called once, in the process that runs the
 * tests.
 */
void unit_tests(Suite *s);

/*
 * A new case of s, around each of whose tests run setup and teardown, unless
 * they are NULL. Its tests may take 60 seconds, or CK_DEFAULT_TIMEOUT.
 */
TCase *unit_case(Suite *s, const char *name, SFun setup, SFun teardown);

/* Runs all of s, which is freed; returns the exit status of a program. */
int unit_run(Suite *s);

/*
 * An empty directory below TMPDIR or /tmp, for the caller to free; the other
 * way, with all that is in it; and the names of what is in it, hidden files
 * included, in order and apart by blanks, valid until the next call.
 */
char *unit_dir_new(void);
void unit_dir_free(char *dir);
const char *unit_dir_names(const char *dir);
/* Removes the files in it whose names have part in them. */
void unit_dir_clear(const char *dir, const char *part);

/*
 * How many bytes apart a test of every byte goes that is slow: 1, or
 * BRBD_STRIDE, which valgrind's runs set.
 */
size_t unit_stride(void);

/*
 * Like ck_assert(), which writes a note to another process even if all is well:
 * too slow where there are a million.
 */
#define QUICK_ASSERT(condition) \
	QUICK_ASSERT_MSG(condition, "%s:%d: %s", __FILE__, __LINE__, #condition)
#define QUICK_ASSERT_MSG(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

#endif
