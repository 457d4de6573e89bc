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
#include <string.h>

#include "base/text.h"
#include "room/chat.h"
#include "room/departed.h"
#include "room/person.h"
#include "state/journal.h"

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
check_person(const struct departed *b, const struct clock *clock)
{
	const struct bookmark *bookmark;
	const struct queued_message *k;
	const struct marker *marker;
	const struct device_place *place;

	require(b->left_ms <= clock->mono_ms);
	require(b->person.ignore_count <= IGNORES_MAX);
	require(b->person.queued_count <= QUEUED_MAX);
	require(b->person.queued_bytes <=
	    QUEUED_MAX * (sizeof(*k) + HISTORY_TEXT_MAX));
	LIST_FOREACH(bookmark, &b->person.bookmarks, in_owner) {
		require(bookmark->cursor.number <=
		    bookmark->room->history.next_number);
		require(bookmark->repeat_until <=
		    bookmark->room->history.next_number);
		require(bookmark->left_ms <= clock->mono_ms);
	}
	require(person_marker_count(&b->person) <= MARKERS_MAX);
	if (b->person.more != NULL) {
		TAILQ_FOREACH(marker, &b->person.more->markers, entry)
			require(marker_is_name(marker->name) &&
			    marker->time_ms > 0);
		LIST_FOREACH(place, &b->person.more->places, in_person)
			require(place->device != 0 &&
			    place->number <= place->room->history.next_number);
	}
	TAILQ_FOREACH(k, &b->person.queued, entry)
		require(k->len > 0 && text_is_utf8(k->text, k->len));
}

/* Reads a record, and writes what was read to out. False: it is none. */
static bool
read_and_write(struct chat *chat, const void *data, size_t len,
    struct fields_out *out)
{
	struct fields_in in = { .use = FIELDS_DISK, .clock = chat->clock };
	const struct tlv item = { .data = data, .len = len };
	struct departed_record r;
	bool is_good = departed_read(&r, chat, &in, &item);

	require(is_good == (in.error == NULL));
	if (is_good) {
		check_person(&r.b, chat->clock);
		departed_save(&r.b, out);
		require(out->data.len <= JOURNAL_VALUE_MAX);
		person_clear(chat, &r.b.person);
	}
	fields_in_fini(&in);
	require(chat->queued_bytes == 0);
	return is_good;
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
	struct fields_out first = { .use = FIELDS_DISK, .clock = &clock };
	struct fields_out second = first;

	options_init(&options);
	options.history_size = 65536;
	deadlines_init(&deadlines, NULL, NULL);
	chat_init(&chat, &clock, &options, &deadlines, wake, NULL);
	require(chat_open_room(&chat, "kitchen", &kitchen) == CHAT_ROOM_MADE);
	if (read_and_write(&chat, data, size, &first)) {
		require(read_and_write(&chat, first.data.data, first.data.len,
		    &second));
		require(first.data.len == second.data.len);
		require(memcmp(first.data.data, second.data.data,
			    first.data.len) == 0);
	}
	fields_out_fini(&first);
	fields_out_fini(&second);
	chat_fini(&chat);
	options_fini(&options);
	return 0;
}
