/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * How far somebody has certainly read: what was handed over and has arrived.
 */
#include "config.h"

#include "room/acked.h"
#include "room/cursor.h"
#include "room/handed.h"
#include "room/watch.h"

void
acked_set(struct cursor *c, uint64_t number)
{
	c->acked.number = c->acked.mark = number;
}

void
acked_set_back(struct cursor *c, uint64_t number)
{
	if (c->acked.number > number)
		c->acked.number = number;
	if (c->acked.mark > number)
		c->acked.mark = number;
	/* Or the room's low-water mark might pass them. */
	if (c->acked.persisted == ACKED_LIVE && number < c->ms->room->looked)
		watch_member_changed(c->ms->member);
}

void
acked_set_number(struct cursor *c, uint64_t number)
{
	c->acked.number = number;
}

void
acked_pass_mark(struct cursor *c, uint64_t position, bool has_all)
{
	if (has_all)
		c->acked.number = position;
	else if (c->acked.number < c->acked.mark)
		c->acked.number = c->acked.mark;
	c->acked.mark = position;
}

bool
acked_pass_bookmarks(const struct client *client)
{
	struct bookmark *bookmark;
	uint64_t arrived;
	bool is_all = true;

	if (client->ops == NULL)
		return true;
	arrived = handed_arrived(client, client->ops->unsent(client));
	LIST_FOREACH(bookmark, &client->member->person.bookmarks, in_owner) {
		if (bookmark->position <= arrived)
			bookmark->acked = bookmark->cursor.number;
		is_all &= bookmark->acked == bookmark->cursor.number;
	}
	return is_all;
}

void
acked_persisted(struct cursor *c)
{
	if (c->acked.persisted != ACKED_LIVE || !cursor_is_live(c))
		c->acked.persisted = c->acked.number;
}

bool
acked_set_persisted_live(struct cursor *c, bool is_live)
{
	if (is_live == (c->acked.persisted == ACKED_LIVE))
		return false;
	c->acked.persisted = is_live ? ACKED_LIVE : 0;
	return true;
}
