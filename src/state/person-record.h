/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef PERSON_RECORD_H
#define PERSON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credential.h"
#include "base/nick.h"
#include "base/util.h"
#include "room/model.h"

/*
 * What is stored of a person, as bytes: a sequence of tlv.h. Times in it are
 * wall clock, since the monotonic one starts over with the machine.
 *
 * A bookmark has a number, or none: then they were live there, and have
 * certainly read up to the room's low-water mark, which is stored once for all
 * of them (persist.h).
 */

/* Whom a record is about: its key. */
struct person_key {
	struct credential credential;
	char folded[NICK_SIZE];
};

void person_record_put_member(struct buf *out, const struct member *m);
void person_record_put_bookmark(struct buf *out, struct chat *chat,
    const struct departed *b);

/* What was read: times are monotonic again, none in the future. */
struct person_record {
	struct person person;
	int64_t left_ms;
	int64_t made_ms;
};

/*
 * Reads a record into r, whose person the caller moves or clears. Rooms that do
 * not exist are passed over, as is anything that a person cannot have. False if
 * it is no record; then there is nothing to clear.
 */
bool person_record_get(struct person_record *r, struct chat *chat,
    const void *data, size_t len) MUST_CHECK;

#endif
