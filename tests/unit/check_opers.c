/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The lines of the setting oper: which are right, and whose hash is asked for.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "room/opers.h"
#include "unit.h"

#define HASH "$5$rounds=1000$saltsalt$"
#define TAIL "KLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"
/* Different ones; of which password does not matter. */
#define HASH_A HASH "a" TAIL
#define HASH_B HASH "b" TAIL
#define HASH_C HASH "c" TAIL

static struct options options;

static int
load(const char *const *lines, size_t count, struct option_errors *errors)
{
	char **assignments = xcalloc(count, sizeof(*assignments));
	size_t i;
	int result;

	options_init(&options);
	for (i = 0; i < count; i++)
		assignments[i] = xasprintf("oper=%s", lines[i]);
	result = options_load(&options, NULL, assignments, count, NULL, 0,
	    errors);
	ck_assert_int_eq(result, 0);
	for (i = 0; i < count; i++)
		free(assignments[i]);
	free(assignments);
	return opers_check_options(&options, errors);
}

static struct credential
from(const char *address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &sin.sin_addr) == 1)
		return credential_from_address((struct sockaddr *)&sin);
	ck_assert_int_eq(inet_pton(AF_INET6, address, &sin6.sin6_addr), 1);
	return credential_from_address((struct sockaddr *)&sin6);
}

/* "a", "b", "c": whose hash, with "?" behind it if nobody is meant; "-":
 * none. */
static const char *
find(const char *name, struct credential credential)
{
	static char found[3];
	struct oper oper;

	if (!opers_find(&oper, &options.oper, name, &credential))
		return "-";
	found[0] = oper.hash[strlen(HASH)];
	found[1] = oper.is_real ? '\0' : '?';
	found[2] = '\0';
	ck_assert_str_eq(oper.hash + strlen(HASH) + 1, TAIL);
	ck_assert_int_eq(oper.is_real, oper.name[0] != '\0');
	return found;
}

START_TEST(test_find)
{
	static const char *const lines[] = { "Ana " HASH_A " 192.0.2.0/23",
		"bob\t" HASH_B " uid:1000", "ana  " HASH_C "  2001:db8::/33 " };
	struct option_errors errors = { NULL, 0 };

	ck_assert_int_eq(load(lines, NITEMS(lines), &errors), 0);
	ck_assert_ptr_null(errors.text);
	ck_assert_str_eq(find("ana", from("192.0.2.1")), "a");
	ck_assert_str_eq(find("ANA", from("192.0.3.255")), "a");
	/* The same name from elsewhere. */
	ck_assert_str_eq(find("ana", from("2001:db8:7fff::1")), "c");
	ck_assert_str_eq(find("bob", credential_from_uid(1000)), "b");
	/* Neither for a name that does not exist, nor from elsewhere. */
	ck_assert_str_eq(find("eve", from("192.0.2.1")), "a?");
	ck_assert_str_eq(find("bob", from("192.0.2.1")), "a?");
	ck_assert_str_eq(find("", from("192.0.2.1")), "a?");
	ck_assert_str_eq(find("anaanaanaanaanaanaanaana", from("192.0.2.1")),
	    "a?");
	/* Nobody at all from there. */
	ck_assert_str_eq(find("ana", from("192.0.4.1")), "-");
	ck_assert_str_eq(find("ana", from("192.0.1.255")), "-");
	ck_assert_str_eq(find("ana", from("2001:db8:8000::1")), "-");
	ck_assert_str_eq(find("bob", credential_from_uid(1001)), "-");
	options_fini(&options);
}
END_TEST

START_TEST(test_anywhere)
{
	static const char *const lines[] = { "ana " HASH_A, "admin " HASH_B,
		"guest1 " HASH_C };
	struct option_errors errors = { NULL, 0 };
	char first[3], name[] = "x0";
	bool is_other = false;

	ck_assert_int_eq(load(lines, NITEMS(lines), &errors), 0);
	ck_assert_str_eq(find("ana", credential_from_uid(0)), "a");
	ck_assert_str_eq(find("admin", from("192.0.2.1")), "b");
	ck_assert_str_eq(find("guest1", from("::1")), "c");
	/* Each name has its hash, but not all of them the same. */
	(void)snprintf(first, sizeof(first), "%s", find(name, from("::1")));
	ck_assert_str_eq(find("X0", from("::1")), find("X0", from("::1")));
	for (; name[1] <= '9'; name[1]++) {
		ck_assert_int_eq(find(name, from("::1"))[1], '?');
		is_other |= strcmp(find(name, from("::1")), first) != 0;
	}
	ck_assert(is_other);
	options_fini(&options);
	ck_assert_int_eq(load(NULL, 0, &errors), 0);
	ck_assert_str_eq(find("ana", from("::1")), "-");
	options_fini(&options);
}
END_TEST

START_TEST(test_errors)
{
	static const struct {
		const char *line;
		const char *error; /* in it */
	} cases[] = {
		{ "ana", "NAME HASH" },
		{ "ana ", "NAME HASH" },
		{ "ana " HASH_A " uid:0 more", "NAME HASH" },
		{ "ana hunter2secret", "good enough" },
		{ "ana $1$saltsalt$9xy1btjgzLYfb7hivXtC//", "good enough" },
		{ "ana " HASH, "damaged" },
		{ "1ana " HASH_A, "oper '1ana'" },
		{ "an.a " HASH_A, "A-Z" },
		{ "ana " HASH_A " bob", "an origin is" },
		{ "ana " HASH_A " 192.0.2.0/33", "prefix" },
		{ "ana " HASH_A " uid:x", "-o oper: oper 'ana': " },
	};
	struct option_errors errors;
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		memset(&errors, 0, sizeof(errors));
		ck_assert_int_eq(load(&cases[i].line, 1, &errors), -1);
		ck_assert_uint_eq(errors.count, 1);
		ck_assert_msg(strstr(errors.text, cases[i].error) != NULL,
		    "%s: %s", cases[i].line, errors.text);
		/* What may be a password is not shown. */
		ck_assert_ptr_null(strstr(errors.text, "hunter2"));
		ck_assert_ptr_null(strstr(errors.text, TAIL));
		/* Nobody uses it, even so. */
		ck_assert_str_eq(find("ana", credential_from_uid(0)), "-");
		option_errors_fini(&errors);
		options_fini(&options);
	}
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "opers", NULL, NULL);

	tcase_add_test(tc, test_find);
	tcase_add_test(tc, test_anywhere);
	tcase_add_test(tc, test_errors);
}
