/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Nicks: two trees, one by the folded nick and one by its skeleton; each nick
 * and each skeleton is there once. Trees, so that no choice of nicks makes
 * them slow (hostile input 49).
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/util.h"
#include "room/chat.h"
#include "room/deliver.h"
#include "room/departed.h"
#include "room/directory.h"
#include "room/presence.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/whowas.h"
#include "state/persist.h"

static int
directory_nick_cmp(const struct member *a, const struct member *b)
{
	return strcmp(a->folded, b->folded);
}

static int
directory_skeleton_cmp(const struct member *a, const struct member *b)
{
	return strcmp(a->skeleton, b->skeleton);
}

RB_GENERATE_INTERNAL(directory_nicks, member, by_nick, directory_nick_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(directory_skeletons, member, by_skeleton,
    directory_skeleton_cmp, UNUSED static)

void
directory_init(struct directory *directory)
{
	memset(directory, 0, sizeof(*directory));
	RB_INIT(&directory->by_nick);
	RB_INIT(&directory->by_skeleton);
}

void
directory_fini(struct directory *directory)
{
	whowas_fini(&directory->whowas);
}

static void
directory_set_nick(struct member *m, const char *nick)
{
	assert(strlen(nick) <= NICK_MAX);
	memcpy(m->nick, nick, strlen(nick) + 1);
	nick_fold(m->folded, m->nick);
	nick_skeleton(m->skeleton, m->nick);
}

static void
directory_insert(struct directory *directory, struct member *m)
{
	struct member *clash;

	clash = RB_INSERT(directory_nicks, &directory->by_nick, m);
	assert(clash == NULL);
	clash = RB_INSERT(directory_skeletons, &directory->by_skeleton, m);
	assert(clash == NULL);
	directory->count++;
}

static void
directory_take_out(struct directory *directory, struct member *m)
{
	RB_REMOVE(directory_nicks, &directory->by_nick, m);
	RB_REMOVE(directory_skeletons, &directory->by_skeleton, m);
	directory->count--;
}

/* m has a nick that nobody had before. */
static void
directory_tell_used(const struct member *m)
{
	const struct directory_watch *watch = m->chat->directory.watch;

	if (watch != NULL)
		watch->used(m, watch->arg);
}

static void
directory_tell_freed(const struct directory *directory, const char *nick)
{
	if (directory->watch != NULL)
		directory->watch->freed(nick, directory->watch->arg);
}

void
directory_count_flags(struct directory *directory, const struct member *m,
    bool is_there)
{
	size_t by = is_there ? 1 : SIZE_MAX;

	if ((m->flags & MEMBER_INVISIBLE) != 0)
		directory->invisible_count += by;
	if ((m->flags & MEMBER_OPER) != 0)
		directory->oper_count += by;
}

void
directory_remove(struct directory *directory, struct member *m)
{
	directory_take_out(directory, m);
	if (!m->is_lost)
		directory_count_flags(directory, m, false);
	/* Who takes m's place has the nick in a moment. */
	if (directory->replaced == m)
		return;
	whowas_add(&directory->whowas, m);
	directory_tell_freed(directory, m->nick);
}

void
directory_add_guest(struct directory *directory, struct member *m)
{
	char nick[NICK_SIZE];

	m->id = ++directory->last_id;
	/* Counting on, so that two guests of one day are not mixed up. */
	do {
		if (++directory->last_guest > 999999999)
			directory->last_guest = 1;
		(void)snprintf(nick, sizeof(nick), "guest%u",
		    (unsigned)directory->last_guest);
		directory_set_nick(m, nick);
	} while (RB_FIND(directory_skeletons, &directory->by_skeleton, m) !=
	    NULL);
	directory_insert(directory, m);
	if (directory->count - m->chat->lost_count > directory->present_max)
		directory->present_max = directory->count - m->chat->lost_count;
	/* Those of the other kind bring a nick, and have it in a moment. */
	if (!m->dialect->tracks_members)
		directory_tell_used(m);
}

bool
directory_restore(struct directory *directory, struct member *m,
    const char *nick)
{
	directory_set_nick(m, nick);
	if (RB_INSERT(directory_nicks, &directory->by_nick, m) != NULL)
		return false;
	if (RB_INSERT(directory_skeletons, &directory->by_skeleton, m) !=
	    NULL) {
		RB_REMOVE(directory_nicks, &directory->by_nick, m);
		return false;
	}
	directory->count++;
	if (!m->is_lost)
		directory_count_flags(directory, m, true);
	return true;
}

struct member *
directory_find(struct directory *directory, const char *nick)
{
	struct member key;

	if (strlen(nick) > NICK_MAX)
		return NULL;
	nick_fold(key.folded, nick);
	return RB_FIND(directory_nicks, &directory->by_nick, &key);
}

struct member *
directory_next(struct directory *directory, struct member *m)
{
	return m == NULL ? RB_MIN(directory_nicks, &directory->by_nick) :
			   RB_NEXT(directory_nicks, &directory->by_nick, m);
}

struct member *
directory_after(struct directory *directory, const char *folded)
{
	struct member key, *m;

	(void)strlcpy(key.folded, folded, sizeof(key.folded));
	m = RB_NFIND(directory_nicks, &directory->by_nick, &key);
	if (m != NULL && strcmp(m->folded, key.folded) == 0)
		m = RB_NEXT(directory_nicks, &directory->by_nick, m);
	return m;
}

static struct member *
directory_find_lookalike(struct directory *directory, const char *nick)
{
	struct member key;

	nick_skeleton(key.skeleton, nick);
	return RB_FIND(directory_skeletons, &directory->by_skeleton, &key);
}

/* May who has this credential have the place of holder, who has the nick? */
static bool
roster_may_replace(const struct credential *credential,
    const struct member *holder)
{
	if (credential_cmp(credential, &holder->credential) != 0)
		return false;
	return holder->is_lost || credential_is_strong(credential);
}

enum directory_rename
directory_check(struct directory *directory, const struct member *m,
    const struct credential *credential, const char *nick,
    const struct member **clash)
{
	const struct member *holder, *alike;

	if (nick_check(nick) != NICK_OK)
		return DIRECTORY_REFUSED;
	if (m != NULL && strcmp(nick, m->nick) == 0)
		return DIRECTORY_SAME;
	holder = directory_find(directory, nick);
	if (holder == m)
		holder = NULL;
	if (holder != NULL && !roster_may_replace(credential, holder)) {
		*clash = holder;
		return DIRECTORY_TAKEN;
	}
	alike = directory_find_lookalike(directory, nick);
	if (alike != NULL && alike != m && alike != holder) {
		*clash = alike;
		return DIRECTORY_LOOKALIKE;
	}
	return DIRECTORY_RENAMED;
}

/*
 * Whoever ignored m goes on doing so under the new nick.
 */
static void
directory_rename_ignores(struct member *m, const char *old_folded)
{
	struct member *other;
	struct ignore *ig;

	LIST_FOREACH(other, &m->chat->ignorers, in_ignorers)
		TAILQ_FOREACH(ig, &other->person.ignores, entry)
			if (ig->id == m->id ||
			    strcmp(ig->folded, old_folded) == 0) {
				ig->id = m->id;
				memcpy(ig->nick, m->nick, sizeof(ig->nick));
				memcpy(ig->folded, m->folded,
				    sizeof(ig->folded));
				persist_touch_member(other);
			}
}

/* Do those with dialects that track members know of m? */
static bool
directory_is_seen(const struct member *m)
{
	const struct membership *ms;

	LIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->is_joined)
			return true;
	return false;
}

/* Those who have seen old are told first that nobody else has m's new nick. */
static void
directory_tell_trackers(struct member *m, const char *old)
{
	struct event event = { .kind = EVENT_SYNC_RENAME, .other = old };

	presence_give_up(m->chat, m->folded);
	roommates_tell(m, &event);
}

/*
 * m is called nick from now on; the others are told, where they know of m.
 * was_seen: those with dialects that track members knew m by the old nick.
 */
static void
directory_change(struct member *m, const char *nick, bool was_seen)
{
	struct directory *directory = &m->chat->directory;
	struct membership *ms;
	char old[NICK_SIZE], old_folded[NICK_SIZE], folded[NICK_SIZE];
	struct event event;
	bool is_other;

	memcpy(old, m->nick, sizeof(old));
	memcpy(old_folded, m->folded, sizeof(old_folded));
	nick_fold(folded, nick);
	is_other = strcmp(folded, old_folded) != 0;
	if (is_other) {
		presence_give_up(m->chat, old_folded);
		whowas_add(&directory->whowas, m);
	}
	persist_touch_member(m);
	directory_take_out(directory, m);
	directory_set_nick(m, nick);
	directory_insert(directory, m);
	m->is_guest = false;
	if (is_other) {
		directory_tell_freed(directory, old);
		if (directory->replaced == NULL)
			directory_tell_used(m);
	}
	directory->replaced = NULL;
	persist_touch_member(m);
	directory_rename_ignores(m, old_folded);
	if (was_seen)
		directory_tell_trackers(m, old);
	LIST_FOREACH(ms, &m->memberships, in_member) {
		if (!presence_renamed(&ms->room->presence, ms, old_folded)) {
			if (ms->takes_place)
				presence_assume(&ms->room->presence, ms);
			ms->takes_place = false;
			continue;
		}
		memset(&event, 0, sizeof(event));
		event.kind = EVENT_NICK;
		event.other = old;
		room_publish(ms->room, &event, ms);
	}
}

/* holder leaves a room where m is not. */
static void
directory_vacate(struct member *m, struct membership *theirs)
{
	const struct membership *ours = LIST_FIRST(&m->memberships);

	/* An IRC client joins its rooms once it is registered. */
	if (m->dialect->tracks_members)
		room_leave(theirs, ROOM_LEAVE_RETURNING, NULL);
	else if (ours == NULL)
		room_leave(theirs, ROOM_LEAVE_QUIT, NULL);
	else if (modes_has(ours->room, ROOM_SECRET))
		room_leave(theirs, ROOM_LEAVE_PART, NULL);
	else
		room_leave(theirs, ROOM_LEAVE_WENT, ours->room->name);
}

/*
 * Those with dialects that track members know m by another nick, and now have
 * two of the same person.
 */
static void
roster_tell_replaced(struct member *holder)
{
	struct event event = { .kind = EVENT_SYNC_QUIT };
	struct membership *ms;

	presence_give_up(holder->chat, holder->folded);
	roommates_tell(holder, &event);
	LIST_FOREACH(ms, &holder->memberships, in_member)
		ms->is_joined = false;
}

/*
 * holder makes way for m, and leaves behind a person. In a room that both are
 * in, m is taken for holder by the others; from any other room, holder leaves.
 * Returns true if holder was away as far as somebody here could see.
 */
static bool
roster_replace(struct member *m, struct member *holder, struct person *person)
{
	struct membership *theirs, *ours;
	bool is_known_away = false;

	if (directory_is_seen(m))
		roster_tell_replaced(holder);
	if (!holder->is_lost)
		member_pause(holder, holder->ops->unsent(holder));
	while ((theirs = LIST_FIRST(&holder->memberships)) != NULL) {
		ours = member_in(m, theirs->room);
		if (ours == NULL) {
			directory_vacate(m, theirs);
			continue;
		}
		if (theirs->is_announced) {
			is_known_away |= member_looks_away(holder);
			ours->takes_place = true;
		}
		ours->is_joined |= theirs->is_joined;
		room_leave(theirs, ROOM_LEAVE_SILENT, NULL);
	}
	if (!holder->is_lost)
		holder->ops->replaced(holder);
	person_move(m->chat, person, &holder->person);
	m->chat->directory.replaced = holder;
	member_depart(holder, ROOM_LEAVE_SILENT, NULL);
	return is_known_away;
}

/* m goes on from where the person had read to. */
static void
directory_resume(struct member *m, int64_t away_ms)
{
	struct membership *ms;
	struct bookmark *bookmark;

	LIST_FOREACH(ms, &m->memberships, in_member) {
		bookmark = person_bookmark(&m->person, ms->room);
		if (bookmark == NULL) {
			/* Private messages may be waiting nonetheless. */
			if (!m->is_on_break && !ms->is_blocked &&
			    !TAILQ_EMPTY(&m->person.queued)) {
				deliver_remove_live(ms);
				deliver_pump_later(ms);
			}
			continue;
		}
		modes_regained(ms, bookmark);
		if (m->is_on_break) {
			if (bookmark->cursor.number < ms->cursor.number) {
				ms->cursor = bookmark->cursor;
				ms->repeat_until = bookmark->repeat_until;
				ms->shown.from = bookmark->cursor.number;
			}
		} else
			replay_start_return(ms, bookmark, away_ms);
		bookmark_free(bookmark);
	}
}

enum directory_rename
directory_rename(struct member *m, const char *nick,
    const struct member **clash)
{
	struct chat *chat = m->chat;
	struct member *holder;
	struct departed *departed;
	enum directory_rename result;
	struct person person;
	struct event event = { .kind = EVENT_BACK };
	struct event here = { .kind = EVENT_SYNC_AWAY };
	struct membership *ms;
	int64_t away_since_ms;
	bool is_known_away, was_seen = directory_is_seen(m);
	char folded[NICK_SIZE];

	result = directory_check(&chat->directory, m, &m->credential, nick,
	    clash);
	if (result != DIRECTORY_RENAMED)
		return result;
	if (!member_may_announce(m))
		return DIRECTORY_TOO_OFTEN;

	holder = directory_find(&chat->directory, nick);
	if (holder == m)
		holder = NULL;
	nick_fold(folded, nick);
	if (holder == NULL &&
	    (strcmp(folded, m->folded) == 0 ||
		(departed = departed_take(&chat->departed, folded,
		     &m->credential)) == NULL)) {
		directory_change(m, nick, was_seen);
		return DIRECTORY_RENAMED;
	}

	person_init(&person);
	if (holder != NULL) {
		away_since_ms = member_away_since_ms(holder);
		is_known_away = roster_replace(m, holder, &person);
	} else {
		away_since_ms = departed->left_ms;
		is_known_away = false;
		person_move(chat, &person, &departed->person);
		departed_free(chat, departed);
	}
	directory_change(m, nick, was_seen);
	person_move(chat, &m->person, &person);
	member_update_ignorer(m);
	event.duration_ms = chat->clock->mono_ms - away_since_ms;
	if (is_known_away && !member_is_away(m)) {
		LIST_FOREACH(ms, &m->memberships, in_member)
			room_publish(ms->room, &event, ms);
		roommates_tell(m, &here);
	}
	directory_resume(m, event.duration_ms);
	return DIRECTORY_RETURNED;
}
