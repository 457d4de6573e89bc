/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODES_IMPL_H
#define MODES_IMPL_H

#include "room/modes.h"

/* What modes*.c share; nobody else's. */

/* Who has set what the server did; nobody can have that nick. */
#define MODES_SERVER "server"

/* May it have i, k, l? Not the lobby: everybody arrives there. */
bool modes_is_lobby(const struct room *room);

/* All its bits are those of enum room_flag. */
#define MODES_FLAGS \
	(ROOM_INVITE_ONLY | ROOM_MODERATED | ROOM_NO_EXTERNAL | ROOM_SECRET | \
	    ROOM_TOPIC_LOCKED | ROOM_NO_CTCP)

/* The flag of a letter, or 0. */
unsigned modes_flag_find(char letter);

/* 1 to 23 of printable ASCII without blanks, commas, or a colon in front. */
bool modes_key_is_valid(const char *key);

/* As it is kept: normalized, and not too long. False: it is no mask. */
bool modes_mask_normalize(char out[MODES_MASK_MAX + 1],
    const char *in) MUST_CHECK;

struct mode_mask *modes_mask_find(const struct modes *modes,
    enum modes_list list, const char *mask);
void modes_mask_add(struct modes *modes, enum modes_list list, const char *mask,
    const char *by, int64_t set_ms);
void modes_mask_remove(struct modes *modes, enum modes_list list,
    struct mode_mask *mask);

#endif
