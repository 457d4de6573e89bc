/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Credentials: who counts as the same. hostile 29, 42
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/credential.h"
#include "base/util.h"
#include "unit.h"

static struct credential
check_address(const char *address)
{
	struct sockaddr_storage storage;
	struct sockaddr_in *sin = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&storage;

	/* What the kernel does not fill in, and ports, must not matter. */
	memset(&storage, rand(), sizeof(storage));
	if (strchr(address, ':') == NULL) {
		sin->sin_family = AF_INET;
		sin->sin_port = (in_port_t)rand();
		ck_assert_int_eq(inet_pton(AF_INET, address, &sin->sin_addr),
		    1);
	} else {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = (in_port_t)rand();
		ck_assert_int_eq(inet_pton(AF_INET6, address, &sin6->sin6_addr),
		    1);
	}
	return credential_from_address((struct sockaddr *)&storage);
}

static int
check_cmp(const char *a, const char *b)
{
	struct credential ca = check_address(a), cb = check_address(b);

	return credential_cmp(&ca, &cb);
}

START_TEST(test_same_address)
{
	ck_assert_int_eq(check_cmp("192.0.2.1", "192.0.2.1"), 0);
	ck_assert_int_eq(check_cmp("192.0.2.1", "::ffff:192.0.2.1"), 0);
	ck_assert_int_eq(check_cmp("2001:db8:0:1::1", "2001:db8:0:1::1"), 0);
	ck_assert_int_eq(check_cmp("2001:db8:0:1::1",
			     "2001:db8:0:1:ffff:ffff:ffff:ffff"),
	    0);
}
END_TEST

START_TEST(test_other_address)
{
	ck_assert_int_ne(check_cmp("192.0.2.1", "192.0.2.2"), 0);
	ck_assert_int_ne(check_cmp("::ffff:192.0.2.1", "::ffff:192.0.2.2"), 0);
	ck_assert_int_ne(check_cmp("2001:db8:0:1::1", "2001:db8:0:2::1"), 0);
	ck_assert_int_ne(check_cmp("192.0.2.1", "::192.0.2.1"), 0);
	ck_assert_int_ne(check_cmp("192.0.2.1", "c000:201::"), 0);
	ck_assert_int_ne(check_cmp("192.0.2.1", "192.0.2.2") < 0,
	    check_cmp("192.0.2.2", "192.0.2.1") < 0);
}
END_TEST

START_TEST(test_uid)
{
	struct credential a = credential_from_uid(1000);
	struct credential b = credential_from_uid(1000);
	struct credential c = credential_from_uid(1001);
	struct credential d = check_address("0.0.3.232"); /* the same bytes */

	ck_assert_int_eq(credential_cmp(&a, &b), 0);
	ck_assert_int_lt(credential_cmp(&a, &c), 0);
	ck_assert_int_gt(credential_cmp(&c, &a), 0);
	ck_assert_mem_eq(a.bytes, d.bytes, sizeof(a.bytes));
	ck_assert_int_ne(credential_cmp(&a, &d), 0);
}
END_TEST

START_TEST(test_strong)
{
	struct credential uid = credential_from_uid(0);
	struct credential ipv4 = check_address("127.0.0.1");
	struct credential ipv6 = check_address("::1");

	ck_assert(credential_is_strong(&uid));
	ck_assert(!credential_is_strong(&ipv4));
	ck_assert(!credential_is_strong(&ipv6));
}
END_TEST

static const struct {
	const char *address, *str;
} check_strings[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "2001:db8:0:1::9", "2001:db8:0:1::/64" },
	{ "2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234:5678::/64" },
	{ "fe80::1", "fe80::/64" },
	{ "::1", "::/64" },
};

START_TEST(test_str)
{
	struct credential c = check_address(check_strings[_i].address);
	char out[CREDENTIAL_STR_SIZE];

	credential_str(&c, out);
	ck_assert_str_eq(out, check_strings[_i].str);
}
END_TEST

START_TEST(test_str_uid)
{
	struct credential c = credential_from_uid(1000);
	char out[CREDENTIAL_STR_SIZE];

	credential_str(&c, out);
	ck_assert_str_eq(out, "uid 1000");
	c = credential_from_uid((uid_t)4294967294U);
	credential_str(&c, out);
	ck_assert_str_eq(out, "uid 4294967294");
}
END_TEST

/* Of "ssh-keygen -l". */
#define SSH_WHOLE "SHA256:uNiVztksCsDhcc0u9e8BrmYHLLkkFEeQKfrHHMQSDX8"
#define SSH_SHORT "SHA256:uNiVztksCsDhcc0u9e8B"

START_TEST(test_ssh)
{
	static const char *const none[] = { "",
		"SHA256:", "uNiVztksCsDhcc0u9e8B", SSH_SHORT "r", SSH_WHOLE "=",
		"sha256:uNiVztksCsDhcc0u9e8B",
		"MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
		"SHA256:uNiVztksCsDhcc0u9e8 ", "SHA256:uNiVztksCsDhcc0u9e8=",
		"SHA256:uNiVztksCsDhcc0u9e8BrmYHLLkkFEeQKfrHHMQSDX9" };
	struct credential a, b, uid = credential_from_uid(1000);
	char out[CREDENTIAL_STR_SIZE], bytes[sizeof(a)];
	size_t i;

	ck_assert(credential_from_ssh(&a, SSH_WHOLE));
	ck_assert(credential_from_ssh(&b, SSH_SHORT));
	ck_assert_int_eq(credential_cmp(&a, &b), 0);
	ck_assert_int_ne(credential_cmp(&a, &uid), 0);
	credential_str(&a, out);
	ck_assert_str_eq(out, "ssh " SSH_SHORT);
	ck_assert(credential_is_strong(&a));
	ck_assert(credential_is_local(&a));
	memcpy(bytes, &a, sizeof(bytes));
	ck_assert(credential_is_origin(bytes));
	bytes[sizeof(bytes) - 1] = 1;
	ck_assert(!credential_is_valid(bytes));
	ck_assert(credential_from_ssh(&b, "SHA256:uNiVztksCsDhcc0u9e8C"));
	ck_assert_int_ne(credential_cmp(&a, &b), 0);
	for (i = 0; i < NITEMS(none); i++)
		ck_assert_msg(!credential_from_ssh(&b, none[i]), "%s", none[i]);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "credential", NULL, NULL);

	tcase_add_test(tc, test_same_address);
	tcase_add_test(tc, test_other_address);
	tcase_add_test(tc, test_uid);
	tcase_add_test(tc, test_strong);
	tcase_add_loop_test(tc, test_str, 0, (int)NITEMS(check_strings));
	tcase_add_test(tc, test_str_uid);
	tcase_add_test(tc, test_ssh);
}
