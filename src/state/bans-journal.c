/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Bans in a journal of their own, each under its id.
 */
#include "config.h"

#include "base/fields.h"
#include "base/log.h"
#include "state/bans-journal.h"

#define BAN_KEY_SIZE 8

static void
bans_journal_added(const struct ban *ban, void *arg)
{
	struct journal *journal = arg;
	struct fields_out out = { .use = FIELDS_DISK };
	unsigned char key[BAN_KEY_SIZE];

	ban_save(ban, &out);
	le_put64(key, ban->id);
	journal_put(journal, key, sizeof(key), out.data.data, out.data.len);
	fields_out_fini(&out);
}

static void
bans_journal_dropped(const struct ban *ban, void *arg)
{
	struct journal *journal = arg;
	unsigned char key[BAN_KEY_SIZE];

	le_put64(key, ban->id);
	journal_delete(journal, key, sizeof(key));
}

static const struct bans_watch bans_journal_watch = {
	.added = bans_journal_added,
	.dropped = bans_journal_dropped,
};

void
bans_set_journal(struct bans *all, struct journal *journal)
{
	bans_set_watch(all, journal == NULL ? NULL : &bans_journal_watch,
	    journal);
}

void
bans_loaded(const void *key, size_t key_len, const void *value, size_t len,
    void *arg)
{
	struct bans *all = arg;
	struct fields_in in = { .use = FIELDS_DISK };
	const struct tlv item = { .data = value, .len = len };

	(void)key;
	if (key_len == 0)
		return; /* the log has it */
	if (bans_load(all, &in, &item) == NULL)
		log_warning("a ban that was kept makes no sense: %s", in.error);
	fields_in_fini(&in);
}

/* At most BANS_MAX, which is a matter of a millisecond. */
bool
bans_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg)
{
	const struct bans *all = arg;
	const struct ban *ban;

	(void)is_first;
	(void)budget;
	TAILQ_FOREACH(ban, &all->list, entry)
		bans_journal_added(ban, journal);
	return false;
}
