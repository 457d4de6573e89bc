/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The password that somebody has just typed is known again for a minute.
 * hostile 82
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "chat-fixture.h"
#include "room/model.h"
#include "room/typed-secret.h"
#include "unit.h"

static void
setup(void)
{
	fixture_setup_empty();
	fake_init(&fx, &ana, 1);
}

static bool
is_secret(const char *text)
{
	return typed_secret_is(ana.m, text, strlen(text));
}

START_TEST(test_typed)
{
	ck_assert(!is_secret("correct horse"));
	typed_secret_note(ana.m, " correct horse\t");
	ck_assert(is_secret("correct horse"));
	ck_assert(!is_secret("correct hors"));
	ck_assert(!is_secret("Correct horse"));
	ck_assert(!is_secret(""));
	/* The last one alone. */
	typed_secret_note(ana.m, "battery staple");
	ck_assert(is_secret("battery staple"));
	ck_assert(!is_secret("correct horse"));
	ck_assert(is_secret("  battery staple"));
	typed_secret_note(ana.m, "\t");
	ck_assert_ptr_null(ana.m->more->typed);
	ck_assert(!is_secret(""));
}
END_TEST

START_TEST(test_minute)
{
	typed_secret_note(ana.m, "correct horse");
	fixture_pass(&fx, 59999);
	ck_assert(is_secret("correct horse"));
	typed_secret_note(ana.m, "correct horse");
	fixture_pass(&fx, 59999);
	ck_assert(is_secret("correct horse"));
	fixture_pass(&fx, 1);
	ck_assert(!is_secret("correct horse"));
	ck_assert_ptr_null(ana.m->more->typed);
	/* One that is there when its owner goes. */
	typed_secret_note(ana.m, "correct horse");
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "typed secret", setup, fixture_teardown);

	tcase_add_test(tc, test_typed);
	tcase_add_test(tc, test_minute);
}
