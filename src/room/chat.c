/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The chat: which rooms there are.
 * Rooms are few (max-rooms), so they are simply walked.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "room/chat.h"
#include "room/deliver.h"
#include "room/departed.h"
#include "room/forget.h"
#include "room/directory.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/watch.h"

#define CHAT_TIDY_MS 60000
#define CHAT_TIDY_SOON_MS 100 /* if there was more to drop */

static struct room *
chat_add_room(struct chat *chat, const char *name)
{
	struct room *room;

	room = room_new(chat, name);
	chat_insert_room(chat, room);
	return room;
}

/* What is kept of p, if it is somebody's, is not what it was. */
static void
chat_person_changed(const struct chat *chat, struct person *p)
{
	const struct departed *departed;

	switch ((enum person_owner)p->owner) {
	case PERSON_OF_NOBODY:
		break;
	case PERSON_OF_MEMBER:
		watch_member_changed(CONTAINER_OF(p, const struct member,
		    person));
		break;
	case PERSON_OF_DEPARTED:
		departed = CONTAINER_OF(p, const struct departed, person);
		watch_person_changed(chat, departed->folded,
		    departed_credential(departed));
		break;
	}
}

static void
chat_remove_room(struct chat *chat, struct room *room)
{
	const struct bookmark *bookmark;
	const struct device_place *place;

	/* Otherwise a new room of that name would find the bookmark. */
	LIST_FOREACH(bookmark, &room->bookmarks, in_room)
		chat_person_changed(chat, bookmark->owner);
	LIST_FOREACH(place, &room->places, in_room)
		chat_person_changed(chat, place->owner);
	watch_room_forgotten(room);
	if (chat->files != NULL)
		chat->files->remove(&room->history, room->name,
		    chat->files->arg);
	chat_take_out_room(chat, room);
	room_free(room);
}

struct room *
chat_get_room(struct chat *chat, const char *name)
{
	struct room *room = chat_find_room(chat, name);

	return room == NULL ? chat_add_room(chat, name) : room;
}

void
chat_reconfigure(struct chat *chat)
{
	const struct options *o = chat->options;
	struct room *room;
	size_t i;

	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		room->is_permanent = room == chat->lobby;
	for (i = 0; i < o->room.count; i++)
		chat_get_room(chat, o->room.items[i])->is_permanent = true;
	member_lost_changed(chat);
	deadline_set(chat->deadlines, &chat->tidy_due, chat->clock->mono_ms);
}

static bool
chat_room_is_vacant(const struct room *room)
{
	return TAILQ_EMPTY(&room->people) && !room->is_permanent;
}

/* Would nobody miss it? Nothing that was said is held, and nobody, not even its
 * operator, has a bookmark there. */
static bool
chat_room_is_unused(const struct room *room)
{
	return chat_room_is_vacant(room) && LIST_EMPTY(&room->bookmarks) &&
	    history_count(&room->history) == 0;
}

static bool
chat_room_is_old(const struct room *room)
{
	const struct chat *chat = room->chat;

	return chat_room_is_vacant(room) &&
	    clock_is_old(chat->clock, room->used_ms, chat->options->retention);
}

/* Drops what is too old: messages, rooms, then places, accounts and, the last
 * as it begins anew once it is done, conversations. */
static bool
chat_tidy(struct walk_budget *budget, void *arg)
{
	struct chat *chat = arg;
	struct room *room;
	int64_t now_ms = chat->clock->mono_ms;

	while ((room = chat_room_after(chat, chat->tidied)) != NULL) {
		if (!walk_may_take(budget))
			return true;
		memcpy(chat->tidied, room->name, sizeof(chat->tidied));
		chat->has_old |= room_expire(room);
		if (chat_room_is_unused(room) || chat_room_is_old(room)) {
			chat_remove_room(chat, room);
			walk_took_long(budget);
		}
	}
	if (!departed_trim(&chat->departed, budget) ||
	    !forget_unused(&chat->forget, &chat->tidied_account, budget) ||
	    !conversations_tidy(&chat->conversations, budget))
		return true;
	deadline_set(chat->deadlines, &chat->tidy_due,
	    now_ms + (chat->has_old ? CHAT_TIDY_SOON_MS : CHAT_TIDY_MS));
	chat->tidied[0] = '\0';
	chat->has_old = false;
	return false;
}

static void
chat_tidy_cb(void *arg)
{
	struct chat *chat = arg;

	walk_start(&chat->deadlines->walks, &chat->tidy);
}

void
chat_init(struct chat *chat, const struct clock *clock,
    const struct options *options, struct deadlines *deadlines,
    void (*wake)(void *), void *wake_arg)
{
	memset(chat, 0, sizeof(*chat));
	chat->clock = clock;
	chat->options = options;
	chat->deadlines = deadlines;
	chat->wake = wake;
	chat->wake_arg = wake_arg;
	RB_INIT(&chat->by_name);
	RB_INIT(&chat->returning);
	LIST_INIT(&chat->ignorers);
	TAILQ_INIT(&chat->dirty);
	TAILQ_INIT(&chat->pump);
	TAILQ_INIT(&chat->crowded);
	TAILQ_INIT(&chat->pieces);
	tally_init(&chat->tally);
	roommates_init(&chat->roommates);
	cloak_key_init(&chat->host_key);
	/* Greater than any given before: nobody sends one each microsecond. */
	chat->last_msgid = (uint64_t)clock->wall_ms * 1000;
	origins_init(&chat->origins, clock);
	directory_init(&chat->directory);
	departed_init(&chat->departed, chat);
	bans_init(&chat->bans);
	accounts_init(&chat->accounts);
	forget_init(&chat->forget, chat);
	conversations_init(&chat->conversations, clock, options,
	    &chat->origins);
	deadline_init(&chat->tidy_due, chat_tidy_cb, chat);
	walk_init(&chat->tidy, "chat_tidy", chat_tidy, chat);
	member_lost_init(chat);
	chat->lobby = chat_add_room(chat, options->lobby);
	chat_reconfigure(chat);
	deadline_set(deadlines, &chat->tidy_due, clock->mono_ms + CHAT_TIDY_MS);
}

void
chat_fini(struct chat *chat)
{
	struct member *m;
	struct room *room;

	while ((m = TAILQ_FIRST(&chat->lost)) != NULL)
		member_depart(m, ROOM_LEAVE_SILENT, NULL);
	assert(chat->directory.count == 0);
	deadline_clear(chat->deadlines, &chat->tidy_due);
	walk_stop(&chat->deadlines->walks, &chat->tidy);
	forget_fini(&chat->forget);
	conversations_fini(&chat->conversations);
	departed_fini(&chat->departed);
	bans_fini(&chat->bans);
	accounts_fini(&chat->accounts);
	while ((room = chat_next_room(chat, NULL)) != NULL) {
		chat_take_out_room(chat, room);
		room_close(room);
	}
	tally_fini(&chat->tally);
	roommates_fini(&chat->roommates);
	directory_fini(&chat->directory);
	origins_fini(&chat->origins);
	buf_fini(&chat->scratch);
}

/* The unused room left for longest goes; false if all are in use. */
static bool
chat_remove_oldest_room(struct chat *chat)
{
	struct room *room, *oldest = NULL;

	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		if (chat_room_is_unused(room) &&
		    (oldest == NULL || room->used_ms < oldest->used_ms))
			oldest = room;
	if (oldest == NULL)
		return false;
	chat_remove_room(chat, oldest);
	return true;
}

enum chat_open
chat_open_room(struct chat *chat, const char *name, struct room **room)
{
	assert(room_name_check(name) == NICK_OK);
	*room = chat_find_room(chat, name);
	if (*room != NULL)
		return CHAT_ROOM_FOUND;
	if (chat->options->room_create == ROOM_CREATE_NOBODY)
		return CHAT_ROOM_NOT_ALLOWED;
	if (chat->count >= chat->options->max_rooms &&
	    !chat_remove_oldest_room(chat))
		return CHAT_ROOMS_FULL;
	*room = chat_add_room(chat, name);
	modes_persist(*room);
	return CHAT_ROOM_MADE;
}

int
chat_set_files(struct chat *chat, const struct room_files *files)
{
	struct room *room;

	chat->files = files;
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		if (room_reopen(room) == -1)
			return -1;
	return 0;
}

void
chat_resume_files(struct chat *chat, const struct room_files *files)
{
	struct room *room;

	chat->files = files;
	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		if (room->is_handed_over)
			room->is_unkept = !files->has(&room->history,
			    room->name, files->arg);
		else
			(void)!room_reopen(room); /* it logs failures */
}

void
chat_restore_room(struct chat *chat, const char *name)
{
	struct room *room;
	char folded[ROOM_NAME_SIZE];

	if (room_name_check(name) != NICK_OK)
		return;
	nick_fold(folded, name);
	if (strcmp(folded, name) != 0 || chat_find_room(chat, name) != NULL)
		return;
	room = chat_add_room(chat, name);
	/* Beyond max-rooms, too: what was said there is not given up. */
	if (history_count(&room->history) == 0)
		chat_remove_room(chat, room);
}

void
chat_age_known(struct chat *chat)
{
	struct room *room;

	for (room = NULL; (room = chat_next_room(chat, room)) != NULL;)
		room_age_known(room);
}
