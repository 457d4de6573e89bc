/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What looks like a password on its way to the server, and what people say with
 * the same words. hostile 82
 */
#include "config.h"

#include <check.h>
#include <string.h>

#include "base/secret.h"
#include "base/util.h"
#include "unit.h"

START_TEST(test_secret)
{
	static const char *const secrets[] = { "PASS hunter2", "PASS a b c",
		"pass hunter2", "OPER ana hunter2", "OPER ana h u n t e r 2",
		"AUTHENTICATE AGFuYQBodW50ZXIy",
		"authenticate AGFuYQ==", "identify hunter2",
		"IDENTIFY ana hunter2", "login hunter2", "Login ana hunter2",
		"register hunter2 ana@example.net",
		" /login ana correct horse battery staple", "//login ana pw",
		"/ login ana pw", "/oper ana pw", "/quote PASS hunter2",
		"/quote oper ana pw", "/msg NickServ identify hunter2",
		" /msg NickServ identify hunter2", "msg nickserv identify pw",
		"PRIVMSG NickServ :IDENTIFY pw",
		"/msg NickServ@services.example.net id pw", "/msg Q AUTH a pw",
		"/msg nickserv hunter2", "/ns identify hunter2",
		"ns identify ana hunter2", "nickserv ghost ana hunter2",
		"NickServ REGISTER hunter2 a@example.net", "/ns id pw",
		"passwd hunter2",
		"WEBIRC hunter2 gateway host.example.net 192.0.2.1",
		"/webirc hunter2 gateway host.example.net 192.0.2.1",
		"REGISTER * * hunter2", "REGISTER ana a@example.net hunter2" };
	size_t i;

	for (i = 0; i < NITEMS(secrets); i++)
		ck_assert_msg(text_is_secret(secrets[i], strlen(secrets[i])),
		    "\"%s\" is said", secrets[i]);
}
END_TEST

START_TEST(test_no_secret)
{
	static const char *const said[] = { "", " ", "/", "PASS", "pass",
		"OPER", "login", "pass me the salt", "passing through",
		"login does not work today", "the login is ana",
		"register at the desk please", "identify the bird on the left",
		"authenticate with the new key", "NickServ is down",
		"nickserv?", "ns records of the zone changed",
		"query ns records please", "/msg ana login hunter2",
		"msg ana hello", "notice the difference", "/msg NickServ",
		"q: who knows?", "PASSWORD x", "operate it", "/pass",
		"quote of the day", "/quote", "loginx y", "ns identify",
		"the PASS hunter2", "webirc is a way to come by the web",
		"WEBIRC IS A WAY", "register at the desk",
		"Register now for it" };
	size_t i;

	for (i = 0; i < NITEMS(said); i++)
		ck_assert_msg(!text_is_secret(said[i], strlen(said[i])),
		    "\"%s\" is not said", said[i]);
}
END_TEST

/* What stands behind the text is not looked at. */
START_TEST(test_length)
{
	ck_assert(!text_is_secret("PASS hunter2", 5));
	ck_assert(!text_is_secret("PASS hunter2", 4));
	ck_assert(text_is_secret("PASS hunter2", 6));
	ck_assert(!text_is_secret(NULL, 0));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "secret", NULL, NULL);

	tcase_add_test(tc, test_secret);
	tcase_add_test(tc, test_no_secret);
	tcase_add_test(tc, test_length);
}
