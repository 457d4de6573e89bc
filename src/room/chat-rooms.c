/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The existing rooms, in a tree by name.
 */
#include "config.h"

#include <string.h>

#include <bsd/string.h>

#include "room/chat-rooms.h"

static int
chat_room_cmp(const struct room *a, const struct room *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(room_tree, room, by_name, chat_room_cmp, UNUSED static)

struct room *
chat_find_room(struct chat *chat, const char *name)
{
	struct room key;

	if (strlen(name) > ROOM_NAME_MAX)
		return NULL;
	nick_fold(key.name, name);
	return RB_FIND(room_tree, &chat->by_name, &key);
}

struct room *
chat_next_room(struct chat *chat, struct room *room)
{
	return room == NULL ? RB_MIN(room_tree, &chat->by_name) :
			      RB_NEXT(room_tree, &chat->by_name, room);
}

struct room *
chat_room_after(struct chat *chat, const char *name)
{
	struct room key, *room;

	(void)strlcpy(key.name, name, sizeof(key.name));
	room = RB_NFIND(room_tree, &chat->by_name, &key);
	if (room != NULL && strcmp(room->name, key.name) == 0)
		room = RB_NEXT(room_tree, &chat->by_name, room);
	return room;
}

void
chat_insert_room(struct chat *chat, struct room *room)
{
	RB_INSERT(room_tree, &chat->by_name, room);
	chat->count++;
}

void
chat_take_out_room(struct chat *chat, struct room *room)
{
	RB_REMOVE(room_tree, &chat->by_name, room);
	chat->count--;
}

void
chat_put_room_name(struct fields_out *out, const struct field *f,
    const void *base)
{
	const struct room *room;

	memcpy(&room, (const char *)base + f->offset, sizeof(room));
	tlv_put_str(&out->data, f->tag, room->name);
}

bool
chat_get_room_name(struct fields_in *in, const struct field *f, void *base,
    const struct tlv *item)
{
	struct room *room = NULL;
	char name[ROOM_NAME_SIZE];

	if (tlv_get_str(item, name, sizeof(name)))
		room = chat_find_room(in->arg, name);
	memcpy((char *)base + f->offset, &room, sizeof(room));
	return room != NULL;
}
