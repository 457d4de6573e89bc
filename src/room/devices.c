/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Where a person's devices have stopped. The list is short, in the order in which
 * places were noted, and simply walked.
 *
 * Decided against: a place for every device also while it is there, which would
 * cost those who have one; and clients that stay after their connection is lost,
 * with cursors that nothing is handed to, which are gone after a crash.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "room/account.h"
#include "room/devices.h"
#include "room/person-more.h"
#include "room/shown.h"

/* As a kind, that of no proof. It is in files: never change it. */
#define DEVICE_ORIGIN 0xff

/* FNV-1a. */
static uint64_t
device_hash(uint8_t kind, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ kind) *
	    UINT64_C(0x100000001b3);
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash == 0 ? 1 : hash;
}

uint64_t
device_of(const struct account_proof *p, const struct credential *origin)
{
	/* Others have nothing but that, or it is also where they come from. */
	if (p == NULL || (p->kind != PROOF_KEY && p->kind != PROOF_TOKEN))
		return device_hash(DEVICE_ORIGIN, origin, sizeof(*origin));
	return device_hash(p->kind, p->bytes, sizeof(p->bytes));
}

bool
devices_are_known(const struct member *m)
{
	return credential_is_strong(&m->credential);
}

static struct device_place *
devices_first(const struct person *p)
{
	return p->more == NULL ? NULL : LIST_FIRST(&p->more->places);
}

void
device_place_free(struct device_place *place)
{
	LIST_REMOVE(place, in_person);
	LIST_REMOVE(place, in_room);
	shown_fini(&place->shown);
	free(place);
}

/* Has the device one of the first count places? */
static bool
devices_are_among(const struct device_place *first, uint64_t device,
    const struct device_place *until)
{
	for (; first != until; first = LIST_NEXT(first, in_person))
		if (first->device == device)
			return true;
	return false;
}

/* The places of the max devices that were noted last stay. */
static void
devices_limit(struct person *p, uint64_t max)
{
	struct device_place *place = devices_first(p), *next, *first = place;
	uint64_t devices = 0;
	size_t count = 0;

	for (; place != NULL; place = next) {
		next = LIST_NEXT(place, in_person);
		if (count == DEVICE_PLACES_MAX)
			device_place_free(place);
		else if (devices_are_among(first, place->device, place))
			count++;
		else if (devices < max) {
			devices++;
			count++;
		} else
			device_place_free(place);
	}
}

bool
devices_take(struct person *p, const struct room *room, uint64_t device,
    uint64_t *number, uint64_t *repeat_until, struct shown *shown)
{
	struct device_place *place, *next;
	uint64_t first = UINT64_MAX, until = 0;
	bool is_there = false;

	for (place = devices_first(p); place != NULL; place = next) {
		next = LIST_NEXT(place, in_person);
		if (place->room != room || place->device != device)
			continue;
		is_there = true;
		if (place->number < first)
			first = place->number;
		if (place->number > until)
			until = place->number;
		if (place->repeat_until > until)
			until = place->repeat_until;
		if (shown != NULL)
			shown_add_before(shown, &place->shown);
		device_place_free(place);
	}
	if (!is_there)
		return false;
	*number = first;
	*repeat_until = until > first ? until : 0;
	return true;
}

void
devices_note(struct person *p, struct room *room, uint64_t device,
    uint64_t number, uint64_t repeat_until, const struct shown *shown)
{
	struct device_place *place = xcalloc(1, sizeof(*place));
	uint64_t noted, until;

	if (devices_take(p, room, device, &noted, &until, &place->shown)) {
		/* All that was handed over, but for the first of it. */
		if (repeat_until < number)
			repeat_until = number;
		if (repeat_until < noted)
			repeat_until = noted;
		if (repeat_until < until)
			repeat_until = until;
		if (number > noted)
			number = noted;
	}
	if (shown != NULL)
		shown_add_before(&place->shown, shown);
	place->owner = p;
	place->room = room;
	place->device = device;
	place->number = number;
	place->repeat_until = repeat_until > number ? repeat_until : 0;
	LIST_INSERT_HEAD(&person_more(p)->places, place, in_person);
	LIST_INSERT_HEAD(&room->places, place, in_room);
	devices_limit(p, room->chat->options->max_sessions);
}

uint64_t
devices_handed(const struct person *p, const struct room *room)
{
	const struct device_place *place;
	uint64_t handed = 0;

	for (place = devices_first(p); place != NULL;
	     place = LIST_NEXT(place, in_person)) {
		if (place->room != room)
			continue;
		if (place->number > handed)
			handed = place->number;
		if (place->repeat_until > handed)
			handed = place->repeat_until;
	}
	return handed;
}

/* Who reads on from the bookmark begins there; all that others were handed, and
 * what shown has, is a repeat. */
static void
devices_begin_at(struct bookmark *bookmark, uint64_t number, uint64_t until,
    struct shown *shown)
{
	if (until < bookmark->cursor.number)
		until = bookmark->cursor.number;
	if (bookmark->repeat_until < until)
		bookmark->repeat_until = until;
	bookmark->cursor = history_find(&bookmark->room->history, number);
	bookmark->acked = number;
	bookmark->position = 0;
	shown_move(&bookmark->shown, shown);
}

void
devices_settle(struct bookmark *bookmark, uint64_t device)
{
	struct person *p = bookmark->owner;
	struct room *room = bookmark->room;
	struct shown shown = { .from = 0 };
	uint64_t number, until, handed;

	if (bookmark->device == 0)
		return;
	handed = devices_handed(p, room);
	if (bookmark->device == device) {
		shown_add_before(&shown, &bookmark->shown);
		if (devices_take(p, room, device, &number, &until, &shown) &&
		    number < bookmark->cursor.number)
			devices_begin_at(bookmark, number, handed, &shown);
		shown_fini(&shown);
		return;
	}
	devices_note(p, room, bookmark->device, bookmark->cursor.number,
	    bookmark->repeat_until, &bookmark->shown);
	bookmark->device = device;
	if (!devices_take(p, room, device, &number, &until, &shown))
		number = bookmark->read == 0 ? bookmark->cursor.number :
					       bookmark->read;
	devices_begin_at(bookmark, number, handed, &shown);
}

void
devices_move(struct person *to, struct person *from)
{
	struct device_place *place, *last = devices_first(to);

	while (last != NULL && LIST_NEXT(last, in_person) != NULL)
		last = LIST_NEXT(last, in_person);
	while ((place = devices_first(from)) != NULL) {
		LIST_REMOVE(place, in_person);
		place->owner = to;
		if (last == NULL)
			LIST_INSERT_HEAD(&person_more(to)->places, place,
			    in_person);
		else
			LIST_INSERT_AFTER(last, place, in_person);
		last = place;
	}
}

void
devices_clear(struct person *p)
{
	struct device_place *place;

	while ((place = devices_first(p)) != NULL)
		device_place_free(place);
}
