/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdbool.h>

#include "base/util.h"
#include "room/model.h"

void directory_init(struct directory *directory);
void directory_fini(struct directory *directory);

/* Counts m among the people of their identity's origin, and no other. */
void directory_share(struct member *m);
/* Gives m an id and the next guest nick. */
void directory_add_guest(struct directory *directory, struct member *m);
void directory_remove(struct directory *directory, struct member *m);

/* Adds the new m with the nick that it had in another program. False: somebody
 * here has it, or one that looks like it. */
bool directory_restore(struct directory *directory, struct member *m,
    const char *nick) MUST_CHECK;

/* Adjusts the counts for m's flags, for member_set_flags() and member_lost(): m
 * counts (is_there) or does no longer. */
void directory_count_flags(struct directory *directory, const struct member *m,
    bool is_there);

/* Finds somebody by nick, in any case; or NULL. */
struct member *directory_find(struct directory *directory, const char *nick);

/* Walks everybody in order of their nicks: NULL starts, NULL ends. */
struct member *directory_next(struct directory *directory, struct member *m);
/* The first whose folded nick comes after this one ("": the first of all), or
 * NULL; for a walk in several parts. */
struct member *directory_after(struct directory *directory, const char *folded);

/* The member whose nick is this one or looks like it; or NULL. */
struct member *directory_find_lookalike(struct directory *directory,
    const char *nick);

/* For rename.c: gives m that nick, which nobody else has. */
void directory_change_nick(struct member *m, const char *nick);

#endif
