/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Pending departures are found by the folded nick: an arrival and a departure
 * under one nick and credential cancel each other, and if a stranger takes the
 * nick of somebody who has just left, that departure is announced first. So
 * there is never more than one item for a nick. An arrival hangs on its
 * membership, and is small, as each quiet member of a large room has one.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/cursor.h"
#include "room/deliver.h"
#include "room/directory.h"
#include "room/presence-impl.h"
#include "room/publish.h"
#include "room/rank.h"
#include "room/roommates.h"

static int
presence_cmp(const struct presence_left *a, const struct presence_left *b)
{
	return strcmp(a->folded, b->folded);
}

RB_GENERATE_INTERNAL(presence_tree, presence_left, by_nick, presence_cmp,
    UNUSED static)

/* By nick, then by room; no room comes before all rooms. */
static int
presence_returning_cmp(const struct presence_left *a,
    const struct presence_left *b)
{
	int cmp = strcmp(a->folded, b->folded);

	if (cmp != 0)
		return cmp;
	return strcmp(a->presence == NULL ? "" : a->presence->room->name,
	    b->presence == NULL ? "" : b->presence->room->name);
}

RB_GENERATE_INTERNAL(presence_returning, presence_left, in_returning,
    presence_returning_cmp, UNUSED static)

static bool
presence_is_small(const struct presence *p)
{
	return p->room->people_count <= PRESENCE_SMALL;
}

/* When the oldest item is due. */
static int64_t
presence_due_ms(const struct presence *p)
{
	int64_t window_ms = p->room->chat->options->presence_window;
	int64_t spread_ms;

	spread_ms = (int64_t)p->room->people_count * 1000 /
	    PRESENCE_PEOPLE_PER_S;
	if (!presence_is_small(p) && window_ms < spread_ms && window_ms > 0)
		window_ms = spread_ms;
	return TAILQ_FIRST(&p->queue)->since_ms + window_ms;
}

static void
presence_arm(struct presence *p)
{
	if (TAILQ_EMPTY(&p->queue))
		deadline_clear(p->room->chat->deadlines, &p->deadline);
	else if (!p->deadline.is_set)
		deadline_set(p->room->chat->deadlines, &p->deadline,
		    presence_due_ms(p));
}

static void
presence_set_returning(struct presence_left *left, bool is_returning)
{
	struct chat *chat = left->presence->room->chat;

	if (is_returning == left->is_returning)
		return;
	left->is_returning = is_returning;
	if (is_returning)
		RB_INSERT(presence_returning, &chat->returning, left);
	else
		RB_REMOVE(presence_returning, &chat->returning, left);
}

/* The deadline stays. */
static void
presence_remove(struct presence *p, struct presence_item *item)
{
	struct presence_left *left = presence_left_of(item);

	if (left != NULL) {
		presence_set_returning(left, false);
		RB_REMOVE(presence_tree, &p->by_nick, left);
	} else
		item->ms->arrival = NULL;
	TAILQ_REMOVE(&p->queue, item, entry);
	p->count--;
	free(item);
}

static void
presence_drop(struct presence *p, struct presence_item *item)
{
	if (item != NULL)
		presence_remove(p, item);
	presence_arm(p);
}

struct presence_left *
presence_find(struct presence *p, const char *folded)
{
	struct presence_left key;

	memcpy(key.folded, folded, strlen(folded) + 1);
	return RB_FIND(presence_tree, &p->by_nick, &key);
}

static void
presence_append(struct presence *p, struct presence_item *item)
{
	TAILQ_INSERT_TAIL(&p->queue, item, entry);
	p->count++;
	presence_arm(p);
}

void
presence_insert_came(struct presence *p, struct membership *ms,
    int64_t since_ms)
{
	struct presence_item *item = xcalloc(1, sizeof(*item));

	item->ms = ms;
	item->since_ms = since_ms;
	item->known_from = p->room->chat->last_arrival + 1;
	ms->arrival = item;
	presence_append(p, item);
}

void
presence_insert_left(struct presence *p, struct presence_left *left)
{
	bool is_returning = left->is_returning;

	left->presence = p;
	RB_INSERT(presence_tree, &p->by_nick, left);
	left->is_returning = false;
	presence_set_returning(left, is_returning);
	presence_append(p, &left->item);
}

static struct presence_left *
presence_add_left(struct presence *p, const struct membership *ms)
{
	struct presence_left *left = xcalloc(1, sizeof(*left));

	left->item.since_ms = p->room->chat->clock->mono_ms;
	left->credential = ms->member->credential;
	memcpy(left->nick, ms->member->nick, sizeof(left->nick));
	memcpy(left->folded, ms->member->folded, sizeof(left->folded));
	presence_insert_left(p, left);
	return left;
}

/* Tells only clients that track members, if there are any other than ms's. */
static void
presence_tell_trackers(struct presence *p, struct event *event,
    struct membership *ms)
{
	size_t others = p->room->tracker_count;
	const struct cursor *c;

	if (ms != NULL)
		SLIST_FOREACH(c, &ms->cursors, in_membership)
			others -= c->is_tracking;
	if (others > 0)
		room_publish(p->room, event, ms);
}

static void
presence_join(struct presence *p, struct membership *ms)
{
	struct event event = { .kind = EVENT_SYNC_JOIN };

	if (ms->is_joined)
		return;
	ms->is_joined = true;
	presence_tell_trackers(p, &event, ms);
	rank_tell(ms);
}

static void
presence_part(struct presence *p, struct membership *ms, const char *text)
{
	struct event event = { .kind = EVENT_SYNC_PART, .text = text };

	if (!ms->is_joined)
		return;
	ms->is_joined = false;
	event.text_len = text == NULL ? 0 : strlen(text);
	presence_tell_trackers(p, &event, ms);
}

/* Tells that they have not come back. */
static void
presence_part_item(struct presence *p, struct presence_left *left)
{
	struct event event = { .kind = EVENT_SYNC_PART, .nick = left->nick };
	const struct member *m;

	if (!left->is_returning)
		return;
	presence_set_returning(left, false);
	m = directory_find(&p->room->chat->directory, left->nick);
	if (m != NULL && credential_cmp(&m->credential, &left->credential) == 0)
		event.from = m;
	roommates_tell_arrivals(p->room, &event, 0, left->last_arrival + 1);
}

/* Tells those who came meanwhile, and did not know of them, that they
 * are back. */
static void
presence_join_item(struct presence *p, struct membership *ms,
    const struct presence_left *left)
{
	struct event event = {
		.kind = EVENT_SYNC_JOIN,
		.author = ms->member->id,
		.from = ms->member,
		.nick = ms->member->nick,
	};

	/* Those who know them by another nick were told of this one. */
	if (ms->is_joined)
		return;
	ms->is_joined = true;
	roommates_tell_arrivals(p->room, &event, left->last_arrival + 1,
	    UINT64_MAX);
}

/* Tells that ms came; not those who know that from their greeting. */
static void
presence_publish_came(struct presence *p, struct membership *ms,
    uint64_t known_from)
{
	struct event_presence names = { .came = { ms->member->nick },
		.came_count = 1 };
	struct event event = { .kind = EVENT_PRESENCE,
		.presence = &names,
		.known_from = known_from };
	const struct membership *other;
	struct cursor *c;

	presence_join(p, ms);
	ms->is_announced = true;
	room_publish(p->room, &event, ms);
	TAILQ_FOREACH(other, &p->room->people, in_room)
		SLIST_FOREACH(c, &other->cursors, in_membership)
			if (c->tracking.arrival >= known_from)
				deliver_set_acted(c);
}

static void
presence_publish_left(struct presence *p, struct presence_left *left)
{
	struct event_presence names = { .left = { left->nick },
		.left_count = 1 };
	struct event event = { .kind = EVENT_PRESENCE, .presence = &names };

	presence_part_item(p, left);
	room_publish(p->room, &event, NULL);
}

/* Announces all that is pending, in one line. */
static void
presence_publish_all(struct presence *p)
{
	struct event_presence names = { .came_count = 0 };
	struct event event = { .kind = EVENT_PRESENCE, .presence = &names };
	struct presence_item *item;
	struct presence_left *left;
	struct membership *only = NULL;

	TAILQ_FOREACH(item, &p->queue, entry)
		if (item->ms != NULL) {
			if (names.came_count < PRESENCE_NAMES)
				names.came[names.came_count] =
				    item->ms->member->nick;
			names.came_count++;
			presence_join(p, item->ms);
			item->ms->is_announced = true;
			only = item->ms;
		} else {
			left = presence_left_of(item);
			if (names.left_count < PRESENCE_NAMES)
				names.left[names.left_count] = left->nick;
			names.left_count++;
			presence_part_item(p, left);
		}
	if (names.came_count != 1 || names.left_count != 0)
		only = NULL;
	room_publish(p->room, &event, only);
	while ((item = TAILQ_FIRST(&p->queue)) != NULL)
		presence_remove(p, item);
}

static void
presence_due_cb(void *arg)
{
	struct presence *p = arg;
	struct presence_item *item;
	int64_t now_ms = p->room->chat->clock->mono_ms;

	/* Many items in a small room are what is left of a crowd. */
	if (p->count > 0 && presence_due_ms(p) <= now_ms &&
	    (!presence_is_small(p) || p->count > PRESENCE_NAMES))
		presence_publish_all(p);
	while ((item = TAILQ_FIRST(&p->queue)) != NULL &&
	    presence_is_small(p) && presence_due_ms(p) <= now_ms) {
		if (item->ms != NULL)
			presence_publish_came(p, item->ms, item->known_from);
		else
			presence_publish_left(p, presence_left_of(item));
		presence_remove(p, item);
	}
	presence_arm(p);
}

void
presence_init(struct presence *p, struct room *room)
{
	memset(p, 0, sizeof(*p));
	p->room = room;
	RB_INIT(&p->by_nick);
	TAILQ_INIT(&p->queue);
	deadline_init(&p->deadline, presence_due_cb, p);
}

void
presence_fini(struct presence *p)
{
	struct presence_item *item;

	while ((item = TAILQ_FIRST(&p->queue)) != NULL)
		presence_remove(p, item);
	presence_arm(p);
}

/* Tells that ms, whom the others saw as away all the time, has come back. */
static void
presence_publish_back(struct presence *p, struct membership *ms,
    int64_t since_ms)
{
	struct event event = { .kind = EVENT_BACK };
	struct event here = { .kind = EVENT_SYNC_AWAY };

	if (since_ms == 0 || member_is_away(ms->member))
		return;
	event.duration_ms = p->room->chat->clock->mono_ms - since_ms;
	room_publish(p->room, &event, ms);
	presence_tell_trackers(p, &here, ms);
}

/* Settles a departure that is pending under the nick of ms. True: it was
 * theirs, so to the others they never left. */
static bool
presence_settle_left(struct presence *p, struct membership *ms)
{
	struct presence_left *left;
	int64_t away_since_ms;
	bool is_same;

	left = presence_find(p, ms->member->folded);
	if (left == NULL)
		return false;
	is_same = credential_cmp(&left->credential, &ms->member->credential) ==
	    0;
	if (is_same) {
		ms->is_announced = true;
		if (left->is_returning)
			presence_join_item(p, ms, left);
	} else
		presence_publish_left(p, left);
	away_since_ms = left->away_since_ms;
	presence_drop(p, &left->item);
	if (is_same) {
		presence_join(p, ms);
		presence_publish_back(p, ms, away_since_ms);
	}
	return is_same;
}

void
presence_came(struct presence *p, struct membership *ms)
{
	if (!presence_settle_left(p, ms))
		presence_insert_came(p, ms, p->room->chat->clock->mono_ms);
	if (membership_tracks(ms))
		presence_show(p, ms);
}

/* Will be here again in a moment, so nobody is told yet. */
static void
presence_left_returning(struct presence *p, struct membership *ms)
{
	struct presence_left *left = presence_add_left(p, ms);

	presence_set_returning(left, ms->is_joined);
	left->last_arrival = p->room->chat->last_arrival;
	ms->is_joined = false;
	if (member_looks_away(ms->member))
		left->away_since_ms = ms->member->break_since_ms;
}

/* Clients that track members are told at once. */
static void
presence_left_trackers(struct presence *p, struct membership *ms,
    enum room_leave how, const char *text)
{
	char went[ROOM_NAME_SIZE + 16];

	switch (how) {
	case ROOM_LEAVE_SILENT:
	case ROOM_LEAVE_KICKED:
		return;
	case ROOM_LEAVE_WENT:
		(void)snprintf(went, sizeof(went), "went to %s", text);
		text = went;
		break;
	case ROOM_LEAVE_LOST:
		text = PRESENCE_LOST;
		break;
	case ROOM_LEAVE_RETURNING:
		text = NULL;
		break;
	case ROOM_LEAVE_QUIT:
	case ROOM_LEAVE_PART:
		break;
	}
	presence_part(p, ms, text);
}

void
presence_left(struct presence *p, struct membership *ms, enum room_leave how,
    const char *text)
{
	struct event event = { .kind = EVENT_LEFT };

	if (!ms->is_announced) {
		presence_drop(p, ms->arrival);
		presence_left_trackers(p, ms, how, text);
		return;
	}
	if (how == ROOM_LEAVE_RETURNING) {
		presence_left_returning(p, ms);
		return;
	}
	presence_left_trackers(p, ms, how, text);
	switch (how) {
	case ROOM_LEAVE_SILENT:
	case ROOM_LEAVE_KICKED:
	case ROOM_LEAVE_RETURNING:
		return;
	case ROOM_LEAVE_LOST:
		text = PRESENCE_LOST;
		break;
	case ROOM_LEAVE_WENT:
		event.kind = EVENT_WENT;
		event.other = text;
		text = NULL;
		break;
	case ROOM_LEAVE_QUIT:
	case ROOM_LEAVE_PART:
		break;
	}
	if (!presence_is_small(p)) {
		(void)presence_add_left(p, ms);
		return;
	}
	event.text = text;
	event.text_len = text == NULL ? 0 : strlen(text);
	room_publish(p->room, &event, ms);
}

void
presence_show(struct presence *p, struct membership *ms)
{
	uint64_t known_from;

	ms->member->is_known = true;
	presence_join(p, ms);
	if (ms->is_announced || !presence_is_small(p))
		return;
	assert(ms->arrival != NULL);
	known_from = ms->arrival->known_from;
	presence_drop(p, ms->arrival);
	presence_publish_came(p, ms, known_from);
}

bool
presence_renamed(struct presence *p, struct membership *ms,
    const char *old_folded)
{
	bool was_announced = ms->is_announced;

	if (strcmp(old_folded, ms->member->folded) != 0 &&
	    presence_settle_left(p, ms) && !was_announced)
		presence_drop(p, ms->arrival);
	/* Who was greeted with the old nick has yet to hear of this one. */
	if (ms->arrival != NULL)
		ms->arrival->known_from = p->room->chat->last_arrival + 1;
	return was_announced;
}

void
presence_assume(struct presence *p, struct membership *ms)
{
	struct presence_left *left = presence_find(p, ms->member->folded);

	presence_drop(p, ms->arrival);
	presence_drop(p, left == NULL ? NULL : &left->item);
	presence_join(p, ms);
	ms->is_announced = true;
}

void
presence_give_up(struct chat *chat, const char *folded)
{
	struct presence_left key = { .presence = NULL }, *left;
	struct presence *p;

	memcpy(key.folded, folded, strlen(folded) + 1);
	while ((left = RB_NFIND(presence_returning, &chat->returning, &key)) !=
		NULL &&
	    strcmp(left->folded, folded) == 0) {
		p = left->presence;
		presence_publish_left(p, left);
		presence_drop(p, &left->item);
	}
}
