/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <stddef.h>

#include "member.h"
#include "nick.h"
#include "roster.h"

/* What somebody is doing, as whoever runs the server sees it. */
enum census_state {
	CENSUS_LIVE, /* in step in all their rooms */
	CENSUS_ON_BREAK,
	CENSUS_SLOW, /* reads more slowly than is spoken */
	CENSUS_CATCHING_UP, /* is being shown what was said before */
	CENSUS_LOST, /* the connection is gone, the nick is held */
	CENSUS_STATES
};
/* "live", "on_break", "slow", "catching_up", "lost". */
const char *census_state_str(enum census_state state);
enum census_state census_state(const struct member *m);

/* Messages that have been said and not handed to m, in all their rooms. */
uint64_t census_lag(const struct member *m);

/*
 * Counts everybody, a thousand in a call, since the loop must not wait for a
 * hundred thousand. Who comes and goes between two calls may be missed.
 */
struct census {
	size_t counts[CENSUS_STATES];
	char last[NICK_SIZE]; /* folded; a zeroed census is fresh */
	bool is_done;
};
/* True: call again in another turn. */
bool census_take(struct census *census, struct roster *roster);

#endif
