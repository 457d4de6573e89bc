/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>

/*
 * Every check_*.c defines this, and has no main(): it adds its tests to s, whose
 * name is the program's. It is called once, in the process that runs the tests.
 */
void unit_tests(Suite *s);

/*
 * A new case of s, around each of whose tests run setup and teardown, unless
 * they are NULL. Its tests may take 60 seconds, or CK_DEFAULT_TIMEOUT.
 */
TCase *unit_case(Suite *s, const char *name, SFun setup, SFun teardown);

/* Runs all of s, which is freed; returns the exit status of a program. */
int unit_run(Suite *s);

#endif
