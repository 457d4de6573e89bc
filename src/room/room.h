/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ROOM_H
#define ROOM_H

#include <sys/types.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/nick.h"
#include "history/event.h"
#include "history/history.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/presence.h"

struct chat;

#define TOPIC_MAX 300 /* bytes */

/*
 * Where a line ends in an audience's bytes, and whose it is: its author is not
 * sent it (their terminal shows it already), nor is who ignores them, unless
 * it tells who is here.
 */
struct segment {
	size_t end;
	uint64_t author; /* 0: everybody's */
	bool is_said; /* not shown to who ignores the author */
	char folded[NICK_SIZE];
};

/*
 * What the delivery needs to know of somebody live. They lie side by side,
 * so that the way to a socket is one step: between two deliveries the kernel
 * has pushed everything else out of the cache.
 */
struct slot {
	int (*deliver)(void *sink, const char *data, size_t len);
	void *sink;
	struct membership *ms;
	bool has_acted; /* some of the turn's lines are their own */
	bool is_ignorer; /* or of somebody whom they ignore */
};

/*
 * All live who have the same dialect. The turn's lines are rendered here,
 * once, when they are published.
 */
struct audience {
	LIST_ENTRY(audience) entry;
	const struct dialect *dialect;
	struct slot *slots; /* in no order */
	uint32_t count;
	uint32_t cap;
	struct buf lines;
	struct segment *segments;
	size_t segment_count;
	size_t segment_cap;
	bool has_names; /* some of the lines are event_is_of_names() */
};

TAILQ_HEAD(membership_queue, membership);

/* A room: a ring, and the cursors of those who are here. */
struct room {
	RB_ENTRY(room) by_name;
	TAILQ_ENTRY(room) in_dirty;
	struct chat *chat;
	struct history history;
	/* The first message of the turn: where everybody live is. */
	struct history_cursor turn_start;
	/* persist.h: all who are kept as live surely have read up to the first;
	 * the other was delivered at the last look. */
	uint64_t low_water;
	uint64_t looked;
	bool is_dirty; /* has lines that were not handed out yet */
	bool is_permanent;
	bool is_handed_over; /* its history is another program's: chat_load() */
	LIST_HEAD(, audience) audiences;
	struct membership_queue people; /* in the order they came */
	size_t people_count;
	size_t live_count;
	LIST_HEAD(, membership) trackers; /* those whose dialect is */
	size_t tracker_count;
	struct bookmark_list bookmarks;
	struct presence presence;
	int64_t used_ms; /* monotonic: somebody came, spoke or left */
	int64_t said_ms; /* monotonic: of the newest message */
	struct modes modes;
	char *topic; /* or NULL */
	char topic_by[NICK_SIZE]; /* who set it, as they were called then */
	int64_t topic_ms; /* wall clock: when; 0: not known */
	char name[ROOM_NAME_SIZE]; /* folded */
};

struct room *room_new(struct chat *chat, const char *name);
/* Nobody is in it; places go along. */
void room_free(struct room *room);
/* The same at the end of the chat: what was said stays in its file. */
void room_close(struct room *room);

/* The history is had from the chat's files, if there are. -1: it is not. */
int room_reopen(struct room *room) MUST_CHECK;

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

/* ms is one of the room's people, and one of those in exact. */
void room_add_person(struct membership *ms);
void room_set_tracks_members(struct membership *ms, bool tracks_members);

/* ms leaves and is freed; the cursor becomes a place of the member's. */
void room_leave(struct membership *ms, enum room_leave how, const char *text);

/*
 * Says something in the room: EVENT_SAY, EVENT_ME, EVENT_NOTICE or EVENT_CTCP
 * with a text (scrubbed) and perhaps tags; or EVENT_TAGS. The rest of event is
 * filled in, so that it can be echoed.
 */
void room_say(struct membership *ms, struct event *event);

/* The same by m, who is not in the room. */
void room_say_from_outside(struct room *room, struct member *m,
    struct event *event);

/* Sets the topic; NULL removes it. event, or NULL, becomes what the others saw:
 * it is valid as long as text and ms. */
void room_set_topic(struct membership *ms, const char *text,
    struct event *event);

/*
 * Tell all live, and if it is a kept kind append it to the history. event's
 * number and time_ms are filled in. actor, or NULL: whose doing it is; they are
 * not told, and event's author and nick become theirs. Those with exact
 * dialects who are not live are told of KICK, MODE and exact kinds at once. If
 * actor's dialect is exact, all that was published before KICK, MODE or TOPIC
 * is handed out first. Who was kicked is not told, if they leave at once.
 */
void room_publish(struct room *room, struct event *event,
    struct membership *actor);

/* How many messages are new to whoever has this cursor, less those below
 * repeat_until. */
uint64_t room_new_count(const struct room *room,
    const struct history_cursor *cursor, uint64_t repeat_until);

/* The people in the room, the first max by nick; returns how many they are. */
size_t room_names(const struct room *room, const struct member **out,
    size_t max);

#endif
