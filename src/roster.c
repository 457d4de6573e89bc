/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
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

#include "bookmark.h"
#include "deliver.h"
#include "keeper.h"
#include "peers.h"
#include "presence.h"
#include "replay.h"
#include "room.h"
#include "rooms.h"
#include "roster.h"
#include "util.h"
#include "whowas.h"

static int
roster_nick_cmp(const struct member *a, const struct member *b)
{
	return strcmp(a->folded, b->folded);
}

static int
roster_skeleton_cmp(const struct member *a, const struct member *b)
{
	return strcmp(a->skeleton, b->skeleton);
}

RB_GENERATE_INTERNAL(roster_nicks, member, by_nick, roster_nick_cmp,
    UNUSED static)
RB_GENERATE_INTERNAL(roster_skeletons, member, by_skeleton, roster_skeleton_cmp,
    UNUSED static)

void
roster_init(struct roster *roster)
{
	memset(roster, 0, sizeof *roster);
	RB_INIT(&roster->by_nick);
	RB_INIT(&roster->by_skeleton);
}

void
roster_fini(struct roster *roster)
{
	whowas_fini(&roster->whowas);
}

static void
roster_set_nick(struct member *m, const char *nick)
{
	assert(strlen(nick) <= NICK_MAX);
	memcpy(m->nick, nick, strlen(nick) + 1);
	nick_fold(m->folded, m->nick);
	nick_skeleton(m->skeleton, m->nick);
}

static void
roster_insert(struct roster *roster, struct member *m)
{
	struct member *clash;

	clash = RB_INSERT(roster_nicks, &roster->by_nick, m);
	assert(clash == NULL);
	clash = RB_INSERT(roster_skeletons, &roster->by_skeleton, m);
	assert(clash == NULL);
	roster->count++;
}

static void
roster_take_out(struct roster *roster, struct member *m)
{
	RB_REMOVE(roster_nicks, &roster->by_nick, m);
	RB_REMOVE(roster_skeletons, &roster->by_skeleton, m);
	roster->count--;
}

/* m has a nick that nobody had before. */
static void
roster_tell_used(const struct member *m)
{
	const struct roster_watch *watch = m->rooms->roster.watch;

	if (watch != NULL)
		watch->used(m, watch->arg);
}

static void
roster_tell_freed(const struct roster *roster, const char *nick)
{
	if (roster->watch != NULL)
		roster->watch->freed(nick, roster->watch->arg);
}

void
roster_count_flags(struct roster *roster, const struct member *m, bool is_there)
{
	size_t by = is_there ? 1 : SIZE_MAX;

	if ((m->flags & MEMBER_INVISIBLE) != 0)
		roster->invisible_count += by;
	if ((m->flags & MEMBER_OPER) != 0)
		roster->oper_count += by;
}

void
roster_remove(struct roster *roster, struct member *m)
{
	roster_take_out(roster, m);
	if (!m->is_lost)
		roster_count_flags(roster, m, false);
	/* Who takes m's place has the nick in a moment. */
	if (roster->replaced == m)
		return;
	whowas_add(&roster->whowas, m);
	roster_tell_freed(roster, m->nick);
}

void
roster_add_guest(struct roster *roster, struct member *m)
{
	char nick[NICK_SIZE];

	m->id = ++roster->last_id;
	/* Counting on, so that two guests of one day are not mixed up. */
	do {
		if (++roster->last_guest > 999999999)
			roster->last_guest = 1;
		(void)snprintf(nick, sizeof nick, "guest%u",
		    (unsigned)roster->last_guest);
		roster_set_nick(m, nick);
	} while (RB_FIND(roster_skeletons, &roster->by_skeleton, m) != NULL);
	roster_insert(roster, m);
	if (roster->count - m->rooms->lost_count > roster->present_max)
		roster->present_max = roster->count - m->rooms->lost_count;
	/* Those of the other kind bring a nick, and have it in a moment. */
	if (!m->dialect->is_exact)
		roster_tell_used(m);
}

bool
roster_restore(struct roster *roster, struct member *m, const char *nick)
{
	roster_set_nick(m, nick);
	if (RB_INSERT(roster_nicks, &roster->by_nick, m) != NULL)
		return false;
	if (RB_INSERT(roster_skeletons, &roster->by_skeleton, m) != NULL) {
		RB_REMOVE(roster_nicks, &roster->by_nick, m);
		return false;
	}
	roster->count++;
	if (!m->is_lost)
		roster_count_flags(roster, m, true);
	return true;
}

struct member *
roster_find(struct roster *roster, const char *nick)
{
	struct member key;

	if (strlen(nick) > NICK_MAX)
		return NULL;
	nick_fold(key.folded, nick);
	return RB_FIND(roster_nicks, &roster->by_nick, &key);
}

struct member *
roster_next(struct roster *roster, struct member *m)
{
	return m == NULL ? RB_MIN(roster_nicks, &roster->by_nick) :
			   RB_NEXT(roster_nicks, &roster->by_nick, m);
}

struct member *
roster_after(struct roster *roster, const char *folded)
{
	struct member key, *m;

	(void)strlcpy(key.folded, folded, sizeof key.folded);
	m = RB_NFIND(roster_nicks, &roster->by_nick, &key);
	if (m != NULL && strcmp(m->folded, key.folded) == 0)
		m = RB_NEXT(roster_nicks, &roster->by_nick, m);
	return m;
}

static struct member *
roster_find_lookalike(struct roster *roster, const char *nick)
{
	struct member key;

	nick_skeleton(key.skeleton, nick);
	return RB_FIND(roster_skeletons, &roster->by_skeleton, &key);
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

enum roster_rename
roster_check(struct roster *roster, const struct member *m,
    const struct credential *credential, const char *nick,
    const struct member **clash)
{
	const struct member *holder, *alike;

	if (nick_check(nick) != NICK_OK)
		return ROSTER_REFUSED;
	if (m != NULL && strcmp(nick, m->nick) == 0)
		return ROSTER_SAME;
	holder = roster_find(roster, nick);
	if (holder == m)
		holder = NULL;
	if (holder != NULL && !roster_may_replace(credential, holder)) {
		*clash = holder;
		return ROSTER_TAKEN;
	}
	alike = roster_find_lookalike(roster, nick);
	if (alike != NULL && alike != m && alike != holder) {
		*clash = alike;
		return ROSTER_LOOKALIKE;
	}
	return ROSTER_RENAMED;
}

/*
 * Whoever ignored m goes on doing so under the new nick.
 */
static void
roster_rename_ignores(struct member *m, const char *old_folded)
{
	struct member *other;
	struct ignore *ig;

	LIST_FOREACH(other, &m->rooms->ignorers, in_ignorers)
		TAILQ_FOREACH(ig, &other->person.ignores, entry)
			if (ig->id == m->id ||
			    strcmp(ig->folded, old_folded) == 0) {
				ig->id = m->id;
				memcpy(ig->nick, m->nick, sizeof ig->nick);
				memcpy(ig->folded, m->folded,
				    sizeof ig->folded);
				keeper_mark_member(other);
			}
}

/* Do those with exact dialects know of m? */
static bool
roster_is_seen(const struct member *m)
{
	const struct membership *ms;

	LIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->is_joined)
			return true;
	return false;
}

/* Those who have seen old are told first that nobody else has m's new nick. */
static void
roster_tell_exact(struct member *m, const char *old)
{
	struct event event = { .kind = EVENT_RENAME, .other = old };

	presence_give_up(m->rooms, m->folded);
	peers_tell(m, &event);
}

/*
 * m is called nick from now on; the others are told, where they know of m.
 * was_seen: those with exact dialects knew m by the old nick.
 */
static void
roster_change(struct member *m, const char *nick, bool was_seen)
{
	struct roster *roster = &m->rooms->roster;
	struct membership *ms;
	char old[NICK_SIZE], old_folded[NICK_SIZE], folded[NICK_SIZE];
	struct event event;
	bool is_other;

	memcpy(old, m->nick, sizeof old);
	memcpy(old_folded, m->folded, sizeof old_folded);
	nick_fold(folded, nick);
	is_other = strcmp(folded, old_folded) != 0;
	if (is_other) {
		presence_give_up(m->rooms, old_folded);
		whowas_add(&roster->whowas, m);
	}
	keeper_mark_member(m);
	roster_take_out(roster, m);
	roster_set_nick(m, nick);
	roster_insert(roster, m);
	m->is_guest = false;
	if (is_other) {
		roster_tell_freed(roster, old);
		if (roster->replaced == NULL)
			roster_tell_used(m);
	}
	roster->replaced = NULL;
	keeper_mark_member(m);
	roster_rename_ignores(m, old_folded);
	if (was_seen)
		roster_tell_exact(m, old);
	LIST_FOREACH(ms, &m->memberships, in_member) {
		if (!presence_renamed(&ms->room->presence, ms, old_folded)) {
			if (ms->takes_place)
				presence_assume(&ms->room->presence, ms);
			ms->takes_place = false;
			continue;
		}
		memset(&event, 0, sizeof event);
		event.kind = EVENT_NICK;
		event.other = old;
		room_publish(ms->room, &event, ms);
	}
}

/* holder leaves a room where m is not. */
static void
roster_vacate(struct member *m, struct membership *theirs)
{
	const struct membership *ours = LIST_FIRST(&m->memberships);

	/* An IRC client joins its rooms once it is registered. */
	if (m->dialect->is_exact)
		room_leave(theirs, ROOM_LEAVE_RETURNING, NULL);
	else if (ours == NULL)
		room_leave(theirs, ROOM_LEAVE_QUIT, NULL);
	else if (modes_has(ours->room, ROOM_SECRET))
		room_leave(theirs, ROOM_LEAVE_PART, NULL);
	else
		room_leave(theirs, ROOM_LEAVE_WENT, ours->room->name);
}

/*
 * Those with exact dialects know m by another nick, and now have two of the
 * same person.
 */
static void
roster_tell_replaced(struct member *holder)
{
	struct event event = { .kind = EVENT_QUIT };
	struct membership *ms;

	presence_give_up(holder->rooms, holder->folded);
	peers_tell(holder, &event);
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

	if (roster_is_seen(m))
		roster_tell_replaced(holder);
	if (!holder->is_lost)
		member_pause(holder, holder->ops->unsent(holder));
	while ((theirs = LIST_FIRST(&holder->memberships)) != NULL) {
		ours = member_in(m, theirs->room);
		if (ours == NULL) {
			roster_vacate(m, theirs);
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
	person_move(m->rooms, person, &holder->person);
	m->rooms->roster.replaced = holder;
	member_depart(holder, ROOM_LEAVE_SILENT, NULL);
	return is_known_away;
}

/* m goes on from where the person had read to. */
static void
roster_resume(struct member *m, int64_t away_ms)
{
	struct membership *ms;
	struct place *place;

	LIST_FOREACH(ms, &m->memberships, in_member) {
		place = person_place(&m->person, ms->room);
		if (place == NULL) {
			/* Private messages may be waiting nonetheless. */
			if (!m->is_on_break && !ms->is_blocked &&
			    !TAILQ_EMPTY(&m->person.kept)) {
				deliver_remove_in_step(ms);
				deliver_pump_later(ms);
			}
			continue;
		}
		modes_regained(ms, place);
		if (m->is_on_break) {
			if (place->cursor.number < ms->cursor.number) {
				ms->cursor = place->cursor;
				ms->repeat_until = place->repeat_until;
				ms->told.from = place->cursor.number;
			}
		} else
			replay_start_return(ms, place, away_ms);
		place_free(place);
	}
}

enum roster_rename
roster_rename(struct member *m, const char *nick, const struct member **clash)
{
	struct rooms *rooms = m->rooms;
	struct member *holder;
	struct bookmark *bookmark;
	enum roster_rename result;
	struct person person;
	struct event event = { .kind = EVENT_BACK };
	struct event here = { .kind = EVENT_AWAY };
	struct membership *ms;
	int64_t away_since_ms;
	bool is_known_away, was_seen = roster_is_seen(m);
	char folded[NICK_SIZE];

	result = roster_check(&rooms->roster, m, &m->credential, nick, clash);
	if (result != ROSTER_RENAMED)
		return result;
	if (!member_may_announce(m))
		return ROSTER_TOO_OFTEN;

	holder = roster_find(&rooms->roster, nick);
	if (holder == m)
		holder = NULL;
	nick_fold(folded, nick);
	if (holder == NULL &&
	    (strcmp(folded, m->folded) == 0 ||
		(bookmark = bookmarks_take(&rooms->bookmarks, folded,
		     &m->credential)) == NULL)) {
		roster_change(m, nick, was_seen);
		return ROSTER_RENAMED;
	}

	person_init(&person);
	if (holder != NULL) {
		away_since_ms = member_away_since_ms(holder);
		is_known_away = roster_replace(m, holder, &person);
	} else {
		away_since_ms = bookmark->left_ms;
		is_known_away = false;
		person_move(rooms, &person, &bookmark->person);
		bookmark_free(rooms, bookmark);
	}
	roster_change(m, nick, was_seen);
	person_move(rooms, &m->person, &person);
	member_update_ignorer(m);
	event.duration_ms = rooms->clock->mono_ms - away_since_ms;
	if (is_known_away && !member_is_away(m)) {
		LIST_FOREACH(ms, &m->memberships, in_member)
			room_publish(ms->room, &event, ms);
		peers_tell(m, &here);
	}
	roster_resume(m, event.duration_ms);
	return ROSTER_RETURNED;
}
