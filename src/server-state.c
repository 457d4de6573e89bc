/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * What the room layer keeps, in the files of a directory. The histories come
 * first, then the people, whose places are numbers in them.
 *
 * The disk is written to by the kernel, which is nudged once in a second while
 * something has changed. That bounds what power loss can cost; a crash of the
 * process costs nothing, since all is with the kernel already.
 */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history-file.h"
#include "server-state.h"

#define SERVER_STATE_TICK_MS 1000
#define SERVER_STATE_PEOPLE "people"
#define SERVER_STATE_BANS "bans"
#define SERVER_STATE_ROOM "room-"
#define SERVER_STATE_RING ".ring"

static char *
server_state_ring_name(const char *room)
{
	return xasprintf(SERVER_STATE_ROOM "%s" SERVER_STATE_RING, room);
}

static int
server_state_open_room(struct history *h, const char *room, size_t size,
    void *arg)
{
	struct server_state *state = arg;
	char error[HISTORY_FILE_ERROR_SIZE];
	char *name = server_state_ring_name(room);
	int result;

	result = history_file_open(h, state->dir.dir_fd, name, size, NULL,
	    error, sizeof error);
	if (result == -1)
		log_limited(&state->open_log, state->rooms->clock->mono_ms,
		    LOG_LEVEL_ERROR, "a room's history is not kept: %s", error);
	free(name);
	return result;
}

static void
server_state_remove_room(const struct history *h, const char *room, void *arg)
{
	struct server_state *state = arg;
	char *name = server_state_ring_name(room);

	if (history_file_remove(h, state->dir.dir_fd, name) == -1)
		log_error("cannot remove a room's history: file=%s: %s", name,
		    strerror(errno));
	free(name);
}

static void
server_state_found(const char *stem, void *arg)
{
	struct server_state *state = arg;
	const size_t len = strlen(SERVER_STATE_ROOM);

	if (strncmp(stem, SERVER_STATE_ROOM, len) == 0)
		rooms_restore(state->rooms, stem + len);
}

static void
server_state_tick_cb(void *arg)
{
	struct server_state *state = arg;
	struct rooms *rooms = state->rooms;
	struct room *room;
	bool is_due;

	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		if (history_writeback(&room->history) == -1)
			log_limited(&state->write_log, rooms->clock->mono_ms,
			    LOG_LEVEL_ERROR,
			    "a history does not get to the disk: room=%s: %s",
			    room->name, strerror(errno));
	is_due = state->people != NULL &&
	    store_tick(state->people, rooms->clock->mono_ms);
	is_due |= state->ban_store != NULL &&
	    store_tick(state->ban_store, rooms->clock->mono_ms);
	if (is_due)
		server_state_turn(state);
}

static void
server_state_init(struct server_state *state, struct rooms *rooms,
    struct bans *bans)
{
	memset(state, 0, sizeof *state);
	state->rooms = rooms;
	state->bans = bans;
	deadline_init(&state->tick, server_state_tick_cb, state);
	state->files.open = server_state_open_room;
	state->files.remove = server_state_remove_room;
	state->files.arg = state;
}

/* 0; 1: there is none; -1, after it was logged. */
static int
server_state_open_dir(struct server_state *state)
{
	const char *path = state->rooms->options->state_dir;
	char *error = NULL;

	if (path[0] == '\0')
		return 1;
	if (state_open(&state->dir, path, &error) == -1) {
		log_error("%s", error);
		free(error);
		return -1;
	}
	state->is_open = true;
	return 0;
}

/* NULL, after it was logged. */
static struct store *
server_state_open_store(struct server_state *state, const char *name,
    store_loaded *loaded, void (*snapshot)(struct store *store, void *arg),
    void *arg)
{
	struct store *store;
	char *error = NULL;

	store = store_open(state->dir.dir_fd, name, loaded, snapshot, arg,
	    &error);
	if (store == NULL) {
		log_error("%s", error);
		free(error);
	}
	return store;
}

int
server_state_open(struct server_state *state, struct rooms *rooms,
    struct bans *bans)
{
	int result;

	server_state_init(state, rooms, bans);
	result = server_state_open_dir(state);
	if (result != 0)
		return result == 1 ? 0 : -1;
	if (rooms_set_files(rooms, &state->files) == -1)
		return -1;
	state_list(&state->dir, SERVER_STATE_RING, server_state_found, state);
	state->people = server_state_open_store(state, SERVER_STATE_PEOPLE,
	    keeper_loaded, keeper_snapshot, rooms);
	if (state->people == NULL)
		return -1;
	keeper_start(rooms, state->people);
	state->ban_store = server_state_open_store(state, SERVER_STATE_BANS,
	    bans_loaded, bans_snapshot, bans);
	if (state->ban_store == NULL)
		return -1;
	bans_keep(bans, state->ban_store);
	log_info("state opened: dir=%s rooms=%zu bookmarks=%zu bans=%zu",
	    rooms->options->state_dir, rooms->count, rooms->bookmarks.count,
	    bans->count);
	return 0;
}

/*
 * What is in the store is here already. It may be less than that: the disk may
 * have been full, or what was found is damaged. So all is written anew.
 */
static void
server_state_known(const void *key, size_t key_len, const void *value,
    size_t len, void *arg)
{
	(void)key;
	(void)key_len;
	(void)value;
	(void)len;
	(void)arg;
}

void
server_state_resume(struct server_state *state, struct rooms *rooms,
    struct bans *bans)
{
	server_state_init(state, rooms, bans);
	if (server_state_open_dir(state) != 0)
		return;
	rooms_resume_files(rooms, &state->files);
	state->people = server_state_open_store(state, SERVER_STATE_PEOPLE,
	    server_state_known, keeper_snapshot, rooms);
	if (state->people != NULL) {
		keeper_resume(rooms, state->people);
		store_renew(state->people, rooms->clock->mono_ms);
	}
	state->ban_store = server_state_open_store(state, SERVER_STATE_BANS,
	    server_state_known, bans_snapshot, bans);
	if (state->ban_store != NULL) {
		bans_keep(bans, state->ban_store);
		store_renew(state->ban_store, rooms->clock->mono_ms);
	}
	server_state_turn(state);
}

void
server_state_turn(struct server_state *state)
{
	if (state->is_open && !state->tick.is_set)
		deadline_set(state->rooms->deadlines, &state->tick,
		    state->rooms->clock->mono_ms + SERVER_STATE_TICK_MS);
}

void
server_state_stop(struct server_state *state)
{
	if (!state->is_open)
		return;
	deadline_clear(state->rooms->deadlines, &state->tick);
	keeper_stop(state->rooms);
	store_close(state->people);
	state->people = NULL;
	bans_keep(state->bans, NULL);
	store_close(state->ban_store);
	state->ban_store = NULL;
}

void
server_state_close(struct server_state *state)
{
	if (!state->is_open)
		return;
	state_close(&state->dir);
	state->is_open = false;
}
