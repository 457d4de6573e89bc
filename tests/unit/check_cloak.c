/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Hosts that tell nothing.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <string.h>

#include "base/cloak.h"
#include "unit.h"

static struct credential
address(const char *text)
{
	struct sockaddr_storage storage = { .ss_family = AF_INET };
	struct sockaddr_in *sin = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&storage;

	if (strchr(text, ':') == NULL)
		ck_assert_int_eq(inet_pton(AF_INET, text, &sin->sin_addr), 1);
	else {
		storage.ss_family = AF_INET6;
		ck_assert_int_eq(inet_pton(AF_INET6, text, &sin6->sin6_addr),
		    1);
	}
	return credential_from_address((struct sockaddr *)&storage);
}

/*
 * The number is that of another program:
 *   printf '<32 times \x01>\x00\xc0\x00\x02\x01<12 times \x00>' | sha256sum
 */
START_TEST(test_known)
{
	struct cloak_key key;
	struct credential c = address("192.0.2.1");
	char out[CLOAK_SIZE];

	memset(key.bytes, 1, sizeof(key.bytes));
	cloak_str(&key, &c, out);
	ck_assert_str_eq(out, "e25bea90c1.ip");
}
END_TEST

START_TEST(test_kinds)
{
	struct cloak_key key;
	struct credential c[4] = { address("192.0.2.1"), address("192.0.2.2"),
		address("2001:db8::1"), credential_from_uid(0xc0000201) };
	static const char *const suffixes[] = { ".ip", ".ip", ".ip6", ".user" };
	char out[4][CLOAK_SIZE];
	int i, j;

	cloak_key_init(&key);
	for (i = 0; i < 4; i++) {
		cloak_str(&key, &c[i], out[i]);
		ck_assert_str_eq(out[i] + 10, suffixes[i]);
		ck_assert_uint_eq(strspn(out[i], "0123456789abcdef"), 10);
		/* The same bytes are another host in another kind. */
		for (j = 0; j < i; j++)
			ck_assert_int_ne(memcmp(out[i], out[j], 10), 0);
	}
}
END_TEST

START_TEST(test_same)
{
	struct cloak_key key;
	struct credential a = address("2001:db8::1");
	struct credential b = address("2001:db8::ffff:1");
	char first[CLOAK_SIZE], second[CLOAK_SIZE];

	cloak_key_init(&key);
	cloak_str(&key, &a, first);
	cloak_str(&key, &b, second);
	ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(test_another_key)
{
	struct cloak_key key, other;
	struct credential c = address("192.0.2.1");
	char first[CLOAK_SIZE], second[CLOAK_SIZE];

	cloak_key_init(&key);
	cloak_key_init(&other);
	ck_assert_mem_ne(key.bytes, other.bytes, sizeof(key.bytes));
	cloak_str(&key, &c, first);
	cloak_str(&other, &c, second);
	ck_assert_str_ne(first, second);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "cloak", NULL, NULL);

	tcase_add_test(tc, test_known);
	tcase_add_test(tc, test_kinds);
	tcase_add_test(tc, test_same);
	tcase_add_test(tc, test_another_key);
}
