/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef REPEAT_H
#define REPEAT_H

#include <stddef.h>

#include "room/model.h"

/*
 * Moves c->at back over as many messages as make up at least bytes when
 * rendered, but not over what an earlier connection has shown (c->shown), and
 * sets c->repeat_until to where the cursor was. Nothing must be on its way to
 * c.
 */
void repeat_set_back(struct cursor *c, size_t bytes);

/*
 * What c's connection was shown before it was known whose it is becomes a
 * repeat for the next, as it is told once more to who has not come so far. For
 * who leaves; repeat_set_back() does it, too.
 */
void repeat_note_seen(struct cursor *c);

/*
 * To be called before anything changes in what m is shown of messages, or how:
 * the dialect, whom they ignore. What comes is not measured like what came.
 */
void repeat_note_change(struct member *m);

/* As repeat_set_back(), for a room that m has left in this connection. */
void repeat_set_back_bookmark(struct client *client, struct bookmark *bookmark,
    size_t bytes);

#endif
