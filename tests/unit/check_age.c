/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What expires, and what a wrong clock does to it: nothing. hostile 72
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actions/actions.h"
#include "base/age.h"
#include "chat-fixture.h"
#include "faults.h"
#include "history/history-file.h"
#include "room/departed.h"
#include "state/state.h"
#include "unit.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static char *dir;
static struct state state;
static struct age age;
static bool is_synchronised; /* as the kernel says */

static void
look(void)
{
	age_look(&age, fx.clock.mono_ms, fx.clock.wall_ms,
	    is_synchronised ? fx.clock.wall_ms : -1);
	state_put_age(&state);
}

/* The machine runs for so long, and the server with it. */
static void
run(int64_t ms)
{
	int64_t step_ms;

	for (; ms > 0; ms -= step_ms) {
		step_ms = ms < AGE_LOOK_MS ? ms : AGE_LOOK_MS;
		fixture_pass(&fx, step_ms);
		look();
	}
}

static void
server_start(void)
{
	fx.options.history_size = 65536;
	free(fx.options.state_dir);
	fx.options.state_dir = xstrdup(dir);
	age_begin(&age, fx.clock.mono_ms, fx.clock.wall_ms);
	fx.clock.age = &age;
	fixture_init(&fx);
	ck_assert_int_eq(state_open(&state, &fx.chat, &fx.chat.bans), 0);
	look();
}

static void
server_stop(void)
{
	fixture_settle(&fx);
	state_stop(&state);
	chat_fini(&fx.chat);
	state_close(&state);
}

/* The machine is off for so long, and its clock is wrong by some more. */
static void
reboot(int64_t off_ms, int64_t error_ms)
{
	server_stop();
	fx.clock.wall_ms += off_ms + error_ms;
	fx.clock.mono_ms = 5000;
	server_start();
}

static void
setup(void)
{
	fault_clear();
	dir = unit_dir_new();
	fixture_init_options(&fx);
	is_synchronised = false;
	server_start();
}

static void
teardown(void)
{
	server_stop();
	options_fini(&fx.options);
	unit_dir_free(dir);
}

static void
ban(const char *whom, int64_t for_ms)
{
	const struct ban *made;
	const char *why;

	ck_assert_int_eq(action_ban(&fx.chat, whom, for_ms, "", &made, &why),
	    BAN_DONE);
}

static bool
is_banned(const char *nick)
{
	return bans_match_nick(&fx.chat.bans, nick, clock_age_ms(&fx.clock)) !=
	    NULL;
}

/* One of each that expires. */
static void
talk(void)
{
	fake_enter(&fx, &ana, 1, "ana");
	fake_enter(&fx, &bob, 2, "bob");
	fake_say(&ana, "hi");
	member_break(bob.m, NULL);
	ck_assert_int_eq(fake_tell(&bob, &ana, "psst"), MEMBER_QUEUED);
	fixture_settle(&fx);
	fake_fini(&bob);
	fake_fini(&ana);
	ban("eve", 10 * DAY);
}

static void
assert_kept(void)
{
	const struct departed *b;
	bool has_queued = false;

	ck_assert_uint_eq(history_count(&fx.chat.lobby->history), 1);
	ck_assert_uint_eq(fx.chat.departed.count, 2);
	TAILQ_FOREACH(b, &fx.chat.departed.by_age, by_age)
		has_queued |= !TAILQ_EMPTY(&b->person.queued);
	ck_assert(has_queued);
}

static void
assert_all_kept(void)
{
	assert_kept();
	ck_assert(is_banned("eve"));
}

static void
assert_gone(void)
{
	ck_assert_uint_eq(history_count(&fx.chat.lobby->history), 0);
	ck_assert_uint_eq(fx.chat.departed.count, 0);
	ck_assert(!is_banned("eve"));
}

/* 40 days ahead for a minute; and back; whatever the kernel says. */
START_TEST(test_jump_for_a_minute)
{
	is_synchronised = _i != 0;
	run(2 * HOUR);
	talk();
	run(2 * HOUR);
	ck_assert_int_eq(age_waits_ms(&age, fx.clock.mono_ms), 0);
	fx.clock.wall_ms += 40 * DAY;
	run(66000);
	assert_all_kept();
	ck_assert_int_gt(age_waits_ms(&age, fx.clock.mono_ms), 0);
	ck_assert_int_eq(age.jump_ms, 40 * DAY);
	fx.clock.wall_ms -= 40 * DAY;
	run(66000);
	assert_all_kept();
	ck_assert_int_gt(age_waits_ms(&age, fx.clock.mono_ms), 0);
	run(2 * HOUR);
	assert_all_kept();
	ck_assert_int_eq(age_waits_ms(&age, fx.clock.mono_ms), 0);
	/* It all has its time, and not more. */
	run(10 * DAY - 5 * HOUR);
	assert_all_kept();
	run(HOUR);
	assert_kept();
	ck_assert(!is_banned("eve"));
	run(20 * DAY);
	assert_gone();
}
END_TEST

START_TEST(test_start_ahead)
{
	is_synchronised = _i != 0;
	run(2 * HOUR);
	talk();
	is_synchronised = false;
	reboot(MINUTE, 400 * DAY);
	assert_all_kept();
	run(2 * HOUR);
	assert_all_kept();
	reboot(MINUTE, -400 * DAY);
	is_synchronised = _i != 0;
	run(2 * HOUR);
	assert_all_kept();
	run(30 * DAY);
	assert_gone();
}
END_TEST

/* A machine without a clock of its own: each start is at 1970. */
START_TEST(test_start_in_1970)
{
	const int64_t now_ms = fx.clock.wall_ms;

	reboot(0, -now_ms);
	talk();
	run(MINUTE);
	fx.clock.wall_ms += now_ms;
	is_synchronised = true;
	run(3 * HOUR);
	assert_all_kept();
	is_synchronised = false;
	reboot(MINUTE, -now_ms);
	run(MINUTE);
	assert_all_kept();
	/* It was believed before, so this time has passed. */
	fx.clock.wall_ms += now_ms + 31 * DAY;
	is_synchronised = true;
	run(30 * MINUTE);
	assert_all_kept();
	run(HOUR);
	assert_gone();
}
END_TEST

START_TEST(test_time_off)
{
	is_synchronised = true;
	run(2 * HOUR);
	talk();
	reboot(9 * DAY, 0);
	run(2 * HOUR);
	assert_all_kept();
	run(DAY);
	assert_kept();
	ck_assert(!is_banned("eve"));
	reboot(20 * DAY, 0);
	assert_kept();
	run(HOUR + MINUTE);
	assert_gone();
}
END_TEST

START_TEST(test_time_off_unknown)
{
	run(2 * HOUR);
	talk();
	reboot(400 * DAY, 0);
	run(2 * HOUR);
	assert_all_kept();
	/* It was never believed before. */
	is_synchronised = true;
	run(2 * HOUR);
	assert_all_kept();
	run(30 * DAY);
	assert_gone();
}
END_TEST

/* A machine that sleeps, where the monotonic clock stands still. */
START_TEST(test_sleep)
{
	is_synchronised = true;
	run(2 * HOUR);
	talk();
	run(MINUTE);
	fx.clock.wall_ms += 31 * DAY;
	run(HOUR - MINUTE);
	assert_all_kept();
	run(3 * MINUTE);
	assert_gone();
}
END_TEST

/* Nothing goes while the clock may be wrong, even if its time has come. */
START_TEST(test_waits)
{
	run(2 * HOUR);
	talk();
	run(30 * DAY - 10 * MINUTE);
	assert_kept();
	fx.clock.wall_ms -= DAY;
	run(HOUR - MINUTE);
	assert_kept();
	/* Anew. */
	fx.clock.wall_ms += DAY;
	run(HOUR - MINUTE);
	assert_kept();
	run(3 * MINUTE);
	assert_gone();
}
END_TEST

/* Bans neither wait nor end early, and say when they will have ended. */
START_TEST(test_bans)
{
	char *text;

	setenv("TZ", "UTC", 1);
	ban("eve", HOUR);
	fx.clock.wall_ms += 40 * DAY;
	run(59 * MINUTE);
	ck_assert(is_banned("eve"));
	text = ban_sentence(TAILQ_FIRST(&fx.chat.bans.list), &fx.clock);
	ck_assert_str_eq(text, "banned until 12 Jul 13:00");
	free(text);
	fx.clock.wall_ms -= 400 * DAY;
	run(MINUTE);
	ck_assert(!is_banned("eve"));

	ban("eve", HOUR);
	run(10 * MINUTE);
	reboot(40 * DAY, 0);
	ck_assert(is_banned("eve"));
	reboot(0, -400 * DAY);
	run(49 * MINUTE);
	ck_assert(is_banned("eve"));
	run(MINUTE);
	ck_assert(!is_banned("eve"));
}
END_TEST

/* Without the journal the age clock goes on from what there is. */
START_TEST(test_age_lost)
{
	char path[200];
	int i;

	run(5 * DAY);
	talk();
	run(5 * DAY);
	reboot(MINUTE, 0);
	server_stop();
	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/people.%d", dir, i);
		ck_assert_int_eq(unlink(path), 0);
	}
	server_start();
	ck_assert_uint_eq(history_count(&fx.chat.lobby->history), 1);
	ck_assert(is_banned("eve"));
	run(9 * DAY);
	ck_assert(is_banned("eve"));
	run(DAY);
	ck_assert(!is_banned("eve"));
	run(20 * DAY + HOUR);
	assert_gone();
}
END_TEST

/* A file of another server, whose age clock is far ahead, ages nothing here. */
START_TEST(test_ring_from_elsewhere)
{
	struct event event = { .kind = EVENT_SAY, .nick = "zed", .text = "" };
	char error[HISTORY_FILE_ERROR_SIZE];
	struct history h;
	int dir_fd;

	run(HOUR);
	talk();
	server_stop();
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(history_file_open(&h, dir_fd, "room-den.ring",
			     fx.options.history_size, NULL, error,
			     sizeof(error)),
	    0);
	event.age_ms = 400 * DAY;
	(void)history_append(&h, &event);
	ck_assert_int_eq(history_close(&h), 0);
	ck_assert_int_eq(close(dir_fd), 0);
	server_start();
	run(HOUR);
	assert_all_kept();
	ck_assert_ptr_nonnull(chat_find_room(&fx.chat, "den"));
}
END_TEST

static void
assert_refused(int64_t age_ms, int64_t sure_wall_ms, int64_t sure_age_ms)
{
	struct age a;

	age_begin(&a, 1000, 2000);
	ck_assert(!age_go_on(&a, 1000, age_ms, sure_wall_ms, sure_age_ms));
	ck_assert_int_eq(a.ahead_ms, 0);
}

START_TEST(test_made_up)
{
	struct age a;

	assert_refused(-1, 0, 0);
	assert_refused(AGE_MAX_MS, 0, 0);
	assert_refused(INT64_MIN, 0, 0);
	assert_refused(5, 0, 6);
	assert_refused(5, 0, -1);
	assert_refused(5, INT64_MIN, 0);
	age_begin(&a, 1000, 2000);
	age_raise(&a, 1000, INT64_MAX);
	age_raise(&a, 1000, 999);
	ck_assert_int_eq(a.ahead_ms, 0);
	age_raise(&a, 1000, 1001);
	ck_assert_int_eq(a.ahead_ms, 1);
	ck_assert(age_is_sound(&a));
	a.offset_ms = INT64_MAX;
	ck_assert(!age_is_sound(&a));
	/* Either is right here. */
	ck_assert_int_ge(age_kernel_ms(), -1);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "age", setup, teardown);

	tcase_add_loop_test(tc, test_jump_for_a_minute, 0, 2);
	tcase_add_loop_test(tc, test_start_ahead, 0, 2);
	tcase_add_test(tc, test_start_in_1970);
	tcase_add_test(tc, test_time_off);
	tcase_add_test(tc, test_time_off_unknown);
	tcase_add_test(tc, test_sleep);
	tcase_add_test(tc, test_waits);
	tcase_add_test(tc, test_bans);
	tcase_add_test(tc, test_age_lost);
	tcase_add_test(tc, test_ring_from_elsewhere);
	tcase_add_test(tc, test_made_up);
}
