/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Accounts in a journal of their own, each under its id. A place is not told
 * of: those are in the journal of people, under the same id.
 */
#include "config.h"

#include "base/fields.h"
#include "base/log.h"
#include "state/accounts-journal.h"

#define ACCOUNT_KEY_SIZE 8

static void
accounts_journal_changed(const struct account *a, void *arg)
{
	struct journal *journal = arg;
	struct fields_out out = { .use = FIELDS_DISK };
	unsigned char key[ACCOUNT_KEY_SIZE];

	account_save(a, &out);
	le_put64(key, a->id);
	journal_put(journal, key, sizeof(key), out.data.data, out.data.len);
	fields_out_fini(&out);
}

static void
accounts_journal_forgotten(const struct account *a, void *arg)
{
	struct journal *journal = arg;
	unsigned char key[ACCOUNT_KEY_SIZE];

	le_put64(key, a->id);
	journal_delete(journal, key, sizeof(key));
}

static const struct accounts_watch accounts_journal_watch = {
	.changed = accounts_journal_changed,
	.forgotten = accounts_journal_forgotten,
};

void
accounts_set_journal(struct accounts *all, struct journal *journal)
{
	accounts_set_watch(all,
	    journal == NULL ? NULL : &accounts_journal_watch, journal);
}

void
accounts_loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct accounts *all = arg;
	struct fields_in in = { .use = FIELDS_DISK };
	const struct tlv item = { .data = value, .len = len };
	const struct account *a;

	if (key_len == 0)
		return; /* the log has it */
	a = accounts_load(all, &in, &item);
	if (a == NULL)
		log_error("an account that was kept makes no sense: %s",
		    in.error);
	else if (key_len != ACCOUNT_KEY_SIZE || le_get64(key) != a->id) {
		log_error("an account that was kept is not where it belongs");
		accounts_forget(all, accounts_find_id(all, a->id));
	}
	fields_in_fini(&in);
}

bool
accounts_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg)
{
	struct accounts *all = arg;
	const struct account *a;

	if (is_first)
		all->snapshot_id = 0;
	while ((a = accounts_after(all, all->snapshot_id)) != NULL) {
		if (!walk_may_take(budget))
			return true;
		accounts_journal_changed(a, journal);
		all->snapshot_id = a->id;
	}
	return false;
}
