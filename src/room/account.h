/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/nick.h"
#include "base/util.h"
#include "room/attempts.h"

struct fields_in;
struct fields_out;
struct tlv;

/*
 * Accounts: who owns a nick, and perhaps some more (aliases), which nobody else
 * may have; and by what they prove that it is them. An account is known by an
 * id, which is random and so is never given twice, whatever files are lost. Its
 * name is the first of its nicks.
 */
#define ACCOUNT_NICKS_MAX 9 /* the name and 8 aliases */
#define ACCOUNT_PROOFS_MAX 32
#define ACCOUNT_KNOWN_MAX 8
#define ACCOUNT_HASH_MAX 383 /* bytes: VERIFY_HASH_MAX */

/* What lets somebody into an account: its credentials. */
enum proof_kind {
	PROOF_PASSWORD, /* hash: of crypt(3) */
	PROOF_KEY, /* bytes: the SHA-256 of a certificate's public key */
	PROOF_UID, /* bytes: of a Unix socket's peer, big-endian, then zeros */
	PROOF_TOKEN, /* bytes: the SHA-256 of what the client sends */
	PROOF_SSH, /* bytes: of CREDENTIAL_SSH, then zeros */
	PROOF_KINDS
};
const char *proof_kind_str(enum proof_kind kind); /* "password" */

#define PROOF_BYTES 32

/* A key, uid, token or key of ssh belongs to one account only. */
struct account_proof {
	RB_ENTRY(account_proof) by_bytes; /* not a password's */
	TAILQ_ENTRY(account_proof) in_account;
	struct account *account;
	char *hash; /* NULL but for a password */
	char *scram; /* a password's verifier (net/scram.h), or NULL */
	int64_t made_ms; /* wall clock */
	int64_t used_ms; /* the same; 0: never */
	uint8_t kind; /* enum proof_kind */
	unsigned char bytes[PROOF_BYTES];
};

struct account_nick {
	RB_ENTRY(account_nick) by_name;
	RB_ENTRY(account_nick) by_skeleton;
	TAILQ_ENTRY(account_nick) in_account;
	struct account *account;
	int64_t since_ms; /* wall clock */
	char nick[NICK_SIZE]; /* as its owner writes it */
	char folded[NICK_SIZE];
	char skeleton[NICK_SIZE]; /* of folded */
};

TAILQ_HEAD(account_nicks, account_nick);
TAILQ_HEAD(account_proofs, account_proof);

struct account {
	RB_ENTRY(account) by_id;
	uint64_t id; /* not 0 */
	struct account_nicks nicks; /* the name first */
	struct account_proofs proofs; /* tokens: the longest unused first */
	size_t nick_count;
	size_t proof_count;
	int64_t made_ms; /* wall clock */
	int64_t login_ms; /* wall clock: the last login; 0: none */
	int64_t used_age_ms; /* the same by the age clock; 0: not known yet */
	uint32_t failures; /* wrong passwords since then */
	uint64_t known[ACCOUNT_KNOWN_MAX]; /* see account_knows() */
	size_t known_count;
};

RB_HEAD(account_tree, account);
RB_HEAD(account_name_tree, account_nick);
RB_HEAD(account_skeleton_tree, account_nick);
RB_HEAD(account_proof_tree, account_proof);

/* Functions that are told of each change. */
struct accounts_watch {
	void (*changed)(const struct account *a, void *arg);
	void (*forgotten)(const struct account *a, void *arg);
};

struct accounts {
	struct account_tree by_id;
	struct account_name_tree by_name;
	struct account_skeleton_tree by_skeleton;
	struct account_proof_tree by_bytes;
	size_t count;
	const struct accounts_watch *watch; /* or NULL */
	void *watch_arg;
	/* The journal's: what a snapshot is done with; and that all which it
	 * holds is here. */
	uint64_t snapshot_id;
	bool is_known;
	struct attempts attempts; /* passwords that were tried lately */
};

void accounts_init(struct accounts *all);
void accounts_fini(struct accounts *all); /* tells nobody */
void accounts_set_watch(struct accounts *all,
    const struct accounts_watch *watch, void *arg);

/* Finding. All return NULL if there is none. */
struct account *accounts_find_id(const struct accounts *all, uint64_t id);
/* The one that somebody with this identity is logged in to. */
struct account *accounts_of(const struct accounts *all,
    const struct credential *identity);
/* Who owns this nick, in any case. */
struct account *accounts_find(const struct accounts *all, const char *nick);
/* The owned nick that is this one, or looks like it. */
const struct account_nick *accounts_owner(const struct accounts *all,
    const char *nick);
struct account_proof *accounts_find_proof(const struct accounts *all,
    enum proof_kind kind, const unsigned char bytes[PROOF_BYTES]);
/* The next by id; NULL: the first. */
struct account *accounts_next(const struct accounts *all,
    const struct account *a);
/* The next behind that id, whether or not there is one of that. */
struct account *accounts_after(const struct accounts *all, uint64_t id);

/* As credential_str(), but an account by its name. */
void accounts_str(const struct accounts *all, const struct credential *c,
    char out[CREDENTIAL_STR_SIZE]);
/* The name of an account, as it is shown. */
const char *account_name(const struct account *a);
bool account_owns(const struct account *a, const char *nick);
/* Is that one of the last ACCOUNT_KNOWN_MAX origins that they logged in from? */
bool account_knows(const struct account *a, const struct credential *origin);
const struct account_proof *account_password(const struct account *a);
/* What people call a proof by: "1f2e3d4c", "1000" for a uid, or as much of a
 * fingerprint of ssh as fits: "SHA256:Nqa1Q2x7". */
#define PROOF_STR_SIZE 16
void proof_str(const struct account_proof *p, char out[PROOF_STR_SIZE]);
/* The proof of that kind that is called so, or NULL. */
struct account_proof *account_find_proof(const struct account *a,
    enum proof_kind kind, const char *called);

/*
 * Changes. Each is told to the watch. now_ms is the wall clock. accounts_add()
 * and account_add_nick() return NULL and false if the nick, which is
 * well-formed, is somebody's or looks like somebody else's.
 */
struct account *accounts_add(struct accounts *all, const char *nick,
    int64_t now_ms) MUST_CHECK;
void accounts_forget(struct accounts *all, struct account *a);
bool account_add_nick(struct accounts *all, struct account *a, const char *nick,
    int64_t now_ms) MUST_CHECK;
/* False: it is no alias of a. The name itself stays. */
bool account_remove_nick(struct accounts *all, struct account *a,
    const char *nick) MUST_CHECK;
/* Makes an alias the name. False: it is not a's. */
bool account_set_name(struct accounts *all, struct account *a,
    const char *nick) MUST_CHECK;
/* Sets the password, whose hash is copied; NULL removes it. */
void account_set_password(struct accounts *all, struct account *a,
    const char *hash, int64_t now_ms);
/* Keeps a verifier beside the password, which must be there; NULL removes it. A
 * new password has none. */
void account_set_scram(struct accounts *all, struct account *a,
    const char *scram);
/*
 * Adds what is no password. With ACCOUNT_PROOFS_MAX, a new token has the one
 * that was not used for longest make way; NULL: there is none, or it is
 * somebody else's. One that a has already is returned.
 */
struct account_proof *account_add_proof(struct accounts *all, struct account *a,
    enum proof_kind kind, const unsigned char bytes[PROOF_BYTES],
    int64_t now_ms) MUST_CHECK;
void account_remove_proof(struct accounts *all, struct account_proof *p);
void account_remove_proofs(struct accounts *all, struct account *a);
/* Somebody has logged in from there by p, a password if p is NULL; and: could
 * not. */
void account_logged_in(struct accounts *all, struct account *a,
    struct account_proof *p, const struct credential *origin, int64_t now_ms);
void account_failed(struct accounts *all, struct account *a);
/* Has nobody logged in since a was registered? False if an admin has made it. */
bool account_is_untried(const struct account *a);
/* What is not known of when it was used is now, by the age clock. */
void account_date(struct accounts *all, struct account *a, int64_t age_ms);

/* The bytes of a proof: of a uid or key of ssh, by which c comes; and of a
 * token, from what a client sent; false: it is none, by its form. */
void proof_of_origin(unsigned char bytes[PROOF_BYTES],
    const struct credential *c);
/* The reverse, of a key of ssh. */
struct credential proof_ssh(const struct account_proof *p);
#define TOKEN_SIZE 33 /* 32 hexadecimal digits */
bool proof_of_token(unsigned char bytes[PROOF_BYTES],
    const char *token) MUST_CHECK;
void token_make(char out[TOKEN_SIZE]);

/*
 * As fields.h has it: what an account is on the disk; an item for each, for the
 * next program; and an account made from either again, unless it is damaged or
 * something of it belongs to another. NULL: in->error says why.
 */
void account_save(const struct account *a, struct fields_out *out);
void accounts_save(const struct accounts *all, struct fields_out *out);
const struct account *accounts_load(struct accounts *all, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;
/* Takes over an account that is in no tree; false: it must not be there. */
bool accounts_restore(struct accounts *all, struct account *a) MUST_CHECK;
void account_free(struct account *a); /* one that is in no tree */

#endif
