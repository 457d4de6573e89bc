/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WHOWAS_H
#define WHOWAS_H

#include <stddef.h>
#include <stdint.h>

#include "base/nick.h"
#include "room/member.h"

/*
 * The last who gave up a nick: they left, or took another. In memory only, and
 * not carried to the next program: it is for somebody who has just seen a name
 * go by.
 */
#define WHOWAS_MAX 250

struct whowas_entry {
	int64_t until_ms; /* wall clock: when they gave it up */
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
	char user[MEMBER_USER_MAX + 1]; /* "": a plain client */
	char host[MEMBER_HOST_SIZE];
	char realname[MEMBER_REALNAME_MAX + 1]; /* "": none but the nick */
};

struct whowas {
	struct whowas_entry *entries; /* a ring; NULL: empty */
	uint64_t count; /* ever */
};

void whowas_fini(struct whowas *whowas);

/* m gives up the nick. Guests had none of their own. */
void whowas_add(struct whowas *whowas, const struct member *m);

/*
 * The newest entry of that nick, in any case, before number *at, which becomes
 * the entry's; starts as UINT64_MAX. NULL: there is none.
 */
const struct whowas_entry *whowas_find(const struct whowas *whowas,
    const char *nick, uint64_t *at);

#endif
