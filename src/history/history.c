/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The ring that everything said goes into. Records are in native byte order,
 * aligned to 8. Decided against: a linked list of messages (memory depends on
 * what is said, and cursors into it have to be counted), an array of fixed
 * slots (a slot for the longest line wastes most of the memory), and mapping
 * the region twice in a row (a pad costs less than page tables, and the size
 * stays free).
 *
 * The order of stores, as the process may be killed between any two:
 *
 *   tail moves              before the bytes behind it are overwritten
 *   first = 0               the place holds no record
 *   the record, its check
 *   first                   now it does
 *   head_pos, next_number   only hints: the head is where records end
 *
 * Checksums are XXH3's: zlib's crc32() takes 216 ns for a line of 100 bytes
 * where this takes 18, which would have more than doubled the cost of an
 * append.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/nick.h"
#include "base/text.h"
#include "history/history-impl.h"
#include "history/history.h"

/* history_find() reads half as many records on average. */
#define HISTORY_INDEX_STEP 64

/* The most messages that one history_expire() drops. */
#define HISTORY_EXPIRE_MAX 1024

struct history_index {
	size_t count;
	size_t cap;
	struct history_cursor *at; /* every 64th message, oldest first */
};

/* The position of the record at pos or behind the pads there. */
static uint64_t
history_skip_pad(const struct history *h, uint64_t pos)
{
	const struct record *r;

	while (pos != h->head_pos) {
		r = history_at(h, pos);
		if (r->first.is.type != RECORD_PAD)
			break;
		pos += r->first.is.size;
	}
	return pos;
}

/*
 * The position of c's message; c is not lapped. A cursor that was at the head
 * may have a pad before its message; that pad may even have been dropped and
 * overwritten while the message, now the oldest, is still held.
 */
uint64_t
history_locate(const struct history *h, const struct history_cursor *c)
{
	return history_skip_pad(h,
	    c->number == h->first_number ? h->tail_pos : c->pos);
}

uint64_t
history_position(const struct history *h, const struct history_cursor *c)
{
	return history_locate(h, c);
}

static void
history_drop_oldest(struct history *h)
{
	const struct record *r;

	r = history_at(h, h->tail_pos);
	if (r->first.is.type != RECORD_PAD)
		h->first_number = record_next(r);
	h->tail_pos += r->first.is.size;
}

static void
history_make_room(struct history *h, size_t need)
{
	while (h->head_pos + need - h->tail_pos > h->size)
		history_drop_oldest(h);
	history_store_tail(h);
}

void
history_write_pad(struct history *h, uint64_t pos, size_t size)
{
	union record_word first;

	first.word = 0;
	first.is.size = (uint32_t)size;
	first.is.type = RECORD_PAD;
	history_store(&history_at(h, pos)->first.word, first.word);
}

/* Reserves a record of this size at the head, marked as empty. */
static struct record *
history_reserve(struct history *h, size_t size)
{
	struct record *r;
	size_t left;

	left = h->size - h->head_pos % h->size;
	if (left < size) {
		history_make_room(h, left);
		history_write_pad(h, h->head_pos, left);
		h->head_pos += left;
	}
	history_make_room(h, size);
	r = history_at(h, h->head_pos);
	history_store(&r->first.word, 0);
	/* Used only while the record before is held. */
	r->prev = (uint32_t)(h->head_pos - h->last_pos);
	return r;
}

/* Completes the record that was written at the head. */
static void
history_commit(struct history *h, struct record *r, union record_word first)
{
	r->check = record_check(r, first);
	history_store(&r->first.word, first.word);
	h->last_pos = h->head_pos;
	h->head_pos += first.is.size;
	h->next_number = record_next(r);
	history_store(&h->header->head_pos, h->head_pos);
	history_store(&h->header->next_number, h->next_number);
	history_add_seek_point(h, r);
	history_add_id(h, r);
}

static const struct {
	enum event_kind kind;
	enum record_type type;
} history_kinds[] = {
	{ EVENT_SAY, RECORD_SAY },
	{ EVENT_ME, RECORD_ME },
	{ EVENT_NOTICE, RECORD_NOTICE },
	{ EVENT_TOPIC, RECORD_TOPIC },
};

static enum record_type
history_record_type(enum event_kind kind)
{
	size_t i;

	for (i = 0; i < NITEMS(history_kinds); i++)
		if (history_kinds[i].kind == kind)
			return history_kinds[i].type;
	assert(!"a numbered kind that has no record");
	return RECORD_NONE;
}

static enum event_kind
history_event_kind(enum record_type type)
{
	size_t i;

	for (i = 0; i < NITEMS(history_kinds); i++)
		if (history_kinds[i].type == type)
			return history_kinds[i].kind;
	assert(!"a record of a type that no event has");
	return EVENT_GAP;
}

/* A time that the ring can keep, not before that of the newest message. */
static int64_t
history_bound_time(const struct history *h, int64_t time_ms)
{
	if (time_ms > RECORD_TIME_MAX)
		time_ms = RECORD_TIME_MAX;
	return time_ms < h->last_time_ms ? h->last_time_ms : time_ms;
}

int64_t
history_next_time(struct history *h, int64_t wall_ms)
{
	int64_t last_ms = h->last_time_ms, limit_ms;

	if (wall_ms > last_ms) {
		h->is_ahead = false;
		return history_bound_time(h, wall_ms);
	}
	if (!h->is_ahead || wall_ms < h->ahead_wall_ms) {
		h->is_ahead = true;
		h->ahead_wall_ms = wall_ms;
		h->ahead_from_ms = last_ms;
	}
	/* At half the clock's pace, so that the clock catches up one day. */
	limit_ms = h->ahead_from_ms + HISTORY_AHEAD_MS +
	    (wall_ms - h->ahead_wall_ms) / 2;
	return history_bound_time(h,
	    last_ms < limit_ms ? last_ms + 1 : last_ms);
}

/* Writes the event's id behind the text, if it has one. */
static void
history_put_id(char *at, const struct event *event)
{
	struct record_id *id = (void *)at;

	if (event->id_key == 0)
		return;
	memcpy(id->key, &event->id_key, sizeof(id->key));
	id->len = (uint8_t)event->id_len;
	memcpy(id->id, event->id, event->id_len);
}

/* The same with what it is in a shared log, in the record of that number. */
static void
history_put_origin(char *at, const struct event *event, uint64_t number)
{
	struct record_origin *origin = (void *)at;
	uint64_t msgid = event->msgid != 0 ? event->msgid : number;

	if (event->node == 0)
		return;
	memcpy(origin->msgid, &msgid, sizeof(origin->msgid));
	memcpy(origin->node, &event->node, sizeof(origin->node));
	memcpy(origin->counter, &event->counter, sizeof(origin->counter));
}

/* The bytes of those two. */
static size_t
history_more_size(const struct event *event, size_t *id_size)
{
	*id_size = 0;
	if (event->id_key != 0) {
		assert(history_id_is_valid(event->id, event->id_len));
		*id_size = sizeof(struct record_id) + event->id_len;
	}
	return *id_size + (event->node != 0 ? sizeof(struct record_origin) : 0);
}

uint64_t
history_append(struct history *h, const struct event *event)
{
	struct record *r;
	union record_word first;
	size_t nick_len, text_len, text_max, size, id_size, more_size;

	assert(event_is_numbered(event->kind));
	nick_len = strlen(event->nick);
	assert(nick_len <= NICK_MAX);
	more_size = history_more_size(event, &id_size);
	text_len = event->text_len;
	text_max = h->size / 4 < HISTORY_TEXT_MAX ? h->size / 4 :
						    HISTORY_TEXT_MAX;
	if (text_len > text_max)
		text_len = text_cut(event->text, text_len, text_max);
	size = HISTORY_ROUND(sizeof(*r) + nick_len + 1 + text_len + more_size);

	r = history_reserve(h, size);
	r->pos = h->head_pos;
	r->number = h->next_number;
	h->last_time_ms = history_bound_time(h, event->time_ms);
	r->time = record_pack_time(h->last_time_ms, event_wall_ms(event));
	r->age = (uint64_t)event->age_ms;
	r->author = record_pack_author(event->author, event->via);
	memset((char *)r + size - HISTORY_ALIGN, 0, HISTORY_ALIGN);
	memcpy(r->data, event->nick, nick_len + 1);
	if (text_len > 0)
		memcpy(r->data + nick_len + 1, event->text, text_len);
	history_put_id(r->data + nick_len + 1 + text_len, event);
	history_put_origin(r->data + nick_len + 1 + text_len + id_size, event,
	    r->number);
	history_add_author(h, event->author);

	first.is.size = (uint32_t)size;
	first.is.type = (uint8_t)(history_record_type(event->kind) |
	    (event->id_key != 0 ? RECORD_HAS_ID : 0) |
	    (event->node != 0 ? RECORD_HAS_ORIGIN : 0));
	first.is.nick_len = (uint8_t)nick_len;
	first.is.text_len = (uint16_t)text_len;
	history_commit(h, r, first);
	return r->number;
}

union record_word
history_fill_hole(struct record *r, uint64_t pos, uint32_t size,
    uint64_t number, uint64_t next)
{
	union record_word first;

	r->pos = pos;
	r->number = number;
	r->time = r->age = 0;
	r->author = next;
	first.word = 0;
	first.is.size = size;
	first.is.type = RECORD_HOLE;
	return first;
}

void
history_write_hole(struct history *h, uint64_t pos, uint32_t size,
    uint64_t number, uint64_t next)
{
	struct record *r = history_at(h, pos);
	union record_word first;

	history_store(&r->first.word, 0);
	first = history_fill_hole(r, pos, size, number, next);
	r->check = record_check(r, first);
	history_store(&r->first.word, first.word);
}

void
history_append_hole(struct history *h, uint64_t number)
{
	struct record *r;

	assert(number > h->next_number);
	r = history_reserve(h, sizeof(*r));
	history_commit(h, r,
	    history_fill_hole(r, h->head_pos, sizeof(*r), h->next_number,
		number));
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
	struct history_cursor c, before;

	if (n >= history_count(h))
		return history_oldest(h);
	c = history_head(h);
	for (;;) {
		before = c;
		if (!history_step_back(h, &before) ||
		    history_distance(before.number, h->next_number) > n)
			return c;
		c = before;
	}
}

uint64_t
history_clamp(const struct history *h, struct history_cursor *c)
{
	uint64_t lost;

	if (c->number >= h->first_number)
		return 0;
	lost = history_distance(c->number, h->first_number);
	*c = history_oldest(h);
	return lost;
}

static void
history_read_message(const struct record *r, struct event *event)
{
	const struct record_id *id = record_id(r);
	const struct record_origin *origin = record_origin(r);

	event->kind = history_event_kind(record_message_type(r->first));
	event->time_ms = record_time_ms(r);
	event->wall_ms = record_wall_ms(r);
	event->age_ms = (int64_t)r->age;
	event->author = r->author & EVENT_AUTHOR_MAX;
	event->via = (uint8_t)(r->author >> RECORD_VIA_SHIFT);
	event->nick = r->data;
	event->text = r->data + r->first.is.nick_len + 1;
	event->text_len = r->first.is.text_len;
	if (id != NULL) {
		event->id = id->id;
		event->id_len = id->len;
		event->id_key = record_id_key(id);
	}
	if (origin != NULL) {
		event->msgid = record_origin_number(origin->msgid);
		if (event->msgid == event->number)
			event->msgid = 0;
		event->node = record_origin_number(origin->node);
		event->counter = record_origin_number(origin->counter);
	}
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
	assert(r->number <= c->number && c->number < record_next(r));

	memset(event, 0, sizeof(*event));
	event->number = c->number;
	if (r->first.is.type == RECORD_HOLE) {
		event->kind = EVENT_GAP;
		event->nick = event->text = "";
		event->count = history_distance(c->number, r->author);
		event->is_uncertain = !history_is_certain(c->number, r->author);
	} else
		history_read_message(r, event);
	c->number = record_next(r);
	c->pos += r->first.is.size;
	return true;
}

bool
history_step_back(const struct history *h, struct history_cursor *c)
{
	const struct record *r;

	assert(c->number >= h->first_number && c->number <= h->next_number);
	if (c->number == h->first_number)
		return false;
	if (c->number == h->next_number)
		c->pos = h->last_pos;
	else {
		c->pos = history_locate(h, c);
		r = history_at(h, c->pos);
		if (r->number == c->number)
			c->pos -= r->prev;
	}
	r = history_at(h, c->pos);
	assert(r->number < c->number && c->number <= record_next(r));
	c->number = r->number;
	return true;
}

static struct history_index *
history_make_index(const struct history *h)
{
	struct history_index *index;
	struct history_cursor c, at;
	struct event event;
	unsigned i;

	index = xcalloc(1, sizeof(*index));
	c = history_oldest(h);
	for (i = 0, at = c; history_read(h, &c, &event); i++, at = c) {
		if (i % HISTORY_INDEX_STEP != 0)
			continue;
		if (index->count == index->cap) {
			index->cap = index->cap == 0 ? 64 : index->cap * 2;
			index->at = xreallocarray(index->at, index->cap,
			    sizeof(*index->at));
		}
		at.pos = history_locate(h, &at);
		index->at[index->count++] = at;
	}
	return index;
}

struct history_cursor
history_find(struct history *h, uint64_t number)
{
	struct history_cursor c;
	const struct record *r;
	size_t low = 0, high, middle;

	if (number >= h->next_number)
		return history_head(h);
	c.number = number;
	c.pos = 0;
	if (number < h->first_number)
		return c;
	if (h->index == NULL)
		h->index = history_make_index(h);
	for (high = h->index->count; low < high;) {
		middle = low + (high - low) / 2;
		if (h->index->at[middle].number <= number)
			low = middle + 1;
		else
			high = middle;
	}
	c = history_oldest(h);
	if (low > 0 && h->index->at[low - 1].number >= h->first_number)
		c = h->index->at[low - 1];
	for (;;) {
		c.pos = history_locate(h, &c);
		r = history_at(h, c.pos);
		if (record_next(r) > number)
			break;
		c.number = record_next(r);
		c.pos += r->first.is.size;
	}
	/* In a hole of unknown size no number has a known place. */
	if (history_is_certain(r->number, record_next(r)))
		c.number = number;
	return c;
}

void
history_find_end(struct history *h)
{
	if (h->index == NULL)
		return;
	free(h->index->at);
	free(h->index);
	h->index = NULL;
}

bool
history_expire(struct history *h, int64_t before_age_ms)
{
	const struct record *r;
	int i;

	for (i = 0; i < HISTORY_EXPIRE_MAX; i++) {
		if (h->tail_pos == h->head_pos)
			break;
		r = history_at(h, h->tail_pos);
		if (record_is_message(r) && (int64_t)r->age >= before_age_ms)
			break;
		history_drop_oldest(h);
	}
	history_store_tail(h);
	return i == HISTORY_EXPIRE_MAX;
}

size_t
history_used(const struct history *h)
{
	return (size_t)(h->head_pos - h->tail_pos);
}

void
history_next_epoch(struct history *h, uint64_t epoch)
{
	uint64_t number;

	if (epoch < h->next_number / HISTORY_EPOCH)
		epoch = h->next_number / HISTORY_EPOCH;
	number = (epoch + 1) * HISTORY_EPOCH + h->next_number % HISTORY_EPOCH;
	history_skip_to(h, number);
}

void
history_copy(struct history *dst, const struct history *src)
{
	struct history_cursor c;
	struct event event;

	c = history_oldest(src);
	dst->first_number = dst->next_number = c.number;
	history_store(&dst->header->next_number, c.number);
	/* In a ring of the same size each record gets its old place. */
	dst->tail_pos = dst->head_pos = src->tail_pos;
	history_store(&dst->header->head_pos, dst->head_pos);
	history_store_tail(dst);
	while (history_read(src, &c, &event)) {
		if (event.kind == EVENT_GAP)
			history_append_hole(dst, c.number);
		else
			(void)history_append(dst, &event);
	}
}
