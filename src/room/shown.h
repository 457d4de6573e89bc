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

/* Replaces to; from is empty afterwards. */
void shown_move(struct shown *to, struct shown *from);

void shown_fini(struct shown *shown); /* shown is empty and valid afterwards */

#endif
