/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <check.h>
#include <stddef.h>
#include <string.h>

#include "options/options-impl.h"
#include "unit.h"

/* What the tests of settings share: those that were loaded last, and what was
 * wrong then. The setup and the teardown are a checked fixture of check's. */
extern struct options options;
extern struct option_errors errors;

void settings_setup(void);
void settings_teardown(void);

/* Loads text as "f.conf", and forgets the errors of the last time. 0; or -1 if
 * there are errors. */
int settings_load(const char *text);
int settings_load_bytes(const char *text, size_t len);
/* Loads what -o assigns, and no file. */
int settings_assign(const char *assignment);

void settings_assert_same(const struct options *a, const struct options *b);
void settings_assert_defaults(void);

#define ASSERT_LOADS(file) \
	ck_assert_msg(settings_load(file) == 0, "not loaded: %s\n%s", file, \
	    errors.text)
#define ASSERT_ERRORS(file, expected) \
	do { \
		ck_assert_int_eq(settings_load(file), -1); \
		ck_assert_str_eq(errors.text, expected); \
	} while (0)
#define ASSERT_LIST(list, ...) \
	do { \
		const char *const want_[] = { __VA_ARGS__ }; \
		size_t i_; \
		ck_assert_uint_eq((list).count, NITEMS(want_)); \
		for (i_ = 0; i_ < NITEMS(want_); i_++) \
			ck_assert_str_eq((list).items[i_], want_[i_]); \
	} while (0)

/* A string that may be changed, as those of argv. */
#define STR(s) ((char[]){ s })

#endif
