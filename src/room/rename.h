/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef RENAME_H
#define RENAME_H

#include "base/util.h"
#include "room/model.h"

/*
 * Taking another nick, and with it perhaps the place of who had it: everything
 * that others and the ring see of that.
 */

enum directory_rename {
	DIRECTORY_RENAMED,
	DIRECTORY_SAME, /* that is the nick already */
	DIRECTORY_RETURNED, /* and a place was found: a catch-up begins */
	DIRECTORY_REFUSED, /* nick_check() says why */
	DIRECTORY_TAKEN, /* *clash has it */
	DIRECTORY_LOOKALIKE, /* it looks like that of *clash */
	DIRECTORY_TOO_OFTEN /* member_announce_wait_ms() says how long */
};

/*
 * What directory_rename() would say to m, or, if that is NULL, to somebody with
 * this credential who is not here yet; DIRECTORY_RENAMED: it would be done.
 */
enum directory_rename directory_check(struct directory *directory,
    const struct member *m, const struct credential *credential,
    const char *nick, const struct member **clash) MUST_CHECK;

/*
 * /nick: gives m a new nick and tells the others. Somebody who has a place
 * under that nick and m's credential (left, or lost the connection, or, if the
 * credential is strong, is live in another session, which is replaced) is
 * returned: m takes the place over. On failure nothing has changed. Call it
 * outside any walk over members: one may be freed (never m).
 */
enum directory_rename directory_rename(struct member *m, const char *nick,
    const struct member **clash) MUST_CHECK;

#endif
