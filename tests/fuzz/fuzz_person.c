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

#include "bookmark.h"
#include "person-record.h"
#include "rooms.h"
#include "store.h"
#include "text.h"

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
	const struct place *place;
	const struct kept_message *k;
	const struct marker *marker;

	require(r->left_ms <= clock->mono_ms);
	require(r->kept_since_ms <= clock->mono_ms);
	require(r->person.ignore_count <= IGNORES_MAX);
	require(r->person.kept_count <= KEPT_MAX);
	require(r->person.kept_bytes <= KEPT_BYTES_MAX);
	LIST_FOREACH(place, &r->person.places, in_owner) {
		require(place->cursor.number <=
		    place->room->history.next_number);
		require(place->repeat_until <=
		    place->room->history.next_number);
		require(place->left_ms <= clock->mono_ms);
	}
	require(r->person.marker_count <= MARKERS_MAX);
	TAILQ_FOREACH(marker, &r->person.markers, entry)
		require(marker_is_name(marker->name) && marker->time_ms > 0);
	TAILQ_FOREACH(k, &r->person.kept, entry)
		require(k->len > 0 && text_is_utf8(k->text, k->len));
}

/* What is written of the bookmark. */
static void
write_down(struct buf *out, struct rooms *rooms, struct person_record *r)
{
	struct bookmark b = { .left_ms = r->left_ms,
		.kept_since_ms = r->kept_since_ms };

	person_init(&b.person);
	person_move(rooms, &b.person, &r->person);
	buf_reset(out);
	person_record_put_bookmark(out, rooms, &b);
	require(out->len <= STORE_VALUE_MAX);
	person_clear(rooms, &b.person);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	struct clock clock = { .mono_ms = 1000000,
		.wall_ms = INT64_C(1700000100000) };
	struct deadlines deadlines;
	struct rooms rooms;
	struct room *kitchen;
	struct person_record r;
	struct buf first = BUF_INITIALIZER, second = BUF_INITIALIZER;

	options_init(&options);
	options.history_size = 65536;
	deadlines_init(&deadlines, NULL, NULL);
	rooms_init(&rooms, &clock, &options, &deadlines, wake, NULL);
	require(rooms_open(&rooms, "kitchen", &kitchen) == ROOMS_MADE);
	if (person_record_get(&r, &rooms, data, size)) {
		check_person(&r, &clock);
		write_down(&first, &rooms, &r);
		require(person_record_get(&r, &rooms, first.data, first.len));
		check_person(&r, &clock);
		write_down(&second, &rooms, &r);
		/* The order of places is that of the list, and turns round. */
		require(first.len == second.len);
	}
	buf_fini(&first);
	buf_fini(&second);
	rooms_fini(&rooms);
	options_fini(&options);
	return 0;
}
