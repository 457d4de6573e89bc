/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef RANK_H
#define RANK_H

#include <stdbool.h>

#include "room/model.h"

/* Who is operator of a room, and who has voice. */

/*
 * To be called right after room_join(), for everybody. Uses up an invitation.
 * Makes them operator if they made the room, or came into an empty one that is
 * not permanent and has no operator among its bookmarks, or are named by the
 * setting room-operator. Tells the others what they have by that or by their
 * bookmark ("+o bob", by the server). Returns ms->is_op.
 */
bool rank_joined(struct membership *ms);
/* To be called after a change of nick, as the setting may name them now.
 * Returns the first room in which they became operator, or NULL. */
const struct room *rank_renamed(struct member *m);
/*
 * For whoever publishes that ms has joined, right after it: clients that track
 * members do not see that by itself ("+o bob", by the server). Nothing if ms is
 * neither operator nor has voice, or is not joined yet.
 */
void rank_tell(struct membership *ms);
/* For rename.c: ms gets back what they had in that place. */
void rank_regained(struct membership *ms, const struct bookmark *bookmark);

#endif
