/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <check.h>
#include <stdio.h>

#include "chat-fixture.h"
#include "room/departed.h"
#include "room/person.h"
#include "unit.h"

static void
put(const char *nick, uid_t uid, uint64_t number)
{
	struct credential c = credential_from_uid(uid);
	struct history_cursor cursor = { number, 0 };
	struct person p;

	person_init(&p);
	person_set_bookmark(&p, fx.chat.lobby, cursor, 5);
	departed_put(&fx.chat.departed, nick, &c, &p, 17);
	ck_assert(person_is_empty(&p));
}

static uint64_t
take(const char *nick, uid_t uid)
{
	struct credential c = credential_from_uid(uid);
	struct departed *b = departed_take(&fx.chat.departed, nick, &c);
	uint64_t number;

	if (b == NULL)
		return 0;
	ck_assert_int_eq(b->left_ms, 17);
	number = person_bookmark(&b->person, fx.chat.lobby)->cursor.number;
	departed_free(&fx.chat, b);
	return number;
}

START_TEST(test_put_and_take)
{
	fixture_init_options(&fx);
	fixture_init(&fx);
	put("bob", 1, 10);
	put("bob", 2, 20);
	put("ana", 1, 30);
	put("bob", 1, 11); /* replaces */
	ck_assert_uint_eq(fx.chat.departed.count, 3);
	ck_assert_uint_eq(take("bob", 3), 0);
	ck_assert_uint_eq(take("bob", 1), 11);
	ck_assert_uint_eq(take("bob", 1), 0);
	ck_assert_uint_eq(take("bob", 2), 20);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	fixture_fini(&fx);
}
END_TEST

/* hostile 30 */
START_TEST(test_limits)
{
	char nick[16];
	unsigned i;

	fixture_init_options(&fx);
	fx.options.max_bookmarks = 1000;
	fixture_init(&fx);
	put("early", 2, 1);
	for (i = 0; i < 10000; i++) {
		(void)snprintf(nick, sizeof(nick), "n%u", i);
		put(nick, 1, 1);
	}
	/* One address has pushed out nobody. */
	ck_assert_uint_eq(fx.chat.departed.count, DEPARTED_PER_CREDENTIAL + 1);
	ck_assert_uint_eq(take("n0", 1), 1);
	ck_assert_uint_eq(take("n9999", 1), 0);
	for (i = 0; i < 2000; i++)
		put("bob", 1000 + i, i + 1);
	ck_assert_uint_eq(fx.chat.departed.count, 1000);
	/* It has given up all but one for those who came. */
	ck_assert_uint_eq(take("n2", 1), 0);
	ck_assert_uint_eq(take("n1", 1), 1);
	ck_assert_uint_eq(take("early", 2), 1);
	ck_assert_uint_eq(take("bob", 1000), 1);
	ck_assert_uint_eq(take("bob", 2999), 0);
	fixture_fini(&fx);
}
END_TEST

/* Somebody comes from host as nick, perhaps says a word, and leaves. */
static void
visit(int host, const char *nick, bool has_spoken)
{
	struct fake f;

	fake_init(&fx, &f, host);
	(void)fake_nick(&f, nick);
	if (has_spoken)
		person_make_known(&f.m->person, fx.clock.mono_ms);
	fixture_pass(&fx, 10);
	fake_quit(&f, NULL);
	fake_fini(&f);
}

static bool
has_place(const char *nick, int host)
{
	struct fake f;
	bool has;

	fake_init(&fx, &f, host);
	has = departed_find(&fx.chat.departed, nick, &f.credential) != NULL;
	fake_fini(&f);
	return has;
}

/* Places of many who never said a word, from one address or many, and of those
 * who did. hostile 148 */
START_TEST(test_shares)
{
	char nick[16];
	int i;

	fixture_init_options(&fx);
	fx.options.max_bookmarks = 100;
	fixture_init(&fx);
	visit(2, "kim", true);
	for (i = 0; i < 20; i++) {
		(void)snprintf(nick, sizeof(nick), "office%d", i);
		visit(3, nick, true);
	}
	for (i = 0; i < 70; i++) {
		(void)snprintf(nick, sizeof(nick), "y%d", i);
		visit(2, nick, false);
	}
	ck_assert(has_place("kim", 2));
	for (i = 0; i < 3000; i++) {
		(void)snprintf(nick, sizeof(nick), "z%d", i);
		visit(4 + i % 100, nick, false);
	}
	ck_assert_uint_eq(fx.chat.departed.count, 100);
	ck_assert(has_place("kim", 2));
	ck_assert(has_place("office0", 3) && has_place("office19", 3));

	/* Who says a word has a place before all who did not. */
	visit(2, "lee", true);
	ck_assert(has_place("lee", 2));
	/* Those who say a word take from the address that has most, and there
	 * from who is known for the shortest time. */
	for (i = 0; i < 3000; i++) {
		(void)snprintf(nick, sizeof(nick), "w%d", i);
		visit(4 + i % 16, nick, true);
	}
	ck_assert_uint_eq(fx.chat.departed.count, 100);
	ck_assert(has_place("kim", 2) && has_place("lee", 2));
	ck_assert(has_place("office0", 3) && has_place("office3", 3));
	ck_assert(!has_place("office19", 3));
	/* Who is known stays so when they come again and go. */
	visit(3, "office0", false);
	ck_assert(has_place("office0", 3));
	fixture_fini(&fx);
}
END_TEST

START_TEST(test_retention)
{
	fixture_init_options(&fx);
	fx.options.retention = 3600000;
	fixture_init(&fx);
	put("bob", 1, 1);
	fixture_pass(&fx, 1800000);
	put("ana", 1, 1);
	fixture_pass(&fx, 1900000);
	ck_assert_uint_eq(fx.chat.departed.count, 1);
	ck_assert_uint_eq(take("ana", 1), 1);
	fixture_fini(&fx);
}
END_TEST

START_TEST(test_a_room_takes_its_places_along)
{
	struct history_cursor cursor = { 1, 0 };
	struct credential c = credential_from_uid(1);
	struct room *room;
	struct person p;

	fixture_init_options(&fx);
	fx.options.retention = 50000;
	fixture_init(&fx);
	ck_assert_int_eq(chat_open_room(&fx.chat, "gone", &room),
	    CHAT_ROOM_MADE);
	fixture_pass(&fx, 30000);
	person_init(&p);
	person_set_bookmark(&p, room, cursor, 0);
	person_set_bookmark(&p, fx.chat.lobby, cursor, 0);
	departed_put(&fx.chat.departed, "bob", &c, &p, 17);
	ck_assert_ptr_nonnull(chat_find_room(&fx.chat, "gone"));
	/* Nobody has been in the room for retention. */
	fixture_pass(&fx, 31000);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "gone"));
	ck_assert_uint_eq(take("bob", 1), 1);
	fixture_fini(&fx);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "departed", NULL, NULL);

	tcase_add_test(tc, test_put_and_take);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_shares);
	tcase_add_test(tc, test_retention);
	tcase_add_test(tc, test_a_room_takes_its_places_along);
}
