/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "history/event.h"

/*
 * What the files of the plain protocol share; of no concern to others. A person
 * is in one room at a time there: the one that they are "here" in.
 */

struct membership;
struct protocol;
struct room;
struct session;

extern const struct protocol protocol_line;

/* The room that what s says goes to; s has a member. */
struct membership *plain_here(const struct session *s);

/* Who is here and what the topic is: for somebody who is coming in. */
void plain_greet_room(struct session *s, const struct room *room);

/* s comes into room, after plain_greet_room(), from the room that they are in
 * (NULL: from none), and is told if they are its operator. */
void plain_arrive(struct session *s, struct room *room,
    struct membership *from);

/*
 * Says text (scrubbed, not empty) in the room that s is in, unless they are on
 * break or the room's modes forbid it: then an error says so.
 */
void plain_say(struct session *s, enum event_kind kind, const char *text,
    size_t len);

/* If on break, tells them so and returns true. */
bool plain_refuse_on_break(struct session *s);
void plain_too_often(struct session *s); /* member_announce_wait_ms() */

#endif
