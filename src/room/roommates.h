/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ROOMMATES_H
#define ROOMMATES_H

#include <stdbool.h>
#include <stdint.h>

#include "room/model.h"

/*
 * Who shares a room with somebody. What is about a person rather than about a
 * room (EVENT_SYNC_QUIT, RENAME, AWAY, SETNAME) is told to each of them once.
 * Only those are meant whose dialect is exact, and only rooms where the person
 * is_joined: to others they are not there yet.
 */

void roommates_init(struct roommates *roommates);
void roommates_fini(struct roommates *roommates);

/*
 * Tells each peer of m once, and not m. event's author, from, time_ms, and if
 * it is NULL its nick, are filled in. What was said before, in any room, is
 * handed out first. Also told are those who are behind or on break; who refuses
 * a line about names has needs_names set. Costs nothing if nobody in m's rooms
 * is exact.
 */
void roommates_tell(struct member *m, struct event *event);

/* Is m one of those whom the last roommates_tell() told, or whom it was about?
 * For struct directory_watch. */
bool roommates_was_told(const struct member *m);

/*
 * For room_publish(): tells an event of the room, which is rendered for those
 * live already, to the others whose dialect is exact. On break they are told
 * of names only.
 */
void roommates_tell_behind(struct room *room, const struct event *event);

/*
 * Tells those in the room whose dialect is exact, and who came as number from
 * or later, but before to (struct membership), at once. event's room and
 * time_ms are filled in.
 */
void roommates_tell_arrivals(struct room *room, struct event *event,
    uint64_t from, uint64_t to);

/* Do they share a room? Also true for one person. */
bool roommates_share(const struct member *a, const struct member *b);

#endif
