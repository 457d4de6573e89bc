/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Indexes of the same people: by name and credential to find one, by age to let
 * go who has been away for too long, and for each credential by rank, so that
 * if there are too many, those go first who were there least: of all addresses,
 * the one with most places loses the last in rank. So nobody can push out
 * somebody else's place by places of their own (hostile 30, 148).
 *
 * Who has never said a word and never gone on break, a passer, goes before all
 * others. Of these, whoever is known for the longest stays longest: not who left
 * last, or they would lose their place by coming back.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/departed.h"
#include "room/person.h"
#include "room/watch.h"

struct departed_owner {
	RB_ENTRY(departed_owner) entry;
	struct credential credential;
	struct origin *origin; /* of that credential; its places are held */
	struct departed_queue departed; /* the oldest first */
	struct departed_ranks ranks;
	size_t count;
};

static int
departed_owner_cmp(const struct departed_owner *a,
    const struct departed_owner *b)
{
	return credential_cmp(&a->credential, &b->credential);
}

static int
departed_cmp(const struct departed *a, const struct departed *b)
{
	int cmp;

	cmp = strcmp(a->folded, b->folded);
	return cmp != 0 ? cmp : departed_owner_cmp(a->owner, b->owner);
}

RB_GENERATE_INTERNAL(departed_owner_tree, departed_owner, entry,
    departed_owner_cmp, UNUSED static)
RB_GENERATE_INTERNAL(departed_tree, departed, by_name, departed_cmp,
    UNUSED static)

static int64_t
departed_known_ms(const struct departed *b)
{
	return b->is_passer ? INT64_MAX : b->person.known_ms;
}

/* Of the same owner. */
static int
departed_rank_cmp(const struct departed *a, const struct departed *b)
{
	if (departed_known_ms(a) != departed_known_ms(b))
		return departed_known_ms(a) < departed_known_ms(b) ? -1 : 1;
	if (a->made_ms != b->made_ms)
		return a->made_ms < b->made_ms ? -1 : 1;
	return strcmp(a->folded, b->folded);
}

RB_GENERATE_INTERNAL(departed_ranks, departed, by_rank, departed_rank_cmp,
    UNUSED static)

static enum origin_held
departed_held(const struct departed *b)
{
	return b->is_passer ? ORIGIN_PASSERS : ORIGIN_PLACES;
}

void
departed_init(struct departed_set *all, struct chat *chat)
{
	memset(all, 0, sizeof(*all));
	all->chat = chat;
	RB_INIT(&all->by_name);
	RB_INIT(&all->owners);
	TAILQ_INIT(&all->by_age);
}

const struct credential *
departed_credential(const struct departed *b)
{
	return &b->owner->credential;
}

static void
departed_remove(struct departed_set *all, struct departed *b)
{
	struct departed_owner *owner = b->owner;

	watch_person_changed(all->chat, b->folded, &owner->credential);
	RB_REMOVE(departed_tree, &all->by_name, b);
	TAILQ_REMOVE(&all->by_age, b, by_age);
	TAILQ_REMOVE(&owner->departed, b, in_owner);
	RB_REMOVE(departed_ranks, &owner->ranks, b);
	origin_release(owner->origin, departed_held(b), 1);
	all->count--;
	b->owner = NULL;
	if (--owner->count == 0) {
		RB_REMOVE(departed_owner_tree, &all->owners, owner);
		free(owner);
	}
}

void
departed_free(struct chat *chat, struct departed *b)
{
	if (b == NULL)
		return;
	assert(b->owner == NULL);
	person_clear(chat, &b->person);
	free(b);
}

static void
departed_drop(struct departed_set *all, struct departed *b)
{
	departed_remove(all, b);
	departed_free(all->chat, b);
}

void
departed_fini(struct departed_set *all)
{
	struct departed *b;

	while ((b = TAILQ_FIRST(&all->by_age)) != NULL)
		departed_drop(all, b);
}

struct departed *
departed_find(const struct departed_set *all, const char *folded,
    const struct credential *credential)
{
	struct departed_owner owner = { .credential = *credential };
	struct departed key;
	/* RB_FIND() does not change the tree. */
	struct departed_tree tree = all->by_name;

	memcpy(key.folded, folded, strlen(folded) + 1);
	key.owner = &owner;
	return RB_FIND(departed_tree, &tree, &key);
}

struct departed *
departed_after(const struct departed_set *all, const char *folded,
    const struct credential *credential)
{
	struct departed_owner owner = { .credential = *credential };
	struct departed key, *b;
	/* RB_NFIND() only looks. */
	struct departed_tree tree = all->by_name;

	memcpy(key.folded, folded, strlen(folded) + 1);
	key.owner = &owner;
	b = RB_NFIND(departed_tree, &tree, &key);
	if (b != NULL && departed_cmp(b, &key) == 0)
		b = RB_NEXT(departed_tree, &tree, b);
	return b;
}

struct departed *
departed_take(struct departed_set *all, const char *folded,
    const struct credential *credential)
{
	struct departed *b;

	b = departed_find(all, folded, credential);
	if (b != NULL)
		departed_remove(all, b);
	return b;
}

struct departed *
departed_return(struct departed_set *all, const char *folded,
    const struct credential *credential)
{
	struct departed *b = departed_take(all, folded, credential);
	struct departed_owner *owner, key = { .credential = *credential };

	if (b != NULL || credential->kind != CREDENTIAL_ACCOUNT)
		return b;
	owner = RB_FIND(departed_owner_tree, &all->owners, &key);
	if (owner != NULL) {
		b = TAILQ_LAST(&owner->departed, departed_queue);
		departed_remove(all, b);
	}
	return b;
}

void
departed_put(struct departed_set *all, const char *folded,
    const struct credential *credential, struct person *person, int64_t left_ms)
{
	watch_person_changed(all->chat, folded, credential);
	departed_restore(all, folded, credential, person, left_ms,
	    clock_age_ms(all->chat->clock));
}

/* Who has to go by the options in force: who has been away for too long, or who
 * is one too many; or NULL. */
static struct departed *
departed_next_out(struct departed_set *all)
{
	const struct options *o = all->chat->options;
	struct departed *b = TAILQ_FIRST(&all->by_age);
	struct departed_owner *owner, key;
	const struct origin *heaviest;

	if (b == NULL ||
	    clock_is_old(all->chat->clock, b->made_ms, o->retention))
		return b;
	if (all->count <= o->max_bookmarks)
		return NULL;
	heaviest = origins_heaviest(&all->chat->origins, ORIGIN_PASSERS);
	if (heaviest == NULL)
		heaviest = origins_heaviest(&all->chat->origins, ORIGIN_PLACES);
	assert(heaviest != NULL);
	key.credential = heaviest->credential;
	owner = RB_FIND(departed_owner_tree, &all->owners, &key);
	return RB_MAX(departed_ranks, &owner->ranks);
}

/* How many places people from one address may have. */
static size_t
departed_share(const struct departed_set *all)
{
	size_t share = (size_t)all->chat->options->max_bookmarks / 16;

	return share > DEPARTED_PER_CREDENTIAL ? share :
						 DEPARTED_PER_CREDENTIAL;
}

void
departed_restore(struct departed_set *all, const char *folded,
    const struct credential *credential, struct person *person, int64_t left_ms,
    int64_t made_ms)
{
	struct departed_owner *owner, key = { .credential = *credential };
	struct departed *b;
	struct walk_budget few = walk_few(2);

	departed_free(all->chat, departed_take(all, folded, credential));
	b = xcalloc(1, sizeof(*b));
	person_init(&b->person);
	b->person.owner = PERSON_OF_DEPARTED;
	person_move(all->chat, &b->person, person);
	b->left_ms = left_ms;
	memcpy(b->folded, folded, strlen(folded) + 1);

	owner = RB_FIND(departed_owner_tree, &all->owners, &key);
	if (owner == NULL) {
		owner = xcalloc(1, sizeof(*owner));
		owner->credential = *credential;
		owner->origin = origins_get(&all->chat->origins, credential);
		TAILQ_INIT(&owner->departed);
		RB_INIT(&owner->ranks);
		RB_INSERT(departed_owner_tree, &all->owners, owner);
	}
	b->owner = owner;
	b->made_ms = made_ms;
	owner->count++;
	all->count++;
	b->is_passer = b->person.known_ms == 0;
	origin_hold(owner->origin, departed_held(b), 1);
	TAILQ_INSERT_TAIL(&owner->departed, b, in_owner);
	RB_INSERT(departed_ranks, &owner->ranks, b);
	TAILQ_INSERT_TAIL(&all->by_age, b, by_age);
	RB_INSERT(departed_tree, &all->by_name, b);
	if (owner->count > departed_share(all))
		departed_drop(all, RB_MAX(departed_ranks, &owner->ranks));
	/* If new settings make many too many, chat_tidy() drops the rest. */
	(void)departed_trim(all, &few);
}

bool
departed_trim(struct departed_set *all, struct walk_budget *budget)
{
	struct departed *b;

	while ((b = departed_next_out(all)) != NULL) {
		if (!walk_may_take(budget))
			return false;
		departed_drop(all, b);
	}
	return true;
}
