/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Stores what the room layer must not lose in the files of a directory. The
 * histories come first, then the people, whose bookmarks are numbers in them.
 *
 * The kernel writes to the disk; we only tell it to start, once a second while
 * something has changed. That bounds what a power cut can cost; a crash of the
 * process costs nothing, since the kernel has everything already.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/history-file.h"
#include "room/room.h"
#include "state/accounts-journal.h"
#include "state/bans-journal.h"
#include "state/conversations-journal.h"
#include "room/chat-rooms.h"
#include "room/chat.h"
#include "room/conversing.h"
#include "state/state.h"

#define SERVER_STATE_TICK_MS 1000
#define STATE_RETRY_MS 10000 /* rooms without a file get one */
#define SERVER_STATE_PEOPLE "people"
#define SERVER_STATE_BANS "bans"
#define SERVER_STATE_ACCOUNTS "accounts"
#define SERVER_STATE_TALKS "talks"
#define SERVER_STATE_ROOM "room-"
#define SERVER_STATE_TALK "talk-"
#define SERVER_STATE_RING ".ring"

char *
state_ring_name(const char *room)
{
	return xasprintf(SERVER_STATE_ROOM "%s" SERVER_STATE_RING, room);
}

static int
state_open_room(struct history *h, const char *room, size_t size, void *arg)
{
	struct state *state = arg;
	char error[HISTORY_FILE_ERROR_SIZE];
	char *name = state_ring_name(room);
	int result;

	errno = 0;
	result = history_file_open(h, state->dir.dir_fd, name, size, NULL,
	    error, sizeof(error));
	if (result == -1) {
		state->room_error = errno == 0 ? EIO : errno;
		log_limited(&state->open_log, state->chat->clock->mono_ms,
		    LOG_LEVEL_ERROR, "a room's history is not kept: %s", error);
	}
	free(name);
	return result;
}

static bool
state_has_room(const struct history *h, const char *room, void *arg)
{
	struct state *state = arg;
	char *name = state_ring_name(room);
	int is_in = history_file_is_in(h, state->dir.dir_fd, name);

	free(name);
	return is_in == 1;
}

static void
state_remove_room(const struct history *h, const char *room, void *arg)
{
	struct state *state = arg;
	char *name = state_ring_name(room);

	if (history_file_remove(h, state->dir.dir_fd, name) == -1)
		log_error("cannot remove a room's history: file=%s: %s", name,
		    strerror(errno));
	free(name);
}

char *
state_talk_name(uint64_t id)
{
	return xasprintf(SERVER_STATE_TALK "%016llx" SERVER_STATE_RING,
	    (unsigned long long)id);
}

static int
state_open_talk(struct history *h, uint64_t id, size_t size, void *arg)
{
	struct state *state = arg;
	char error[HISTORY_FILE_ERROR_SIZE];
	char *name = state_talk_name(id);
	int result;

	result = history_file_open_growing(h, state->dir.dir_fd, name, size,
	    error, sizeof(error));
	if (result == -1)
		log_limited(&state->open_log, state->chat->clock->mono_ms,
		    LOG_LEVEL_ERROR, "a conversation cannot be opened: %s",
		    error);
	free(name);
	return result;
}

static void
state_remove_talk(uint64_t id, void *arg)
{
	struct state *state = arg;
	char *name = state_talk_name(id);

	if (unlinkat(state->dir.dir_fd, name, 0) == -1 && errno != ENOENT)
		log_error("cannot remove a conversation: file=%s: %s", name,
		    strerror(errno));
	free(name);
}

/* Begins writing what was said in conversations that are open. */
static void
state_write_back_talks(struct state *state)
{
	if (conversations_writeback(&state->chat->conversations) == 0)
		return;
	state->ticked_error = errno;
	log_limited(&state->write_log, state->chat->clock->mono_ms,
	    LOG_LEVEL_ERROR, "a conversation does not get to the disk: %s",
	    strerror(errno));
}

static void
state_found(const char *stem, void *arg)
{
	struct state *state = arg;
	const size_t len = strlen(SERVER_STATE_ROOM);

	if (strncmp(stem, SERVER_STATE_ROOM, len) == 0)
		chat_restore_room(state->chat, stem + len);
}

/* Has the room, and what was said in it, on the disk. */
static void
state_write_back_room(struct state *state, struct room *room,
    struct walk_budget *budget)
{
	if (room->is_unkept && !room->is_kept_out && state->is_retry) {
		room_keep(room);
		walk_took_long(budget);
	}
	state->ticked_unkept += room->is_unkept;
	if (history_writeback(&room->history) == 0)
		return;
	state->ticked_error = errno;
	log_limited(&state->write_log, state->chat->clock->mono_ms,
	    LOG_LEVEL_ERROR, "a history does not get to the disk: room=%s: %s",
	    room->name, strerror(errno));
}

static void
state_rooms_done(struct state *state)
{
	if (state->ticked_error != 0 || state->ticked_unkept == 0)
		state->room_error = state->ticked_error;
	state->unkept_rooms = state->ticked_unkept;
	if (state->is_retry)
		state->retry_ms = state->chat->clock->mono_ms + STATE_RETRY_MS;
}

/* All rooms, then the journals. */
static bool
state_write_back(struct walk_budget *budget, void *arg)
{
	struct state *state = arg;
	struct chat *chat = state->chat;
	struct room *room;
	bool is_due;

	if (state->ticked[0] == '\0') {
		state->ticked_unkept = 0;
		state->ticked_error = 0;
		state->is_retry = chat->clock->mono_ms >= state->retry_ms;
	}
	while ((room = chat_room_after(chat, state->ticked)) != NULL) {
		if (!walk_may_take(budget))
			return true;
		memcpy(state->ticked, room->name, sizeof(state->ticked));
		state_write_back_room(state, room, budget);
	}
	state_write_back_talks(state);
	state_rooms_done(state);
	is_due = state->people != NULL &&
	    journal_tick(state->people, chat->clock->mono_ms, budget);
	is_due |= state->ban_journal != NULL &&
	    journal_tick(state->ban_journal, chat->clock->mono_ms, budget);
	is_due |= state->accounts != NULL &&
	    journal_tick(state->accounts, chat->clock->mono_ms, budget);
	is_due |= state->talks != NULL &&
	    journal_tick(state->talks, chat->clock->mono_ms, budget);
	if (is_due || state->unkept_rooms > 0)
		state_turn(state);
	if ((state->people != NULL && journal_is_in_snapshot(state->people)) ||
	    (state->accounts != NULL &&
		journal_is_in_snapshot(state->accounts)) ||
	    (state->talks != NULL && journal_is_in_snapshot(state->talks)))
		return true;
	state->ticked[0] = '\0';
	return false;
}

static void
state_tick_cb(void *arg)
{
	struct state *state = arg;

	walk_start(&state->chat->deadlines->walks, &state->write_back);
}

static void
state_init(struct state *state, struct chat *chat, struct bans *bans)
{
	memset(state, 0, sizeof(*state));
	state->chat = chat;
	state->bans = bans;
	persist_init(&state->persist, chat);
	deadline_init(&state->tick, state_tick_cb, state);
	walk_init(&state->write_back, "state_write_back", state_write_back,
	    state);
	state->files.open = state_open_room;
	state->files.has = state_has_room;
	state->files.remove = state_remove_room;
	state->files.arg = state;
	state->talk_files.open = state_open_talk;
	state->talk_files.remove = state_remove_talk;
	state->talk_files.arg = state;
}

/* Returns 0; 1: there is no state-dir; -1, after logging it. */
static int
state_open_dir(struct state *state)
{
	const char *path = state->chat->options->state_dir;
	char *error = NULL;

	if (path[0] == '\0')
		return 1;
	if (state_dir_open(&state->dir, path, &error) == -1) {
		log_error("%s", error);
		free(error);
		return -1;
	}
	state->is_open = true;
	return 0;
}

/* Returns NULL after logging it. */
static struct journal *
state_open_journal(struct state *state, const char *name,
    journal_loaded *loaded, journal_snapshot *snapshot, void *arg)
{
	struct journal *journal;
	char *error = NULL;

	journal = journal_open(state->dir.dir_fd, name, loaded, snapshot, arg,
	    &error);
	if (journal == NULL) {
		log_error("%s", error);
		free(error);
	}
	return journal;
}

static int
state_open_accounts(struct state *state, journal_loaded *loaded)
{
	struct accounts *accounts = &state->chat->accounts;

	state->accounts = state_open_journal(state, SERVER_STATE_ACCOUNTS,
	    loaded, accounts_snapshot, accounts);
	if (state->accounts == NULL)
		return -1;
	accounts->is_known = true;
	accounts_set_journal(accounts, state->accounts);
	return 0;
}

static int
state_open_talks(struct state *state, journal_loaded *loaded)
{
	struct conversations *talks = &state->chat->conversations;

	talks->files = &state->talk_files;
	state->talks = state_open_journal(state, SERVER_STATE_TALKS, loaded,
	    conversations_snapshot, talks);
	if (state->talks == NULL)
		return -1;
	conversations_set_journal(talks, &state->talk_watch, state->talks);
	return 0;
}

/*
 * The age clock was at least where the newest message and the newest ban have
 * it. The journal has it as of AGE_LOOK_MS before a crash; what is further ahead
 * of that was not made here, unless the journal is lost.
 */
static void
state_raise_age(const struct state *state)
{
	const struct clock *clock = state->chat->clock;
	const struct ban *ban = TAILQ_LAST(&state->bans->list, ban_queue);
	int64_t max_ms = state->persist.has_age ?
	    clock_age_ms(clock) + 2 * AGE_LOOK_MS :
	    AGE_MAX_MS;
	struct room *room;

	if (clock->age == NULL)
		return;
	for (room = NULL; (room = chat_next_room(state->chat, room)) != NULL;)
		if (room->used_ms < max_ms)
			age_raise(clock->age, clock->mono_ms, room->used_ms);
	if (ban != NULL && ban->made_ms < max_ms)
		age_raise(clock->age, clock->mono_ms, ban->made_ms);
}

int
state_open(struct state *state, struct chat *chat, struct bans *bans)
{
	int result;

	state_init(state, chat, bans);
	result = state_open_dir(state);
	if (result != 0)
		return result == 1 ? 0 : -1;
	if (chat_set_files(chat, &state->files) == -1)
		return -1;
	if (state_dir_list(&state->dir, SERVER_STATE_RING, state_found,
		state) == -1)
		return -1;
	state->people = state_open_journal(state, SERVER_STATE_PEOPLE,
	    persist_loaded, persist_snapshot, &state->persist);
	if (state->people == NULL)
		return -1;
	state->ban_journal = state_open_journal(state, SERVER_STATE_BANS,
	    bans_loaded, bans_snapshot, bans);
	if (state->ban_journal == NULL)
		return -1;
	state_raise_age(state);
	persist_start(&state->persist, state->people);
	bans_set_journal(bans, state->ban_journal);
	if (state_open_accounts(state, accounts_loaded) == -1 ||
	    state_open_talks(state, conversations_loaded) == -1)
		return -1;
	log_info("state opened: dir=%s rooms=%zu bookmarks=%zu bans=%zu "
		 "accounts=%zu conversations=%zu",
	    chat->options->state_dir, chat->count, chat->departed.count,
	    bans->count, chat->accounts.count, chat->conversations.count);
	return 0;
}

/*
 * Ignores what the journal holds: all of it is here already. The journal may
 * have less, if the disk was full or a file is damaged, so everything is
 * written anew.
 */
static void
state_known(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	(void)key;
	(void)key_len;
	(void)value;
	(void)len;
	(void)arg;
}

void
state_resume(struct state *state, struct chat *chat, struct bans *bans)
{
	state_init(state, chat, bans);
	if (state_open_dir(state) != 0)
		return;
	chat_resume_files(chat, &state->files);
	state->people = state_open_journal(state, SERVER_STATE_PEOPLE,
	    state_known, persist_snapshot, &state->persist);
	if (state->people != NULL) {
		persist_resume(&state->persist, state->people);
		journal_renew(state->people, chat->clock->mono_ms);
	}
	state->ban_journal = state_open_journal(state, SERVER_STATE_BANS,
	    state_known, bans_snapshot, bans);
	if (state->ban_journal != NULL) {
		bans_set_journal(bans, state->ban_journal);
		journal_renew(state->ban_journal, chat->clock->mono_ms);
	}
	if (state_open_accounts(state,
		chat->accounts.is_known ? state_known : accounts_loaded) == 0)
		journal_renew(state->accounts, chat->clock->mono_ms);
	if (state_open_talks(state, state_known) == 0)
		journal_renew(state->talks, chat->clock->mono_ms);
	state_turn(state);
}

int
state_error(const struct state *state)
{
	int error = state->room_error;

	if (state->people != NULL && journal_error(state->people) != 0)
		error = journal_error(state->people);
	if (state->ban_journal != NULL &&
	    journal_error(state->ban_journal) != 0)
		error = journal_error(state->ban_journal);
	if (state->accounts != NULL && journal_error(state->accounts) != 0)
		error = journal_error(state->accounts);
	if (state->talks != NULL && journal_error(state->talks) != 0)
		error = journal_error(state->talks);
	return error;
}

void
state_put_age(struct state *state)
{
	persist_put_age(&state->persist);
	state_turn(state);
}

void
state_turn(struct state *state)
{
	if (state->is_open && !state->tick.is_set)
		deadline_set(state->chat->deadlines, &state->tick,
		    state->chat->clock->mono_ms + SERVER_STATE_TICK_MS);
}

void
state_stop(struct state *state)
{
	if (!state->is_open)
		return;
	deadline_clear(state->chat->deadlines, &state->tick);
	walk_stop(&state->chat->deadlines->walks, &state->write_back);
	persist_stop(&state->persist);
	conversing_settle(&state->chat->conversations);
	journal_close(state->people);
	persist_fini(&state->persist);
	state->people = NULL;
	bans_set_journal(state->bans, NULL);
	journal_close(state->ban_journal);
	state->ban_journal = NULL;
	accounts_set_journal(&state->chat->accounts, NULL);
	journal_close(state->accounts);
	state->accounts = NULL;
	conversations_set_journal(&state->chat->conversations,
	    &state->talk_watch, NULL);
	journal_close(state->talks);
	state->talks = NULL;
}

void
state_close(struct state *state)
{
	if (!state->is_open)
		return;
	state_dir_close(&state->dir);
	state->is_open = false;
}
