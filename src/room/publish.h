/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "room/model.h"

/*
 * Tells all who are live, and appends events of a numbered kind to the history.
 * event's number and time_ms are filled in. actor, or NULL, is who did it;
 * actors are not told, and event's author and nick become theirs, or, without
 * an actor, those of event's from, if there is one: who is not in the room.
 * Clients that track members but are not live are told of KICK, MODE and
 * EVENT_SYNC_* at once. If actor tracks members, all that was published before
 * KICK, MODE or TOPIC is handed out first. A kicked person is not told, if they
 * leave at once.
 *
 * Where the room's messages are numbered by a log that several servers share
 * (struct room_log), those are only asked for: nobody is told, and number stays
 * 0, until the log calls room_said().
 */
enum publish {
	PUBLISH_SAID,
	PUBLISH_ASKED,
	PUBLISH_REFUSED /* the log is away: it is not said, and never will be */
};
enum publish room_publish(struct room *room, struct event *event,
    struct membership *actor);

/*
 * The second half of it: event has author, nick, via and time_ms, or what
 * history_append_at() takes, if it has a node. actor, or NULL, is its author,
 * if they are in the room.
 */
void room_said(struct room *room, struct event *event,
    struct membership *actor);

/* Ends the turn: all rooms hand out what was published in it, and those who are
 * behind read on. True: there is more to do, call it again soon. */
bool publish_turn(struct chat *chat);

#endif
