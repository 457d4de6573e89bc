/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "history/history-file.h"
#include "persist-fixture.h"
#include "room/room.h"
#include "state/journal.h"
#include "state/state-dir.h"
#include "unit.h"

struct persist_fixture pf;

static int
open_room(struct history *history, const char *room, size_t size, void *arg)
{
	char name[64], error[HISTORY_FILE_ERROR_SIZE];

	(void)arg;
	if (pf.unopened != NULL && strcmp(room, pf.unopened) == 0)
		return -1;
	(void)snprintf(name, sizeof(name), "%s.ring", room);
	ck_assert_msg(history_file_open(history, pf.dir_fd, name, size, NULL,
			  error, sizeof(error)) == 0,
	    "%s", error);
	return 0;
}

static bool
has_room(const struct history *history, const char *room, void *arg)
{
	char name[64];

	(void)arg;
	(void)snprintf(name, sizeof(name), "%s.ring", room);
	return history_file_is_in(history, pf.dir_fd, name) == 1;
}

static void
remove_room(const struct history *history, const char *room, void *arg)
{
	char name[64];

	(void)arg;
	(void)snprintf(name, sizeof(name), "%s.ring", room);
	ck_assert_int_eq(history_file_remove(history, pf.dir_fd, name), 0);
}

static void
found_room(const char *name, void *arg)
{
	(void)arg;
	chat_restore_room(&fx.chat, name);
}

const struct room_files persist_fixture_files = {
	.open = open_room,
	.has = has_room,
	.remove = remove_room,
};

static int64_t
slow_now_us(void)
{
	static int64_t now_us;

	return now_us += WALK_SLICE_US;
}

void
persist_fixture_no_wake(void *arg)
{
	(void)arg;
}

void
persist_fixture_start(void)
{
	int64_t mono_ms = fx.clock.mono_ms, wall_ms = fx.clock.wall_ms;
	struct state_dir dir = { .dir_fd = pf.dir_fd };
	char *error = NULL;

	fixture_init(&fx);
	if (mono_ms != 0) {
		fx.clock.mono_ms = mono_ms;
		fx.clock.wall_ms = wall_ms;
	}
	if (pf.is_sliced) {
		walks_init(&fx.deadlines.walks, slow_now_us,
		    persist_fixture_no_wake, NULL);
		fx.deadlines.walks.items = 1;
	}
	ck_assert_int_eq(chat_set_files(&fx.chat, &persist_fixture_files), 0);
	ck_assert_int_eq(state_dir_list(&dir, ".ring", found_room, NULL), 0);
	persist_init(&pf.persist, &fx.chat);
	pf.journal = journal_open(pf.dir_fd, "people", persist_loaded,
	    persist_snapshot, &pf.persist, &error);
	ck_assert_msg(pf.journal != NULL, "%s", error);
	persist_start(&pf.persist, pf.journal);
}

void
persist_fixture_cut(void)
{
	persist_fini(&pf.persist);
	fault_set(FAULT_PWRITE, 0, 1000, EIO);
	fault_set(FAULT_FTRUNCATE, 0, 1000, EIO);
	journal_close(pf.journal);
	fault_clear();
	pf.journal = NULL;
}

void
persist_fixture_tick(void)
{
	static const char much[200000];
	struct walk_budget budget = { .now_us = slow_now_us, .items = 1 };

	if (!journal_is_in_snapshot(pf.journal)) {
		journal_put(pf.journal, "?", 1, much, sizeof(much));
		journal_delete(pf.journal, "?", 1);
	}
	(void)journal_tick(pf.journal, fx.clock.mono_ms, &budget);
}

void
persist_fixture_setup(void)
{
	fault_clear();
	pf.dir = unit_dir_new();
	pf.dir_fd = open(pf.dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(pf.dir_fd, -1);
	fixture_init_options(&fx);
	fx.options.history_size = 65536;
	/* Or who comes back would be shown it, and not be missing it. */
	fx.options.greeting_history = 0;
	persist_fixture_start();
}

void
persist_fixture_teardown(void)
{
	persist_stop(&pf.persist);
	journal_close(pf.journal);
	persist_fini(&pf.persist);
	fixture_fini(&fx);
	(void)close(pf.dir_fd);
	unit_dir_free(pf.dir);
}

void
persist_fixture_restart(struct fake *people, size_t count)
{
	size_t i;

	fixture_settle(&fx);
	persist_fixture_cut();
	for (i = 0; i < count; i++)
		fake_fini(&people[i]);
	chat_fini(&fx.chat);
	persist_fixture_start();
}

void
persist_fixture_settle(void)
{
	fixture_settle(&fx);
	while (pf.persist.write.is_running)
		(void)walks_run(&fx.deadlines.walks);
}
