/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SERVER_STATE_H
#define SERVER_STATE_H

#include <stdbool.h>

#include "bans.h"
#include "deadline.h"
#include "log.h"
#include "rooms.h"
#include "state.h"
#include "store.h"
#include "util.h"

/*
 * The state directory of a running server:
 *
 *   lock                  so that no second process uses it
 *   room-NAME.ring        what was said in a room
 *   people.0, people.1    places, private messages that wait, topics
 *   bans.0, bans.1        who is banned
 */
struct server_state {
	struct state dir;
	struct rooms *rooms;
	struct bans *bans;
	struct store *people;
	struct store *ban_store;
	struct room_files files;
	struct deadline tick;
	struct log_limit open_log;
	struct log_limit write_log;
	bool is_open;
};

/*
 * Opens state-dir, if there is one, for rooms that nobody has been in and an
 * empty set of bans, and has them go on where they were. 0; -1, after it was
 * logged: then state is to be closed all the same.
 */
int server_state_open(struct server_state *state, struct rooms *rooms,
    struct bans *bans) MUST_CHECK;

/*
 * The same for rooms that another program has left, and with them all that
 * state-dir has. What fails is logged, and then not kept.
 */
void server_state_resume(struct server_state *state, struct rooms *rooms,
    struct bans *bans);

/* The turn is over: what has changed goes to the disk soon. */
void server_state_turn(struct server_state *state);

/* All members have left. Then bans_fini(), rooms_fini(), and then close; both
 * are fine if it is not open. */
void server_state_stop(struct server_state *state);
void server_state_close(struct server_state *state);

#endif
