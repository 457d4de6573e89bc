/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Shared by origins.c and origins-handoff.c only.
 */
#ifndef ORIGINS_IMPL_H
#define ORIGINS_IMPL_H

#include "base/origins.h"

/* The first after o (NULL: of all), networks too; NULL: no more. */
struct origin *origins_next(struct origins *all, struct origin *o);
/* Is it as if it had never been? */
bool origin_is_as_new(const struct origin *o);
/* What it has used was changed. */
void origin_used(struct origin *o);
/* Sets what it has put at key. */
void origin_set_spent(struct origin *o, uint64_t key,
    const struct spent *spent);
/* Finds or makes the network with that credential. */
struct origin *origins_network(struct origins *all,
    const struct credential *credential);

#endif
