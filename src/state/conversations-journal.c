/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Conversations in a journal of their own, each under its id. A message is a
 * short record here; the text is in the conversation's ring alone.
 */
#include "config.h"

#include "base/fields.h"
#include "base/log.h"
#include "base/walk.h"
#include "state/conversations-journal.h"

#define CONVERSATION_KEY_SIZE 8

static void
conversations_put(struct journal *journal, const struct conversation *c)
{
	struct fields_out out = { .use = FIELDS_DISK };
	unsigned char key[CONVERSATION_KEY_SIZE];

	conversation_save(c, &out);
	le_put64(key, c->id);
	journal_put(journal, key, sizeof(key), out.data.data, out.data.len);
	fields_out_fini(&out);
}

static void
conversations_changed(const struct conversation *c, void *arg)
{
	conversations_put(arg, c);
}

static void
conversations_forgotten(const struct conversation *c, void *arg)
{
	unsigned char key[CONVERSATION_KEY_SIZE];

	le_put64(key, c->id);
	journal_delete(arg, key, sizeof(key));
}

void
conversations_set_journal(struct conversations *all,
    struct conversation_watch *watch, struct journal *journal)
{
	watch->changed = conversations_changed;
	watch->forgotten = conversations_forgotten;
	watch->arg = journal;
	all->watch = journal == NULL ? NULL : watch;
}

void
conversations_loaded(const void *key, size_t key_len, const void *value,
    size_t len, void *arg)
{
	struct conversations *all = arg;
	struct fields_in in = { .use = FIELDS_DISK };
	const struct tlv item = { .data = value, .len = len };

	(void)key;
	if (key_len == 0)
		return; /* the log has it */
	if (!conversation_load(all, &in, &item))
		log_error("a conversation that was kept makes no sense: %s",
		    in.error);
	fields_in_fini(&in);
}

bool
conversations_snapshot(struct journal *journal, bool is_first,
    struct walk_budget *budget, void *arg)
{
	struct conversations *all = arg;

	if (is_first)
		all->saved = TAILQ_FIRST(&all->all);
	for (; all->saved != NULL; all->saved = TAILQ_NEXT(all->saved, entry)) {
		if (!walk_may_take(budget))
			return true;
		conversations_put(journal, all->saved);
	}
	return false;
}
