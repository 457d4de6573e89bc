/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by presence.c and presence-handoff.c only.
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
	RB_ENTRY(presence_item) in_returning; /* if is_returning */
	struct presence *presence;
	TAILQ_ENTRY(presence_item) entry;
	struct membership *ms; /* the one who came; NULL: somebody left */
	int64_t since_ms;
	/*
	 * Whoever left will be here again: clients that track members, if they
	 * came up to last_arrival, were not told of the departure; if
	 * away_since_ms is not 0, all were told that they are away.
	 */
	bool is_returning;
	uint64_t last_arrival;
	int64_t away_since_ms;
	struct credential credential;
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
};

struct presence_item *presence_find(struct presence *p, const char *folded);

/* Appends item; no other in the queue has that nick. */
void presence_insert(struct presence *p, struct presence_item *item);

#endif
