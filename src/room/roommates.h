/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ROOMMATES_H
#define ROOMMATES_H

#include <stdbool.h>
#include <stdint.h>

#include "room/model.h"

/*
 * Who shares a room with somebody. Events about a person rather than a room
 * (EVENT_SYNC_QUIT, RENAME, AWAY, SETNAME) are told to each roommate once. Only
 * clients that track members are told, and only for rooms in which the person
 * is_joined: to others they are not there yet.
 */

void roommates_init(struct roommates *roommates);
void roommates_fini(struct roommates *roommates);

/*
 * Tells each roommate of m once, and not m, even those behind or on break.
 * event's author, from, time_ms and, if NULL, nick are filled in. What was said
 * before, in any room, is handed out first. Roommates who refuse a line about
 * names get needs_names set. Costs nothing if no client in m's rooms tracks
 * members.
 */
void roommates_tell(struct member *m, struct event *event);

/* Did the last roommates_tell() tell m, or was it about m? For struct
 * directory_watch. */
bool roommates_was_told(const struct member *m);

/*
 * For room_publish(): tells a room's event, already rendered for those live, to
 * the others whose dialect tracks members; those on break only if it is about
 * names.
 */
void roommates_tell_behind(struct room *room, const struct event *event);

/*
 * Tells an event at once to those in the room whose dialect tracks members and
 * whose arrival (struct membership) is from or later, but before to. event's
 * room and time_ms are filled in.
 */
void roommates_tell_arrivals(struct room *room, struct event *event,
    uint64_t from, uint64_t to);

/* c is one of the room's trackers, or not: its client's dialect says so. */
void roommates_track(struct cursor *c, bool is_on);

/* Their client is sent the names of all now: true if it lacked some. */
bool roommates_names_sent(struct cursor *c);

/* Do they share a room? Also true for the same person. */
bool roommates_share(const struct member *a, const struct member *b);

#endif
