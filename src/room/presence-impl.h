/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What presence.c and presence-handoff.c share; of no concern to others.
 */
#ifndef PRESENCE_IMPL_H
#define PRESENCE_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/nick.h"
#include "room/presence.h"

struct presence_item {
	RB_ENTRY(presence_item) by_nick;
	TAILQ_ENTRY(presence_item) entry;
	struct membership *ms; /* who came; NULL: somebody left */
	int64_t since_ms;
	/* Who left is to be here again: those with dialects that track members,
	 * up to who came last before that, were not told that they left; and if
	 * not 0, all were that they are away. */
	bool is_returning;
	uint64_t last_arrival;
	int64_t away_since_ms;
	struct credential credential;
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
};

struct presence_item *presence_find(struct presence *p, const char *folded);

/* The last in the queue; no other has that nick. */
void presence_insert(struct presence *p, struct presence_item *item);

#endif
