/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The main() of every check_*.c.
 */
#include "config.h"

#include <string.h>

#include "unit.h"

int
main(int argc, char *argv[])
{
	const char *slash = strrchr(argv[0], '/');
	Suite *s = suite_create(slash == NULL ? argv[0] : slash + 1);

	(void)argc;
	unit_tests(s);
	return unit_run(s);
}
