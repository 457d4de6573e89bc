/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef DEVICES_H
#define DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "room/model.h"

/*
 * The devices of a person: what they come with, known by the token or key that
 * it logs in with or else, so also with a password, by where it comes from. Each
 * goes on in a room where it stopped. While it is there, that is its cursor;
 * when it has left and the person stays, a place is noted; when the person
 * leaves, one has the bookmark, and the others that were there have places. One
 * that has none begins where the person has read.
 *
 * As many devices are known as somebody may have sessions, and
 * DEVICE_PLACES_MAX places in all: those noted first go. People without a strong
 * credential have one device, of which nothing is known but the bookmark.
 */
#define DEVICE_PLACES_MAX 1000

/* The device of who has logged in by p from there; p is NULL if they have not.
 * Never 0. */
uint64_t device_of(const struct account_proof *p,
    const struct credential *origin);

/* Can m have several devices? */
bool devices_are_known(const struct member *m);

/* The device stops at number; with what it was handed before, up to repeat_until
 * and as shown has it (may be NULL), all that is noted already counts as well. */
void devices_note(struct person *p, struct room *room, uint64_t device,
    uint64_t number, uint64_t repeat_until, const struct shown *shown);

/* Takes the place of the device in room: false, and *number is as it was, if
 * there is none. What it was shown beyond is added to shown, unless that is
 * NULL. */
bool devices_take(struct person *p, const struct room *room, uint64_t device,
    uint64_t *number, uint64_t *repeat_until, struct shown *shown);

/* Up to where any of those with a place there was handed it; 0: none has. */
uint64_t devices_handed(const struct person *p, const struct room *room);

/* Makes the bookmark the place of that device, where it reads on; whose it was
 * before has a place of its own. */
void devices_settle(struct bookmark *bookmark, uint64_t device);

/* Moves all of from's places to to; and frees one, or all. */
void devices_move(struct person *to, struct person *from);
void device_place_free(struct device_place *place);
void devices_clear(struct person *p);

#endif
