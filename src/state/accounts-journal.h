/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 */
#ifndef ACCOUNTS_JOURNAL_H
#define ACCOUNTS_JOURNAL_H

#include <stddef.h>

#include "room/account.h"
#include "state/journal.h"

/* Accounts that outlive the process: as bans-journal.h has it. */
void accounts_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *arg);
bool accounts_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg);
void accounts_set_journal(struct accounts *all, struct journal *journal);

#endif
