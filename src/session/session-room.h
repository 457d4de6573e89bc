/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SESSION_ROOM_H
#define SESSION_ROOM_H

#include <stdbool.h>

struct member;
struct membership;
struct room;
struct session;

/*
 * What sessions of all protocols do in rooms. Rights are not checked here but
 * by modes.h, before.
 */

#define KICK_TEXT_MAX 300 /* bytes: why somebody was put out of a room */

/*
 * ms is put out of their room by by (NULL: brbctl). text: scrubbed,
 * KICK_TEXT_MAX bytes, or NULL. The others see EVENT_KICK, and by is told the
 * same; the kicked, if they are connected, by their protocol->kicked(), which
 * may close the connection. ms is freed, and so may be its member, if the
 * connection was lost.
 *
 * Call it outside any walk over members or sessions.
 */
void session_kick(struct membership *ms, struct membership *by,
    const char *text);

/*
 * ms asks m, who is not there, to come into the room, which it opens for m if
 * ms is operator. m, and clients in the room that want to know, are told by
 * EVENT_INVITE. False: m is on break, has lost the connection, or does not read
 * what they are sent, and was not told.
 */
bool session_invite(struct membership *ms, struct member *m);

#endif
