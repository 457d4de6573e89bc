/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is pending on its way from one program to the next. It is found again by
 * its nick, as in presence.c, when all members are there.
 */
#include "config.h"

#include <string.h>

#include "base/handoff.h"
#include "base/tlv.h"
#include "base/util.h"
#include "room/chat-rooms.h"
#include "room/cursor.h"
#include "room/directory.h"
#include "room/presence-impl.h"

/* These numbers are in blobs: never change or reuse one. */
enum {
	PRESENCE_TAG_ROOM = 1,
	PRESENCE_TAG_NICK = 2,
	PRESENCE_TAG_IS_CAME = 3,
	PRESENCE_TAG_SINCE = 4,
	PRESENCE_TAG_CREDENTIAL = 5,
	PRESENCE_TAG_IS_RETURNING = 6,
	PRESENCE_TAG_AWAY_SINCE = 7,
	PRESENCE_TAG_LAST_ARRIVAL = 8
};

struct presence_parts {
	struct presence_item item;
	char room[ROOM_NAME_SIZE];
	bool is_came;
	bool has_credential;
};

static const struct handoff_field presence_fields[] = {
	HANDOFF_STR(PRESENCE_TAG_ROOM, struct presence_parts, room),
	HANDOFF_STR(PRESENCE_TAG_NICK, struct presence_parts, item.nick),
	HANDOFF_BOOL(PRESENCE_TAG_IS_CAME, struct presence_parts, is_came),
	HANDOFF_INT(PRESENCE_TAG_SINCE, struct presence_parts, item.since_ms),
	HANDOFF_BOOL(PRESENCE_TAG_IS_RETURNING, struct presence_parts,
	    item.is_returning),
	HANDOFF_INT(PRESENCE_TAG_AWAY_SINCE, struct presence_parts,
	    item.away_since_ms),
	HANDOFF_UINT(PRESENCE_TAG_LAST_ARRIVAL, struct presence_parts,
	    item.last_arrival, UINT64_MAX - 1),
};

void
presence_save(const struct presence *p, struct fields_out *out)
{
	const struct presence_item *item;
	struct presence_parts parts;
	size_t mark;

	TAILQ_FOREACH(item, &p->queue, entry) {
		memset(&parts, 0, sizeof(parts));
		memcpy(parts.room, p->room->name, sizeof(parts.room));
		memcpy(parts.item.nick, item->nick, sizeof(item->nick));
		parts.item.since_ms = item->since_ms;
		parts.item.is_returning = item->is_returning;
		parts.item.away_since_ms = item->away_since_ms;
		parts.item.last_arrival = item->last_arrival;
		parts.is_came = item->ms != NULL;
		mark = tlv_open(&out->data, HANDOFF_PRESENCE);
		handoff_put(&out->data, presence_fields,
		    NITEMS(presence_fields), &parts);
		handoff_put_credential(&out->data, PRESENCE_TAG_CREDENTIAL,
		    &item->credential);
		tlv_close(&out->data, mark);
	}
}

/* Who came is a member whom the others do not know of; who left is none. */
static bool
presence_restore(struct room *room, struct presence_parts *parts)
{
	struct presence *p = &room->presence;
	struct presence_item *item = &parts->item;
	struct member *m = directory_find(&room->chat->directory, item->nick);
	struct membership *ms = m == NULL ? NULL : member_in(m, room);

	nick_fold(item->folded, item->nick);
	if (presence_find(p, item->folded) != NULL ||
	    parts->is_came != (ms != NULL) ||
	    (ms != NULL && ms->is_announced) ||
	    (item->is_returning && parts->is_came))
		return false;
	item = xcalloc(1, sizeof(*item));
	item->ms = ms;
	item->since_ms = parts->item.since_ms;
	item->is_returning = parts->item.is_returning;
	item->away_since_ms = parts->item.away_since_ms;
	item->last_arrival = parts->item.last_arrival;
	item->credential = parts->item.credential;
	memcpy(item->nick, parts->item.nick, sizeof(item->nick));
	memcpy(item->folded, parts->item.folded, sizeof(item->folded));
	presence_insert(p, item);
	return true;
}

bool
presence_load(struct chat *chat, struct fields_in *in, const struct tlv *outer)
{
	struct presence_parts parts;
	struct tlv_reader r;
	struct tlv item;
	struct room *room;
	bool is_good = true;

	memset(&parts, 0, sizeof(parts));
	tlv_enter(outer, &r);
	while (is_good && tlv_next(&r, &item))
		if (item.tag == PRESENCE_TAG_CREDENTIAL)
			is_good = parts.has_credential =
			    handoff_get_credential(&item,
				&parts.item.credential);
		else
			is_good = handoff_get(&item, presence_fields,
			    NITEMS(presence_fields), &parts);
	room = chat_find_room(chat, parts.room);
	if (is_good && !r.is_bad && parts.has_credential && room != NULL &&
	    parts.item.nick[0] != '\0' && presence_restore(room, &parts))
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
