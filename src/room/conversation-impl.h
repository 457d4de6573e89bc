/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONVERSATION_IMPL_H
#define CONVERSATION_IMPL_H

#include "room/conversation.h"

/* Shared by conversation*.c only. */

struct conversation_ring {
	TAILQ_ENTRY(conversation_ring) entry;
	struct conversation *conversation;
	struct history history;
	int64_t used_ms; /* monotonic */
};

void conversation_changed(const struct conversations *all,
    const struct conversation *c);

/* Of a record with an id_key: its msgid, and whether it is from that end. */
uint64_t conversation_msgid(const struct event *record);
bool conversation_is_from(const struct event *record,
    const struct conversation_end *end);
/* Adds the event, which has its msgid and time. */
void conversation_append(struct history *h, const struct conversation_end *from,
    const struct event *event);

#endif
