/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * brbctl export, in slices, while the rooms and the people go on.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/verb.h"
#include "chat-fixture.h"
#include "room/room.h"
#include "unit.h"

static struct sessions sessions;
static struct admin admin;
static struct verb_call call;
static char *argv[2];

static void
setup(void)
{
	fixture_setup_empty();
	memset(&sessions, 0, sizeof(sessions));
	memset(&admin, 0, sizeof(admin));
	memset(&call, 0, sizeof(call));
	sessions.chat = &fx.chat;
	admin.sessions = &sessions;
}

static void
teardown(void)
{
	buf_fini(&call.out);
	free(call.state);
	fixture_teardown();
}

static void
begin(const char *name)
{
	argv[0] = (char *)(uintptr_t)name;
	call.admin = &admin;
	call.argv = argv;
	call.argc = 1;
	call.json.out = &call.out;
}

static int64_t
no_time(void)
{
	return INT64_MAX;
}

/* One slice, of a single message; what it says is in call.out. */
static enum verb_result
slice(void)
{
	struct walk_budget budget = { .now_us = no_time, .items = 1 };

	buf_reset(&call.out);
	call.budget = &budget;
	return verb_run_export(&call);
}

/* The slice says this, behind the time. */
static void
assert_slice(const char *expected)
{
	const char *text;

	ck_assert_int_eq(slice(), VERB_MORE);
	text = strchr(buf_cstr(&call.out), ']');
	ck_assert_msg(text != NULL, "%s", buf_cstr(&call.out));
	ck_assert_str_eq(text + 2, expected);
}

/* Lets the kitchen go, with all that was said there. */
static void
empty_kitchen(void)
{
	fx.clock.wall_ms += fx.options.retention + 1;
	fx.clock.mono_ms += fx.options.retention + 1;
	fixture_pass(&fx, 61000);
	fixture_settle(&fx);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
}

/* A number or a place in the old room is none in the new one. */
START_TEST(test_room_made_anew)
{
	struct membership *ms;
	int i;

	fake_enter(&fx, &ana, 1, "ana");
	ms = fake_join(&fx, &ana, "kitchen");
	for (i = 0; i < 9; i++)
		fake_say_in(ms, "a long line of the old room");
	begin("kitchen");
	ck_assert_int_eq(slice(), VERB_MORE);
	for (i = 0; i < 5; i++)
		assert_slice("#kitchen <ana> a long line of the old room\n");
	room_leave(ms, ROOM_LEAVE_PART, NULL);
	empty_kitchen();
	ms = fake_join(&fx, &ana, "kitchen");
	fake_say_in(ms, "new");
	fixture_settle(&fx);
	ck_assert_int_eq(slice(), VERB_DONE);
	ck_assert_str_eq(buf_cstr(&call.out), "");
}
END_TEST

/* What the ring knows to be missing is said. */
START_TEST(test_gap)
{
	fake_enter(&fx, &ana, 1, "ana");
	fake_say(&ana, "one");
	history_append_hole(&fx.chat.lobby->history,
	    fx.chat.lobby->history.next_number + 3);
	fake_say(&ana, "two");
	fixture_settle(&fx);
	begin("lobby");
	ck_assert_int_eq(slice(), VERB_MORE);
	assert_slice("#lobby <ana> one\n");
	assert_slice("#lobby -- \xe2\x80\xa6 3 earlier messages are no longer "
		     "held\n");
	assert_slice("#lobby <ana> two\n");
	ck_assert_int_eq(slice(), VERB_DONE);
}
END_TEST

/* What a guest has said is kept, too. */
START_TEST(test_guest)
{
	struct buf said = BUF_INITIALIZER;
	char nick[NICK_SIZE];

	fake_init(&fx, &ana, 1);
	memcpy(nick, ana.m->nick, sizeof(nick));
	fake_say(&ana, "who am I?");
	fixture_settle(&fx);
	begin(nick);
	while (slice() == VERB_MORE)
		buf_add(&said, call.out.data, call.out.len);
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "here from "));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "> who am I?\n"));
	buf_fini(&said);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "export", setup, teardown);

	tcase_add_test(tc, test_room_made_anew);
	tcase_add_test(tc, test_gap);
	tcase_add_test(tc, test_guest);
}
