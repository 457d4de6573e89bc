/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * The record of a person of any bytes. What is read of it is within the limits
 * of a person, and safe on a terminal; what would be written of that reads back
 * as the same bytes.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "room/chat.h"
#include "room/person.h"
#include "state/journal.h"
#include "state/person-record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
wake(void *arg)
{
	(void)arg;
}

static void
check_person(const struct person_record *r, const struct clock *clock)
{
	const struct bookmark *bookmark;
	const struct queued_message *k;
	const struct marker *marker;

	require(r->left_ms <= clock->mono_ms);
	require(r->made_ms <= clock->mono_ms);
	require(r->person.ignore_count <= IGNORES_MAX);
	require(r->person.queued_count <= QUEUED_MAX);
	require(r->person.queued_bytes <= QUEUED_BYTES_MAX);
	LIST_FOREACH(bookmark, &r->person.bookmarks, in_owner) {
		require(bookmark->cursor.number <=
		    bookmark->room->history.next_number);
		require(bookmark->repeat_until <=
		    bookmark->room->history.next_number);
		require(bookmark->left_ms <= clock->mono_ms);
	}
	require(r->person.marker_count <= MARKERS_MAX);
	TAILQ_FOREACH(marker, &r->person.markers, entry)
		require(marker_is_name(marker->name) && marker->time_ms > 0);
	TAILQ_FOREACH(k, &r->person.queued, entry)
		require(k->len > 0 && text_is_utf8(k->text, k->len));
}

/* What is written of the bookmark. */
static void
write_down(struct buf *out, struct chat *chat, struct person_record *r)
{
	struct departed b = { .left_ms = r->left_ms, .made_ms = r->made_ms };

	person_init(&b.person);
	person_move(chat, &b.person, &r->person);
	buf_reset(out);
	person_record_put_bookmark(out, chat, &b);
	require(out->len <= JOURNAL_VALUE_MAX);
	person_clear(chat, &b.person);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	struct clock clock = { .mono_ms = 1000000,
		.wall_ms = INT64_C(1700000100000) };
	struct deadlines deadlines;
	struct chat chat;
	struct room *kitchen;
	struct person_record r;
	struct buf first = BUF_INITIALIZER, second = BUF_INITIALIZER;

	options_init(&options);
	options.history_size = 65536;
	deadlines_init(&deadlines, NULL, NULL);
	chat_init(&chat, &clock, &options, &deadlines, wake, NULL);
	require(chat_open_room(&chat, "kitchen", &kitchen) == CHAT_ROOM_MADE);
	if (person_record_get(&r, &chat, data, size)) {
		check_person(&r, &clock);
		write_down(&first, &chat, &r);
		require(person_record_get(&r, &chat, first.data, first.len));
		check_person(&r, &clock);
		write_down(&second, &chat, &r);
		/* The order of places is that of the list, and turns round. */
		require(first.len == second.len);
	}
	buf_fini(&first);
	buf_fini(&second);
	chat_fini(&chat);
	options_fini(&options);
	return 0;
}
