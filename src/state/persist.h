/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSIST_H
#define PERSIST_H

#include <sys/types.h>

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/credential.h"
#include "base/deadline.h"
#include "base/nick.h"
#include "base/util.h"

struct member;
struct membership;
struct person;
struct bookmark;
struct room;
struct chat;
struct journal;

/*
 * Keeps in a journal what has to outlive the process: everybody's place,
 * topics, modes, the ids that were given, and the key of the hosts. What was
 * said is in the rings' own files.
 *
 * After a crash, whoever comes back must miss nothing. So for each membership
 * it is known how far they surely have read (sure): what had been handed over
 * at an earlier look and has been acknowledged since. That number is written
 * for all who are on break, lost or behind. For those who are live it would
 * change with every message; they share their room's settled, which goes on
 * once in a PERSIST_LOOK_MS, and only when all of them surely have read that
 * far: else they get a number of their own first. So a message costs no write,
 * and a crash a few lines twice.
 */
#define PERSIST_LOOK_MS 900

struct persist_dirty;
RB_HEAD(persist_dirty_tree, persist_dirty);

struct persist {
	struct journal *journal; /* NULL: nothing is kept */
	struct persist_dirty_tree dirty; /* people to be written this turn */
	struct deadline look;
	struct buf out; /* scratch */
	uint64_t ids; /* given up to here, as far as the journal knows */
	uint64_t guests;
	bool has_host_key; /* the journal does */
	char next[NICK_SIZE]; /* where the next look goes on */
	struct persist_load *load; /* while it is loaded */
};

void persist_init(struct chat *chat);
void persist_fini(struct chat *chat);

/*
 * While the journal is opened persist_loaded() takes what it holds; arg is the
 * house, whose rooms are all there with their histories. Then persist_start()
 * makes that bookmarks, and everything that changes is written from now on. The
 * store is the caller's, closed after persist_stop().
 */
void persist_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *chat);
void persist_snapshot(struct journal *journal, void *chat);
void persist_start(struct chat *chat, struct journal *journal);
/* The same for a chat that another program has left: the journal, of which
 * nothing is taken, has all of it already. */
void persist_resume(struct chat *chat, struct journal *journal);
/* Writes what is due; nothing is written any more. Fine if not started. */
void persist_stop(struct chat *chat);

/* Writes what has changed in this turn, which has ended. */
void persist_turn(struct chat *chat);

/* Something has changed about somebody; about m, if they are no guest. */
void persist_touch(struct chat *chat, const char *folded,
    const struct credential *credential);
void persist_touch_member(struct member *m);
/* Something was said: another look is due. */
void persist_wake(struct chat *chat);
/* The topic has changed, or the room goes away. */
void persist_topic(const struct room *room);
/* The modes have changed. */
void persist_modes(const struct room *room);
void persist_forget_room(const struct room *room);
/* An id and a guest's number were given. */
void persist_counted(struct chat *chat);

/* The chat has a new key for hosts. */
void persist_host_key(struct chat *chat);

/* They are known to have everything before number, and no more. */
void persist_set_acknowledged(struct membership *ms, uint64_t number);
/* They read on from number: they are not sure to have more. */
void persist_set_back(struct membership *ms, uint64_t number);

/*
 * For person-record.c: p's place. number is NULL for who was live; what is
 * below repeats they may have seen.
 */
struct bookmark *persist_restore_bookmark(struct person *p, struct room *room,
    const uint64_t *number, uint64_t repeats, int64_t left_ms);

#endif
