/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * brbctl backup, both its ends: the server's, in slices, while people talk, and
 * the files that brbctl makes of the answer.
 */
#include "config.h"

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/brbctl-backup.h"
#include "admin/verb.h"
#include "chat-fixture.h"
#include "faults.h"
#include "history/history-file.h"
#include "room/room.h"
#include "state/journal.h"
#include "state/state.h"
#include "unit.h"

#define RING_SIZE 65536

static struct sessions sessions;
static struct admin admin;
static struct verb_call call;
static struct state state;
static char *dir, *copy;

static void
setup(void)
{
	fault_clear();
	dir = unit_dir_new();
	copy = xasprintf("%s/copy", dir);
	fixture_init_options(&fx);
	fx.options.history_size = RING_SIZE;
	free(fx.options.state_dir);
	fx.options.state_dir = xasprintf("%s/state", dir);
	fixture_init(&fx);
	ck_assert_int_eq(state_open(&state, &fx.chat, &fx.chat.bans), 0);
	memset(&sessions, 0, sizeof(sessions));
	memset(&admin, 0, sizeof(admin));
	memset(&call, 0, sizeof(call));
	sessions.chat = &fx.chat;
	admin.sessions = &sessions;
	admin.state = &state;
	call.admin = &admin;
}

static void
teardown(void)
{
	buf_fini(&call.out);
	free(call.state);
	fake_fini(&ana);
	fixture_settle(&fx);
	state_stop(&state);
	chat_fini(&fx.chat);
	state_close(&state);
	options_fini(&fx.options);
	free(copy);
	unit_dir_free(dir);
}

static int64_t
no_time(void)
{
	return INT64_MAX;
}

/* One slice of the server's; its lines go to w. */
static enum verb_result
slice(struct backup_writer *w)
{
	struct walk_budget budget = { .now_us = no_time, .items = 1 };
	enum verb_result result;
	char *line, *next;

	buf_reset(&call.out);
	call.budget = &budget;
	result = verb_run_backup(&call);
	ck_assert_int_ne(result, VERB_FAILED);
	(void)buf_cstr(&call.out);
	for (next = call.out.data; (line = strsep(&next, "\n")) != NULL;)
		if (*line != '\0')
			ck_assert(backup_writer_take(w, line));
	return result;
}

static void
assert_finished(struct backup_writer *w, size_t expected)
{
	size_t files;
	char *error = backup_writer_finish(w, &files);

	ck_assert_msg(error == NULL, "%s", error);
	ck_assert_uint_eq(files, expected);
}

/* How many messages the copy of a room has, and misses. */
static uint64_t
copied(const char *room, uint64_t *missing)
{
	struct history h;
	struct history_report report;
	struct history_cursor c;
	struct event event;
	char error[HISTORY_FILE_ERROR_SIZE];
	char *name = state_ring_name(room);
	int dir_fd = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t messages = 0;

	ck_assert_msg(history_file_open(&h, dir_fd, name, RING_SIZE, &report,
			  error, sizeof(error)) == 0,
	    "%s", error);
	ck_assert_int_eq(report.found, HISTORY_CLOSED);
	*missing = 0;
	for (c = history_oldest(&h); history_read(&h, &c, &event);)
		if (event.kind == EVENT_GAP)
			*missing += event.count;
		else
			messages++;
	history_fini(&h);
	(void)close(dir_fd);
	free(name);
	return messages;
}

static void
say_some(struct membership *ms, unsigned count)
{
	static char text[401];
	unsigned i;

	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i < count; i++)
		fake_say_in(ms, text);
	fixture_settle(&fx);
}

/* The copy is as the room was when its turn came; nothing that it keeps all the
 * time is missing. */
START_TEST(test_talk)
{
	struct backup_writer *w = backup_writer_new(copy);
	struct membership *ms;
	uint64_t messages, missing;

	fake_enter(&fx, &ana, 1, "ana");
	ms = fake_here(&ana);
	say_some(ms, 50);
	while (slice(w) == VERB_MORE)
		say_some(ms, 1);
	assert_finished(w, 5);
	ck_assert_str_eq(unit_dir_names(copy),
	    "accounts.0 bans.0 people.0 room-lobby.ring talks.0");
	messages = copied("lobby", &missing);
	ck_assert_uint_ge(messages, 50);
	ck_assert_uint_eq(missing, 0);
}
END_TEST

/* More is said than the copying can follow: a hole says how much. */
START_TEST(test_much_talk)
{
	struct backup_writer *w = backup_writer_new(copy);
	struct membership *ms;
	uint64_t messages, missing;

	fake_enter(&fx, &ana, 1, "ana");
	ms = fake_here(&ana);
	say_some(ms, 200);
	while (slice(w) == VERB_MORE)
		say_some(ms, 40);
	assert_finished(w, 5);
	messages = copied("lobby", &missing);
	ck_assert_uint_gt(missing, 0);
	ck_assert_uint_le(messages + missing, RING_SIZE / 400);
}
END_TEST

/* A journal that goes on in its other file is begun anew. */
START_TEST(test_journal_renewed)
{
	struct backup_writer *w = backup_writer_new(copy);
	int i;

	fake_enter(&fx, &ana, 1, "ana");
	for (i = 0; i < 60; i++)
		fake_tell(&ana, &ana, "a long private message that waits");
	fixture_settle(&fx);
	ck_assert_int_eq(slice(w), VERB_MORE);
	journal_renew(state.people, fx.clock.mono_ms);
	while (slice(w) == VERB_MORE)
		;
	assert_finished(w, 5);
	ck_assert_str_eq(unit_dir_names(copy),
	    "accounts.0 bans.0 people.0 room-lobby.ring talks.0");
}
END_TEST

/* A room that is let go while it is copied is in no backup, and one that is
 * made anew by its name is not taken for it. */
START_TEST(test_room_gone)
{
	struct backup_writer *w = backup_writer_new(copy);
	struct membership *ms;

	fake_enter(&fx, &ana, 1, "ana");
	ms = fake_join(&fx, &ana, "kitchen");
	say_some(ms, 40);
	while (strstr(buf_cstr(&call.out), "room-kitchen") == NULL)
		ck_assert_int_eq(slice(w), VERB_MORE);
	ck_assert_int_eq(slice(w), VERB_MORE);
	room_leave(ms, ROOM_LEAVE_PART, NULL);
	fx.clock.wall_ms += fx.options.retention + 1;
	fx.clock.mono_ms += fx.options.retention + 1;
	fixture_pass(&fx, 61000);
	fixture_settle(&fx);
	ck_assert_ptr_null(chat_find_room(&fx.chat, "kitchen"));
	(void)fake_join(&fx, &ana, "kitchen");
	while (slice(w) == VERB_MORE)
		;
	assert_finished(w, 5);
	ck_assert_str_eq(unit_dir_names(copy),
	    "accounts.0 bans.0 people.0 room-lobby.ring talks.0");
}
END_TEST

/* What brbctl makes of lines, one string. */

static char *
written(const char *lines)
{
	struct backup_writer *w = backup_writer_new(copy);
	char *text = xstrdup(lines), *next = text, *line;
	size_t files;

	while ((line = strsep(&next, "\n")) != NULL)
		if (*line != '\0' && !backup_writer_take(w, line))
			break;
	free(text);
	return backup_writer_finish(w, &files);
}

static void
assert_written(const char *lines, const char *names)
{
	char *error = written(lines);

	ck_assert_msg(error == NULL, "%s", error);
	ck_assert_str_eq(unit_dir_names(copy), names);
	unit_dir_clear(copy, ".");
}

/* And nothing is left. */
static void
assert_refused(const char *lines, const char *why)
{
	char *error = written(lines);

	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_nonnull(strstr(error, why));
	free(error);
	ck_assert_str_eq(unit_dir_names(copy), "");
}

START_TEST(test_writer)
{
	assert_written("file a.0 4\ndata 6162\nfile b.1 9\nskip 3\ndata 63\n"
		       "done 2",
	    "a.0 b.1");
	assert_written("file a.0 4\nfile a.0 2\nat 1\ndata 61\nat 0\ndata 62\n"
		       "done 1",
	    "a.0");
	assert_written("file a.0 4\ngone\nfile b.0 0\nfile c.0 0\ngone\ndone 1",
	    "b.0");
}
END_TEST

START_TEST(test_writer_refuses)
{
	static const char *const senseless[] = { "file a.0", "file /a 3",
		"file a/../../b 3", "file .a 1", "file  1", "file a x",
		"data 61", "gone", "done x", "nonsense", "at -1",
		"file a.0 1\ndata 6x", "file a.0 1\ndone 2",
		"file a.0 1\nskip 9223372036854775807",
		"file a.0 1\nfile b.0 1\nfile a.0 1 1" };
	size_t i;

	for (i = 0; i < NITEMS(senseless); i++)
		assert_refused(senseless[i], "makes no sense");
	assert_refused("", "cut its answer off");
	assert_refused("file a.0 4\ndata 6162", "cut its answer off");
	assert_refused("file a.0 4\nfailed too bad", "too bad");
	assert_refused("file a.0 4\nfile b.0 4\nfile a.0 4\ndone 3", "exists");
}
END_TEST

/* A full disk leaves nothing behind, and nothing that was there is touched. */
START_TEST(test_writer_fails)
{
	char *other = xasprintf("%s/other", copy), *error;

	fault_set(FAULT_PWRITE, 0, 1, ENOSPC);
	assert_refused("file a.0 1\ndata 61\ndone 1", "No space left");
	fault_clear();
	ck_assert_int_eq(close(open(other, O_CREAT | O_WRONLY, 0600)), 0);
	error = written("file other 1\ndone 1");
	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_nonnull(strstr(error, "is not empty"));
	free(error);
	ck_assert_str_eq(unit_dir_names(copy), "other");
	free(other);
}
END_TEST

void
unit_tests(Suite *s)
{
	TCase *tc = unit_case(s, "backup", setup, teardown);

	tcase_add_test(tc, test_talk);
	tcase_add_test(tc, test_much_talk);
	tcase_add_test(tc, test_journal_renewed);
	tcase_add_test(tc, test_room_gone);
	tcase_add_test(tc, test_writer);
	tcase_add_test(tc, test_writer_refuses);
	tcase_add_test(tc, test_writer_fails);
}
