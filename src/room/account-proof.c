/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What proves that somebody is an account's owner: a password, and in a tree of
 * their own keys, uids, tokens and keys of ssh. Tokens stand in the order of
 * their last use.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "room/account-impl.h"

static int
account_proof_cmp(const struct account_proof *a, const struct account_proof *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

RB_GENERATE_INTERNAL(account_proof_tree, account_proof, by_bytes,
    account_proof_cmp, UNUSED static)

const char *
proof_kind_str(enum proof_kind kind)
{
	switch (kind) {
	case PROOF_PASSWORD:
		return "password";
	case PROOF_KEY:
		return "key";
	case PROOF_UID:
		return "uid";
	case PROOF_TOKEN:
		return "token";
	case PROOF_SSH:
		return "ssh";
	case PROOF_KINDS:
		break;
	}
	assert(0 && "no such kind");
	return "";
}

struct account_proof *
accounts_find_proof(const struct accounts *all, enum proof_kind kind,
    const unsigned char bytes[PROOF_BYTES])
{
	/* RB_FIND() does not change a tree. */
	struct account_proof_tree tree = all->by_bytes;
	struct account_proof key = { .kind = (uint8_t)kind };

	memcpy(key.bytes, bytes, sizeof(key.bytes));
	return RB_FIND(account_proof_tree, &tree, &key);
}

struct account_proof *
account_find_password(const struct account *a)
{
	struct account_proof *p;

	TAILQ_FOREACH(p, &a->proofs, in_account)
		if (p->kind == PROOF_PASSWORD)
			return p;
	return NULL;
}

const struct account_proof *
account_password(const struct account *a)
{
	return account_find_password(a);
}

void
proof_str(const struct account_proof *p, char out[PROOF_STR_SIZE])
{
	struct credential ssh;
	char whole[CREDENTIAL_SSH_SIZE];
	uint32_t head = (uint32_t)p->bytes[0] << 24 |
	    (uint32_t)p->bytes[1] << 16 | (uint32_t)p->bytes[2] << 8 |
	    p->bytes[3];

	if (p->kind == PROOF_SSH) {
		ssh = proof_ssh(p);
		credential_ssh_str(&ssh, whole);
		(void)strlcpy(out, whole, PROOF_STR_SIZE);
		return;
	}
	(void)snprintf(out, PROOF_STR_SIZE,
	    p->kind == PROOF_UID ? "%" PRIu32 : "%08" PRIx32, head);
}

struct account_proof *
account_find_proof(const struct account *a, enum proof_kind kind,
    const char *called)
{
	struct account_proof *p;
	char name[PROOF_STR_SIZE];

	TAILQ_FOREACH(p, &a->proofs, in_account) {
		proof_str(p, name);
		if (p->kind == kind && strcmp(name, called) == 0)
			return p;
	}
	return NULL;
}

static void
proof_free(struct account_proof *p)
{
	if (p->hash != NULL)
		explicit_bzero(p->hash, strlen(p->hash));
	free(p->hash);
	if (p->scram != NULL)
		explicit_bzero(p->scram, strlen(p->scram));
	free(p->scram);
	free(p);
}

void
account_free_proofs(struct account *a)
{
	struct account_proof *p;

	while ((p = TAILQ_FIRST(&a->proofs)) != NULL) {
		TAILQ_REMOVE(&a->proofs, p, in_account);
		proof_free(p);
	}
}

bool
account_has_free_proofs(const struct accounts *all, const struct account *a)
{
	const struct account_proof *p;

	TAILQ_FOREACH(p, &a->proofs, in_account)
		if (p->kind != PROOF_PASSWORD &&
		    accounts_find_proof(all, p->kind, p->bytes) != NULL)
			return false;
	return true;
}

void
account_insert_proofs(struct accounts *all, struct account *a)
{
	struct account_proof *p;

	TAILQ_FOREACH(p, &a->proofs, in_account)
		if (p->kind != PROOF_PASSWORD)
			(void)RB_INSERT(account_proof_tree, &all->by_bytes, p);
}

void
account_take_out_proofs(struct accounts *all, struct account *a)
{
	struct account_proof *p;

	TAILQ_FOREACH(p, &a->proofs, in_account)
		if (p->kind != PROOF_PASSWORD)
			RB_REMOVE(account_proof_tree, &all->by_bytes, p);
}

static struct account_proof *
account_proof_new(struct account *a, enum proof_kind kind, int64_t now_ms)
{
	struct account_proof *p = xcalloc(1, sizeof(*p));

	p->account = a;
	p->kind = (uint8_t)kind;
	p->made_ms = now_ms;
	TAILQ_INSERT_TAIL(&a->proofs, p, in_account);
	a->proof_count++;
	return p;
}

static void
account_drop_proof(struct accounts *all, struct account_proof *p)
{
	if (p->kind != PROOF_PASSWORD)
		RB_REMOVE(account_proof_tree, &all->by_bytes, p);
	TAILQ_REMOVE(&p->account->proofs, p, in_account);
	p->account->proof_count--;
	proof_free(p);
}

void
account_remove_proof(struct accounts *all, struct account_proof *p)
{
	struct account *a = p->account;

	account_drop_proof(all, p);
	accounts_changed(all, a);
}

void
account_remove_proofs(struct accounts *all, struct account *a)
{
	struct account_proof *p;

	while ((p = TAILQ_FIRST(&a->proofs)) != NULL)
		account_drop_proof(all, p);
	accounts_changed(all, a);
}

void
account_set_password(struct accounts *all, struct account *a, const char *hash,
    int64_t now_ms)
{
	struct account_proof *p = account_find_password(a);

	if (p != NULL)
		account_drop_proof(all, p);
	if (hash != NULL) {
		p = account_proof_new(a, PROOF_PASSWORD, now_ms);
		p->hash = xstrdup(hash);
	}
	accounts_changed(all, a);
}

void
account_set_scram(struct accounts *all, struct account *a, const char *scram)
{
	struct account_proof *p = account_find_password(a);

	if (p->scram != NULL)
		explicit_bzero(p->scram, strlen(p->scram));
	free(p->scram);
	p->scram = scram == NULL ? NULL : xstrdup(scram);
	accounts_changed(all, a);
}

/* The token that was not used for longest, or NULL. */
static struct account_proof *
account_oldest_token(const struct account *a)
{
	struct account_proof *p;

	TAILQ_FOREACH(p, &a->proofs, in_account)
		if (p->kind == PROOF_TOKEN)
			return p;
	return NULL;
}

struct account_proof *
account_add_proof(struct accounts *all, struct account *a, enum proof_kind kind,
    const unsigned char bytes[PROOF_BYTES], int64_t now_ms)
{
	struct account_proof *p = accounts_find_proof(all, kind, bytes);

	assert(kind != PROOF_PASSWORD);
	if (p != NULL)
		return p->account == a ? p : NULL;
	/* One place is left for a password. */
	if (a->proof_count + (account_password(a) == NULL) >=
	    ACCOUNT_PROOFS_MAX) {
		p = kind == PROOF_TOKEN ? account_oldest_token(a) : NULL;
		if (p == NULL)
			return NULL;
		account_drop_proof(all, p);
	}
	p = account_proof_new(a, kind, now_ms);
	memcpy(p->bytes, bytes, sizeof(p->bytes));
	/* A key or a user has just shown itself; a token is new. */
	p->used_ms = kind == PROOF_TOKEN ? 0 : now_ms;
	(void)RB_INSERT(account_proof_tree, &all->by_bytes, p);
	accounts_changed(all, a);
	return p;
}

/* Their bytes */

void
proof_of_origin(unsigned char bytes[PROOF_BYTES], const struct credential *c)
{
	assert(c->kind == CREDENTIAL_UID || c->kind == CREDENTIAL_SSH);
	memset(bytes, 0, PROOF_BYTES);
	memcpy(bytes, c->bytes, sizeof(c->bytes));
}

struct credential
proof_ssh(const struct account_proof *p)
{
	struct credential c = { .kind = CREDENTIAL_SSH };

	assert(p->kind == PROOF_SSH);
	memcpy(c.bytes, p->bytes, CREDENTIAL_SSH_BYTES);
	return c;
}

bool
proof_of_token(unsigned char bytes[PROOF_BYTES], const char *token)
{
	SHA2_CTX sha;

	_Static_assert(PROOF_BYTES == SHA256_DIGEST_LENGTH, "SHA-256");
	if (strlen(token) != TOKEN_SIZE - 1 ||
	    strspn(token, "0123456789abcdef") != TOKEN_SIZE - 1)
		return false;
	SHA256Init(&sha);
	SHA256Update(&sha, (const unsigned char *)token, TOKEN_SIZE - 1);
	SHA256Final(bytes, &sha);
	return true;
}

void
token_make(char out[TOKEN_SIZE])
{
	unsigned char random[(TOKEN_SIZE - 1) / 2];
	size_t i;

	arc4random_buf(random, sizeof(random));
	for (i = 0; i < sizeof(random); i++)
		(void)snprintf(out + 2 * i, 3, "%02x", random[i]);
	explicit_bzero(random, sizeof(random));
}
