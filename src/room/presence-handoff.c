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
	struct presence_item item;
	struct room *room;
	bool has_come;
};

static const struct field presence_list[] = {
	{ FIELD_ROOM(1, struct presence_record, room), .is_needed = true },
	{ FIELD_STRING(2, struct presence_record, item.nick), .is_needed = true,
	    .check = nick_is_wellformed },
	{ FIELD_BOOL(3, struct presence_record, has_come) },
	{ FIELD_INT(4, struct presence_record, item.since_ms) },
	{ FIELD_CREDENTIAL(5, struct presence_record, item.credential),
	    .is_needed = true },
	{ FIELD_BOOL(6, struct presence_record, item.is_returning) },
	{ FIELD_INT(7, struct presence_record, item.away_since_ms) },
	{ FIELD_UINT(8, struct presence_record, item.last_arrival),
	    .max = UINT64_MAX - 1 },
};
static const struct fields presence_fields = { FIELDS("an arrival or departure",
    struct presence_record, presence_list) };

void
presence_save(const struct presence *p, struct fields_out *out)
{
	const struct presence_item *item;
	struct presence_record r;

	r.room = p->room;
	TAILQ_FOREACH(item, &p->queue, entry) {
		r.item = *item;
		r.has_come = item->ms != NULL;
		fields_put_item(out, HANDOFF_PRESENCE, &presence_fields, &r);
	}
}

/* Who came is a member whom the others do not know of; who left is none. */
static bool
presence_restore(struct presence_record *r)
{
	struct room *room = r->room;
	struct presence *p = &room->presence;
	struct presence_item *item = &r->item;
	struct member *m = directory_find(&room->chat->directory, item->nick);
	struct membership *ms = m == NULL ? NULL : member_in(m, room);

	nick_fold(item->folded, item->nick);
	if (presence_find(p, item->folded) != NULL ||
	    r->has_come != (ms != NULL) || (ms != NULL && ms->is_announced) ||
	    (item->is_returning && r->has_come))
		return false;
	item = xcalloc(1, sizeof(*item));
	*item = r->item;
	item->ms = ms;
	presence_insert(p, item);
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
