/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <sys/types.h>

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "credential.h"
#include "deadline.h"
#include "nick.h"
#include "util.h"

struct member;
struct membership;
struct person;
struct place;
struct room;
struct rooms;
struct store;

/*
 * Keeps in a store what has to outlive the process: everybody's place, topics,
 * modes, the ids that were given, and the key of the hosts. What was said is in
 * the rings' own files.
 *
 * After a crash, whoever comes back must miss nothing. So for each membership
 * it is known how far they surely have read (sure): what had been handed over
 * at an earlier look and has been acknowledged since. That number is written
 * for all who are on break, lost or behind. For those who are live it would
 * change with every message; they share their room's settled, which goes on
 * once in a KEEPER_LOOK_MS, and only when all of them surely have read that
 * far: else they get a number of their own first. So a message costs no write,
 * and a crash a few lines twice.
 */
#define KEEPER_LOOK_MS 900

struct keeper_dirty;
RB_HEAD(keeper_dirty_tree, keeper_dirty);

struct keeper {
	struct store *store; /* NULL: nothing is kept */
	struct keeper_dirty_tree dirty; /* people to be written this turn */
	struct deadline look;
	struct buf out; /* scratch */
	uint64_t ids; /* given up to here, as far as the store knows */
	uint64_t guests;
	bool has_host_key; /* the store does */
	char next[NICK_SIZE]; /* where the next look goes on */
	struct keeper_load *load; /* while it is loaded */
};

void keeper_init(struct rooms *rooms);
void keeper_fini(struct rooms *rooms);

/*
 * While the store is opened keeper_loaded() takes what it holds; arg is the
 * house, whose rooms are all there with their histories. Then keeper_start()
 * makes that bookmarks, and everything that changes is written from now on. The
 * store is the caller's, closed after keeper_stop().
 */
void keeper_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *rooms);
void keeper_snapshot(struct store *store, void *rooms);
void keeper_start(struct rooms *rooms, struct store *store);
/* The same for a house that another program has left: the store, of which
 * nothing is taken, has all of it already. */
void keeper_resume(struct rooms *rooms, struct store *store);
/* Writes what is due; nothing is written any more. Fine if not started. */
void keeper_stop(struct rooms *rooms);

/* Writes what has changed in this turn, which has ended. */
void keeper_turn(struct rooms *rooms);

/* Something has changed about somebody; about m, if they are no guest. */
void keeper_mark(struct rooms *rooms, const char *folded,
    const struct credential *credential);
void keeper_mark_member(struct member *m);
/* Something was said: another look is due. */
void keeper_wake(struct rooms *rooms);
/* The topic has changed, or the room goes away. */
void keeper_topic(const struct room *room);
/* The modes have changed. */
void keeper_modes(const struct room *room);
void keeper_forget_room(const struct room *room);
/* An id and a guest's number were given. */
void keeper_counted(struct rooms *rooms);

/* The house has a new key for hosts. */
void keeper_host_key(struct rooms *rooms);

/* They are known to have everything before number, and no more. */
void keeper_set_sure(struct membership *ms, uint64_t number);
/* They read on from number: they are not sure to have more. */
void keeper_set_back(struct membership *ms, uint64_t number);

/*
 * For person-record.c: p's place. number is NULL for who was live; what is
 * below repeats they may have seen.
 */
struct place *keeper_restore_place(struct person *p, struct room *room,
    const uint64_t *number, uint64_t repeats, int64_t left_ms);

#endif
