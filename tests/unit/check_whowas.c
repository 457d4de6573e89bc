/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Who comes and goes by name: the directory's hook, its counts, and who was.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "chat-fixture.h"
#include "room/rename.h"
#include "room/roommates.h"
#include "room/whowas.h"
#include "unit.h"

static struct buf shown;
static struct directory_watch watch;

static void
used(const struct member *m, void *arg)
{
	ck_assert_ptr_eq(arg, &shown);
	buf_addf(&shown, "+%s ", m->nick);
}

static void
freed(const char *nick, void *arg)
{
	ck_assert_ptr_eq(arg, &shown);
	buf_addf(&shown, "-%s ", nick);
}

static void
event_told(const struct member *m, const struct event *event, void *arg)
{
	ck_assert_ptr_eq(arg, &shown);
	ck_assert(roommates_was_told(m));
	if (event->kind == EVENT_SYNC_SETNAME)
		buf_addf(&shown, "%s:%s(%d%d) ", m->nick, event->text,
		    bob.m != NULL && roommates_was_told(bob.m),
		    cy.m != NULL && roommates_was_told(cy.m));
}

static const char *
what(void)
{
	static char copy[1000];

	(void)snprintf(copy, sizeof(copy), "%s", buf_cstr(&shown));
	buf_reset(&shown);
	return copy;
}

static void
setup(void)
{
	fixture_setup_empty();
	watch.used = used;
	watch.freed = freed;
	watch.shown = event_told;
	watch.arg = &shown;
	fx.chat.directory.watch = &watch;
}

static void
teardown(void)
{
	fx.chat.directory.watch = NULL;
	fixture_teardown();
	buf_fini(&shown);
}

START_TEST(test_watch)
{
	fake_init(&fx, &ana, 1);
	ck_assert_str_eq(what(), "+guest1 ");
	ck_assert_int_eq(fake_nick(&ana, "ana"), RENAME_DONE);
	ck_assert_str_eq(what(), "-guest1 +ana ");
	ck_assert_int_eq(fake_nick(&ana, "ANA"), RENAME_DONE);
	ck_assert_str_eq(what(), "");
	fake_quit(&ana, NULL);
	ck_assert_str_eq(what(), "-ANA ");
	fake_fini(&ana);
	/* Who brings a nick is a guest for a moment that nobody sees. */
	fake_init_tracker(&fx, &bob, 2, "bob");
	ck_assert_ptr_nonnull(strstr(what(), "+bob "));
	ck_assert_ptr_null(strstr(what(), "+guest"));
	fake_quit(&bob, NULL);
	ck_assert_str_eq(what(), "-bob ");
}
END_TEST

/* A lost connection is no departure until it is given up. */
START_TEST(test_lost)
{
	fake_enter(&fx, &ana, 1, "ana");
	(void)what();
	fake_lose(&ana);
	ck_assert_str_eq(what(), "");
	fake_init(&fx, &bob, 1);
	ck_assert_int_eq(fake_nick(&bob, "ana"), RENAME_RETURNED);
	ck_assert_str_eq(what(), "+guest2 -guest2 ");
	fake_say(&bob, "back");
	fake_lose(&bob);
	fixture_pass(&fx, fx.options.departure_delay + 1000);
	ck_assert_str_eq(what(), "-ana ");
}
END_TEST

/* Nor is it one when somebody is replaced by themselves. */
START_TEST(test_takeover)
{
	uint64_t at = UINT64_MAX;

	fake_enter(&fx, &ana, -1000, "ana");
	fake_init(&fx, &bob, -1000);
	(void)what();
	ck_assert_int_eq(fake_nick(&bob, "ana"), RENAME_RETURNED);
	ck_assert(ana.was_replaced);
	ck_assert_str_eq(what(), "-guest2 ");
	ck_assert_ptr_null(whowas_find(&fx.chat.directory.whowas, "ana", &at));
	fake_quit(&bob, NULL);
	ck_assert_str_eq(what(), "-ana ");
}
END_TEST

/* Whoever watches knows who has been told already. */
START_TEST(test_told)
{
	fake_enter_tracker(&fx, &ana, 1, "ana");
	fake_enter_tracker(&fx, &bob, 2, "bob");
	fake_init_tracker(&fx, &cy, 3, "cy");
	(void)what();
	member_set_realname(ana.m, "Ana");
	ck_assert_str_eq(what(), "ana:Ana(10) ");
	/* In no room: nobody. */
	member_set_realname(cy.m, "Cyrus");
	ck_assert_str_eq(what(), "cy:Cyrus(01) ");
}
END_TEST

START_TEST(test_counts)
{
	const struct directory *r = &fx.chat.directory;

	fake_enter(&fx, &ana, 1, "ana");
	fake_enter(&fx, &bob, 2, "bob");
	ck_assert_uint_eq(r->present_max, 2);
	member_set_flags(ana.m, MEMBER_INVISIBLE | MEMBER_OPER);
	member_set_flags(bob.m, MEMBER_INVISIBLE | MEMBER_BOT);
	ck_assert_uint_eq(r->invisible_count, 2);
	ck_assert_uint_eq(r->oper_count, 1);
	member_set_flags(bob.m, MEMBER_OPER);
	ck_assert_uint_eq(r->invisible_count, 1);
	ck_assert_uint_eq(r->oper_count, 2);
	/* Who has lost the connection is not counted, and not twice. */
	fake_lose(&ana);
	ck_assert_uint_eq(r->invisible_count, 0);
	ck_assert_uint_eq(r->oper_count, 1);
	fake_enter(&fx, &cy, 3, "cy");
	ck_assert_uint_eq(r->present_max, 2);
	fixture_pass(&fx, fx.options.departure_delay + 1000);
	ck_assert_uint_eq(r->invisible_count, 0);
	fake_quit(&bob, NULL);
	ck_assert_uint_eq(r->oper_count, 0);
	ck_assert_uint_eq(r->present_max, 2);
}
END_TEST

START_TEST(test_whowas)
{
	const struct whowas *w = &fx.chat.directory.whowas;
	const struct whowas_entry *e;
	uint64_t at = UINT64_MAX;
	char nick[NICK_SIZE], longest[NICK_MAX + 2];
	int i;

	ck_assert_ptr_null(whowas_find(w, "ana", &at));
	fake_enter(&fx, &ana, 1, "ana");
	member_set_user(ana.m, "ada");
	member_set_realname(ana.m, "Ada L.");
	fake_enter(&fx, &bob, 2, "bob");
	ck_assert_int_eq(fake_nick(&ana, "ANA"), RENAME_DONE);
	ck_assert_ptr_null(whowas_find(w, "ana", &at));
	ck_assert_int_eq(fake_nick(&ana, "Ada"), RENAME_DONE);
	fx.clock.wall_ms += 5000;
	fake_quit(&ana, NULL);
	ck_assert_int_eq(fake_nick(&bob, "ada"), RENAME_DONE);
	fake_quit(&bob, NULL);

	/* The newest first, in any case. */
	e = whowas_find(w, "ADA", &at);
	ck_assert_ptr_nonnull(e);
	ck_assert_str_eq(e->nick, "ada");
	ck_assert_str_eq(e->user, "");
	ck_assert_str_eq(e->realname, "");
	e = whowas_find(w, "ADA", &at);
	ck_assert_ptr_nonnull(e);
	ck_assert_str_eq(e->nick, "Ada");
	ck_assert_str_eq(e->user, "ada");
	ck_assert_str_eq(e->realname, "Ada L.");
	ck_assert_int_eq(e->until_ms, fx.clock.wall_ms);
	ck_assert_str_ne(e->host, "");
	ck_assert_ptr_null(whowas_find(w, "ADA", &at));
	at = UINT64_MAX;
	e = whowas_find(w, "ana", &at);
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(e->until_ms, fx.clock.wall_ms - 5000);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_null(whowas_find(w, longest, &at));

	/* Guests are no matter; the ring is not longer than it is. */
	fake_fini(&ana);
	fake_fini(&bob);
	fake_init(&fx, &cy, 3);
	for (i = 0; i < WHOWAS_MAX - 1; i++) {
		(void)snprintf(nick, sizeof(nick), "cy%dx", i);
		ck_assert_int_eq(fake_nick(&cy, nick), RENAME_DONE);
	}
	at = UINT64_MAX;
	ck_assert_ptr_nonnull(whowas_find(w, "ada", &at));
	fake_quit(&cy, NULL);
	for (i = 0; i < 3; i++) {
		fake_fini(&cy);
		fake_enter(&fx, &cy, 3, "dan");
		fake_quit(&cy, NULL);
	}
	at = UINT64_MAX;
	ck_assert_ptr_null(whowas_find(w, "ada", &at));
	at = UINT64_MAX;
	ck_assert_ptr_nonnull(whowas_find(w, "dan", &at));
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "whowas", setup, teardown);

	tcase_add_test(tc, test_watch);
	tcase_add_test(tc, test_lost);
	tcase_add_test(tc, test_takeover);
	tcase_add_test(tc, test_told);
	tcase_add_test(tc, test_counts);
	tcase_add_test(tc, test_whowas);
}
