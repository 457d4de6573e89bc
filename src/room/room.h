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
/* Frees an empty room, and bookmarks in it. */
void room_free(struct room *room);
/* Frees a room at the end of the chat: what was said stays in its file. */
void room_close(struct room *room);

/* Opens the history in the chat's files, if there are any. Returns -1 on
 * failure. */
int room_reopen(struct room *room) MUST_CHECK;
/* Tries again, with all that was said since, after room_reopen() has failed. A
 * file that holds another history is left alone, and then it is_kept_out. */
void room_keep(struct room *room);

/* To be called once the age clock goes on from an earlier run. */
void room_age_known(struct room *room);

/* Drops messages older than retention, a limited number at a time. True: there
 * may be more. */
bool room_expire(struct room *room);

enum room_join {
	/* Reads on from the bookmark here; without one, the last
	 * greeting-history messages are shown. Neither
	 * unless past_is_for() them. */
	ROOM_JOIN_CATCHUP,
	/* Reads from now on; a bookmark is dropped. Nothing is shown but queued
	 * private messages. */
	ROOM_JOIN_QUIET
};

/* Lets m, who is not in the room yet, come in. The caller has greeted
 * m before. */
struct membership *room_join(struct room *room, struct member *m,
    enum room_join how);

/* ms, new and with its member, is one of the room's people. */
void room_add_person(struct membership *ms);

/* m comes into the room, in which it is not, with that client; which is not
 * shown anything yet. */
struct membership *room_enter(struct room *room, struct member *m,
    struct client *client);

/* The client comes into the room as well, in which its person is already. With
 * ROOM_JOIN_CATCHUP it begins behind what they have read. */
void room_attend(struct membership *ms, struct client *client,
    enum room_join how);

/* Where the client, new there, begins to read in the room of ms: where its device
 * stopped, whose place that was (devices.h); or else behind what the person has
 * read. If the device seems to be there already, not behind what that certainly
 * has. What it was shown beyond is added to shown, for shown_was_before(). */
uint64_t membership_take_place(struct membership *ms,
    const struct client *client, struct shown *shown);
/* What the person certainly has read with the client of c; and with all of theirs
 * but that, and what any but that was handed, by it or a connection before, in
 * the room of ms. c may be NULL. */
uint64_t cursor_read(const struct cursor *c);
uint64_t membership_read(const struct membership *ms, const struct cursor *c);
uint64_t membership_handed(const struct membership *ms, const struct cursor *c);
/* The person says that they have read all before number there, and nothing from
 * there on. */
void membership_set_read(struct membership *ms, uint64_t number);

/* A cursor of ms for a client that has none there, which begins nowhere yet;
 * and the end of one that is neither live nor pumped. */
struct cursor *cursor_new(struct membership *ms, struct client *client);
void cursor_free(struct cursor *c);

/* Makes ms leave and frees it, with all of its cursors, which become a bookmark
 * of the member's. */
void room_leave(struct membership *ms, enum room_leave how, const char *text);

/* Sets the topic; NULL removes it. event (may be NULL) becomes what the others
 * saw; it is valid as long as text and ms. */
/* Whoever made it comes from there. */
void room_set_maker(struct room *room, struct origin *maker);
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

/* Fills out with the first max people in the room by nick; returns how many
 * people there are. */
size_t room_names(const struct room *room, const struct member **out,
    size_t max);

#endif
