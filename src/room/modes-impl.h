/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef MODES_IMPL_H
#define MODES_IMPL_H

#include "room/modes.h"

/* Shared by modes*.c only. */

/* The author of what the server sets; nobody can have that nick. */
#define MODES_SERVER "server"

/* The lobby cannot have i, k and l, as everybody arrives there. */
bool modes_is_lobby(const struct room *room);

/* All bits of enum room_flag. */
#define MODES_FLAGS \
	(ROOM_INVITE_ONLY | ROOM_MODERATED | ROOM_NO_EXTERNAL | ROOM_SECRET | \
	    ROOM_TOPIC_LOCKED | ROOM_NO_CTCP | ROOM_NO_PAST | ROOM_LOGGED_IN | \
	    ROOM_READABLE | ROOM_ONE_LINE)

/* The flag for a letter, or 0. */
unsigned modes_flag_find(char letter);

/* A key is 1 to 23 printable ASCII characters without blanks, commas, or a
 * leading colon. */
bool modes_key_is_valid(const char *key);

/* Normalizes the text of a mask for storing. False: it is none, or too long. */
bool modes_mask_normalize(char out[MODES_MASK_MAX + 1],
    const char *in) MUST_CHECK;
/* Is what was typed a mask of another server's own, which is none here? Stored
 * ones may be. */
bool modes_mask_is_other(const char *typed);
/* Is a normalized mask "$a:NAME", perhaps with "$m:" before it, and NAME one
 * account's and no pattern? */
bool modes_mask_names_account(const char *mask);

/*
 * Reads what was typed into the text and the account of mask. has_account, if it
 * comes back as false: the mask names an account that there is not. False: it is
 * no mask.
 */
bool modes_mask_read(const struct room *room, struct mode_mask *mask,
    const char *typed, bool *has_account) MUST_CHECK;

/* The mask on a list that is the same as wanted, or NULL. */
struct mode_mask *modes_mask_find(const struct modes *modes,
    enum modes_list list, const struct mode_mask *wanted);
/* Adds one with the text and the account of wanted. */
void modes_mask_add(struct modes *modes, enum modes_list list,
    const struct mode_mask *wanted, const char *by, int64_t set_ms);
void modes_mask_remove(struct modes *modes, enum modes_list list,
    struct mode_mask *mask);

#endif
