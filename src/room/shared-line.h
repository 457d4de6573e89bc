/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef SHARED_LINE_H
#define SHARED_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/nick.h"
#include "base/util.h"
#include "history/event.h"

/*
 * What is said in a room, as it stands in a log that several servers share:
 * items (tlv.h), of which newer versions may add some.
 */

/* Adds the event, of a kind that is numbered: kind, wall_ms, author, via, nick,
 * text, and id if there is an id_key. */
void shared_line_put(struct buf *out, const struct event *event);

/* Reads that, as if a stranger had written it, into *event, whose texts point to
 * data and nick. False: it is none that could be said. */
bool shared_line_get(const void *data, size_t len, struct event *event,
    char nick[NICK_SIZE]) MUST_CHECK;

#endif
