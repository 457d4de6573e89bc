/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef CONVERSATIONS_JOURNAL_H
#define CONVERSATIONS_JOURNAL_H

#include "room/conversation.h"
#include "state/journal.h"

/* What is known of conversations, but the messages: as bans-journal.h has
 * it. */
void conversations_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *arg);
bool conversations_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg);
/* Writes each change to the journal from now on (NULL: no more); watch is
 * filled in, and has to stay. */
void conversations_set_journal(struct conversations *all,
    struct conversation_watch *watch, struct journal *journal);

#endif
