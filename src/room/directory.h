/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <sys/types.h>

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "room/member.h"
#include "room/whowas.h"

/* Everybody who is here, by nick and by what their nick looks like. */
RB_HEAD(directory_nicks, member);
RB_HEAD(directory_skeletons, member);

/*
 * Somebody wants to know who comes and goes by name. Called in the midst of
 * what the room layer does: none of these may call back into it. Somebody who
 * has lost the connection has the nick until they leave for good, and one whose
 * place is taken over never gives it up.
 */
struct directory_watch {
	/* m has a nick that nobody had, and nobody has nick any more. */
	void (*used)(const struct member *m, void *arg);
	void (*freed)(const char *nick, void *arg);
	/* roommates_tell() has told those whom roommates_was_told() names. */
	void (*shown)(const struct member *m, const struct event *event,
	    void *arg);
	void *arg;
};

struct directory {
	struct directory_nicks by_nick;
	struct directory_skeletons by_skeleton;
	const struct directory_watch *watch; /* or NULL */
	const struct member *replaced; /* or NULL: m has their nick next */
	struct whowas whowas;
	size_t count;
	size_t present_max; /* the most who were connected at once */
	size_t invisible_count; /* of those who are connected */
	size_t oper_count;
	uint64_t last_id;
	uint64_t last_guest;
};

void directory_init(struct directory *directory);
void directory_fini(struct directory *directory);

/* m gets an id and the next guest nick. */
void directory_add_guest(struct directory *directory, struct member *m);
void directory_remove(struct directory *directory, struct member *m);

/* m, new, has the nick that another program gave it. False: somebody here has
 * it, or one that looks like it. */
bool directory_restore(struct directory *directory, struct member *m,
    const char *nick) MUST_CHECK;

/* For member_set_flags() and member_lost(): m is, or is not, one of those who
 * are connected and have these flags. */
void directory_count_flags(struct directory *directory, const struct member *m,
    bool is_there);

/* By nick, in any case; or NULL. */
struct member *directory_find(struct directory *directory, const char *nick);

/* Everybody in order of their nicks: NULL starts, NULL ends. */
struct member *directory_next(struct directory *directory, struct member *m);
/* The first whose folded nick comes after this one ("": the first of all), for
 * a walk that is interrupted; or NULL. */
struct member *directory_after(struct directory *directory, const char *folded);

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
