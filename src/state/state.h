/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/util.h"
#include "room/bans.h"
#include "state/persist.h"
#include "state/state-dir.h"

/*
 * The state directory of a running server:
 *
 *   lock                  so that no second process uses it
 *   room-NAME.ring        what was said in a room
 *   people.0, people.1    places, private messages that wait, topics, modes,
 *                         the ids that were given, the age clock
 *   bans.0, bans.1        who is banned
 *   accounts.0, accounts.1  who owns a nick
 *   talks.0, talks.1      who has talked with whom, and what they have read
 *   talk-ID.ring          what they said
 */
struct state {
	struct state_dir dir;
	struct chat *chat;
	struct persist persist;
	struct bans *bans;
	struct journal *people;
	struct journal *ban_journal;
	struct journal *accounts;
	struct journal *talks;
	struct room_files files;
	struct conversation_files talk_files;
	struct conversation_watch talk_watch;
	struct deadline tick;
	struct walk write_back;
	char ticked[ROOM_NAME_SIZE]; /* up to that room */
	size_t unkept_rooms; /* as of the last tick */
	int room_error; /* why, and what kept a history from the disk; or 0 */
	int64_t retry_ms; /* monotonic: when those rooms are tried again */
	size_t ticked_unkept; /* so far in this tick */
	int ticked_error;
	bool is_retry; /* they are tried in this tick */
	struct log_limit open_log;
	struct log_limit write_log;
	bool is_open;
};

/*
 * Opens state-dir, if there is one, for rooms that nobody has been in and an
 * empty set of bans, and restores what it holds. Returns 0; or -1 after logging
 * it, and then state must be closed all the same.
 */
int state_open(struct state *state, struct chat *chat,
    struct bans *bans) MUST_CHECK;

/* As state_open() for rooms that another program has left, with all that
 * state-dir has. Failures are logged; then nothing more is stored. */
void state_resume(struct state *state, struct chat *chat, struct bans *bans);

/*
 * What of the state is not on the disk, since that is full or fails: an errno,
 * or 0 if all is well. As of the last second in which anything changed.
 */
int state_error(const struct state *state);

/* The name of the file of a room's history; the caller frees it. */
char *state_ring_name(const char *room);
/* And of a conversation's. */
char *state_talk_name(uint64_t id);

/* To be called from time to time: what the age clock shows goes to the disk. */
void state_put_age(struct state *state);

/* To be called after the turn: changes go to the disk soon. */
void state_turn(struct state *state);

/* state_stop() comes after all members have left; then bans_fini(),
 * chat_fini(), and then state_close(). Both do nothing if it is not open. */
void state_stop(struct state *state);
void state_close(struct state *state);

#endif
