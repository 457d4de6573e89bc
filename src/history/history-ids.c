/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * Finds messages by the ids that programs gave them. The records in the ring are
 * what is true: this is an index of those that have an id, made as they are
 * appended or loaded, so it is there again after a crash or an upgrade without
 * being stored anywhere. It forgets what the ring has dropped, so its size is
 * bounded by the ring's, and whoever fills it has to fill the ring (crowd.h).
 *
 * Decided against: the last so many ids of each program in a table of its own.
 * It would have to be stored and handed over, and need limits so that nobody
 * can push out what others need.
 */
#include "config.h"

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "history/history-impl.h"
#include "history/history.h"

struct history_id {
	RB_ENTRY(history_id) by_hash;
	TAILQ_ENTRY(history_id) by_age;
	uint64_t hash; /* of key and id */
	uint64_t pos; /* of the record */
};

RB_HEAD(history_id_tree, history_id);

TAILQ_HEAD(history_id_queue, history_id);

struct history_ids {
	struct history_id_tree tree;
	struct history_id_queue queue; /* the oldest record first */
};

static int
history_id_cmp(const struct history_id *a, const struct history_id *b)
{
	return a->hash < b->hash ? -1 : a->hash > b->hash;
}

RB_GENERATE_INTERNAL(history_id_tree, history_id, by_hash, history_id_cmp,
    static UNUSED)

bool
history_id_is_valid(const char *id, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (id[i] <= ' ' || id[i] > '~')
			return false;
	return len > 0 && len <= HISTORY_ID_MAX;
}

static void
history_forget_id(struct history_ids *ids, struct history_id *id)
{
	RB_REMOVE(history_id_tree, &ids->tree, id);
	TAILQ_REMOVE(&ids->queue, id, by_age);
	free(id);
}

/* Two, so that an index that no longer grows shrinks. */
static void
history_forget_lapped(const struct history *h)
{
	struct history_id *id;
	int i;

	for (i = 0; i < 2; i++) {
		id = TAILQ_FIRST(&h->ids->queue);
		if (id == NULL || id->pos >= h->tail_pos)
			break;
		history_forget_id(h->ids, id);
	}
}

void
history_add_id(struct history *h, const struct record *r)
{
	const struct record_id *of = record_id(r);
	struct history_id *id, *older;

	if (h->ids != NULL)
		history_forget_lapped(h);
	if (of == NULL)
		return;
	if (h->ids == NULL) {
		h->ids = xcalloc(1, sizeof(*h->ids));
		RB_INIT(&h->ids->tree);
		TAILQ_INIT(&h->ids->queue);
	}
	id = xcalloc(1, sizeof(*id));
	id->hash = XXH3_64bits_withSeed(of->id, of->len, record_id_key(of));
	id->pos = r->pos;
	older = RB_INSERT(history_id_tree, &h->ids->tree, id);
	if (older != NULL) {
		/* Given again, to something else: the newest counts. */
		RB_REMOVE(history_id_tree, &h->ids->tree, older);
		TAILQ_REMOVE(&h->ids->queue, older, by_age);
		free(older);
		(void)RB_INSERT(history_id_tree, &h->ids->tree, id);
	}
	TAILQ_INSERT_TAIL(&h->ids->queue, id, by_age);
}

void
history_cut_ids(struct history *h, uint64_t pos)
{
	struct history_id *id;

	while (h->ids != NULL &&
	    (id = TAILQ_LAST(&h->ids->queue, history_id_queue)) != NULL &&
	    id->pos >= pos)
		history_forget_id(h->ids, id);
}

void
history_free_ids(struct history *h)
{
	struct history_id *id;

	if (h->ids == NULL)
		return;
	while ((id = TAILQ_FIRST(&h->ids->queue)) != NULL)
		history_forget_id(h->ids, id);
	free(h->ids);
	h->ids = NULL;
}

bool
history_find_id(const struct history *h, uint64_t id_key, const char *id,
    size_t len, struct history_cursor *c)
{
	struct history_id key, *found;
	const struct record_id *of;
	const struct record *r;

	key.hash = XXH3_64bits_withSeed(id, len, id_key);
	found = h->ids == NULL ? NULL :
				 RB_FIND(history_id_tree, &h->ids->tree, &key);
	if (found == NULL || found->pos < h->tail_pos)
		return false;
	r = history_at(h, found->pos);
	of = record_id(r);
	if (record_id_key(of) != id_key || of->len != len ||
	    memcmp(of->id, id, len) != 0)
		return false;
	c->number = r->number;
	c->pos = found->pos;
	return true;
}
