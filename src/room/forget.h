/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef FORGET_H
#define FORGET_H

#include <stdbool.h>
#include <stdint.h>

#include "room/model.h"

/*
 * Accounts that are being forgotten, one after the other, in slices: the masks
 * that name them, their name on what they have said, their places, and in the
 * end themselves, so that a crash leaves something to begin again with. From
 * the beginning nothing lets into them.
 */
void forget_init(struct forget *f, struct chat *chat);
void forget_fini(struct forget *f);

/* Begins with a, of which nobody is here; its messages lose their author's name
 * if unnames. */
void forget_begin(struct forget *f, struct account *a, bool unnames);
/* Begins with all that nobody has used for too long, by the settings
 * account-unused and account-retention; *last is where to go on, 0 at first and
 * in the end. False: some are left. */
bool forget_unused(struct forget *f, uint64_t *last,
    struct walk_budget *budget);
/* Is it still being forgotten? */
bool forget_is_busy(const struct forget *f, uint64_t account);

#endif
