/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Where to listen, as settings say it: what is taken, and what is said of the
 * rest.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "net/listener-spec.h"
#include "unit.h"

/* Returns 0, or -1 with *error, which the caller frees. */
static int
check_spec(const char *text, char **error)
{
	struct listener_spec spec;
	const char *why = listener_spec_parse(&spec, text);

	listener_spec_fini(&spec);
	if (why == NULL)
		return 0;
	*error = listener_spec_error(text, why);
	return -1;
}

START_TEST(test_good_specs)
{
	static const char *const specs[] = { "localhost:4272", "*:0",
		"127.0.0.1:65535", "[::1]:4272", "[fe80::1%eth0]:1",
		"a-b.example_c.org:1", "unix:/run/brbd.sock", "unix:x:1",
		"*:1,line", "[::]:1,line,irc-3", "unix:/x,irc" };
	char *error = NULL;

	for (size_t i = 0; i < NITEMS(specs); i++)
		ck_assert_msg(check_spec(specs[i], &error) == 0, "%s", error);
}
END_TEST

START_TEST(test_bad_specs)
{
	static const char *const specs[][2] = {
		{ "", "neither ADDR:PORT nor unix:PATH" },
		{ "localhost", "neither ADDR:PORT nor unix:PATH" },
		{ "4272", "neither ADDR:PORT nor unix:PATH" },
		{ ":4272", "an address is missing (* stands for all)" },
		{ "localhost:", "a port is a number from 0 to 65535" },
		{ "localhost:irc", "a port is a number from 0 to 65535" },
		{ "localhost:65536", "a port is a number from 0 to 65535" },
		{ "localhost:-1", "a port is a number from 0 to 65535" },
		{ "localhost:+1", "a port is a number from 0 to 65535" },
		{ "localhost: 1", "a port is a number from 0 to 65535" },
		{ "::1:4272", "an IPv6 address stands in brackets" },
		{ "[::1:4272", "an IPv6 address stands in brackets" },
		{ "[::1]", "a port is a number from 0 to 65535" },
		{ "[]:1", "not an IPv6 address in the brackets" },
		{ "[127.0.0.1]:1", "not an IPv6 address in the brackets" },
		{ "[localhost]:1", "not an IPv6 address in the brackets" },
		{ "[::1%]:1", "not an IPv6 address in the brackets" },
		{ "local host:1", "not an address or the name of a host" },
		{ "host;x:1", "not an address or the name of a host" },
		{ "**:1", "not an address or the name of a host" },
		{ "unix:", "a path is missing" },
		{ "unix:,irc", "a path is missing" },
		{ "*:1,", "a protocol's name has only a-z, 0-9 and -" },
		{ "*:1,,irc", "a protocol's name has only a-z, 0-9 and -" },
		{ "*:1,irc,", "a protocol's name has only a-z, 0-9 and -" },
		{ "*:1,IRC", "a protocol's name has only a-z, 0-9 and -" },
		{ "*:1, irc", "a protocol's name has only a-z, 0-9 and -" },
	};
	char path[200], *error, *expected;

	for (size_t i = 0; i < NITEMS(specs); i++) {
		expected = xasprintf("cannot listen on '%s': %s", specs[i][0],
		    specs[i][1]);
		error = NULL;
		ck_assert_int_eq(check_spec(specs[i][0], &error), -1);
		ck_assert_str_eq(error, expected);
		free(error);
		free(expected);
	}
	memset(path, 'x', sizeof(path));
	memcpy(path, "unix:", 5);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(check_spec(path, &error), -1);
	ck_assert_ptr_nonnull(strstr(error, "': the path is too long"));
	free(error);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "specs", NULL, NULL);

	tcase_add_test(tc, test_good_specs);
	tcase_add_test(tc, test_bad_specs);
}
