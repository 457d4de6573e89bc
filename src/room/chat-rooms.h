/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CHAT_ROOMS_H
#define CHAT_ROOMS_H

#include "room/model.h"

/* Finds a room by name, in any case; or NULL. */
struct room *chat_find_room(struct chat *chat, const char *name);

/* Walks all rooms in order of their names: NULL starts, NULL ends. */
struct room *chat_next_room(struct chat *chat, struct room *room);
/* The first room whose name comes after this one ("": the first of all), or
 * NULL. */
struct room *chat_room_after(struct chat *chat, const char *name);

/* For chat.c: adds a room to the tree, or removes it. */
void chat_insert_room(struct chat *chat, struct room *room);
void chat_take_out_room(struct chat *chat, struct room *room);

#endif
