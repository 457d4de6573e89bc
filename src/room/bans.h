/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BANS_H
#define BANS_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/nick.h"
#include "base/origin.h"
#include "base/util.h"
#include "base/walk.h"

struct clock;
struct fields_in;
struct fields_out;
struct tlv;

#define BANS_MAX 10000
#define BAN_REASON_MAX 200 /* bytes */
#define BAN_STR_SIZE 128
#define BAN_UNTIL_SIZE 40

/* Whom a ban is about: an origin (addresses with a common prefix, or a Unix
 * uid), a nick, an account; or several of them: that is how a ban of a nick
 * reaches its holder. Of an account there is always a nick, by which the ban is
 * listed and lifted. */
struct ban_subject {
	bool has_origin;
	struct credential origin; /* its bits behind prefix are zero */
	unsigned prefix; /* bits; a uid's or key's: all */
	char nick[NICK_SIZE]; /* as given; "": none */
	uint64_t account; /* its id; 0: none */
};

struct ban {
	RB_ENTRY(ban) by_origin;
	RB_ENTRY(ban) by_account;
	RB_ENTRY(ban) by_skeleton;
	TAILQ_ENTRY(ban) entry;
	uint64_t id; /* counts up */
	struct ban_subject subject;
	char skeleton[NICK_SIZE];
	int64_t made_ms; /* of the age clock */
	int64_t ends_ms; /* of the age clock; 0: never */
	char *reason; /* "" when none was given */
};

TAILQ_HEAD(ban_queue, ban);
RB_HEAD(ban_origin_tree, ban);
RB_HEAD(ban_account_tree, ban);
RB_HEAD(ban_skeleton_tree, ban);

/* Functions that are told of each change while it is made. */
struct bans_watch {
	void (*added)(const struct ban *ban, void *arg);
	void (*dropped)(const struct ban *ban, void *arg);
};

struct bans {
	struct ban_queue list; /* the oldest first */
	struct ban_origin_tree by_origin;
	struct ban_account_tree by_account;
	struct ban_skeleton_tree by_skeleton;
	size_t count;
	uint64_t last_id;
	const struct bans_watch *watch; /* or NULL */
	void *watch_arg;
	/* How many bans there are of each prefix, by enum credential_kind. */
	unsigned prefixes[CREDENTIAL_KINDS][ORIGIN_PREFIX_MAX + 1];
};

void bans_init(struct bans *all);
void bans_fini(struct bans *all); /* tells nobody */
/* Sets the watch, or with NULL removes it. */
void bans_set_watch(struct bans *all, const struct bans_watch *watch,
    void *arg);

/*
 * Reads what origin_parse() does, or a nick.
 * IPv6 longer than /64 becomes its /64, as connections are known by that
 * (credential.h); IPv4-mapped addresses become IPv4. Bits behind the prefix are
 * cleared. Returns NULL, or what is wrong as a static string.
 */
const char *ban_subject_parse(struct ban_subject *subject,
    const char *text) MUST_CHECK;

/* Writes "192.0.2.0/24", "2001:db8:0:1::/64", "uid:1000", "bob", or with more
 * "bob (192.0.2.1)", "bob (account)", "bob (account, 192.0.2.1)". */
void ban_subject_str(const struct ban_subject *subject, char out[BAN_STR_SIZE]);

/* Adds the present holder to the ban of a nick. A guest's nick is removed, as
 * it is never given again. */
void ban_subject_add_holder(struct ban_subject *subject,
    const struct credential *credential);

/*
 * Adds a ban, or renews one of the same subject (of a nick: of the same nick).
 * reason, which must be scrubbed, is copied, BAN_REASON_MAX bytes at most. now_ms
 * is the age clock, here and elsewhere; ends_ms 0: never. Returns the ban,
 * which may go at any time, or NULL if there are BANS_MAX.
 */
const struct ban *bans_add(struct bans *all, const struct ban_subject *subject,
    const char *reason, int64_t now_ms, int64_t ends_ms) MUST_CHECK;

/*
 * As fields.h has it: what a ban is on the disk; an item for each ban, for the
 * next program; and a ban made from either again. NULL: in->error says why.
 */
void ban_save(const struct ban *ban, struct fields_out *out);
void bans_save(const struct bans *all, struct fields_out *out);
const struct ban *bans_load(struct bans *all, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/* Takes over a ban that was read. Returns NULL if there are too many, or one of
 * the same subject. Nobody is told. */
const struct ban *bans_restore(struct bans *all,
    const struct ban *ban) MUST_CHECK;

/* Lifts the ban of this subject from ban_subject_parse(), a nick's with the
 * origin that was added to it. False: there is none. */
bool bans_remove(struct bans *all, const struct ban_subject *subject,
    int64_t now_ms);

/*
 * The ban that matches this credential, account (0: none) or nick; or NULL. A
 * nick that looks like a banned one (nick_skeleton()) is banned as well. Bans
 * that have ended are dropped.
 */
const struct ban *bans_match(struct bans *all,
    const struct credential *credential, int64_t now_ms);
const struct ban *bans_match_account(struct bans *all, uint64_t account,
    int64_t now_ms);
const struct ban *bans_match_nick(struct bans *all, const char *nick,
    int64_t now_ms);

/* Drops what has ended, before list is shown. False: some is left. */
bool bans_expire(struct bans *all, int64_t now_ms, struct walk_budget *budget);

/* When it will end by the wall clock of now, if that goes on as it should; 0:
 * never. */
int64_t ban_until_ms(const struct ban *ban, const struct clock *clock);

/* Writes "2 Jun 14:02", local time, with the year if it is not now's; ""
 * without an end. */
void ban_until(const struct ban *ban, const struct clock *clock,
    char out[BAN_UNTIL_SIZE]);

/* Returns "banned until 2 Jun 14:02 (reason)"; the caller frees it. */
char *ban_sentence(const struct ban *ban, const struct clock *clock);

#endif
