/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is pending on its way from one program to the next. It is found again by
 * its nick, as in presence.c, when all members are there.
 */
#include "config.h"

#include <string.h>

#include "base/handoff.h"
#include "base/util.h"
#include "room/chat-rooms.h"
#include "room/cursor.h"
#include "room/directory.h"
#include "room/presence-impl.h"

/* One who is pending, and where. */
struct presence_record {
	struct presence_left left;
	struct room *room;
	bool has_come;
};

static const struct field presence_list[] = {
	{ FIELD_ROOM(1, struct presence_record, room), .is_needed = true },
	{ FIELD_STRING(2, struct presence_record, left.nick), .is_needed = true,
	    .check = nick_is_wellformed },
	{ FIELD_BOOL(3, struct presence_record, has_come) },
	{ FIELD_INT(4, struct presence_record, left.item.since_ms) },
	{ FIELD_CREDENTIAL(5, struct presence_record, left.credential),
	    .is_needed = true },
	{ FIELD_BOOL(6, struct presence_record, left.is_returning) },
	{ FIELD_INT(7, struct presence_record, left.away_since_ms) },
	{ FIELD_UINT(8, struct presence_record, left.last_arrival),
	    .max = UINT64_MAX - 1 },
	{ FIELD_UINT(9, struct presence_record, left.item.known_from) },
};
static const struct fields presence_fields = { FIELDS("an arrival or departure",
    struct presence_record, presence_list) };

void
presence_save(const struct presence *p, struct fields_out *out)
{
	struct presence_item *item;
	struct presence_record r;

	TAILQ_FOREACH(item, &p->queue, entry) {
		memset(&r, 0, sizeof(r));
		r.room = p->room;
		r.has_come = item->ms != NULL;
		if (r.has_come) {
			r.left.item = *item;
			r.left.credential = item->ms->member->credential;
			memcpy(r.left.nick, item->ms->member->nick, NICK_SIZE);
		} else
			r.left = *presence_left_of(item);
		fields_put_item(out, HANDOFF_PRESENCE, &presence_fields, &r);
	}
}

/* Who came is a member whom the others do not know of; who left is none. */
static bool
presence_restore(struct presence_record *r)
{
	struct room *room = r->room;
	struct presence *p = &room->presence;
	struct presence_left *left = &r->left;
	struct member *m = directory_find(&room->chat->directory, left->nick);
	struct membership *ms = m == NULL ? NULL : member_in(m, room);

	nick_fold(left->folded, left->nick);
	if (r->has_come) {
		if (ms == NULL || ms->is_announced || ms->arrival != NULL ||
		    left->is_returning)
			return false;
		presence_insert_came(p, ms, left->item.since_ms);
		ms->arrival->known_from = left->item.known_from;
		return true;
	}
	if (ms != NULL || presence_find(p, left->folded) != NULL)
		return false;
	left = xcalloc(1, sizeof(*left));
	*left = r->left;
	presence_insert_left(p, left);
	return true;
}

bool
presence_load(struct chat *chat, struct fields_in *in, const struct tlv *item)
{
	struct presence_record r;

	memset(&r, 0, sizeof(r));
	in->arg = chat;
	if (!fields_get(in, &presence_fields, item, &r))
		return false;
	if (presence_restore(&r))
		return true;
	return fields_fail(in, "an arrival or departure is not consistent");
}

bool
presence_is_complete(const struct presence *p)
{
	const struct presence_item *item;
	const struct membership *ms;
	size_t announced = 0, came = 0;

	TAILQ_FOREACH(ms, &p->room->people, in_room) {
		announced += ms->is_announced;
		if (!ms->is_joined &&
		    (ms->is_announced || membership_tracks(ms)))
			return false;
	}
	TAILQ_FOREACH(item, &p->queue, entry)
		came += item->ms != NULL;
	return announced + came == p->room->people_count;
}
