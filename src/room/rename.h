/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef RENAME_H
#define RENAME_H

#include "base/util.h"
#include "room/model.h"

/* Taking another nick, and perhaps what was left under it, with all that the
 * others and the ring see of that. */

enum rename {
	RENAME_DONE,
	RENAME_SAME, /* it was the nick already */
	RENAME_RETURNED, /* and a bookmark was found: a catch-up begins */
	RENAME_REFUSED, /* nick_check() says why */
	RENAME_TAKEN, /* *clash has it */
	RENAME_LOOKALIKE, /* it looks like that of *clash */
	RENAME_TOO_OFTEN, /* ANNOUNCE_PERSON */
	/* It is theirs, and they are here: client_move() makes them one; or
	 * with as many clients as they may have. *clash is who has it. */
	RENAME_JOINS,
	RENAME_TOO_MANY
};

/*
 * What rename_member() would return for m or, if that is NULL, for somebody
 * with this credential who is not here yet. RENAME_DONE: it would be
 * done.
 */
enum rename rename_check(struct directory *directory, const struct member *m,
    const struct credential *credential, const char *nick,
    const struct member **clash) MUST_CHECK;

/*
 * Gives m a new nick and tells the others. Somebody with m's credential who has
 * left under that nick, whose connection is lost, or, with a strong credential,
 * who is live in another session (which ends), is returned: m takes over the
 * place. On failure nothing has changed. Not to be called from a walk over
 * members: one may be freed (never m).
 */
enum rename rename_member(struct member *m, const char *nick,
    const struct member **clash) MUST_CHECK;

/* m is somebody else than before, under the same nick: gives them what they have
 * left under it. */
void rename_return(struct member *m);

#endif
