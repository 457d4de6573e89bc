/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef REPEAT_H
#define REPEAT_H

#include <stddef.h>

#include "room/model.h"

/*
 * Moves ms->cursor back over as many messages as make up at least bytes when
 * rendered, but not over what an earlier connection has shown (ms->shown), and
 * sets ms->repeat_until to where the cursor was. Nothing must be on its way to
 * ms.
 */
void repeat_set_back(struct membership *ms, size_t bytes);

/* As repeat_set_back(), for a room that m has left in this connection. */
void repeat_set_back_bookmark(struct member *m, struct bookmark *bookmark,
    size_t bytes);

#endif
