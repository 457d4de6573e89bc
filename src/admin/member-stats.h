/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MEMBER_STATS_H
#define MEMBER_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/nick.h"
#include "base/walk.h"
#include "room/directory.h"
#include "room/member.h"

/* What a member is doing, as whoever runs the server sees it. */
enum member_activity {
	MEMBER_LIVE, /* live in all their rooms */
	MEMBER_ON_BREAK,
	MEMBER_SLOW, /* reads more slowly than people speak */
	MEMBER_CATCHING_UP, /* a catch-up or history runs */
	MEMBER_LOST, /* connection lost, nick held for them */
	MEMBER_ACTIVITIES
};
/* Returns "live", "on_break", "slow", "catching_up" or "lost". */
const char *member_activity_str(enum member_activity state);
enum member_activity member_activity(const struct member *m);

/* Messages said and not yet handed to m, in all their rooms. */
uint64_t member_lag(const struct member *m);

/* What they speak: "line", "irc", "json". */
enum { MEMBER_PROTOCOLS = 3 };
extern const char *const member_protocol_names[MEMBER_PROTOCOLS];

/* Counts all members in a walk, since the loop must not wait for a hundred
 * thousand. Those who come or go between two calls may be missed. */
struct member_stats {
	size_t counts[MEMBER_ACTIVITIES];
	/* Their connections, and those of them that are WebSockets. */
	size_t sessions[MEMBER_PROTOCOLS];
	size_t websockets[MEMBER_PROTOCOLS];
	char last[NICK_SIZE]; /* folded; zeroed stats begin anew */
	bool is_done;
};
/* Counts on. True: call again in another turn. */
bool member_stats_take(struct member_stats *stats, struct directory *directory,
    struct walk_budget *budget);

#endif
