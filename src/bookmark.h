/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BOOKMARK_H
#define BOOKMARK_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stddef.h>
#include <stdint.h>

#include "credential.h"
#include "member.h"
#include "nick.h"

struct rooms;

/*
 * The place that somebody left: where they had read to in each room, whom they
 * ignore, what private messages wait. It belongs to the nick together with the
 * credential. At most max-bookmarks, of one credential
 * BOOKMARKS_PER_CREDENTIAL, none older than retention; the oldest go first.
 */
#define BOOKMARKS_PER_CREDENTIAL 64

struct bookmark_owner;

struct bookmark {
	RB_ENTRY(bookmark) by_name;
	TAILQ_ENTRY(bookmark) by_age;
	TAILQ_ENTRY(bookmark) in_owner;
	struct bookmark_owner *owner;
	struct person person;
	int64_t left_ms; /* monotonic: when they left, or went on break */
	int64_t kept_since_ms; /* when this was made */
	char folded[NICK_SIZE];
};

RB_HEAD(bookmark_tree, bookmark);
RB_HEAD(bookmark_owner_tree, bookmark_owner);
TAILQ_HEAD(bookmark_queue, bookmark);

struct bookmarks {
	struct rooms *rooms;
	struct bookmark_tree by_name;
	struct bookmark_owner_tree owners;
	struct bookmark_queue by_age; /* the oldest first */
	size_t count;
};

void bookmarks_init(struct bookmarks *all, struct rooms *rooms);
void bookmarks_fini(struct bookmarks *all);

/*
 * Keep a place; person is moved into it and empty afterwards. An older one of
 * the same name and credential is replaced.
 */
void bookmarks_put(struct bookmarks *all, const char *folded,
    const struct credential *credential, struct person *person,
    int64_t left_ms);

/* The same, for one that was made at kept_since_ms; the oldest first. */
void bookmarks_restore(struct bookmarks *all, const char *folded,
    const struct credential *credential, struct person *person, int64_t left_ms,
    int64_t kept_since_ms);

/* NULL: there is none. */
struct bookmark *bookmarks_find(const struct bookmarks *all, const char *folded,
    const struct credential *credential);
const struct credential *bookmark_credential(const struct bookmark *b);

/* Out of the collection and the caller's to bookmark_free(); or NULL. */
struct bookmark *bookmarks_take(struct bookmarks *all, const char *folded,
    const struct credential *credential);
void bookmark_free(struct rooms *rooms, struct bookmark *b);

/* Drop what is too old or too many by the options that are in force. */
void bookmarks_trim(struct bookmarks *all);

#endif
