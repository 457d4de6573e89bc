/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <sys/types.h>

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "member.h"
#include "util.h"

/* Everybody who is here, by nick and by what their nick looks like. */
RB_HEAD(roster_nicks, member);
RB_HEAD(roster_skeletons, member);

struct roster {
	struct roster_nicks by_nick;
	struct roster_skeletons by_skeleton;
	size_t count;
	uint64_t last_id;
	uint64_t last_guest;
};

void roster_init(struct roster *roster);

/* m gets an id and the next guest nick. */
void roster_add_guest(struct roster *roster, struct member *m);
void roster_remove(struct roster *roster, struct member *m);

/* m, new, has the nick that another program gave it. False: somebody here has
 * it, or one that looks like it. */
bool roster_restore(struct roster *roster, struct member *m,
    const char *nick) MUST_CHECK;

/* By nick, in any case; or NULL. */
struct member *roster_find(struct roster *roster, const char *nick);

/* Everybody in order of their nicks: NULL starts, NULL ends. */
struct member *roster_next(struct roster *roster, struct member *m);
/* The first whose folded nick comes after this one ("": the first of all), for
 * a walk that is interrupted; or NULL. */
struct member *roster_after(struct roster *roster, const char *folded);

enum roster_rename {
	ROSTER_RENAMED,
	ROSTER_SAME, /* that is the nick already */
	ROSTER_RETURNED, /* and a place was found: a catch-up begins */
	ROSTER_REFUSED, /* nick_check() says why */
	ROSTER_TAKEN, /* *clash has it */
	ROSTER_LOOKALIKE, /* it looks like that of *clash */
	ROSTER_TOO_OFTEN /* member_announce_wait_ms() says how long */
};

/*
 * What roster_rename() would say to m, or, if that is NULL, to somebody with
 * this credential who is not here yet; ROSTER_RENAMED: it would be done.
 */
enum roster_rename roster_check(struct roster *roster, const struct member *m,
    const struct credential *credential, const char *nick,
    const struct member **clash) MUST_CHECK;

/*
 * /nick: gives m a new nick and tells the others. Somebody who has a place
 * under that nick and m's credential (left, or lost the connection, or, if the
 * credential is strong, is live in another session, which is replaced) is
 * returned: m takes the place over. On failure nothing has changed. Call it
 * outside any walk over members: one may be freed (never m).
 */
enum roster_rename roster_rename(struct member *m, const char *nick,
    const struct member **clash) MUST_CHECK;

#endif
