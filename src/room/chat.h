/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CHAT_H
#define CHAT_H

#include <stdbool.h>

#include "base/util.h"
#include "room/chat-rooms.h"
#include "room/model.h"

struct fields_in;
struct fields_out;
struct tlv;

/* Makes a chat with the lobby and the permanent rooms. The pointers are the
 * caller's and outlive the chat; wake may be called at any time, often. */
void chat_init(struct chat *chat, const struct clock *clock,
    const struct options *options, struct deadlines *deadlines,
    void (*wake)(void *), void *wake_arg);
void chat_fini(struct chat *chat); /* all members must have left */

/*
 * Puts histories into files, which outlive the chat; for a chat in which
 * nothing was said yet. Returns -1 if an existing room's file could not be
 * opened. Later, a room whose file cannot be opened is in memory.
 */
int chat_set_files(struct chat *chat,
    const struct room_files *files) MUST_CHECK;

/* As chat_set_files(), but after chat_load(): a history that was handed over is
 * in its file already, or room_keep() brings it there. */
void chat_resume_files(struct chat *chat, const struct room_files *files);

/*
 * Reopens a room for which there is a file with that name (any text), unless
 * the room exists or nothing was said in it; also beyond max-rooms. A file that
 * cannot be opened stays as it is, and there is no such room.
 */
void chat_restore_room(struct chat *chat, const char *name);

/* To be called after these, once the age clock goes on from an earlier run. */
void chat_age_known(struct chat *chat);

/* To be called when options have changed: permanent rooms, bookmarks. */
void chat_reconfigure(struct chat *chat);

enum chat_open {
	CHAT_ROOM_FOUND,
	CHAT_ROOM_MADE,
	CHAT_ROOM_NOT_ALLOWED,
	CHAT_ROOMS_FULL
};
/* Finds or makes a room, name being well-formed. With the first two results
 * *room is set. */
enum chat_open chat_open_room(struct chat *chat, const char *name,
    struct room **room) MUST_CHECK;

/*
 * For the next program in this process (handoff.h). Saved is a chat where no
 * line of the turn is left to be handed out (deliver_all()); 0, or -1 with
 * errno if a history cannot be handed over. It is loaded into a new one, an
 * item after the other: chat_load() takes those that are about rooms and
 * people, and passes over others. When all have come and each member has their
 * session, chat_load_end() checks the whole, and everybody goes on where they
 * were.
 */
int chat_save(struct chat *chat, struct fields_out *out) MUST_CHECK;
bool chat_load(struct chat *chat, struct fields_in *in, const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name)) MUST_CHECK;
bool chat_load_end(struct chat *chat, struct fields_in *in) MUST_CHECK;

/*
 * As fields.h has it, for the disk: a room's topic, and its modes if they are
 * to outlive the process. It is read into a room that there is. False:
 * in->error says why, and what was refused is as if it had not been there.
 */
void chat_save_room(const struct room *room, struct fields_out *out);
bool chat_load_room(struct room *room, struct fields_in *in,
    const struct tlv *item) MUST_CHECK;

/* The room of that name; it is made if necessary, whatever the settings. */
struct room *chat_get_room(struct chat *chat, const char *name);

#endif
