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
 * Tells clients that track members what ms is ("+o bob", by the server); to be
 * called right after publishing that ms has joined, which does not tell it.
 * Does nothing if ms is neither operator nor voiced, or not joined yet.
 */
void rank_tell(struct membership *ms);
/* Gives ms back what they had according to the bookmark. */
void rank_regained(struct membership *ms, const struct bookmark *bookmark);

#endif
