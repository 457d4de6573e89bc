/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The summary of a catch-up: how much was said, by whom, and where one was
 * mentioned. It is counted in slices, by one replay at a time, since a thousand
 * people who come back at once must not stop the loop.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "room/pieces.h"
#include "room/replay-impl.h"
#include "room/shown.h"
#include "room/tally.h"

/* What counting a piece for the summary counts as, once it is made. */
#define REPLAY_WORK_PIECE 128

/* Renders what waits for them in rooms that they are not in. */
static void
replay_head_waiting(struct cursor *c, struct replay *rp)
{
	const struct bookmark *bookmark;
	struct event event = { .kind = EVENT_WAITING };

	LIST_FOREACH(bookmark, &c->ms->member->person.bookmarks, in_owner) {
		event.count = room_new_count(bookmark->room, &bookmark->cursor,
		    bookmark->repeat_until);
		event.total = room_new_count(bookmark->room, &bookmark->cursor,
		    0);
		event.other = bookmark->room->name;
		if (event.total > 0)
			replay_render(c, &rp->head, &event);
	}
}

/* Does the message of that number, which is not hidden, belong in the summary?
 * It is counted as a repeat if not. */
static bool
replay_scan_number(struct cursor *c, struct replay *rp, uint64_t number)
{
	bool is_seen = shown_has_seen(&c->shown, number);

	if (number < c->repeat_until || shown_was_before(&c->shown, number)) {
		rp->repeats++;
		rp->seen_repeats += is_seen;
		return false;
	}
	if (is_seen && number >= c->own_from && c->shown.from < c->own_from)
		return false;
	rp->seen += is_seen;
	return true;
}

/* Does the message at at mention m? */
static bool
replay_mentions(const struct member *m, const struct room *room,
    struct history_cursor at)
{
	struct event event;

	return history_read(&room->history, &at, &event) &&
	    text_mentions(event.text, event.text_len, m->nick);
}

/* Counts the piece that begins at the scan, as far as the scan goes, which is
 * behind it then. False: there is none. */
static bool
replay_scan_piece(struct cursor *c, struct replay *rp,
    const struct text_probe *probe, size_t *work)
{
	const struct member *m = c->ms->member;
	struct room *room = c->ms->room;
	struct event event = { .kind = EVENT_SAY };
	const struct piece_entry *e;
	const struct piece *piece;

	if (rp->scan_border != rp->scan.number || !pieces_are_shared(room))
		return false;
	piece = pieces_get(room, &rp->scan, work);
	if (piece == NULL || piece->to.number > rp->scan_until)
		return false;
	for (e = piece->entries; e < piece->entries + piece->count; e++) {
		if (e->name == NULL)
			continue; /* a gap */
		event.number = e->number;
		event.author = e->author;
		event.nick = e->name->nick;
		if (!replay_is_hidden(c, &event) &&
		    replay_scan_number(c, rp, e->number))
			tally_add(&room->chat->tally, e->name,
			    piece_may_mention(piece, e, probe) &&
				replay_mentions(m, room, e->at));
	}
	rp->scan = piece->to;
	rp->scan_border = rp->scan.number;
	*work += REPLAY_WORK_PIECE * REPLAY_READ_FACTOR;
	return true;
}

/* Counts the next message; false: there is none. */
static bool
replay_scan_message(struct cursor *c, struct replay *rp, size_t *work)
{
	struct room *room = c->ms->room;
	uint64_t pos = rp->scan.pos;
	struct event event;

	if (!pieces_read(room, &rp->scan, &event, &rp->scan_border))
		return false;
	*work += (size_t)(rp->scan.pos - pos);
	if (event.kind != EVENT_GAP && !replay_is_hidden(c, &event) &&
	    replay_scan_number(c, rp, event.number))
		tally_add_nick(&room->chat->tally, event.nick,
		    text_mentions(event.text, event.text_len,
			c->ms->member->nick));
	return true;
}

bool
replay_scan(struct cursor *c, struct replay *rp, size_t max, size_t *work)
{
	struct room *room = c->ms->room;
	struct chat *chat = room->chat;
	struct event event;
	struct event_tally top;
	struct text_probe probe;
	size_t read = 0; /* bytes of the ring */

	if (chat->tally_owner == NULL)
		chat->tally_owner = c;
	else if (chat->tally_owner != c)
		return false; /* one replay counts at a time */
	text_probe(&probe, c->ms->member->nick);
	(void)history_clamp(&room->history, &rp->scan);
	if (rp->scan_from == 0)
		rp->scan_from = rp->scan.number;
	while (rp->scan.number < rp->scan_until) {
		if (read >= max * REPLAY_READ_FACTOR) {
			*work += max;
			return false;
		}
		if (!replay_scan_piece(c, rp, &probe, &read) &&
		    !replay_scan_message(c, rp, &read))
			break;
	}
	*work += read / REPLAY_READ_FACTOR;
	tally_top(&chat->tally, &top);
	memset(&event, 0, sizeof(event));
	event.kind = EVENT_WELCOME;
	event.nick = c->ms->member->nick;
	event.duration_ms = rp->away_ms;
	event.count = chat->tally.messages;
	event.total = rp->repeats;
	event.seen = rp->seen;
	event.mentions = chat->tally.mentions;
	event.tally = &top;
	replay_render(c, &rp->head, &event);
	tally_fini(&chat->tally);
	chat->tally_owner = NULL;
	replay_head_waiting(c, rp);
	return true;
}
