/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "room/model.h"

/*
 * Tell all live, and if it is a kept kind append it to the history. event's
 * number and time_ms are filled in. actor, or NULL: whose doing it is; they are
 * not told, and event's author and nick become theirs. Those with dialects that
 * track members who are not live are told of KICK, MODE and EVENT_SYNC_* at
 * once. If actor's dialect does, all that was published before KICK, MODE or
 * TOPIC is handed out first. Who was kicked is not told, if they leave at once.
 */
void room_publish(struct room *room, struct event *event,
    struct membership *actor);

/* The same by m, who need not be in the room; or, if that is NULL, by nobody.
 * Nothing is handed out first. */
void publish_by_member(struct room *room, struct event *event,
    const struct member *m);

#endif
