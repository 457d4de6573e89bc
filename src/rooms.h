/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ROOMS_H
#define ROOMS_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bookmark.h"
#include "buf.h"
#include "cloak.h"
#include "clock.h"
#include "deadline.h"
#include "keeper.h"
#include "options.h"
#include "peers.h"
#include "room.h"
#include "roster.h"
#include "tally.h"
#include "util.h"

struct carry_in;
struct carry_out;
struct tlv;

RB_HEAD(rooms_tree, room);
TAILQ_HEAD(rooms_queue, room);
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

/* The house: all rooms, who is here, and whose places are kept. */
struct rooms {
	const struct clock *clock;
	const struct options *options;
	struct deadlines *deadlines;
	/* have rooms_turn() called at the turn's end */
	void (*wake)(void *arg);
	void *wake_arg;

	const struct room_files *files; /* NULL: in memory */
	struct rooms_tree by_name;
	size_t count;
	struct room *lobby;
	struct roster roster;
	struct bookmarks bookmarks;
	LIST_HEAD(, member) ignorers;
	struct lost_queue lost; /* the longest lost first */
	size_t lost_count;
	struct deadline lost_due; /* when the first of them leaves */
	size_t kept_bytes;
	struct keeper keeper;
	struct deadline tidy; /* old bookmarks and rooms */
	struct cloak_key host_key; /* in the store, if there is one */
	uint64_t last_msgid; /* of private messages: never given again */
	uint64_t last_arrival; /* in all rooms, counted */
	size_t returning; /* presence_give_up(): to how many rooms */

	/* The turn. */
	struct rooms_queue dirty;
	struct membership_queue pump;
	unsigned actors; /* how many in step have acted in this turn */
	struct buf scratch;
	struct tally tally; /* of the catch-up that is being counted */
	struct membership *tally_owner; /* or NULL */
	struct peers peers;

	/* For the state report. */
	uint64_t messages;
	uint64_t deliveries; /* of turns, each to one member */
	uint64_t fell_behind;
	uint64_t gaps;
};

/*
 * The lobby and the permanent rooms are there afterwards. The pointers are the
 * caller's and outlive the house; wake may be called at any time, often.
 */
void rooms_init(struct rooms *rooms, const struct clock *clock,
    const struct options *options, struct deadlines *deadlines,
    void (*wake)(void *), void *wake_arg);
void rooms_fini(struct rooms *rooms); /* no member is left */

/*
 * Histories are in files from now on, which outlive the house; those of the
 * rooms that there are, where nothing was said yet, are opened. -1: one could
 * not be. A room whose file cannot be had later is in memory.
 */
int rooms_set_files(struct rooms *rooms,
    const struct room_files *files) MUST_CHECK;

/* The same after rooms_load(): histories that were carried are in files
 * already. */
void rooms_resume_files(struct rooms *rooms, const struct room_files *files);

/*
 * There is a file of a room with that name, whatever that is. Unless the room
 * is there, or nothing in it is younger than retention, it is opened again;
 * beyond max-rooms the room unused for longest goes for good. A file that cannot
 * be opened stays as it is, and the room is not there.
 */
void rooms_restore(struct rooms *rooms, const char *name);

/* The options have changed: permanent rooms, bookmarks. */
void rooms_reconfigure(struct rooms *rooms);

/* By name, in any case; or NULL. */
struct room *rooms_find(struct rooms *rooms, const char *name);

enum rooms_open { ROOMS_FOUND, ROOMS_MADE, ROOMS_NOT_ALLOWED, ROOMS_FULL };
/* Finds a room or makes it, name being well-formed. The first two set *room. */
enum rooms_open rooms_open(struct rooms *rooms, const char *name,
    struct room **room) MUST_CHECK;

/* Somebody was added to or removed from the lost. */
void rooms_lost_changed(struct rooms *rooms);

/* The end of the turn. True: call again soon, there is more to do. */
bool rooms_turn(struct rooms *rooms);

/*
 * For the next program in this process (carry.h). Saved is a house where no
 * line of the turn is left to be handed out (rooms_flush()); 0, or -1 with errno
 * if a history cannot be handed over. It is loaded into a new one, an item after
 * the other: rooms_load() takes those that are about rooms and people, and
 * passes over others. When all have come and each member has their session,
 * rooms_load_end() checks the whole, and everybody goes on where they were.
 */
void rooms_flush(struct rooms *rooms);
int rooms_save(struct rooms *rooms, struct carry_out *out) MUST_CHECK;
bool rooms_load(struct rooms *rooms, struct carry_in *in,
    const struct tlv *item,
    const struct dialect *(*find_dialect)(const char *name)) MUST_CHECK;
bool rooms_load_end(struct rooms *rooms, struct carry_in *in) MUST_CHECK;

/* The room of that name; it is made, whatever the settings. */
struct room *rooms_get(struct rooms *rooms, const char *name);

/* All rooms in order of their names: NULL starts, NULL ends. */
struct room *rooms_next(struct rooms *rooms, struct room *room);
/* The first whose name comes after this one ("": the first of all); or NULL. */
struct room *rooms_after(struct rooms *rooms, const char *name);

#endif
