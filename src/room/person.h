/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSON_H
#define PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fields.h"
#include "base/util.h"
#include "room/model.h"

#define IGNORES_MAX 64

#define MARKERS_MAX 64 /* the oldest go */

/* Bounds for the memory: for one person, and over all people. */
#define QUEUED_MAX 64
#define QUEUED_BYTES_MAX ((size_t)16 * 1024)
#define QUEUED_SHARES 32 /* one origin has the 33rd part of all at most */
#define QUEUED_TOTAL_MAX ((size_t)64 * 1024 * 1024)

void person_init(struct person *p);
/* Moves all of from, which is empty afterwards: its ignores, markers and queued
 * messages are added to to's, its bookmarks replace to's of the same rooms. */
void person_move(struct chat *chat, struct person *to, struct person *from);
void person_clear(struct chat *chat, struct person *p);
/* How many rooms and nicks are marked as read. */
size_t person_marker_count(const struct person *p);
bool person_is_empty(const struct person *p);
/* They say something, or go on break: their place is worth more. */
void person_make_known(struct person *p, int64_t now_ms);
struct bookmark *person_bookmark(const struct person *p,
    const struct room *room);
/* Makes or moves the bookmark for room: all before it has been read, and nothing
 * after it is a repeat. */
struct bookmark *person_set_bookmark(struct person *p, struct room *room,
    struct history_cursor cursor, int64_t left_ms);
/* Does p ignore the author with this id and folded nick? */
bool person_ignores(const struct person *p, uint64_t id, const char *folded);
/* Is a line of an author with this id and nick (as written) hidden from m? */
static inline bool
member_ignores_author(const struct member *m, uint64_t id, const char *nick)
{
	char folded[NICK_SIZE];

	if (m->person.ignore_count == 0 || id == 0)
		return false;
	nick_fold(folded, nick);
	return person_ignores(&m->person, id, folded);
}

/* Returns -1 if IGNORES_MAX is reached. */
int person_ignore(struct person *p, uint64_t id, const char *nick) MUST_CHECK;
/* Who has that id, or had that nick, is called nick now. False: p does not
 * ignore them. */
bool person_rename_ignored(struct person *p, uint64_t id,
    const char *old_folded, const char *nick);
/* Returns -1 if nobody is ignored under that nick. */
int person_unignore(struct person *p, const char *nick) MUST_CHECK;

/* When the last message that they have read there was said, or 0. */
int64_t person_marker(const struct person *p, const char *name);
/*
 * Moves it on to time_ms (above 0), but not beyond newest_ms: what was not said
 * yet cannot have been read. One that is beyond that was set by a wrong clock
 * and counts for nothing. False: it is there already, or further.
 */
bool person_set_marker(struct person *p, const char *name, int64_t time_ms,
    int64_t newest_ms);
/* Can name be a marker's? For what is read from outside. */
bool marker_is_name(const char *name);

/* Makes one of an EVENT_PRIVATE. */
struct queued_message *queued_message_new(const struct event *event);
/* Counts one that was read as its author's. */
void queued_message_hold(struct queued_message *k);
void queued_message_free(struct queued_message *k);

/* Queues a private message, and owns it. Returns -1 if too many are waiting;
 * the sooner, the more of these are the author's, and from their origin. */
int person_queue(struct chat *chat, struct person *p,
    struct queued_message *k) MUST_CHECK;
/* As person_queue(), ahead of all others, for messages that had been handed
 * over; if there are too many, the oldest go. */
void person_requeue(struct chat *chat, struct person *p,
    struct queued_message *k);
/* As person_queue(), whatever the bytes; -1 if there are QUEUED_MAX. */
int person_restore_queued(struct chat *chat, struct person *p,
    struct queued_message *k) MUST_CHECK;
/* As person_queue(), for messages of an earlier process: the oldest go. Returns
 * -1 if all people together have too many. */
int person_queue_restored(struct chat *chat, struct person *p,
    struct queued_message *k) MUST_CHECK;
/* Takes one out of the list; it is the caller's to free. */
void person_take_queued(struct chat *chat, struct person *p,
    struct queued_message *k);
void bookmark_free(struct bookmark *bookmark);

/*
 * As fields.h has it; in->arg is the chat, whose rooms are all there. A person
 * is read into an empty one, which has some of it if it is refused.
 */
enum person_tag { PERSON_BOOKMARK = 1, PERSON_HANDED = 4, PERSON_PLACE = 8 };
extern const struct fields person_fields, bookmark_fields, queued_fields;
extern const struct fields shown_fields, device_place_fields;

/* On the disk: the number of a bookmark of who was live. They surely had all
 * before the room's low-water mark. */
#define BOOKMARK_LIVE UINT64_MAX

/*
 * A record has to fit the journal: so many bookmarks, and bytes of private
 * messages. What was handed over and has come back may be more than
 * QUEUED_BYTES_MAX; what is on its way is written again and again.
 */
#define PERSON_RECORD_BOOKMARKS 1000
#define PERSON_RECORD_QUEUED ((size_t)256 * 1024)
#define PERSON_RECORD_HANDED ((size_t)64 * 1024)

/* The newest of them, max bytes at most. */
void queued_put_newest(struct fields_out *out, uint16_t tag,
    const struct queued_list *list, size_t max);

#endif
