/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * The house: which rooms there are, and the turn that ends in all of them.
 * Rooms are few (max-rooms), so walking them is fine.
 */

#include "config.h"

#include <assert.h>
#include <string.h>

#include <bsd/string.h>

#include "deliver.h"
#include "rooms.h"
#include "util.h"

#define ROOMS_TIDY_MS 60000
#define ROOMS_TIDY_SOON_MS 100 /* when there is more to drop */

static int
rooms_cmp(const struct room *a, const struct room *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(rooms_tree, room, by_name, rooms_cmp, UNUSED static)

struct room *
rooms_find(struct rooms *rooms, const char *name)
{
	struct room key;

	if (strlen(name) > ROOM_NAME_MAX)
		return NULL;
	nick_fold(key.name, name);
	return RB_FIND(rooms_tree, &rooms->by_name, &key);
}

struct room *
rooms_next(struct rooms *rooms, struct room *room)
{
	return room == NULL ? RB_MIN(rooms_tree, &rooms->by_name) :
			      RB_NEXT(rooms_tree, &rooms->by_name, room);
}

struct room *
rooms_after(struct rooms *rooms, const char *name)
{
	struct room key, *room;

	(void)strlcpy(key.name, name, sizeof key.name);
	room = RB_NFIND(rooms_tree, &rooms->by_name, &key);
	if (room != NULL && strcmp(room->name, key.name) == 0)
		room = RB_NEXT(rooms_tree, &rooms->by_name, room);
	return room;
}

static struct room *
rooms_add(struct rooms *rooms, const char *name)
{
	struct room *room;

	room = room_new(rooms, name);
	RB_INSERT(rooms_tree, &rooms->by_name, room);
	rooms->count++;
	return room;
}

static void
rooms_remove(struct rooms *rooms, struct room *room)
{
	keeper_forget_room(room);
	if (rooms->files != NULL)
		rooms->files->remove(&room->history, room->name,
		    rooms->files->arg);
	RB_REMOVE(rooms_tree, &rooms->by_name, room);
	rooms->count--;
	room_free(room);
}

struct room *
rooms_get(struct rooms *rooms, const char *name)
{
	struct room *room = rooms_find(rooms, name);

	return room == NULL ? rooms_add(rooms, name) : room;
}

void
rooms_reconfigure(struct rooms *rooms)
{
	const struct options *o = rooms->options;
	struct room *room;
	size_t i;

	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		room->is_permanent = room == rooms->lobby;
	for (i = 0; i < o->room.count; i++)
		rooms_get(rooms, o->room.items[i])->is_permanent = true;
	bookmarks_trim(&rooms->bookmarks);
	rooms_lost_changed(rooms);
}

static bool
rooms_is_vacant(const struct room *room)
{
	return TAILQ_EMPTY(&room->people) && !room->is_permanent;
}

static void
rooms_tidy_cb(void *arg)
{
	struct rooms *rooms = arg;
	struct room *room, *next;
	int64_t now_ms = rooms->clock->mono_ms;
	int64_t wait_ms = ROOMS_TIDY_MS;

	for (room = rooms_next(rooms, NULL); room != NULL; room = next) {
		next = rooms_next(rooms, room);
		if (room_expire(room))
			wait_ms = ROOMS_TIDY_SOON_MS;
		if (rooms_is_vacant(room) &&
		    (history_count(&room->history) == 0 ||
			now_ms - room->said_ms > rooms->options->retention))
			rooms_remove(rooms, room);
	}
	bookmarks_trim(&rooms->bookmarks);
	deadline_set(rooms->deadlines, &rooms->tidy, now_ms + wait_ms);
}

void
rooms_lost_changed(struct rooms *rooms)
{
	const struct member *m = TAILQ_FIRST(&rooms->lost);

	if (m == NULL)
		deadline_clear(rooms->deadlines, &rooms->lost_due);
	else
		deadline_set(rooms->deadlines, &rooms->lost_due,
		    m->lost_since_ms + rooms->options->departure_delay);
}

static void
rooms_lost_due_cb(void *arg)
{
	struct rooms *rooms = arg;
	struct member *m;

	while ((m = TAILQ_FIRST(&rooms->lost)) != NULL &&
	    rooms->clock->mono_ms - m->lost_since_ms >=
		rooms->options->departure_delay)
		member_depart(m, ROOM_LEAVE_LOST, NULL);
	rooms_lost_changed(rooms);
}

void
rooms_init(struct rooms *rooms, const struct clock *clock,
    const struct options *options, struct deadlines *deadlines,
    void (*wake)(void *), void *wake_arg)
{
	memset(rooms, 0, sizeof *rooms);
	rooms->clock = clock;
	rooms->options = options;
	rooms->deadlines = deadlines;
	rooms->wake = wake;
	rooms->wake_arg = wake_arg;
	RB_INIT(&rooms->by_name);
	LIST_INIT(&rooms->ignorers);
	TAILQ_INIT(&rooms->lost);
	TAILQ_INIT(&rooms->dirty);
	TAILQ_INIT(&rooms->pump);
	tally_init(&rooms->tally);
	peers_init(&rooms->peers);
	cloak_key_init(&rooms->host_key);
	/* More than any that was given before: nobody sends one in each
	 * microsecond. */
	rooms->last_msgid = (uint64_t)clock->wall_ms * 1000;
	roster_init(&rooms->roster);
	keeper_init(rooms);
	bookmarks_init(&rooms->bookmarks, rooms);
	deadline_init(&rooms->tidy, rooms_tidy_cb, rooms);
	deadline_init(&rooms->lost_due, rooms_lost_due_cb, rooms);
	rooms->lobby = rooms_add(rooms, options->lobby);
	rooms_reconfigure(rooms);
	deadline_set(deadlines, &rooms->tidy, clock->mono_ms + ROOMS_TIDY_MS);
}

void
rooms_fini(struct rooms *rooms)
{
	struct member *m;
	struct room *room;

	while ((m = TAILQ_FIRST(&rooms->lost)) != NULL)
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
	assert(rooms->roster.count == 0);
	deadline_clear(rooms->deadlines, &rooms->tidy);
	bookmarks_fini(&rooms->bookmarks);
	while ((room = rooms_next(rooms, NULL)) != NULL) {
		RB_REMOVE(rooms_tree, &rooms->by_name, room);
		room_close(room);
	}
	keeper_fini(rooms);
	tally_fini(&rooms->tally);
	peers_fini(&rooms->peers);
	roster_fini(&rooms->roster);
	buf_fini(&rooms->scratch);
}

/* The vacant room unused for longest goes; false if all are in use. */
static bool
rooms_remove_oldest(struct rooms *rooms)
{
	struct room *room, *oldest = NULL;

	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		if (rooms_is_vacant(room) &&
		    (oldest == NULL || room->used_ms < oldest->used_ms))
			oldest = room;
	if (oldest == NULL)
		return false;
	rooms_remove(rooms, oldest);
	return true;
}

enum rooms_open
rooms_open(struct rooms *rooms, const char *name, struct room **room)
{
	assert(room_name_check(name) == NICK_OK);
	*room = rooms_find(rooms, name);
	if (*room != NULL)
		return ROOMS_FOUND;
	if (rooms->options->room_create == ROOM_CREATE_NOBODY)
		return ROOMS_NOT_ALLOWED;
	if (rooms->count >= rooms->options->max_rooms &&
	    !rooms_remove_oldest(rooms))
		return ROOMS_FULL;
	*room = rooms_add(rooms, name);
	modes_keep(*room);
	return ROOMS_MADE;
}

int
rooms_set_files(struct rooms *rooms, const struct room_files *files)
{
	struct room *room;

	rooms->files = files;
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		if (room_reopen(room) == -1)
			return -1;
	return 0;
}

void
rooms_resume_files(struct rooms *rooms, const struct room_files *files)
{
	struct room *room;

	rooms->files = files;
	for (room = NULL; (room = rooms_next(rooms, room)) != NULL;)
		if (!room->is_carried)
			(void)!room_reopen(room); /* has been logged */
}

void
rooms_restore(struct rooms *rooms, const char *name)
{
	struct room *room;
	char folded[ROOM_NAME_SIZE];

	if (room_name_check(name) != NICK_OK)
		return;
	nick_fold(folded, name);
	if (strcmp(folded, name) != 0 || rooms_find(rooms, name) != NULL)
		return;
	room = rooms_add(rooms, name);
	if (history_count(&room->history) == 0)
		rooms_remove(rooms, room);
	else if (rooms->count > rooms->options->max_rooms)
		(void)rooms_remove_oldest(rooms);
}

void
rooms_flush(struct rooms *rooms)
{
	struct room *room;

	while ((room = TAILQ_FIRST(&rooms->dirty)) != NULL)
		room_flush(room);
}

bool
rooms_turn(struct rooms *rooms)
{
	bool has_more = deliver_turn(rooms);

	keeper_turn(rooms);
	return has_more;
}
