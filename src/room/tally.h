/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TALLY_H
#define TALLY_H

#include <sys/types.h>

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nick.h"
#include "history/event.h"

struct tally_author;
RB_HEAD(tally_tree, tally_author);

/*
 * A name as an author wrote it, kept for as long as somebody holds it: a tally
 * remembers there whom it has counted last under that name.
 */
struct tally_name {
	RB_ENTRY(tally_name) entry;
	uint64_t tally; /* the serial of the tally that author is of */
	struct tally_author *author;
	unsigned holders;
	char nick[NICK_SIZE];
};
RB_HEAD(tally_names, tally_name);

void tally_names_init(struct tally_names *names);
struct tally_name *tally_name_hold(struct tally_names *names, const char *nick);
void tally_name_release(struct tally_names *names, struct tally_name *name);

/* Who said how much, for the summary of a catch-up. */
struct tally {
	struct tally_tree by_nick;
	size_t authors;
	uint64_t messages;
	uint64_t mentions;
	uint64_t serial; /* no other tally had it */
};

void tally_init(struct tally *t);
void tally_fini(struct tally *t); /* t is empty and valid afterwards */

/* Counts a message of that author. */
void tally_add(struct tally *t, struct tally_name *name, bool is_mention);
/* The same for a name that nobody holds. */
void tally_add_nick(struct tally *t, const char *nick, bool is_mention);

/* The authors of most messages first, then by nick. Points into t. */
void tally_top(struct tally *t, struct event_tally *top);

#endif
