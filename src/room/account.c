/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Accounts in four trees: by id, by nick, by what the nick looks like, and by
 * what proves them (account-proof.c). A nick that looks like an owned one is
 * not to be had either, as it could be taken for its owner.
 *
 * Decided against: ids that count up, since after a lost file the next account
 * would get the places of an older one; and a name apart from the nick, which
 * would be a second thing to know of everybody.
 */
#include "config.h"

#include <assert.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "base/tlv.h"
#include "room/account-impl.h"

static int
account_id_cmp(const struct account *a, const struct account *b)
{
	return (a->id > b->id) - (a->id < b->id);
}

static int
account_name_cmp(const struct account_nick *a, const struct account_nick *b)
{
	return strcmp(a->folded, b->folded);
}

static int
account_skeleton_cmp(const struct account_nick *a, const struct account_nick *b)
{
	int order = strcmp(a->skeleton, b->skeleton);

	return order != 0 ? order : account_name_cmp(a, b);
}

RB_GENERATE_INTERNAL(account_tree, account, by_id, account_id_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(account_name_tree, account_nick, by_name, account_name_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(account_skeleton_tree, account_nick, by_skeleton,
    account_skeleton_cmp, UNUSED static)

void
accounts_init(struct accounts *all)
{
	memset(all, 0, sizeof(*all));
	RB_INIT(&all->by_id);
	RB_INIT(&all->by_name);
	RB_INIT(&all->by_skeleton);
	RB_INIT(&all->by_bytes);
	attempts_init(&all->attempts);
}

void
accounts_set_watch(struct accounts *all, const struct accounts_watch *watch,
    void *arg)
{
	all->watch = watch;
	all->watch_arg = arg;
}

void
accounts_changed(struct accounts *all, const struct account *a)
{
	if (all->watch != NULL)
		all->watch->changed(a, all->watch_arg);
}

/* Finding */

struct account *
accounts_find_id(const struct accounts *all, uint64_t id)
{
	struct account key = { .id = id };
	/* RB_FIND() does not change a tree, here and below. */
	struct account_tree tree = all->by_id;

	return RB_FIND(account_tree, &tree, &key);
}

struct account *
accounts_of(const struct accounts *all, const struct credential *identity)
{
	return identity->kind != CREDENTIAL_ACCOUNT ?
	    NULL :
	    accounts_find_id(all, credential_account(identity));
}

static struct account_nick *
accounts_find_nick(const struct accounts *all, const char *nick)
{
	struct account_name_tree tree = all->by_name;
	struct account_nick key;

	if (strlen(nick) > NICK_MAX)
		return NULL;
	nick_fold(key.folded, nick);
	return RB_FIND(account_name_tree, &tree, &key);
}

struct account *
accounts_find(const struct accounts *all, const char *nick)
{
	const struct account_nick *found = accounts_find_nick(all, nick);

	return found == NULL ? NULL : found->account;
}

static const struct account_nick *
accounts_find_skeleton(const struct accounts *all, const char *nick)
{
	struct account_skeleton_tree tree = all->by_skeleton;
	struct account_nick key, *found;

	nick_skeleton(key.skeleton, nick);
	key.folded[0] = '\0';
	found = RB_NFIND(account_skeleton_tree, &tree, &key);
	return found == NULL || strcmp(found->skeleton, key.skeleton) != 0 ?
	    NULL :
	    found;
}

const struct account_nick *
accounts_owner(const struct accounts *all, const char *nick)
{
	const struct account_nick *found = accounts_find_nick(all, nick);
	char folded[NICK_SIZE];

	if (found != NULL || strlen(nick) > NICK_MAX)
		return found;
	/* As it is written it may look like a nick that it is not. */
	found = accounts_find_skeleton(all, nick);
	if (found != NULL)
		return found;
	nick_fold(folded, nick);
	return accounts_find_skeleton(all, folded);
}

struct account *
accounts_next(const struct accounts *all, const struct account *a)
{
	return accounts_after(all, a == NULL ? 0 : a->id);
}

struct account *
accounts_after(const struct accounts *all, uint64_t id)
{
	struct account_tree tree = all->by_id;
	struct account key = { .id = id + 1 };

	return id == UINT64_MAX ? NULL : RB_NFIND(account_tree, &tree, &key);
}

void
accounts_str(const struct accounts *all, const struct credential *c,
    char out[CREDENTIAL_STR_SIZE])
{
	const struct account *a = accounts_of(all, c);

	if (a == NULL)
		credential_str(c, out);
	else
		(void)snprintf(out, CREDENTIAL_STR_SIZE, "account %s",
		    account_name(a));
}

/* One account */

const char *
account_name(const struct account *a)
{
	return TAILQ_FIRST(&a->nicks)->nick;
}

static struct account_nick *
account_find_nick(const struct account *a, const char *nick)
{
	struct account_nick *n;
	char folded[NICK_SIZE];

	if (strlen(nick) > NICK_MAX)
		return NULL;
	nick_fold(folded, nick);
	TAILQ_FOREACH(n, &a->nicks, in_account)
		if (strcmp(n->folded, folded) == 0)
			return n;
	return NULL;
}

bool
account_owns(const struct account *a, const char *nick)
{
	return account_find_nick(a, nick) != NULL;
}

void
account_free(struct account *a)
{
	struct account_nick *n;

	while ((n = TAILQ_FIRST(&a->nicks)) != NULL) {
		TAILQ_REMOVE(&a->nicks, n, in_account);
		free(n);
	}
	account_free_proofs(a);
	free(a);
}

/* In and out of the trees */

static void
accounts_insert_nick(struct accounts *all, struct account_nick *n)
{
	struct account_nick *clash;

	clash = RB_INSERT(account_name_tree, &all->by_name, n);
	assert(clash == NULL);
	clash = RB_INSERT(account_skeleton_tree, &all->by_skeleton, n);
	assert(clash == NULL);
}

static void
accounts_take_out_nick(struct accounts *all, struct account_nick *n)
{
	RB_REMOVE(account_name_tree, &all->by_name, n);
	RB_REMOVE(account_skeleton_tree, &all->by_skeleton, n);
}

static void
accounts_take_out(struct accounts *all, struct account *a)
{
	struct account_nick *n;

	TAILQ_FOREACH(n, &a->nicks, in_account)
		accounts_take_out_nick(all, n);
	account_take_out_proofs(all, a);
	RB_REMOVE(account_tree, &all->by_id, a);
	all->count--;
}

bool
accounts_restore(struct accounts *all, struct account *a)
{
	struct account_nick *n;

	if (accounts_find_id(all, a->id) != NULL)
		return false;
	TAILQ_FOREACH(n, &a->nicks, in_account)
		if (accounts_find_nick(all, n->folded) != NULL)
			return false;
	if (!account_has_free_proofs(all, a))
		return false;
	TAILQ_FOREACH(n, &a->nicks, in_account)
		accounts_insert_nick(all, n);
	account_insert_proofs(all, a);
	(void)RB_INSERT(account_tree, &all->by_id, a);
	all->count++;
	return true;
}

void
accounts_fini(struct accounts *all)
{
	struct account *a;

	all->watch = NULL;
	while ((a = accounts_next(all, NULL)) != NULL)
		accounts_forget(all, a);
	attempts_fini(&all->attempts);
}

/* Changes */

static struct account_nick *
account_nick_new(struct account *a, const char *nick, int64_t now_ms)
{
	struct account_nick *n = xcalloc(1, sizeof(*n));

	assert(strlen(nick) <= NICK_MAX);
	n->account = a;
	n->since_ms = now_ms;
	memcpy(n->nick, nick, strlen(nick) + 1);
	nick_fold(n->folded, nick);
	nick_skeleton(n->skeleton, n->folded);
	TAILQ_INSERT_TAIL(&a->nicks, n, in_account);
	a->nick_count++;
	return n;
}

struct account *
accounts_add(struct accounts *all, const char *nick, int64_t now_ms)
{
	struct account *a;
	bool is_new;

	if (accounts_owner(all, nick) != NULL)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	TAILQ_INIT(&a->nicks);
	TAILQ_INIT(&a->proofs);
	a->made_ms = now_ms;
	(void)account_nick_new(a, nick, now_ms);
	do {
		arc4random_buf(&a->id, sizeof(a->id));
	} while (a->id == 0 || accounts_find_id(all, a->id) != NULL);
	is_new = accounts_restore(all, a);
	assert(is_new);
	accounts_changed(all, a);
	return a;
}

void
accounts_forget(struct accounts *all, struct account *a)
{
	accounts_take_out(all, a);
	if (all->watch != NULL)
		all->watch->forgotten(a, all->watch_arg);
	account_free(a);
}

bool
account_add_nick(struct accounts *all, struct account *a, const char *nick,
    int64_t now_ms)
{
	const struct account_nick *owner = accounts_owner(all, nick);

	if (a->nick_count == ACCOUNT_NICKS_MAX ||
	    (owner != NULL && owner->account != a) || account_owns(a, nick))
		return false;
	accounts_insert_nick(all, account_nick_new(a, nick, now_ms));
	accounts_changed(all, a);
	return true;
}

bool
account_remove_nick(struct accounts *all, struct account *a, const char *nick)
{
	struct account_nick *n = account_find_nick(a, nick);

	if (n == NULL || n == TAILQ_FIRST(&a->nicks))
		return false;
	accounts_take_out_nick(all, n);
	TAILQ_REMOVE(&a->nicks, n, in_account);
	a->nick_count--;
	free(n);
	accounts_changed(all, a);
	return true;
}

bool
account_set_name(struct accounts *all, struct account *a, const char *nick)
{
	struct account_nick *n = account_find_nick(a, nick);

	if (n == NULL)
		return false;
	TAILQ_REMOVE(&a->nicks, n, in_account);
	TAILQ_INSERT_HEAD(&a->nicks, n, in_account);
	accounts_changed(all, a);
	return true;
}

/* What is kept of an origin: not it, but enough to know it again. */
static uint64_t
account_origin_number(const struct account *a, const struct credential *origin)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const unsigned char *)&a->id, sizeof(a->id));
	SHA256Update(&sha, (const unsigned char *)origin, sizeof(*origin));
	SHA256Final(digest, &sha);
	return le_get64(digest);
}

static size_t
account_find_origin(const struct account *a, const struct credential *origin)
{
	uint64_t number = account_origin_number(a, origin);
	size_t i;

	for (i = 0; i < a->known_count; i++)
		if (a->known[i] == number)
			break;
	return i;
}

bool
account_knows(const struct account *a, const struct credential *origin)
{
	return account_find_origin(a, origin) < a->known_count;
}

/* The last is the one used last; the first goes. */
static void
account_know(struct account *a, const struct credential *origin)
{
	size_t i = account_find_origin(a, origin);

	if (i == a->known_count && i == ACCOUNT_KNOWN_MAX)
		i = 0;
	else if (i == a->known_count)
		a->known_count++;
	memmove(&a->known[i], &a->known[i + 1],
	    (a->known_count - 1 - i) * sizeof(a->known[0]));
	a->known[a->known_count - 1] = account_origin_number(a, origin);
}

void
account_logged_in(struct accounts *all, struct account *a,
    struct account_proof *p, const struct credential *origin, int64_t now_ms)
{
	account_know(a, origin);
	if (p == NULL)
		p = account_find_password(a);
	if (p != NULL)
		p->used_ms = now_ms;
	if (p != NULL && p->kind == PROOF_TOKEN) {
		TAILQ_REMOVE(&a->proofs, p, in_account);
		TAILQ_INSERT_TAIL(&a->proofs, p, in_account);
	}
	a->login_ms = now_ms;
	a->failures = 0;
	accounts_changed(all, a);
}

void
account_failed(struct accounts *all, struct account *a)
{
	if (a->failures < UINT32_MAX)
		a->failures++;
	accounts_changed(all, a);
}

bool
account_is_untried(const struct account *a)
{
	return a->login_ms != 0 && a->login_ms == a->made_ms;
}

void
account_date(struct accounts *all, struct account *a, int64_t age_ms)
{
	if (a->used_age_ms != 0)
		return;
	a->used_age_ms = age_ms;
	accounts_changed(all, a);
}
