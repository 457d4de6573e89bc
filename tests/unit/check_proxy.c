/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Headers of the PROXY protocol: good and bad ones, read in steps that never go
 * beyond their end (hostile 89).
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "base/util.h"
#include "net/proxy.h"
#include "unit.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\0\2\1\xc0\0\2\2\x12\x34\x10\xb0"
#define V6 \
	"\x20\x01\x0d\xb8\0\0\0\1\0\0\0\0\0\0\0\1" \
	"\x20\x01\x0d\xb8\0\0\0\1\0\0\0\0\0\0\0\2\x12\x34\x10\xb0"
#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *data;
	size_t len;
	enum proxy_header result;
	const char *from; /* of PROXY_TELLS */
} cases[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1234 4272\r\n"), PROXY_TELLS,
	    "192.0.2.1" },
	{ BYTES("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n"), PROXY_TELLS,
	    "2001:db8::/64" },
	{ BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), PROXY_TELLS,
	    "192.0.2.1" },
	{ BYTES("PROXY UNKNOWN\r\n"), PROXY_ITSELF, NULL },
	{ BYTES("PROXY UNKNOWN what ever 1\r\n"), PROXY_ITSELF, NULL },
	{ BYTES(SIG "\x21\x11\0\x0c" V4), PROXY_TELLS, "192.0.2.1" },
	{ BYTES(SIG "\x21\x11\0\x0f" V4 "\4\0\0"), PROXY_TELLS, "192.0.2.1" },
	{ BYTES(SIG "\x21\x21\0\x24" V6), PROXY_TELLS, "2001:db8:0:1::/64" },
	{ BYTES(SIG "\x20\0\0\0"), PROXY_ITSELF, NULL },
	{ BYTES(SIG "\x20\x11\0\x0c" V4), PROXY_ITSELF, NULL },
	{ BYTES(SIG "\x21\0\0\2ab"), PROXY_ITSELF, NULL },
	{ BYTES(SIG "\x21\x12\0\x0c" V4), PROXY_ITSELF, NULL }, /* UDP */

	{ BYTES("PROXY\r\nNICK bob\r\n"), PROXY_BAD, NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1234 4272\n"), PROXY_BAD,
	    NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1234\r\n"), PROXY_BAD, NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1234 4272 x\r\n"), PROXY_BAD,
	    NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2  4272\r\n"), PROXY_BAD, NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1234 65536\r\n"), PROXY_BAD,
	    NULL },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 -1 4272\r\n"), PROXY_BAD,
	    NULL },
	{ BYTES("PROXY TCP4 192.0.2 192.0.2.2 1234 4272\r\n"), PROXY_BAD,
	    NULL },
	{ BYTES("PROXY TCP4 ::1 ::1 1234 4272\r\n"), PROXY_BAD, NULL },
	{ BYTES("PROXY TCP6 192.0.2.1 ::1 1234 4272\r\n"), PROXY_BAD, NULL },
	{ BYTES("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"), PROXY_BAD, NULL },
	{ BYTES("PROXY UDP4 192.0.2.1 192.0.2.2 1234 4272\r\n"), PROXY_BAD,
	    NULL },
	{ BYTES("POST / HTTP/1.1\r\n"), PROXY_BAD, NULL },
	{ BYTES("NICK bob\r\nUSER"), PROXY_BAD, NULL },
	{ BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3abcd"), PROXY_BAD, NULL },
	{ BYTES(SIG "\x11\x11\0\x0c" V4), PROXY_BAD, NULL }, /* version 1 */
	{ BYTES(SIG "\x22\x11\0\x0c" V4), PROXY_BAD, NULL },
	{ BYTES(SIG "\x21\x11\0\x0b" V4), PROXY_BAD, NULL },
	{ BYTES(SIG "\x21\x21\0\x0c" V4), PROXY_BAD, NULL },
	{ BYTES(SIG "\x21\x11\xff\xff" V4), PROXY_BAD, NULL },
};

/* In pieces of step bytes, 0: as large as they may be. */
static enum proxy_header
parse_in_steps(const char *data, size_t len, size_t step, size_t *used,
    struct credential *from)
{
	enum proxy_header result;
	const char *lf;
	size_t more, have = 0, n;
	bool is_text;

	while ((result = proxy_parse(data, have, &more, &is_text, from)) ==
	    PROXY_MORE) {
		ck_assert_uint_gt(more, 0);
		n = step == 0 || step > more ? more : step;
		if (n > len - have)
			n = len - have;
		if (is_text && (lf = memchr(data + have, '\n', n)) != NULL)
			n = (size_t)(lf + 1 - data) - have;
		if (n == 0)
			break;
		have += n;
	}
	*used = have;
	return result;
}

START_TEST(test_headers)
{
	char behind[256], text[CREDENTIAL_STR_SIZE];
	struct credential from;
	size_t step, used;
	enum proxy_header result;

	/* What stands behind is not touched. */
	memcpy(behind, cases[_i].data, cases[_i].len);
	memcpy(behind + cases[_i].len, "NICK x\r\n", 8);
	for (step = 0; step < 20; step++) {
		result = parse_in_steps(behind, cases[_i].len + 8, step, &used,
		    &from);
		ck_assert_int_eq(result, cases[_i].result);
		if (result == PROXY_BAD)
			continue;
		ck_assert_uint_eq(used, cases[_i].len);
		if (result != PROXY_TELLS)
			continue;
		credential_str(&from, text);
		ck_assert_str_eq(text, cases[_i].from);
	}
}
END_TEST

/* Half of a header is none, and none without end. */
START_TEST(test_half)
{
	static char line[300];
	struct credential from;
	size_t used, len;

	if (cases[_i].result != PROXY_BAD)
		for (len = 0; len < cases[_i].len; len++)
			ck_assert_int_eq(parse_in_steps(cases[_i].data, len, 0,
					     &used, &from),
			    PROXY_MORE);
	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	ck_assert_int_eq(parse_in_steps(line, sizeof(line), 0, &used, &from),
	    PROXY_BAD);
	ck_assert_uint_le(used, 107);
}
END_TEST

void
unit_tests(Suite *suite)
{
	TCase *tc = unit_case(suite, "proxy", NULL, NULL);

	tcase_add_loop_test(tc, test_headers, 0, (int)NITEMS(cases));
	tcase_add_loop_test(tc, test_half, 0, (int)NITEMS(cases));
}
