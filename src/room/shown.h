/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SHOWN_H
#define SHOWN_H

#include "room/model.h"

/* For reading; and for writing, made if need be. */
const struct shown_more *shown_more(const struct shown *shown);
struct shown_more *shown_get_more(struct shown *shown);

/*
 * The connection was shown what it was up to until, and turns out to be that of
 * somebody who has read up to from: what they missed before is what was not
 * shown. Reading goes on at from.
 */
void shown_return(struct shown *shown, uint64_t from, uint64_t until);
/* These were not shown after all, or perhaps not. */
void shown_note_unseen(struct shown *shown, uint64_t from, uint64_t until);
/* Was it shown to this connection before shown_return()? */
bool shown_has_seen(const struct shown *shown, uint64_t number);
/* How many of from..until were. */
uint64_t shown_seen_count(const struct shown *shown, uint64_t from,
    uint64_t until);

/*
 * The connection has broken, and was handed all before reached in order. What
 * it was shown beyond that, before shown_return(), is a repeat for the next. Of
 * SHOWN_BEFORE_MAX such stretches the shortest is forgotten.
 */
void shown_break_off(struct shown *shown, uint64_t reached);
/* Was an earlier connection shown it, as above? */
bool shown_was_before(const struct shown *shown, uint64_t number);
/* Is there anything for which that is so, from number on? */
bool shown_has_before(const struct shown *shown, uint64_t number);
/* Adds what was shown to earlier connections as from has it. */
void shown_add_before(struct shown *to, const struct shown *from);
void shown_clear_before(struct shown *shown);

/* Replaces to; from is empty afterwards. */
void shown_move(struct shown *to, struct shown *from);

void shown_fini(struct shown *shown); /* shown is empty and valid afterwards */

#endif
