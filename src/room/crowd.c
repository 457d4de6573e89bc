/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What was said fades (struct spent): to half in five minutes, and faster than
 * that is not refilled, so that a quarter of the ring, which is the limit, lets
 * in another quarter in ten. origin_is_fair() has one speaker wait the sooner,
 * the more they have said in all rooms, their origin in this one, and all in
 * this one.
 *
 * Few rooms are crowded at a time, most often none. Only these are looked at
 * before a line is handled, and only what is said in them waits, with what the
 * same client sends after that: its order is kept.
 *
 * Decided against: a bucket for each room, which whoever floods empties for all.
 */
#include "config.h"

#include "room/crowd.h"
#include "room/member-more.h"

#define CROWD_PART 4 /* of the ring is the limit */
#define CROWD_WAIT_MS 50 /* at least: others wait as well */

/* Is it so much that somebody may have to wait? */
static bool
crowd_is_due(const struct room *room)
{
	const struct chat *chat = room->chat;
	uint64_t said = spent_now(&room->said, ORIGIN_SAID_MS,
	    chat->clock->mono_ms);

	return (2 + ORIGIN_SHARE) * said * CROWD_PART >
	    ORIGIN_SHARE * room->history.size;
}

void
crowd_remove(struct room *room)
{
	if (room->is_crowded)
		TAILQ_REMOVE(&room->chat->crowded, room, in_crowded);
	room->is_crowded = false;
}

static void
crowd_add(struct room *room)
{
	if (room->is_crowded || !crowd_is_due(room))
		return;
	room->is_crowded = true;
	TAILQ_INSERT_TAIL(&room->chat->crowded, room, in_crowded);
}

void
crowd_restored(struct room *room)
{
	/* A time to come would never pass. */
	if (room->said.at_ms > room->chat->clock->mono_ms)
		room->said.at_ms = room->chat->clock->mono_ms;
	crowd_add(room);
}

void
crowd_said(struct room *room, struct member *actor, struct origin *from,
    uint64_t bytes)
{
	struct chat *chat = room->chat;
	int64_t now_ms = chat->clock->mono_ms;

	spent_add(&room->said, ORIGIN_SAID_MS, now_ms, bytes);
	if (from != NULL)
		origin_spend(from, room->key, bytes);
	if (actor != NULL)
		spent_add(&member_more(actor)->said, ORIGIN_SAID_MS, now_ms,
		    bytes);
	crowd_add(room);
}

struct room *
crowd_next(struct chat *chat, const struct room *room)
{
	struct room *next = room == NULL ? TAILQ_FIRST(&chat->crowded) :
					   TAILQ_NEXT(room, in_crowded);
	struct room *gone;

	while (next != NULL && !crowd_is_due(next)) {
		gone = next;
		next = TAILQ_NEXT(next, in_crowded);
		crowd_remove(gone);
	}
	return next;
}

int64_t
crowd_wait_ms(const struct member *m, const struct room *room)
{
	const struct options *o = m->chat->options;
	int64_t now_ms = m->chat->clock->mono_ms, wait_ms;
	uint64_t own = m->more == NULL ?
	    0 :
	    spent_now(&m->more->said, ORIGIN_SAID_MS, now_ms);
	uint64_t origin = origin_spent(m->origin, room->key);
	uint64_t all = spent_now(&room->said, ORIGIN_SAID_MS, now_ms);
	uint64_t limit = room->history.size / CROWD_PART;

	if (o->line_rate.count == 0 || o->origin_rate == 0 ||
	    origin_is_fair(own, origin, all, limit))
		return 0;
	wait_ms = spent_fade_ms(own + origin + ORIGIN_SHARE * all,
	    ORIGIN_SHARE * limit, ORIGIN_SAID_MS);
	return wait_ms > CROWD_WAIT_MS ? wait_ms : CROWD_WAIT_MS;
}
