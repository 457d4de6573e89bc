/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSIST_H
#define PERSIST_H

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/fields.h"
#include "base/nick.h"
#include "base/walk.h"
#include "room/model.h"

struct journal;

/*
 * Keeps in a journal what has to outlive the process: everybody's place,
 * topics, modes, the ids that were given, and the key of the hosts. What was
 * said is in the rings' own files.
 *
 * After a crash, whoever comes back must miss nothing. So for each membership
 * it is known how far they surely have read (acknowledged): what had been
 * handed over at an earlier look, and has arrived since. That number is written
 * for all who are on break, lost or behind. For those who are live it would
 * change with every message; they share their room's low-water mark, which goes
 * on once in PERSIST_LOOK_MS, and only when all of them surely have read that
 * far: those who have not get a number of their own first. So a message costs
 * no write, and a crash a few lines twice.
 */
#define PERSIST_LOOK_MS 900

/* What changes often and may be a bit old after a crash, such as read markers,
 * is written so long after the first change. */
#define PERSIST_LATER_MS 10000

struct persist_dirty;
RB_HEAD(persist_dirty_tree, persist_dirty);

/* The state of a look; nicks are folded. */
struct persist_look {
	struct walk walk;
	char nick[NICK_SIZE]; /* done up to there */
	char room[ROOM_NAME_SIZE]; /* the same, afterwards */
	char first[NICK_SIZE]; /* whose progress is written first */
	char next[NICK_SIZE]; /* in the next look, that is; or "" */
	unsigned left; /* how many more have their progress written */
	bool is_open; /* another look is due */
};

/* What a snapshot is done with. */
struct persist_at {
	char room[ROOM_NAME_SIZE];
	char nick[NICK_SIZE]; /* of those who are here */
	char gone[NICK_SIZE]; /* of those who are not, */
	struct credential gone_credential; /* and whose it was */
};

struct persist {
	struct chat *chat;
	struct chat_watch watch; /* the chat's while there is a journal */
	struct journal *journal; /* NULL: nothing is persisted */
	struct persist_dirty_tree dirty; /* people to be written this turn */
	struct persist_dirty_tree later; /* and those who can wait */
	struct deadline later_due;
	struct walk write; /* of dirty, what a turn has left */
	struct deadline look_due;
	struct persist_look look;
	bool is_looking;
	struct persist_at snapshot_at;
	struct fields_out out; /* scratch */
	uint64_t ids; /* given up to here according to the journal */
	uint64_t guests;
	bool has_host_key; /* the journal has it */
	bool has_age; /* the same */
	struct persist_load *load; /* while the journal is being loaded */
	bool has_lost; /* the journal may lack something */
};

void persist_init(struct persist *k, struct chat *chat);
void persist_fini(struct persist *k);

/*
 * persist_loaded() takes what the journal holds while it is opened; arg is the
 * struct persist, whose chat has all its rooms with their histories.
 * persist_start() then makes departed people of it, and from now on every
 * change is written. The journal is the caller's, closed after persist_stop().
 */
void persist_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *persist);
bool persist_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *persist);
void persist_start(struct persist *k, struct journal *journal);
/* As persist_start() for a chat that another program has left: the journal
 * holds all of it already, and nothing is taken from it. */
void persist_resume(struct persist *k, struct journal *journal);
/* Writes what is due, and nothing later. Does nothing if not started. */
void persist_stop(struct persist *k);

/* Writes all that has changed. */
void persist_flush(struct persist *k);

/* Writes what the age clock shows; to be called from time to time. What passes
 * between that and a crash does not count. */
void persist_put_age(struct persist *k);

#endif
