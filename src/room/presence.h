/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include <stdbool.h>

#include "base/util.h"
#include "room/model.h"

struct fields_in;
struct fields_out;
struct tlv;

/*
 * Arrivals and departures of a room, collected so that others see few lines.
 *
 *   up to PRESENCE_SMALL people: an arrival is announced at the first line or
 *     after presence-window, a departure at once
 *   more: one line for each window of max(presence-window, people / 50 s)
 *
 * A coming and going within the window is never mentioned. A storm of N costs
 * O(N) lines in all, not O(N^2).
 *
 * That is for people. Clients that track members keep a list of names, so they
 * are told of each arrival and departure by EVENT_SYNC_JOIN and EVENT_SYNC_PART
 * or QUIT, for everybody who is_joined.
 */
#define PRESENCE_SMALL 10
#define PRESENCE_PEOPLE_PER_S 50

#define PRESENCE_LOST "connection lost" /* why somebody left */

/* How somebody leaves a room. */
enum room_leave {
	ROOM_LEAVE_QUIT, /* text: why, or NULL */
	ROOM_LEAVE_LOST,
	ROOM_LEAVE_WENT, /* text: the room they went to */
	ROOM_LEAVE_PART, /* text: why, or NULL; other rooms may remain */
	ROOM_LEAVE_KICKED, /* EVENT_KICK has told the others */
	/* They will be in this room again in a moment; the others are told only
	 * if that does not happen. */
	ROOM_LEAVE_RETURNING,
	ROOM_LEAVE_SILENT /* nobody is told */
};

void presence_init(struct presence *p, struct room *room);
void presence_fini(struct presence *p);

/* ms has come in. is_announced is set when the others are told, and is_joined
 * at the latest then; at once if ms tracks members. */
void presence_came(struct presence *p, struct membership *ms);

/* ms, still a member, leaves. text as for room_leave(). Clients that track
 * members are told at once, if is_joined. */
void presence_left(struct presence *p, struct membership *ms,
    enum room_leave how, const char *text);

/* ms is about to do something that others see: in a small room they are told
 * first that ms came; clients that track members are in any room. */
void presence_show(struct presence *p, struct membership *ms);

/* The nick of ms has changed. True: the others know of ms and should be told.
 * Else what is pending is announced under the new nick. */
bool presence_renamed(struct presence *p, struct membership *ms,
    const char *old_folded);

/* ms takes the place of somebody whom the others believe to be here. */
void presence_assume(struct presence *p, struct membership *ms);

/* Somebody with this nick will not come back to the rooms left as
 * ROOM_LEAVE_RETURNING: tells the others now. */
void presence_give_up(struct chat *chat, const char *folded);

/*
 * For the next program in this process (handoff.h): an item for each who is
 * pending; and one such again, when all members are there. At the end,
 * presence_is_complete() tells whether nobody in the room is missing.
 */
void presence_save(const struct presence *p, struct fields_out *out);
bool presence_load(struct chat *chat, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;
bool presence_is_complete(const struct presence *p);

#endif
