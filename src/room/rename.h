/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef RENAME_H
#define RENAME_H

#include "base/util.h"
#include "room/model.h"

/* Taking another nick, and perhaps what was left under it, with all that the
 * others and the ring see of that. */

enum directory_rename {
	DIRECTORY_RENAMED,
	DIRECTORY_SAME, /* it was the nick already */
	DIRECTORY_RETURNED, /* and a bookmark was found: a catch-up begins */
	DIRECTORY_REFUSED, /* nick_check() says why */
	DIRECTORY_TAKEN, /* *clash has it */
	DIRECTORY_LOOKALIKE, /* it looks like that of *clash */
	DIRECTORY_TOO_OFTEN /* ANNOUNCE_PERSON */
};

/*
 * What directory_rename() would return for m or, if that is NULL, for somebody
 * with this credential who is not here yet. DIRECTORY_RENAMED: it would be
 * done.
 */
enum directory_rename directory_check(struct directory *directory,
    const struct member *m, const struct credential *credential,
    const char *nick, const struct member **clash) MUST_CHECK;

/*
 * Gives m a new nick and tells the others. Somebody with m's credential who has
 * left under that nick, whose connection is lost, or, with a strong credential,
 * who is live in another session (which ends), is returned: m takes over the
 * place. On failure nothing has changed. Not to be called from a walk over
 * members: one may be freed (never m).
 */
enum directory_rename directory_rename(struct member *m, const char *nick,
    const struct member **clash) MUST_CHECK;

#endif
