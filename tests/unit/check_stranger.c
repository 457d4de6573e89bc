/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * First lines of clients of other protocols, and of people. hostile 56, 89, 90
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "base/util.h"
#include "session/stranger.h"
#include "unit.h"

struct first {
	const char *line;
	enum stranger stranger;
};

#define LINE(line, stranger) \
	{ \
		line, STRANGER_##stranger \
	}

START_TEST(test_lines)
{
	static const struct first firsts[] = {
		LINE("GET / HTTP/1.1", HTTP),
		LINE("POST / HTTP/1.0", HTTP),
		LINE("BREW /pot-1?x=y HTTP/1.1", HTTP),
		LINE("OPTIONS * HTTP/1.1 ", HTTP),
		LINE("GET http://127.0.0.1:4272/ HTTP/1.1", HTTP),
		LINE("GET /a b c HTTP/1.1", HTTP),
		LINE("PRI * HTTP/2.0", HTTP),
		LINE("Host: localhost:4272", HTTP),
		LINE("PROXY TCP4 192.0.2.1 192.0.2.2 1 2", PROXY),
		LINE("PROXY TCP6 ::1 ::1 1 2", PROXY),
		LINE("PROXY UNKNOWN", PROXY),
		LINE("SSH-2.0-OpenSSH_9.2p1", SSH),
		LINE("EHLO x", SMTP),
		LINE("HELO mail.example.net", SMTP),
		LINE("\x16\x03\x01\x02", TLS),
		LINE("\x16\x03", TLS),
		LINE("OPTIONS rtsp://x/ RTSP/1.0", RTSP),
		LINE("OPTIONS sip:nm SIP/2.0", RTSP),
		LINE("", NONE),
		LINE(" ", NONE),
		LINE("hello", NONE),
		LINE("GET /", NONE),
		LINE("GET", NONE),
		LINE("HTTP/1.1", NONE),
		LINE(" HTTP/1.1", NONE),
		LINE("GET HTTP/1.1", NONE),
		LINE("we moved to HTTP/1", NONE),
		LINE("GET / HTTP/1.1 fails here", NONE),
		LINE("PROXY is down", NONE),
		LINE("proxy TCP4 is down", NONE),
		LINE("SSH-", NONE),
		LINE("SSH-keys are there", NONE),
		LINE("EHLO", NONE),
		LINE("EHLO ", NONE),
		LINE("helo there", NONE),
		LINE("HELO to all of you", NONE),
		LINE("host: who is it?", NONE),
		LINE("Host: who is it?", NONE),
		LINE("\x16", NONE),
		LINE("\x15hello", NONE),
		LINE("\x1b[A", NONE),
		LINE("NICK bob", NONE),
	};
	size_t i;

	for (i = 0; i < NITEMS(firsts); i++)
		ck_assert_msg(stranger_of(firsts[i].line,
				  strlen(firsts[i].line)) == firsts[i].stranger,
		    "\"%s\"", firsts[i].line);
}
END_TEST

START_TEST(test_binary)
{
	/* A byte of TLS may be a line's end; nothing behind len counts. */
	ck_assert_int_eq(stranger_of("\x16\x03", 1), STRANGER_NONE);
	/* The third line of PROXY's version 2, and a request of STUN. */
	ck_assert_int_eq(stranger_of("\0", 1), STRANGER_PROXY);
	ck_assert_int_eq(stranger_of("\0\1\0\0\x21\x12\xa4\x42", 8),
	    STRANGER_BINARY);
	ck_assert_int_eq(stranger_of(NULL, 0), STRANGER_NONE);
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(stranger_str(STRANGER_HTTP), "HTTP");
	ck_assert_str_eq(stranger_str(STRANGER_TLS), "TLS");
	ck_assert_str_eq(stranger_str(STRANGER_NONE), "");
}
END_TEST

START_TEST(test_fields)
{
	static const char *const fields[] = { "Host: localhost",
		"host: localhost", "Accept: */*", "accept-language:de",
		"User-Agent: a b c", "X-Anything: x", "Content-Length: 3",
		"sec-fetch-mode: cors" };
	static const char *const others[] = { "", ":", "hello", "host",
		"bob: hi", "hosts: two", "accepted: yes", "the host: ana",
		"x: y", "accept -: x" };
	size_t i;

	for (i = 0; i < NITEMS(fields); i++)
		ck_assert_msg(stranger_is_http_field(fields[i],
				  strlen(fields[i])),
		    "%s", fields[i]);
	for (i = 0; i < NITEMS(others); i++)
		ck_assert_msg(!stranger_is_http_field(others[i],
				  strlen(others[i])),
		    "%s", others[i]);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "stranger", NULL, NULL);

	tcase_add_test(tc, test_lines);
	tcase_add_test(tc, test_binary);
	tcase_add_test(tc, test_fields);
	tcase_add_test(tc, test_names);
}
