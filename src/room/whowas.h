/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef WHOWAS_H
#define WHOWAS_H

#include <stdint.h>

#include "room/model.h"

/*
 * The last people who gave up a nick: they left, or took another. In memory
 * only, and not handed over: it is for somebody who has just seen a name go by.
 */
#define WHOWAS_MAX 250

void whowas_fini(struct whowas *whowas);

/* m gives up the nick. Ignored for guests, whose nick is not their own. */
void whowas_add(struct whowas *whowas, const struct member *m);

/* The newest entry of that nick, in any case, before number *at, which becomes
 * the entry's; begin with UINT64_MAX. NULL: there is none. */
const struct whowas_entry *whowas_find(const struct whowas *whowas,
    const char *nick, uint64_t *at);

#endif
