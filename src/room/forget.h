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
/* Is it still being forgotten? */
bool forget_is_busy(const struct forget *f, uint64_t account);

#endif
