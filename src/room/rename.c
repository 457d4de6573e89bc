/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Taking a nick, and with it what was left under it: whoever may have that goes
 * on where its owner stopped, be that somebody who left, who lost the
 * connection, or the same person in another session.
 */
#include "config.h"

#include <string.h>

#include "base/log.h"
#include "room/client.h"
#include "room/conversing.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/departed.h"
#include "room/devices.h"
#include "room/directory.h"
#include "room/member-more.h"
#include "room/member.h"
#include "room/modes.h"
#include "room/past.h"
#include "room/person.h"
#include "room/presence.h"
#include "room/publish.h"
#include "room/rank.h"
#include "room/rename.h"
#include "room/replay.h"
#include "room/room.h"
#include "room/roommates.h"
#include "room/shown.h"
#include "room/watch.h"

/* May somebody with this credential take the place of holder, who has
 * the nick? */
static bool
rename_may_replace(const struct credential *credential,
    const struct member *holder)
{
	if (credential_cmp(credential, &holder->credential) != 0)
		return false;
	return holder->is_lost || credential_is_strong(credential);
}

/* May they come to holder, who is here, as another client of theirs? With a
 * limit of one they take the place. */
static bool
rename_joins(const struct member *m, const struct member *holder)
{
	return !holder->is_lost && holder->chat->options->max_sessions > 1 &&
	    (m == NULL || m != holder);
}

enum rename
rename_check(struct directory *directory, const struct member *m,
    const struct credential *credential, const char *nick,
    const struct member **clash)
{
	const struct member *holder, *alike;

	if (nick_check(nick) != NICK_OK)
		return RENAME_REFUSED;
	if (m != NULL && strcmp(nick, m->nick) == 0)
		return RENAME_SAME;
	holder = directory_find(directory, nick);
	if (holder == m)
		holder = NULL;
	if (holder != NULL && !rename_may_replace(credential, holder)) {
		*clash = holder;
		return RENAME_TAKEN;
	}
	alike = directory_find_lookalike(directory, nick);
	if (alike != NULL && alike != m && alike != holder) {
		*clash = alike;
		return RENAME_LOOKALIKE;
	}
	if (holder != NULL && rename_joins(m, holder)) {
		*clash = holder;
		return clients_count(holder) <
			holder->chat->options->max_sessions ?
		    RENAME_JOINS :
		    RENAME_TOO_MANY;
	}
	return RENAME_DONE;
}

/* Whoever ignored m goes on doing so under the new nick. */
static void
rename_in_ignores(struct member *m, const char *old_folded)
{
	struct member_more *other;

	LIST_FOREACH(other, &m->chat->ignorers, in_ignorers)
		if (person_rename_ignored(&other->member->person, m->id,
			old_folded, m->nick))
			watch_member_changed(other->member);
}

/* Do clients that track members know of m? */
static bool
rename_is_seen(const struct member *m)
{
	const struct membership *ms;

	SLIST_FOREACH(ms, &m->memberships, in_member)
		if (ms->is_joined)
			return true;
	return false;
}

/* Tells those who know m as old of the new nick; first, that nobody else has it
 * any more. */
static void
rename_tell_trackers(struct member *m, const char *old)
{
	struct event event = { .kind = EVENT_SYNC_RENAME, .other = old };

	presence_give_up(m->chat, m->folded);
	roommates_tell(m, &event);
}

/* Calls m nick from now on, and tells the others where they know of m.
 * was_seen: clients that track members knew m by the old nick. */
static void
rename_change(struct member *m, const char *nick, bool was_seen)
{
	struct membership *ms;
	char old[NICK_SIZE], old_folded[NICK_SIZE], folded[NICK_SIZE],
	    from[CREDENTIAL_STR_SIZE];
	struct event event;

	memcpy(old, m->nick, sizeof(old));
	memcpy(old_folded, m->folded, sizeof(old_folded));
	nick_fold(folded, nick);
	credential_str(&m->address, from);
	log_people("another nick: old=%s nick=%s from=\"%s\"", old, nick, from);
	if (strcmp(folded, old_folded) != 0)
		presence_give_up(m->chat, old_folded);
	watch_member_changed(m);
	directory_change_nick(m, nick);
	watch_member_changed(m);
	rename_in_ignores(m, old_folded);
	conversing_renamed(m, old_folded);
	if (was_seen)
		rename_tell_trackers(m, old);
	SLIST_FOREACH(ms, &m->memberships, in_member) {
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

/* Makes holder leave a room in which m is not. */
static void
rename_vacate(struct member *m, struct membership *theirs)
{
	const struct membership *ours = SLIST_FIRST(&m->memberships);

	/* An IRC client joins its rooms once it is registered. */
	if (member_dialect(m)->tracks_members)
		room_leave(theirs, ROOM_LEAVE_RETURNING, NULL);
	else if (ours == NULL)
		room_leave(theirs, ROOM_LEAVE_QUIT, NULL);
	else if (modes_has(ours->room, ROOM_SECRET))
		room_leave(theirs, ROOM_LEAVE_PART, NULL);
	else
		room_leave(theirs, ROOM_LEAVE_WENT, ours->room->name);
}

/* Clients that track members know m by another nick, so for a moment the person
 * is there twice; tells them that holder is gone. */
static void
rename_tell_replaced(struct member *holder)
{
	struct event event = { .kind = EVENT_SYNC_QUIT };
	struct membership *ms;

	presence_give_up(holder->chat, holder->folded);
	roommates_tell(holder, &event);
	SLIST_FOREACH(ms, &holder->memberships, in_member)
		ms->is_joined = false;
}

/*
 * What was left under a nick does not replace what somebody has who is logged
 * in: of two bookmarks that are both the account's, the one that was left last
 * stays, with the rank of either; one of another credential, from before the
 * nick was theirs, goes to rest. But at the login what they have is a guest's,
 * and gives way.
 */
static void
rename_keep_own(struct member *m, const struct credential *left,
    struct person *person, struct person *rest)
{
	bool is_own = credential_cmp(left, &m->credential) == 0;
	struct bookmark *bookmark, *next, *own;

	if (m->is_logging_in || m->credential.kind != CREDENTIAL_ACCOUNT)
		return;
	LIST_FOREACH_SAFE(bookmark, &person->bookmarks, in_owner, next) {
		own = person_bookmark(&m->person, bookmark->room);
		if (!is_own &&
		    (own != NULL || member_in(m, bookmark->room) != NULL)) {
			LIST_REMOVE(bookmark, in_owner);
			bookmark->owner = rest;
			LIST_INSERT_HEAD(&rest->bookmarks, bookmark, in_owner);
		} else if (own != NULL && bookmark->left_ms < own->left_ms) {
			own->is_op |= bookmark->is_op;
			own->is_voiced |= bookmark->is_voiced;
			bookmark_free(bookmark);
		}
	}
}

/*
 * Makes holder give way to m; what holder leaves behind goes to person. In a
 * room that both are in, the others go on seeing one person; holder leaves all
 * other rooms. Returns true if somebody here saw holder as away.
 */
static bool
rename_replace(struct member *m, struct member *holder, struct person *person)
{
	struct membership *theirs, *ours;
	struct client *client;
	bool is_known_away = false;

	if (rename_is_seen(m))
		rename_tell_replaced(holder);
	SLIST_FOREACH(client, &holder->clients, in_member)
		if (client->ops != NULL)
			member_pause(client, client->ops->unsent(client));
	while ((theirs = SLIST_FIRST(&holder->memberships)) != NULL) {
		ours = member_in(m, theirs->room);
		if (ours == NULL) {
			rename_vacate(m, theirs);
			continue;
		}
		if (theirs->is_announced) {
			is_known_away |= member_looks_away(holder);
			ours->takes_place = true;
		}
		ours->is_joined |= theirs->is_joined;
		room_leave(theirs, ROOM_LEAVE_SILENT, NULL);
	}
	SLIST_FOREACH(client, &holder->clients, in_member)
		if (client->ops != NULL)
			client->ops->replaced(client);
	person_move(m->chat, person, &holder->person);
	/* Only the same owner can be replaced, so nothing is left over. */
	rename_keep_own(m, &holder->credential, person, NULL);
	m->chat->directory.replaced = holder;
	member_depart(holder, ROOM_LEAVE_SILENT, NULL);
	return is_known_away;
}

/* What m ignored was not shown to them, and the person may want it. */
static void
rename_note_unseen(struct member *m)
{
	struct membership *ms;
	struct bookmark *bookmark;
	struct cursor *c;

	if (!m->is_ignorer && !m->was_ignorer)
		return;
	MEMBER_FOREACH_CURSOR(c, ms, m)
		if (c->client->ops != NULL)
			shown_note_unseen(&c->shown, c->shown.from,
			    c->own_from);
	LIST_FOREACH(bookmark, &m->person.bookmarks, in_owner)
		if (bookmark->position > 0)
			shown_note_unseen(&bookmark->shown,
			    bookmark->shown.from, bookmark->cursor.number);
}

/* Makes c read on from the bookmark in its room, or NULL. */
static void
rename_read_on(struct cursor *c, struct bookmark *bookmark, int64_t away_ms)
{
	const struct member *m = c->ms->member;

	if (bookmark == NULL) {
		/* Private messages may be waiting nonetheless. */
		if (!c->client->is_paused && !c->delivery.is_blocked &&
		    !TAILQ_EMPTY(&m->person.queued))
			deliver_read_on(c);
		return;
	}
	devices_settle(bookmark, c->client->device);
	if (past_is_for(m) &&
	    (!c->client->is_paused || bookmark->cursor.number < c->at.number))
		replay_start_return(c, bookmark, away_ms);
}

/* All clients in the room of ms read on from it: nothing is kept for them. */
static void
rename_drop_bookmark(struct membership *ms, struct bookmark *bookmark)
{
	struct cursor *c;
	uint64_t number, until;

	bookmark_free(bookmark);
	SLIST_FOREACH(c, &ms->cursors, in_membership)
		(void)devices_take(&ms->member->person, ms->room,
		    c->client->device, &number, &until, NULL);
}

/* Makes what person has m's, who reads on from the bookmarks. */
static void
rename_resume(struct member *m, struct person *person, int64_t away_ms)
{
	struct membership *ms;
	struct cursor *c;
	struct bookmark *bookmark;

	rename_note_unseen(m);
	person_move(m->chat, &m->person, person);
	member_update_ignorer(m);
	SLIST_FOREACH(ms, &m->memberships, in_member) {
		bookmark = person_bookmark(&m->person, ms->room);
		if (bookmark != NULL)
			rank_regained(ms, bookmark);
		if (bookmark != NULL && ms->read < bookmark->read)
			ms->read = bookmark->read;
		SLIST_FOREACH(c, &ms->cursors, in_membership)
			if (c->client->ops != NULL)
				rename_read_on(c, bookmark, away_ms);
		if (bookmark != NULL)
			rename_drop_bookmark(ms, bookmark);
	}
}

/* Takes over what was left by somebody with that credential; what is not m's
 * stays where it is. */
static void
rename_take(struct member *m, struct departed *departed,
    const struct credential *left, struct person *person)
{
	struct chat *chat = m->chat;
	struct person rest;

	person_init(&rest);
	person_move(chat, person, &departed->person);
	rename_keep_own(m, left, person, &rest);
	if (!LIST_EMPTY(&rest.bookmarks)) {
		rest.known_ms = person->known_ms;
		watch_person_changed(chat, departed->folded, left);
		departed_restore(&chat->departed, departed->folded, left, &rest,
		    departed->left_ms, departed->made_ms);
	}
	departed_free(chat, departed);
}

/* What m has left under that nick: as who they are, or as who came from there
 * before the nick was their account's; or the newest of their account. *left
 * is the credential of whoever left it. */
static struct departed *
rename_left(struct member *m, const char *folded, struct credential *left)
{
	struct departed_set *all = &m->chat->departed;
	const struct account *a = member_account(m);
	struct departed *departed = departed_take(all, folded, &m->credential);

	*left = m->credential;
	if (departed == NULL && a != NULL && account_owns(a, folded)) {
		departed = departed_take(all, folded, &m->address);
		if (departed != NULL)
			*left = m->address;
	}
	return departed != NULL ? departed :
				  departed_return(all, folded, &m->credential);
}

void
rename_return(struct member *m)
{
	struct chat *chat = m->chat;
	struct departed *departed = departed_take(&chat->departed, m->folded,
	    &m->credential);
	struct person person;
	int64_t away_ms;

	if (departed == NULL)
		return;
	away_ms = chat->clock->mono_ms - departed->left_ms;
	person_init(&person);
	rename_take(m, departed, &m->credential, &person);
	rename_resume(m, &person, away_ms);
}

/*
 * Two programs that take the same nick from each other again and again would do
 * so as fast as they can: who takes the place of somebody who is here uses up
 * their changes of nick, and has what is left of them. At the login that is
 * no matter of speed, as a password is looked at.
 */
static bool
rename_may_take_over(struct member *m, struct member *holder)
{
	bool may = m->is_logging_in ||
	    member_may_announce(holder, ANNOUNCE_PERSON);

	if (holder->more != NULL)
		member_more(m)->announce[ANNOUNCE_PERSON] =
		    holder->more->announce[ANNOUNCE_PERSON];
	return may;
}

enum rename
rename_member(struct member *m, const char *nick, const struct member **clash)
{
	struct chat *chat = m->chat;
	struct member *holder;
	struct departed *departed;
	struct credential left;
	enum rename result;
	struct person person;
	struct event event = { .kind = EVENT_BACK };
	struct event here = { .kind = EVENT_SYNC_AWAY };
	struct membership *ms;
	int64_t away_since_ms;
	bool is_known_away, was_seen = rename_is_seen(m);
	char folded[NICK_SIZE];

	result = rename_check(&chat->directory, m, &m->credential, nick, clash);
	if (result != RENAME_DONE)
		return result;
	/* Nobody is told of a guest's first nick but by their arrival. */
	if (!m->is_guest && !member_may_announce(m, ANNOUNCE_PERSON))
		return RENAME_TOO_OFTEN;

	holder = directory_find(&chat->directory, nick);
	if (holder == m)
		holder = NULL;
	if (holder != NULL && !holder->is_lost &&
	    !rename_may_take_over(m, holder))
		return RENAME_TOO_OFTEN;
	nick_fold(folded, nick);
	if (holder == NULL &&
	    (strcmp(folded, m->folded) == 0 ||
		(departed = rename_left(m, folded, &left)) == NULL)) {
		rename_change(m, nick, was_seen);
		return RENAME_DONE;
	}

	person_init(&person);
	if (holder != NULL) {
		away_since_ms = member_away_since_ms(holder);
		is_known_away = rename_replace(m, holder, &person);
	} else {
		away_since_ms = departed->left_ms;
		is_known_away = false;
		rename_take(m, departed, &left, &person);
	}
	rename_change(m, nick, was_seen);
	if (holder == NULL && person_is_empty(&person)) {
		/* Nothing of what was left is for them. */
		person_move(chat, &m->person, &person);
		return RENAME_DONE;
	}
	event.duration_ms = chat->clock->mono_ms - away_since_ms;
	if (is_known_away && !member_is_away(m)) {
		SLIST_FOREACH(ms, &m->memberships, in_member)
			room_publish(ms->room, &event, ms);
		roommates_tell(m, &here);
	}
	rename_resume(m, &person, event.duration_ms);
	return RENAME_RETURNED;
}
