/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A part of model.h.
 */
#ifndef MODEL_PERSON_H
#define MODEL_PERSON_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/nick.h"
#include "history/history.h"
#include "options/options.h"

struct member;
struct origin;
struct room;

/* What belongs to a person: person.h */

/* Somebody whose lines a person does not want to see: known by member id while
 * they stay connected, and by nick. */
struct ignore {
	TAILQ_ENTRY(ignore) entry;
	uint64_t id;
	char nick[NICK_SIZE];
	char folded[NICK_SIZE];
};
TAILQ_HEAD(ignore_list, ignore);

/* A private message that waits until its addressee is back. */
struct queued_message {
	TAILQ_ENTRY(queued_message) entry;
	int64_t time_ms;
	uint64_t author; /* member id */
	uint64_t position; /* where it ended in the output handed over */
	uint64_t msgid; /* or 0 */
	size_t len;
	struct origin *origin; /* of the author; NULL: unknown */
	bool is_held; /* by that */
	bool is_repeat; /* it was handed over before, and may have arrived */
	bool is_notice;
	bool is_action;
	char nick[NICK_SIZE];
	char text[];
};
TAILQ_HEAD(queued_list, queued_message);

/*
 * How far somebody has read, as their IRC client says (draft/read-marker): in a
 * room ("#kitchen"), or in private messages with somebody (a folded nick). The
 * list ends with the one that was moved last.
 */
#define MARKER_NAME_SIZE (ROOM_NAME_SIZE + 1)
struct marker {
	TAILQ_ENTRY(marker) entry;
	int64_t time_ms; /* wall clock of the last message read; above 0 */
	char name[MARKER_NAME_SIZE];
};
TAILQ_HEAD(marker_list, marker);

/* The messages from..until - 1; none if they are equal. */
struct shown_range {
	uint64_t from;
	uint64_t until;
};

#define SHOWN_BEFORE_MAX 4

/* What few people have in their struct shown. */
struct shown_more {
	/* Shown before it was known whose place is read on from, and not shown
	 * again by the catch-up of that: shown_return(). */
	uint64_t seen_from;
	uint64_t seen_until;
	/* Not shown although they are in between: /skip; or hidden, perhaps. */
	uint64_t unseen_from;
	uint64_t unseen_until;
	/* The last gap that they were told of. */
	uint64_t gap_from;
	uint64_t gap_until;
	/* Those before were shown in another way, when so many bytes had been
	 * handed over; or 0. See repeat_note_change(). */
	uint64_t changed;
	uint64_t changed_at;
	/* What was said before was not by this client: client_move(). */
	uint64_t own_from;
	/* Earlier connections were shown these, beyond all that they were handed
	 * in order (repeat_until): shown_break_off(). */
	struct shown_range before[SHOWN_BEFORE_MAX];
};

/* What the present connection has been handed of a room, by number: as far as
 * the order on the wire is known, for repeat_set_back(). shown.h */
struct shown {
	uint64_t from; /* nothing older: that had arrived before */
	struct shown_more *more; /* or NULL: all zero */
};

/* Where somebody stopped reading in a room that they are not in now. */
struct bookmark {
	LIST_ENTRY(bookmark) in_owner;
	struct person *owner;
	LIST_ENTRY(bookmark) in_room; /* so that it goes with the room */
	struct room *room;
	struct history_cursor cursor;
	uint64_t repeat_until; /* those below it may have been seen already */
	int64_t left_ms; /* monotonic: when they left, or went on break */
	/* If they left the room in this connection: where that was in the
	 * output handed over, and shown holds; else 0. */
	uint64_t position;
	struct shown shown;
	uint64_t acked; /* certainly read up to here; at most the cursor */
	/* Of those who may have several devices: whose place it is, 0: of any;
	 * and up to where the person has read. devices.h */
	uint64_t device;
	uint64_t read;
	bool is_op; /* modes.h */
	bool is_voiced;
};
LIST_HEAD(bookmark_list, bookmark);

/* Where one of a person's devices stopped in a room: devices.h */
struct device_place {
	LIST_ENTRY(device_place) in_person;
	LIST_ENTRY(device_place) in_room; /* so that it goes with the room */
	struct person *owner;
	struct room *room;
	uint64_t device;
	uint64_t number; /* of the next message it has not been handed */
	uint64_t repeat_until; /* those below it may have been seen already */
	struct shown shown; /* and what is before, there */
};
LIST_HEAD(device_place_list, device_place);

/* What those do not have who use one device, and mark nothing as read. */
struct person_more {
	struct marker_list markers;
	struct device_place_list places; /* those noted last come first */
	uint16_t marker_count;
};

enum person_owner {
	PERSON_OF_NOBODY, /* on its way between two */
	PERSON_OF_MEMBER,
	PERSON_OF_DEPARTED
};

/* Everything that belongs to a person rather than to their connection. It moves
 * as a whole between a member and a departed. */
struct person {
	struct bookmark_list bookmarks;
	struct ignore_list ignores;
	struct queued_list queued;
	struct person_more *more; /* or NULL */
	uint16_t ignore_count;
	uint16_t queued_count;
	uint8_t owner; /* enum person_owner: in what it is embedded */
	uint32_t queued_bytes;
	/* Private messages that were dropped, of which they were not told. */
	uint32_t queued_lost;
	/* Of the age clock: when they first said something, or went on break;
	 * 0: never. */
	int64_t known_ms;
};

#endif
