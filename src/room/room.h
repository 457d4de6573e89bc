/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ROOM_H
#define ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "room/model.h"
#include "room/presence.h"

#define TOPIC_MAX 300 /* bytes */

struct room *room_new(struct chat *chat, const char *name);
/* Nobody is in it; places go along. */
void room_free(struct room *room);
/* The same at the end of the chat: what was said stays in its file. */
void room_close(struct room *room);

/* The history is had from the chat's files, if there are. -1: it is not. */
int room_reopen(struct room *room) MUST_CHECK;
/* Tries again, with all that was said since, after room_reopen() has failed. */
void room_keep(struct room *room);

/* Drops what is older than retention, not too much at once. True: there may be
 * more. */
bool room_expire(struct room *room);

enum room_join {
	/* From their place if they have one here; or else the last
	 * greeting-history messages are shown. */
	ROOM_JOIN_CATCHUP,
	/* From now on; a place is dropped. Nothing is shown, but for private
	 * messages that were kept. */
	ROOM_JOIN_QUIET
};

/*
 * m comes in. Their greeting is the caller's, before this call. m is not in the
 * room yet.
 */
struct membership *room_join(struct room *room, struct member *m,
    enum room_join how);

/* ms, new and with its member, is one of the room's people, with a cursor. */
void room_add_person(struct membership *ms);

/* ms leaves and is freed; the cursor becomes a place of the member's. */
void room_leave(struct membership *ms, enum room_leave how, const char *text);

/* Sets the topic; NULL removes it. event, or NULL, becomes what the others saw:
 * it is valid as long as text and ms. */
void room_set_topic(struct membership *ms, const char *text,
    struct event *event);

/*
 * Puts somebody out of the room, by by (NULL: the server): the others see
 * EVENT_KICK, and the room is left with ROOM_LEAVE_KICKED; the bookmark stays,
 * but not as operator. text: scrubbed, or NULL. event becomes what they saw, so
 * that the caller can tell the two; it is valid as long as by, m and text.
 * Checks no rights.
 */
void room_kick(struct membership *ms, struct membership *by, const char *text,
    struct event *event);

/* The people in the room, the first max by nick; returns how many they are. */
size_t room_names(const struct room *room, const struct member **out,
    size_t max);

#endif
