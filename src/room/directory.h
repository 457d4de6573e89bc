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

/* The one whose nick looks like this one, or is it; or NULL. */
struct member *directory_find_lookalike(struct directory *directory,
    const char *nick);

/* For rename.c: m has that nick from now on, which nobody else has. */
void directory_change_nick(struct member *m, const char *nick);

#endif
