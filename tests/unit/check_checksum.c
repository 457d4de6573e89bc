/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <check.h>

#include "base/checksum.h"
#include "unit.h"

/* What is in files must not change with the library or the machine. */
START_TEST(test_known_values)
{
	ck_assert_uint_eq(checksum(0, "123456789", 9), 0x67a17dff);
	ck_assert_uint_eq(checksum(0, NULL, 0), 0x38d394c2);
	ck_assert_uint_eq(checksum(7, "123456789", 9), 0x7e51d7cd);
}
END_TEST

START_TEST(test_differences)
{
	uint32_t sum = checksum(0, "1234", 4);

	ck_assert_uint_ne(checksum(sum, "56789", 5), checksum(0, "56789", 5));
	ck_assert_uint_ne(checksum(sum, "56789", 5), checksum(sum, "56788", 5));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "checksum", NULL, NULL);

	tcase_add_test(tc, test_known_values);
	tcase_add_test(tc, test_differences);
}
