/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The brbd authors
 *
 * What is to be appended, until it is known to be said or not. An append ends
 * when it comes back by the tail, not when it is answered: the answer can be of
 * an engine that is lost before anybody else has read it.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sharedlog/sharedlog-impl.h"

static bool
pending_is_repair(const struct pending *p)
{
	return p->what.msgid != 0;
}

static void
pending_send(struct pending *p)
{
	struct engine_request what = {
		.verb = ENGINE_APPEND,
		.log = p->log_name,
		.entry = p->what,
		.name = p->name,
		.has_expected = p->has_expected,
		.expected = p->expected,
	};
	struct request *r = xcalloc(1, sizeof(*r));

	r->pending = p;
	p->request = r;
	if (p->sent_epoch == 0) {
		p->sent_epoch = p->sl->epoch;
		p->sent_era = p->sl->era;
	}
	if (!pending_is_repair(p))
		what.entry.number = p->log == NULL ? 0 : p->log->at;
	/* Without it, the engine refuses: the name was lost meanwhile. */
	if (p->name != NULL && !held_token(p->sl, p->name, &what.token))
		what.token = 0;
	(void)sharedlog_send(p->sl, r, &what);
}

static struct pending *
pending_new(struct sharedlog_log *log, const struct sharedlog_entry *what,
    sharedlog_done *done, void *arg)
{
	struct sharedlog *sl = log->sl;
	struct pending *p;
	char *copy;

	assert(what->len <= SHAREDLOG_DATA_MAX &&
	    what->key_len <= SHAREDLOG_KEY_MAX);
	p = xcalloc(1, sizeof(*p) + what->key_len + what->len + 1);
	copy = (char *)(p + 1);
	p->sl = sl;
	p->log = log;
	p->log_name = xstrdup(log->name);
	p->made_ms = sl->clock->mono_ms;
	p->what = *what;
	if (what->data == NULL)
		p->what.len = 0;
	/* The greatest that is known before it. */
	if (p->what.number > 0)
		p->what.number--;
	if (what->key != NULL) {
		memcpy(copy, what->key, what->key_len);
		p->what.key = copy;
	}
	if (what->data != NULL) {
		memcpy(copy + what->key_len, what->data, what->len);
		p->what.data = copy + what->key_len;
	}
	p->done = done;
	p->arg = arg;
	sl->counts.pending++;
	return p;
}

static void
pending_remove(struct pending *p)
{
	struct sharedlog *sl = p->sl;

	if (p->request != NULL)
		p->request->pending = NULL;
	if (pending_is_repair(p))
		TAILQ_REMOVE(&sl->repairs, p, entry);
	else
		TAILQ_REMOVE(&sl->appends, p, entry);
	sl->counts.pending--;
}

static void
pending_end(struct pending *p, enum sharedlog_end end, uint64_t number)
{
	if (end == SHAREDLOG_SAID) {
		if (pending_is_repair(p))
			p->sl->counts.repaired++;
		else
			p->sl->counts.appended++;
	}
	pending_remove(p);
	p->done(end, number, p->arg);
	free(p->log_name);
	free(p->name);
	free(p);
}

/* The engine refuses p. If it has lost something since p was sent first, p may
 * have been done, and seen by who will repair it. */
static void
pending_refused(struct pending *p, enum sharedlog_end end, uint64_t number)
{
	if (p->sent_epoch != p->sl->epoch || p->sent_era != p->sl->era)
		end = SHAREDLOG_UNKNOWN;
	pending_end(p, end, number);
}

void
pending_answered(struct pending *p, const struct engine_answer *answer)
{
	p->request = NULL;
	switch (answer->status) {
	case ENGINE_STALE:
		pending_refused(p, SHAREDLOG_NAME_LOST, 0);
		return;
	case ENGINE_CONFLICT:
		pending_refused(p, SHAREDLOG_CONFLICT, answer->number);
		return;
	case ENGINE_OK:
		break;
	case ENGINE_FENCED:
	case ENGINE_WAIT:
	case ENGINE_LAPSED:
	case ENGINE_TAKEN:
	case ENGINE_DIVERGED:
	case ENGINE_EXHAUSTED:
	case ENGINE_STATUSES:
		sharedlog_fail(p->sl, SHAREDLOG_ODD, "as to an append");
		return;
	}
	p->number = answer->number;
	if (pending_is_repair(p) || p->log == NULL ||
	    (p->log->is_joined && p->log->at >= p->number))
		pending_end(p, SHAREDLOG_SAID, p->number);
}

void
pending_send_all(struct sharedlog *sl)
{
	struct pending *p;

	if (!sl->is_connected)
		return;
	TAILQ_FOREACH(p, &sl->repairs, entry)
		if (p->request == NULL)
			pending_send(p);
	if (sl->clock->mono_ms < sl->settled_ms)
		return;
	TAILQ_FOREACH(p, &sl->appends, entry)
		if (p->request == NULL && p->number == 0)
			pending_send(p);
}

/* Sends p, which is the last one, if it is its turn. */
static void
pending_send_now(struct pending *p)
{
	struct sharedlog *sl = p->sl;

	if (sl->fault == SHAREDLOG_FINE &&
	    (pending_is_repair(p) || sl->clock->mono_ms >= sl->settled_ms))
		pending_send_all(sl);
}

void
pending_read(struct sharedlog *sl, const char *log,
    const struct sharedlog_entry *entry)
{
	struct pending *p, *next;

	TAILQ_FOREACH_SAFE(p, &sl->appends, entry, next) {
		if (entry->node == sl->node &&
		    p->what.counter == entry->counter) {
			pending_end(p, SHAREDLOG_SAID, entry->number);
			return;
		}
		if (p->what.counter > entry->counter || entry->node != sl->node)
			break;
	}
	/* It was said, but its entry was gone before it was read. */
	p = TAILQ_FIRST(&sl->appends);
	if (p != NULL && p->number != 0 && p->number <= entry->number &&
	    strcmp(p->log_name, log) == 0)
		pending_end(p, SHAREDLOG_SAID, p->number);
}

void
pending_forget_answers(struct sharedlog *sl)
{
	struct pending *p;

	TAILQ_FOREACH(p, &sl->appends, entry)
		p->number = 0;
}

void
pending_give_up(struct sharedlog *sl)
{
	struct pending *p, *next;

	TAILQ_FOREACH_SAFE(p, &sl->appends, entry, next) {
		if (sl->clock->mono_ms - p->made_ms < SHAREDLOG_PENDING_MS)
			break;
		if (p->request == NULL)
			pending_end(p, SHAREDLOG_UNKNOWN, 0);
	}
}

void
pending_fini(struct sharedlog *sl)
{
	struct pending *p;

	while ((p = TAILQ_FIRST(&sl->repairs)) != NULL ||
	    (p = TAILQ_FIRST(&sl->appends)) != NULL)
		pending_end(p, SHAREDLOG_UNKNOWN, 0);
}

/* -1: it cannot be taken now. */
static int
pending_append(struct sharedlog_log *log, const char *name,
    struct sharedlog_entry *what, const uint64_t *expected,
    sharedlog_done *done, void *arg)
{
	struct sharedlog *sl = log->sl;
	struct pending *p;
	uint64_t token;

	if (sl->fault != SHAREDLOG_FINE ||
	    sl->counts.pending >= SHAREDLOG_PENDING_MAX ||
	    (name != NULL && !held_token(sl, name, &token)))
		return -1;
	what->node = sl->node;
	what->counter = ++sl->counter;
	p = pending_new(log, what, done, arg);
	if (name != NULL)
		p->name = xstrdup(name);
	if (expected != NULL) {
		p->has_expected = true;
		p->expected = *expected;
	}
	TAILQ_INSERT_TAIL(&sl->appends, p, entry);
	pending_send_now(p);
	return 0;
}

int
sharedlog_append(struct sharedlog_log *log, const char *name, const void *data,
    size_t len, sharedlog_done *done, void *arg)
{
	struct sharedlog_entry what = { .data = data, .len = len };

	assert(data != NULL);
	return pending_append(log, name, &what, NULL, done, arg);
}

int
sharedlog_put(struct sharedlog_log *log, const void *key, size_t key_len,
    const void *data, size_t len, const uint64_t *expected,
    sharedlog_done *done, void *arg)
{
	struct sharedlog_entry what = {
		.key = key, .key_len = key_len, .data = data, .len = len
	};

	assert(key_len > 0);
	return pending_append(log, NULL, &what, expected, done, arg);
}

int
sharedlog_repair(struct sharedlog_log *log, const struct sharedlog_entry *entry,
    sharedlog_done *done, void *arg)
{
	struct sharedlog *sl = log->sl;
	struct pending *p;

	assert(entry->msgid != 0 && entry->node != 0);
	if (sl->counts.pending >= SHAREDLOG_PENDING_MAX)
		return -1;
	p = pending_new(log, entry, done, arg);
	TAILQ_INSERT_TAIL(&sl->repairs, p, entry);
	pending_send_now(p);
	return 0;
}
