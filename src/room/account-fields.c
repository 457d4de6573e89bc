/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Accounts as they are written down. One that is damaged is refused as a whole:
 * a part of it might let somebody in whom the rest keeps out.
 */
#include "config.h"

#include <string.h>

#include "base/age.h"
#include "base/fields.h"
#include "base/handoff.h"
#include "net/scram.h"
#include "net/verify.h"
#include "room/account.h"

_Static_assert(ACCOUNT_HASH_MAX == VERIFY_HASH_MAX, "what can be verified");

static bool
account_is_nick(const char *nick)
{
	return nick_check(nick) == NICK_OK;
}

static const struct field nick_list[] = {
	{ FIELD_STRING(1, struct account_nick, nick), .is_needed = true,
	    .check = account_is_nick },
	{ FIELD_INT(2, struct account_nick, since_ms) },
};
static const struct fields nick_fields = { FIELDS("an account's nick",
    struct account_nick, nick_list) };

static bool
account_take_nick(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct account *a = base;
	struct account_nick *n = element;

	(void)in;
	(void)f;
	if (a->nick_count == ACCOUNT_NICKS_MAX || account_owns(a, n->nick))
		return false;
	n->account = a;
	nick_fold(n->folded, n->nick);
	nick_skeleton(n->skeleton, n->folded);
	TAILQ_INSERT_TAIL(&a->nicks, n, in_account);
	a->nick_count++;
	return true;
}

static bool
proof_is_hash(const char *hash)
{
	return verify_check_hash(hash) == NULL;
}

static bool
proof_check(struct fields_in *in, void *base)
{
	static const unsigned char zeros[PROOF_BYTES];
	const struct account_proof *p = base;

	(void)in;
	if ((p->kind == PROOF_PASSWORD) != (p->hash != NULL) ||
	    (p->scram != NULL && p->hash == NULL))
		return false;
	switch ((enum proof_kind)p->kind) {
	case PROOF_PASSWORD:
		return memcmp(p->bytes, zeros, sizeof(zeros)) == 0;
	case PROOF_UID:
		return memcmp(p->bytes + 4, zeros, sizeof(zeros) - 4) == 0;
	case PROOF_SSH:
		if (memcmp(p->bytes + CREDENTIAL_SSH_BYTES, zeros,
			sizeof(zeros) - CREDENTIAL_SSH_BYTES) != 0)
			return false;
		break;
	case PROOF_KEY:
	case PROOF_TOKEN:
	case PROOF_KINDS:
		break;
	}
	return memcmp(p->bytes, zeros, sizeof(zeros)) != 0;
}

static const struct field proof_list[] = {
	{ FIELD_UINT(1, struct account_proof, kind), .max = PROOF_KINDS - 1 },
	{ FIELD_BYTES(2, struct account_proof, bytes) },
	{ FIELD_TEXT(3, struct account_proof, hash, ACCOUNT_HASH_MAX),
	    .check = proof_is_hash },
	{ FIELD_INT(4, struct account_proof, made_ms) },
	{ FIELD_INT(5, struct account_proof, used_ms) },
	{ FIELD_TEXT(6, struct account_proof, scram, SCRAM_TEXT_MAX),
	    .check = scram_verifier_is_text },
};
static const struct fields proof_fields = {
	FIELDS("a credential of an account", struct account_proof, proof_list),
	.check = proof_check,
};

static bool
account_take_proof(struct fields_in *in, const struct field *f, void *base,
    void *element)
{
	struct account *a = base;
	struct account_proof *p = element, *other;

	(void)in;
	(void)f;
	if (a->proof_count == ACCOUNT_PROOFS_MAX)
		return false;
	TAILQ_FOREACH(other, &a->proofs, in_account)
		if (other->kind == p->kind &&
		    memcmp(other->bytes, p->bytes, sizeof(p->bytes)) == 0)
			return false;
	p->account = a;
	TAILQ_INSERT_TAIL(&a->proofs, p, in_account);
	a->proof_count++;
	return true;
}

static bool
account_check(struct fields_in *in, void *base)
{
	const struct account *a = base;

	(void)in;
	return a->id != 0 && a->nick_count > 0 && a->used_age_ms >= 0 &&
	    a->used_age_ms < AGE_MAX_MS;
}

static const struct field account_list[] = {
	{ FIELD_UINT(1, struct account, id), .is_needed = true },
	{ FIELD_LIST(2, struct account, nicks, &nick_fields,
	    struct account_nick, in_account, account_take_nick) },
	{ FIELD_LIST(3, struct account, proofs, &proof_fields,
	    struct account_proof, in_account, account_take_proof) },
	{ FIELD_INT(4, struct account, made_ms) },
	{ FIELD_INT(5, struct account, login_ms) },
	{ FIELD_UINT(6, struct account, failures) },
	{ FIELD_COUNTED(7, struct account, known, known_count) },
	{ FIELD_INT(8, struct account, used_age_ms) },
};
static const struct fields account_fields = {
	FIELDS("an account", struct account, account_list),
	.check = account_check,
};

void
account_save(const struct account *a, struct fields_out *out)
{
	fields_put(out, &account_fields, a);
}

void
accounts_save(const struct accounts *all, struct fields_out *out)
{
	const struct account *a;

	for (a = NULL; (a = accounts_next(all, a)) != NULL;)
		fields_put_item(out, HANDOFF_ACCOUNT, &account_fields, a);
}

const struct account *
accounts_load(struct accounts *all, struct fields_in *in,
    const struct tlv *item)
{
	struct account *a = xcalloc(1, sizeof(*a));

	TAILQ_INIT(&a->nicks);
	TAILQ_INIT(&a->proofs);
	if (fields_get(in, &account_fields, item, a)) {
		if (accounts_restore(all, a))
			return a;
		(void)fields_fail(in,
		    "something of an account is somebody else's");
	}
	account_free(a);
	return NULL;
}
