/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * JSON: commas, escapes, and pieces.
 */
#include "config.h"

#include <check.h>

#include "base/json.h"
#include "unit.h"

static struct buf out;
static struct json j;

static void
setup(void)
{
	json_init(&j, &out);
}

static void
teardown(void)
{
	buf_fini(&out);
}

START_TEST(test_nested)
{
	json_object_open(&j, NULL);
	json_text(&j, "a", "b");
	json_array_open(&j, "list");
	json_array_close(&j);
	json_array_open(&j, "more");
	json_number(&j, NULL, UINT64_MAX);
	json_object_open(&j, NULL);
	json_object_close(&j);
	json_none(&j, NULL);
	json_array_close(&j);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_text(&j, "none", NULL);
	json_object_close(&j);
	ck_assert_uint_eq(j.depth, 0);
	ck_assert_str_eq(buf_cstr(&out),
	    "{\"a\":\"b\",\"list\":[],\"more\":[18446744073709551615,{},null],"
	    "\"yes\":true,\"no\":false,\"none\":null}");
}
END_TEST

START_TEST(test_strings)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{ "", "\"\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\x01\n\x1f\x7f", "\"\\u0001\\n\\u001f\\u007f\"" },
		{ "\xc3\xa4\xe2\x82\xac", "\"\xc3\xa4\xe2\x82\xac\"" },
		{ "a\xff", "\"a\xef\xbf\xbd\"" },
		{ "a\xc3", "\"a\xef\xbf\xbd\"" },
	};

	json_text(&j, NULL, cases[_i].in);
	ck_assert_str_eq(buf_cstr(&out), cases[_i].out);
}
END_TEST

START_TEST(test_times)
{
	json_array_open(&j, NULL);
	json_seconds(&j, NULL, 0);
	json_seconds(&j, NULL, 12000);
	json_seconds(&j, NULL, 12034);
	json_seconds(&j, NULL, -1);
	json_decimal(&j, NULL, 0.0000125);
	json_array_close(&j);
	ck_assert_str_eq(buf_cstr(&out), "[0,12,12.034,0,0.000013]");
}
END_TEST

/* What is written already may be taken away. */
START_TEST(test_pieces)
{
	json_array_open(&j, NULL);
	json_number(&j, NULL, 1);
	buf_reset(&out);
	json_number(&j, NULL, 2);
	json_array_close(&j);
	ck_assert_str_eq(buf_cstr(&out), ",2]");
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "json", setup, teardown);

	tcase_add_test(tc, test_nested);
	tcase_add_loop_test(tc, test_strings, 0, 6);
	tcase_add_test(tc, test_times);
	tcase_add_test(tc, test_pieces);
}
