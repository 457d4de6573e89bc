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

/* Who has come, for each in a large room: small. */
struct presence_item {
	TAILQ_ENTRY(presence_item) entry;
	struct membership *ms; /* NULL: a struct presence_left */
	int64_t since_ms;
	/* Of who came: those who came from then on were greeted with the nick
	 * that they have now. */
	uint64_t known_from;
};

struct presence_left {
	struct presence_item item;
	struct presence *presence;
	RB_ENTRY(presence_left) by_nick;
	RB_ENTRY(presence_left) in_returning; /* if is_returning */
	/*
	 * They will be here again: clients that track members, if they came up
	 * to last_arrival, were not told of the departure; if away_since_ms is
	 * not 0, all were told that they are away.
	 */
	bool is_returning;
	uint64_t last_arrival;
	int64_t away_since_ms;
	struct credential credential;
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
};

static inline struct presence_left *
presence_left_of(struct presence_item *item)
{
	return item->ms == NULL ? (struct presence_left *)item : NULL;
}

struct presence_left *presence_find(struct presence *p, const char *folded);

/* Appends who has come or left; no other in the queue has that nick. */
void presence_insert_came(struct presence *p, struct membership *ms,
    int64_t since_ms);
void presence_insert_left(struct presence *p, struct presence_left *left);

#endif
