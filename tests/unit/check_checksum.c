/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "checksum.h"

START_TEST(test_known_value)
{
	/* The check value of CRC-32 in every catalogue. */
	ck_assert_uint_eq(checksum(0, "123456789", 9), 0xcbf43926);
	ck_assert_uint_eq(checksum(0, "", 0), 0);
}
END_TEST

START_TEST(test_pieces)
{
	uint32_t sum = checksum(0, "1234", 4);

	sum = checksum(sum, NULL, 0);
	ck_assert_uint_eq(checksum(sum, "56789", 5), 0xcbf43926);
	ck_assert_uint_ne(checksum(0, "123456788", 9), 0xcbf43926);
}
END_TEST

static Suite *
checksum_suite(void)
{
	Suite *suite = suite_create("checksum");
	TCase *tc = tcase_create("checksum");

	tcase_add_test(tc, test_known_value);
	tcase_add_test(tc, test_pieces);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(checksum_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
