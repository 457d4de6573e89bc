/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */

/*
 * The ring that everything said goes into. Records are kept in native byte
 * order and aligned to 8. Decided against: a linked list of messages (memory
 * depends on what is said, and a cursor into it has to be counted), and an
 * array of fixed slots (a slot for the longest line wastes most of the memory).
 */

#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "nick.h"
#include "text.h"

enum { RECORD_PAD, RECORD_MESSAGE };

/* A pad consists of the first eight bytes alone. */
struct record {
	uint32_t size; /* to the next record or pad; a multiple of 8 */
	uint8_t type;
	uint8_t kind; /* enum event_kind */
	uint8_t nick_len;
	uint8_t unused;
	uint32_t prev; /* from the record before to this one; 0: none was */
	uint32_t text_len;
	uint64_t number;
	int64_t time_ms;
	uint64_t author;
	char data[]; /* nick, NUL, text */
};

#define RECORD_ALIGN 8
#define RECORD_ROUND(n) (((n) + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN)

static struct record *
history_at(const struct history *h, uint64_t pos)
{
	/* The region comes from malloc() and pos is a multiple of 8. */
	return (struct record *)(void *)(h->region + pos % h->size);
}

/* The position of the record at pos, or behind the pad at pos. */
static uint64_t
history_skip_pad(const struct history *h, uint64_t pos)
{
	const struct record *r;

	if (pos == h->head_pos)
		return pos;
	r = history_at(h, pos);
	if (r->type == RECORD_PAD)
		pos += r->size;
	return pos;
}

/*
 * Where the message is that c, not lapped, stands at. A cursor that was at the
 * head may have a pad before its message; that pad may even have been dropped
 * and overwritten while the message, now the oldest, has not.
 */
static uint64_t
history_locate(const struct history *h, const struct history_cursor *c)
{
	return history_skip_pad(h,
	    c->number == h->first_number ? h->tail_pos : c->pos);
}

void
history_init(struct history *h, size_t size)
{
	assert(size >= HISTORY_SIZE_MIN && size <= UINT32_MAX / 2);
	memset(h, 0, sizeof *h);
	h->size = RECORD_ROUND(size);
	h->region = xcalloc(1, h->size);
	h->first_number = 1;
	h->next_number = 1;
}

void
history_fini(struct history *h)
{
	free(h->region);
	h->region = NULL;
}

static void
history_drop_oldest(struct history *h)
{
	struct record *r;

	r = history_at(h, h->tail_pos);
	if (r->type == RECORD_MESSAGE)
		h->first_number++;
	h->tail_pos += r->size;
}

static void
history_make_room(struct history *h, size_t need)
{
	while (h->head_pos + need - h->tail_pos > h->size)
		history_drop_oldest(h);
}

uint64_t
history_append(struct history *h, const struct event *event)
{
	struct record *r;
	size_t nick_len, text_len, text_max, size, left;
	uint64_t pos;

	assert(event_is_kept(event->kind));
	nick_len = strlen(event->nick);
	assert(nick_len <= NICK_MAX);
	text_len = event->text_len;
	text_max = h->size / 4 < HISTORY_TEXT_MAX ? h->size / 4 :
						    HISTORY_TEXT_MAX;
	if (text_len > text_max)
		text_len = text_cut(event->text, text_len, text_max);
	size = RECORD_ROUND(sizeof *r + nick_len + 1 + text_len);

	left = h->size - h->head_pos % h->size;
	if (left < size) {
		history_make_room(h, left);
		r = history_at(h, h->head_pos);
		r->size = (uint32_t)left;
		r->type = RECORD_PAD;
		h->head_pos += left;
	}
	history_make_room(h, size);

	pos = h->head_pos;
	r = history_at(h, pos);
	r->size = (uint32_t)size;
	r->type = RECORD_MESSAGE;
	r->kind = (uint8_t)event->kind;
	r->nick_len = (uint8_t)nick_len;
	r->unused = 0;
	/* Used only when the record before is still held. */
	r->prev = h->next_number == 1 ? 0 : (uint32_t)(pos - h->last_pos);
	r->text_len = (uint32_t)text_len;
	r->number = h->next_number++;
	r->time_ms = event->time_ms;
	r->author = event->author;
	memcpy(r->data, event->nick, nick_len + 1);
	if (text_len > 0)
		memcpy(r->data + nick_len + 1, event->text, text_len);
	h->head_pos = pos + size;
	h->last_pos = pos;
	return r->number;
}

struct history_cursor
history_oldest(const struct history *h)
{
	struct history_cursor c;

	c.number = h->first_number;
	c.pos = history_skip_pad(h, h->tail_pos);
	return c;
}

struct history_cursor
history_head(const struct history *h)
{
	struct history_cursor c;

	c.number = h->next_number;
	c.pos = h->head_pos;
	return c;
}

struct history_cursor
history_back(const struct history *h, uint64_t n)
{
	struct history_cursor c;

	if (n >= history_count(h))
		return history_oldest(h);
	c = history_head(h);
	while (n-- > 0 && history_step_back(h, &c))
		;
	return c;
}

uint64_t
history_clamp(const struct history *h, struct history_cursor *c)
{
	uint64_t lost;

	if (c->number >= h->first_number)
		return 0;
	lost = h->first_number - c->number;
	*c = history_oldest(h);
	return lost;
}

bool
history_read(const struct history *h, struct history_cursor *c,
    struct event *event)
{
	const struct record *r;

	assert(c->number >= h->first_number && c->number <= h->next_number);
	if (c->number == h->next_number)
		return false;
	c->pos = history_locate(h, c);
	r = history_at(h, c->pos);
	assert(r->number == c->number);

	memset(event, 0, sizeof *event);
	event->kind = (enum event_kind)r->kind;
	event->number = r->number;
	event->time_ms = r->time_ms;
	event->author = r->author;
	event->nick = r->data;
	event->text = r->data + r->nick_len + 1;
	event->text_len = r->text_len;

	c->number++;
	c->pos += r->size;
	return true;
}

bool
history_step_back(const struct history *h, struct history_cursor *c)
{
	assert(c->number >= h->first_number && c->number <= h->next_number);
	if (c->number == h->first_number)
		return false;
	if (c->number == h->next_number)
		c->pos = h->last_pos;
	else {
		c->pos = history_locate(h, c);
		c->pos -= history_at(h, c->pos)->prev;
	}
	c->number--;
	assert(history_at(h, c->pos)->number == c->number);
	return true;
}

size_t
history_used(const struct history *h)
{
	return (size_t)(h->head_pos - h->tail_pos);
}
