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
 * Somebody's place as bytes, for the state: a sequence of tlv.h. Times in it
 * are wall clock, since the monotonic one starts over with the machine.
 *
 * A place has a number, or none: then they were live there, and how far they
 * surely had read is the room's settled, which is kept for all of them at once
 * (persist.h).
 */

/* Who it is about: its key. */
struct person_key {
	struct credential credential;
	char folded[NICK_SIZE];
};

void person_record_put_member(struct buf *out, const struct member *m);
void person_record_put_bookmark(struct buf *out, struct chat *chat,
    const struct departed *b);

/* What was read: times are monotonic again, none of them in the future. */
struct person_record {
	struct person person;
	int64_t left_ms;
	int64_t made_ms;
};

/*
 * Reads a record into r, whose person the caller has to move or clear. What it
 * says of rooms that do not exist is passed over, and so is what a person
 * cannot have. False if it is no record; then there is nothing to clear.
 */
bool person_record_get(struct person_record *r, struct chat *chat,
    const void *data, size_t len) MUST_CHECK;

#endif
