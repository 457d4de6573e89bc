/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Allocation that cannot fail, and numbers from outside.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "unit.h"

static void
check_multiply_malloc(void)
{
	free(xreallocarray(NULL, SIZE_MAX / 2, 3));
}

static void
check_multiply_calloc(void)
{
	free(xcalloc(SIZE_MAX / 4, 5));
}

/* Runs f in a child, and asserts that it says so and aborts. */
static void
check_aborts(void (*f)(void))
{
	const struct rlimit no_core = { 0, 0 };
	char said[128] = "";
	int fds[2], status;
	ssize_t len;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		setrlimit(RLIMIT_CORE, &no_core);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		f();
		_exit(0);
	}
	close(fds[1]);
	len = read(fds[0], said, sizeof(said) - 1);
	close(fds[0]);
	ck_assert_int_gt(len, 0);
	ck_assert_str_eq(said, "brbd: out of memory\n");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}

/* hostile 48 */
START_TEST(test_overflow_aborts)
{
	check_aborts(check_multiply_malloc);
	check_aborts(check_multiply_calloc);
}
END_TEST

START_TEST(test_zero_is_memory)
{
	void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xcalloc(8, 0);
	void *d = xreallocarray(NULL, 0, 0);

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_nonnull(c);
	d = xreallocarray(d, 0, 8);
	ck_assert_ptr_nonnull(d);
	free(a);
	free(b);
	free(c);
	free(d);
}
END_TEST

START_TEST(test_calloc_clears)
{
	static const char zeroes[48];
	char *p = xcalloc(6, 8);

	ck_assert_mem_eq(p, zeroes, 48);
	memset(p, 'x', 48);
	p = xreallocarray(p, 100, 8);
	ck_assert_int_eq(p[47], 'x');
	free(p);
}
END_TEST

START_TEST(test_strings)
{
	char *a = xstrdup("brb"), *b = xstrndup("lunch", 3);
	char *c = xstrndup("ok", 100), *d = xasprintf("%s-%05d", a, 42);
	char *e = xasprintf("%s", "");

	ck_assert_str_eq(a, "brb");
	ck_assert_str_eq(b, "lun");
	ck_assert_str_eq(c, "ok");
	ck_assert_str_eq(d, "brb-00042");
	ck_assert_str_eq(e, "");
	free(a);
	free(b);
	free(c);
	free(d);
	free(e);
}
END_TEST

/* hostile 12 */
static const struct {
	const char *s;
	uint64_t max, value;
} check_numbers[] = {
	{ "0", 0, 0 },
	{ "0", UINT64_MAX, 0 },
	{ "7", 7, 7 },
	{ "10", 10, 10 },
	{ "007", 7, 7 },
	{ "000000000000000000000000000000001", 1, 1 },
	{ "65535", 65535, 65535 },
	{ "18446744073709551615", UINT64_MAX, UINT64_MAX },
	{ "9223372036854775808", UINT64_MAX, UINT64_C(9223372036854775808) },
};

START_TEST(test_number)
{
	uint64_t value = 99;

	ck_assert_int_eq(parse_number(check_numbers[_i].s,
			     check_numbers[_i].max, &value),
	    0);
	ck_assert_uint_eq(value, check_numbers[_i].value);
}
END_TEST

static const struct {
	const char *s;
	uint64_t max;
} check_no_numbers[] = {
	{ "", 9 },
	{ "1", 0 },
	{ "8", 7 },
	{ "11", 10 },
	{ "20", 10 },
	{ "-1", UINT64_MAX },
	{ "-0", UINT64_MAX },
	{ "+1", UINT64_MAX },
	{ " 1", UINT64_MAX },
	{ "1 ", UINT64_MAX },
	{ "1\n", UINT64_MAX },
	{ "0x10", UINT64_MAX },
	{ "1e3", UINT64_MAX },
	{ "1.0", UINT64_MAX },
	{ "1,000", UINT64_MAX },
	{ "\xd9\xa1", UINT64_MAX }, /* an Arabic one */
	{ "18446744073709551616", UINT64_MAX },
	{ "18446744073709551620", UINT64_MAX },
	{ "99999999999999999999", UINT64_MAX },
	{ "340282366920938463463374607431768211457", UINT64_MAX },
};

START_TEST(test_no_number)
{
	uint64_t value = 99;

	ck_assert_int_eq(parse_number(check_no_numbers[_i].s,
			     check_no_numbers[_i].max, &value),
	    -1);
	ck_assert_uint_eq(value, 99);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc;

	tc = unit_case(s, "memory", NULL, NULL);
	tcase_add_test(tc, test_overflow_aborts);
	tcase_add_test(tc, test_zero_is_memory);
	tcase_add_test(tc, test_calloc_clears);
	tcase_add_test(tc, test_strings);

	tc = unit_case(s, "number", NULL, NULL);
	tcase_add_loop_test(tc, test_number, 0, (int)NITEMS(check_numbers));
	tcase_add_loop_test(tc, test_no_number, 0,
	    (int)NITEMS(check_no_numbers));
}
