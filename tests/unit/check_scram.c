/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * SCRAM-SHA-256: the example of RFC 7677, what is malformed, verifiers as text,
 * and challenges for those who have none.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"
#include "net/scram.h"
#include "scram-client.h"
#include "unit.h"

/* RFC 7677, section 3: user "user", password "pencil". */
#define CLIENT_NONCE "rOprNGfwEbeRWgbNEkqO"
#define SERVER_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define CLIENT_FIRST "n,,n=user,r=" CLIENT_NONCE
#define SERVER_FIRST \
	"r=" CLIENT_NONCE SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define CLIENT_FINAL \
	"c=biws,r=" CLIENT_NONCE SERVER_NONCE \
	",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct scram_verifier pencil;
static struct scram x;
static struct buf out = BUF_INITIALIZER;

static void
setup(void)
{
	unsigned char salt[24];

	memset(&x, 0, sizeof(x));
	memset(&pencil, 0, sizeof(pencil));
	ck_assert_int_eq(base64_decode(salt, "W22ZaJ0SNY7soEsUEjb6gQ==", 24),
	    SCRAM_SALT);
	memcpy(pencil.salt, salt, SCRAM_SALT);
	pencil.iterations = 4096;
	ck_assert(scram_verifier_make(&pencil, "pencil"));
}

static void
teardown(void)
{
	scram_fini(&x);
	buf_fini(&out);
}

/* The server's first message, after this one of a client. */
static const char *
begin(const char *text)
{
	const char *why = scram_begin(&x, text, strlen(text));

	if (why != NULL)
		return why;
	buf_reset(&out);
	scram_challenge(&x, &pencil, SERVER_NONCE, &out);
	return buf_cstr(&out);
}

static bool
finish(const char *text)
{
	buf_reset(&out);
	return scram_finish(&x, &pencil, text, strlen(text), &out);
}

START_TEST(test_rfc_7677)
{
	ck_assert_str_eq(begin(CLIENT_FIRST), SERVER_FIRST);
	ck_assert_str_eq(x.name, "user");
	ck_assert(finish(CLIENT_FINAL));
	ck_assert_str_eq(buf_cstr(&out), SERVER_FINAL);
	/* The same proof does for no other exchange. */
	ck_assert(!finish(CLIENT_FINAL));
	(void)begin("n,,n=user,r=other");
	ck_assert(!finish(CLIENT_FINAL));
}
END_TEST

START_TEST(test_wrong)
{
	char *text = xstrdup(CLIENT_FINAL);
	size_t i, len = strlen(text);

	/* Each character counts, and each that is missing. */
	for (i = 0; i < len; i++) {
		(void)begin(CLIENT_FIRST);
		text[i] ^= 1;
		ck_assert_msg(!finish(text), "%s", text);
		ck_assert_uint_eq(out.len, 0);
		text[i] ^= 1;
		(void)begin(CLIENT_FIRST);
		buf_reset(&out);
		ck_assert(!scram_finish(&x, &pencil, text, i, &out));
	}
	(void)begin(CLIENT_FIRST);
	ck_assert(finish(text));
	free(text);
	/* Before anything has begun. */
	scram_fini(&x);
	ck_assert(!finish(CLIENT_FINAL));
}
END_TEST

static const struct {
	const char *text;
	const char *name; /* NULL: refused */
} firsts[] = {
	{ "n,,n=user,r=a", "user" },
	{ "y,,n=user,r=a", "user" },
	{ "n,,n=a=2Cb=3Dc,r=a", "a,b=c" },
	{ "n,a=User,n=user,r=a", "user" },
	{ "n,,n=user,r=a,ext=1", "user" },
	{ "n,,n=12345678901234567890,r=a", "12345678901234567890" },
	{ "n,,n=123456789012345678901,r=a", "" },
	{ "p=tls-exporter,,n=user,r=a", NULL },
	{ "n,a=other,n=user,r=a", NULL },
	{ "n,b,n=user,r=a", NULL },
	{ "n,a=,n=user,r=a", NULL },
	{ "z,,n=user,r=a", NULL },
	{ "n,,m=1,n=user,r=a", NULL },
	{ "n,,n=,r=a", NULL },
	{ "n,,n=a=2,r=a", NULL },
	{ "n,,n=user,r=", NULL },
	{ "n,,n=user,r=a b", NULL },
	{ "n,,n=user", NULL },
	{ "n,,", NULL },
	{ "n,", NULL },
	{ "n", NULL },
	{ "", NULL },
};

START_TEST(test_first)
{
	const char *text = firsts[_i].text, *name = firsts[_i].name;
	const char *why = scram_begin(&x, text, strlen(text));

	ck_assert_msg((why == NULL) == (name != NULL), "%s: %s", text,
	    why == NULL ? "fine" : why);
	if (name != NULL)
		ck_assert_str_eq(x.name, name);
}
END_TEST

START_TEST(test_first_limits)
{
	char text[SCRAM_MESSAGE_MAX + 2];

	memset(text, 'x', sizeof(text));
	memcpy(text, "n,,n=user,r=", 12);
	ck_assert_ptr_null(scram_begin(&x, text, 12 + SCRAM_NONCE_MAX));
	ck_assert_ptr_nonnull(scram_begin(&x, text, 13 + SCRAM_NONCE_MAX));
	memcpy(text + 20, ",e=", 3);
	ck_assert_ptr_null(scram_begin(&x, text, SCRAM_MESSAGE_MAX));
	ck_assert_ptr_nonnull(scram_begin(&x, text, SCRAM_MESSAGE_MAX + 1));
	text[30] = '\0';
	ck_assert_ptr_nonnull(scram_begin(&x, text, 40));
}
END_TEST

/* The nonce of the server is another one each time. */
START_TEST(test_nonce)
{
	char first[256];

	ck_assert_ptr_null(scram_begin(&x, CLIENT_FIRST, strlen(CLIENT_FIRST)));
	scram_challenge(&x, &pencil, NULL, &out);
	(void)snprintf(first, sizeof(first), "%s", buf_cstr(&out));
	buf_reset(&out);
	ck_assert_ptr_null(scram_begin(&x, CLIENT_FIRST, strlen(CLIENT_FIRST)));
	scram_challenge(&x, &pencil, NULL, &out);
	ck_assert_str_ne(first, buf_cstr(&out));
	ck_assert(strncmp(first, "r=" CLIENT_NONCE, 22) == 0);
}
END_TEST

START_TEST(test_verifier_text)
{
	char text[SCRAM_TEXT_MAX + 1], again[SCRAM_TEXT_MAX + 1];
	struct scram_verifier v;
	size_t i;

	scram_verifier_format(&pencil, text);
	ck_assert_str_eq(text,
	    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
	ck_assert(scram_verifier_parse(&v, text));
	scram_verifier_format(&v, again);
	ck_assert_str_eq(text, again);
	memset(again, 0, sizeof(again));
	for (i = 0; i < strlen(text); i++) {
		ck_assert_msg(!scram_verifier_is_text(again), "%s", again);
		again[i] = text[i];
	}
	ck_assert(scram_verifier_is_text(again));
	again[i - 1] = 'A';
	ck_assert(!scram_verifier_is_text(again));
	ck_assert(!scram_verifier_is_text("SCRAM-SHA-256$0:"));
}
END_TEST

/* Always the same, and not the same as another's or by another key. */
START_TEST(test_fake)
{
	const unsigned char key[2] = { 1, 2 };
	struct scram_verifier a, b;

	scram_verifier_fake(&a, key, 2, "ana");
	scram_verifier_fake(&b, key, 2, "ANA");
	ck_assert_mem_eq(&a, &b, sizeof(a));
	ck_assert_uint_eq(a.iterations, SCRAM_ITERATIONS);
	scram_verifier_fake(&b, key, 2, "bob");
	ck_assert_mem_ne(a.salt, b.salt, SCRAM_SALT);
	scram_verifier_fake(&b, key, 1, "ana");
	ck_assert_mem_ne(a.salt, b.salt, SCRAM_SALT);
}
END_TEST

/* What a client types is normalized: as two characters, or as one. */
START_TEST(test_normalized)
{
	struct scram_verifier a = { .iterations = 10 }, b = a;

	ck_assert(scram_verifier_make(&a, "caf\303\251"));
	ck_assert(scram_verifier_make(&b, "cafe\314\201"));
	ck_assert_mem_eq(&a, &b, sizeof(a));
	ck_assert(!scram_verifier_make(&a, "caf\303"));
}
END_TEST

/* The client that other tests use. */
START_TEST(test_client)
{
	char *first = scram_client_first("user", CLIENT_NONCE), *final,
	     *expected;

	ck_assert_str_eq(begin(first), SERVER_FIRST);
	final = scram_client_final("user", CLIENT_NONCE, "pencil", SERVER_FIRST,
	    &expected);
	ck_assert_str_eq(final, CLIENT_FINAL);
	ck_assert_str_eq(expected, SERVER_FINAL);
	free(first);
	free(final);
	free(expected);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc;

	if (!scram_is_available()) {
		printf("skipped: built without OpenSSL\n");
		exit(77);
	}
	tc = unit_case(s, "scram", setup, teardown);
	tcase_add_test(tc, test_rfc_7677);
	tcase_add_test(tc, test_wrong);
	tcase_add_loop_test(tc, test_first, 0, NITEMS(firsts));
	tcase_add_test(tc, test_first_limits);
	tcase_add_test(tc, test_nonce);
	tcase_add_test(tc, test_verifier_text);
	tcase_add_test(tc, test_fake);
	tcase_add_test(tc, test_normalized);
	tcase_add_test(tc, test_client);
}
