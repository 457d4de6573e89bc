/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * A line is its number in the model's list, so that whoever reads one knows
 * whether it may be there. What is said for a name carries the claim by which
 * its node holds the name: no claim may come again in the log after another one.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "sharedlog-model.h"
#include "sharedlog/engine.h"
#include "unit.h"

static const char *const log_names[MODEL_LOGS] = { "lobby", "changes" };
static const char *const names[MODEL_NAMES] = { "ana", "bob", "cy" };

/* What a line says, and an entry of a ring. */
struct model_words {
	uint64_t line;
	uint64_t name; /* 1 + its index; 0: nobody's */
	uint64_t serial;
};

struct model_entry {
	uint64_t number, msgid, node, counter;
	struct model_words words;
	char key; /* or NUL */
	bool is_removed;
};

static uint64_t
model_random(struct model *m, uint64_t n)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random % n;
}

/* ----------------------------------------------------------------- the rings */

static void
ring_add(struct model_ring *ring, const struct model_entry *e)
{
	if (ring->count == ring->room) {
		ring->room = ring->room == 0 ? 64 : ring->room * 2;
		ring->lines = xreallocarray(ring->lines, ring->room,
		    sizeof(*ring->lines));
	}
	ring->lines[ring->count++] = *e;
	ring->at = e->number;
}

/* The entry that was read last, in *last; NULL: none. */
static const struct sharedlog_entry *
ring_last(const struct model_ring *ring, struct sharedlog_entry *last)
{
	const struct model_entry *e;

	if (ring->count == 0)
		return NULL;
	e = &ring->lines[ring->count - 1];
	memset(last, 0, sizeof(*last));
	last->number = e->number;
	last->node = e->node;
	last->counter = e->counter;
	return last;
}

/* What was cut off, and read again from the log, need not be repaired. */
static void
ring_uncut(struct model_ring *ring, const struct model_entry *e)
{
	size_t i;

	for (i = 0; i < ring->cut_count; i++)
		if (ring->cut[i].words.line == e->words.line) {
			memmove(&ring->cut[i], &ring->cut[i + 1],
			    (--ring->cut_count - i) * sizeof(*ring->cut));
			return;
		}
}

static void
model_entry_read(struct sharedlog_log *log, const struct sharedlog_entry *e,
    void *arg)
{
	struct model_ring *ring = sharedlog_owner(log);
	struct model_node *node = arg;
	struct model *m = node->model;
	struct model_entry mine = { .number = e->number,
		.msgid = e->msgid,
		.node = e->node,
		.counter = e->counter };
	struct model_line *line;
	size_t i;

	QUICK_ASSERT(e->len == sizeof(mine.words) || e->data == NULL);
	QUICK_ASSERT(ring->is_joined);
	QUICK_ASSERT(e->number > ring->at);
	QUICK_ASSERT_MSG(e->number % HISTORY_EPOCH > ring->at % HISTORY_EPOCH,
	    "node %zu at %llu.%llu reads %llu.%llu", node->index,
	    (unsigned long long)(ring->at / HISTORY_EPOCH),
	    (unsigned long long)(ring->at % HISTORY_EPOCH),
	    (unsigned long long)(e->number / HISTORY_EPOCH),
	    (unsigned long long)(e->number % HISTORY_EPOCH));
	if (e->number / HISTORY_EPOCH == ring->at / HISTORY_EPOCH)
		QUICK_ASSERT(e->number == ring->at + 1);
	if (e->key != NULL) {
		/* A removed record says its line by its key. */
		QUICK_ASSERT(e->key_len == 1 + sizeof(mine.words));
		mine.key = e->key[0];
		mine.is_removed = e->data == NULL;
		memcpy(&mine.words, e->key + 1, sizeof(mine.words));
	} else {
		memcpy(&mine.words, e->data, sizeof(mine.words));
	}
	QUICK_ASSERT(mine.words.line < m->line_count);
	line = m->lines[mine.words.line];
	QUICK_ASSERT(line->truth != MODEL_NOT_SAID);
	for (i = 0; i < ring->count; i++)
		QUICK_ASSERT_MSG(ring->lines[i].words.line != mine.words.line,
		    "twice: line %llu", (unsigned long long)mine.words.line);
	if (line->msgid == 0)
		line->msgid = e->msgid;
	else if (line->msgid != e->msgid)
		m->late++;
	ring_uncut(ring, &mine);
	ring_add(ring, &mine);
}

static void
model_diverged(struct sharedlog_log *log, uint64_t bound, void *arg)
{
	struct model_ring *ring = sharedlog_owner(log);
	struct model_node *node = arg;
	size_t keep = ring->count, more;
	struct sharedlog_entry last;

	node->model->diverged++;
	ring->is_joined = false;
	while (keep > 0 && ring->lines[keep - 1].number > bound)
		keep--;
	more = ring->count - keep;
	ring->cut = xreallocarray(ring->cut, ring->cut_count + more + 1,
	    sizeof(*ring->cut));
	memmove(ring->cut + more, ring->cut,
	    ring->cut_count * sizeof(*ring->cut));
	memcpy(ring->cut, ring->lines + keep, more * sizeof(*ring->cut));
	ring->cut_count += more;
	ring->count = keep;
	ring->at = keep == 0 ? 0 : ring->lines[keep - 1].number;
	sharedlog_seek(log, ring_last(ring, &last));
}

static void
model_repaired(enum sharedlog_end end, uint64_t number, void *arg)
{
	struct model_ring *ring = arg;

	(void)number;
	if (end == SHAREDLOG_SAID)
		ring->node->model->repaired++;
	else
		QUICK_ASSERT(end == SHAREDLOG_UNKNOWN);
}

static void
ring_repair(struct model_ring *ring)
{
	struct model_entry *e;
	size_t i;

	/* It may have come back by another node's hand. */
	for (i = 0; i < ring->count; i++)
		ring_uncut(ring, &ring->lines[i]);
	for (i = 0; i < ring->cut_count; i++) {
		char key[1 + sizeof(e->words)];
		struct sharedlog_entry what = { 0 };

		e = &ring->cut[i];
		what.number = e->number;
		what.msgid = e->msgid;
		what.node = e->node;
		what.counter = e->counter;
		if (e->key != '\0') {
			key[0] = e->key;
			memcpy(key + 1, &e->words, sizeof(e->words));
			what.key = key;
			what.key_len = sizeof(key);
		}
		if (!e->is_removed) {
			what.data = &e->words;
			what.len = sizeof(e->words);
		}
		if (sharedlog_repair(ring->log, &what, model_repaired, ring) ==
		    -1)
			break;
	}
	/* What did not go has to be told again; the model is not that long. */
	QUICK_ASSERT(i == ring->cut_count);
}

static void
model_joined(struct sharedlog_log *log, void *arg)
{
	struct model_ring *ring = sharedlog_owner(log);

	(void)arg;
	ring->is_joined = true;
	ring_repair(ring);
}

/* ---------------------------------------------------------------- the nodes */

static void
model_state(enum sharedlog_fault fault, void *arg)
{
	struct model_node *node = arg;

	if (fault != SHAREDLOG_FINE || node->sl == NULL)
		return;
	node->epoch = sharedlog_epoch(node->sl, &node->era);
}

static size_t
model_name_index(const char *name)
{
	size_t i;

	for (i = 0; i < MODEL_NAMES; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	ck_abort_msg("a name that nobody has: %s", name);
	return 0;
}

static void
model_name_lost(const char *name, void *arg)
{
	struct model_node *node = arg;
	size_t i = model_name_index(name);

	QUICK_ASSERT(node->serial[i] != 0);
	QUICK_ASSERT(!sharedlog_holds(node->sl, name));
	node->serial[i] = 0;
	node->model->names_lost++;
}

static void
model_nodes(const uint64_t *list, size_t count, void *arg)
{
	struct model_node *node = arg;
	size_t i;

	if (node->sl == NULL)
		return;
	for (i = 0; i < count && list[i] != sharedlog_node(node->sl); i++)
		continue;
	QUICK_ASSERT(i < count);
}

static const struct sharedlog_user model_user = {
	.state = model_state,
	.entry = model_entry_read,
	.diverged = model_diverged,
	.joined = model_joined,
	.name_lost = model_name_lost,
	.nodes = model_nodes,
};

static void
model_claimed(enum sharedlog_claim_end end, void *arg)
{
	struct model_node *node = arg;
	size_t i;

	/* The one that waited. */
	for (i = 0; i < MODEL_NAMES && !node->is_claiming[i]; i++)
		continue;
	QUICK_ASSERT(i < MODEL_NAMES);
	node->is_claiming[i] = false;
	if (end == SHAREDLOG_HELD) {
		QUICK_ASSERT(sharedlog_holds(node->sl, names[i]));
		node->serial[i] = ++node->model->serials;
		node->model->claims++;
	} else if (end == SHAREDLOG_TAKEN) {
		node->model->taken++;
	}
}

static void
model_done(enum sharedlog_end end, uint64_t number, void *arg)
{
	struct model_line *line = arg;
	struct model *m = line->model;

	QUICK_ASSERT(line->truth == MODEL_PENDING);
	switch (end) {
	case SHAREDLOG_SAID:
		line->truth = MODEL_SAID;
		line->number = number;
		m->said++;
		break;
	case SHAREDLOG_NAME_LOST:
	case SHAREDLOG_CONFLICT:
		QUICK_ASSERT(line->msgid == 0);
		line->truth = MODEL_NOT_SAID;
		m->not_said++;
		break;
	case SHAREDLOG_UNKNOWN:
		line->truth = MODEL_UNKNOWN;
		break;
	}
}

static struct model_line *
model_line_new(struct model *m)
{
	struct model_line *line = xcalloc(1, sizeof(*line));

	if (m->line_count == m->line_room) {
		m->line_room = m->line_room == 0 ? 64 : m->line_room * 2;
		m->lines = xreallocarray(m->lines, m->line_room,
		    sizeof(struct model_line *));
	}
	line->model = m;
	m->lines[m->line_count++] = line;
	return line;
}

static void
model_say(struct model *m, struct model_node *node)
{
	struct model_words words = { .line = m->line_count };
	struct model_line *line = model_line_new(m);
	char key[1 + sizeof(words)];
	const char *name = NULL;
	size_t i = model_random(m, MODEL_NAMES);
	int result;

	if (model_random(m, 4) == 0) {
		key[0] = (char)('a' + model_random(m, MODEL_KEYS));
		memcpy(key + 1, &words, sizeof(words));
		result = sharedlog_put(node->rings[1].log, key, sizeof(key),
		    model_random(m, 3) == 0 ? NULL : &words, sizeof(words),
		    NULL, model_done, line);
	} else {
		if (node->serial[i] != 0 &&
		    sharedlog_holds(node->sl, names[i])) {
			name = names[i];
			words.name = i + 1;
			words.serial = node->serial[i];
		}
		result = sharedlog_append(node->rings[0].log, name, &words,
		    sizeof(words), model_done, line);
	}
	if (result == -1) {
		line->truth = MODEL_NOT_SAID;
		m->refused++;
	}
}

static void
model_rename(struct model *m, struct model_node *node)
{
	size_t i = model_random(m, MODEL_NAMES), j;

	if (node->serial[i] != 0) {
		sharedlog_release(node->sl, names[i]);
		node->serial[i] = 0;
		return;
	}
	/* One at a time, so that model_claimed() knows which. */
	for (j = 0; j < MODEL_NAMES; j++)
		if (node->is_claiming[j])
			return;
	if (sharedlog_claim(node->sl, names[i], model_claimed, node) == 0)
		node->is_claiming[i] = true;
}

void
model_act(struct model *m)
{
	struct model_node *node = &m->nodes[model_random(m, m->node_count)];

	if (node->sl == NULL)
		return;
	if (model_random(m, 5) == 0)
		model_rename(m, node);
	else
		model_say(m, node);
}

void
model_kill(struct model *m, size_t index)
{
	struct model_node *node = &m->nodes[index];

	if (node->sl == NULL)
		return;
	sharedlog_free(node->sl);
	node->sl = NULL;
	memset(node->serial, 0, sizeof(node->serial));
	memset(node->is_claiming, 0, sizeof(node->is_claiming));
}

void
model_start(struct model *m, size_t index)
{
	struct model_node *node = &m->nodes[index];
	struct sharedlog_entry last;
	size_t i;

	if (node->sl != NULL)
		return;
	node->sl = sharedlog_new(m->engine_new(index, m->arg), m->clock,
	    m->deadlines, &model_user, node, ++m->starts, node->epoch,
	    node->era);
	for (i = 0; i < MODEL_LOGS; i++) {
		node->rings[i].is_joined = false;
		node->rings[i].log = sharedlog_follow(node->sl, log_names[i],
		    ring_last(&node->rings[i], &last), &node->rings[i]);
	}
}

void
model_init(struct model *m, struct clock *clock, struct deadlines *deadlines,
    struct engine *(*engine_new)(size_t, void *), void *arg, size_t nodes,
    uint64_t seed)
{
	size_t i, j;

	memset(m, 0, sizeof(*m));
	m->clock = clock;
	m->deadlines = deadlines;
	m->engine_new = engine_new;
	m->arg = arg;
	m->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	m->node_count = nodes;
	for (i = 0; i < nodes; i++) {
		m->nodes[i].model = m;
		m->nodes[i].index = i;
		for (j = 0; j < MODEL_LOGS; j++)
			m->nodes[i].rings[j].node = &m->nodes[i];
		model_start(m, i);
	}
}

void
model_fini(struct model *m)
{
	size_t i, j;

	for (i = 0; i < m->node_count; i++) {
		model_kill(m, i);
		for (j = 0; j < MODEL_LOGS; j++) {
			free(m->nodes[i].rings[j].lines);
			free(m->nodes[i].rings[j].cut);
		}
	}
	for (i = 0; i < m->line_count; i++)
		free(m->lines[i]);
	free(m->lines);
}

/* ----------------------------------------------------------- what must hold */

static bool
model_rings_equal(const struct model *m)
{
	const struct model_ring *a, *b;
	size_t i, j;

	for (i = 1; i < m->node_count; i++)
		for (j = 0; j < MODEL_LOGS; j++) {
			a = &m->nodes[0].rings[j];
			b = &m->nodes[i].rings[j];
			if (a->count != b->count || a->at != b->at)
				return false;
		}
	return true;
}

bool
model_is_settled(const struct model *m)
{
	struct sharedlog_counts counts;
	size_t i, j;

	for (i = 0; i < m->node_count; i++) {
		if (m->nodes[i].sl == NULL ||
		    sharedlog_state(m->nodes[i].sl) != SHAREDLOG_FINE)
			return false;
		sharedlog_count(m->nodes[i].sl, &counts);
		if (counts.pending > 0)
			return false;
		for (j = 0; j < MODEL_LOGS; j++)
			if (!m->nodes[i].rings[j].is_joined ||
			    m->nodes[i].rings[j].cut_count > 0)
				return false;
	}
	return model_rings_equal(m);
}

/* All nodes have the same, in the same order, under the same numbers. */
static void
check_same(const struct model *m, size_t log)
{
	const struct model_ring *a = &m->nodes[0].rings[log], *b;
	size_t i, k;

	for (i = 1; i < m->node_count; i++) {
		b = &m->nodes[i].rings[log];
		QUICK_ASSERT(a->count == b->count);
		for (k = 0; k < a->count; k++) {
			QUICK_ASSERT(a->lines[k].number == b->lines[k].number);
			QUICK_ASSERT(a->lines[k].msgid == b->lines[k].msgid);
			QUICK_ASSERT(a->lines[k].words.line ==
			    b->lines[k].words.line);
			QUICK_ASSERT(a->lines[k].key == b->lines[k].key);
		}
	}
}

/* Each was said once if its author was told so, or if somebody saw it. */
static void
check_truth(const struct model *m)
{
	const struct model_ring *ring;
	unsigned *found = xcalloc(m->line_count + 1, sizeof(*found));
	size_t i, j;

	for (j = 0; j < MODEL_LOGS; j++) {
		ring = &m->nodes[0].rings[j];
		for (i = 0; i < ring->count; i++)
			found[ring->lines[i].words.line]++;
	}
	for (i = 0; i < m->line_count; i++) {
		switch (m->lines[i]->truth) {
		case MODEL_PENDING:
			ck_abort_msg("line %zu is still pending", i);
			break;
		case MODEL_SAID:
			QUICK_ASSERT_MSG(found[i] == 1 || m->may_lose,
			    "line %zu was said, and is there %u times", i,
			    found[i]);
			break;
		case MODEL_NOT_SAID:
			QUICK_ASSERT_MSG(found[i] == 0,
			    "line %zu was not said, and is there", i);
			break;
		case MODEL_UNKNOWN:
			break;
		}
		QUICK_ASSERT_MSG(found[i] <= 1, "line %zu is there twice", i);
		if (m->lines[i]->msgid != 0)
			QUICK_ASSERT_MSG(found[i] == 1 || m->may_lose,
			    "line %zu was seen, and is lost", i);
	}
	free(found);
}

/* Once somebody else has held a name, the claim before does not say anything
 * more: but for what is repaired, which was said earlier. */
static void
check_names(const struct model *m)
{
	const struct model_ring *ring = &m->nodes[0].rings[0];
	uint64_t newest[MODEL_NAMES] = { 0 };
	const struct model_entry *e;
	bool *is_over = xcalloc(m->serials + 1, sizeof(*is_over));
	size_t i;

	for (i = 0; i < ring->count; i++) {
		e = &ring->lines[i];
		if (e->words.name == 0 || e->msgid != e->number)
			continue;
		QUICK_ASSERT(!is_over[e->words.serial]);
		if (newest[e->words.name - 1] != e->words.serial)
			is_over[newest[e->words.name - 1]] = true;
		is_over[0] = false;
		newest[e->words.name - 1] = e->words.serial;
	}
	free(is_over);
	for (i = 0; i < MODEL_NAMES; i++) {
		size_t holders = 0, k;

		for (k = 0; k < m->node_count; k++)
			holders += sharedlog_holds(m->nodes[k].sl, names[i]);
		QUICK_ASSERT(holders <= 1);
	}
}

void
model_check(struct model *m)
{
	size_t j;

	for (j = 0; j < MODEL_LOGS; j++)
		check_same(m, j);
	check_truth(m);
	check_names(m);
}
