/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef BANS_JOURNAL_H
#define BANS_JOURNAL_H

#include <stddef.h>

#include "room/bans.h"
#include "state/journal.h"

/*
 * Bans that outlive the process. While the journal is opened, arg being the
 * bans, bans_loaded() takes what it holds: what is no ban is logged and left
 * out. From bans_set_journal() on each change is written; NULL: no longer, and
 * before the journal is closed.
 */
void bans_loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg);
bool bans_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg);
void bans_set_journal(struct bans *all, struct journal *journal);

#endif
