/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CHAT_ROOMS_H
#define CHAT_ROOMS_H

#include "base/fields.h"
#include "room/model.h"

/* Finds a room by name, in any case; or NULL. */
struct room *chat_find_room(struct chat *chat, const char *name);

/* Walks all rooms in order of their names: NULL starts, NULL ends. */
struct room *chat_next_room(struct chat *chat, struct room *room);
/* The first room whose name comes after this one ("": the first of all), or
 * NULL. */
struct room *chat_room_after(struct chat *chat, const char *name);

/* A pointer to a room, by its name; in->arg is the chat (fields.h). */
#define FIELD_ROOM(t, of, m) \
	FIELD_(t, FIELD_IS_OTHER, of, m), .put = chat_put_room_name, \
					  .get = chat_get_room_name
void chat_put_room_name(struct fields_out *out, const struct field *f,
    const void *base);
bool chat_get_room_name(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item);

/* For chat.c: adds a room to the tree, or removes it. */
void chat_insert_room(struct chat *chat, struct room *room);
void chat_take_out_room(struct chat *chat, struct room *room);

#endif
