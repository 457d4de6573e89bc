/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CHAT_H
#define CHAT_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cloak.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/util.h"
#include "options/options.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/tally.h"
#include "state/persist.h"

struct fields_in;
struct fields_out;
struct tlv;

RB_HEAD(room_tree, room);
TAILQ_HEAD(room_queue, room);
TAILQ_HEAD(lost_queue, member);

/* Where the rooms' histories are, if they are to outlive the process. */
struct room_files {
	/* Opens the room's history, or begins one. -1: h is as it was, and the
	 * reason has been logged. */
	int (*open)(struct history *h, const char *room, size_t size,
	    void *arg);
	/* The room is gone for good. Its history, h, is still open; a file of
	 * that name that h is not in is not its. */
	void (*remove)(const struct history *h, const char *room, void *arg);
	void *arg;
};

/* The chat: all rooms, who is here, and whose places are kept. */
struct chat {
	const struct clock *clock;
	const struct options *options;
	struct deadlines *deadlines;
	/* have chat_turn() called at the turn's end */
	void (*wake)(void *arg);
	void *wake_arg;

	const struct room_files *files; /* NULL: in memory */
	struct room_tree by_name;
	size_t count;
	struct room *lobby;
	struct directory directory;
	struct departed_set departed;
	LIST_HEAD(, member) ignorers;
	struct lost_queue lost; /* the longest lost first */
	size_t lost_count;
	struct deadline lost_due; /* when the first of them leaves */
	size_t queued_bytes;
	struct persist persist;
	struct deadline tidy; /* old bookmarks and rooms */
	struct cloak_key host_key; /* in the journal, if there is one */
	uint64_t last_msgid; /* of private messages: never given again */
	uint64_t last_arrival; /* in all rooms, counted */
	size_t returning; /* presence_give_up(): to how many rooms */

	/* The turn. */
	struct room_queue dirty;
	struct membership_queue pump;
	unsigned actors; /* how many live have acted in this turn */
	struct buf scratch;
	struct tally tally; /* of the catch-up that is being counted */
	struct membership *tally_owner; /* or NULL */
	struct roommates roommates;

	/* For the state report. */
	uint64_t messages;
	uint64_t deliveries; /* of turns, each to one member */
	uint64_t fell_behind;
	uint64_t gaps;
};

/*
 * The lobby and the permanent rooms are there afterwards. The pointers are the
 * caller's and outlive the chat; wake may be called at any time, often.
 */
void chat_init(struct chat *chat, const struct clock *clock,
    const struct options *options, struct deadlines *deadlines,
    void (*wake)(void *), void *wake_arg);
void chat_fini(struct chat *chat); /* no member is left */

/*
 * Histories are in files from now on, which outlive the chat; those of the
 * rooms that there are, where nothing was said yet, are opened. -1: one could
 * not be. A room whose file cannot be had later is in memory.
 */
int chat_set_files(struct chat *chat,
    const struct room_files *files) MUST_CHECK;

/* The same after chat_load(): histories that were carried are in files
 * already. */
void chat_resume_files(struct chat *chat, const struct room_files *files);

/*
 * There is a file of a room with that name, whatever that is. Unless the room
 * is there, or nothing in it is younger than retention, it is opened again;
 * beyond max-rooms the room unused for longest goes for good. A file that
 * cannot be opened stays as it is, and the room is not there.
 */
void chat_restore_room(struct chat *chat, const char *name);

/* The options have changed: permanent rooms, bookmarks. */
void chat_reconfigure(struct chat *chat);

/* By name, in any case; or NULL. */
struct room *chat_find_room(struct chat *chat, const char *name);

enum chat_open {
	CHAT_ROOM_FOUND,
	CHAT_ROOM_MADE,
	CHAT_ROOM_NOT_ALLOWED,
	CHAT_ROOMS_FULL
};
/* Finds a room or makes it, name being well-formed. The first two set *room. */
enum chat_open chat_open_room(struct chat *chat, const char *name,
    struct room **room) MUST_CHECK;

/* Somebody was added to or removed from the lost. */
void chat_lost_changed(struct chat *chat);

/* The end of the turn. True: call again soon, there is more to do. */
bool chat_turn(struct chat *chat);

/*
 * For the next program in this process (handoff.h). Saved is a chat where no
 * line of the turn is left to be handed out (chat_flush()); 0, or -1 with errno
 * if a history cannot be handed over. It is loaded into a new one, an item
 * after the other: chat_load() takes those that are about rooms and people, and
 * passes over others. When all have come and each member has their session,
 * chat_load_end() checks the whole, and everybody goes on where they were.
 */
void chat_flush(struct chat *chat);
int chat_save(struct chat *chat, struct fields_out *out) MUST_CHECK;
bool chat_load(struct chat *chat, struct fields_in *in, const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name)) MUST_CHECK;
bool chat_load_end(struct chat *chat, struct fields_in *in) MUST_CHECK;

/* The room of that name; it is made, whatever the settings. */
struct room *chat_get_room(struct chat *chat, const char *name);

/* All rooms in order of their names: NULL starts, NULL ends. */
struct room *chat_next_room(struct chat *chat, struct room *room);
/* The first whose name comes after this one ("": the first of all); or NULL. */
struct room *chat_room_after(struct chat *chat, const char *name);

#endif
