/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "room/model.h"
#include "room/presence.h"

/*
 * The clients of a person: a phone, a browser, irssi in a screen. They share the
 * nick and all that others see; each reads in its own rooms, with its own
 * cursors. A person is in all rooms in which one of them is, and leaves one with
 * the last that has joined it; others that are there only follow.
 *
 * Each cursor knows up to where it has been read there, by the person (read),
 * which is less than what was delivered: a screen that nobody looks at reads
 * nothing. A client that comes anew into a room in which the person is begins
 * after the furthest of these, unless its device was there before: then it goes
 * on where that stopped (devices.h). What its siblings were handed counts as
 * repeats.
 */

/*
 * Makes client, which is connected, one of another person's, in whose rooms it
 * is from then on, and who is in those that it was in. Its old member goes, if
 * it has no other client: others see a guest leave, and a place is kept for
 * anybody else. Returns the client that it is now.
 */
struct client *client_move(struct client *client, struct member *to);

/* The client, which is not the person's last, ends, after member_pause(). */
void client_quit(struct client *client, const char *text);
/* Its connection is lost: as member_lost(). */
void client_lost(struct client *client, size_t unsent);

/* The client leaves a room; and with it the person, if it was the last that had
 * joined it. c is freed, and so may be its membership. */
void client_leave_room(struct cursor *c, enum room_leave how, const char *text);

/* Makes those clients come in that follow, and are not there yet: into the room
 * of ms; and the client into all rooms of its person. */
void clients_follow(struct membership *ms);
void client_follow(struct client *client);

/* Is it the person who leaves then? */
bool client_is_last_in(const struct cursor *c);

/* The client that acts has said something there. */
void membership_spoke(struct membership *ms);

#endif
