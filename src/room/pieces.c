/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * When a thousand people come back at once, each is told who said how much and
 * who mentioned them, and is handed the same lines. What of that is the same
 * for all is kept here, in memory that is bounded by PIECES_BYTES_MAX: pieces
 * that were not used for longest make room.
 *
 * Decided against: keeping it for all that is appended, as most of it is never
 * read again; and an index from words to messages, which is larger than the
 * ring and has to be kept in step with its end.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "room/pieces.h"
#include "room/tally.h"

/* How long rendered lines are taken to be what would be rendered: the time zone
 * may change. */
#define PIECE_LINES_MS 60000

/* The lines of a piece in a dialect. */
struct piece_lines {
	SLIST_ENTRY(piece_lines) entry;
	const struct dialect *dialect;
	int today; /* as they show how old they are */
	int64_t made_ms; /* monotonic */
	struct buf lines;
};

RB_HEAD(piece_tree, piece);

/* What hangs on a room whose past is being read. */
struct pieces {
	struct piece_tree by_number;
	struct tally_names names;
	unsigned readers;
};

static int
piece_cmp(const struct piece *a, const struct piece *b)
{
	return a->from.number < b->from.number ?
	    -1 :
	    a->from.number > b->from.number;
}

RB_GENERATE_INTERNAL(piece_tree, piece, in_room, piece_cmp, UNUSED static)

static void
piece_count_bytes(struct piece *piece, size_t bytes)
{
	piece->bytes += bytes;
	piece->room->chat->piece_bytes += bytes;
}

static void
piece_drop_lines(struct piece *piece)
{
	struct piece_lines *l;

	while ((l = SLIST_FIRST(&piece->lines)) != NULL) {
		SLIST_REMOVE_HEAD(&piece->lines, entry);
		piece->bytes -= l->lines.cap;
		piece->room->chat->piece_bytes -= l->lines.cap;
		buf_fini(&l->lines);
		free(l);
	}
}

static void
piece_free(struct piece *piece)
{
	struct chat *chat = piece->room->chat;
	size_t i;

	piece_drop_lines(piece);
	for (i = 0; i < piece->count; i++)
		if (piece->entries[i].name != NULL)
			tally_name_release(&piece->room->pieces->names,
			    piece->entries[i].name);
	RB_REMOVE(piece_tree, &piece->room->pieces->by_number, piece);
	TAILQ_REMOVE(&chat->pieces, piece, in_chat);
	chat->piece_bytes -= piece->bytes;
	free(piece->entries);
	free(piece->filter);
	free(piece);
}

void
pieces_hold(struct room *room)
{
	if (room->pieces == NULL) {
		room->pieces = xcalloc(1, sizeof(*room->pieces));
		RB_INIT(&room->pieces->by_number);
		tally_names_init(&room->pieces->names);
	}
	room->pieces->readers++;
}

void
pieces_release(struct room *room)
{
	struct piece *piece;

	if (--room->pieces->readers > 0)
		return;
	while ((piece = RB_ROOT(&room->pieces->by_number)) != NULL)
		piece_free(piece);
	free(room->pieces);
	room->pieces = NULL;
}

bool
pieces_are_shared(const struct room *room)
{
	return room->pieces->readers > 1;
}

bool
pieces_read(const struct room *room, struct history_cursor *at,
    struct event *event, uint64_t *border)
{
	uint64_t pos = history_position(&room->history, at);

	if (!history_read(&room->history, at, event))
		return false;
	if (pos / PIECE_SPAN != at->pos / PIECE_SPAN)
		*border = at->number;
	return true;
}

/* Adds event, which is at at. */
static void
piece_add(struct piece *piece, const struct history_cursor *at,
    const struct event *event, size_t *entry_cap, size_t *filter_len,
    size_t *filter_cap)
{
	struct piece_entry *e;

	if (piece->count == *entry_cap) {
		*entry_cap = *entry_cap == 0 ? 64 : *entry_cap * 2;
		piece->entries = xreallocarray(piece->entries, *entry_cap,
		    sizeof(*piece->entries));
	}
	e = &piece->entries[piece->count++];
	*e = (struct piece_entry){ .number = event->number, .at = *at };
	if (event->kind == EVENT_GAP) {
		piece->is_plain = false;
		return;
	}
	e->author = event->author;
	e->name = tally_name_hold(&piece->room->pieces->names, event->nick);
	e->filter = (uint32_t)*filter_len;
	e->filter_blocks = (uint32_t)text_filter_blocks(event->text_len);
	*filter_len += e->filter_blocks;
	if (*filter_len > *filter_cap) {
		*filter_cap = 2 * *filter_len;
		piece->filter = xreallocarray(piece->filter, *filter_cap,
		    sizeof(*piece->filter));
	}
	memset(piece->filter + e->filter, 0,
	    e->filter_blocks * sizeof(*piece->filter));
	text_filter(piece->filter + e->filter, e->filter_blocks, event->text,
	    event->text_len);
	piece->authors |= UINT64_C(1) << event->author % 64;
	piece->has_ids |= event->id_key != 0;
	if (event->kind == EVENT_TOPIC)
		piece->is_plain = false;
	if (piece->count == 1)
		piece->day = clock_day(event_wall_ms(event));
	else if (clock_day(event_wall_ms(event)) != piece->day)
		piece->is_plain = false;
}

/* Others make room, the latest used last. */
static void
pieces_bound(struct chat *chat)
{
	while (chat->piece_bytes > PIECES_BYTES_MAX &&
	    TAILQ_FIRST(&chat->pieces) !=
		TAILQ_LAST(&chat->pieces, piece_queue))
		piece_free(TAILQ_LAST(&chat->pieces, piece_queue));
}

static struct piece *
piece_make(struct room *room, const struct history_cursor *from)
{
	struct piece *piece = xcalloc(1, sizeof(*piece));
	size_t entry_cap = 0, filter_len = 0, filter_cap = 0;
	struct history_cursor before;
	struct event event;
	uint64_t border = 0;

	piece->room = room;
	piece->rewritten = room->history.rewritten;
	piece->from = piece->to = *from;
	piece->is_plain = true;
	SLIST_INIT(&piece->lines);
	RB_INSERT(piece_tree, &room->pieces->by_number, piece);
	TAILQ_INSERT_HEAD(&room->chat->pieces, piece, in_chat);
	while (border == 0) {
		before = piece->to;
		if (!pieces_read(room, &piece->to, &event, &border)) {
			piece_free(piece);
			return NULL;
		}
		piece_add(piece, &before, &event, &entry_cap, &filter_len,
		    &filter_cap);
	}
	piece_count_bytes(piece,
	    sizeof(*piece) + entry_cap * sizeof(*piece->entries) +
		filter_cap * sizeof(*piece->filter) +
		piece->count * sizeof(struct tally_name));
	pieces_bound(room->chat);
	return piece;
}

struct piece *
pieces_get(struct room *room, const struct history_cursor *at, size_t *work)
{
	struct piece key = { .from.number = at->number }, *piece;

	piece = RB_FIND(piece_tree, &room->pieces->by_number, &key);
	if (piece != NULL && piece->rewritten != room->history.rewritten) {
		piece_free(piece);
		piece = NULL;
	}
	if (piece == NULL) {
		/* Is there more than what is left to be filled? */
		if (room->history.head_pos / PIECE_SPAN ==
		    history_position(&room->history, at) / PIECE_SPAN)
			return NULL;
		piece = piece_make(room, at);
		if (piece != NULL)
			*work += (size_t)(piece->to.pos - piece->from.pos);
		return piece;
	}
	TAILQ_REMOVE(&room->chat->pieces, piece, in_chat);
	TAILQ_INSERT_HEAD(&room->chat->pieces, piece, in_chat);
	return piece;
}

static void
piece_render(struct piece *piece, struct piece_lines *l, int today)
{
	struct room *room = piece->room;
	struct history_cursor at = piece->from;
	struct event event;

	while (at.number < piece->to.number &&
	    history_read(&room->history, &at, &event)) {
		event.server = room->chat->options->server_name;
		event.room = room->name;
		event.age = piece->day == today ? EVENT_AGE_TODAY :
						  EVENT_AGE_EARLIER;
		dialect_render(l->dialect, &l->lines, &event);
	}
}

const struct buf *
piece_lines(struct piece *piece, const struct dialect *dialect)
{
	const struct clock *clock = piece->room->chat->clock;
	int today = clock_day(clock->wall_ms);
	struct piece_lines *l;

	assert(piece->is_plain);
	SLIST_FOREACH(l, &piece->lines, entry)
		if (l->dialect == dialect)
			break;
	if (l != NULL &&
	    (l->today != today ||
		clock->mono_ms - l->made_ms > PIECE_LINES_MS)) {
		piece_drop_lines(piece);
		l = NULL;
	}
	if (l != NULL)
		return &l->lines;
	l = xcalloc(1, sizeof(*l));
	l->dialect = dialect;
	l->today = today;
	l->made_ms = clock->mono_ms;
	SLIST_INSERT_HEAD(&piece->lines, l, entry);
	piece_render(piece, l, today);
	piece_count_bytes(piece, l->lines.cap);
	pieces_bound(piece->room->chat);
	return &l->lines;
}

bool
piece_has_author(const struct piece *piece, uint64_t author)
{
	size_t i;

	if ((piece->authors & UINT64_C(1) << author % 64) != 0)
		for (i = 0; i < piece->count; i++)
			if (piece->entries[i].author == author)
				return true;
	return false;
}
