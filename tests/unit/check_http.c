/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * HTTP requests, whole and in pieces (hostile 12, 60), and the head of answers.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "base/util.h"
#include "net/http.h"
#include "unit.h"

#define HEAD "GET /metrics HTTP/1.1\r\n"
#define HOST HEAD "Host: x\r\n"

static const struct {
	const char *request;
	enum http_status status;
	bool is_1_1;
} cases[] = {
	{ HOST "\r\n", HTTP_OK, true },
	{ HEAD "host:x\r\n\r\n", HTTP_OK, true },
	{ "GET /metrics HTTP/1.0\r\n\r\n", HTTP_OK, false },
	{ "GET /metrics?name=x&b HTTP/1.0\r\n\r\n", HTTP_OK, false },
	{ HOST "Accept: text/plain;q=0.5,*/*\r\nX:\r\nY: \t z \t\r\n\r\n",
	    HTTP_OK, true },
	{ HOST "Content-Length: 0\r\n\r\n", HTTP_OK, true },

	{ "HEAD / HTTP/1.0\r\n\r\n", HTTP_OK, false },
	{ "OPTIONS * HTTP/1.0\r\n\r\n", HTTP_OK, false },
	{ "CONNECT x:1 HTTP/1.0\r\n\r\n", HTTP_OK, false },

	{ "GET * HTTP/1.0\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET http://x/ HTTP/1.0\r\n\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1\nhost:x\n\n", HTTP_BAD_REQUEST, false },
	{ HEAD "host:x\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "\n", HTTP_BAD_REQUEST, true },
	{ "\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.1 \r\n", HTTP_BAD_REQUEST, false },
	{ "GET  /metrics HTTP/1.1\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /met\trics HTTP/1.1\r\n", HTTP_BAD_REQUEST, false },
	{ " GET /metrics HTTP/1.1\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics http/1.1\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/1.x\r\n", HTTP_BAD_REQUEST, false },
	{ "GET /metrics HTTP/2.0\r\n", HTTP_BAD_VERSION, false },
	{ HEAD "\r\n", HTTP_BAD_REQUEST, true }, /* no Host */
	{ HOST "Host: y\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST " folded\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "Name : x\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "Name\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST ": x\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "X: a\x01\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "X: a\rb\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "Content-Length: 5\r\n\r\nhello", HTTP_BAD_REQUEST, true },
	{ HOST "Content-Length: -0\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "Content-Length: 00\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "Transfer-Encoding: chunked\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
	    HTTP_BAD_REQUEST, true },
	{ HOST "Content-Length: 0, 0\r\n\r\n", HTTP_BAD_REQUEST, true },
	{ HOST "Origin: a\r\nORIGIN: b\r\n\r\n", HTTP_BAD_REQUEST, true },
};

START_TEST(test_request)
{
	const char *request = cases[_i].request;
	size_t len = strlen(request), i;
	enum http_status status = HTTP_MORE;
	struct http_request rq;

	/* As it may come: byte by byte. It is never anything else meanwhile. */
	for (i = 0; i <= len && status == HTTP_MORE; i++) {
		/* Of its own, so that a checker sees what is read behind it. */
		char *part = xmalloc(i);

		memcpy(part, request, i);
		status = http_parse(part, i, false, &rq);
		free(part);
	}
	ck_assert_int_eq(status, cases[_i].status);
	ck_assert(rq.is_1_1 == cases[_i].is_1_1);
	ck_assert_int_eq(http_parse(request, len, false, &rq),
	    cases[_i].status);
}
END_TEST

START_TEST(test_too_large)
{
	struct http_request rq;

	ck_assert_int_eq(http_parse("GET /me", 7, true, &rq), HTTP_TOO_LARGE);
	ck_assert_int_eq(http_parse(HOST, strlen(HOST), true, &rq),
	    HTTP_TOO_LARGE);
}
END_TEST

static void
check_text(const struct http_text *text, const char *expected)
{
	ck_assert_msg(http_text_is(text, expected), "'%.*s' is not '%s'",
	    (int)text->len, text->at, expected);
}

START_TEST(test_parts)
{
	static const char request[] = "GET /a/b?c=d?e HTTP/1.1\r\n"
				      "hOST: \t example.org:1 \r\n"
				      "Accept-Encoding: br ,, gzip\r\n"
				      "X: \r\n"
				      "accept-encoding: , zstd,\r\n"
				      "\r\nGET /next";
	static const char *const encodings[] = { "br", "gzip", "zstd" };
	struct http_elements e = { .line = NULL };
	struct http_request rq;
	struct http_text text;
	size_t i;

	ck_assert_int_eq(http_parse(request, strlen(request), false, &rq),
	    HTTP_OK);
	ck_assert_int_eq(rq.method, HTTP_GET);
	check_text(&rq.path, "/a/b");
	check_text(&rq.query, "c=d?e");
	ck_assert(http_find(&rq, "Host", &text));
	check_text(&text, "example.org:1");
	ck_assert(http_find(&rq, "x", &text));
	check_text(&text, "");
	ck_assert(!http_find(&rq, "Accept", &text));
	ck_assert_uint_eq(http_count(&rq, "Accept-Encoding"), 2);
	for (i = 0; i < NITEMS(encodings); i++) {
		ck_assert(http_next_element(&rq, "accept-encoding", &e, &text));
		check_text(&text, encodings[i]);
	}
	ck_assert(!http_next_element(&rq, "accept-encoding", &e, &text));
	ck_assert(http_has_element(&rq, "Accept-Encoding", "ZSTD"));
	ck_assert(!http_has_element(&rq, "Accept-Encoding", ""));
}
END_TEST

START_TEST(test_head)
{
	struct buf out = BUF_INITIALIZER;

	http_add_head(&out, HTTP_OK, true, "text/x", INT64_C(1780408931000));
	ck_assert_str_eq(buf_cstr(&out),
	    "HTTP/1.1 200 OK\r\n"
	    "Date: Tue, 02 Jun 2026 14:02:11 GMT\r\n"
	    "Connection: close\r\n"
	    "Content-Type: text/x\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n");
	buf_reset(&out);
	http_add_head(&out, HTTP_BAD_METHOD, false, "text/x", 0);
	ck_assert_str_eq(buf_cstr(&out),
	    "HTTP/1.1 405 Method Not Allowed\r\n"
	    "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
	    "Connection: close\r\n"
	    "Allow: GET\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 19\r\n\r\n"
	    "Method Not Allowed\n");
	buf_reset(&out);
	http_add_chunk_size(&out, 0x1ab);
	ck_assert_str_eq(buf_cstr(&out), "1ab\r\n");
	buf_fini(&out);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "http", NULL, NULL);

	tcase_add_loop_test(tc, test_request, 0, (int)NITEMS(cases));
	tcase_add_test(tc, test_too_large);
	tcase_add_test(tc, test_parts);
	tcase_add_test(tc, test_head);
}
