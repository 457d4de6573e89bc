/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef TALLY_H
#define TALLY_H

#include <sys/types.h>

#include <bsd/sys/tree.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nick.h"
#include "history/event.h"

struct tally_author;
RB_HEAD(tally_tree, tally_author);

/* Who said how much, for the summary of a catch-up. */
struct tally {
	struct tally_tree by_nick;
	size_t authors;
	uint64_t messages;
	uint64_t mentions;
};

void tally_init(struct tally *t);
void tally_fini(struct tally *t); /* t is empty and valid afterwards */

/* Counts a message; it is a mention if it names nick. */
void tally_add(struct tally *t, const struct event *event, const char *nick);

/* The authors of most messages first, then by nick. Points into t. */
void tally_top(struct tally *t, struct event_tally *top);

#endif
