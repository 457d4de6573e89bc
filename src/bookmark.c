/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * Three views of the same bookmarks: by name and credential to find one, by age
 * to let the oldest go, and by credential so that no single address can push
 * out everybody else's (hostile input 30).
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bookmark.h"
#include "keeper.h"
#include "rooms.h"
#include "util.h"

struct bookmark_owner {
	RB_ENTRY(bookmark_owner) entry;
	struct credential credential;
	struct bookmark_queue bookmarks; /* the oldest first */
	size_t count;
};

static int
bookmark_owner_cmp(const struct bookmark_owner *a,
    const struct bookmark_owner *b)
{
	return credential_cmp(&a->credential, &b->credential);
}

static int
bookmark_cmp(const struct bookmark *a, const struct bookmark *b)
{
	int cmp;

	cmp = strcmp(a->folded, b->folded);
	return cmp != 0 ? cmp : bookmark_owner_cmp(a->owner, b->owner);
}

RB_GENERATE_INTERNAL(bookmark_owner_tree, bookmark_owner, entry,
    bookmark_owner_cmp, UNUSED static)
RB_GENERATE_INTERNAL(bookmark_tree, bookmark, by_name, bookmark_cmp,
    UNUSED static)

void
bookmarks_init(struct bookmarks *all, struct rooms *rooms)
{
	memset(all, 0, sizeof *all);
	all->rooms = rooms;
	RB_INIT(&all->by_name);
	RB_INIT(&all->owners);
	TAILQ_INIT(&all->by_age);
}

const struct credential *
bookmark_credential(const struct bookmark *b)
{
	return &b->owner->credential;
}

static void
bookmarks_remove(struct bookmarks *all, struct bookmark *b)
{
	struct bookmark_owner *owner = b->owner;

	keeper_mark(all->rooms, b->folded, &owner->credential);
	RB_REMOVE(bookmark_tree, &all->by_name, b);
	TAILQ_REMOVE(&all->by_age, b, by_age);
	TAILQ_REMOVE(&owner->bookmarks, b, in_owner);
	all->count--;
	b->owner = NULL;
	if (--owner->count == 0) {
		RB_REMOVE(bookmark_owner_tree, &all->owners, owner);
		free(owner);
	}
}

void
bookmark_free(struct rooms *rooms, struct bookmark *b)
{
	if (b == NULL)
		return;
	assert(b->owner == NULL);
	person_clear(rooms, &b->person);
	free(b);
}

static void
bookmarks_drop(struct bookmarks *all, struct bookmark *b)
{
	bookmarks_remove(all, b);
	bookmark_free(all->rooms, b);
}

void
bookmarks_fini(struct bookmarks *all)
{
	struct bookmark *b;

	while ((b = TAILQ_FIRST(&all->by_age)) != NULL)
		bookmarks_drop(all, b);
}

struct bookmark *
bookmarks_find(const struct bookmarks *all, const char *folded,
    const struct credential *credential)
{
	struct bookmark_owner owner = { .credential = *credential };
	struct bookmark key;
	/* RB_FIND() only looks. */
	struct bookmark_tree tree = all->by_name;

	memcpy(key.folded, folded, strlen(folded) + 1);
	key.owner = &owner;
	return RB_FIND(bookmark_tree, &tree, &key);
}

struct bookmark *
bookmarks_take(struct bookmarks *all, const char *folded,
    const struct credential *credential)
{
	struct bookmark *b;

	b = bookmarks_find(all, folded, credential);
	if (b != NULL)
		bookmarks_remove(all, b);
	return b;
}

void
bookmarks_put(struct bookmarks *all, const char *folded,
    const struct credential *credential, struct person *person, int64_t left_ms)
{
	keeper_mark(all->rooms, folded, credential);
	bookmarks_restore(all, folded, credential, person, left_ms,
	    all->rooms->clock->mono_ms);
}

void
bookmarks_restore(struct bookmarks *all, const char *folded,
    const struct credential *credential, struct person *person, int64_t left_ms,
    int64_t kept_since_ms)
{
	struct bookmark_owner *owner, key = { .credential = *credential };
	struct bookmark *b;

	bookmark_free(all->rooms, bookmarks_take(all, folded, credential));
	b = xcalloc(1, sizeof *b);
	person_init(&b->person);
	person_move(all->rooms, &b->person, person);
	b->left_ms = left_ms;
	memcpy(b->folded, folded, strlen(folded) + 1);

	owner = RB_FIND(bookmark_owner_tree, &all->owners, &key);
	if (owner == NULL) {
		owner = xcalloc(1, sizeof *owner);
		owner->credential = *credential;
		TAILQ_INIT(&owner->bookmarks);
		RB_INSERT(bookmark_owner_tree, &all->owners, owner);
	}
	b->owner = owner;
	b->kept_since_ms = kept_since_ms;
	owner->count++;
	all->count++;
	TAILQ_INSERT_TAIL(&owner->bookmarks, b, in_owner);
	TAILQ_INSERT_TAIL(&all->by_age, b, by_age);
	RB_INSERT(bookmark_tree, &all->by_name, b);
	if (owner->count > BOOKMARKS_PER_CREDENTIAL)
		bookmarks_drop(all, TAILQ_FIRST(&owner->bookmarks));
	bookmarks_trim(all);
}

void
bookmarks_trim(struct bookmarks *all)
{
	const struct options *o = all->rooms->options;
	struct bookmark *b;

	while ((b = TAILQ_FIRST(&all->by_age)) != NULL &&
	    (all->count > o->max_bookmarks ||
		all->rooms->clock->mono_ms - b->kept_since_ms > o->retention))
		bookmarks_drop(all, b);
}
