/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BANS_IMPL_H
#define BANS_IMPL_H

#include "room/bans.h"

/* What bans*.c share; nobody else's. */

/* The ban with this very subject, or NULL. */
struct ban *bans_find(struct bans *all, const struct ban_subject *subject);

/* Puts it where its id belongs; it is all's from now on, and in memory only. */
void bans_insert(struct bans *all, struct ban *ban);

/* Has the journal, if there is one, hold it, or forget it. */
void ban_put(struct journal *journal, const struct ban *ban);
void ban_delete(struct journal *journal, const struct ban *ban);

#endif
