/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef EVENT_TEXT_H
#define EVENT_TEXT_H

struct buf;
struct event;

/* Adds the server's sentence about event, in one line without its end. Adds
 * nothing for what people say. */
void event_text(struct buf *out, const struct event *event);

#endif
